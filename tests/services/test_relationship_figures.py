"""What stands under one relationship: figures, breaches, crowded records, mentions."""

import pytest

from crm_desktop.db.database import Database
from crm_desktop.domain.access import Actor
from crm_desktop.domain.errors import Forbidden, Invalid, NotFound
from crm_desktop.domain.filters import Group, LinkCondition
from crm_desktop.domain.views import ViewSettings
from crm_desktop.services import relationship_figures, relationships, views
from crm_desktop.services.doctor import examine_data
from crm_desktop.services.relationship_figures import (
    CrowdedRecord,
    EndFigures,
    Mention,
    RelationshipFigures,
)
from crm_desktop.services.relationships import RelationshipDraft
from crm_desktop.services.views import ViewDraft
from tests.make import Make


@pytest.fixture
def works(make: Make) -> str:
    return make.relationship(make.object("company"), make.object("contact"), "1:N")


def figures(database: Database, actor: Actor, relationship_id: str) -> RelationshipFigures:
    with database.read(actor) as session:
        return relationship_figures.relationship_figures(session, relationship_id)


def test_links_are_counted_for_each_end_and_breaches_as_the_doctor_counts_them(
    database: Database, actor: Actor, make: Make, works: str
) -> None:
    none = EndFigures(0, 0, 0)
    nothing = figures(database, actor, works)
    assert (nothing.links, nothing.from_end, nothing.to_end) == (0, none, none)
    assert not any(nothing.breaches.values())
    one, other = make.record("obj_company"), make.record("obj_company")
    ann, bob = make.record("obj_contact"), make.record("obj_contact")
    for start, end in ((one, ann), (one, bob), (other, ann), (one, bob), (ann, one)):
        make.link(works, start, end)

    found = figures(database, actor, works)

    assert (found.links, found.from_end, found.to_end) == (
        5,
        EndFigures(3, 3, 1),
        EndFigures(3, 2, 2),
    )
    with database.read(actor) as session:
        diagnosis = examine_data(session)
    assert found.breaches == {
        kind: diagnosis.breaches[kind]
        for kind in ("broken_cardinality", "links_to_wrong_object", "duplicate_links")
    }
    assert found.breaches["links_to_wrong_object"] == 1


def test_records_with_several_links_are_listed_those_with_the_most_first(
    database: Database, actor: Actor, make: Make, works: str
) -> None:
    people = [make.record("obj_contact", {"n": name}) for name in ("Ann", "Bob", "Cem")]
    for person, links in zip(people, (2, 3, 1), strict=True):
        for _ in range(links):
            make.link(works, make.record("obj_company"), person)
    with database.read(actor) as session:
        every = relationship_figures.crowded_records(session, works, is_from=False)
        first = relationship_figures.crowded_records(session, works, is_from=False, most=1)
        starts = relationship_figures.crowded_records(session, works, is_from=True)
    bob, ann = CrowdedRecord(people[1], "Bob", 3), CrowdedRecord(people[0], "Ann", 2)
    assert (every.total, every.records) == (2, (bob, ann))
    assert (first.total, first.records) == (2, (bob,))
    assert (starts.total, starts.records) == (0, ())
    make.sql("""UPDATE objects SET permissions = '{"read": []}' WHERE id = 'obj_contact'""")
    with database.read(actor) as session:
        hidden = relationship_figures.crowded_records(session, works, is_from=False)
    assert [row.title for row in hidden.records] == [people[1], people[0]]


def test_views_and_applications_that_name_a_relationship_are_found(
    database: Database, actor: Actor, make: Make, works: str
) -> None:
    link = LinkCondition(works, is_from=True, operator="has_link")
    settings = ViewSettings(filters=(Group("any", (link,)),))
    with database.write(actor) as session:
        views.create_view(session, "obj_company", ViewDraft(name="Employers"), settings)
    theirs = '{"tables": [1, {"name": "Elsewhere", "related": "rel_company_contact"}]}'
    make.sql("UPDATE objects SET views = CAST(:v AS jsonb) WHERE id = 'obj_contact'", v=theirs)
    make.application("sales", label="Sales", config={"navigation": [works]})
    with database.read(actor) as session:
        found = relationship_figures.mentions_of_relationship(session, works)
        nothing = relationship_figures.mentions_of_relationship(session, "rel_company")
    assert found == (
        Mention("application", "Sales"),
        Mention("view", "Employers", "obj_company", "Company"),
        Mention("view", "Elsewhere", "obj_contact", "Contact"),
    )
    assert nothing == ()


def test_a_narrower_type_is_refused_while_a_link_is_on_its_way_from_elsewhere(
    database: Database, actor: Actor, make: Make, in_another_thread: object
) -> None:
    wide = make.relationship(make.object("a"), make.object("b"), "N:N")
    target = make.record("obj_b")
    make.link(wide, make.record("obj_a"), target)
    second = make.record("obj_a")

    def narrow() -> None:
        with database.write(actor) as session:
            stored = relationships.get_relationship(session, wide)
            draft = RelationshipDraft(from_object_id="obj_a", to_object_id="obj_b", type="1:N")
            relationships.update_relationship(session, wide, stored.version, draft)

    with database.engine.begin() as connection:  # as the web does it: without our locks
        connection.exec_driver_sql(
            "INSERT INTO relationship_records (id, relationship_id, from_record_id, to_record_id)"
            " VALUES ('lnk_1', %s, %s, %s)",
            (wide, second, target),
        )
        waiting = in_another_thread(narrow)  # type: ignore[operator]
        waiting.wait_until_blocked()
    with pytest.raises(Invalid, match="1 record has several links"):
        waiting.result()


def test_figures_need_permission_and_a_relationship(
    database: Database, actor: Actor, make: Make, works: str
) -> None:
    with pytest.raises(Forbidden):
        figures(database, make.guest(), works)
    with pytest.raises(NotFound):
        figures(database, actor, "rel_gone")

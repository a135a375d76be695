from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select, text

from crm_desktop.db.database import Database
from crm_desktop.db.expressions import Parameters
from crm_desktop.db.tables import CrmObject, Record, RelationshipRecord
from crm_desktop.domain.access import Actor, RecordRight
from crm_desktop.domain.changes import Change, Topic
from crm_desktop.domain.errors import Conflict, Forbidden, Invalid, NotFound
from crm_desktop.domain.formats import Formats
from crm_desktop.domain.json_edits import ABSENT, JsonEdit
from crm_desktop.services import history, link_pages, links, relationships
from crm_desktop.services.link_checks import Holding, RefusedLinks
from crm_desktop.services.link_lists import RelatedRecord
from crm_desktop.services.link_pages import LinkQuery
from crm_desktop.services.record_rights import may, may_sql
from tests.make import Make


@pytest.fixture
def works(make: Make) -> str:
    """Make companies and contacts, each contact of one company."""
    company, contact = make.object("company"), make.object("contact")
    return make.relationship(company, contact, "1:N", name="Staff")


def company(make: Make, name: str = "Acme", **columns: Any) -> str:
    return make.record("obj_company", {"fld_name": name}, **columns)


def contact(make: Make, name: str = "Bob", **columns: Any) -> str:
    return make.record("obj_contact", {"fld_name": name}, **columns)


def create(database: Database, actor: Actor, relationship_id: str, from_id: str, to_id: str) -> str:
    with database.write(actor) as session:
        return links.create_link(session, relationship_id, from_id, to_id)


def related(
    database: Database, actor: Actor, record_id: str, relationship_id: str, *, is_from: bool
) -> list[RelatedRecord]:
    """Return what is linked to a record, in the order in which it was linked."""
    with database.read(actor) as session:
        relationship = relationships.get_relationship(session, relationship_id)
        other = relationship.to_object if is_from else relationship.from_object
        query = LinkQuery(
            other.id, record_id=record_id, relationship_id=relationship_id, is_from=is_from
        )
        page = link_pages.list_link_page(session, query, (), Formats())
    return [row.link for row in page.rows]


def test_a_link_joins_two_records_and_is_seen_from_both(
    database: Database, actor: Actor, make: Make, works: str
) -> None:
    acme, bob = company(make), contact(make)
    with database.write(actor) as session:
        metadata = {"role": "CEO", "share": 0.5}
        link_id = links.create_link(session, works, acme, bob, metadata)
    assert link_id.startswith("rrec_")
    assert session.changes == {Change(Topic.LINKS, works)}
    (there,) = related(database, actor, acme, works, is_from=True)
    (back,) = related(database, actor, bob, works, is_from=False)
    assert (there.record_id, there.title, there.object_id) == (bob, "Bob", "obj_contact")
    assert (back.record_id, back.title, back.is_from) == (acme, "Acme", False)
    assert there.metadata["role"] == "CEO"
    assert str(there.metadata["share"]) == "0.5"
    assert there.created_by == actor.user_id


def test_a_record_of_another_object_is_refused(
    database: Database, actor: Actor, make: Make, works: str
) -> None:
    acme, bob = company(make), contact(make)
    with pytest.raises(Invalid) as refused:
        create(database, actor, works, bob, acme)
    assert refused.value.problems == {"from_record_id": "“Bob” is no record of “Company”."}


def test_what_is_gone_is_said_to_be_gone(
    database: Database, actor: Actor, make: Make, works: str
) -> None:
    acme = company(make)
    with pytest.raises(NotFound, match="two records"):
        create(database, actor, works, acme, "rec_x")
    with pytest.raises(NotFound, match="relationship"):
        create(database, actor, "rel_x", acme, acme)
    with pytest.raises(NotFound, match="link"), database.write(actor) as session:
        links.delete_link(session, "rrec_x")


def test_a_second_link_between_two_records_is_refused(
    database: Database, actor: Actor, make: Make
) -> None:
    knows = make.relationship(make.object("contact"), "obj_contact", name="Knows")
    ann, bob = contact(make, "Ann"), contact(make)
    create(database, actor, knows, ann, bob)
    with pytest.raises(Conflict, match="“Ann” and “Bob” are linked already under “Knows”"):
        create(database, actor, knows, ann, bob)
    create(database, actor, knows, bob, ann)
    create(database, actor, knows, ann, ann)


def test_one_to_many_gives_a_record_to_one_only_and_says_whose_it_is(
    database: Database, actor: Actor, make: Make, works: str
) -> None:
    acme, apex, bob = company(make), company(make, "Apex"), contact(make)
    create(database, actor, works, acme, bob)
    create(database, actor, works, acme, contact(make, "Ann"))
    with pytest.raises(Conflict, match="“Bob” already belongs to “Acme” under “Staff”"):
        create(database, actor, works, apex, bob)


def test_many_to_one_from_elsewhere_keeps_its_meaning(
    database: Database, actor: Actor, make: Make
) -> None:
    make.object("company")
    belongs = make.relationship(make.object("contact"), "obj_company", "lookup", name="Firm")
    bob = contact(make)
    create(database, actor, belongs, bob, company(make))
    with pytest.raises(Conflict, match="“Bob” already belongs to “Acme”"):
        create(database, actor, belongs, bob, company(make, "Apex"))


@pytest.mark.parametrize("kind", ["1:N", "N:N"])
def test_of_two_sessions_that_link_one_record_only_one_succeeds(
    database: Database,
    actor: Actor,
    make: Make,
    in_another_thread: Callable[..., Any],
    kind: str,
) -> None:
    make.object("company")
    works = make.relationship("obj_company", make.object("contact"), kind)
    acme, bob = company(make), contact(make)
    rival = company(make, "Apex") if kind == "1:N" else acme
    with database.write(actor) as session:
        links.create_link(session, works, acme, bob)
        second = in_another_thread(lambda: create(database, actor, works, rival, bob))
        second.wait_until_blocked()
    with pytest.raises(Conflict):
        second.result()
    assert make.count(RelationshipRecord) == 1


def test_metadata_changes_by_path_and_meets_the_old_value(
    database: Database, actor: Actor, make: Make, works: str
) -> None:
    link = make.link(works, company(make), contact(make), relationship_metadata={"a": 1, "b": 2})
    with database.write(actor) as session:
        links.update_link(session, link, [JsonEdit(("a",), 1, 5), JsonEdit(("c",), ABSENT, None)])
    with database.write(actor) as session:
        links.update_link(session, link, [JsonEdit(("b",), 2, ABSENT)])
    with pytest.raises(Conflict), database.write(actor) as session:
        links.update_link(session, link, [JsonEdit(("a",), 1, 6)])
    assert make.value(select(RelationshipRecord.relationship_metadata)) == {"a": 5, "c": None}


def test_a_deleted_link_leaves_both_records(
    database: Database, actor: Actor, make: Make, works: str
) -> None:
    acme = company(make)
    link = make.link(works, acme, contact(make))
    with database.write(actor) as session:
        links.delete_link(session, link)
    assert related(database, actor, acme, works, is_from=True) == []


def test_what_somebody_may_not_read_is_neither_listed_nor_linked(
    database: Database, actor: Actor, make: Make, works: str
) -> None:
    grace = make.actor()
    acme, mine = company(make), contact(make, "Mine", created_by=grace.user_id)
    owned = make.record("obj_contact", {"fld_system_owner": str(grace.user_id)})
    hidden = contact(make)
    for record in (mine, owned, hidden):
        make.link(works, acme, record)
    make.sql("UPDATE objects SET permissions = '{\"read\": [\"owner\"]}' WHERE name = 'contact'")
    page = related(database, grace, acme, works, is_from=True)
    assert [row.record_id for row in page] == [mine, owned]
    with pytest.raises(NotFound):
        related(database, grace, hidden, works, is_from=False)
    with pytest.raises(NotFound):
        create(database, grace, works, company(make), contact(make))
    seen = related(database, actor, acme, works, is_from=True)
    assert [row.record_id for row in seen] == [owned, hidden]  # whose creator the actor is


def test_linking_asks_for_the_right_to_change_the_record_it_starts_at(
    database: Database, make: Make, works: str
) -> None:
    grace = make.actor()
    acme, own = company(make), company(make, created_by=grace.user_id)
    make.sql("UPDATE objects SET permissions = '{\"update\": [\"owner\"]}' WHERE name = 'company'")
    create(database, grace, works, own, contact(make))
    with pytest.raises(Forbidden, match="“Acme”"):
        create(database, grace, works, acme, contact(make, "Ann"))
    link = make.link(works, acme, contact(make, "Ann"))
    with pytest.raises(Forbidden), database.write(grace) as session:
        links.delete_link(session, link)


@pytest.mark.parametrize(
    ("read", "is_open"),
    [
        (None, True),
        ('["all"]', True),
        ('["role_sales"]', False),
        ('"all"', False),
        ("null", False),
        ("{}", False),
        ("[]", False),
    ],
)
def test_rights_in_sql_say_what_the_actor_says(
    database: Database, make: Make, works: str, read: str | None, *, is_open: bool
) -> None:
    grace = make.actor()
    acme = company(make)
    rights = "{}" if read is None else f'{{"read": {read}}}'
    make.sql("UPDATE objects SET permissions = CAST(:rights AS jsonb)", rights=rights)
    assert readers(database, grace, acme) == [is_open, is_open]
    make.sql(
        "UPDATE objects SET permissions = CAST(:rights AS jsonb)",
        rights=f'{{"read": ["user_{grace.user_id}"]}}',
    )
    assert readers(database, grace, acme) == [True, True]


def readers(database: Database, actor: Actor, record_id: str) -> list[bool]:
    """Say whether a record may be read by each of the two spellings of the condition."""
    parameters = Parameters()
    as_text = may_sql(parameters, actor, RecordRight.READ, "r", "o")
    join = "SELECT r.id FROM records AS r JOIN objects AS o ON o.id = r.object_id WHERE"
    composed = (
        select(Record.id)
        .join(CrmObject, CrmObject.id == Record.object_id)
        .where(may(actor, RecordRight.READ, Record, CrmObject))
    )
    with database.read(actor) as session:
        found = (
            session.scalars(composed).all(),
            session.scalars(text(f"{join} {as_text}"), parameters.values).all(),
        )
    return [record_id in ids for ids in found]


def test_links_need_permission(database: Database, make: Make, works: str) -> None:
    with pytest.raises(Forbidden):
        create(database, make.guest(), works, company(make), contact(make))


def link_many(
    database: Database, actor: Actor, relationship_id: str, *pairs: tuple[str, str]
) -> list[str]:
    with database.write(actor) as session:
        return links.create_links(session, relationship_id, pairs)


def ends(make: Make) -> set[tuple[str, str]]:
    columns = (RelationshipRecord.from_record_id, RelationshipRecord.to_record_id)
    with make.database.engine.begin() as connection:
        return {(row[0], row[1]) for row in connection.execute(select(*columns))}


def test_many_links_are_made_by_as_many_statements_as_one(
    database: Database, actor: Actor, make: Make, works: str, statements: list[str]
) -> None:
    acme = company(make)
    people = make.records("obj_contact", 201)
    statements.clear()
    with database.write(actor) as session:
        links.create_links(session, works, [(acme, people[0])])
        assert session.gesture == f"link from “Acme” to “{people[0]}”"
    one = len(statements)
    statements.clear()
    with database.write(actor) as session:
        others = links.pairs_with(acme, people[1:], is_from=True)
        ids = links.create_links(session, works, [*others, others[0]], {"role": "staff"})
        assert session.gesture == "link of 200 records to “Acme”"
        assert session.changes == {Change(Topic.LINKS, works)}
    assert len(statements) == one
    assert len(set(ids)) == 200
    assert ends(make) == {(acme, person) for person in people}
    said = select(RelationshipRecord.relationship_metadata).where(RelationshipRecord.id == ids[7])
    assert make.value(said) == {"role": "staff"}


def test_what_stands_in_the_way_of_many_links_is_told_one_by_one_and_nothing_is_linked(
    database: Database, actor: Actor, make: Make, works: str
) -> None:
    acme, apex = company(make), company(make, "Apex")
    free, linked, taken = (contact(make, name) for name in ("Free", "Linked", "Taken"))
    make.link(works, acme, linked)
    held = make.link(works, apex, taken)
    pairs = [(acme, free), (acme, linked), (acme, taken), (acme, apex), (acme, "rec_x")]
    with pytest.raises(RefusedLinks) as refused:
        link_many(database, actor, works, *pairs, (apex, free))
    said = {(each.to_record_id, each.hindrance): each for each in refused.value.refusals}
    assert set(said) == {
        (linked, "linked"),
        (taken, "taken"),
        (apex, "to_wrong"),
        ("rec_x", "to_gone"),
        (free, "twice"),
    }
    assert said[taken, "taken"].holding == Holding(taken, "Taken", apex, "Apex", held)
    assert said[linked, "linked"].holding is None
    assert str(refused.value).endswith("4 more could not be linked either.")
    assert make.count(RelationshipRecord) == 2


def test_what_is_taken_moves_with_what_its_link_says_and_back_by_one_step(
    database: Database, actor: Actor, make: Make, works: str
) -> None:
    acme, apex, bob, ann = company(make), company(make, "Apex"), contact(make), contact(make, "Ann")
    held = make.link(works, acme, bob, relationship_metadata={"role": "CEO", "since": 2020})
    with database.write(actor) as session:
        ids = links.create_links(
            session, works, [(apex, bob), (apex, ann)], {"since": 2026, "by": "us"}, {bob: acme}
        )
    assert ids[0] == held
    assert ends(make) == {(apex, bob), (apex, ann)}
    said = select(RelationshipRecord.relationship_metadata).where(RelationshipRecord.id == held)
    assert make.value(said) == {"role": "CEO", "since": 2020, "by": "us"}
    with database.write(actor) as session:
        done = history.undo_state(session).undo
        assert done is not None
        assert done.title == "link of 2 records to “Apex”"
        assert history.undo(session, done.id).refused == 0
    assert ends(make) == {(acme, bob)}
    assert make.value(said) == {"role": "CEO", "since": 2020}


def test_a_link_moves_only_from_whom_it_was_seen_with(
    database: Database, actor: Actor, make: Make, works: str
) -> None:
    acme, apex, other, bob = (
        company(make),
        company(make, "Apex"),
        company(make, "Other"),
        contact(make),
    )
    held = make.link(works, acme, bob)
    with database.write(actor) as session:
        links.move_link(session, held, apex, held_by=acme)
        assert session.gesture == "move of “Bob” to “Apex”"
    held_now = pytest.raises(RefusedLinks, match="“Bob” already belongs to “Apex”")
    with held_now as refused, database.write(actor) as session:
        links.move_link(session, held, other, held_by=acme)
    assert refused.value.refusals[0].holding == Holding(bob, "Bob", apex, "Apex", held)
    again = make.link(works, other, bob)  # a breach, by somebody who takes no locks
    with pytest.raises(RefusedLinks), database.write(actor) as session:
        links.move_link(session, held, acme, held_by=apex)
    with database.write(actor) as session:
        assert links.delete_links(session, [held, again, "rrec_gone"]) == 2
        assert session.gesture == "deletion of 2 links"
    with pytest.raises(NotFound, match="link"), database.write(actor) as session:
        links.move_link(session, held, other, held_by=apex)
    with pytest.raises(NotFound), database.write(actor) as session:
        links.delete_links(session, [held])


def test_under_many_to_one_the_record_on_the_from_side_moves(
    database: Database, actor: Actor, make: Make
) -> None:
    make.object("company")
    belongs = make.relationship(make.object("contact"), "obj_company", "N:1")
    bob, acme, apex = contact(make), company(make), company(make, "Apex")
    held = make.link(belongs, bob, acme)
    with database.write(actor) as session:
        links.move_link(session, held, apex, held_by=acme)
    assert ends(make) == {(bob, apex)}
    knows = make.relationship("obj_contact", "obj_contact", name="Knows")
    with pytest.raises(Conflict, match="may have many links"), database.write(actor) as session:
        links.move_link(session, make.link(knows, bob, bob), bob, held_by=bob)


def test_nothing_is_taken_from_a_record_that_one_may_not_change(
    database: Database, make: Make, works: str
) -> None:
    grace = make.actor()
    acme, mine, bob = company(make), company(make, "Mine", created_by=grace.user_id), contact(make)
    held = make.link(works, acme, bob)
    make.sql("UPDATE objects SET permissions = '{\"update\": [\"owner\"]}' WHERE name = 'company'")
    with pytest.raises(Forbidden, match="“Acme”"), database.write(grace) as session:
        links.move_link(session, held, mine, held_by=acme)
    with pytest.raises(Forbidden, match="1 of these links"), database.write(grace) as session:
        links.delete_links(session, [held])
    assert ends(make) == {(acme, bob)}

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select, text

from crm_desktop.db.database import Database
from crm_desktop.db.tables import (
    CrmObject,
    Field,
    ObjectField,
    Record,
    Relationship,
    RelationshipRecord,
)
from crm_desktop.domain.access import Actor
from crm_desktop.domain.changes import Change, Topic
from crm_desktop.domain.errors import Conflict, Forbidden, Invalid, NotFound
from crm_desktop.domain.json_edits import ABSENT, JsonEdit
from crm_desktop.services import objects
from crm_desktop.services.objects import ObjectDraft
from tests.make import Make

HOSTILE = '"; DROP TABLE records;--'


def test_a_new_object_gets_its_name_and_plural_from_its_label(
    database: Database, actor: Actor
) -> None:
    with database.write(actor) as session:
        object_id = objects.create_object(session, ObjectDraft(label="  Größere Company "))
        made = objects.get_object(session, object_id)
    assert object_id.startswith("obj_")
    assert (made.name, made.label) == ("grossere_company", "Größere Company")
    assert made.plural_name == "Größere Companies"
    assert made.created_by == actor.user_id
    assert made.views == {"forms": [], "tables": [], "kanbans": [], "calendars": []}
    assert made.permissions == {key: ["all"] for key in ("read", "create", "update", "delete")}
    assert session.changes == {Change(Topic.OBJECTS, object_id)}


def test_a_list_of_objects_counts_fields_and_relationships_but_no_records(
    database: Database, actor: Actor, make: Make
) -> None:
    company = make.object("company", fields=["name", "phone"])
    contact = make.object("contact", fields=["name"])
    make.relationship(company, contact, "1:N")
    make.relationship(contact, contact, id="rel_knows", name="knows")
    make.records(company, 3)

    with database.read(actor) as session:
        rows = objects.list_objects(session)
        counts = objects.count_records(session)

    assert [(row.name, row.field_count, row.relationship_count) for row in rows] == [
        ("company", 2, 1),
        ("contact", 1, 2),
    ]
    assert counts == {company: 3}


def test_a_list_of_objects_is_one_statement(
    database: Database, actor: Actor, make: Make, statements: list[str]
) -> None:
    for name in ("a", "b", "c"):
        make.object(name, fields=["name"])
    with database.read(actor) as session:
        statements.clear()
        objects.list_objects(session)
        assert len(statements) == 1


@pytest.mark.parametrize(
    ("values", "problem"),
    [
        ({"label": " "}, {"label": "Enter the label."}),
        ({"label": "x" * 256}, {"label": "The label is longer than 255 characters."}),
        ({"label": "a\0b"}, {"label": "The label contains control characters."}),
        ({"label": "a\ud800b"}, {"label": "The label contains control characters."}),
        ({"label": "a\nb"}, {"label": "The label contains control characters."}),
        (
            {"label": "A", "plural_name": "x" * 256},
            {"plural_name": "The plural name is longer than 255 characters."},
        ),
    ],
)
def test_a_draft_that_cannot_be_stored_is_refused_in_a_sentence(
    values: dict[str, str], problem: dict[str, str]
) -> None:
    with pytest.raises(Invalid) as refused:
        ObjectDraft(**values)
    assert refused.value.problems == problem


@pytest.mark.parametrize("name", [HOSTILE, "1st", "two words", "semi;colon", "_x"])
def test_a_new_name_that_is_no_identifier_is_refused(
    database: Database, actor: Actor, name: str
) -> None:
    with pytest.raises(Invalid, match="begins with a letter"), database.write(actor) as session:
        objects.create_object(session, ObjectDraft(label="A", name=name))


def test_a_hostile_label_is_stored_as_it_is(database: Database, actor: Actor) -> None:
    with database.write(actor) as session:
        object_id = objects.create_object(session, ObjectDraft(label=HOSTILE, icon=HOSTILE))
    with database.read(actor) as session:
        made = objects.get_object(session, object_id)
    assert (made.label, made.icon, made.name) == (HOSTILE, HOSTILE, "drop_table_records")


def test_a_label_without_letters_asks_for_a_name(database: Database, actor: Actor) -> None:
    with pytest.raises(Invalid) as refused, database.write(actor) as session:
        objects.create_object(session, ObjectDraft(label="1 🚀"))
    assert refused.value.problems == {"name": "Enter a name."}


def test_a_taken_name_is_refused_naming_who_has_it(
    database: Database, actor: Actor, make: Make
) -> None:
    make.object("company", label="Firma")
    with pytest.raises(Invalid) as refused, database.write(actor) as session:
        objects.create_object(session, ObjectDraft(label="Company"))
    assert refused.value.problems == {
        "name": "The object “Firma” already has the name “company”. Choose another."
    }


def test_two_sessions_cannot_both_take_a_name(
    database: Database, actor: Actor, in_another_thread: Callable[..., Any]
) -> None:
    def create() -> None:
        with database.write(actor) as session:
            objects.create_object(session, ObjectDraft(label="Deal"))

    with database.write(actor) as session:
        objects.create_object(session, ObjectDraft(label="Deal"))
        second = in_another_thread(create)
        second.wait_until_blocked()
    with pytest.raises(Invalid, match="already has the name"):
        second.result()


def test_an_update_stores_the_form_and_keeps_a_name_others_made(
    database: Database, actor: Actor, make: Make
) -> None:
    company = make.object("company")
    make.sql("UPDATE objects SET name = 'Odd Name!' WHERE id = :id", id=company)
    with database.write(actor) as session:
        before = objects.get_object(session, company)
        draft = ObjectDraft(label="Firm", name=before.name, icon="building", is_global=True)
        objects.update_object(session, company, before.version, draft)
        changes = session.changes
    with database.read(actor) as session:
        after = objects.get_object(session, company)
    assert (after.name, after.label, after.icon) == ("Odd Name!", "Firm", "building")
    assert after.is_global
    assert after.updated_at > before.updated_at
    assert after.version != before.version
    assert changes == {Change(Topic.OBJECTS, company)}


def test_of_two_updates_of_one_object_the_second_is_a_conflict(
    database: Database, actor: Actor, make: Make
) -> None:
    company = make.object("company")
    with database.read(actor) as session:
        version = objects.get_object(session, company).version
    with database.write(actor) as session:
        objects.update_object(session, company, version, ObjectDraft(label="First"))
    with pytest.raises(Conflict, match="Someone else"), database.write(actor) as session:
        objects.update_object(session, company, version, ObjectDraft(label="Second"))
    with pytest.raises(Conflict), database.write(actor) as session:
        objects.delete_object(session, company, version)
    assert make.value(select(CrmObject.label)) == "First"


def test_an_object_that_is_gone_is_said_to_be_gone(database: Database, actor: Actor) -> None:
    with pytest.raises(NotFound, match="no longer exists"), database.write(actor) as session:
        objects.update_object(session, "obj_x", 1, ObjectDraft(label="A"))
    with pytest.raises(NotFound, match="no longer exists"), database.write(actor) as session:
        objects.delete_object(session, "obj_x", 1)


def test_row_level_security_that_hides_a_write_is_named_as_such(
    database: Database, actor: Actor, make: Make
) -> None:
    company = make.object("company")
    make.sql("ALTER TABLE objects ENABLE ROW LEVEL SECURITY")
    make.sql("CREATE POLICY readers ON objects FOR SELECT USING (true)")
    make.sql("CREATE ROLE clerk_of_objects")
    make.sql("GRANT ALL ON ALL TABLES IN SCHEMA public TO clerk_of_objects")
    with database.read(actor) as session:
        version = objects.get_object(session, company).version

    def update_as_clerk() -> None:
        with database.write(actor) as session:
            session.execute(text("SET LOCAL ROLE clerk_of_objects"))
            objects.update_object(session, company, version, ObjectDraft(label="B"))

    try:
        with pytest.raises(Forbidden, match="does not let you"):
            update_as_clerk()
    finally:
        make.sql("DROP OWNED BY clerk_of_objects")
        make.sql("DROP ROLE clerk_of_objects")


def test_deleting_an_object_takes_its_layout_records_relationships_and_links(
    database: Database, actor: Actor, make: Make
) -> None:
    company = make.object("company", fields=["name"])
    contact = make.object("contact", fields=["name"])
    ours, theirs = make.record(company), make.record(contact)
    make.link(make.relationship(company, contact), ours, theirs)
    knows = make.relationship(contact, contact, id="rel_knows")
    make.link(knows, theirs, make.record(contact))

    with database.write(actor) as session:
        version = objects.get_object(session, company).version
        objects.delete_object(session, company, version)

    assert make.count(CrmObject) == 1
    assert make.layout_of(company) == []
    assert make.layout_of(contact) == ["fld_name"]
    assert make.count(Record) == 2
    assert make.value(select(Relationship.id)) == knows
    assert make.count(RelationshipRecord) == 1
    assert make.count(Field) == 1
    assert make.count(ObjectField) == 1
    assert Change(Topic.RECORDS, company) in session.changes


def test_two_people_changing_different_rights_both_win_and_unknown_keys_stay(
    database: Database, actor: Actor, make: Make
) -> None:
    company = make.object("company", permissions={"read": ["all"], "share": {"x": 1}})
    mine = JsonEdit(("read",), ["all"], ["owner"])
    theirs = JsonEdit(("update",), ABSENT, [f"user_{actor.user_id}"])
    with database.write(actor) as session:
        objects.edit_permissions(session, company, [theirs])
    with database.write(actor) as session:
        objects.edit_permissions(session, company, [mine])
    with pytest.raises(Conflict), database.write(actor) as session:
        objects.edit_permissions(session, company, [mine])
    assert make.value(select(CrmObject.permissions)) == {
        "read": ["owner"],
        "update": [f"user_{actor.user_id}"],
        "share": {"x": 1},
    }


def test_rights_of_a_kind_that_nobody_knows_are_refused(
    database: Database, actor: Actor, make: Make
) -> None:
    company = make.object("company")
    for wrong in (["everybody"], "all", [1]):
        edit = JsonEdit(("read",), ["all"], wrong)
        with pytest.raises(Invalid, match="Rights are lists"), database.write(actor) as session:
            objects.edit_permissions(session, company, [edit])


def test_an_object_is_found_by_id_name_or_label_in_any_capitals(
    database: Database, actor: Actor, make: Make
) -> None:
    company = make.object("company", label="Firma")
    with database.read(actor) as session:
        for name in (company, "Company", "firma", "FIRMAS"[:-1], "companys"):
            assert objects.find_object(session, name).id == company
        with pytest.raises(NotFound, match="no object called “deal”"):
            objects.find_object(session, "deal")
    make.object("firm", label="Firma", plural_name="Firms")
    with database.read(actor) as session, pytest.raises(Invalid, match="Several"):
        objects.find_object(session, "Firma")


def test_objects_need_permission(database: Database, make: Make) -> None:
    with database.read(make.guest()) as session, pytest.raises(Forbidden):
        objects.list_objects(session)
    with pytest.raises(Forbidden), database.write(make.guest()) as session:
        objects.create_object(session, ObjectDraft(label="A"))


def test_somebody_whose_user_is_gone_creates_nothing(database: Database, make: Make) -> None:
    gone = make.actor("left@example.com", is_active=False)
    with pytest.raises(Forbidden, match="Sign in again"), database.write(gone) as session:
        objects.create_object(session, ObjectDraft(label="A"))
    assert make.count(CrmObject) == 0

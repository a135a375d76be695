from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import String, cast, select

from crm_desktop.db.database import Database
from crm_desktop.db.tables import Field
from crm_desktop.domain.access import Actor
from crm_desktop.domain.changes import Change, Topic
from crm_desktop.domain.errors import Conflict, Forbidden, Invalid, NotFound
from crm_desktop.domain.json_edits import ABSENT, JsonEdit, json_edits
from crm_desktop.services import fields, layouts
from crm_desktop.services.fields import FieldDraft, FieldSummary
from tests.make import Make

HOSTILE = '"; DROP TABLE records;--'


def get(database: Database, actor: Actor, field_id: str) -> FieldSummary:
    with database.read(actor) as session:
        return fields.get_field(session, field_id)


def update(
    database: Database, actor: Actor, before: FieldSummary, *edits: JsonEdit, **values: Any
) -> None:
    """Store a form that shows the field as it was read, but for these values."""
    shown = {"label": before.label, "name": before.name, "type": before.type}
    with database.write(actor) as session:
        draft = FieldDraft(**{**shown, **values})
        fields.update_field(session, before.id, before.version, draft, edits)


def test_a_new_field_is_stored_with_its_config(database: Database, actor: Actor) -> None:
    config = {"options": [{"value": "a", "label": "A", "color": "#ff0000"}], "own": Decimal("1.50")}
    draft = FieldDraft(label="First name", type="select", category="Person", description="x\ny")
    with database.write(actor) as session:
        field_id = fields.create_field(session, draft, config)
    made = get(database, actor, field_id)
    assert (made.name, made.type, made.category) == ("first_name", "select", "Person")
    assert made.description == "x\ny"
    assert made.config == config
    assert str(made.config["own"]) == "1.50"
    assert (made.is_custom, made.is_system_field, made.used_by) == (True, False, 0)
    assert made.created_by == actor.user_id
    assert session.changes == {Change(Topic.FIELDS, field_id)}


def test_the_library_is_filtered_by_text_type_and_category(
    database: Database, actor: Actor, make: Make
) -> None:
    make.field("email", type="email", category="Contact")
    make.field("phone", type="phone", category="Contact", description="with 100% of digits")
    make.field("size", type="number")

    def found(**filters: str) -> list[str]:
        with database.read(actor) as session:
            return [row.name for row in fields.list_fields(session, **filters)]

    assert found() == ["email", "phone", "size"]
    assert found(text="EMA") == ["email"]
    assert found(text="100%") == ["phone"]
    assert found(text="%") == ["phone"]
    assert found(field_type="number") == ["size"]
    assert found(category="Contact", text="h") == ["phone"]
    with database.read(actor) as session:
        assert fields.list_categories(session) == ["Contact"]


def test_a_field_counts_the_objects_that_use_it_each_once(
    database: Database, actor: Actor, make: Make
) -> None:
    company, contact = make.object("company", fields=["name"]), make.object("contact")
    make.attach(contact, "name")
    make.attach(contact, "name")  # other programs allow it
    assert get(database, actor, "fld_name").used_by == 2
    with database.read(actor) as session:
        uses = fields.list_uses(session, "fld_name")
    assert [use.object_id for use in uses] == [company, contact]


def test_a_hostile_label_and_an_endless_option_are_stored_as_they_are(
    database: Database, actor: Actor
) -> None:
    config = {"options": [{"value": HOSTILE, "label": "x" * 10_000}], HOSTILE: HOSTILE}
    draft = FieldDraft(label=HOSTILE, name="hostile", type="select")
    with database.write(actor) as session:
        field_id = fields.create_field(session, draft, config)
    made = get(database, actor, field_id)
    assert (made.label, made.config) == (HOSTILE, config)


@pytest.mark.parametrize(
    ("config", "problems"),
    [
        (
            {"options": [{"value": "a", "label": "A"}, {"value": "a", "label": "B"}]},
            {"options": "Two options have the value “a”."},
        ),
        ({"options": [{"label": "A"}]}, {"options": "Every option needs a value."}),
        ({"validation": {"options": "a,b"}}, {"options": "The options are no list."}),
        ({"min": 5, "max": Decimal("4.5")}, {"min": "The smallest number is larger"}),
        ({"minLength": 5, "validation": {"maxLength": 3}}, {"minLength": "The shortest length"}),
        ({"minDate": "2024-02-01", "maxDate": "2024-01-31"}, {"minDate": "The earliest date"}),
        ({"pattern": "("}, {"pattern": "The pattern is no regular expression"}),
        ({"help": "a\0b"}, {"config": "This text has a character"}),
        ({"max": Decimal("NaN")}, {"config": "Infinity and NaN are no numbers"}),
        ({"targetObjectId": "obj_x"}, {"targetObjectId": "The object that this field points to"}),
        ({"targetObjectId": {"a": 1}}, {"targetObjectId": "The object that this field points to"}),
    ],
)
def test_a_config_that_makes_no_sense_is_refused_in_a_sentence(
    database: Database, actor: Actor, config: dict[str, Any], problems: dict[str, str]
) -> None:
    draft = FieldDraft(label="A", type="select")
    with pytest.raises(Invalid) as refused, database.write(actor) as session:
        fields.create_field(session, draft, config)
    found = refused.value.problems
    assert found.keys() == problems.keys()
    assert all(found[key].startswith(problem) for key, problem in problems.items())


def test_a_type_that_nobody_knows_is_refused_for_a_new_field_only(
    database: Database, actor: Actor, make: Make
) -> None:
    with pytest.raises(Invalid, match="no field type “hologram”"), database.write(actor) as session:
        fields.create_field(session, FieldDraft(label="A", type="hologram"))
    make.field("odd", type="hologram")
    update(database, actor, get(database, actor, "fld_odd"), label="Odd one")
    assert get(database, actor, "fld_odd").type == "hologram"


def test_a_name_is_taken_once_for_each_person(database: Database, actor: Actor, make: Make) -> None:
    make.field("email")
    with pytest.raises(Invalid, match="already a field named “email”") as refused:
        create(database, actor, "Email")
    assert set(refused.value.problems) == {"name"}
    create(database, make.actor(), "Email")
    make.field("mail")
    with pytest.raises(Invalid, match="already a field named “email”"):
        update(database, actor, get(database, actor, "fld_mail"), name="email")


def create(database: Database, actor: Actor, label: str) -> str:
    with database.write(actor) as session:
        return fields.create_field(session, FieldDraft(label=label))


def test_two_sessions_cannot_both_take_a_field_name(
    database: Database, actor: Actor, in_another_thread: Callable[..., Any]
) -> None:
    with database.write(actor) as session:
        fields.create_field(session, FieldDraft(label="Email"))
        second = in_another_thread(lambda: create(database, actor, "Email"))
        second.wait_until_blocked()
    with pytest.raises(Invalid, match="already a field named"):
        second.result()


def test_a_config_edit_writes_changed_keys_only(
    database: Database, actor: Actor, make: Make
) -> None:
    make.field("price", type="number")
    stored = (
        '{"min": 1.50, "odd": {"deep": [1.0, 1e2, {"x": null}]}, "huge": 12345678901234567890.10,'
        ' "validation": {"max": 9, "regex": null}, "label": "keep"}'
    )
    make.sql("UPDATE fields SET config = CAST(:stored AS jsonb)", stored=stored)
    before = get(database, actor, "fld_price")
    after = {**before.config, "step": Decimal("0.10")}
    after["validation"] = {"max": 10, "regex": None}
    del after["label"]

    update(database, actor, before, *json_edits(before.config, after))

    text = make.value(select(cast(Field.config, String)))
    assert get(database, actor, "fld_price").config == after
    for kept in ('"min": 1.50', "12345678901234567890.10", "[1.0, 100, ", '"step": 0.10'):
        assert kept in text


def test_a_config_edit_meets_the_old_value_or_is_a_conflict(
    database: Database, actor: Actor, make: Make
) -> None:
    make.field("price", config={"min": 1})
    before = get(database, actor, "fld_price")
    with pytest.raises(Conflict):
        update(database, actor, before, JsonEdit(("min",), 2, 3))
    with pytest.raises(Conflict):
        update(database, actor, before, JsonEdit(("min", "deep"), ABSENT, 3))
    update(database, actor, before, JsonEdit(("a", "b"), ABSENT, None))
    assert get(database, actor, "fld_price").config == {"min": 1, "a": {"b": None}}
    with pytest.raises(Conflict):
        update(database, actor, before, label="Old news")


def test_what_others_configured_oddly_does_not_stand_in_the_way_of_an_edit(
    database: Database, actor: Actor, make: Make
) -> None:
    make.field("odd", type="select", config={"options": [{"value": "a"}, {"value": "a"}]})
    before = get(database, actor, "fld_odd")
    update(database, actor, before, JsonEdit(("placeholder",), ABSENT, "choose"))
    before = get(database, actor, "fld_odd")
    with pytest.raises(Invalid, match="smallest number"):
        update(
            database, actor, before, JsonEdit(("min",), ABSENT, 2), JsonEdit(("max",), ABSENT, 1)
        )


def test_the_type_of_a_field_changes_only_while_no_record_holds_a_value(
    database: Database, actor: Actor, make: Make
) -> None:
    company = make.object("company", fields=["size"])
    record = make.record(company, {"fld_size": None, "fld_other": 1})
    update(database, actor, get(database, actor, "fld_size"), type="textarea")
    make.sql('UPDATE records SET data = \'{"fld_size": "9"}\' WHERE id = :id', id=record)
    with pytest.raises(Invalid, match="“Company” hold values") as refused:
        update(database, actor, get(database, actor, "fld_size"), type="number")
    assert set(refused.value.problems) == {"type"}
    assert get(database, actor, "fld_size").type == "textarea"


def test_an_update_tells_the_layouts_that_show_the_field(
    database: Database, actor: Actor, make: Make
) -> None:
    company = make.object("company", fields=["name"])
    with database.write(actor) as session:
        version = fields.get_field(session, "fld_name").version
        fields.update_field(session, "fld_name", version, FieldDraft(label="Title"))
    assert session.changes == {
        Change(Topic.FIELDS, "fld_name"),
        Change(Topic.LAYOUTS, company),
    }
    assert get(database, actor, "fld_name").name == "name"


def test_a_field_in_use_is_not_deleted_and_the_objects_are_named(
    database: Database, actor: Actor, make: Make
) -> None:
    make.object("company", fields=["name"])
    make.object("contact", fields=["name"])
    version = get(database, actor, "fld_name").version
    with pytest.raises(Conflict) as refused, database.write(actor) as session:
        fields.delete_field(session, "fld_name", version)
    assert "is used by “Company” and “Contact”." in str(refused.value)
    assert get(database, actor, "fld_name").used_by == 2


def test_an_unused_field_is_deleted_and_a_system_field_never(
    database: Database, actor: Actor, make: Make
) -> None:
    make.field("old")
    make.field("system_owner", type="lookup", is_system_field=True)
    delete(database, actor, "fld_old")
    with pytest.raises(NotFound):
        get(database, actor, "fld_old")
    with pytest.raises(Conflict, match="system field"):
        delete(database, actor, "fld_system_owner")
    owner = get(database, actor, "fld_system_owner")
    with pytest.raises(Invalid, match="type of a system field"):
        update(database, actor, owner, type="text")
    with pytest.raises(Invalid, match="name of a system field"):
        update(database, actor, owner, name="boss")


def delete(database: Database, actor: Actor, field_id: str) -> None:
    version = get(database, actor, field_id).version
    with database.write(actor) as session:
        fields.delete_field(session, field_id, version)


def test_a_field_cannot_be_deleted_while_somebody_attaches_it(
    database: Database, actor: Actor, make: Make, in_another_thread: Callable[..., Any]
) -> None:
    company = make.object("company")
    make.field("name")
    with database.write(actor) as session:
        layouts.attach_field(session, company, "fld_name")
        second = in_another_thread(lambda: delete(database, actor, "fld_name"))
        second.wait_until_blocked()
    with pytest.raises(Conflict, match="used by “Company”"):
        second.result()


def test_fields_need_permission(database: Database, make: Make) -> None:
    with pytest.raises(Forbidden):
        create(database, make.guest(), "A")

"""Changing a field's type: planned over all records first, then done in one transaction."""

from collections import Counter
from decimal import Decimal
from functools import partial
from typing import Any

import pytest
from psycopg.types.json import Jsonb
from sqlalchemy import select, text

from crm_desktop.db.database import Database, ReadSession
from crm_desktop.db.tables import Field, ObjectField, Record
from crm_desktop.domain.access import Actor
from crm_desktop.domain.errors import Cancelled, Conflict, Forbidden
from crm_desktop.domain.filters import Condition, Group, LinkCondition
from crm_desktop.domain.formats import Formats
from crm_desktop.domain.index_kinds import IndexKind
from crm_desktop.domain.json_edits import json_edits, same_json
from crm_desktop.domain.type_conversion import Fate, Known, converter
from crm_desktop.domain.views import ViewSettings
from crm_desktop.services import (
    field_values,
    fields,
    history,
    index_advice,
    type_changes,
    views,
)
from crm_desktop.services.type_changes import TypePlan, TypeResult, silent
from crm_desktop.services.type_settings import LostSettings
from crm_desktop.services.views import ViewDraft
from tests.domain.awkward import CONFIGS, TYPES, VALUES, field_of
from tests.make import Make

FORMATS = Formats()
REFERRING = {"reference", "lookup"}


def plan(database: Database, actor: Actor, field_id: str, new: str) -> TypePlan:
    call = partial(type_changes.plan_type_change, field_id=field_id, new_type=new, formats=FORMATS)
    with database.read(actor) as session:
        return call(session)


def change(database: Database, actor: Actor, planned: TypePlan) -> TypeResult:
    with database.long(actor) as session:
        return type_changes.change_type(session, planned, FORMATS)


def data_of(make: Make, record_id: str) -> Any:
    return make.value(select(Record.data).where(Record.id == record_id))


def expected_fates(old: str, new: str) -> Counter[str]:
    convert = converter(field_of(old), field_of(new), FORMATS, Known())
    fates: Counter[str] = Counter()
    for value in VALUES:
        made = convert(value)
        if made.fate is Fate.CLEAN and same_json(value, made.value):
            fates["unchanged"] += 1
        elif made.fate is not Fate.EMPTY:
            fates[made.fate.value] += 1
    return fates


@pytest.fixture
def sheet(make: Make) -> str:
    """Return an object with a field of each type, each with every awkward value."""
    sheet = make.object("sheet")
    for type_ in TYPES:
        make.field(f"as_{type_}", type_, config=CONFIGS.get(type_, {}))
        make.attach(sheet, f"as_{type_}")
    for value in VALUES:
        make.record(sheet, {f"fld_as_{type_}": value for type_ in TYPES}, primary_value=None)
    return sheet


def plan_with_config(session: ReadSession, old: str, new: str) -> TypePlan:
    config = CONFIGS.get(old, {})
    edits = json_edits(config, {**config, **CONFIGS.get(new, {})})
    return type_changes.plan_type_change(session, f"fld_as_{old}", new, FORMATS, edits)


@pytest.mark.usefixtures("sheet")
def test_the_plan_in_sql_is_that_of_the_types_parsers_for_each_pair_of_types(
    database: Database, actor: Actor
) -> None:
    differing = {}
    with database.read(actor) as session:
        for old in TYPES:
            for new in TYPES:
                if old == new or new in REFERRING:  # whose values must exist besides
                    continue
                found = plan_with_config(session, old, new)
                counts = Counter(
                    unchanged=found.unchanged,
                    clean=found.clean,
                    lossy=found.lossy,
                    failed=found.failed,
                )
                if counts != expected_fates(old, new):
                    differing[old, new] = counts, expected_fates(old, new)
    assert not differing


def test_every_awkward_value_is_written_as_it_was_planned_and_the_others_are_left_alone(
    database: Database, actor: Actor, make: Make, sheet: str
) -> None:
    steps = [(old, new) for old, new in zip(TYPES, TYPES[3:], strict=False) if new not in REFERRING]
    for old, new in steps:
        with database.long(actor) as session:
            planned = plan_with_config(session, old, new)
            type_changes.change_type(session, planned, FORMATS)
    query = text("SELECT data FROM records WHERE object_id = :sheet ORDER BY id")
    with database.read(actor) as session:
        stored = list(session.scalars(query, {"sheet": sheet}))
    for old, new in steps:
        convert = converter(field_of(old), field_of(new), FORMATS, Known())
        for value, data in zip(VALUES, stored, strict=True):
            expected = convert(value).value
            key = f"fld_as_{old}"
            assert same_json(data.get(key), expected), (old, new, value)
    for value, data in zip(VALUES, stored, strict=True):
        assert same_json(data["fld_as_image"], value)


def test_values_are_converted_what_fails_is_kept_and_undo_brings_all_back(
    database: Database, actor: Actor, make: Make
) -> None:
    deal = make.object("deal", fields=["name"])
    make.field("size", "text")
    make.attach(deal, "size", field_overrides={"min": 0})
    texts = ("42", " 7 ", "-1", "many", "", "1.50")
    ids = [make.record(deal, {"fld_name": t, "fld_size": t, "other": 1.0}) for t in texts]
    other = make.record(make.object("other"), {"fld_size": "9"})

    planned = plan(database, actor, "fld_size", "number")
    assert (planned.unchanged, planned.clean, planned.lossy, planned.failed) == (0, 3, 0, 2)
    reasons = {sample.before: sample.reason for sample in planned.samples}
    assert reasons["-1"] == "Enter 0 or more."
    assert "“many” is not a number" in reasons["many"]
    result = change(database, actor, planned)

    assert result == TypeResult(converted=4, kept=2)
    stored = [data_of(make, id_).get("fld_size") for id_ in ids]
    assert stored == [42, 7, "-1", "many", None, pytest.approx(1.5)]
    assert data_of(make, ids[0])["other"] == 1
    assert data_of(make, other) == {"fld_size": "9"}  # of an object that does not use the field
    assert make.value(select(Field.type).where(Field.id == "fld_size")) == "number"

    with database.read(actor) as session:
        state = history.undo_state(session)
    assert state.undo is not None
    assert state.undo.title == "change of “Size” from Text to Number"
    with database.write(actor) as session:
        history.undo(session, state.undo.id)
    assert [data_of(make, id_)["fld_size"] for id_ in ids] == list(texts)


def test_names_follow_when_a_field_becomes_the_first_text(
    database: Database, actor: Actor, make: Make
) -> None:
    make.field("code", "number")
    deal = make.object("deal", fields=["code", "name"])
    one = make.record(deal, {"fld_code": 7, "fld_name": "Acme"}, primary_value="Acme")

    change(database, actor, plan(database, actor, "fld_code", "text"))

    assert make.value(select(Record.primary_value).where(Record.id == one)) == "7"


def test_texts_become_references_to_the_records_of_that_name(
    database: Database, actor: Actor, make: Make
) -> None:
    company = make.object("company", fields=["name"])
    acme = make.record(company, {"fld_name": "Acme"})
    for _ in range(2):
        make.record(company, {"fld_name": "Twin"})
    make.field("employer", "text", config={"targetObjectId": company})
    contact = make.object("contact", fields=["employer"])
    texts = ("Acme", acme, "Twin", "Nobody")
    ids = [make.record(contact, {"fld_employer": text}) for text in texts]

    planned = plan(database, actor, "fld_employer", "reference")
    change(database, actor, planned)

    assert (planned.clean, planned.unchanged, planned.failed) == (1, 1, 2)
    stored = [data_of(make, id_)["fld_employer"] for id_ in ids]
    assert stored == [acme, acme, "Twin", "Nobody"]


def test_a_change_is_refused_when_more_would_be_lost_than_was_counted(
    database: Database, actor: Actor, make: Make
) -> None:
    deal = make.object("deal", fields=["size"])
    make.record(deal, {"fld_size": "1"})
    planned = plan(database, actor, "fld_size", "number")
    late = make.record(deal, {"fld_size": "no number"})

    with pytest.raises(Conflict, match="Count them again"):
        change(database, actor, planned)

    assert data_of(make, late) == {"fld_size": "no number"}
    assert make.value(select(Field.type).where(Field.id == "fld_size")) == "text"
    make.sql("UPDATE fields SET label = 'Else' WHERE id = 'fld_size'")
    with pytest.raises(Conflict, match="Someone else"):
        change(database, actor, planned)


def test_planning_stops_when_told_and_asks_for_rights_to_every_record(
    database: Database, actor: Actor, make: Make
) -> None:
    deal = make.object("deal", fields=["size"])
    make.record(deal, {"fld_size": "1"})
    with database.read(actor) as session, pytest.raises(Cancelled):
        type_changes.plan_type_change(
            session, "fld_size", "number", FORMATS, on_progress=lambda *_: False
        )
    make.object("mine", fields=["size"], permissions={"update": ["owner"]})
    with pytest.raises(Forbidden, match="“Mine”"):
        plan(database, actor, "fld_size", "number")
    with database.read(make.guest()) as session, pytest.raises(Forbidden):
        type_changes.plan_type_change(session, "fld_size", "number", FORMATS)
    with database.write(make.guest()) as session, pytest.raises(Forbidden):
        fields.retype_field(session, "fld_size", 1, "number")


def test_equal_values_are_read_once_and_those_that_stay_not_at_all(
    database: Database, actor: Actor, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[str] = []
    distinct = field_values.distinct_values

    def noting(*arguments: Any, **named: Any) -> Any:
        for batch in distinct(*arguments, **named):
            read.extend(held.text for held in batch)
            yield batch

    monkeypatch.setattr("crm_desktop.services.type_changes.distinct_values", noting)
    deal = make.object("deal", fields=["size"])
    for size in ("1", "1", "2"):
        make.record(deal, {"fld_size": size})

    assert plan(database, actor, "fld_size", "number").clean == 3
    assert sorted(read) == ['"1"', '"2"']
    read.clear()
    assert plan(database, actor, "fld_size", "textarea").unchanged == 3
    assert read == []


def test_settings_that_mean_nothing_to_the_new_type_go_and_the_plan_says_so(
    database: Database, actor: Actor, make: Make
) -> None:
    config = {"maxLength": 9, "theirs": 1.50, "default": "7", "validation": {"regex": "^[0-9]"}}
    make.field("size", config=config)
    deal = make.object("deal", fields=["name"])
    own = {"pattern": "^9", "label": "Extent", "default": "many", "min": 3}
    make.attach(deal, "size", field_overrides=own)
    make.attach(make.object("ticket"), "size", field_overrides=["odd"])

    planned = plan(database, actor, "fld_size", "number")

    assert planned.lost == (
        LostSettings("", ("maxLength", "regex")),
        LostSettings("Deal", ("pattern",)),
    )
    assert planned.unfit_defaults == ("Deal",)
    change(database, actor, planned)
    stored = make.value(select(Field.config).where(Field.id == "fld_size"))
    assert same_json(stored, {"theirs": Decimal("1.5"), "default": 7})
    query = select(ObjectField.field_overrides).where(ObjectField.field_id == "fld_size")
    mine = query.where(ObjectField.object_id == deal)
    assert make.value(mine) == {"label": "Extent", "default": "many", "min": 3}
    assert make.value(query.where(ObjectField.object_id == "obj_ticket")) == ["odd"]


def test_settings_that_changed_since_they_were_planned_are_counted_again(
    database: Database, actor: Actor, make: Make
) -> None:
    deal = make.object("deal", fields=["size"])
    planned = plan(database, actor, "fld_size", "number")
    make.sql("UPDATE object_fields SET field_overrides = '{\"maxLength\": 3}'")

    with pytest.raises(Conflict, match="Count them again"):
        change(database, actor, planned)

    query = select(ObjectField.field_overrides).where(ObjectField.object_id == deal)
    assert make.value(query) == {"maxLength": 3}


def test_views_that_would_be_refused_are_named_also_those_of_other_objects(
    database: Database, actor: Actor, make: Make
) -> None:
    deal = make.object("deal", fields=["name", "size"])
    firm = make.object("firm", fields=["name"])
    make.relationship(firm, deal, "1:N")
    many = Condition("fld_size", "contains", "many")
    linked = LinkCondition("rel_firm_deal", True, "has_link", many)
    for object_id, name, filters in (
        (deal, "Still fits", (Condition("fld_size", "is_empty"),)),
        (deal, "In words", (many,)),
        (deal, "Nested", (Group("any", (many, Condition("fld_name", "contains", "a"))),)),
        (deal, "Broken before", (many, Condition("fld_gone", "equals", "a"))),
        (firm, "By link", (linked,)),
        (firm, "Of another field", (Condition("fld_name", "contains", "many"),)),
    ):
        with database.write(actor) as session:
            settings = ViewSettings(filters=filters)
            views.create_view(session, object_id, ViewDraft(name=name), settings)
    make.sql(
        "UPDATE objects SET views = jsonb_set(views, '{tables}', views -> 'tables' || :odd)"
        " WHERE id = 'obj_deal'",
        odd=Jsonb([7, {"filters": {"fld_size": "fld_size"}}, {"filters": [["fld_size"]]}]),
    )

    planned = plan(database, actor, "fld_size", "number")

    named = [(view.object_label, view.name) for view in planned.unfit_views]
    assert named == [("Deal", "In words"), ("Deal", "Nested"), ("Firm", "By link")]
    assert plan(database, actor, "fld_size", "textarea").unfit_views == ()
    change(database, actor, planned)
    with database.read(actor) as session:
        kept = views.list_views(session, deal).views
    assert many in [part for view in kept for part in view.settings.filters]


def test_an_index_that_serves_the_field_no_more_is_told(
    database: Database, actor: Actor, make: Make
) -> None:
    deal = make.object("deal", fields=["name", "size"])
    with database.upkeep(actor) as session:
        index_advice.build_index(
            session, silent, object_id=deal, field_id="fld_size", kind=IndexKind.CONTAINS
        )
    assert plan(database, actor, "fld_size", "number").indexes == ("Deal",)
    assert plan(database, actor, "fld_size", "textarea").indexes == ()

"""Merging two fields into one: rehearsed, then in one transaction, and undone in one step."""

from typing import Any

import pytest
from sqlalchemy import select, text

from crm_desktop.db.database import Database
from crm_desktop.db.tables import CrmObject, Field, ObjectField, Record
from crm_desktop.domain.access import Actor
from crm_desktop.domain.errors import Conflict, Forbidden, Invalid
from crm_desktop.services import field_merge, history
from crm_desktop.services.field_merge import MergePlan, MergeResult
from tests.make import Make

VIEWS = {
    "forms": [{"id": "f", "layout": [{"section": "S", "fields": ["fld_name", "fld_mobile"]}]}],
    "tables": [
        {"id": "t", "columns": ["fld_phone", "fld_mobile"], "sortBy": "fld_mobile", "n": 1.50}
    ],
    "other": {"kept": [1, {}]},
}


@pytest.fixture
def people(make: Make) -> list[str]:
    """Return records: only a mobile, both alike, both different, only a phone, a mobile of null."""
    make.field("phone", "phone")
    make.field("mobile", "phone")
    person = make.object("person", fields=["name", "phone", "mobile"], views=VIEWS)
    make.object("lead", fields=["name"])
    make.attach(
        "obj_lead", "mobile", is_required=True, field_overrides={"label": "Call"}, display_order=7
    )
    make.field("boss", "reference", config={"displayField": "fld_mobile", "n": 1.0})
    rows: tuple[dict[str, Any], ...] = (
        {"fld_mobile": "1"},
        {"fld_mobile": "2", "fld_phone": "2"},
        {"fld_mobile": "3", "fld_phone": "33"},
        {"fld_phone": "4"},
        {"fld_mobile": None, "fld_phone": ""},
    )
    return [make.record(person, {"fld_name": str(n), **row}) for n, row in enumerate(rows)]


def rehearse(database: Database, actor: Actor) -> MergePlan:
    with database.read(actor) as session:
        return field_merge.plan_merge(session, "fld_mobile", "fld_phone")


def phones(database: Database, actor: Actor) -> list[object]:
    query = text("SELECT data -> 'fld_phone' FROM records ORDER BY id")
    with database.read(actor) as session:
        return list(session.scalars(query))


@pytest.mark.usefixtures("people")
def test_a_merge_is_rehearsed_with_its_clashes_and_changes_nothing(
    database: Database, actor: Actor, people: list[str]
) -> None:
    plan = rehearse(database, actor)

    assert (plan.moved, plan.equal, plan.clashing) == (1, 1, 1)
    (clash,) = plan.clashes
    assert (clash.record_id, clash.source, clash.target) == (people[2], "3", "33")
    assert (plan.gained, plan.shared, plan.views) == (("Lead",), ("Person",), ("Person",))
    assert plan.can_be_undone
    assert phones(database, actor) == [None, "2", "33", "4", ""]


def test_values_layouts_and_views_follow_and_one_undo_brings_the_values_back(
    database: Database, actor: Actor, make: Make, people: list[str]
) -> None:
    make.sql(
        "INSERT INTO crm_desktop.table_views (object_id, view_id, extras) VALUES"
        """ ('obj_person', 't', '{"widths": {"fld_mobile": 90}, "frozen": 1}')"""
    )
    plan = rehearse(database, actor)
    with database.write(actor) as session:
        result = field_merge.merge_fields(session, plan, "source")

    assert result == MergeResult(records=4, places=5)
    assert phones(database, actor) == ["1", "2", "3", "4", ""]
    assert make.value(select(Field.id).where(Field.id == "fld_mobile")) is None
    assert make.layout_of("obj_person") == ["fld_name", "fld_phone"]
    query = text("SELECT is_required, field_overrides, display_order FROM object_fields")
    with database.read(actor) as session:
        lead = session.execute(text(f"{query.text} WHERE object_id = 'obj_lead' AND is_required"))
        assert tuple(lead.one()) == (True, {"label": "Call"}, 7)
    views = make.value(select(CrmObject.views).where(CrmObject.id == "obj_person"))
    assert views["forms"][0]["layout"][0]["fields"] == ["fld_name", "fld_phone"]
    assert views["tables"][0]["columns"] == ["fld_phone"]
    assert views["tables"][0]["sortBy"] == "fld_phone"
    assert views["other"] == VIEWS["other"]
    config = make.value(select(Field.config).where(Field.id == "fld_boss"))
    assert config["displayField"] == "fld_phone"

    with database.read(actor) as session:
        widths = session.scalar(text("SELECT extras FROM crm_desktop.table_views"))
        state = history.undo_state(session)
    assert widths == {"widths": {"fld_phone": 90}, "frozen": 1}
    assert state.undo is not None
    assert state.undo.title == "merge of “Mobile” into “Phone”"
    with database.write(actor) as session:
        history.undo(session, state.undo.id)
    first = make.value(select(Record.data).where(Record.id == people[2]))
    assert (first["fld_mobile"], first["fld_phone"]) == ("3", "33")


@pytest.mark.usefixtures("people")
def test_the_value_that_is_kept_is_a_choice_and_without_one_nothing_is_merged(
    database: Database, actor: Actor, make: Make
) -> None:
    plan = rehearse(database, actor)
    with database.write(actor) as session, pytest.raises(Conflict, match="1 records hold"):
        field_merge.merge_fields(session, plan, "neither")
    assert make.count(ObjectField) == 5

    with database.write(actor) as session:
        field_merge.merge_fields(session, plan, "target")
    assert phones(database, actor) == ["1", "2", "33", "4", ""]


def test_what_cannot_be_one_field_is_refused_with_the_reason(
    database: Database, actor: Actor, make: Make
) -> None:
    make.field("a", "text")
    make.field("b", "number")
    with database.read(actor) as session:
        with pytest.raises(Invalid, match="Text and Number"):
            field_merge.plan_merge(session, "fld_a", "fld_b")
        with pytest.raises(Invalid, match="into itself"):
            field_merge.plan_merge(session, "fld_a", "fld_a")
    make.field("c", "text")
    make.object("secret", fields=["c"], permissions={"read": ["owner"]})
    with database.read(actor) as session, pytest.raises(Forbidden, match="“Secret”"):
        field_merge.plan_merge(session, "fld_c", "fld_a")
    with database.read(make.guest()) as session, pytest.raises(Forbidden):
        field_merge.plan_merge(session, "fld_c", "fld_a")

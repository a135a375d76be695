"""What stricter rules would meet: counted beforehand, with samples and with the way to the list."""

import pytest
from sqlalchemy import select

from crm_desktop.db.database import Database
from crm_desktop.db.tables import Field, ObjectField, Record
from crm_desktop.domain.access import Actor
from crm_desktop.domain.errors import Cancelled, Conflict, Forbidden
from crm_desktop.domain.json_edits import ABSENT, JsonEdit
from crm_desktop.services import field_removal, fields, layout_impact, record_query
from tests.make import Make


@pytest.fixture
def deal(make: Make) -> str:
    make.field("size", "number", config={"max": 100})
    deal = make.object("deal", fields=["name", "size"])
    for size in (5, 50, 50, 500, "many", "", None):
        make.record(deal, {"fld_name": f"of {size}", "fld_size": size})
    make.record(deal, {"fld_name": "none"})
    make.attach(make.object("quote"), "size", field_overrides={"max": None, "label": "Amount"})
    make.record("obj_quote", {"fld_size": 500})
    return deal


def test_records_that_lack_a_value_are_counted_and_found_by_the_list(
    database: Database, actor: Actor, deal: str
) -> None:
    with database.read(actor) as session:
        lacking = layout_impact.lacking_values(session, deal, "fld_size")
        assert lacking.count == 3
        assert record_query.count_matching(session, lacking.query) == 3


def test_values_that_a_stricter_rule_would_break_are_counted_with_samples(
    database: Database, actor: Actor, deal: str
) -> None:
    stricter = (JsonEdit(("max",), ABSENT, 10),)
    with database.read(actor) as session:
        here = layout_impact.values_breaking_overrides(session, deal, "fld_size", stricter)
        everywhere = layout_impact.values_breaking_config(
            session, "fld_size", (JsonEdit(("max",), 100, 1000),)
        )
        with pytest.raises(Cancelled):
            layout_impact.values_breaking_config(session, "fld_size", (), lambda *_: False)
    assert here.count == 4
    found = {sample.value: (sample.problem, sample.count) for sample in here.samples}
    assert found[50] == ("Enter 10 or less.", 2)
    assert found["many"] == ("This must be a number.", 1)
    assert {sample.record_name for sample in here.samples if sample.value == 500} == {"of 500"}
    assert [(each.label, each.count) for each in everywhere] == [("Deal", 1), ("Quote", 0)]


def test_usages_say_how_each_object_sees_the_field_and_what_its_records_hold(
    database: Database, actor: Actor, make: Make, deal: str
) -> None:
    with database.read(actor) as session:
        first, second = layout_impact.list_usages(session, "fld_size")
        counts = layout_impact.count_usage(session, first)
        other = layout_impact.count_usage(session, second)
    assert (first.object_id, first.field.config["max"], first.overrides) == (deal, 100, ())
    assert second.field.label == "Amount"
    assert second.overrides == ("max", "label")
    assert (counts.held.records, counts.held.filled, counts.held.distinct) == (8, 5, 4)
    assert counts.breaking.count == 2
    assert other.breaking.count == 0
    with database.read(make.guest()) as session, pytest.raises(Forbidden):
        layout_impact.count_usage(session, first)


@pytest.mark.usefixtures("deal")
def test_a_field_in_use_is_taken_out_of_every_layout_and_deleted_at_once(
    database: Database, actor: Actor, make: Make
) -> None:
    def remove(field_id: str) -> list[str]:
        with database.write(actor) as session:
            version = fields.get_field(session, field_id).version
            return field_removal.detach_and_delete_field(
                session, field_id, version, layout_impact.silent
            )

    make.attach("obj_deal", make.field("title"), display_order=-1)
    make.record("obj_deal", {"fld_title": "Sir", "fld_name": "Ada"}, primary_value="Sir")

    assert remove("fld_title") == ["obj_deal"]
    assert remove("fld_size") == ["obj_deal", "obj_quote"]

    assert (make.count(Field), make.count(ObjectField)) == (1, 1)
    names = select(Record.primary_value).where(Record.data.op("?")("fld_title"))
    assert make.value(names) == "Ada"
    make.field("owner", is_system_field=True)
    make.attach("obj_quote", "owner")
    with pytest.raises(Conflict, match="system field"):
        remove("fld_owner")
    assert make.layout_of("obj_quote") == ["fld_owner"]

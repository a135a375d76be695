"""The distinct values of a column, with counts, for the current filter."""

from typing import Any

import pytest

from crm_desktop.db.database import Database
from crm_desktop.domain.access import Actor
from crm_desktop.domain.errors import Invalid
from crm_desktop.domain.field_types import FIELD_TYPES
from crm_desktop.domain.filters import Condition, RecordQuery
from crm_desktop.domain.formats import Formats
from crm_desktop.domain.operators import LISTED, comparison_of
from crm_desktop.services import column_values, filter_schema
from crm_desktop.services.column_values import ColumnValues
from tests.make import Make
from tests.services.filters import MISSING, STORED, add_records, found

FIELD = "fld_value"


def values_of(database: Database, actor: Actor, query: RecordQuery, **options: Any) -> ColumnValues:
    with database.read(actor) as session:
        field = filter_schema.get_filter_schema(session, query.object_id).fields[FIELD]
        return column_values.list_values(session, query, field, Formats.iso(), **options)


def listed(values: ColumnValues) -> list[tuple[str, int]]:
    return [(value.text, value.count) for value in values.values]


@pytest.mark.parametrize(
    ("type_name", "config"),
    [*((name, {}) for name in FIELD_TYPES), ("lookup", {"lookupObject": "user"})],
)
def test_each_count_is_what_a_filter_by_that_value_finds(
    make: Make, database: Database, actor: Actor, type_name: str, config: dict[str, Any]
) -> None:
    make.field("value", type_name, config=config)
    thing = make.object("thing", ["value"])
    add_records(make, thing, [{} if v is MISSING else {FIELD: v} for v in STORED])
    with database.read(actor) as session:
        field = filter_schema.get_filter_schema(session, thing).fields[FIELD]
        kind = comparison_of(field)
        if kind not in LISTED:
            with pytest.raises(Invalid):
                column_values.list_values(session, RecordQuery(thing), field, Formats.iso())
            return
        values = column_values.list_values(session, RecordQuery(thing), field, Formats.iso())
        assert values.values
        operators = {"choices": "has_any_of", "boolean": "equals"}
        for each in values.values:
            wanted = each.value if kind == "boolean" else (each.value,)
            condition = Condition(FIELD, operators.get(kind, "is_any_of"), wanted)
            assert len(found(session, thing, condition)) == each.count, each
        assert len(found(session, thing, Condition(FIELD, "is_empty"))) == values.empty


def test_values_come_with_labels_the_commonest_first_and_only_of_what_is_filtered(
    make: Make, database: Database, actor: Actor
) -> None:
    options = [{"value": "w", "label": "Won"}, {"value": "l", "label": "Lost"}]
    make.field("value", "select", config={"options": options})
    make.field("amount", "number")
    deal = make.object("deal", ["value", "amount"])
    stages = ["w", "l", "l", "l", "x", None]
    add_records(make, deal, [{FIELD: s, "fld_amount": n} for n, s in enumerate(stages)])

    assert listed(values_of(database, actor, RecordQuery(deal))) == [
        ("Lost", 3),
        ("Won", 1),
        ("x", 1),
    ]
    few = RecordQuery(deal, conditions=(Condition("fld_amount", "less", 2),))
    assert listed(values_of(database, actor, few)) == [("Lost", 1), ("Won", 1)]
    assert listed(values_of(database, actor, RecordQuery(deal), search="WO")) == [("Won", 1)]
    first = values_of(database, actor, RecordQuery(deal), limit=1)
    assert listed(first) == [("Lost", 3)]
    assert first.has_more
    assert first.empty == 1


def test_references_are_listed_and_searched_by_name(
    make: Make, database: Database, actor: Actor
) -> None:
    make.field("value", "reference", config={"allowMultiple": True})
    account, deal = make.object("account", ["name"]), make.object("deal", ["value"])
    orion = make.record(account, {"fld_name": "Orion"})
    maple = make.record(account, {"fld_name": "Maple"})
    add_records(make, deal, [{FIELD: [orion, maple]}, {FIELD: orion}, {FIELD: [orion, orion]}])

    assert listed(values_of(database, actor, RecordQuery(deal))) == [("Orion", 3), ("Maple", 1)]
    assert listed(values_of(database, actor, RecordQuery(deal), search="map")) == [("Maple", 1)]


def test_a_search_among_values_tells_no_name_that_may_not_be_read(
    make: Make, database: Database, actor: Actor
) -> None:
    make.field("value", "reference")
    secret = make.object("secret", ["name"], permissions={"read": []})
    deal = make.object("deal", ["value"])
    hidden = make.record(secret, {"fld_name": "Hidden"})
    add_records(make, deal, [{FIELD: hidden}])

    assert listed(values_of(database, actor, RecordQuery(deal))) == [(hidden, 1)]
    assert listed(values_of(database, actor, RecordQuery(deal), search="hid")) == []

"""Going from one record of a list to the next, in whatever order the list stands."""

from decimal import Decimal

import pytest

from crm_desktop.db.database import Database
from crm_desktop.domain.access import Actor
from crm_desktop.domain.filters import Condition, Grouping, RecordQuery, Sort
from crm_desktop.services.record_neighbours import neighbours
from crm_desktop.services.record_query import list_page
from crm_desktop.services.records import fields_of
from tests.domain.values import ENGLISH
from tests.make import Make

SORTS = (
    (),
    (Sort("primary_value"),),
    (Sort("fld_amount", descending=True),),
    (Sort("fld_stage"), Sort("fld_amount")),
)


@pytest.mark.parametrize("grouping", [None, Grouping("fld_amount")], ids=("plain", "grouped"))
@pytest.mark.parametrize("sort", SORTS, ids=("newest", "name", "amount", "two"))
def test_walking_from_record_to_record_meets_the_whole_list_in_its_order(
    database: Database,
    actor: Actor,
    make: Make,
    sort: tuple[Sort, ...],
    grouping: Grouping | None,
) -> None:
    make.field("amount", "number")
    deal = make.object("deal", fields=["name", "stage", "amount"])
    for number in range(9):
        amount = None if number % 3 == 0 else Decimal(number // 2)
        data = {
            "fld_name": f"Deal {number % 4}",
            "fld_amount": amount,
            "fld_stage": "b" * (number % 2),
        }
        make.record(deal, data)
    with database.read(actor) as session:
        columns = fields_of(session, deal)
        condition = Condition("fld_name", "not_equals", "Deal 3")
        query = RecordQuery(deal, "deal", sort, (condition,), grouping=grouping)
        listed = [row.id for row in list_page(session, query, columns, ENGLISH).rows]
        assert len(listed) == 7
        walked, id_ = [listed[0]], neighbours(session, query, columns, listed[0])[1]
        assert neighbours(session, query, columns, listed[0])[0] is None
        while id_:
            walked.append(id_)
            before, id_ = neighbours(session, query, columns, walked[-1])
            assert before == walked[-2]
    assert walked == listed


def test_a_record_that_the_list_no_longer_finds_keeps_its_place_and_a_stranger_has_none(
    database: Database, actor: Actor, make: Make
) -> None:
    deal = make.object("deal", fields=["name"])
    first, second, third = (make.record(deal, {"fld_name": name}) for name in "ABC")
    query = RecordQuery(deal, sort=(Sort("primary_value"),), conditions=(
        Condition("fld_name", "not_equals", "B"),
    ))  # fmt: skip
    with database.read(actor) as session:
        columns = fields_of(session, deal)
        assert neighbours(session, query, columns, second) == (first, third)
        assert neighbours(session, query, columns, "rec_gone") == (None, None)
        other = make.record(make.object("other", fields=["name"]), {"fld_name": "B"})
        assert neighbours(session, query, columns, other) == (None, None)

import pytest

from crm_desktop.db.database import Database
from crm_desktop.domain.access import Actor
from crm_desktop.domain.errors import Forbidden
from crm_desktop.domain.filters import Condition, RecordQuery, Sort
from crm_desktop.services import record_query, record_targets, records
from crm_desktop.services.record_targets import ChosenRecords, FoundRecords, RecordTarget
from tests.domain.values import ENGLISH
from tests.make import Make


def count(database: Database, actor: Actor, target: RecordTarget) -> int:
    with database.read(actor) as session:
        return record_targets.count_targets(session, target)


def test_a_target_is_what_was_chosen_or_found_as_far_as_one_may_read_it(
    database: Database, actor: Actor, make: Make
) -> None:
    company = make.object("company", ["name"], permissions={"read": ["owner"]})
    grace = make.actor()
    mine = make.record(company, {"fld_name": "Mine"}, created_by=grace.user_id)
    theirs = make.record(company, {"fld_name": "Theirs"})
    elsewhere = make.record(make.object("other", ["name"]), {"fld_name": "Mine too"})
    chosen = ChosenRecords(company, (mine, theirs, elsewhere, "rec_gone"))
    named = FoundRecords(
        RecordQuery(company, "i", conditions=(Condition("fld_name", "is_not_empty"),))
    )

    assert [count(database, grace, target) for target in (chosen, named)] == [1, 1]
    assert count(database, actor, ChosenRecords(company, ())) == 0
    with pytest.raises(Forbidden):
        count(database, make.guest(), chosen)


def test_the_ids_of_rows_are_those_that_the_list_shows_there(
    database: Database, actor: Actor, make: Make
) -> None:
    company = make.object("company", ["name", "city"])
    make.records(company, 40)
    make.sql("UPDATE records SET data = data || jsonb_build_object('fld_city', right(id, 1))")
    query = RecordQuery(company, sort=(Sort("fld_city", descending=True), Sort("primary_value")))
    spans = [(30, 99), (3, 5), (5, 6), (0, 0), (9, 8)]

    with database.read(actor) as session:
        columns = records.fields_of(session, company)
        shown = [row.id for row in record_query.list_page(session, query, columns, ENGLISH).rows]
        found = record_targets.ids_of_rows(session, query, columns, spans)

    assert found == [shown[row] for row in [0, 3, 4, 5, 6, *range(30, 40)]]

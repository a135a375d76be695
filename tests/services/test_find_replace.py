"""Find and replace: counted beforehand, written in one step, problems listed."""

from typing import Any

import pytest
from sqlalchemy import select

from crm_desktop.db.database import Database
from crm_desktop.db.tables import Record
from crm_desktop.domain.access import Actor
from crm_desktop.domain.cells import CellReport, RefusedCells
from crm_desktop.domain.errors import Cancelled, Invalid
from crm_desktop.domain.filters import Condition, RecordQuery, Sort
from crm_desktop.domain.text_search import TextSearch
from crm_desktop.services import find_replace, history, records
from crm_desktop.services.find_replace import FoundCells, Replacement, Sample
from crm_desktop.services.record_targets import ChosenRecords, FoundRecords, RecordTarget
from tests.make import Make


@pytest.fixture
def deal(make: Make) -> str:
    make.field("mail", "email")
    make.field("amount", "number")
    return make.object("deal", fields=["name", "mail", "amount", "notes"])


EVERYTHING = FoundRecords(RecordQuery("obj_deal"))


def ask(
    search: TextSearch | str, put: str = "x", *fields: str, target: RecordTarget = EVERYTHING
) -> Replacement:
    search = search if isinstance(search, TextSearch) else TextSearch(search)
    return Replacement(target, search, put, fields or ("fld_name", "fld_mail", "fld_notes"))


def count(database: Database, actor: Actor, asked: Replacement) -> FoundCells:
    with database.read(actor) as session:
        return find_replace.count_found(session, asked)


def replace(database: Database, actor: Actor, asked: Replacement, **options: Any) -> CellReport:
    with database.write(actor) as session:
        return find_replace.replace_found(session, asked, **options)


def names(make: Make) -> list[Any]:
    with make.database.engine.connect() as connection:
        rows = connection.scalars(select(Record.data).order_by(Record.id))
        return [data.get("fld_name") for data in rows]


def test_matches_are_counted_with_samples_and_then_replaced_in_one_step(
    database: Database, actor: Actor, make: Make, deal: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(find_replace, "BATCH", 2)
    for number in range(5):
        make.record(deal, {"fld_name": f"Orion {number}", "fld_notes": "orion ORION"})
    make.record(deal, {"fld_name": "Lyra 100%_", "fld_amount": 7, "fld_notes": ["Orion"]})
    make.record(make.object("other", ["title"]), {"fld_name": "Orion"})

    asked = ask("orion", "Orion")
    found = count(database, actor, asked)
    assert (found.cells, found.records, found.changed, found.refused) == (10, 5, 5, 0)
    assert found.samples[0].before == "orion ORION"
    assert found.samples[0].after == "Orion Orion"

    told: list[tuple[int, int]] = []

    def progress(done: int, total: int) -> bool:
        told.append((done, total))
        return True

    report = replace(database, actor, ask("orion", "Lyra"), total=5, on_progress=progress)
    assert (report.records, report.cells) == (5, 10)
    assert told == [(2, 5), (4, 5), (5, 5)]
    assert names(make) == [*(f"Lyra {number}" for number in range(5)), "Lyra 100%_", "Orion"]
    assert make.value(select(Record.primary_value).where(Record.id == "rec_0005")) == "Lyra 0"
    with database.read(actor) as session:
        last = history.undo_state(session).undo
    assert last is not None
    assert last.title == "replacement of “orion”"
    with database.write(actor) as writing:
        history.undo(writing, last.id)
    assert names(make)[:2] == ["Orion 0", "Orion 1"]

    assert count(database, actor, ask("0%_")).cells == 1
    whole = TextSearch("orion 1", is_whole=True)
    expression = TextSearch(r"^Orion (\d)$", is_expression=True, matches_case=True)
    assert count(database, actor, ask(whole)).cells == 1
    assert count(database, actor, ask(expression, r"\1 O", "fld_name")).samples[2].after == "2 O"


def test_only_the_chosen_records_or_those_that_the_list_finds_are_changed(
    database: Database, actor: Actor, make: Make, deal: str
) -> None:
    one, two = (make.record(deal, {"fld_name": "Orion", "fld_amount": n}) for n in (1, 2))
    listed = FoundRecords(RecordQuery(deal, conditions=(Condition("fld_amount", "equals", 2),)))

    assert replace(database, actor, ask("r", "-", target=listed)).records == 1
    assert names(make) == ["Orion", "O-ion"]
    assert replace(database, actor, ask("o", "0", target=ChosenRecords(deal, (one,)))).cells == 1
    assert names(make) == ["0ri0n", "O-ion"]
    assert two


def test_what_would_not_be_valid_is_listed_and_keeps_all_as_it_is_or_is_left_out(
    database: Database, actor: Actor, make: Make, deal: str
) -> None:
    make.record(deal, {"fld_name": "at", "fld_mail": "at@example.com"})
    make.record(deal, {"fld_name": "@", "fld_mail": "bob@example.com"})
    asked = ask("@", " at ")

    found = count(database, actor, asked)
    assert (found.cells, found.changed, found.refused) == (3, 1, 2)
    assert isinstance(found.samples[0], Sample)
    assert "e-mail" in found.samples[0].problem
    with pytest.raises(RefusedCells) as refusal:
        replace(database, actor, asked)
    assert refusal.value.total == 2
    assert names(make) == ["at", "@"]
    assert replace(database, actor, asked, leaves_out=True).cells == 1
    assert names(make) == ["at", " at "]


def test_what_cannot_be_looked_for_is_refused_and_work_can_be_stopped(
    database: Database, actor: Actor, make: Make, deal: str
) -> None:
    make.sql("UPDATE object_fields SET is_readonly = true WHERE field_id = 'fld_notes'")
    make.record(deal, {"fld_name": "Orion"})

    for odd in (ask("x", "", "fld_notes"), ask("x", "", "fld_amount"), ask("")):
        with pytest.raises(Invalid):
            count(database, actor, odd)
    with pytest.raises(Cancelled):
        replace(database, actor, ask("o", "", "fld_name"), on_progress=lambda *_: False)
    assert names(make) == ["Orion"]


def test_the_next_match_is_found_in_the_order_of_the_list_and_from_the_end_on_again(
    database: Database, actor: Actor, make: Make, deal: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(find_replace, "PAGE", 2)
    for name, notes in (("a", "x"), ("b", None), ("c", "x x"), ("d", "y"), ("Xe", "x")):
        make.record(deal, {"fld_name": name, "fld_notes": notes})
    query = RecordQuery(deal, sort=(Sort("fld_name"),))

    def after(row: int, column: int, text: str = "x") -> tuple[int, int] | None:
        with database.read(actor) as session:
            columns = records.fields_of(session, deal)
            search = TextSearch(text)
            fields = ("fld_name", "fld_notes")
            return find_replace.find_next(session, query, columns, search, fields, (row, column))

    assert after(-1, -1) == (0, 3)
    assert after(0, 3) == (2, 3)
    assert after(2, 3) == (4, 0)
    assert after(4, 0) == (4, 3)
    assert after(4, 3) == (0, 3)
    assert after(0, 0, "nothing") is None

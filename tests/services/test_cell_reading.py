"""Copying cells: what is copied and pasted comes back, exactly or as typed."""

from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select

from crm_desktop.db.database import Database
from crm_desktop.db.tables import Record
from crm_desktop.domain.access import Actor
from crm_desktop.domain.clipboard import CellBlock, read_exact
from crm_desktop.domain.errors import Cancelled
from crm_desktop.domain.filters import RecordQuery
from crm_desktop.domain.formats import Formats
from crm_desktop.domain.html_tables import read_html_table
from crm_desktop.domain.tsv import read_tsv
from crm_desktop.services import cell_reading, pasting, records
from crm_desktop.services.cell_reading import Copied, CopiedRows
from crm_desktop.services.pasting import PasteRequest
from tests.make import Make

GERMAN = Formats(",", ".", "dmy", ".")


@pytest.fixture
def deal(make: Make) -> str:
    options = [{"value": "new", "label": "New, one"}, {"value": "won", "label": "Won"}]
    make.field("amount", "currency", config={"decimals": 2})
    make.field("due", "date")
    make.field("at", "datetime")
    make.field("tags", "multiselect", config={"options": options})
    make.field("done", "boolean")
    make.field("parent", "reference", config={"targetObjectId": "obj_deal"})
    return make.object("deal", fields=["name", "amount", "due", "at", "tags", "done", "parent"])


def copy(database: Database, actor: Actor, ids: tuple[str, ...] = (), **asked: Any) -> Copied:
    with database.read(actor) as session:
        columns = records.fields_of(session, "obj_deal")
        query = RecordQuery("obj_deal")
        rows = CopiedRows(query, columns, GERMAN, ids, list_columns=columns, **asked)
        return cell_reading.copy_cells(session, rows)


def all_data(make: Make) -> dict[str, Any]:
    with make.database.engine.connect() as connection:
        return {row.id: row.data for row in connection.execute(select(Record.id, Record.data))}


def test_each_form_of_what_was_copied_is_pasted_as_what_it_was(
    database: Database, actor: Actor, make: Make, deal: str
) -> None:
    one = make.record(
        deal,
        {
            "fld_name": '=1+1\n"two"\tlines', "fld_amount": Decimal("-1234.50"),
            "fld_due": "2024-01-31", "fld_at": "2024-01-31T10:00:00Z",
            "fld_tags": ["new", "won"], "fld_done": False,
        },
    )  # fmt: skip
    two = make.record(deal, {"fld_name": "Zwei", "fld_amount": 3, "fld_parent": one})
    make.sql("UPDATE records SET primary_value = 'Eins' WHERE id = :id", id=one)
    before = all_data(make)
    copied = copy(database, actor, (one, two))
    assert (copied.rows, copied.columns) == (2, 7)
    exact = read_exact(copied.exact)
    assert exact is not None
    html = CellBlock.of_html(read_html_table(copied.html))

    for block in (CellBlock.of_texts(read_tsv(copied.plain)), html, exact):
        make.sql("UPDATE records SET data = '{}'")
        make.sql("UPDATE records SET primary_value = 'Eins' WHERE id = :id", id=one)
        fields = tuple(make.layout_of(deal))
        with database.write(actor) as session:
            pasting.paste(session, PasteRequest(deal, fields, (one, two), block, GERMAN))
        assert all_data(make) == before
        assert str(all_data(make)[one]["fld_amount"]) == "-1234.50"


def test_rows_that_are_not_in_memory_are_copied_by_their_places(
    database: Database, actor: Actor, make: Make, deal: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cell_reading, "BATCH", 3)
    ids = make.records(deal, 10)[::-1]  # the newest first; of one moment, by their ids
    copied = copy(database, actor, spans=((1, 4), (8, 8)), has_headers=True)

    rows = read_tsv(copied.plain)
    assert rows[0] == ["Name", "Amount", "Due", "At", "Tags", "Done", "Parent"]
    assert [row[0] for row in rows[1:]] == [*ids[1:5], ids[8]]
    assert [row[0].text for row in read_html_table(copied.html)] == [row[0] for row in rows]
    exact = read_exact(copied.exact)
    assert exact is not None
    assert exact.rows == 5  # values are no headers


def test_what_may_not_be_read_is_not_copied_and_copying_can_be_stopped(
    database: Database, actor: Actor, make: Make, deal: str
) -> None:
    make.sql("UPDATE objects SET permissions = '{\"read\": [\"owner\"]}' WHERE id = 'obj_deal'")
    other = make.user()
    mine, theirs = make.record(deal, {"fld_name": "Mine"}), make.record(deal, created_by=other)

    assert copy(database, actor, (theirs, mine, "rec_gone")).rows == 1
    with database.read(actor) as session:
        columns = records.fields_of(session, deal)
        rows = CopiedRows(RecordQuery(deal), columns, GERMAN, (mine,))
        with pytest.raises(Cancelled):
            cell_reading.copy_cells(session, rows, lambda *_: False)

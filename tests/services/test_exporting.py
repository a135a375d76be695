"""Exports: what an import reads back, one piece after the other."""

import json
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from crm_desktop.db.database import Database, ReadSession
from crm_desktop.domain.access import Actor
from crm_desktop.domain.errors import Cancelled
from crm_desktop.domain.json_edits import JsonEdit
from crm_desktop.services.exporting import ExportFormat, Header, export_records
from crm_desktop.services.fields import FieldDraft, create_field
from crm_desktop.services.import_plan import ImportRequest
from crm_desktop.services.importing import import_file
from crm_desktop.services.layouts import attach_field, list_layout
from crm_desktop.services.objects import (
    ObjectDraft,
    create_object,
    edit_permissions,
    find_object,
)
from crm_desktop.services.records import create_record
from crm_desktop.services.sample import load_sample

HARD = '=1+1; "quoted", two\nlines\r\n and\ttabs \\N'


@pytest.fixture
def sampled(database: Database, actor: Actor) -> Database:
    with database.write(actor) as session:
        load_sample(session)
    return database


def data_of(session: ReadSession, object_id: str) -> list[dict[str, Any]]:
    """Return the records' values by field name, in the order in which they were made."""
    names = {row.field_id: row.effective.name for row in list_layout(session, object_id)}
    query = text("SELECT data FROM records WHERE object_id = :id ORDER BY created_at, id")
    return [
        {names[key]: value for key, value in data.items() if value is not None}
        for data in session.scalars(query, {"id": object_id})
    ]


def test_an_import_reads_back_what_an_export_wrote(
    sampled: Database, actor: Actor, tmp_path: Path
) -> None:
    for name in ("company", "contact", "deal", "ticket", "contract", "activity", "invoice"):
        with sampled.write(actor) as session:
            object_id = find_object(session, name).id
            copy_id = create_object(session, ObjectDraft(label=f"Copy of {name}"))
            for row in list_layout(session, object_id):
                attach_field(session, copy_id, row.field_id)
            before = data_of(session, object_id)
            file = tmp_path / f"{name}.csv"
            with file.open("w", encoding="utf-8", newline="") as opened:
                opened.writelines(export_records(session, object_id))
            result = import_file(session, file, ImportRequest(object_name=copy_id))
            assert (result.created, result.rejected) == (len(before), 0), result.problems
            assert data_of(session, copy_id) == before


def test_hard_texts_survive_the_way_out_and_in(
    database: Database, actor: Actor, tmp_path: Path
) -> None:
    with database.write(actor) as session:
        ids = [create_object(session, ObjectDraft(label=label)) for label in ("One", "Two")]
        field_id = create_field(session, FieldDraft(label="Text", type="textarea"))
        for object_id in ids:
            attach_field(session, object_id, field_id)
        create_record(session, ids[0], {field_id: HARD})
        file = tmp_path / "hard.csv"
        with file.open("w", encoding="utf-8", newline="") as opened:
            opened.writelines(export_records(session, ids[0], header=Header.LABELS))
        import_file(session, file, ImportRequest(object_name=ids[1]))
        assert data_of(session, ids[1]) == [{"text": HARD}]


def test_text_that_a_spreadsheet_would_run_is_marked_when_asked(
    database: Database, actor: Actor
) -> None:
    with database.write(actor) as session:
        object_id = create_object(session, ObjectDraft(label="One"))
        name = create_field(session, FieldDraft(label="Name"))
        number = create_field(session, FieldDraft(label="Number", type="number"))
        for field_id in (name, number):
            attach_field(session, object_id, field_id)
        create_record(session, object_id, {name: "=HYPERLINK(1)", number: -5})
        plain = "".join(export_records(session, object_id))
        marked = "".join(export_records(session, object_id, for_spreadsheets=True))
    assert plain == "name,number\r\n=HYPERLINK(1),-5\r\n"
    assert marked == "name,number\r\n'=HYPERLINK(1),-5\r\n"


def test_json_lines_carry_the_values_as_they_are_stored(sampled: Database, actor: Actor) -> None:
    with sampled.read(actor) as session:
        object_id = find_object(session, "deal").id
        pieces = export_records(session, object_id, format=ExportFormat.JSON_LINES)
        lines = [json.loads(line) for line in "".join(pieces).splitlines()]
        assert len(lines) == 420
        assert lines[0]["stage"] == data_of(session, object_id)[0]["stage"]


def test_an_export_has_only_what_one_may_read_and_stops_when_asked(
    sampled: Database, actor: Actor
) -> None:
    with sampled.write(actor) as session:
        object_id = find_object(session, "deal").id
        with pytest.raises(Cancelled):
            list(export_records(session, object_id, on_progress=lambda _done, _total: False))
        edit_permissions(session, object_id, [JsonEdit(("read",), ["all"], [])])
        assert len(list(export_records(session, object_id))) == 1

"""What an import makes of real files: every row goes in or is named with a reason."""

import csv
import io
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg
import pytest

from crm_desktop.db.database import Database
from crm_desktop.domain.access import Actor, Permission
from crm_desktop.domain.errors import (
    Cancelled,
    Forbidden,
    Invalid,
    NotFound,
    Unavailable,
    UserError,
)
from crm_desktop.domain.json_edits import JsonEdit
from crm_desktop.services.fields import FieldDraft, create_field
from crm_desktop.services.import_inference import DateOrderUnknown
from crm_desktop.services.import_plan import ImportRequest, UnknownColumns
from crm_desktop.services.import_reading import BLOCK_ROWS, MAX_CELL, MAX_LINE
from crm_desktop.services.importing import ImportResult, import_file, preview_import
from crm_desktop.services.layouts import LayoutFlags, attach_field, list_layout
from crm_desktop.services.objects import edit_permissions, find_object, list_objects
from tests.conftest import ADMIN_ID

Import = Callable[..., ImportResult]
Stored = Callable[..., list[dict[str, Any]]]
PEOPLE = "name,email\nAda,ada@example.com\nGrace,grace@example.com\n"


def types_of(database: Database, actor: Actor, object_name: str = "thing") -> dict[str, str]:
    with database.read(actor) as session:
        layout = list_layout(session, find_object(session, object_name).id)
        return {row.effective.name: row.effective.type for row in layout}


# --- reading -----------------------------------------------------------------------------------


def test_a_file_is_read_in_its_own_encoding_and_with_its_own_separator(
    run_import: Import, stored: Stored
) -> None:
    encodings = ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252")
    for encoding in encodings:
        for name, separator in {"comma": ",", "semicolon": ";", "tab": "\t", "bar": "|"}.items():
            text = f"name{separator}city\nZoë{separator}Malmö\nJosé{separator}Köln\n"
            object_name = f"{name} {encoding}"
            run_import(text.encode(encoding), object_name=object_name)
            assert stored(object_name) == [
                {"name": "Zoë", "city": "Malmö"},
                {"name": "José", "city": "Köln"},
            ], object_name


def test_quotes_separators_and_line_breaks_inside_cells_belong_to_the_cell(
    run_import: Import, stored: Stored
) -> None:
    run_import('name,note\r\n"Doe, ""Jim""","first\r\nsecond"\r\nAda,\\t \\n "quoted" ok\r\n')
    assert stored() == [
        {"name": 'Doe, "Jim"', "note": "first\r\nsecond"},
        {"name": "Ada", "note": '\\t \\n "quoted" ok'},
    ]


def test_short_rows_are_filled_up_long_ones_refused_and_blank_ones_passed_over(
    run_import: Import, stored: Stored
) -> None:
    result = run_import("name,city\nAda\n\nBob,Graz,extra\n,\nCleo,Linz,\n")
    assert stored() == [{"name": "Ada"}, {"name": "Cleo", "city": "Linz"}]
    assert (result.created, result.rejected) == (2, 1)
    assert [(p.line, p.column) for p in result.problems] == [(4, "")]
    assert "3 cells" in result.problems[0].reason


def test_headers_that_are_empty_or_come_twice_become_fields_of_their_own(
    run_import: Import, stored: Stored
) -> None:
    run_import("name,name,,x\nAda,Bob,c,1\n")
    assert stored() == [{"name": "Ada", "name_2": "Bob", "column_3": "c", "x": 1}]


def test_a_huge_cell_goes_in_whole(run_import: Import, stored: Stored) -> None:
    text = "long " * 400_000
    run_import(f"name,note\nAda,{text}\n")
    assert stored()[0]["note"] == text


def test_what_is_no_table_is_refused_in_a_sentence_and_changes_nothing(
    run_import: Import, database: Database, actor: Actor
) -> None:
    cases = {
        b"": "empty",
        b"\n\n": "no header",
        b"name,city\n": "no rows",
        b"name,city\nAda,\0Bern\n": "not a CSV file",
        b'name,city\nAda,Bern\nBob,"Graz\nCleo,Linz\n': "line 3 is never closed",
        os.urandom(2_000) + b"\0": "not a CSV file",
        "name\nJosé\nZoë\nä".encode() + b"\xff\n": "damaged",
        b"name\n\x81\x8d\n": "neither UTF-8",
        b"name\n" + b"x" * (MAX_LINE + 1): "more than",
        b"name\n" + b"x" * (MAX_CELL + 1): "a cell of more than",
    }
    for content, words in cases.items():
        with pytest.raises(Invalid, match=words):
            run_import(content)
    with database.read(actor) as session:
        assert list_objects(session) == []


def test_random_bytes_of_any_kind_never_end_in_a_bug(run_import: Import) -> None:
    for seed in range(40):
        content = bytes((seed * 31 + place * place * 7) % 251 + 4 for place in range(300))
        with suppress(UserError):
            run_import(content, object_name=f"random {seed}")


def test_a_folder_and_a_missing_file_are_refused(
    database: Database, actor: Actor, tmp_path: Path
) -> None:
    request = ImportRequest(object_name="thing", creates=True)
    for path in (tmp_path, tmp_path / "nowhere.csv"):
        with pytest.raises(UserError, match=str(path)), database.long(actor) as session:
            import_file(session, path, request)


# --- inference ---------------------------------------------------------------------------------


TYPES: tuple[tuple[list[str], str, Any], ...] = (
    (["1", "-20", "3.50"], "number", 1),
    (["007", "012"], "text", "007"),
    (["1,234.50", "12.25"], "number", Decimal("1234.50")),
    (["1.234,50", "0,25"], "number", Decimal("1234.50")),
    (["$1,200.50", "$3"], "currency", Decimal("1200.50")),
    (["1.200,50 EUR", "3 EUR"], "currency", Decimal("1200.50")),
    (["12.5 %", "3%"], "percentage", Decimal("12.5")),
    (["yes", "No"], "boolean", True),
    (["2024-01-31", "2024-02-01"], "date", "2024-01-31"),
    (["31.12.2024", "01.02.2025"], "date", "2024-12-31"),
    (["12/31/2024", "1/2/2025"], "date", "2024-12-31"),
    (["31/12/24", "1/2/25"], "date", "2024-12-31"),
    (["5 Oct 2024", "12 January 2025"], "date", "2024-10-05"),
    (["2024-01-31 10:30", "2024-02-01T00:00:00Z"], "datetime", "2024-01-31T10:30:00Z"),
    (["a@example.com", "b@example.org"], "email", "a@example.com"),
    (["https://example.com/a?b=1", "http://x.org"], "url", "https://example.com/a?b=1"),
    (["+44 20 7946 0958", "+49 30 1234567"], "phone", "+44 20 7946 0958"),
    (["red", "blue"], "select", "red"),
    (["one", "two", "three", "four", "five", "six", "seven"], "text", "one"),
    (["first\nsecond", "x"], "textarea", "first\nsecond"),
    (["1", "2", "n/a", "3", "4", "5", "6"], "text", "1"),
    (["12345678901234567890", "1"], "text", "12345678901234567890"),
)


def test_the_type_of_a_column_follows_from_all_of_its_cells(
    run_import: Import, stored: Stored, database: Database, actor: Actor
) -> None:
    headers = [f"c{number}" for number in range(len(TYPES))]
    rows = [[cells[row % len(cells)] for cells, _, _ in TYPES] for row in range(8)]
    text = io.StringIO()
    csv.writer(text).writerows([headers, *rows])

    result = run_import(text.getvalue())

    assert result.rejected == 0, result.problems
    found = types_of(database, actor)
    # Twice the same text is not free text of this kind: few values that repeat are choices.
    assert [found[header] for header in headers] == [
        "select" if type_ == "text" and len(cells) == 2 else type_ for cells, type_, _ in TYPES
    ]
    first = stored()[0]
    assert [(first[header], type(first[header])) for header in headers] == [
        (value, type(value)) for _, _, value in TYPES
    ]


def test_one_cell_at_the_end_of_a_long_file_decides_the_type(
    run_import: Import, database: Database, actor: Actor
) -> None:
    rows = [f"row {number},{number}" for number in range(3 * BLOCK_ROWS)]
    run_import("\n".join(["name,what", *rows, "last,unknown"]))
    assert types_of(database, actor)["what"] == "text"


def test_dates_that_fit_both_orders_are_asked_for_unless_another_column_decides(
    run_import: Import, stored: Stored
) -> None:
    with pytest.raises(DateOrderUnknown, match="“since”"):
        run_import("name,since\nAda,03/04/2024\n")
    run_import("name,since\nAda,03/04/2024\n", date_order="dmy", object_name="one")
    run_import("name,since,until\nAda,03/04/2024,12/31/2024\n", object_name="two")
    assert stored("one")[0]["since"] == "2024-04-03"
    assert stored("two")[0]["since"] == "2024-03-04"


def test_a_decimal_comma_is_decided_by_other_columns_and_by_the_separator(
    run_import: Import, stored: Stored
) -> None:
    run_import("name;a;b\nx;1.234;0,5\n", object_name="comma")
    run_import("name,a,b\nx,1.234,0.5\n", object_name="point")
    run_import("name;a\nx;1.234\n", object_name="asked", decimal=".")
    assert stored("comma")[0]["a"] == 1234
    assert stored("point")[0]["a"] == Decimal("1.234")
    assert stored("asked")[0]["a"] == Decimal("1.234")


# --- rows --------------------------------------------------------------------------------------


def test_bad_rows_are_counted_named_and_written_down_and_the_rest_goes_in(
    run_import: Import, stored: Stored, tmp_path: Path
) -> None:
    run_import("name,amount,since\nAda,1,2024-01-01\n")
    report = tmp_path / "report.csv"
    result = run_import(
        "name,amount,since\nBob,many,2024-01-02\nCleo,2,2024-02-30\nDan,3,2024-01-04\n"
        "Eve,none,never\n",
        report,
        creates=False,
    )
    assert (result.created, result.rejected) == (1, 3)
    assert [row["name"] for row in stored()] == ["Ada", "Dan"]
    with report.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["name"], row["line"], row["column"]) for row in rows] == [
        ("Bob", "2", "amount"),
        ("Cleo", "3", "since"),
        ("Eve", "5", "amount"),
        ("Eve", "5", "since"),
    ]
    assert "“many” is not a number" in rows[0]["reason"]


def test_a_required_field_refuses_rows_without_it_and_files_without_its_column(
    run_import: Import, database: Database, actor: Actor
) -> None:
    run_import("name\nAda\n")
    with database.write(actor) as session:
        object_id = find_object(session, "thing").id
        field_id = create_field(session, FieldDraft(label="City"))
        attach_field(session, object_id, field_id, LayoutFlags(is_required=True))
    result = run_import("name,city\nBob,\nCleo,Linz\n", creates=False)
    assert (result.created, result.rejected) == (1, 1)
    with pytest.raises(Invalid, match="“City”"):
        run_import("name\nDan\n", creates=False)


def test_defaults_fill_fields_that_the_file_does_not_give(
    run_import: Import, stored: Stored, database: Database, actor: Actor
) -> None:
    run_import("name\nAda\n")
    with database.write(actor) as session:
        field_id = create_field(session, FieldDraft(label="Stage"), {"default": "new"})
        attach_field(session, find_object(session, "thing").id, field_id)
    run_import("name\nBob\n", creates=False)
    assert stored()[1] == {"name": "Bob", "stage": "new"}


def test_columns_without_a_field_are_refused_by_name_or_made_or_left_out(
    run_import: Import, stored: Stored
) -> None:
    run_import("name\nAda\n")
    content = "Name,Shoe size\nBob,43\n"
    with pytest.raises(UnknownColumns, match="“Shoe size”"):
        run_import(content, creates=False)
    result = run_import(content, creates=False, types={"shoe size": "skip"})
    assert list(result.skipped) == ["Shoe size"]
    run_import(content)
    assert stored() == [{"name": "Ada"}, {"name": "Bob"}, {"name": "Bob", "shoe_size": 43}]


def test_the_library_is_read_once_however_many_columns_are_new(
    run_import: Import, statements: list[str]
) -> None:
    run_import(",".join(f"c{n}" for n in range(40)) + "\n" + ",".join("x" * 40) + "\n")
    assert sum("ORDER BY lower(fields.label)" in statement for statement in statements) == 1


def test_columns_of_one_name_get_a_field_each_that_says_whose_it_is(
    run_import: Import, database: Database, actor: Actor
) -> None:
    run_import("a b,A-B,a  b!\n1,x,2024-03-31\n", object_name="one")
    run_import("a b,A-B,a  b!\nx,y,z\n", object_name="two")
    assert list(types_of(database, actor, "one")) == ["a_b", "one_a_b", "one_a_b_2"]
    assert list(types_of(database, actor, "two")) == ["two_a_b", "two_a_b_2", "two_a_b_3"]


def test_an_object_that_is_not_there_is_made_only_when_asked(run_import: Import) -> None:
    with pytest.raises(NotFound, match="thing"):
        run_import(PEOPLE, creates=False)


def test_who_imported_stands_in_every_record_and_its_name_too(
    run_import: Import, database_url: str
) -> None:
    run_import(PEOPLE)
    with psycopg.connect(database_url) as connection:
        rows = connection.execute(
            "SELECT primary_value, created_by, updated_by, tenant_id FROM records ORDER BY id"
        ).fetchall()
    assert rows == [(name, ADMIN_ID, ADMIN_ID, str(ADMIN_ID)) for name in ("Ada", "Grace")]


def test_hostile_texts_are_stored_as_they_are_and_never_run(
    run_import: Import, stored: Stored
) -> None:
    evil = "\"'; DROP TABLE records;-- \\. \\N \t ${x} %s :y"
    quoted = evil.replace('"', '""')
    run_import(f'"; DROP TABLE records;--",note\n"{quoted}","\\."\n')
    assert stored() == [{"drop_table_records": evil, "note": "\\."}]


def test_a_label_of_ten_thousand_characters_is_refused_in_a_sentence(run_import: Import) -> None:
    with pytest.raises(Invalid, match="more than 255 characters"):
        run_import(f"name,{'x' * 10_000}\nAda,1\n")


def test_a_cancelled_import_leaves_nothing(
    database: Database, actor: Actor, source: Path, tmp_path: Path
) -> None:
    rows = "\n".join(f"row {number}" for number in range(5 * BLOCK_ROWS))
    source.write_text(f"name\n{rows}\n", encoding="utf-8")
    calls: list[float] = []

    def stop(done: int, total: int) -> bool:
        calls.append(done / total)
        return done / total < 0.75

    request = ImportRequest(object_name="thing", creates=True)
    report = tmp_path / "report.csv"
    with pytest.raises(Cancelled), database.long(actor) as session:
        import_file(session, source, request, report, stop)
    assert 0.5 < calls[-1] < 1
    assert calls == sorted(calls)
    with database.read(actor) as reading:
        assert list_objects(reading) == []
    assert list(tmp_path.iterdir()) == [source]


def test_nobody_imports_without_the_right_to(
    run_import: Import, database: Database, source: Path, actor: Actor
) -> None:
    run_import(PEOPLE)
    request = ImportRequest(object_name="thing")
    reader = Actor(ADMIN_ID, permissions=frozenset({Permission.READ_RECORDS}))
    with pytest.raises(Forbidden), database.long(reader) as session:
        import_file(session, source, request)
    with database.write(actor) as session:
        object_id = find_object(session, "thing").id
        edit_permissions(session, object_id, [JsonEdit(("create",), ["all"], [])])
    with pytest.raises(Forbidden, match="create records"), database.long(actor) as session:
        import_file(session, source, request)


def test_a_report_never_overwrites_the_file_that_is_imported(
    run_import: Import, source: Path
) -> None:
    with pytest.raises(Invalid, match="overwrite"):
        run_import(PEOPLE, source)


def test_a_report_never_takes_the_place_of_a_pipe_and_follows_links(
    run_import: Import, tmp_path: Path
) -> None:
    target, link, pipe = tmp_path / "target.csv", tmp_path / "link.csv", tmp_path / "pipe"
    link.symlink_to(target)
    run_import("name,n\nAda,1\nBob,x\n", link, types={"n": "number"})
    assert link.is_symlink()
    assert "Bob" in target.read_text(encoding="utf-8")
    os.mkfifo(pipe)
    with ThreadPoolExecutor() as threads:
        reading = threads.submit(pipe.read_text, "utf-8")
        run_import("n\ny\n", pipe, creates=False)
        assert "is not a number" in reading.result(10)
    assert pipe.is_fifo()


def test_a_folder_for_temporary_files_that_takes_none_is_said_and_nothing_changes(
    run_import: Import,
    database: Database,
    actor: Actor,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "gone"))
    for arguments in ({"links": ["boss=thing.name"]}, {"report": tmp_path / "report.csv"}):
        with pytest.raises(Unavailable, match="temporary files"):
            run_import("name,boss\nAda,\nBob,Ada\n", **arguments)
    with database.read(actor) as session:
        assert list_objects(session) == []
    assert [file.name for file in tmp_path.iterdir()] == ["source.csv"]


def test_a_preview_says_what_would_happen_and_changes_nothing(
    database: Database, actor: Actor, source: Path
) -> None:
    source.write_text("name,since\nAda,03/04/2024\n", encoding="utf-8")
    request = ImportRequest(object_name="thing", creates=True)
    with database.read(actor) as session:
        plan = preview_import(session, source, request)
        assert list_objects(session) == []
    assert [(column.header, column.type) for column in plan.columns] == [
        ("name", "text"),
        ("since", "date"),
    ]
    assert plan.undated == ("since",)
    assert plan.first_rows == (("Ada", "03/04/2024"),)
    assert plan.row_count == 1

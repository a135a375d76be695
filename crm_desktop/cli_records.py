"""`crm-desktop import` and `crm-desktop export`: records from files and into them."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from crm_desktop.cli_database import FAILED, AsOption, DatabaseOption, JsonOption, opened_database
from crm_desktop.cli_output import progress, tell_import, written
from crm_desktop.domain.errors import Invalid

if TYPE_CHECKING:
    from crm_desktop.db.database import Database
    from crm_desktop.domain.access import Actor
    from crm_desktop.services.import_plan import ImportRequest
    from crm_desktop.services.importing import ImportResult


class DateOrder(StrEnum):
    YMD = "ymd"
    DMY = "dmy"
    MDY = "mdy"


class Decimals(StrEnum):
    POINT = "point"
    COMMA = "comma"


class ExportAs(StrEnum):
    CSV = "csv"
    JSON_LINES = "jsonl"


class HeaderOf(StrEnum):
    NAMES = "names"
    LABELS = "labels"


def import_(  # noqa: PLR0917 - each is an option by name
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="The CSV file.")],
    object_: Annotated[
        str, typer.Option("--object", metavar="NAME", help="The object to import into.")
    ],
    create: Annotated[
        bool, typer.Option("--create", help="Make the object, and fields for new columns.")
    ] = False,
    link: Annotated[
        list[str] | None,
        typer.Option(
            metavar="COLUMN=OBJECT.FIELD",
            help="Link each row to the record of OBJECT whose FIELD is the cell of COLUMN; "
            "the column makes no field. Uses the relationship of the two objects or makes one.",
        ),
    ] = None,
    key: Annotated[
        str,
        typer.Option(
            metavar="COLUMN",
            help="Update the record with the same value in this column instead of adding one. "
            "Empty cells leave what is stored.",
        ),
    ] = "",
    report: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write what did not go in, with reasons, as CSV."),
    ] = None,
    skip: Annotated[
        list[str] | None, typer.Option(metavar="COLUMN", help="Leave a column out.")
    ] = None,
    type_: Annotated[
        list[str] | None,
        typer.Option("--type", metavar="COLUMN=TYPE", help="The type of a new field."),
    ] = None,
    date_order: Annotated[
        DateOrder | None, typer.Option(help="How dates such as 03/04/2024 are meant.")
    ] = None,
    decimal: Annotated[
        Decimals | None, typer.Option(help="What comes before decimals, where both would do.")
    ] = None,
    encoding: Annotated[str, typer.Option(help="How the file is encoded, if not found out.")] = "",
    separator: Annotated[str, typer.Option(help="What separates cells: a character, or tab.")] = "",
    as_json: JsonOption = False,
    database: DatabaseOption = "",
    as_email: AsOption = "",
) -> int:
    """Import a CSV file: good rows go in, all in one transaction; the others are reported."""
    from crm_desktop.services.import_plan import SKIPPED, ImportRequest, LinkRequest

    types = dict(map(_column_and_type, type_ or ())) | dict.fromkeys(skip or (), SKIPPED)
    request = ImportRequest(
        object_name=object_,
        creates=create,
        links=tuple(map(LinkRequest.from_text, link or ())),
        key=key,
        date_order=date_order.value if date_order else "",
        decimal={None: "", Decimals.POINT: ".", Decimals.COMMA: ","}[decimal],
        encoding=encoding,
        separator=separator,
        types=types,
    )
    with opened_database(context, database, as_email) as (opened, actor):
        result = _import(opened, actor, file, request, report)
    tell_import(result, report, as_json=as_json)
    return 0 if result.created + result.updated + result.unchanged else FAILED


def _column_and_type(text: str) -> tuple[str, str]:
    column, equals, type_ = text.rpartition("=")
    if not equals:
        raise Invalid({"type": f"Write a type as COLUMN=TYPE, not “{text}”."})
    return column, type_


def _import(
    database: Database, actor: Actor, file: Path, request: ImportRequest, report: Path | None
) -> ImportResult:
    from crm_desktop.services.import_inference import DateOrderUnknown
    from crm_desktop.services.import_plan import UnknownColumns
    from crm_desktop.services.importing import import_file

    try:
        with database.long(actor) as session:
            return import_file(session, file, request, report, progress("Importing"))
    except DateOrderUnknown as question:
        hint = "Say which is meant with --date-order dmy or --date-order mdy."
        raise Invalid({"date_order": f"{question} {hint}"}) from None
    except UnknownColumns as question:
        hint = "Use --create to make them, or --skip COLUMN to leave one out."
        raise Invalid({"columns": f"{question} {hint}"}) from None


def export(
    context: typer.Context,
    object_: Annotated[
        str, typer.Option("--object", metavar="NAME", help="The object whose records to write.")
    ],
    file: Annotated[
        Path | None, typer.Argument(help="Where to write; the terminal when left out.")
    ] = None,
    format_: Annotated[
        ExportAs, typer.Option("--format", help="CSV, or a JSON object per line.")
    ] = ExportAs.CSV,
    header: Annotated[
        HeaderOf, typer.Option(help="Head columns by fields' names or labels.")
    ] = HeaderOf.NAMES,
    for_spreadsheets: Annotated[
        bool,
        typer.Option(
            help="Put an apostrophe before text that a spreadsheet would run as a formula, and "
            "mark the file as UTF-8; such text does not import back the same."
        ),
    ] = False,
    database: DatabaseOption = "",
    as_email: AsOption = "",
) -> int:
    """Write an object's records so that an import reads them back."""
    from crm_desktop.services.exporting import ExportFormat, Header, export_records
    from crm_desktop.services.objects import find_object

    with (
        opened_database(context, database, as_email) as (opened, actor),
        opened.read(actor) as session,
    ):
        pieces = export_records(
            session,
            find_object(session, object_).id,
            format=ExportFormat(format_.value),
            header=Header(header.value),
            for_spreadsheets=for_spreadsheets,
        )
        with written(file, encoding="utf-8-sig" if for_spreadsheets else "utf-8") as write:
            for piece in pieces:
                write(piece)
    return 0

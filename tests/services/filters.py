"""Records with every kind of odd value, and what each operator may be asked of them."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from itertools import count, pairwise
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import insert

from crm_desktop.db.database import ReadSession
from crm_desktop.db.tables import Record
from crm_desktop.domain.filters import Calendar, Condition, Part, RecordQuery
from crm_desktop.domain.formats import Formats
from crm_desktop.domain.operators import OPERATORS, Comparison, Operand
from crm_desktop.services import record_query
from tests.make import Make

MISSING = object()
ME = UUID("00000000-0000-7000-8000-000000000001")
BERLIN = ZoneInfo("Europe/Berlin")
NIGHT = datetime(2024, 3, 31, 0, 30, tzinfo=BERLIN)  # the clocks go forward two hours later
CALENDAR = Calendar(BERLIN, 6, NIGHT)  # weeks begin on Sunday

TEXTS = [
    "Straße", "STRASSE", "straße", "İstanbul", "istanbul", "ISTANBUL", "e\u0301te\u0301", "été",
    "ÉTÉ", "ΣΊΣΥΦΟΣ", "σίσυφος", "50%_a\\b", "50xxab", "a", "A", "b", "true", "1", "'; --",
    "x" * 250, "x" * 249 + "Y", "X" * 201, "日本", "\U0001f600",
]  # fmt: skip
DAYS = [
    "2024-03-05", "2024-02-31", "2024-03-30", "2024-03-31", "2024-04-01", "2024-01-01",
    "2023-12-31", "2024-12-31", "0001-01-01", "9999-12-31", "2024-3-5", "2024-03-31 ",
    "02024-03-31",
]  # fmt: skip
MOMENTS = [
    "2024-03-30T23:00Z", "2024-03-30T22:59:59.999Z", "2024-03-30T23:00:00Z",
    "2024-03-30T23:00:00.000Z", "2024-03-31T22:00:00Z", "2024-03-31T21:59:59Z",
    "2024-03-31T10:00:00", "2024-03-31T10:00:30.5+00:00",
    "2024-03-31T10:01:00Z", "2024-03-05T10:00:00.123456789Z", "2023-12-31T23:30:00Z",
    "2024-02-31T10:00:00Z", "2024-03-31T10:00:00-00:00", "2024-03-31t10:00:00z",
]  # fmt: skip
NUMBERS = [
    0, 1, -1, Decimal("1.5"), Decimal("1.50"), Decimal("-0.1"), 10**30, Decimal("1E-30"),
    -(10**300), 42,
]  # fmt: skip
ODD = [
    MISSING, None, "", " ", "\u2003\t", "\u200b", [], {}, [None], [""], ["a"], ["a", "b"],
    ["b", "a", "a"], ["a", 1], [["a"]], ["a", None], {"a": 1}, {"name": "a"}, True, False,
    [True], "null", "[]",
    str(ME), [str(ME)], ["rec_x", str(ME)], "rec_x", ["rec_x", "rec_y"],
]  # fmt: skip
STORED: Sequence[Any] = [*ODD, *TEXTS, *DAYS, *MOMENTS, *NUMBERS]

ASKED: Mapping[Comparison, Sequence[Any]] = {
    "text": ["straße", "SS", "İ", "i", "é", "e\u0301", "\u03c3", "%", "_", "\\", "a", "50%", "'",
             "x" * 250, "x" * 61, "X" * 201, " ", "日", "\U0001f600"],
    "choice": ["a", "A", "Straße", "x" * 250, "rec_x"],
    "number": [0, 1, Decimal("1.500"), 10**30, Decimal("-0.10"), Decimal("1E-30"), -(10**399)],
    "boolean": [True, False],
    "date": ["2024-03-31", "2024-03-30", "2023-12-31", "9999-12-31", "0001-01-01"],
    "moment": ["2024-03-31", "2024-03-30", "9999-12-31", "0001-01-01", "2024-03-31T10:00:00Z",
               "2024-03-31T10:00:30.5Z"],
    "choices": ["a", "b", "z"],
    "reference": ["rec_x", "rec_z", str(ME)],
    "user": [str(ME), "rec_x"],
    "none": [],
}  # fmt: skip
SPANS = [(1, "days"), (30, "days"), (2, "weeks"), (1, "months"), (13, "months"), (10_000, "months")]
_HALVES = 2


def operands(kind: Comparison, operand: Operand) -> Iterator[Any]:
    """Give what the operators of a kind of field may be asked with this operand."""
    asked = ASKED[kind]
    if operand is Operand.NOTHING:
        yield None
    elif operand is Operand.ONE:
        yield from asked
    elif operand is Operand.SEVERAL:
        yield from ((each,) for each in asked)
        yield tuple(asked)
        yield tuple(asked[::_HALVES])
    elif operand is Operand.RANGE:
        yield from pairwise(asked)
        yield asked[0], asked[0]
    else:
        yield from SPANS


def conditions_on(field_id: str, kind: Comparison) -> Iterator[Condition]:
    """Give a condition with each operator of the kind and each operand that is asked."""
    for operator in OPERATORS[kind].values():
        for value in operands(kind, operator.operand):
            yield Condition(field_id, operator.name, value)


_numbers = count(1)


def add_records(make: Make, object_id: str, documents: Sequence[Mapping[str, Any]]) -> list[str]:
    """Make a record for each document, all at one moment; return their ids."""
    ids = [f"rec_{next(_numbers):05}" for _ in documents]
    rows = [
        {"id": id_, "object_id": object_id, "data": dict(data), "created_by": ME,
         "created_at": NIGHT.astimezone(UTC), "updated_at": NIGHT.astimezone(UTC)}
        for id_, data in zip(ids, documents, strict=True)
    ]  # fmt: skip
    with make.database.engine.begin() as connection:
        connection.execute(insert(Record), rows)
    return ids


def found(session: ReadSession, object_id: str, *parts: Part, **options: Any) -> set[str]:
    """Return the ids of the records that the service finds."""
    query = RecordQuery(object_id, conditions=parts, **{"calendar": CALENDAR, **options})
    page = record_query.list_page(session, query, (), Formats.iso(), limit=100_000)
    return {row.id for row in page.rows}

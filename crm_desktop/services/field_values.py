"""The values that records hold in one field: each different one once, however many records."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import text

from crm_desktop.db.conditions import empty_sql
from crm_desktop.db.database import ReadSession, load_json
from crm_desktop.db.expressions import Parameters
from crm_desktop.domain.access import Permission, RecordRight
from crm_desktop.domain.field_types import EffectiveField
from crm_desktop.services.record_conditions import permitted

BATCH = 2_000  # different values that are in memory at once


@dataclass(frozen=True, slots=True)
class HeldValue:
    """A value as JSON and as its text in PostgreSQL, how many records hold it, and one of them.

    The text tells 1.0 from 1.00, which are equal as `jsonb`.
    """

    value: Any
    text: str
    count: int
    record_id: str


@dataclass(frozen=True, slots=True)
class Held:
    """How many records there are, hold a value, hold one of a JSON type, and how many differ."""

    records: int
    filled: int
    of_kind: int
    distinct: int


def distinct_values(
    session: ReadSession, object_id: str, field_id: str, *, except_kind: str = ""
) -> Iterator[list[HeldValue]]:
    """Give the values that stand in the object's records, in batches, by a cursor of the server.

    Records that may not be read are left out, and so is what is null. `except_kind` leaves out
    values of that JSON type (numbers of more than 300 digits excepted).
    """
    session.actor.require(Permission.READ_RECORDS)
    bound = Parameters()
    where = f"{_mine(session, bound, object_id)} AND {_is_stored(bound, field_id)}"
    if except_kind:
        where = f"{where} AND NOT {_of_kind(bound, field_id, except_kind)}"
    key = bound.bind(field_id)
    statement = text(
        f"SELECT CAST(r.data -> {key} AS text), count(*), min(r.id) FROM records AS r"  # noqa: S608
        f" WHERE {where} GROUP BY 1"
    )
    rows = session.execute(statement, bound.values, execution_options={"yield_per": BATCH})
    for batch in rows.partitions():
        yield [HeldValue(load_json(row[0]), *row) for row in batch]


def count_values(
    session: ReadSession,
    object_id: str,
    field_id: str,
    kind: Literal["string", "number", "boolean", ""] = "",
) -> Held:
    """Count what the object's records hold in a field, in one statement."""
    session.actor.require(Permission.READ_RECORDS)
    bound = Parameters()
    plain = EffectiveField(field_id, "", "", "text")
    holds = f"NOT {empty_sql(bound, plain, 'r')}"
    of_kind = f"{holds} AND {_of_kind(bound, field_id, kind)}" if kind else "false"
    mine = _mine(session, bound, object_id)
    key = bound.bind(field_id)
    statement = (
        f"SELECT count(*), count(*) FILTER (WHERE {holds}), count(*) FILTER (WHERE {of_kind}),"  # noqa: S608
        f" count(DISTINCT CAST(r.data -> {key} AS text)) FILTER (WHERE {holds})"
        f" FROM records AS r WHERE {mine}"
    )
    return Held(*session.execute(text(statement), bound.values).one())


def _mine(session: ReadSession, bound: Parameters, object_id: str) -> str:
    allowed = permitted(session, bound, object_id, RecordRight.READ)
    return f"r.object_id = {bound.bind(object_id)} AND {allowed}"


def _is_stored(bound: Parameters, field_id: str) -> str:
    return f"COALESCE(jsonb_typeof(r.data -> {bound.bind(field_id)}), 'null') <> 'null'"


def _of_kind(bound: Parameters, field_id: str, kind: str) -> str:
    """Return the condition that a value has a JSON type, and is not absurdly large."""
    key = bound.bind(field_id)
    is_kind = f"jsonb_typeof(r.data -> {key}) = {bound.bind(kind)}"
    if kind != "number":
        return f"({is_kind})"
    number = f"CAST(r.data ->> {key} AS numeric)"
    return (
        f"(CASE WHEN {is_kind} THEN abs({number}) < 1e300 AND scale({number}) < 300 ELSE false END)"
    )

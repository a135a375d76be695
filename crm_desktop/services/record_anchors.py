"""Sparse anchors of a long list: any of its rows is then one short read away."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import text

from crm_desktop.db.database import ReadSession
from crm_desktop.db.expressions import Parameters
from crm_desktop.domain.access import Permission
from crm_desktop.domain.cursors import Cursor
from crm_desktop.domain.field_types import EffectiveField
from crm_desktop.domain.filters import RecordQuery
from crm_desktop.services.record_conditions import execute, readable
from crm_desktop.services.record_ordering import ordering

EVERY = 1024  # rows between two anchors: four pages of a grid
SORTING_MEMORY = "64MB"


@dataclass(frozen=True, slots=True)
class Anchors:
    """Every 1,024th record of a query, as the list stood when they were read."""

    cursors: tuple[Cursor, ...]

    def place_of(self, row: int) -> tuple[Cursor | None, int]:
        """Return after which record to read, and how many to skip, to begin at this row."""
        number = min(row // EVERY, len(self.cursors))
        return (self.cursors[number - 1] if number else None), row - number * EVERY


def find_anchors(
    session: ReadSession, query: RecordQuery, columns: Sequence[EffectiveField]
) -> Anchors:
    """Walk the whole list once, in its order; half a second for a million records, or some.

    The planner is kept from walking an index on a field, which takes three times as long as
    sorting; the index that holds the newest records answers alone, without their documents.
    """
    session.actor.require(Permission.READ_RECORDS)
    parameters = Parameters()
    order = ordering(session, parameters, query, columns, walks_fields=False)
    where = readable(session, parameters, query, looks_first=True)
    names = ", ".join(f"CAST(n.{name} AS text)" for name in order.names)
    statement = (
        f"WITH h AS (SELECT r.id, {order.selected} FROM records AS r WHERE {where}),"  # noqa: S608
        f" n AS (SELECT h.*, row_number() OVER (ORDER BY {order.clause('h')}) AS place FROM h)"
        f" SELECT n.id, {names} FROM n WHERE n.place & {EVERY - 1} = 0 ORDER BY n.place"
    )
    before = _set(session, {"work_mem": SORTING_MEMORY, "enable_indexscan": "off"})
    found = execute(session, statement, parameters.values).all()
    _set(session, before)
    return Anchors(tuple(Cursor(tuple(row[1:]), row[0]) for row in found))


def find_row(
    session: ReadSession, query: RecordQuery, columns: Sequence[EffectiveField], record_id: str
) -> int | None:
    """Return how many records of the query stand before this one; None if it is not among them."""
    session.actor.require(Permission.READ_RECORDS)
    parameters = Parameters()
    order = ordering(session, parameters, query, columns, walks_fields=False)
    where = readable(session, parameters, query, looks_first=True)
    hits = f"WITH h AS (SELECT r.id, {order.selected} FROM records AS r WHERE {where})"  # noqa: S608
    names = ", ".join(f"CAST({name} AS text)" for name in order.names)
    wanted = parameters.bind(record_id)
    statement = f"{hits} SELECT {names} FROM h WHERE id = {wanted}"  # noqa: S608 - values are bound
    keys = execute(session, statement, parameters.values).one_or_none()
    if keys is None:
        return None
    before = order.beyond(parameters, Cursor(tuple(keys), record_id), "h", backward=True)
    statement = f"{hits} SELECT count(*) FROM h WHERE {before}"  # noqa: S608 - values are bound
    return int(execute(session, statement, parameters.values).scalar_one())


def _set(session: ReadSession, values: dict[str, str]) -> dict[str, str]:
    """Change settings for this transaction; return what they were."""
    old = {}
    for name, value in values.items():
        old[name] = session.scalar(text("SELECT current_setting(:name)"), {"name": name})
        session.execute(text("SELECT set_config(:name, :value, true)"),
                        {"name": name, "value": value})  # fmt: skip
    return {name: str(value) for name, value in old.items()}

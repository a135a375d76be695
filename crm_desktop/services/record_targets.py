"""What a change or a deletion is about: records that were chosen, or all that a list finds."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from crm_desktop.db.database import ReadSession
from crm_desktop.db.expressions import Parameters
from crm_desktop.domain.access import Permission
from crm_desktop.domain.field_types import EffectiveField
from crm_desktop.domain.filters import RecordQuery
from crm_desktop.services.record_conditions import execute, readable
from crm_desktop.services.record_ordering import ordering


@dataclass(frozen=True, slots=True)
class ChosenRecords:
    """These records of one object, each named once."""

    object_id: str
    ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FoundRecords:
    """All records that a query finds at the time when it is asked, whatever their order."""

    query: RecordQuery

    @property
    def object_id(self) -> str:
        return self.query.object_id


RecordTarget: TypeAlias = ChosenRecords | FoundRecords


def target_sql(session: ReadSession, parameters: Parameters, target: RecordTarget) -> str:
    """Return a SELECT of the ids of those records that may be read; its values are bound."""
    session.actor.require(Permission.READ_RECORDS)
    where = target_condition(session, parameters, target)
    return f"SELECT r.id FROM records AS r WHERE {where}"  # noqa: S608 - values are bound


def target_condition(session: ReadSession, parameters: Parameters, target: RecordTarget) -> str:
    """Return the condition that a record `r` is one of them and may be read."""
    session.actor.require(Permission.READ_RECORDS)
    if isinstance(target, FoundRecords):
        return readable(session, parameters, target.query, looks_first=True)
    ids = parameters.bind(list(target.ids), "text[]")
    allowed = readable(session, parameters, RecordQuery(target.object_id), looks_first=True)
    return f"r.id = ANY({ids}) AND {allowed}"


def count_targets(session: ReadSession, target: RecordTarget) -> int:
    """Count the records exactly, as they stand now; may take long for a million."""
    session.actor.require(Permission.READ_RECORDS)
    parameters = Parameters()
    ids = target_sql(session, parameters, target)
    statement = f"SELECT count(*) FROM ({ids}) AS target"  # noqa: S608 - values are bound
    return int(execute(session, statement, parameters.values).scalar_one())


def ids_of_rows(
    session: ReadSession,
    query: RecordQuery,
    columns: Sequence[EffectiveField],
    spans: Sequence[tuple[int, int]],
) -> list[str]:
    """Return the ids of the records at these rows of the list, in its order, each once.

    A span is its first and its last row, counted from 0. `columns` are those that the list may be
    sorted by. The list is walked once, up to the last row: a second for a million.
    """
    session.actor.require(Permission.READ_RECORDS)
    spans = [span for span in spans if span[0] <= span[1]]
    if not spans:
        return []
    parameters = Parameters()
    order = ordering(session, parameters, query, columns)
    where = readable(session, parameters, query, looks_first=True)
    wanted = parameters.bind([f"[{first:d},{last:d}]" for first, last in spans], "int8range[]")
    end = parameters.bind(max(last for _, last in spans) + 1, "bigint")
    statement = (
        f"WITH h AS (SELECT r.id, {order.selected} FROM records AS r WHERE {where}),"  # noqa: S608
        f" n AS (SELECT h.id, row_number() OVER (ORDER BY {order.clause('h')}) AS place FROM h),"
        f" wanted AS (SELECT range_agg(span) AS rows FROM unnest({wanted}) AS span)"
        f" SELECT n.id FROM n CROSS JOIN wanted"
        f" WHERE n.place <= {end} AND wanted.rows @> n.place - 1 ORDER BY n.place"
    )
    return list(execute(session, statement, parameters.values).scalars())

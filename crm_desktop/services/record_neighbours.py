"""Which records stand before and after a record in a list: for going from one to the next."""

from collections.abc import Sequence
from dataclasses import replace

from crm_desktop.db.database import ReadSession
from crm_desktop.db.expressions import Parameters
from crm_desktop.domain.access import Permission
from crm_desktop.domain.cursors import Cursor
from crm_desktop.domain.field_types import EffectiveField
from crm_desktop.domain.filters import RecordQuery
from crm_desktop.domain.formats import Formats
from crm_desktop.services.record_conditions import execute, readable
from crm_desktop.services.record_ordering import ordering
from crm_desktop.services.record_query import list_page


def neighbours(
    session: ReadSession, query: RecordQuery, columns: Sequence[EffectiveField], record_id: str
) -> tuple[str | None, str | None]:
    """Return the ids before and after this record in the order of the query; None at its ends.

    A record that the query's conditions do not find (any more) has the neighbours of the place
    where it would stand. One that is gone or may not be read has none.
    """
    session.actor.require(Permission.READ_RECORDS)
    sorted_by = {sort.field_id for sort in query.sort}
    if query.grouping:
        sorted_by.add(query.grouping.field_id)
    keys = tuple(column for column in columns if column.id in sorted_by)
    place = _place_of(session, query, keys, record_id)
    if place is None:
        return None, None
    before = list_page(session, query, keys, Formats(), before=place, limit=1).rows
    after = list_page(session, query, keys, Formats(), after=place, limit=1).rows
    return (before[0].id if before else None), (after[0].id if after else None)


def _place_of(
    session: ReadSession, query: RecordQuery, keys: Sequence[EffectiveField], record_id: str
) -> Cursor | None:
    parameters = Parameters()
    order = ordering(session, parameters, query, keys)
    where = readable(session, parameters, replace(query, search="", conditions=()))
    names = ", ".join(f"CAST(h.{name} AS text)" for name in order.names)
    statement = (
        f"SELECT {names} FROM (SELECT {order.selected} FROM records AS r"  # noqa: S608 - bound
        f" WHERE r.id = {parameters.bind(record_id)} AND {where}) AS h"
    )
    found = execute(session, statement, parameters.values).one_or_none()
    return None if found is None else Cursor(tuple(found), record_id)

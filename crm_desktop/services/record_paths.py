"""Paths between records along their links, and the records that have the most links."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from sqlalchemy import ARRAY, String, bindparam, text

from crm_desktop.db.database import ReadSession
from crm_desktop.domain.access import Permission
from crm_desktop.domain.errors import NotFound
from crm_desktop.services.record_graph import MAY_READ, GraphRecord
from crm_desktop.services.record_rights import rights_values

MOST_STEPS = 6
MOST_VISITED = 100_000


@dataclass(frozen=True, slots=True)
class PathSearch:
    """What a search for a path found: the records along it, both ends included, and its links.

    Without a path `records` is empty; `steps` then says up to how many links were followed, and
    `is_complete` that all of these were: otherwise the search gave up after `visited` records.
    """

    records: tuple[str, ...]
    links: tuple[str, ...]
    steps: int
    visited: int
    is_complete: bool


@dataclass(frozen=True, slots=True)
class Connected:
    """A record with the number of its links, as they were asked for."""

    record: GraphRecord
    links: int


@dataclass(slots=True)
class _Half:
    """What was reached from one end: each record with the link and the record that led there."""

    came_by: dict[str, tuple[str, str] | None]
    frontier: list[str] = field(default_factory=list)
    steps: int = 0


def find_path(
    session: ReadSession,
    from_id: str,
    to_id: str,
    *,
    most_steps: int = MOST_STEPS,
    most_visited: int = MOST_VISITED,
) -> PathSearch:
    """Find a shortest path between two records, whichever way its links point.

    Both ends are searched from in turns, one step in one statement, from where there is less to
    follow. Records one may not read are no part of a path. Raises NotFound where an end is gone.
    """
    session.actor.require(Permission.READ_RECORDS)
    if _readable(session, {from_id, to_id}) != {from_id, to_id}:
        raise NotFound("One of the two records no longer exists.")
    halves = [_Half({from_id: None}, [from_id]), _Half({to_id: None}, [to_id])]
    meeting = {from_id} & {to_id}
    while not meeting and sum(half.steps for half in halves) < most_steps:
        half, other = sorted(halves, key=lambda half: len(half.frontier))
        visited = sum(len(each.came_by) for each in halves)
        found = _step(session, half, most_visited - visited + 1)
        meeting = found & other.came_by.keys()
        if not meeting and visited + len(found) > most_visited:
            return _nothing(halves, is_complete=False)
        if not half.frontier:
            return _nothing(halves, is_complete=True)
    if not meeting:
        return _nothing(halves, is_complete=True)
    return _joined(halves, min(meeting))


def _nothing(halves: Sequence[_Half], *, is_complete: bool) -> PathSearch:
    visited = sum(len(half.came_by) for half in halves)
    return PathSearch((), (), sum(half.steps for half in halves), visited, is_complete)


def _step(session: ReadSession, half: _Half, room: int) -> set[str]:
    """Follow all links of the frontier; return what is new, which is the next frontier."""
    query = text(_STEP.format(may=MAY_READ)).bindparams(bindparam("ids", type_=ARRAY(String)))
    half.steps += 1
    frontier: dict[str, tuple[str, str]] = {}
    room += len(half.came_by)  # most of what a step meets may have been met before
    values = {"ids": half.frontier, "room": room, **rights_values(session.actor)}
    for record_id, link_id, came_from in session.execute(query, values):
        if record_id not in half.came_by:
            frontier[record_id] = (link_id, came_from)
    half.came_by |= frontier
    half.frontier = list(frontier)
    return set(frontier)


def _joined(halves: Sequence[_Half], meeting: str) -> PathSearch:
    """Return the path through a record that was reached from both ends."""
    ways = []
    for half in halves:
        records, links = [meeting], list[str]()
        while (step := half.came_by[records[-1]]) is not None:
            links.append(step[0])
            records.append(step[1])
        ways.append((records, links))
    (first, first_links), (second, second_links) = ways
    visited = sum(len(half.came_by) for half in halves)
    return PathSearch(
        (*reversed(first), *second[1:]),
        (*reversed(first_links), *second_links),
        len(first_links) + len(second_links),
        visited,
        is_complete=True,
    )


def _readable(session: ReadSession, record_ids: Collection[str]) -> set[str]:
    query = text(_READABLE.format(may=MAY_READ)).bindparams(bindparam("ids", type_=ARRAY(String)))
    values = {"ids": list(record_ids), **rights_values(session.actor)}
    return set(session.scalars(query, values))


def most_connected(
    session: ReadSession, *, object_id: str = "", relationship_id: str = "", limit: int = 20
) -> list[Connected]:
    """Return the records with the most links, the most first: of an object, or of all.

    `relationship_id` counts its links alone. One statement, which reads all the links that count:
    seconds with millions. A link of a record with itself counts twice. Records one may not read
    are left out.
    """
    session.actor.require(Permission.READ_RECORDS)
    values = {
        "object_id": object_id,
        "relationship_id": relationship_id,
        "limit": limit,
        **rights_values(session.actor),
    }
    return [
        Connected(
            GraphRecord(row.id, row.object_id, row.label, row.icon, row.primary_value, distance=0),
            int(row.n),
        )
        for row in session.execute(text(_MOST.format(may=MAY_READ)), values)
    ]


# A record is followed once, by the first of its links; `DISTINCT ON` keeps that the same each time.
_STEP = """
SELECT DISTINCT ON (m.other) m.other, m.id, m.own FROM (
    SELECT l.to_record_id AS other, l.id, l.from_record_id AS own
    FROM relationship_records AS l WHERE l.from_record_id = ANY(:ids)
    UNION ALL
    SELECT l.from_record_id, l.id, l.to_record_id
    FROM relationship_records AS l WHERE l.to_record_id = ANY(:ids)) AS m
JOIN records AS r ON r.id = m.other JOIN objects AS o ON o.id = r.object_id
WHERE {may} ORDER BY m.other, m.id LIMIT :room
"""
_READABLE = """
SELECT r.id FROM records AS r JOIN objects AS o ON o.id = r.object_id
WHERE r.id = ANY(:ids) AND {may}
"""
# Links are counted before they meet records, and only those with the most links meet any: enough
# that some of them may be of another object, or such as one may not read.
_MOST = """
WITH counting AS MATERIALIZED (
    SELECT id, :object_id IN ('', from_object_id) AS is_from,
           :object_id IN ('', to_object_id) AS is_to
    FROM relationships WHERE :relationship_id IN ('', id)
), degree AS (
    SELECT id, sum(n) AS n FROM (
        SELECT from_record_id AS id, count(*) AS n FROM relationship_records
        WHERE relationship_id IN (SELECT id FROM counting WHERE is_from) GROUP BY from_record_id
        UNION ALL
        SELECT to_record_id, count(*) FROM relationship_records
        WHERE relationship_id IN (SELECT id FROM counting WHERE is_to) GROUP BY to_record_id
    ) AS ends GROUP BY id ORDER BY n DESC, id LIMIT 1000
)
SELECT r.id, r.object_id, o.label, o.icon, r.primary_value, d.n FROM degree AS d
JOIN records AS r ON r.id = d.id JOIN objects AS o ON o.id = r.object_id
WHERE :object_id IN ('', r.object_id) AND {may} ORDER BY d.n DESC, d.id LIMIT :limit
"""

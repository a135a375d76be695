"""The graph around records: their links and their links' links, bounded, hubs only counted."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import ARRAY, String, bindparam, text

from crm_desktop.db.conditions import containing
from crm_desktop.db.database import ReadSession
from crm_desktop.domain.access import Permission
from crm_desktop.domain.errors import NotFound
from crm_desktop.services.record_rights import right_sql, rights_values

MAY_READ = right_sql("r", "o", "read")  # a record `r` of the object `o`
MOST_LINKS = 50  # of a record under one relationship; where there are more, they are only counted
MOST_RECORDS = 300  # that one expansion brings
DEEPEST = 3
GLANCE = 500  # links of a record in one direction that are read where it was only met on the way
MOST_COUNTED = 100_000  # where there are more, the count says so


class Side(NamedTuple):
    """A relationship as the records at one end of it see it."""

    relationship_id: str
    is_from: bool


@dataclass(frozen=True, slots=True)
class GraphRecord:
    """A record of the graph; `distance` is how many links it is away from where one began.

    `title` is its primary value. Records on screen before have the distance -1.
    """

    id: str
    object_id: str
    object_label: str
    icon: str | None
    title: str | None
    distance: int


@dataclass(frozen=True, slots=True)
class GraphLink:
    """A link between two records of the graph, its metadata as stored."""

    id: str
    relationship_id: str
    from_record_id: str
    to_record_id: str
    metadata: Any


@dataclass(frozen=True, slots=True)
class LinkCount:
    """How many links a record has on one side of a relationship, whether they are drawn or not.

    Links to records that one may not read are counted as others are: their number is no secret.
    Where a record was only glanced at and has very many links in a direction, they are counted
    together: `relationship_id` is "" then. `is_least` says that there are at least so many.
    """

    record_id: str
    relationship_id: str
    is_from: bool
    count: int
    is_least: bool

    @property
    def side(self) -> Side:
        return Side(self.relationship_id, self.is_from)

    @property
    def is_hub(self) -> bool:
        """Say whether these links are too many to be drawn."""
        return self.count > MOST_LINKS


@dataclass(frozen=True, slots=True)
class RecordGraph:
    """Records, all links between them, and how many links each record has on each side.

    `is_full` says that as many records were added as one asked for: there may be more.
    """

    records: tuple[GraphRecord, ...]
    links: tuple[GraphLink, ...]
    counts: tuple[LinkCount, ...]
    is_full: bool


def expand(
    session: ReadSession,
    record_ids: Sequence[str],
    *,
    depth: int = 1,
    known: Sequence[str] = (),
    side: Side | None = None,
    most_records: int = MOST_RECORDS,
) -> RecordGraph:
    """Return these records, what is linked to them, and so on to a depth, in one statement.

    `known` are the records on screen already: they come along, with all links between them and
    what is new, but nothing is expanded from them. `side` keeps the first step to one side of one
    relationship. Where a record has more than `MOST_LINKS` links on a side, these are counted and
    not followed. At most `most_records` records are added, the nearest first. With a depth of 0
    this reads again what is there. Records that are gone or that one may not read are left out;
    raises NotFound when nothing is left of `record_ids`.
    """
    session.actor.require(Permission.READ_RECORDS)
    values = {
        "ids": list(record_ids),
        "known": list(known),
        "depth": min(depth, DEEPEST),
        "side": "" if side is None else side.relationship_id,
        "side_is_from": side is not None and side.is_from,
        "most_records": most_records,
        "most_links": MOST_LINKS,
        "most_counted": MOST_COUNTED,
        "glance": GLANCE,
        **rights_values(session.actor),
    }
    graph = _graph_of(session.execute(_EXPANSION, values), most_records)
    if not {record.id for record in graph.records}.intersection(record_ids):
        raise NotFound("This record no longer exists.")
    return graph


def _graph_of(rows: Iterable[Any], most_records: int) -> RecordGraph:
    """Read the rows of the statement: records, links, and counts from either side."""
    records, links, counts = [], [], []
    for kind, id_, a, b, c, d, n, flag, data in rows:
        if kind == "record":
            records.append(GraphRecord(id_, a, b, c, d, n))
        elif kind == "link":
            links.append(GraphLink(id_, a, b, c, data))
        else:
            counts.append(LinkCount(id_, a, kind == "from", n, flag))
    return RecordGraph(
        tuple(sorted(records, key=lambda record: (record.distance, record.id))),
        tuple(sorted(links, key=lambda link: link.id)),
        tuple(counts),
        is_full=sum(record.distance > 0 for record in records) >= most_records,
    )


def expansion_sql(may_read: str) -> str:
    """Return the statement of `expand`, with what a record `r` and its object `o` must fulfil."""
    return _EXPAND.format(may=may_read, glance=_GLANCE)


def find_linked(
    session: ReadSession, record_id: str, side: Side, search: str = "", limit: int = 200
) -> list[GraphRecord]:
    """Return records linked on one side whose name holds the search, by name; at most `limit`.

    For a side with too many links to be drawn: this reads all of them, but only that.
    """
    session.actor.require(Permission.READ_RECORDS)
    own, other = ("from", "to") if side.is_from else ("to", "from")
    statement = _FIND_LINKED.format(own=own, other=other, may=MAY_READ)
    values = {
        "record_id": record_id,
        "relationship_id": side.relationship_id,
        "pattern": containing(search),
        "limit": limit,
        **rights_values(session.actor),
    }
    return [GraphRecord(*row) for row in session.execute(text(statement), values)]


_FIND_LINKED = """
SELECT DISTINCT r.id, r.object_id, o.label, o.icon, r.primary_value, 1 AS distance
FROM relationship_records AS l JOIN records AS r ON r.id = l.{other}_record_id
JOIN objects AS o ON o.id = r.object_id
WHERE l.{own}_record_id = :record_id AND :relationship_id IN ('', l.relationship_id)
  AND coalesce(r.primary_value, r.id) ILIKE :pattern AND {may}
ORDER BY r.primary_value, r.id LIMIT :limit
"""
# Records are numbered in the order in which they are met. `walk` has a row for each step: what it
# reached, all that was reached, and how many more there may be. A direction of a record is all of
# its links that start there, or all that end there: what the contract's indexes can read.
_EXPAND = """
WITH RECURSIVE asked AS MATERIALIZED (
    SELECT r.id FROM records AS r JOIN objects AS o ON o.id = r.object_id
    WHERE r.id = ANY(:ids) AND {may}
), asked_sides AS MATERIALIZED (
    SELECT a.id, d.is_from, s.relationship_id, s.n,
           sum(s.n) OVER (PARTITION BY a.id, d.is_from) AS total
    FROM asked AS a CROSS JOIN (VALUES (true), (false)) AS d(is_from) CROSS JOIN LATERAL (
        SELECT x.relationship_id, count(*) AS n FROM (
            (SELECT l.relationship_id FROM relationship_records AS l
             WHERE d.is_from AND l.from_record_id = a.id LIMIT :most_counted + 1)
            UNION ALL
            (SELECT l.relationship_id FROM relationship_records AS l
             WHERE NOT d.is_from AND l.to_record_id = a.id LIMIT :most_counted + 1)
        ) AS x GROUP BY x.relationship_id) AS s
), small AS MATERIALIZED (
    SELECT id, is_from, array_agg(relationship_id) AS relationship_ids FROM asked_sides
    WHERE n <= :most_links AND :side IN ('', relationship_id)
      AND (:side = '' OR is_from = :side_is_from)
    GROUP BY id, is_from
), first AS MATERIALIZED (
    SELECT array(
        SELECT m.other FROM (
            SELECT DISTINCT l.other FROM small AS s CROSS JOIN LATERAL (
                SELECT l.to_record_id AS other FROM relationship_records AS l
                WHERE s.is_from AND l.from_record_id = s.id
                  AND l.relationship_id = ANY(s.relationship_ids)
                UNION ALL
                SELECT l.from_record_id FROM relationship_records AS l
                WHERE NOT s.is_from AND l.to_record_id = s.id
                  AND l.relationship_id = ANY(s.relationship_ids)) AS l
            WHERE l.other <> ALL(:ids) AND l.other <> ALL(:known)) AS m
        JOIN records AS r ON r.id = m.other JOIN objects AS o ON o.id = r.object_id
        WHERE :depth > 0 AND {may} ORDER BY m.other LIMIT :most_records) AS ids
), walk(distance, ids, seen, room) AS (
    SELECT 1, ids, CAST(:ids AS varchar[]) || CAST(:known AS varchar[]) || ids,
           :most_records - cardinality(ids)
    FROM first
    UNION ALL
    SELECT w.distance + 1, step.ids, w.seen || step.ids, w.room - cardinality(step.ids)
    FROM walk AS w CROSS JOIN LATERAL (
        SELECT array(
            SELECT m.other FROM (
                SELECT g.other, min(g.place) AS place FROM (
                    SELECT l.other, f.place,
                           count(*) OVER (PARTITION BY f.place, l.is_from) AS n,
                           count(*) OVER (PARTITION BY f.place, l.is_from, l.relationship_id)
                               AS n_side
                    FROM unnest(w.ids) WITH ORDINALITY AS f(id, place)
                    CROSS JOIN LATERAL ({glance}) AS l) AS g
                WHERE g.n <= :glance AND g.n_side <= :most_links AND g.other <> ALL(w.seen)
                GROUP BY g.other) AS m
            JOIN records AS r ON r.id = m.other JOIN objects AS o ON o.id = r.object_id
            WHERE {may} ORDER BY m.place, m.other LIMIT w.room) AS ids OFFSET 0) AS step
    WHERE w.distance < :depth AND w.room > 0 AND cardinality(w.ids) > 0
), met AS (
    SELECT id, 0 AS distance FROM asked
    UNION ALL
    SELECT k.id, -1 FROM unnest(CAST(:known AS varchar[])) AS k(id) WHERE k.id <> ALL(:ids)
    UNION ALL SELECT n.id, w.distance FROM walk AS w CROSS JOIN unnest(w.ids) AS n(id)
), node AS MATERIALIZED (
    SELECT r.id, r.object_id, o.label, o.icon, r.primary_value, met.distance
    FROM met JOIN records AS r ON r.id = met.id JOIN objects AS o ON o.id = r.object_id WHERE {may}
), glanced AS MATERIALIZED (
    SELECT f.id AS node_id, f.distance, l.*, count(*) OVER (PARTITION BY f.id, l.is_from) AS n
    FROM node AS f CROSS JOIN LATERAL ({glance}) AS l
), hub AS MATERIALIZED (
    SELECT DISTINCT node_id, is_from, distance FROM glanced WHERE n > :glance
), link_ids AS (
    SELECT g.id FROM glanced AS g WHERE g.n <= :glance AND g.other IN (SELECT id FROM node)
    UNION
    SELECT l.id FROM hub AS h JOIN relationship_records AS l ON l.from_record_id = h.node_id
    WHERE h.is_from AND l.to_record_id IN (SELECT node_id FROM hub WHERE NOT is_from)
), counts AS (
    SELECT id AS node_id, relationship_id, is_from, n, total > :most_counted AS is_least
    FROM asked_sides
    UNION ALL
    SELECT node_id, relationship_id, is_from, count(*), false FROM glanced
    WHERE n <= :glance AND distance <> 0 GROUP BY node_id, relationship_id, is_from
    UNION ALL
    SELECT h.node_id, '', h.is_from, least(c.n, :most_counted), c.n > :most_counted
    FROM hub AS h CROSS JOIN LATERAL (SELECT count(*) AS n FROM (
        (SELECT FROM relationship_records AS l
         WHERE h.is_from AND l.from_record_id = h.node_id LIMIT :most_counted + 1)
        UNION ALL
        (SELECT FROM relationship_records AS l
         WHERE NOT h.is_from AND l.to_record_id = h.node_id LIMIT :most_counted + 1)) AS x) AS c
    WHERE h.distance <> 0
)
SELECT 'record' AS kind, id, object_id AS a, label AS b, icon AS c, primary_value AS d,
       distance AS n, false AS flag, NULL AS data
FROM node
UNION ALL
SELECT 'link', l.id, l.relationship_id, l.from_record_id, l.to_record_id, NULL, 0, false,
       l.relationship_metadata
FROM relationship_records AS l WHERE l.id IN (SELECT id FROM link_ids)
UNION ALL
SELECT CASE WHEN is_from THEN 'from' ELSE 'to' END, node_id, relationship_id, NULL, NULL, NULL, n,
       is_least, NULL
FROM counts
"""
_GLANCE = """
    (SELECT l.id, l.relationship_id, true AS is_from, l.to_record_id AS other
     FROM relationship_records AS l WHERE l.from_record_id = f.id LIMIT :glance + 1)
    UNION ALL
    (SELECT l.id, l.relationship_id, false, l.from_record_id
     FROM relationship_records AS l WHERE l.to_record_id = f.id LIMIT :glance + 1)
"""
_LISTS = [bindparam(name, type_=ARRAY(String)) for name in ("ids", "known")]
_EXPANSION = text(expansion_sql(MAY_READ)).bindparams(*_LISTS)

"""What stands under one relationship: links, links per record, breaches, and who mentions it."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import text

from crm_desktop.db.database import ReadSession
from crm_desktop.db.expressions import Parameters
from crm_desktop.db.view_rows import standing_of, views_naming
from crm_desktop.domain.access import Permission, RecordRight
from crm_desktop.domain.cardinality import from_has_one, to_has_one
from crm_desktop.services.record_conditions import permitted
from crm_desktop.services.relationships import get_relationship

MOST_CROWDED = 500


@dataclass(frozen=True, slots=True)
class EndFigures:
    """One end: how many of its records have links, how many the most linked one has.

    `crowded` counts those with more than one link.
    """

    linked: int
    most: int
    crowded: int


@dataclass(frozen=True, slots=True)
class RelationshipFigures:
    """`breaches` counts by the kinds of `doctor.BREACHES`, zero included."""

    links: int
    from_end: EndFigures
    to_end: EndFigures
    breaches: dict[str, int]


@dataclass(frozen=True, slots=True)
class CrowdedRecord:
    """A record with several links; its name is its id where one may not read it."""

    id: str
    title: str
    links: int


@dataclass(frozen=True, slots=True)
class CrowdedRecords:
    """The records with several links at one end, those with the most first; `total` is of all."""

    total: int
    records: tuple[CrowdedRecord, ...]


@dataclass(frozen=True, slots=True)
class Mention:
    """Something that names the relationship: a view of an object, or an application."""

    kind: str  # "view" or "application"
    title: str
    object_id: str = ""
    object_label: str = ""


def relationship_figures(session: ReadSession, relationship_id: str) -> RelationshipFigures:
    """Count links and breaches: seconds for millions of links. Raises NotFound."""
    session.actor.require(Permission.READ_RECORDS)
    relationship = get_relationship(session, relationship_id)
    ends = {
        "relationship_id": relationship_id,
        "from_object": relationship.from_object.id,
        "to_object": relationship.to_object.id,
    }
    row = session.execute(text(_FIGURES), ends).one()
    from_end = EndFigures(row.from_linked, row.from_most, row.from_crowded)
    to_end = EndFigures(row.to_linked, row.to_most, row.to_crowded)
    crowded = 0
    if to_has_one(relationship.type):
        crowded = to_end.crowded
    elif from_has_one(relationship.type):
        crowded = from_end.crowded
    breaches = {
        "broken_cardinality": crowded,
        "links_to_wrong_object": row.wrong,
        "duplicate_links": row.duplicates,
    }
    return RelationshipFigures(row.links, from_end, to_end, breaches)


def crowded_records(
    session: ReadSession, relationship_id: str, *, is_from: bool, most: int = MOST_CROWDED
) -> CrowdedRecords:
    """Return the records at one end that have several links, at most `most` of them by name."""
    session.actor.require(Permission.READ_RECORDS)
    relationship = get_relationship(session, relationship_id)
    end = relationship.from_object if is_from else relationship.to_object
    bound = Parameters()
    statement = _CROWDED.format(
        column="from_record_id" if is_from else "to_record_id",
        relationship=bound.bind(relationship_id),
        most=bound.bind(most),
        allowed=permitted(session, bound, end.id, RecordRight.READ),
        object=bound.bind(end.id),
    )
    rows = session.execute(text(statement), bound.values).all()
    found = [CrowdedRecord(row.id, row.title or row.id, row.links) for row in rows if row.id]
    return CrowdedRecords(rows[0].total, tuple(found))


def mentions_of_relationship(session: ReadSession, relationship_id: str) -> tuple[Mention, ...]:
    """Return the saved views and applications that name the relationship, in order of title."""
    session.actor.require(Permission.READ_DEFINITIONS)
    asked = {"quoted": f'"{relationship_id}"'}
    found = [Mention(*row) for row in session.execute(text(_MENTIONS), asked)]
    if standing_of(session).is_readable:
        known = {(each.object_id, each.title) for each in found}
        for object_id, label, title in views_naming(session, relationship_id):
            if (object_id, title) not in known:
                found.append(Mention("view", title, object_id, label))
    return tuple(sorted(found, key=_reading_order))


def _reading_order(mention: Mention) -> Any:
    return (mention.kind, mention.object_label.casefold(), mention.title.casefold())


_FIGURES = """
WITH l AS MATERIALIZED (
    SELECT from_record_id AS f, to_record_id AS t FROM relationship_records
    WHERE relationship_id = :relationship_id
),
at_from AS (SELECT count(*) AS n FROM l GROUP BY f),
at_to AS (SELECT count(*) AS n FROM l GROUP BY t),
pairs AS (SELECT count(*) AS n FROM l GROUP BY f, t HAVING count(*) > 1)
SELECT (SELECT count(*) FROM l) AS links, a.*, b.*,
    (SELECT COALESCE(sum(n - 1), 0)::bigint FROM pairs) AS duplicates,
    (SELECT count(*) FROM l
     LEFT JOIN records AS x ON x.id = l.f LEFT JOIN records AS y ON y.id = l.t
     WHERE x.object_id IS DISTINCT FROM :from_object OR y.object_id IS DISTINCT FROM :to_object
    ) AS wrong
FROM (SELECT count(*) AS from_linked, COALESCE(max(n), 0) AS from_most,
             count(*) FILTER (WHERE n > 1) AS from_crowded FROM at_from) AS a
CROSS JOIN (SELECT count(*) AS to_linked, COALESCE(max(n), 0) AS to_most,
             count(*) FILTER (WHERE n > 1) AS to_crowded FROM at_to) AS b
"""
_CROWDED = """
WITH crowded AS MATERIALIZED (
    SELECT {column} AS id, count(*) AS links FROM relationship_records
    WHERE relationship_id = {relationship} GROUP BY 1 HAVING count(*) > 1
),
first AS (SELECT * FROM crowded ORDER BY links DESC, id LIMIT CAST({most} AS bigint))
SELECT t.total, c.id, c.links, r.primary_value AS title
FROM (SELECT count(*) AS total FROM crowded) AS t
LEFT JOIN first AS c ON true
LEFT JOIN records AS r ON r.id = c.id AND r.object_id = {object} AND {allowed}
ORDER BY c.links DESC, c.id
"""
_MENTIONS = """
SELECT 'view' AS kind, COALESCE(e.entry ->> 'name', '') AS title, o.id, o.label
FROM objects AS o
CROSS JOIN LATERAL jsonb_array_elements(
    CASE WHEN jsonb_typeof(o.views -> 'tables') = 'array' THEN o.views -> 'tables' ELSE '[]' END
) AS e(entry)
WHERE jsonb_typeof(e.entry) = 'object' AND strpos(CAST(e.entry AS text), :quoted) > 0
UNION ALL
SELECT 'application', COALESCE(a.label, a.name), '', '' FROM applications AS a
WHERE strpos(CAST(a.config AS text), :quoted) > 0
"""

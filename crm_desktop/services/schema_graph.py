"""The schema as a graph: objects with their fields, relationships, and how these are used."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import text

from crm_desktop.db.database import ReadSession
from crm_desktop.domain.access import Permission
from crm_desktop.domain.cardinality import from_has_one, to_has_one
from crm_desktop.domain.errors import NotFound
from crm_desktop.domain.field_types import SYSTEM_COLUMNS, type_of

_REFERENCES = ("reference", "lookup")


class SchemaField(NamedTuple):  # thousands are made before the first picture
    """A field as an object shows it. `is_key` marks what names, is required, or refers."""

    id: str
    label: str
    type: str
    is_required: bool
    is_key: bool


class SchemaObject(NamedTuple):
    id: str
    name: str
    label: str
    plural_name: str
    icon: str
    fields: tuple[SchemaField, ...]


class SchemaRelationship(NamedTuple):
    id: str
    name: str
    type: str
    from_id: str
    to_id: str
    from_label: str
    to_label: str


@dataclass(frozen=True, slots=True)
class Schema:
    """All objects by label, and all relationships by name."""

    objects: tuple[SchemaObject, ...]
    relationships: tuple[SchemaRelationship, ...]


@dataclass(frozen=True, slots=True)
class SideFigures:
    """How many records of one side have links, and how many the one with the most."""

    records: int
    most: int


@dataclass(frozen=True, slots=True)
class Figures:
    """What the links of a relationship are; the last three are breaches.

    `crowded` counts records with several links where the type allows one, `repeated` links that
    are there more than once, `misplaced` links to a record of another object.
    """

    links: int
    from_side: SideFigures
    to_side: SideFigures
    crowded: int
    repeated: int
    misplaced: int

    @property
    def breaches(self) -> int:
        return self.crowded + self.repeated + self.misplaced


def read_schema(session: ReadSession) -> Schema:
    """Return objects, their fields in layout order, and relationships, in one statement.

    A field that other programs attached twice stands once. Records are counted apart, by
    `objects.count_records`, and links by `relationship_figures`.
    """
    session.actor.require(Permission.READ_DEFINITIONS)
    objects, fields, relationships = session.execute(text(SCHEMA)).one()
    by_object = defaultdict[str, list[Sequence[Any]]](list)
    for row in fields:
        by_object[row[0]].append(row)
    return Schema(
        tuple(SchemaObject._make((*row, _fields(by_object[row[0]]))) for row in objects),
        tuple(map(SchemaRelationship._make, relationships)),
    )


def relationship_figures(session: ReadSession, relationship_id: str) -> Figures:
    """Count the links of a relationship and what is wrong with them; slow with millions.

    One statement; raises NotFound.
    """
    session.actor.require(Permission.READ_RECORDS)
    row = session.execute(text(_FIGURES), {"id": relationship_id}).one_or_none()
    if row is None:
        raise NotFound("This relationship no longer exists.")
    crowded = 0
    if to_has_one(row.type):
        crowded += row.to_crowded
    if from_has_one(row.type):
        crowded += row.from_crowded
    return Figures(
        links=row.links,
        from_side=SideFigures(row.from_records, row.from_most),
        to_side=SideFigures(row.to_records, row.to_most),
        crowded=crowded,
        repeated=row.repeated,
        misplaced=row.misplaced,
    )


def _fields(rows: Sequence[Sequence[Any]]) -> tuple[SchemaField, ...]:
    """Make one object's fields of rows of its id and theirs, label, type, whether required."""
    found: dict[str, SchemaField] = {}
    has_name = False
    for _, field_id, label, type_, is_required in rows:
        if field_id in found:
            continue
        is_key = is_required or type_ in _REFERENCES
        if not has_name and _is_text_like(type_) and field_id not in SYSTEM_COLUMNS:
            has_name = is_key = True
        found[field_id] = SchemaField(field_id, label, type_, is_required, is_key)
    return tuple(found.values())


_TEXT_LIKE: dict[str, bool] = {}


def _is_text_like(type_: str) -> bool:
    if type_ not in _TEXT_LIKE:
        _TEXT_LIKE[type_] = type_of(type_).is_text_like
    return _TEXT_LIKE[type_]


def key_fields(of: SchemaObject) -> tuple[SchemaField, ...]:
    return tuple([field for field in of.fields if field.is_key])


SCHEMA = """
SELECT
  (SELECT coalesce(json_agg(json_build_array(o.id, o.name, o.label, o.plural_name,
          coalesce(o.icon, '')) ORDER BY lower(o.label), o.id), '[]')
   FROM objects o),
  (SELECT coalesce(json_agg(json_build_array(a.object_id, f.id,
          coalesce(CASE WHEN jsonb_typeof(a.field_overrides -> 'label') = 'string'
                   THEN nullif(a.field_overrides ->> 'label', '') END, f.label),
          f.type, a.is_required)
          ORDER BY a.object_id, a.display_order, a.created_at, a.id), '[]')
   FROM object_fields a JOIN fields f ON f.id = a.field_id),
  (SELECT coalesce(json_agg(json_build_array(r.id, r.name, r.type, r.from_object_id,
          r.to_object_id, coalesce(r.from_label, ''), coalesce(r.to_label, ''))
          ORDER BY lower(r.name), r.id), '[]')
   FROM relationships r)
"""
"""Reads what `read_schema` returns; the benchmark measures itself against this alone."""

_FIGURES = """
WITH pairs AS (
    SELECT from_record_id, to_record_id, count(*) AS times FROM relationship_records
    WHERE relationship_id = :id GROUP BY from_record_id, to_record_id
), of_from AS (
    SELECT sum(times)::bigint AS links, count(*) AS others FROM pairs GROUP BY from_record_id
), of_to AS (
    SELECT sum(times)::bigint AS links, count(*) AS others FROM pairs GROUP BY to_record_id
)
SELECT r.type,
    (SELECT coalesce(sum(times), 0)::bigint FROM pairs) AS links,
    (SELECT count(*) FROM of_from) AS from_records,
    (SELECT coalesce(max(links), 0) FROM of_from) AS from_most,
    (SELECT count(*) FROM of_from WHERE others > 1) AS from_crowded,
    (SELECT count(*) FROM of_to) AS to_records,
    (SELECT coalesce(max(links), 0) FROM of_to) AS to_most,
    (SELECT count(*) FROM of_to WHERE others > 1) AS to_crowded,
    (SELECT coalesce(sum(times - 1), 0)::bigint FROM pairs) AS repeated,
    (SELECT count(*) FROM pairs p
        JOIN records f ON f.id = p.from_record_id JOIN records t ON t.id = p.to_record_id
        WHERE f.object_id <> r.from_object_id OR t.object_id <> r.to_object_id) AS misplaced
FROM relationships r WHERE r.id = :id
"""

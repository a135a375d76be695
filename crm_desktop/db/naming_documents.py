"""The JSON documents that may name an object, a field, a relationship or a record by its id."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import text

from crm_desktop.db.database import ReadSession, dump_json


@dataclass(frozen=True, slots=True)
class Document:
    """One document and whose it is: `source` says which of `SOURCES`, `id` what in it.

    `owner_id` is the object (or relationship) that it belongs to; `label` is what it is called,
    None where what it belongs to is gone.
    """

    source: str
    id: str
    owner_id: str
    label: str | None
    body: Any


@dataclass(frozen=True, slots=True)
class Source:
    """Where documents stand; the columns are SQL, constants all of them."""

    name: str
    table: str
    id: str
    owner: str
    label: str
    body: str


_OURS = "crm_desktop."
_RELATIONSHIP = "(SELECT r.name FROM relationships r WHERE r.id = relationship_id)"
SOURCES = (
    Source("objects", "objects", "id", "id", "label", "views"),
    Source("fields", "fields", "id", "id", "label", "config"),
    Source("overrides", "object_fields", "field_id", "object_id",
           "(SELECT f.label FROM fields f WHERE f.id = field_id)", "field_overrides"),
    Source("applications", "applications", "id", "id", "coalesce(label, name)", "config"),
    Source("views", f"{_OURS}table_views", "view_id", "object_id", "coalesce(entry ->> 'name', '')",
           "jsonb_build_object('entry', entry, 'extras', extras)"),
    Source("forms", f"{_OURS}form_layouts", "form_id", "object_id", "''", "extras"),
    Source("link_schemas", f"{_OURS}link_schemas", "relationship_id", "relationship_id",
           _RELATIONSHIP, "jsonb_build_object('of', relationship_id, 'keys', keys)"),
    Source("link_panels", f"{_OURS}link_panels", "CAST(is_from AS text)", "relationship_id",
           _RELATIONSHIP, "jsonb_build_object('of', relationship_id, 'settings', settings)"),
    Source("diagrams", f"{_OURS}diagrams", "id", "id", "name",
           "jsonb_build_object('settings', settings, 'positions', (SELECT jsonb_agg(p.object_id)"
           " FROM crm_desktop.diagram_positions p WHERE p.diagram_id = diagrams.id))"),
)  # fmt: skip


def documents_naming(session: ReadSession, ids: Collection[str]) -> Iterator[Document]:
    """Give the documents in which one of these ids stands; of our own tables what can be read."""
    marks = [dump_json(id_) for id_ in ids]
    for source in _readable(session) if marks else ():
        query = (
            f"SELECT {source.id}, {source.owner}, {source.label}, {source.body}"  # noqa: S608
            f" FROM {source.table} WHERE EXISTS (SELECT FROM unnest(CAST(:marks AS text[])) m"
            f" WHERE strpos(CAST({source.body} AS text), m) > 0) ORDER BY 3, 1"
        )
        for id_, owner, label, body in session.execute(text(query), {"marks": marks}):
            yield Document(source.name, id_, owner, label, body)


def texts_sql(session: ReadSession) -> str:
    """Return a SELECT of all texts within the documents, as `named`: some may be ids."""
    bodies = " UNION ALL ".join(
        f"SELECT {source.body} AS body FROM {source.table}"  # noqa: S608 - constants
        for source in _readable(session)
    )
    return (
        f"SELECT DISTINCT found.value #>> '{{}}' AS named FROM ({bodies}) AS documents"  # noqa: S608
        f" CROSS JOIN LATERAL jsonb_path_query(documents.body, 'lax $.**') AS found(value)"
        f" WHERE jsonb_typeof(found.value) = 'string'"
    )


def _readable(session: ReadSession) -> list[Source]:
    ours = set(session.scalars(text(_READABLE)))
    if "diagram_positions" not in ours:
        ours.discard("diagrams")
    return [
        source
        for source in SOURCES
        if not source.table.startswith(_OURS) or source.table.removeprefix(_OURS) in ours
    ]


_READABLE = """
SELECT c.relname::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = 'crm_desktop' AND c.relkind = 'r'
  AND has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, 'SELECT')
"""

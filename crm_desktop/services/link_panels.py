"""The panel of links on a record's page: which columns it can show, and which it does show."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import text

from crm_desktop.db import link_panel_rows
from crm_desktop.db.database import ReadSession, WriteSession
from crm_desktop.db.link_panel_rows import standing_of
from crm_desktop.domain.access import Permission
from crm_desktop.domain.changes import Topic
from crm_desktop.domain.errors import Invalid, NotFound
from crm_desktop.domain.field_types import SYSTEM_COLUMNS, EffectiveField, naming_fields
from crm_desktop.domain.filters import Sort
from crm_desktop.services.link_columns import (
    LINKED_COLUMN,
    METADATA,
    METADATA_COLUMN,
    NAME,
    NAME_COLUMN,
    free_key,
    key_column,
)
from crm_desktop.services.link_schemas import LinkKey, fields_of, get_link_schema
from crm_desktop.services.records import columns_of
from crm_desktop.services.relationships import get_relationship
from crm_desktop.services.views import list_views

USUAL_FIELDS = 3  # where the links have no keys; each key takes the room of one
LOOKED_AT = 200  # links, for keys that no schema names
MOST_FREE_KEYS = 50


@dataclass(frozen=True, slots=True)
class LinkPanel:
    """What a panel can show: `columns` in order, the name first, and of them what it does show.

    `usual` is what it shows where nobody chose, `keys` the schema of the metadata. `limit` says
    why a choice cannot be kept for colleagues, "" where it can.
    """

    columns: tuple[EffectiveField, ...]
    shown: tuple[str, ...]
    usual: tuple[str, ...]
    keys: tuple[LinkKey, ...]
    sort: tuple[Sort, ...] = ()
    limit: str = ""

    def chosen(self, ids: Sequence[str]) -> tuple[EffectiveField, ...]:
        """Return these columns, as far as they exist; the name always stands first."""
        known = {column.id: column for column in self.columns}
        wanted = dict.fromkeys([NAME, *ids])
        return tuple(known[id_] for id_ in wanted if id_ in known)


@dataclass(frozen=True, slots=True)
class _InUse:
    """Keys that links of a record hold, and whether any says something at all."""

    keys: tuple[str, ...]
    says_something: bool


def get_link_panel(
    session: ReadSession, record_id: str, relationship_id: str, *, is_from: bool
) -> LinkPanel:
    """Return the panel of a record that stands on this side; raises NotFound for a relationship.

    It shows what was chosen for this side, else what the default view of the other object or its
    layout begins with, and the keys of the metadata.
    """
    session.actor.require(Permission.READ_RECORDS)
    relationship = get_relationship(session, relationship_id)
    other = relationship.to_object if is_from else relationship.from_object
    fields = columns_of(session, other.id)
    keys = get_link_schema(session, relationship_id)
    in_use = _keys_in_use(session, record_id, relationship_id, is_from=is_from)
    named = {key.name for key in keys}
    free = [free_key(name) for name in in_use.keys if name not in named]
    of_link = [key_column(each) for each in (*fields_of(keys), *free) if _can_be_column(each)]
    most = max(1, USUAL_FIELDS + 1 - max(1, len(keys)))
    usual = (NAME, *_usual_fields(session, other.id, fields)[:most], *_usual_keys(keys, in_use))
    standing = standing_of(session)
    stored: Any = {}
    if standing.is_readable:
        stored = link_panel_rows.read_settings(session, relationship_id, is_from=is_from)
    chosen = _texts(stored.get("columns")) if isinstance(stored, Mapping) else ()
    own = (NAME_COLUMN, *fields, *of_link, LINKED_COLUMN, METADATA_COLUMN)
    sort = _sort(stored, {column.id for column in own})
    return LinkPanel(own, chosen or usual, usual, keys, sort, standing.reason)


def save_link_panel(
    session: WriteSession,
    relationship_id: str,
    columns: Sequence[str],
    sort: Sequence[Sort],
    *,
    is_from: bool,
) -> None:
    """Keep for everybody which columns this side's panels show, and in what order their links.

    No columns at all give back the usual ones. Raises Invalid for "columns" where nothing can be
    kept in this database.
    """
    session.actor.require(Permission.EDIT_RELATIONSHIPS)
    get_relationship(session, relationship_id)
    standing = standing_of(session)
    if not standing.is_writable:
        sentence = f"Which columns are shown cannot be kept for your colleagues: {standing.reason}."
        raise Invalid({"columns": sentence})
    by = [{"column": each.field_id, "descending": each.descending} for each in sort]
    settings = {"columns": list(columns), "sort": by} if columns or by else {}
    link_panel_rows.write_settings(session, relationship_id, settings, is_from=is_from)
    session.note(Topic.RELATIONSHIPS, relationship_id)


def _keys_in_use(
    session: ReadSession, record_id: str, relationship_id: str, *, is_from: bool
) -> _InUse:
    """Look at some of the record's links; metadata of any shape is met."""
    values = {
        "record_id": record_id,
        "relationship_id": relationship_id,
        "looked_at": LOOKED_AT,
        "most": MOST_FREE_KEYS,
    }
    row = session.execute(text(_IN_USE[is_from]), values).one()
    return _InUse(tuple(row.keys or ()), bool(row.says_something))


def _usual_fields(
    session: ReadSession, object_id: str, fields: Sequence[EffectiveField]
) -> list[str]:
    """Return the first columns of the default view, else of the layout, without the name itself."""
    known = {field.id: field for field in fields if field.is_visible}
    try:
        views = list_views(session, object_id).views
    except NotFound:
        views = ()
    wanted = next((view.settings.columns for view in views if view.is_default), ())
    ids = [id_ for id_ in wanted if id_ in known] or [
        id_ for id_ in known if id_ not in SYSTEM_COLUMNS
    ]
    naming = {field.id for field in naming_fields(fields)[:1]}
    return [id_ for id_ in ids if id_ not in naming]


def _usual_keys(keys: Sequence[LinkKey], in_use: _InUse) -> list[str]:
    if keys:
        return [key_column(field).id for field in fields_of(keys)]
    return [METADATA] if in_use.says_something else []


def _can_be_column(key: EffectiveField) -> bool:
    """Leave out a key that is called as a column is: it shows with all the metadata alone."""
    return key.id not in SYSTEM_COLUMNS


def _texts(value: Any) -> tuple[str, ...]:
    return tuple(each for each in value if isinstance(each, str)) if isinstance(value, list) else ()


def _sort(stored: Any, known: set[str]) -> tuple[Sort, ...]:
    entries = stored.get("sort") if isinstance(stored, Mapping) else None
    found = [
        (entry.get("column"), entry.get("descending") is True)
        for entry in (entries if isinstance(entries, list) else ())
        if isinstance(entry, Mapping)
    ]
    return tuple(
        Sort(column, descending=descending)
        for column, descending in found
        if isinstance(column, str) and column in known - {METADATA}
    )


_LOOK = """
WITH known AS (
    SELECT relationship_metadata AS said FROM relationship_records
    WHERE {own}_record_id = :record_id AND relationship_id = :relationship_id LIMIT :looked_at
), used AS (
    SELECT name, count(*) AS times FROM known, jsonb_object_keys(
        CASE WHEN jsonb_typeof(said) = 'object' THEN said ELSE '{{}}' END) AS name
    GROUP BY name ORDER BY times DESC, name LIMIT :most
)
SELECT (SELECT array_agg(name ORDER BY times DESC, name) FROM used) AS keys,
       EXISTS (SELECT 1 FROM known WHERE said NOT IN ('{{}}', 'null')) AS says_something
"""
_IN_USE = {is_from: _LOOK.format(own="from" if is_from else "to") for is_from in (True, False)}

"""What a link picker shows beside the records it lists: linked already, or taken by whom."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import TextClause, text

from crm_desktop.db.database import ReadSession
from crm_desktop.domain.access import Permission
from crm_desktop.domain.field_types import EffectiveField
from crm_desktop.services.link_checks import Holding
from crm_desktop.services.link_detail import LinkForm, read_link_form
from crm_desktop.services.objects import ObjectSummary, list_objects
from crm_desktop.services.record_rights import right_sql, rights_values
from crm_desktop.services.records import columns_of
from crm_desktop.services.references import name_references
from crm_desktop.services.relationships import RelationshipSide
from crm_desktop.services.views import list_views

MOST_COLUMNS = 5


@dataclass(frozen=True, slots=True)
class Standing:
    """What a record is called, and how it stands to the one that links are picked for.

    `link_id` is set where they are linked already; `holding` where it can be linked once only and
    somebody else has it.
    """

    title: str
    link_id: str = ""
    holding: Holding | None = None


@dataclass(frozen=True, slots=True)
class PickerStart:
    """What a picker needs beside the records: columns, what links can say, and who holds us.

    `held` is the link of the record itself where it can have one only: picking another moves it.
    """

    columns: tuple[EffectiveField, ...]
    form: LinkForm
    held: Holding | None = None


def columns_to_pick_from(session: ReadSession, object_id: str) -> tuple[EffectiveField, ...]:
    """Return the columns by which people tell an object's records apart: five at the most.

    Those of its default view, else the first of its layout; raises NotFound for the object.
    """
    session.actor.require(Permission.READ_RECORDS)
    fields = columns_of(session, object_id)
    known = {field.id: field for field in fields}
    views = list_views(session, object_id).views
    usual = next((view.settings.columns for view in views if view.is_default), ())
    chosen = [known[id_] for id_ in dict.fromkeys(usual) if id_ in known]
    chosen = chosen or [field for field in fields if field.is_visible]
    return tuple(chosen[:MOST_COLUMNS])


def start_picking(session: ReadSession, record_id: str, side: RelationshipSide) -> PickerStart:
    """Return what a picker for this record shows first; raises NotFound for the other object."""
    session.actor.require(Permission.READ_RECORDS)
    columns = columns_to_pick_from(session, side.other.id)
    form = read_link_form(session, side.relationship_id)
    held = None
    if side.has_one:  # seen from over there, the record itself is what is taken
        call = _standings(is_from=not side.is_from, is_single=True)
        found = _read(session, call, [record_id], "", side)
        held = found[record_id].holding if record_id in found else None
    return PickerStart(columns, form, held)


def standings_of(
    session: ReadSession,
    ids: Sequence[str],
    *,
    record_id: str,
    side: RelationshipSide,
) -> Mapping[str, Standing]:
    """Return by id how these records of the other object stand to `record_id`: one statement."""
    session.actor.require(Permission.READ_RECORDS)
    if not ids:
        return {}
    query = _standings(is_from=side.is_from, is_single=side.other_has_one)
    return _read(session, query, ids, record_id, side)


def _read(
    session: ReadSession,
    query: TextClause,
    ids: Sequence[str],
    record_id: str,
    side: RelationshipSide,
) -> dict[str, Standing]:
    values = {"ids": list(ids), "record": record_id, "relationship": side.relationship_id}
    found: dict[str, list[Any]] = {}
    for row in session.execute(query, {**values, **rights_values(session.actor)}):
        found.setdefault(row[0], []).append(row)
    return {id_: _standing(record_id, rows) for id_, rows in found.items()}


@lru_cache(maxsize=4)
def _standings(*, is_from: bool, is_single: bool) -> TextClause:
    """Return the candidates with their links: all where one is the most, else those to us."""
    own, other = "x.from_record_id", "x.to_record_id"
    own, other = (own, other) if is_from else (other, own)
    counts = "" if is_single else f" AND {own} = CAST(:record AS text)"
    return text(f"""
        SELECT c.id, c.primary_value, x.id, {own},
               CASE WHEN {right_sql("h", "ho", "read")} THEN coalesce(h.primary_value, h.id) END
        FROM records c
        LEFT JOIN relationship_records x ON {other} = c.id
              AND x.relationship_id = CAST(:relationship AS text){counts}
        LEFT JOIN records h ON h.id = {own} LEFT JOIN objects ho ON ho.id = h.object_id
        WHERE c.id = ANY(CAST(:ids AS text[]))
        ORDER BY c.id, {own} = CAST(:record AS text) DESC, x.created_at, x.id
    """)  # noqa: S608 - names that stand here


def _standing(record_id: str, rows: Sequence[Any]) -> Standing:
    """Read the links of one candidate, its own with the record first."""
    id_, name, link_id, holder, holder_title = rows[0]
    title = name or id_
    if link_id is None:
        return Standing(title)
    if holder == record_id:
        return Standing(title, link_id)
    holding = Holding(id_, title, holder, holder_title or "", link_id, len(rows))
    return Standing(title, holding=holding)


def titles_of(session: ReadSession, ids: Sequence[str]) -> Mapping[str, Standing]:
    """Return by id what records are called, where nothing is linked."""
    session.actor.require(Permission.READ_RECORDS)
    names = name_references(session, ids, ())
    return {id_: Standing(name) for id_, name in names.items()}


def objects_to_pick_from(session: ReadSession, names: Sequence[str]) -> list[ObjectSummary]:
    """Return these objects, given by id or by name, or all where none is given."""
    session.actor.require(Permission.READ_DEFINITIONS)
    wanted = set(names)
    return [each for each in list_objects(session) if not wanted or wanted & {each.id, each.name}]

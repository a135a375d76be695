"""What a link picker shows beside the records it lists: linked already, or taken by whom."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ARRAY, String, and_, case, func, literal, null, select
from sqlalchemy.orm import aliased

from crm_desktop.db.database import ReadSession
from crm_desktop.db.tables import CrmObject, Record, RelationshipRecord
from crm_desktop.domain.access import Permission, RecordRight
from crm_desktop.domain.field_types import EffectiveField
from crm_desktop.services.link_checks import Holding
from crm_desktop.services.link_schemas import LinkKey, get_link_schema
from crm_desktop.services.objects import ObjectSummary, list_objects
from crm_desktop.services.record_rights import may
from crm_desktop.services.records import columns_of
from crm_desktop.services.references import name_references
from crm_desktop.services.relationships import RelationshipSide
from crm_desktop.services.views import list_views

MOST_COLUMNS = 5
_Link = RelationshipRecord
_Candidate = aliased(Record, name="candidate")


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
    keys: tuple[LinkKey, ...]
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


def start_picking(
    session: ReadSession, record_id: str, title: str, side: RelationshipSide
) -> PickerStart:
    """Return what a picker for this record shows first; raises NotFound for the other object."""
    session.actor.require(Permission.READ_RECORDS)
    columns = columns_to_pick_from(session, side.other.id)
    keys = get_link_schema(session, side.relationship_id)
    return PickerStart(columns, keys, _held(session, record_id, title, side))


def _held(
    session: ReadSession, record_id: str, title: str, side: RelationshipSide
) -> Holding | None:
    if not side.has_one:
        return None
    own, other = _ends(is_from=side.is_from)
    query = (
        select(_Link.id, other, _title(session), func.count().over())
        .outerjoin(Record, Record.id == other)
        .outerjoin(CrmObject, CrmObject.id == Record.object_id)
        .where(_Link.relationship_id == side.relationship_id, own == record_id)
        .order_by(_Link.created_at, _Link.id)
        .limit(1)
    )
    row = session.execute(query).one_or_none()
    if row is None:
        return None
    return Holding(record_id, title, row[1], row[2] or "", row[0], row[3])


def standings_of(
    session: ReadSession,
    ids: Sequence[str],
    *,
    record_id: str,
    side: RelationshipSide,
) -> Mapping[str, Standing]:
    """Return by id how these records of the other object stand to `record_id`: one statement."""
    session.actor.require(Permission.READ_RECORDS)
    own, other = _ends(is_from=side.is_from)
    counts = literal(True) if side.other_has_one else own == record_id
    joins = and_(other == _Candidate.id, _Link.relationship_id == side.relationship_id, counts)
    query = (
        select(_Candidate.id, _Candidate.primary_value, _Link.id, own, _title(session))
        .outerjoin(_Link, joins)
        .outerjoin(Record, and_(Record.id == own, literal(side.other_has_one)))
        .outerjoin(CrmObject, CrmObject.id == Record.object_id)
        .where(_Candidate.id == func.any(literal(list(ids), ARRAY(String))))
        .order_by(_Candidate.id, (own == record_id).desc(), _Link.created_at, _Link.id)
    )
    found: dict[str, list[Any]] = {}
    for row in session.execute(query):
        found.setdefault(row[0], []).append(row)
    return {id_: _standing(record_id, rows) for id_, rows in found.items()}


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


def _ends(*, is_from: bool) -> tuple[Any, Any]:
    """Return the columns of a link for the record one comes from, and for the other."""
    ends = (_Link.from_record_id, _Link.to_record_id)
    return ends if is_from else (ends[1], ends[0])


def _title(session: ReadSession) -> Any:
    """Return a holder's name, NULL where the person may not read it."""
    readable = may(session.actor, RecordRight.READ, Record, CrmObject)
    name = func.coalesce(Record.primary_value, Record.id)
    return case((and_(Record.id.is_not(None), readable), name), else_=null())

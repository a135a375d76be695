"""What stands in the way of links: one statement looks at all pairs, after the locks are held."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    FromClause,
    Select,
    String,
    and_,
    case,
    column,
    func,
    literal,
    null,
    or_,
    select,
    tuple_,
)
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import aliased

from crm_desktop.db.database import ReadSession, WriteSession
from crm_desktop.db.tables import CrmObject, Record, Relationship, RelationshipRecord
from crm_desktop.domain.access import Actor, Permission, RecordRight
from crm_desktop.domain.cardinality import from_has_one, to_has_one
from crm_desktop.domain.errors import Conflict, Forbidden, Invalid, NotFound, UserError
from crm_desktop.services.record_rights import may

Hindrance = Literal[
    "from_gone", "to_gone", "from_wrong", "to_wrong", "forbidden", "linked", "taken", "twice"
]
Pair: TypeAlias = tuple[str, str]  # ids of the records at the *from* and at the *to* side
UNSEEN = "a record that you may not see"

_Link = RelationshipRecord
_From, _FromObject = aliased(Record, name="from_record"), aliased(CrmObject, name="from_object")
_To, _ToObject = aliased(Record, name="to_record"), aliased(CrmObject, name="to_object")


@dataclass(frozen=True, slots=True)
class LockedRelationship:
    """A relationship whose type and objects nobody changes until the commit."""

    id: str
    name: str
    type: str
    from_object_id: str
    to_object_id: str
    from_object: str
    to_object: str

    @property
    def single(self) -> Literal["from", "to"] | None:
        """The side whose records have at most one link."""
        if to_has_one(self.type):
            return "to"
        return "from" if from_has_one(self.type) else None


@dataclass(frozen=True, slots=True)
class Holding:
    """Who has a record that can be linked once only; `holder_title` is "" where it may not be read.

    `links` is how many links it has: more than one are a breach that somebody else made.
    """

    record_id: str
    record_title: str
    holder_id: str
    holder_title: str
    link_id: str
    links: int = 1


@dataclass(frozen=True, slots=True)
class LinkRefusal:
    """Why two records cannot be linked, in a sentence; `holding` where one of them is taken."""

    from_record_id: str
    to_record_id: str
    hindrance: Hindrance
    reason: str
    holding: Holding | None = None


class RefusedLinks(Conflict):
    """None of the links was made; `refusals` says of each pair that was in the way why."""

    def __init__(self, refusals: Sequence[LinkRefusal]) -> None:
        first, others = refusals[0].reason, len(refusals) - 1
        more = f" {others:,} more could not be linked either." if others else ""
        super().__init__(first + more)
        self.refusals = tuple(refusals)


def as_error(refusals: Sequence[LinkRefusal], *, pairs: int) -> UserError:
    """Return what to raise; of a single pair the kind of failure that it is."""
    first = refusals[0]
    if pairs > 1 or first.hindrance in {"linked", "taken", "twice"}:
        return RefusedLinks(refusals)
    if first.hindrance == "forbidden":
        return Forbidden(first.reason)
    if first.hindrance in {"from_wrong", "to_wrong"}:
        side = first.hindrance.removesuffix("_wrong")
        return Invalid({f"{side}_record_id": first.reason})
    return NotFound(first.reason)


def lock_relationship(session: WriteSession, relationship_id: str) -> LockedRelationship:
    """Return the relationship, locked against a change of its type; raises NotFound."""
    session.actor.require(Permission.EDIT_LINKS)
    columns: list[Any] = [
        Relationship.id,
        Relationship.name,
        Relationship.type,
        Relationship.from_object_id,
        Relationship.to_object_id,
    ]
    for end in (Relationship.from_object_id, Relationship.to_object_id):
        label = select(CrmObject.label).where(CrmObject.id == end).scalar_subquery()
        columns.append(label)
    query = select(*columns).where(Relationship.id == relationship_id)
    row = session.execute(query.with_for_update(read=True, of=Relationship)).one_or_none()
    if row is None:
        raise NotFound("This relationship no longer exists.")
    return LockedRelationship(*row)


def lock_records(session: WriteSession, ids: Collection[str]) -> None:
    """Lock records in one order, the same for everybody, so that nobody waits in a circle."""
    session.actor.require(Permission.EDIT_LINKS)
    wanted = literal(sorted(set(ids)), ARRAY(String))
    query = select(Record.id).where(Record.id == func.any(wanted)).order_by(Record.id)
    session.execute(query.with_for_update(key_share=True)).all()


def given_pairs(pairs: Sequence[Pair]) -> FromClause:
    """Return these pairs as a table `pair` with the columns `from_id`, `to_id` and `place`."""
    sides = [literal([pair[side] for pair in pairs], ARRAY(String)) for side in (0, 1)]
    named = func.unnest(*sides).table_valued(
        column("from_id", String), column("to_id", String), with_ordinality="place", name="pair"
    )
    return named.render_derived()


def verdicts(
    actor: Actor,
    of: LockedRelationship,
    pairs: FromClause,
    moving: Mapping[str, str] | None = None,
) -> Select[Any]:
    """Return a SELECT of each pair with its `hindrance`, NULL where it can be linked.

    `moving` names by taken record who may lose it: then `moved_id` is that link's id. Every pair
    should come once. The statement is true for as long as relationship and records are locked.
    """
    pair = pairs.c
    same, held = _same_links(of, pairs), _held_links(of, pairs)
    is_moved = _is_moved(of, held, moving or {})
    own = pair.to_id if of.single == "to" else pair.from_id
    first = func.row_number().over(partition_by=own, order_by=pair.place)
    rules: list[tuple[ColumnElement[bool], Hindrance]] = [
        (_is_gone(actor, _From, _FromObject), "from_gone"),
        (_is_gone(actor, _To, _ToObject), "to_gone"),
        (_From.object_id != of.from_object_id, "from_wrong"),
        (_To.object_id != of.to_object_id, "to_wrong"),
        (~may(actor, RecordRight.UPDATE, _From, _FromObject), "forbidden"),
        (same.c.id.is_not(None), "linked"),
    ]
    if of.single:
        rules += [(and_(held.c.id.is_not(None), ~is_moved), "taken"), (first > 1, "twice")]
    moved_id = case((is_moved, held.c.id), else_=null())
    return (
        select(
            pair.place,
            pair.from_id,
            pair.to_id,
            _From.primary_value.label("from_title"),
            _To.primary_value.label("to_title"),
            case(*rules, else_=null()).label("hindrance"),
            held.c.holder.label("holder_id"),
            held.c.id.label("held_id"),
            held.c.links.label("links"),
            moved_id.label("moved_id"),
        )
        .select_from(pairs)
        .outerjoin(_From, _From.id == pair.from_id)
        .outerjoin(_FromObject, _FromObject.id == _From.object_id)
        .outerjoin(_To, _To.id == pair.to_id)
        .outerjoin(_ToObject, _ToObject.id == _To.object_id)
        .outerjoin(same, and_(same.c.from_id == pair.from_id, same.c.to_id == pair.to_id))
        .outerjoin(held, held.c.own == own)
    )


def _is_gone(actor: Actor, record: Any, crm_object: Any) -> ColumnElement[bool]:
    """Say whether a record is not there, as far as the person may know."""
    return or_(record.id.is_(None), ~may(actor, RecordRight.READ, record, crm_object))


def _same_links(of: LockedRelationship, pairs: FromClause) -> Any:
    """Return the links that join one of the pairs already, each pair once."""
    ends = tuple_(_Link.from_record_id, _Link.to_record_id)
    return (
        select(
            _Link.from_record_id.label("from_id"),
            _Link.to_record_id.label("to_id"),
            func.min(_Link.id).label("id"),
        )
        .where(_Link.relationship_id == of.id, ends.in_(select(pairs.c.from_id, pairs.c.to_id)))
        .group_by(_Link.from_record_id, _Link.to_record_id)
        .subquery("same")
    )


def _held_links(of: LockedRelationship, pairs: FromClause) -> Any:
    """Return the oldest link of each record that can have one only."""
    own, holder = _Link.to_record_id, _Link.from_record_id
    mine = pairs.c.to_id
    if of.single == "from":
        own, holder, mine = holder, own, pairs.c.from_id
    return (
        select(
            own.label("own"),
            holder.label("holder"),
            _Link.id.label("id"),
            func.count().over(partition_by=own).label("links"),
        )
        .where(_Link.relationship_id == of.id, own.in_(select(mine)))
        .where(literal(of.single is not None))
        .ext(distinct_on(own))
        .order_by(own, _Link.created_at, _Link.id)
        .subquery("held")
    )


def _is_moved(of: LockedRelationship, held: Any, moving: Mapping[str, str]) -> ColumnElement[bool]:
    """Say whether a record is held by just whom it may be taken from, and by nobody else."""
    if not moving or of.single is None:
        return literal(False)
    taken = func.unnest(
        literal(list(moving.keys()), ARRAY(String)), literal(list(moving.values()), ARRAY(String))
    ).table_valued(column("own", String), column("holder", String), name="moving")
    named = taken.render_derived()
    ends = tuple_(held.c.own, held.c.holder)
    return func.coalesce(
        and_(held.c.links == 1, ends.in_(select(named.c.own, named.c.holder))), False
    )


def find_refusals(
    session: ReadSession, of: LockedRelationship, found: Sequence[Any]
) -> list[LinkRefusal]:
    """Return what is in the way among rows of `verdicts`, in words; one statement for names."""
    session.actor.require(Permission.EDIT_LINKS)
    names = _names(session, {row.holder_id for row in found if row.hindrance == "taken"})
    return [_refusal(of, row, names) for row in found if row.hindrance is not None]


def _names(session: ReadSession, ids: Collection[str]) -> dict[str, str]:
    """Return how records are called that the person may read."""
    if not ids:
        return {}
    query = (
        select(Record.id, Record.primary_value)
        .join(CrmObject, CrmObject.id == Record.object_id)
        .where(Record.id == func.any(literal(sorted(ids), ARRAY(String))))
        .where(may(session.actor, RecordRight.READ, Record, CrmObject))
    )
    return {id_: name or id_ for id_, name in session.execute(query)}


def _refusal(of: LockedRelationship, row: Any, names: Mapping[str, str]) -> LinkRefusal:
    from_title, to_title = row.from_title or row.from_id, row.to_title or row.to_id
    holding = None
    hindrance: Hindrance = row.hindrance
    if hindrance in {"from_gone", "to_gone"}:
        reason = "One of the two records no longer exists."
    elif hindrance == "from_wrong":
        reason = f"“{from_title}” is no record of “{of.from_object}”."
    elif hindrance == "to_wrong":
        reason = f"“{to_title}” is no record of “{of.to_object}”."
    elif hindrance == "forbidden":
        sentence = f"You are not allowed to change “{from_title}”, nor to link it"
        reason = f"{sentence} to “{to_title}”."
    elif hindrance == "linked":
        sentence = f"“{from_title}” and “{to_title}” are linked already"
        reason = f"{sentence} under “{of.name}”."
    else:
        own = (row.to_id, to_title) if of.single == "to" else (row.from_id, from_title)
        if hindrance == "twice":
            reason = f"“{own[1]}” can belong to one only under “{of.name}”."
        else:
            title = names.get(row.holder_id, "")
            holding = Holding(*own, row.holder_id, title, row.held_id, row.links)
            reason = taken_sentence(holding, of.name)
    return LinkRefusal(row.from_id, row.to_id, hindrance, reason, holding)


def taken_sentence(holding: Holding, relationship: str) -> str:
    """Say by whom a record is taken."""
    holder = f"“{holding.holder_title}”" if holding.holder_title else UNSEEN
    return (
        f"“{holding.record_title}” already belongs to {holder} under “{relationship}”, "
        "and can belong to one only."
    )

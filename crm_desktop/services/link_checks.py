"""What stands in the way of links: one statement looks at all pairs, after the locks are held."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal, TypeAlias

from sqlalchemy import TextClause, text

from crm_desktop.db.database import ReadSession, WriteSession
from crm_desktop.domain.access import Permission
from crm_desktop.domain.cardinality import from_has_one, to_has_one
from crm_desktop.domain.errors import Conflict, Forbidden, Invalid, NotFound, UserError
from crm_desktop.services.record_rights import right_sql, rights_values

Side = Literal["from", "to"]
Hindrance = Literal[
    "from_gone", "to_gone", "from_wrong", "to_wrong", "forbidden", "linked", "taken", "twice"
]
Pair: TypeAlias = tuple[str, str]  # ids of the records at the *from* and at the *to* side
UNSEEN = "a record that you may not see"


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
    def single(self) -> Side | None:
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
    row = session.execute(_LOCK_RELATIONSHIP, {"id": relationship_id}).one_or_none()
    if row is None:
        raise NotFound("This relationship no longer exists.")
    return LockedRelationship(*row)


def lock_records(session: WriteSession, ids: Collection[str]) -> None:
    """Lock records in one order, the same for everybody, so that nobody waits in a circle."""
    session.actor.require(Permission.EDIT_LINKS)
    session.execute(_LOCK_RECORDS, {"ids": list(set(ids))}).all()


_LOCK_RELATIONSHIP = text("""
    SELECT r.id, r.name, r.type, r.from_object_id, r.to_object_id,
           (SELECT o.label FROM objects o WHERE o.id = r.from_object_id),
           (SELECT o.label FROM objects o WHERE o.id = r.to_object_id)
    FROM relationships r WHERE r.id = :id FOR SHARE OF r
""")
_LOCK_RECORDS = text("""
    SELECT r.id FROM records r WHERE r.id = ANY(CAST(:ids AS text[]))
    ORDER BY r.id FOR NO KEY UPDATE
""")


def find_verdicts(
    session: ReadSession,
    of: LockedRelationship,
    pairs: Sequence[Pair],
    moving: Mapping[str, str] | None = None,
) -> list[Any]:
    """Return a row for each pair, in order, as `verdicts_sql` says it."""
    session.actor.require(Permission.EDIT_LINKS)
    values = verdict_values(session, of, moving)
    values["from_ids"], values["to_ids"] = (
        [pair[0] for pair in pairs],
        [pair[1] for pair in pairs],
    )
    return list(session.execute(_given(of.single), values))


@lru_cache(maxsize=4)
def _given(single: Side | None) -> TextClause:
    return text(f"{verdicts_sql(single, _GIVEN)} ORDER BY pair.place")


_GIVEN = """
    SELECT p.from_id, p.to_id, p.place
    FROM unnest(CAST(:from_ids AS text[]), CAST(:to_ids AS text[]))
         WITH ORDINALITY AS p(from_id, to_id, place)
"""


def verdict_values(
    session: ReadSession, of: LockedRelationship, moving: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """Return the bound values of `verdicts_sql`.

    `moving` says by the id of a record that is taken whom it may be taken from.
    """
    session.actor.require(Permission.EDIT_LINKS)
    moving = moving or {}
    return {
        "relationship": of.id,
        "from_object": of.from_object_id,
        "to_object": of.to_object_id,
        "taken": list(moving.keys()),
        "holders": list(moving.values()),
        **rights_values(session.actor),
    }


def verdicts_sql(single: Side | None, pairs: str) -> str:
    """Return a SELECT of each pair with its `hindrance`, NULL where it can be linked.

    `pairs` is a SELECT of `from_id`, `to_id` and `place`, each pair once; `single` the side whose
    records have at most one link. `moved_id` is the link that is to move. What it says stays true
    for as long as relationship and records are locked.
    """
    own = f"pair.{single or 'to'}_id"
    x_own = f"x.{single or 'to'}_record_id"
    x_holder = "x.to_record_id" if single == "from" else "x.from_record_id"
    in_the_way = (
        f"{x_own} IN (SELECT {single}_id FROM pair)"  # noqa: S608 - names that stand here
        if single
        else "(x.from_record_id, x.to_record_id) IN (SELECT from_id, to_id FROM pair)"
    )
    is_moved = (
        "coalesce(held.links = 1 AND (held.own, held.holder) IN (SELECT * FROM unnest("
        "CAST(:taken AS text[]), CAST(:holders AS text[]))), false)"
    )
    taken = (
        f"WHEN held.id IS NOT NULL AND NOT {is_moved} THEN 'taken' WHEN"
        f" row_number() OVER (PARTITION BY {own} ORDER BY pair.place) > 1 THEN 'twice'"
    )
    return f"""
        WITH pair AS MATERIALIZED ({pairs}), way AS MATERIALIZED (
            SELECT x.id, x.from_record_id, x.to_record_id, x.created_at, {x_own} AS own,
                   {x_holder} AS holder
            FROM relationship_records x
            WHERE x.relationship_id = CAST(:relationship AS text) AND {in_the_way}
        ), same AS (
            SELECT from_record_id AS from_id, to_record_id AS to_id, min(id) AS id
            FROM way GROUP BY 1, 2
        ), held AS (
            SELECT DISTINCT ON (own) own, holder, id, count(*) OVER (PARTITION BY own) AS links
            FROM way WHERE {"true" if single else "false"} ORDER BY own, created_at, id
        )
        SELECT pair.place, pair.from_id, pair.to_id, f.primary_value AS from_title,
               t.primary_value AS to_title, held.holder AS holder_id, held.id AS held_id,
               held.links, CASE WHEN {right_sql("h", "ho", "read")}
                                THEN coalesce(h.primary_value, h.id) END AS holder_title,
               CASE WHEN {is_moved} THEN held.id END AS moved_id,
               {right_sql("h", "ho", "update")} AS is_holder_writable,
               CASE WHEN f.id IS NULL OR NOT {right_sql("f", "fo", "read")} THEN 'from_gone'
                    WHEN t.id IS NULL OR NOT {right_sql("t", "too", "read")} THEN 'to_gone'
                    WHEN f.object_id <> CAST(:from_object AS text) THEN 'from_wrong'
                    WHEN t.object_id <> CAST(:to_object AS text) THEN 'to_wrong'
                    WHEN NOT {right_sql("f", "fo", "update")} THEN 'forbidden'
                    WHEN same.id IS NOT NULL THEN 'linked'
                    {taken if single else ""} END AS hindrance
        FROM pair
        LEFT JOIN records f ON f.id = pair.from_id LEFT JOIN objects fo ON fo.id = f.object_id
        LEFT JOIN records t ON t.id = pair.to_id LEFT JOIN objects too ON too.id = t.object_id
        LEFT JOIN same ON same.from_id = pair.from_id AND same.to_id = pair.to_id
        LEFT JOIN held ON held.own = {own}
        LEFT JOIN records h ON h.id = held.holder LEFT JOIN objects ho ON ho.id = h.object_id
    """  # noqa: S608 - made of names that stand here


def refusals_of(of: LockedRelationship, found: Iterable[Any]) -> list[LinkRefusal]:
    """Return what is in the way among rows of `verdicts_sql`, in words."""
    return [_refusal(of, row) for row in found if row.hindrance is not None]


def _refusal(of: LockedRelationship, row: Any) -> LinkRefusal:
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
        reason = f"“{own[1]}” can belong to one only under “{of.name}”."
        if hindrance == "taken":
            title = row.holder_title or ""
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

"""Links: two records joined under a relationship, with metadata of their own."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, String, delete, func, literal, select, text

from crm_desktop.db.database import WriteSession, dump_json
from crm_desktop.db.rows import delete_row, write_row
from crm_desktop.db.tables import CrmObject, Record, RelationshipRecord
from crm_desktop.domain.access import Permission, RecordRight
from crm_desktop.domain.changes import Topic
from crm_desktop.domain.errors import Conflict, Forbidden, NotFound
from crm_desktop.domain.ids import Prefix, new_ids
from crm_desktop.domain.json_edits import JsonEdit
from crm_desktop.services.inputs import check_json
from crm_desktop.services.link_checks import (
    UNSEEN,
    LockedRelationship,
    Pair,
    as_error,
    find_verdicts,
    lock_records,
    lock_relationship,
    refusals_of,
)
from crm_desktop.services.link_schemas import check_edited_metadata, check_link_metadata
from crm_desktop.services.record_rights import may
from crm_desktop.services.users import ensure_user

_WHAT = "link"
_NO_METADATA: Mapping[str, Any] = {}
_NOTHING_MOVES: Mapping[str, str] = {}
_Link = RelationshipRecord


def create_link(
    session: WriteSession,
    relationship_id: str,
    from_record_id: str,
    to_record_id: str,
    metadata: Mapping[str, Any] = _NO_METADATA,
) -> str:
    """Link two records and return the link's id; raises as `create_links` does."""
    session.actor.require(Permission.EDIT_LINKS)
    return create_links(session, relationship_id, [(from_record_id, to_record_id)], metadata)[0]


def pairs_with(record_id: str, others: Sequence[str], *, is_from: bool) -> list[Pair]:
    """Return one record with each of the others; `is_from` says on which side it stands."""
    return [(record_id, other) if is_from else (other, record_id) for other in others]


def create_links(
    session: WriteSession,
    relationship_id: str,
    pairs: Sequence[Pair],
    metadata: Mapping[str, Any] = _NO_METADATA,
    moving: Mapping[str, str] = _NOTHING_MOVES,
) -> list[str]:
    """Link all these pairs or none, in a few statements; return the links' ids, pair by pair.

    `moving` takes records away from those who hold them, by the id of the record that is taken:
    who is named there must still be the only one that holds it. A link that moves keeps its id and
    what it says; `metadata` adds the keys that it lacks.

    Both records of each pair are locked, so that of two sessions only one succeeds. Raises
    NotFound and Invalid for what fits no link, and RefusedLinks with a reason for each pair that
    is in the way; for a single pair, NotFound, Invalid or Forbidden where that is what it is.
    """
    session.actor.require(Permission.EDIT_LINKS)
    author = ensure_user(session, session.actor.user_id)
    check_json("relationship_metadata", metadata)
    of = lock_relationship(session, relationship_id)
    pairs = list(dict.fromkeys(pairs))
    if not pairs:
        return []
    lock_records(session, [*{id_ for pair in pairs for id_ in pair}, *moving.values()])
    found = find_verdicts(session, of, pairs, moving)
    if refusals := refusals_of(of, found):
        raise as_error(refusals, pairs=len(pairs))
    if any(not row.moved_id for row in found):
        check_link_metadata(session, of.id, metadata)
    else:
        check_edited_metadata(session, of.id, metadata, metadata.keys())
    session.describe(_title_of(of, found))
    new = new_ids(Prefix.LINK, len(found))
    ids = [row.moved_id or id_ for row, id_ in zip(found, new, strict=True)]
    by_id = dict(zip(ids, found, strict=True))
    _move(session, of, {id_: row for id_, row in by_id.items() if row.moved_id}, metadata)
    added = {id_: row for id_, row in by_id.items() if not row.moved_id}
    _insert(session, of, added, metadata, author)
    session.note(Topic.LINKS, of.id)
    return ids


def move_link(session: WriteSession, link_id: str, new_holder_id: str, *, held_by: str) -> None:
    """Give a record that can be linked once to somebody else, if `held_by` still holds it.

    Under a 1:N relationship that is the record on the *to* side, and the holder that on the *from*
    side; under N:1 the other way round. Raises NotFound, and Conflict that names who holds it now.
    """
    session.actor.require(Permission.EDIT_LINKS)
    query = select(_Link.relationship_id, _Link.from_record_id, _Link.to_record_id)
    row = session.execute(query.where(_Link.id == link_id)).one_or_none()
    if row is None:
        raise NotFound("This link no longer exists.")
    of = lock_relationship(session, row.relationship_id)
    if of.single is None:
        raise Conflict(f"Records may have many links under “{of.name}”: add one instead.")
    taken = row.to_record_id if of.single == "to" else row.from_record_id
    pair = (new_holder_id, taken) if of.single == "to" else (taken, new_holder_id)
    create_links(session, of.id, [pair], moving={taken: held_by})


def update_link(session: WriteSession, link_id: str, edits: Sequence[JsonEdit]) -> None:
    """Change the link's metadata at these paths (see `json_edits`), guarded by the old values.

    Raises Invalid by key where what they hold afterwards breaks the relationship's schema; keys
    that were not edited may hold what they did.
    """
    session.actor.require(Permission.EDIT_LINKS)
    for edit in edits:
        check_json("relationship_metadata", [edit.path, edit.new])
    relationship_id = _changeable(session, link_id)
    session.describe("edit of a link")
    write_row(session, _Link, link_id, {}, what=_WHAT, edits={"relationship_metadata": edits})
    edited = {str(edit.path[0]) for edit in edits if edit.path}
    said = session.scalar(select(_Link.relationship_metadata).where(_Link.id == link_id))
    check_edited_metadata(session, relationship_id, said, edited)
    session.note(Topic.LINKS, relationship_id)


def delete_link(session: WriteSession, link_id: str) -> None:
    """Take the link away; both records stay."""
    session.actor.require(Permission.EDIT_LINKS)
    relationship_id = _changeable(session, link_id)
    session.describe("deletion of a link")
    delete_row(session, _Link, link_id, what=_WHAT)
    session.note(Topic.LINKS, relationship_id)


def delete_links(session: WriteSession, ids: Sequence[str]) -> int:
    """Take these links away by one statement, all or none; return how many there still were.

    Those that are gone already are passed over. Raises NotFound when none is left, Forbidden
    where one starts at a record that the person may not change.
    """
    session.actor.require(Permission.EDIT_LINKS)
    wanted = _Link.id == func.any(literal(list(ids), ARRAY(String)))
    is_writable = may(session.actor, RecordRight.UPDATE, Record, CrmObject)
    query = (
        select(_Link.relationship_id, is_writable)
        .join(Record, Record.id == _Link.from_record_id)
        .join(CrmObject, CrmObject.id == Record.object_id)
        .where(wanted)
    )
    found = session.execute(query).all()
    if not found:
        raise NotFound("These links no longer exist.")
    refused = sum(not writable for _, writable in found)
    if refused:
        raise Forbidden(
            f"You are not allowed to change the records that {refused:,} of these links start at. "
            "Nothing was unlinked."
        )
    many = "a link" if len(found) == 1 else f"{len(found):,} links"
    session.describe(f"deletion of {many}")
    quick = delete(_Link).where(wanted).execution_options(synchronize_session=False)
    deleted = session.execute(quick).rowcount  # type: ignore[attr-defined]  # of a cursor
    for relationship_id in {row.relationship_id for row in found}:
        session.note(Topic.LINKS, relationship_id)
    return int(deleted)


def _insert(
    session: WriteSession,
    of: LockedRelationship,
    added: Mapping[str, Any],
    metadata: Mapping[str, Any],
    author: UUID,
) -> None:
    """Store new links by one statement, so that the history is written once."""
    if added:
        values = {"relationship": of.id, "said": dump_json(dict(metadata)), "author": author}
        session.execute(_INSERT, {**values, **_columns_of(added)})


def _move(
    session: WriteSession,
    of: LockedRelationship,
    moved: Mapping[str, Any],
    metadata: Mapping[str, Any],
) -> None:
    """Give links their new ends; raises Forbidden for records they may not be taken from."""
    if not moved:
        return
    for row in moved.values():
        if of.single == "to" and not row.is_holder_writable:
            whose = f"“{row.holder_title}”" if row.holder_title else UNSEEN
            raise Forbidden(f"You are not allowed to change {whose}, nor to take a record from it.")
    values = {"said": dump_json(dict(metadata)), **_columns_of(moved)}
    met = session.execute(_MOVE, values).rowcount  # type: ignore[attr-defined]  # of a cursor
    if met != len(moved):  # a program that takes no locks was quicker
        raise Conflict("Someone else changed these links meanwhile. Look at them again.")


def _columns_of(links: Mapping[str, Any]) -> dict[str, list[str]]:
    rows = links.values()
    return {
        "ids": list(links),
        "from_ids": [row.from_id for row in rows],
        "to_ids": [row.to_id for row in rows],
    }


_NEW = """
    unnest(CAST(:ids AS text[]), CAST(:from_ids AS text[]), CAST(:to_ids AS text[]))
    AS new(id, from_id, to_id)
"""
_INSERT = text(f"""
    INSERT INTO relationship_records
        (id, relationship_id, from_record_id, to_record_id, relationship_metadata, created_by)
    SELECT new.id, :relationship, new.from_id, new.to_id, CAST(:said AS jsonb), :author FROM {_NEW}
""")  # noqa: S608 - no value
_MOVE = text(f"""
    UPDATE relationship_records AS x SET
        from_record_id = new.from_id, to_record_id = new.to_id,
        relationship_metadata = CASE
            WHEN jsonb_typeof(x.relationship_metadata) = 'object'
            THEN CAST(:said AS jsonb) || x.relationship_metadata
            ELSE x.relationship_metadata END
    FROM {_NEW} WHERE x.id = new.id
""")  # noqa: S608 - no value


def _title_of(of: LockedRelationship, found: Sequence[Any]) -> str:
    """Name the gesture by what is linked; undo shows it."""
    first = found[0]
    ends = {
        "from": (first.from_title or first.from_id, {row.from_id for row in found}),
        "to": (first.to_title or first.to_id, {row.to_id for row in found}),
    }
    moves = all(row.moved_id for row in found)
    if len(found) == 1:
        if not moves:
            return f"link from “{ends['from'][0]}” to “{ends['to'][0]}”"
        taken, holder = ("to", "from") if of.single == "to" else ("from", "to")
        return f"move of “{ends[taken][0]}” to “{ends[holder][0]}”"
    for title, ids in ends.values():
        if len(ids) == 1:
            return f"{'move' if moves else 'link'} of {len(found):,} records to “{title}”"
    return f"{'move' if moves else 'creation'} of {len(found):,} links"


def _changeable(session: WriteSession, link_id: str) -> str:
    """Return the relationship of a link whose *from* record the person may change."""
    query = (
        select(_Link.relationship_id, may(session.actor, RecordRight.UPDATE, Record, CrmObject))
        .join(Record, Record.id == _Link.from_record_id)
        .join(CrmObject, CrmObject.id == Record.object_id)
        .where(_Link.id == link_id)
    )
    row = session.execute(query).one_or_none()
    if row is None:
        raise NotFound("This link no longer exists.")
    relationship_id, is_writable = row
    if not is_writable:
        raise Forbidden("You are not allowed to change the record that this link starts at.")
    return str(relationship_id)

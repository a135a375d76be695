"""Adds many records at once, by COPY or where that is forbidden through a temporary table."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import count
from typing import LiteralString

from crm_desktop.db.copying import copy_blocks
from crm_desktop.db.database import WriteSession
from crm_desktop.domain.access import Permission
from crm_desktop.domain.changes import Topic
from crm_desktop.domain.ids import Prefix, new_ids
from crm_desktop.services.import_rows import NULL, copy_text
from crm_desktop.services.import_staging import forbids_copy, insert_staged, stage_rows
from crm_desktop.services.users import ensure_user

_COPY: LiteralString = (
    "COPY records (id, object_id, data, primary_value, created_by, updated_by, tenant_id)"
    " FROM STDIN"
)
Ready = tuple[str, str]
"""A record's data as JSON and its primary value ("" for none), both escaped for COPY."""


def add_records(session: WriteSession, object_id: str, blocks: Iterable[Sequence[Ready]]) -> int:
    """Add the records of all blocks in order, and return how many; the caller has checked them."""
    session.actor.require(Permission.CREATE_RECORDS)
    author = str(ensure_user(session, session.actor.user_id))
    if forbids_copy(session):
        stage_rows(session, _staged(blocks))
        added = insert_staged(session, object_id, {}, by_key=False)
    else:
        added = copy_blocks(session, _COPY, _records(blocks, copy_text(object_id), author))
    if added:
        session.note(Topic.RECORDS, object_id)
    return added


def _records(blocks: Iterable[Sequence[Ready]], object_id: str, author: str) -> Iterator[str]:
    people = f"{author}\t{author}\t{author}\n"
    for block in blocks:
        ids = new_ids(Prefix.RECORD, len(block))
        yield "".join(
            [
                f"{id_}\t{object_id}\t{data}\t{name or NULL}\t{people}"
                for id_, (data, name) in zip(ids, block, strict=True)
            ]
        )


def _staged(blocks: Iterable[Sequence[Ready]]) -> Iterator[str]:
    lines = count(1)
    for block in blocks:
        ids = new_ids(Prefix.RECORD, len(block))
        yield "".join(
            [
                f"{next(lines)}\t{id_}\t{data}\t{name or NULL}\n"
                for id_, (data, name) in zip(ids, block, strict=True)
            ]
        )

"""Links the rows of an import to the records that their cells name, and says which found none."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from tempfile import TemporaryFile
from typing import Any

from sqlalchemy import text

from crm_desktop.db.copying import copy_blocks, driver_of
from crm_desktop.db.database import ReadSession, WriteSession
from crm_desktop.domain.access import Permission, Reach, RecordRight
from crm_desktop.domain.cardinality import from_has_one, to_has_one
from crm_desktop.domain.changes import Topic
from crm_desktop.domain.effective import EffectiveField
from crm_desktop.domain.errors import Forbidden, Invalid
from crm_desktop.domain.field_type import shown
from crm_desktop.domain.ids import Prefix, new_ids
from crm_desktop.domain.names import name_from_label
from crm_desktop.services.import_plan import LinkRequest, PlannedColumn, find_field
from crm_desktop.services.import_rows import (
    NULL,
    REMEMBERED,
    REMEMBERED_LENGTH,
    Batch,
    Problem,
    Source,
    copy_text,
    json_for_copy,
    value_reader,
)
from crm_desktop.services.layouts import list_layout
from crm_desktop.services.objects import ObjectDetail, find_object, get_object
from crm_desktop.services.relationships import (
    RelationshipDraft,
    RelationshipSummary,
    create_relationship,
    get_relationship,
    list_relationships,
)

_SHOWN_CELL = 80


@dataclass(frozen=True, slots=True)
class LinkColumn:
    """A column that links: `source.field` is the field of `other` whose values its cells are."""

    number: int
    source: Source
    other: ObjectDetail
    relationship: RelationshipSummary
    imported_is_from: bool

    @property
    def imported_has_one(self) -> bool:
        has_one = from_has_one if self.imported_is_from else to_has_one
        return has_one(self.relationship.type)

    @property
    def partner_has_one(self) -> bool:
        has_one = to_has_one if self.imported_is_from else from_has_one
        return has_one(self.relationship.type)

    @property
    def sides(self) -> dict[str, str]:
        """The columns of `relationship_records` for the imported record and its partner."""
        own, partner = "from_record_id", "to_record_id"
        return (
            {"own": own, "partner": partner}
            if self.imported_is_from
            else {"own": partner, "partner": own}
        )


@dataclass(frozen=True, slots=True)
class LinkOutcome:
    added: int
    unmatched: int


def prepare_links(
    session: WriteSession, columns: Sequence[PlannedColumn], object_id: str
) -> list[LinkColumn]:
    """Find each link column's object, field and relationship; make relationships that lack.

    Raises Forbidden where the actor may not read the other object's records.
    """
    session.actor.require(Permission.EDIT_LINKS)
    imported = get_object(session, object_id)
    names = {column.place: _link_name(imported, column) for column in columns}
    prepared: list[LinkColumn] = []
    for number, column in enumerate(columns):
        assert column.link is not None  # noqa: S101 - what the caller chose them by
        other, field = _named_field(session, column.link)
        taken = {link.relationship.id for link in prepared}
        relationship = _relationship(session, imported, other, names, column.place, taken)
        source = Source(column.place, column.header, field, column.formats)
        is_from = relationship.to_object.id != imported.id
        prepared.append(LinkColumn(number, source, other, relationship, is_from))
    return prepared


def check_link(session: ReadSession, request: LinkRequest) -> None:
    """Raise NotFound or Invalid where the object or the field that a link names is not there."""
    session.actor.require(Permission.READ_DEFINITIONS)
    _named_field(session, request)


def _named_field(session: ReadSession, request: LinkRequest) -> tuple[ObjectDetail, EffectiveField]:
    other = get_object(session, find_object(session, request.object_name).id)
    if session.actor.reach(other.permissions, RecordRight.READ) is Reach.NONE:
        raise Forbidden(f"You are not allowed to read the records of “{other.label}”.")
    fields = [row.effective for row in list_layout(session, other.id) if not row.is_duplicate]
    field = find_field(fields, request.field_name, f" of “{other.label}”")
    if field is None:
        names = ", ".join(field.name for field in fields[:20])
        sentence = f"“{other.label}” has no field “{request.field_name}”. Its fields are: {names}."
        raise Invalid({"link": sentence})
    return other, field


def _link_name(imported: ObjectDetail, column: PlannedColumn) -> str:
    return f"{imported.name}_{name_from_label(column.header) or f'column_{column.place + 1}'}"


def _relationship(
    session: WriteSession,
    imported: ObjectDetail,
    other: ObjectDetail,
    names: dict[int, str],
    place: int,
    taken: set[str],
) -> RelationshipSummary:
    """Return the one named after the column, else the only one that is free, else a new one."""
    ends = {imported.id, other.id}
    between = [
        row
        for row in list_relationships(session, imported.id)
        if {row.from_object.id, row.to_object.id} == ends and row.id not in taken
    ]
    named = [row for row in between if row.name == names[place]]
    others_names = {name for other_place, name in names.items() if other_place != place}
    free = named or [row for row in between if row.name not in others_names]
    if len(free) > 1:
        listed = ", ".join(f"“{row.name}”" for row in free)
        sentence = f"“{imported.label}” and “{other.label}” have several relationships: {listed}."
        raise Invalid({"link": f"{sentence} Name the one to use “{names[place]}”."})
    if free:
        return free[0]
    draft = RelationshipDraft(
        name=names[place], from_object_id=other.id, to_object_id=imported.id, type="1:N"
    )
    return get_relationship(session, create_relationship(session, draft))


class _LinkCells(dict[str, str]):
    """By cell text: the value that it names, as JSON escaped for COPY; "" for an empty cell."""

    def __init__(self, source: Source) -> None:
        super().__init__()
        self._read = value_reader(source)

    def __missing__(self, cell: str) -> str:
        named = cell.strip()
        value = self._read(named) if named else None
        entry = ""
        if named:
            json = NULL if value is None else json_for_copy(value)
            entry = f"{json}\t{copy_text(named[:_SHOWN_CELL])}"
        if len(self) < REMEMBERED and len(cell) < REMEMBERED_LENGTH:
            self[cell] = entry
        return entry


class LinkSpool:
    """Keeps on disk which row names which partner, until all rows have gone in."""

    def __init__(self, stack: ExitStack, links: Sequence[LinkColumn]) -> None:
        self._columns = [
            (link.number, link.source.column, _LinkCells(link.source)) for link in links
        ]
        self._file = stack.enter_context(TemporaryFile())  # noqa: SIM115 - the stack closes it

    def add(self, batch: Batch) -> None:
        for number, place, cells in self._columns:
            named = [
                (line, record_id, entry)
                for line, record_id, row in zip(batch.lines, batch.ids, batch.rows, strict=True)
                if (entry := cells[row[place]])
            ]
            ids = new_ids(Prefix.LINK, len(named))
            lines = [
                f"{number}\t{line}\t{id_}\t{record_id}\t{entry}\n"
                for id_, (line, record_id, entry) in zip(ids, named, strict=True)
            ]
            self._file.write("".join(lines).encode())

    def load(self, session: WriteSession) -> None:
        """Put them into a temporary table of the session."""
        if not self._columns:
            return
        self._file.seek(0)
        session.execute(text("DROP TABLE IF EXISTS crm_import_links"))
        session.execute(text(_MAKE_LINKS))
        blocks = iter(partial(self._file.read, 128 << 10), b"")
        copy_blocks(session, "COPY crm_import_links FROM STDIN", blocks)
        session.execute(text("ANALYZE crm_import_links"))


def link_rows(session: WriteSession, link: LinkColumn) -> Iterator[Problem]:
    """Find the partners of one column; give the problems in the order of their lines.

    Call `add_links` when they have been read.
    """
    session.actor.require(Permission.EDIT_LINKS)
    reach = session.actor.reach(link.other.permissions, RecordRight.READ)
    parameters = {
        "link": link.number,
        "field": link.source.field.id,
        "other": link.other.id,
        "relationship": link.relationship.id,
        "reads_all": reach is Reach.ALL,
        "actor": str(session.actor.user_id),
    }
    session.execute(text("DROP TABLE IF EXISTS crm_import_found"))
    session.execute(text(_MAKE_FOUND))
    session.execute(text(_FIND), parameters)
    session.execute(text(_LOCK_RELATIONSHIP), parameters)
    session.execute(text(_LOCK_ENDS))  # as everybody who links does: what is looked at next stays
    if link.partner_has_one:
        session.execute(text(_FIND_TAKEN.format(**link.sides)), parameters)
    session.execute(text("ANALYZE crm_import_found"))
    with driver_of(session).cursor(name="crm_import_unmatched") as cursor:
        cursor.itersize = 5_000
        cursor.execute(_UNMATCHED)
        for line, cell, matches in cursor:
            yield Problem(line, link.source.header, _reason(link, cell, matches))


def _reason(link: LinkColumn, cell: str, matches: int) -> str:
    what, where = link.other.label, link.source.field.label
    if matches == 0:
        return f"No {what} has {shown(cell)} in “{where}”."
    if matches == 1:
        return f"The {what} {shown(cell)} is linked to another record already."
    return f"{matches:,} records of {what} have {shown(cell)} in “{where}”."


def add_links(session: WriteSession, link: LinkColumn) -> int:
    """Store the links of a column whose partners were found; return how many are new."""
    session.actor.require(Permission.EDIT_LINKS)
    parameters: dict[str, Any] = {
        "relationship": link.relationship.id,
        "author": session.actor.user_id,
    }
    moved: Any = 0
    if link.imported_has_one:
        moved = session.scalar(text(_MOVE.format(**link.sides)), parameters)
    added = session.scalar(text(_ADD.format(**link.sides)), parameters)
    if moved or added:
        session.note(Topic.LINKS, link.relationship.id)
    return int(moved or 0) + int(added or 0)


_MAKE_LINKS = """
CREATE TEMP TABLE crm_import_links
    (link int, line bigint, id text, record_id text, value jsonb, cell text) ON COMMIT DROP
"""
_MAKE_FOUND = """
CREATE TEMP TABLE crm_import_found
    (line bigint, id text, record_id text, cell text, matches bigint, partner text) ON COMMIT DROP
"""
_FIND = """
INSERT INTO crm_import_found
SELECT l.line, l.id, l.record_id, l.cell, coalesce(p.matches, 0), p.partner
FROM crm_import_links l
LEFT JOIN (
    SELECT r.data -> CAST(:field AS text) AS value, count(*) AS matches, min(r.id) AS partner
    FROM records r
    WHERE r.object_id = :other
      AND r.data -> CAST(:field AS text)
          IN (SELECT DISTINCT value FROM crm_import_links WHERE link = :link)
      AND (:reads_all OR r.created_by = CAST(:actor AS uuid)
           OR r.data ->> 'fld_system_owner' = CAST(:actor AS text))
    GROUP BY 1
) p ON p.value = l.value
WHERE l.link = :link
"""
_LOCK_RELATIONSHIP = """
SELECT id FROM relationships WHERE id = CAST(:relationship AS text) FOR SHARE
"""
_LOCK_ENDS = """
SELECT count(*) FROM (
    SELECT r.id FROM records r WHERE r.id IN (
        SELECT partner FROM crm_import_found WHERE matches = 1
        UNION SELECT record_id FROM crm_import_found WHERE matches = 1)
    ORDER BY r.id FOR NO KEY UPDATE
) AS locked
"""
# Where a partner may have one link only: it stays with whom it has, else goes to the first row.
_FIND_TAKEN = """
UPDATE crm_import_found f SET partner = NULL
FROM (
    SELECT line, partner, row_number() OVER (PARTITION BY partner ORDER BY line) AS place
    FROM crm_import_found WHERE matches = 1
) o
WHERE o.line = f.line AND f.matches = 1 AND (
    o.place > 1 AND NOT EXISTS (
        SELECT FROM relationship_records x WHERE x.relationship_id = CAST(:relationship AS text)
        AND x.{partner} = f.partner AND x.{own} = f.record_id)
    OR EXISTS (
        SELECT FROM relationship_records x WHERE x.relationship_id = CAST(:relationship AS text)
        AND x.{partner} = f.partner AND x.{own} <> f.record_id))
"""
_UNMATCHED = """
SELECT line, cell, matches FROM crm_import_found
WHERE matches <> 1 OR partner IS NULL ORDER BY line
"""
_MOVE = """
WITH stored AS (
    SELECT x.{own} AS own, min(x.id) AS id, bool_or(x.{partner} = f.partner) AS is_right,
           min(f.partner) AS partner
    FROM relationship_records x JOIN crm_import_found f ON f.record_id = x.{own}
    WHERE x.relationship_id = CAST(:relationship AS text)
      AND f.matches = 1 AND f.partner IS NOT NULL
    GROUP BY 1
), moved AS (
    UPDATE relationship_records x SET {partner} = s.partner
    FROM stored s WHERE x.id = s.id AND NOT s.is_right
    RETURNING 1
)
SELECT count(*) FROM moved
"""
_ADD = """
WITH added AS (
    INSERT INTO relationship_records (id, relationship_id, {own}, {partner}, created_by)
    SELECT f.id, CAST(:relationship AS text), f.record_id, f.partner, :author
    FROM crm_import_found f
    WHERE f.matches = 1 AND f.partner IS NOT NULL AND NOT EXISTS (
        SELECT FROM relationship_records x WHERE x.relationship_id = CAST(:relationship AS text)
        AND x.{own} = f.record_id AND x.{partner} = f.partner)
    ORDER BY f.line
    RETURNING 1
)
SELECT count(*) FROM added
"""

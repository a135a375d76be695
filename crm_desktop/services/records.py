"""Records: one in full, made, changed key by key, deleted; and the names they are known by."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, String, delete, func, insert, literal, select, text, union

from crm_desktop.db.database import ReadSession, WriteSession, dump_json
from crm_desktop.db.expressions import Parameters, primary_value_sql
from crm_desktop.db.rows import version_of
from crm_desktop.db.tables import CrmObject, Record, RelationshipRecord, User
from crm_desktop.domain.access import Permission, Reach, RecordRight
from crm_desktop.domain.changes import Topic
from crm_desktop.domain.errors import Cancelled, Clash, Conflict, Forbidden, Invalid, NotFound
from crm_desktop.domain.field_types import (
    OWN_COLUMNS,
    SYSTEM_COLUMNS,
    EffectiveField,
    default_values,
    is_column,
    moment_json,
    primary_value,
    same_value,
    validate_record,
    value_problem,
)
from crm_desktop.domain.ids import Prefix, new_id
from crm_desktop.services.layouts import list_layout
from crm_desktop.services.record_rights import OWNER_KEY, may
from crm_desktop.services.reference_checks import check_targets, names_of_targets
from crm_desktop.services.users import ensure_user

Progress = Callable[[int, int], bool]
BATCH = 5000
NOTHING: tuple[Any, ...] = (None, "", [])  # what is not stored: the key goes
GONE = "This record no longer exists."


@dataclass(frozen=True, slots=True)
class Edit:
    """One changed value: what it was when the edit began, and what it shall be."""

    old: Any
    new: Any


@dataclass(frozen=True, slots=True)
class RecordDetail:
    """A record in full.

    `values` is all of `data`, keys of fields that the object no longer has included, and the
    system fields that are columns. `names` gives the names of records and users by their ids,
    as far as fields refer to them and they may be read, and of who made and changed the record.
    """

    id: str
    object_id: str
    object_label: str
    primary_value: str | None
    values: Mapping[str, Any]
    fields: tuple[EffectiveField, ...]
    names: Mapping[str, str]
    can_update: bool
    can_delete: bool
    created_at: datetime
    updated_at: datetime
    created_by: UUID | None
    updated_by: UUID | None
    tenant_id: str | None
    version: int


def get_record(session: ReadSession, record_id: str) -> RecordDetail:
    """Return one record in full, in three statements; raises NotFound and Forbidden."""
    session.actor.require(Permission.READ_RECORDS)
    rights = [
        may(session.actor, right, Record, CrmObject).label(right.value)
        for right in (RecordRight.READ, RecordRight.UPDATE, RecordRight.DELETE)
    ]
    columns: list[Any] = [*Record.__table__.c, CrmObject.label, *rights]
    columns.append(version_of(Record).label("version"))
    columns.append(_author(Record.created_by).label("created_by_name"))
    columns.append(_author(Record.updated_by).label("updated_by_name"))
    query = select(*columns).join(CrmObject, CrmObject.id == Record.object_id)
    row = session.execute(query.where(Record.id == record_id)).mappings().one_or_none()
    if row is None:
        raise NotFound(GONE)
    if not row["read"]:
        raise Forbidden("You are not allowed to see this record.")
    fields = fields_of(session, row["object_id"])
    stored = row["data"] if isinstance(row["data"], dict) else {}
    values = {**stored, **column_values(row)}
    return RecordDetail(
        id=row["id"],
        object_id=row["object_id"],
        object_label=row["label"],
        primary_value=row["primary_value"],
        values=values,
        fields=fields,
        names=_authors(row) | names_of_targets(session, fields, [values]),
        can_update=row["update"],
        can_delete=row["delete"],
        created_at=row["created_at"],
        updated_at=row["updated_at"],
        created_by=row["created_by"],
        updated_by=row["updated_by"],
        tenant_id=row["tenant_id"],
        version=row["version"],
    )


def _author(column: Any) -> Any:
    return select(User.full_name).where(User.id == column).scalar_subquery()


def _authors(row: Mapping[Any, Any]) -> dict[str, str]:
    """Return the names of who made and changed the record by their ids, where they are known."""
    pairs = ((row[column], row[f"{column}_name"]) for column in ("created_by", "updated_by"))
    return {str(id_): name for id_, name in pairs if id_ and name}


def column_values(row: Mapping[Any, Any]) -> dict[str, Any]:
    """Return the system fields whose values are columns, as JSON values."""
    values: dict[str, Any] = {}
    for field_id, column in SYSTEM_COLUMNS.items():
        value = row[column]
        if isinstance(value, datetime):
            values[field_id] = moment_json(value)
        else:
            values[field_id] = None if value is None else str(value)
    return values


def fields_of(session: ReadSession, object_id: str) -> tuple[EffectiveField, ...]:
    """Return an object's fields in layout order, each once; raises NotFound for the object."""
    session.actor.require(Permission.READ_RECORDS)
    layout = list_layout(session, object_id)
    return tuple(entry.effective for entry in layout if not entry.is_duplicate)


def columns_of(session: ReadSession, object_id: str) -> tuple[EffectiveField, ...]:
    """Return what a list can show: the object's fields, and when and by whom records were made.

    A record's own columns that no field of the layout stands for are not `is_visible`.
    """
    session.actor.require(Permission.READ_RECORDS)
    fields = fields_of(session, object_id)
    attached = {field.id for field in fields}
    return fields + tuple(field for field in OWN_COLUMNS if field.id not in attached)


def create_record(session: WriteSession, object_id: str, values: Mapping[str, Any]) -> str:
    """Add a record and return its id; fields that `values` does not name get their defaults.

    Raises Invalid with every problem by field id.
    """
    session.actor.require(Permission.CREATE_RECORDS)
    author = ensure_user(session, session.actor.user_id)
    check_may_create(session, object_id)
    fields = fields_of(session, object_id)
    _check_keys(fields, values)
    data = default_values(fields) | dict(values)
    if any(field.id == OWNER_KEY for field in fields) and OWNER_KEY not in values:
        data.setdefault(OWNER_KEY, str(author))
    data = {key: value for key, value in data.items() if value not in NOTHING}
    typed = [field for field in fields if not field.is_readonly or field.id in data]
    problems = validate_record(typed, data)
    check_targets(session, fields, data, problems)
    if problems:
        raise Invalid(problems)
    record_id = new_id(Prefix.RECORD)
    name = primary_value(fields, data)
    session.describe(f"creation of {_quoted(name)}" if name else "creation of a record")
    session.execute(
        insert(Record).values(
            id=record_id,
            object_id=object_id,
            data=data,
            primary_value=name,
            created_by=author,
            updated_by=author,
            tenant_id=str(author),
        )
    )
    session.note(Topic.RECORDS, object_id)
    return record_id


def update_record(session: WriteSession, record_id: str, edits: Mapping[str, Edit]) -> None:
    """Change single values, each guarded by the one it was based on, in one statement.

    What is not edited is neither read nor written, so others may change it meanwhile. Raises
    Conflict with the clashing values by field id, Invalid, Forbidden or NotFound.
    """
    session.actor.require(Permission.UPDATE_RECORDS)
    edits = {key: edit for key, edit in edits.items() if not same_value(edit.old, edit.new)}
    if not edits:
        return
    author = ensure_user(session, session.actor.user_id)
    object_id, name = _check_may_change(session, record_id)
    session.describe(f"edit of {_quoted(name)}" if name else "edit of a record")
    fields = fields_of(session, object_id)
    new = {key: edit.new for key, edit in edits.items()}
    _check_keys(fields, new)
    edited = [field for field in fields if field.id in edits]
    found = ((field.id, value_problem(field, new[field.id])) for field in edited)
    problems = {key: problem for key, problem in found if problem}
    check_targets(session, edited, new, problems)
    if problems:
        raise Invalid(problems)
    if not _write_edits(session, record_id, author, fields, edits):
        raise _why_not_written(session, record_id, edits)
    session.note_edit(record_id, {key: (edit.old, edit.new) for key, edit in edits.items()})
    session.note(Topic.RECORDS, object_id)


def delete_records(session: WriteSession, record_ids: Collection[str]) -> int:
    """Delete these records with their links and return how many there still were.

    One record that may not be deleted keeps all of them: raises Forbidden.
    """
    session.actor.require(Permission.DELETE_RECORDS)
    asked = literal(sorted(set(record_ids)), ARRAY(String))
    allowed = may(session.actor, RecordRight.DELETE, Record, CrmObject)
    refused = session.scalar(
        select(func.count())
        .select_from(Record)
        .join(CrmObject, CrmObject.id == Record.object_id)
        .where(Record.id == func.any(asked), ~allowed)
    )
    if refused:
        what = "this record" if len(record_ids) == 1 else f"{refused} of these records"
        raise Forbidden(f"You are not allowed to delete {what}. Nothing was deleted.")
    session.describe(_deletion(session, record_ids))
    ends = (RelationshipRecord.from_record_id, RelationshipRecord.to_record_id)
    links = (select(RelationshipRecord.relationship_id).where(e == func.any(asked)) for e in ends)
    relationship_ids = session.scalars(union(*links)).all()
    removed = delete(Record).where(Record.id == func.any(asked)).returning(Record.object_id)
    statement = removed.execution_options(synchronize_session=False)
    object_ids = session.scalars(statement).all()
    for object_id in set(object_ids):
        session.note(Topic.RECORDS, object_id)
    for relationship_id in relationship_ids:
        session.note(Topic.LINKS, relationship_id)
    return len(object_ids)


def refresh_primary_values(session: WriteSession, object_id: str, on_progress: Progress) -> int:
    """Work out the primary value of all the object's records anew; return how many changed.

    In batches, in one transaction. Raises Cancelled, changing nothing, when `on_progress` says
    False. `updated_at` stays: nobody edited these records.
    """
    session.actor.require(Permission.UPDATE_RECORDS)
    parameters = Parameters()
    value = primary_value_sql(parameters, fields_of(session, object_id), "r.data")
    statement = text(_REFRESH.format(value=value))
    mine = select(func.count()).select_from(Record).where(Record.object_id == object_id)
    total = session.scalar(mine) or 0
    done = changed = 0
    last: str | None = ""
    while last is not None:
        if not on_progress(done, total):
            raise Cancelled("Stopped. The records keep the names that they had.")
        place = {"object_id": object_id, "after": last, "batch": BATCH}
        last, seen, renamed = session.execute(statement, {**parameters.values, **place}).one()
        done, changed = done + seen, changed + renamed
    if changed:
        session.note(Topic.RECORDS, object_id)
    return changed


_REFRESH = """
WITH batch AS (
    SELECT id FROM records WHERE object_id = :object_id AND id > :after ORDER BY id LIMIT :batch
), changed AS (
    UPDATE records AS r SET primary_value = {value} FROM batch
    WHERE r.id = batch.id AND r.primary_value IS DISTINCT FROM {value}
    RETURNING 1
)
SELECT (SELECT max(id) FROM batch), (SELECT count(*) FROM batch), (SELECT count(*) FROM changed)
"""


def check_may_create(session: ReadSession, object_id: str) -> None:
    """Raise NotFound where the object is gone, Forbidden where nobody lets us add to it."""
    session.actor.require(Permission.READ_RECORDS)
    row = session.execute(
        select(CrmObject.permissions, CrmObject.label).where(CrmObject.id == object_id)
    ).one_or_none()
    if row is None:
        raise NotFound("This object no longer exists.")
    permissions = row.permissions if isinstance(row.permissions, dict) else {}
    if session.actor.reach(permissions, RecordRight.CREATE) is Reach.NONE:
        raise Forbidden(f"You are not allowed to add records to “{row.label}”.")


def _check_may_change(session: WriteSession, record_id: str) -> tuple[str, str | None]:
    """Return the record's object and the name it is known by."""
    is_allowed = may(session.actor, RecordRight.UPDATE, Record, CrmObject)
    row = session.execute(
        select(Record.object_id, Record.primary_value, is_allowed)
        .join(CrmObject, CrmObject.id == Record.object_id)
        .where(Record.id == record_id)
    ).one_or_none()
    if row is None:
        raise NotFound(GONE)
    object_id, name, may_change = row
    if not may_change:
        raise Forbidden("You are not allowed to change this record.")
    return str(object_id), name


def _deletion(session: WriteSession, record_ids: Collection[str]) -> str:
    if len(record_ids) != 1:
        return f"deletion of {len(record_ids):,} records"
    name = session.scalar(select(Record.primary_value).where(Record.id == next(iter(record_ids))))
    return f"deletion of {_quoted(name)}" if name else "deletion of a record"


def _quoted(name: str) -> str:
    shown = name if len(name) <= 60 else f"{name[:59]}…"
    return f"“{shown}”"


def _check_keys(fields: Iterable[EffectiveField], values: Mapping[str, Any]) -> None:
    """Refuse values of fields that the object has not, or that nobody may type."""
    known = {field.id: field for field in fields}
    found = ((key, why_not_writable(known.get(key))) for key in values)
    problems = {key: problem for key, problem in found if problem}
    if problems:
        raise Invalid(problems)


def why_not_writable(field: EffectiveField | None) -> str:
    """Say why nobody may type a value of this field, "" where one may; None: there is no such."""
    if field is None:
        return "This object has no such field."
    if is_column(field):
        return "The database keeps this value itself."
    return f"“{field.label}” is read-only." if field.is_readonly else ""


def _write_edits(
    session: WriteSession,
    record_id: str,
    author: UUID,
    fields: Sequence[EffectiveField],
    edits: Mapping[str, Edit],
) -> bool:
    parameters = Parameters()
    stored = {key: edit.new for key, edit in edits.items() if edit.new not in NOTHING}
    emptied = [key for key in edits if key not in stored]
    added = parameters.bind(dump_json(stored), "jsonb")
    changed = f"(records.data || {added}) - {parameters.bind(emptied, 'text[]')}"
    name = primary_value_sql(parameters, fields, "changed.data")
    guards = [
        f"NULLIF(data -> {parameters.bind(key)}, 'null') IS NOT DISTINCT FROM "
        f"NULLIF({parameters.bind(dump_json(edit.old), 'jsonb')}, 'null')"
        for key, edit in edits.items()
    ]
    me, id_ = parameters.bind(author, "uuid"), parameters.bind(record_id)
    statement = (
        f"UPDATE records SET data = {changed}, updated_at = now(), updated_by = {me},"  # noqa: S608
        f" primary_value = (SELECT {name} FROM (SELECT {changed} AS data) AS changed)"
        f" WHERE id = {id_} AND jsonb_typeof(data) = 'object' AND {' AND '.join(guards)}"
        " RETURNING id"
    )
    return len(session.execute(text(statement), parameters.values).all()) == 1


def _why_not_written(
    session: WriteSession, record_id: str, edits: Mapping[str, Edit]
) -> Conflict | NotFound | Forbidden:
    keys = list(edits)
    values: list[Any] = [func.jsonb_extract_path(Record.data, key) for key in keys]
    kind = func.jsonb_typeof(Record.data)
    row = session.execute(select(kind, *values).where(Record.id == record_id)).one_or_none()
    if row is None:
        return NotFound(GONE)
    if row[0] != "object":
        return Forbidden("Another program stored no fields in this record; it is left as it is.")
    stored = dict(zip(keys, row[1:], strict=True))
    clashes = {
        key: Clash(edit.old, stored[key], edit.new)
        for key, edit in edits.items()
        if not same_value(edit.old, stored[key])
    }
    if not clashes:
        return Forbidden("The database does not let you change this record.")
    return Conflict("Someone else changed this record meanwhile.", clashes)

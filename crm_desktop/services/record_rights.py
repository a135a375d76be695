"""`objects.permissions` as a condition in SQL: which records somebody may read or change."""

from typing import Any

from sqlalchemy import ARRAY, ColumnElement, String, and_, false, func, literal, or_
from sqlalchemy.dialects.postgresql import JSONB

from crm_desktop.db.expressions import Parameters
from crm_desktop.db.tables import CrmObject, Record
from crm_desktop.domain.access import Actor, RecordRight

OWNER_KEY = "fld_system_owner"


def may(
    actor: Actor, right: RecordRight, record: type[Record], crm_object: type[CrmObject]
) -> ColumnElement[bool]:
    """Return the condition that `Actor.reach` describes, for a record joined to its object.

    Both tables may be aliases. A right that is not listed is open; one that is no list is closed.
    """
    entries: ColumnElement[Any] = crm_object.permissions.op("->", return_type=JSONB())(right.value)
    everybody = literal(["all", f"user_{actor.user_id}"], ARRAY(String))
    is_list = func.coalesce(func.jsonb_typeof(entries), "array") == "array"
    has_owner = entries.op("?", is_comparison=True)("owner")
    return and_(
        is_list,
        or_(
            entries.is_(None),
            entries.op("?|", is_comparison=True)(everybody),
            and_(has_owner, _is_own(actor, record)),
        ),
    )


def right_sql(
    record: str, crm_object: str, right: str, *, everybody: str = ":everybody", me: str = ":me"
) -> str:
    """Return the same condition as text, for these two aliases; `rights_values` are bound."""
    listed = f"{crm_object}.permissions -> '{right}'"
    return (
        f"CASE WHEN NOT {crm_object}.permissions ? '{right}' THEN true"
        f" WHEN jsonb_typeof({listed}) <> 'array' THEN false"
        f" WHEN {listed} ?| CAST({everybody} AS text[]) THEN true"
        f" WHEN {listed} ? 'owner' THEN coalesce({record}.created_by = CAST({me} AS uuid), false)"
        f" OR coalesce({record}.data ->> '{OWNER_KEY}' = CAST({me} AS text), false)"
        " ELSE false END"
    )


def rights_values(actor: Actor) -> dict[str, Any]:
    """Return what `right_sql` says of a person."""
    me = str(actor.user_id)
    return {"everybody": ["all", f"user_{me}"], "me": me}


def _is_own(actor: Actor, record: type[Record]) -> ColumnElement[bool]:
    owner = func.jsonb_extract_path_text(record.data, OWNER_KEY)
    return or_(
        func.coalesce(record.created_by == actor.user_id, false()),
        func.coalesce(owner == str(actor.user_id), false()),
    )


def may_sql(
    parameters: Parameters, actor: Actor, right: RecordRight, record: str, crm_object: str
) -> str:
    """Return `right_sql` for a statement that is put together, its values bound there."""
    values = rights_values(actor)
    everybody = parameters.bind(values["everybody"], "text[]")
    me = parameters.bind(values["me"])
    return f"({right_sql(record, crm_object, right.value, everybody=everybody, me=me)})"


def opens_to_sql(parameters: Parameters, actor: Actor, right: RecordRight, crm_object: str) -> str:
    """Return the condition that an object gives this right on all of its records."""
    entries = f"{crm_object}.permissions -> '{right.value}'"
    everybody = parameters.bind(["all", f"user_{actor.user_id}"], "text[]")
    return (
        f"({entries} IS NULL OR (jsonb_typeof({entries}) = 'array' AND {entries} ?| {everybody}))"
    )

"""`objects.permissions` as a condition in SQL: which records somebody may read or change."""

from typing import Any

from sqlalchemy import ARRAY, ColumnElement, Dialect, String, and_, false, func, literal, or_
from sqlalchemy.dialects import postgresql
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import aliased

from crm_desktop.db.tables import CrmObject, Record
from crm_desktop.domain.access import Actor, RecordRight

OWNER_KEY = "fld_system_owner"
_DIALECT: Dialect = postgresql.dialect()  # type: ignore[no-untyped-call]


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


def may_as_text(actor: Actor, right: RecordRight) -> str:
    """Return `may` as text, for a record `r` joined to its object `o`; nothing is left to bind."""
    condition = may(actor, right, aliased(Record, name="r"), aliased(CrmObject, name="o"))
    return str(condition.compile(dialect=_DIALECT, compile_kwargs={"literal_binds": True}))


def _is_own(actor: Actor, record: type[Record]) -> ColumnElement[bool]:
    owner = func.jsonb_extract_path_text(record.data, OWNER_KEY)
    return or_(
        func.coalesce(record.created_by == actor.user_id, false()),
        func.coalesce(owner == str(actor.user_id), false()),
    )

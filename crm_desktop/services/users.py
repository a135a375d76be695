"""Users: who may sign in; the same rows that other programs let in."""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID, uuid4

from pydantic import AfterValidator, SecretStr
from sqlalchemy import Select, func, select
from sqlalchemy.dialects.postgresql import insert

from crm_desktop.db.database import ReadSession, WriteSession
from crm_desktop.db.rows import delete_row, version_of, write_row
from crm_desktop.db.tables import User
from crm_desktop.domain.access import Permission
from crm_desktop.domain.changes import Topic
from crm_desktop.domain.errors import Conflict, Forbidden, Invalid, NotFound
from crm_desktop.services.inputs import Draft, Line
from crm_desktop.services.passwords import hash_password, random_hash

_WHAT = "user"
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+")


@dataclass(frozen=True, slots=True)
class UserSummary:
    """A user as lists show it; the password's hash never leaves the database."""

    id: UUID
    email: str
    full_name: str
    is_active: bool
    is_verified: bool
    last_login: datetime | None
    version: int
    created_at: datetime
    updated_at: datetime


def _address(value: str) -> str:
    if _EMAIL.fullmatch(value) is None:
        raise ValueError("An e-mail address looks like name@example.com.")
    return value


class UserDraft(Draft):
    """What somebody fills in; without a password a new user cannot sign in yet."""

    email: Annotated[Line, AfterValidator(_address)]
    full_name: Line
    is_active: bool = True
    is_verified: bool = False
    password: SecretStr | None = None


def list_users(session: ReadSession) -> list[UserSummary]:
    """Return all users by name."""
    session.actor.require(Permission.READ_USERS)
    query = _summaries().order_by(func.lower(User.full_name), User.email)
    return [UserSummary(*row) for row in session.execute(query)]


def get_user(session: ReadSession, user_id: UUID) -> UserSummary:
    """Return one user; raises NotFound."""
    session.actor.require(Permission.READ_USERS)
    row = session.execute(_summaries().where(User.id == user_id)).one_or_none()
    if row is None:
        raise NotFound("This user no longer exists.")
    return UserSummary(*row)


def ensure_user(session: ReadSession, user_id: UUID) -> UUID:
    """Return the id of a user who exists and is active, asked once per transaction.

    The database has no foreign key on `created_by` and `updated_by`; this stands in for it.
    Raises Forbidden.
    """
    session.actor.require(Permission.READ_DEFINITIONS)
    known: set[UUID] = session.info.setdefault("active users", set())
    if user_id not in known:
        if not session.scalar(select(User.is_active).where(User.id == user_id)):
            raise Forbidden("Your user is not active here any more. Sign in again.")
        known.add(user_id)
    return user_id


def create_user(session: WriteSession, draft: UserDraft) -> UUID:
    """Add a user and return the id; raises Invalid when the e-mail address is taken."""
    session.actor.require(Permission.EDIT_USERS)
    password = draft.password.get_secret_value() if draft.password else ""
    hashed = hash_password(password) if password else random_hash()
    email = normal_email(draft.email)
    _check_email(session, email)
    row = (
        insert(User)
        .values(
            id=uuid4(),
            email=email,
            hashed_password=hashed,
            full_name=draft.full_name,
            is_active=draft.is_active,
            is_verified=draft.is_verified,
            created_at=func.now(),
            updated_at=func.now(),
        )
        .on_conflict_do_nothing()
        .returning(User.id)
    )
    user_id = session.scalar(row)
    if user_id is None:
        raise _email_taken(email)
    session.note(Topic.USERS, str(user_id))
    return user_id


def update_user(session: WriteSession, user_id: UUID, version: int, draft: UserDraft) -> None:
    """Store what the form shows; a password only where one was typed.

    Raises Conflict when the user changed since `version`, or is the last active one.
    """
    session.actor.require(Permission.EDIT_USERS)
    stored = get_user(session, user_id)
    values: dict[str, Any] = {
        "full_name": draft.full_name,
        "is_active": draft.is_active,
        "is_verified": draft.is_verified,
        "updated_at": func.now(),
    }
    if draft.email != stored.email:
        values["email"] = normal_email(draft.email)
        _check_email(session, values["email"], besides=stored)
    if draft.password and draft.password.get_secret_value():
        values["hashed_password"] = hash_password(draft.password.get_secret_value())
    if stored.is_active and not draft.is_active:
        _check_may_go(session, stored)
    write_row(session, User, user_id, values, what=_WHAT, version=version)
    session.note(Topic.USERS, str(user_id))


def deactivate_user(session: WriteSession, user_id: UUID, version: int) -> None:
    """Let the user sign in no more; what the user made stays. Not oneself, not the last one."""
    session.actor.require(Permission.EDIT_USERS)
    _check_may_go(session, get_user(session, user_id))
    values = {"is_active": False, "updated_at": func.now()}
    write_row(session, User, user_id, values, what=_WHAT, version=version)
    session.note(Topic.USERS, str(user_id))


def delete_user(session: WriteSession, user_id: UUID, version: int) -> None:
    """Delete the user; what the user made keeps an id that names nobody (`impact_of_user`)."""
    session.actor.require(Permission.EDIT_USERS)
    _check_may_go(session, get_user(session, user_id))
    delete_row(session, User, user_id, what=_WHAT, version=version)
    session.note(Topic.USERS, str(user_id))


def normal_email(email: str) -> str:
    """Return the address as it is stored: trimmed and in small letters."""
    return email.strip().lower()


def _summaries() -> Select[Any]:
    columns: list[Any] = [
        User.id,
        User.email,
        User.full_name,
        User.is_active,
        User.is_verified,
        User.last_login,
        version_of(User),
        User.created_at,
        User.updated_at,
    ]
    return select(*columns)


def _check_email(session: WriteSession, email: str, *, besides: UserSummary | None = None) -> None:
    """Refuse an address somebody has in any spelling; the index only knows the exact one."""
    session.execute(select(func.pg_advisory_xact_lock(func.hashtext("crm_desktop.users.email"))))
    taken = select(User.id).where(func.lower(User.email) == func.lower(email))
    if besides is not None:
        taken = taken.where(User.id != besides.id)
    if session.scalar(taken.limit(1)) is not None:
        raise _email_taken(email)


def _email_taken(email: str) -> Invalid:
    return Invalid({"email": f"There is already a user with the address {email}."})


def _check_may_go(session: WriteSession, user: UserSummary) -> None:
    """Keep the acting user and the last active one; two sessions cannot both pass."""
    if user.id == session.actor.user_id:
        raise Conflict("You cannot remove or deactivate yourself.")
    active = select(User.id).where(User.is_active).order_by(User.id).with_for_update()
    if set(session.scalars(active)) <= {user.id}:
        raise Conflict(f"{user.full_name} is the last active user and has to stay.")

"""Who is acting: signing in, acting as somebody from the terminal, and owning a workspace."""

import math
import threading
import time
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Select, func, select, update
from sqlalchemy.dialects.postgresql import insert

from crm_desktop.db.database import ReadSession, WriteSession
from crm_desktop.db.tables import User
from crm_desktop.domain.access import Actor, Permission
from crm_desktop.domain.errors import Conflict, Forbidden, Invalid, NotFound
from crm_desktop.services.passwords import NOBODY, fits, random_hash
from crm_desktop.services.users import UserDraft, create_user, normal_email

VISITOR = Actor(UUID(int=0), name="Visitor", permissions=frozenset({Permission.READ_USERS}))
"""Opens the session in which somebody signs in; may do nothing else."""
KEEPER = replace(VISITOR, permissions=frozenset({Permission.READ_USERS, Permission.EDIT_USERS}))
"""Opens the session in which the owner of a local workspace is found or made."""

OWNER_EMAIL = "owner@localhost"
FREE_FAILURES = 5
LONGEST_WAIT = 300.0  # seconds
_WRONG = "The e-mail address or the password is wrong."


@dataclass(slots=True)
class _Failures:
    count: int = 0
    until: float = 0.0


_failures: dict[str, _Failures] = {}
_lock = threading.Lock()


def sign_in(session: WriteSession, email: str, password: str) -> Actor:
    """Return the user to act as; give a session of the `VISITOR`.

    Takes as long for an unknown address as for a wrong password. After five failures in a row
    each further one doubles the wait. Raises Invalid for a wrong pair, Forbidden while waiting
    and for a user who is not active.
    """
    session.actor.require(Permission.READ_USERS)
    address = normal_email(email)
    _check_wait(address)
    row = _find(session, address)
    fitting = fits(password, row.hashed_password if row else NOBODY)
    if row is None or not fitting:
        _count_failure(address)
        raise Invalid({"password": _WRONG})
    _forget_failures(address)
    if not row.is_active:
        raise Forbidden("This user is not active. Ask an administrator.")
    seen = update(User).where(User.id == row.id).values(last_login=func.now())
    session.execute(seen.execution_options(synchronize_session=False))
    return _actor(row)


def actor_for_email(session: ReadSession, email: str) -> Actor:
    """Return the active user of this address, without a password: for `--as` in the terminal."""
    session.actor.require(Permission.READ_USERS)
    row = _find(session, normal_email(email))
    if row is None:
        raise NotFound(f"There is no user with the address {email.strip()}.")
    if not row.is_active:
        raise Forbidden(f"The user {row.email} is not active.")
    return _actor(row)


def owner(session: WriteSession) -> Actor:
    """Return who acts in a local workspace; give a session of the `KEEPER`.

    That is `owner@localhost`, made when there is no user at all; in a database from elsewhere
    the first active user.
    """
    session.actor.require(Permission.EDIT_USERS)
    session.execute(select(func.pg_advisory_xact_lock(func.hashtext("crm_desktop.users.email"))))
    is_owner = User.email == OWNER_EMAIL
    first = _users().where(User.is_active).order_by(is_owner.desc(), User.created_at, User.id)
    row = session.execute(first.limit(1)).one_or_none()
    if row is not None:
        return _actor(row)
    if session.scalar(select(func.count()).select_from(User)):
        raise Forbidden("No user of this workspace is active.")
    session.execute(insert(User).values(**_owner_row()))
    return _actor(session.execute(first.limit(1)).one())


def has_users(session: ReadSession) -> bool:
    """Say whether anybody could sign in at all; give a session of the `VISITOR`."""
    session.actor.require(Permission.READ_USERS)
    return session.scalar(select(func.count()).select_from(User)) != 0


def create_first_user(session: WriteSession, draft: UserDraft) -> Actor:
    """Make the first user of a database that has none, and return who acts from now on.

    Give a session of the `KEEPER`: whoever may write to the empty table may also do this by SQL.
    Raises Conflict when somebody made a user meanwhile.
    """
    session.actor.require(Permission.EDIT_USERS)
    session.execute(select(func.pg_advisory_xact_lock(func.hashtext("crm_desktop.users.email"))))
    if has_users(session):
        raise Conflict("This database has users now. Sign in as one of them.")
    if draft.password is None or not draft.password.get_secret_value():
        raise Invalid({"password": "Enter a password: it is asked for when you sign in."})
    user_id = create_user(session, draft)
    return _actor(session.execute(_users().where(User.id == user_id)).one())


def _owner_row() -> dict[str, Any]:
    return {
        "id": uuid4(),
        "email": OWNER_EMAIL,
        "hashed_password": random_hash(),
        "full_name": "Owner",
        "is_active": True,
        "is_verified": True,
        "created_at": func.now(),
        "updated_at": func.now(),
    }


def _users() -> Select[Any]:
    columns: list[Any] = [User.id, User.email, User.full_name, User.is_active]
    return select(*columns, User.hashed_password)


def _find(session: ReadSession, address: str) -> Any:
    """Return the user's row; where several addresses differ in case only, the exact one."""
    same = _users().where(func.lower(User.email) == func.lower(address)).limit(2)
    rows = session.execute(same.order_by((User.email == address).desc())).all()
    if len(rows) > 1 and rows[0].email != address:
        raise Invalid({"email": "Several users have this address in different spellings."})
    return rows[0] if rows else None


def _actor(row: Any) -> Actor:
    return Actor(row.id, row.email, row.full_name)


def _now() -> float:
    return time.monotonic()


def _check_wait(address: str) -> None:
    with _lock:
        rest = _failures[address].until - _now() if address in _failures else 0
    if rest > 0:
        seconds = math.ceil(rest)
        unit = "second" if seconds == 1 else "seconds"
        raise Forbidden(f"Too many attempts. Try again in {seconds} {unit}.")


def _count_failure(address: str) -> None:
    with _lock:
        failures = _failures.setdefault(address, _Failures())
        failures.count += 1
        excess = failures.count - FREE_FAILURES
        if excess >= 0:
            failures.until = _now() + min(2.0**excess, LONGEST_WAIT)


def _forget_failures(address: str) -> None:
    with _lock:
        _failures.pop(address, None)

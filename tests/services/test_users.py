from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from passlib.hash import bcrypt
from sqlalchemy import select

from crm_desktop.db.database import Database
from crm_desktop.db.tables import User
from crm_desktop.domain.access import Actor
from crm_desktop.domain.changes import Change, Topic
from crm_desktop.domain.errors import Conflict, Forbidden, Invalid, NotFound
from crm_desktop.services import passwords, users
from crm_desktop.services.users import UserDraft, UserSummary
from tests.make import Make

PASSWORD = "correct horse"  # noqa: S105 - made up


def get(database: Database, actor: Actor, user_id: UUID) -> UserSummary:
    with database.read(actor) as session:
        return users.get_user(session, user_id)


def create(database: Database, actor: Actor, email: str, **values: Any) -> UUID:
    with database.write(actor) as session:
        draft = UserDraft(**{"email": email, "full_name": "Grace", "password": PASSWORD, **values})
        return users.create_user(session, draft)


def change(database: Database, actor: Actor, user_id: UUID, verb: str) -> None:
    with database.write(actor) as session:
        getattr(users, f"{verb}_user")(session, user_id, users.get_user(session, user_id).version)


def test_a_new_user_has_a_bcrypt_hash_of_cost_12_that_no_value_shows(
    database: Database, actor: Actor
) -> None:
    user_id = create(database, actor, "  Grace@Example.COM ")
    made = get(database, actor, user_id)
    assert (made.email, made.full_name, made.is_active) == ("grace@example.com", "Grace", True)
    with database.read(actor) as session:
        hashed = session.scalar(select(User.hashed_password).where(User.id == user_id))
    assert hashed is not None
    assert hashed.startswith("$2b$12$")
    assert bcrypt.verify(PASSWORD, hashed)
    assert hashed not in repr(made)
    assert PASSWORD not in repr(UserDraft(email="a@b", full_name="A", password=PASSWORD))


def test_a_password_of_73_bytes_is_refused_and_not_cut() -> None:
    assert passwords.fits("ü" * 36, passwords.hash_password("ü" * 36))
    with pytest.raises(Invalid, match="at most 72 bytes; this one has 73"):
        passwords.hash_password("ü" * 36 + "x")
    with pytest.raises(Invalid, match="at least 8"):
        passwords.hash_password("short")
    with pytest.raises(Invalid, match="cannot be used"):
        passwords.hash_password("nul\0nul\0nul")


@pytest.mark.parametrize("email", ["GRACE@example.com", "grace@EXAMPLE.com "])
def test_an_address_belongs_to_one_user_in_any_capitals(
    database: Database, actor: Actor, make: Make, email: str
) -> None:
    make.user("Grace@example.com")
    with pytest.raises(Invalid, match="already a user with the address") as refused:
        create(database, actor, email, password=None)
    assert set(refused.value.problems) == {"email"}


def test_two_sessions_cannot_both_take_an_address(
    database: Database, actor: Actor, make: Make, in_another_thread: Callable[..., Any]
) -> None:
    def rename(user_id: UUID, email: str) -> None:
        with database.write(actor) as session:
            version = users.get_user(session, user_id).version
            users.update_user(session, user_id, version, UserDraft(email=email, full_name="A"))

    one, two = make.user("one@example.com"), make.user("two@example.com")
    with database.write(actor) as session:
        version = users.get_user(session, one).version
        draft = UserDraft(email="same@example.com", full_name="A")
        users.update_user(session, one, version, draft)
        second = in_another_thread(lambda: rename(two, "SAME@example.com"))
        second.wait_until_blocked()
    with pytest.raises(Invalid, match="already a user"):
        second.result()


@pytest.mark.parametrize("email", ["", "grace", "grace@", "two words@x", "a@b@c"])
def test_what_is_no_address_is_refused(email: str) -> None:
    with pytest.raises(Invalid) as refused:
        UserDraft(email=email, full_name="Grace")
    assert set(refused.value.problems) == {"email"}


def test_an_update_keeps_the_password_unless_one_was_typed(
    database: Database, actor: Actor, make: Make
) -> None:
    user_id = make.user("Grace@example.com")
    before = get(database, actor, user_id)
    with database.write(actor) as session:
        draft = UserDraft(email=before.email, full_name="Grace H.", is_verified=True)
        users.update_user(session, user_id, before.version, draft)
    after = get(database, actor, user_id)
    assert (after.email, after.full_name) == ("Grace@example.com", "Grace H.")
    assert make.value(select(User.hashed_password).where(User.id == user_id)) == "!"
    assert session.changes == {Change(Topic.USERS, str(user_id))}
    with pytest.raises(Conflict), database.write(actor) as session:
        users.update_user(session, user_id, before.version, draft)


def test_nobody_removes_oneself(database: Database, actor: Actor, make: Make) -> None:
    make.user()
    for verb in ("deactivate", "delete"):
        with pytest.raises(Conflict, match="yourself"):
            change(database, actor, actor.user_id, verb)


def test_the_last_active_user_stays(database: Database, actor: Actor, make: Make) -> None:
    grace = make.actor()
    make.sql("UPDATE users SET is_active = id = :id", id=grace.user_id)
    for verb in ("deactivate", "delete"):
        with pytest.raises(Conflict, match="Grace is the last active user"):
            change(database, actor, grace.user_id, verb)
    version = get(database, actor, grace.user_id).version
    draft = UserDraft(email="grace@example.com", full_name="Grace", is_active=False)
    with pytest.raises(Conflict, match="last active"), database.write(actor) as session:
        users.update_user(session, grace.user_id, version, draft)


def test_two_users_cannot_deactivate_each_other_at_once(
    database: Database, actor: Actor, make: Make, in_another_thread: Callable[..., Any]
) -> None:
    grace = make.actor()
    with database.write(actor) as session:
        version = users.get_user(session, grace.user_id).version
        users.deactivate_user(session, grace.user_id, version)
        second = in_another_thread(lambda: change(database, grace, actor.user_id, "deactivate"))
        second.wait_until_blocked()
    with pytest.raises(Conflict, match="last active"):
        second.result()


def test_a_deleted_user_is_gone_and_what_the_user_made_stays(
    database: Database, actor: Actor, make: Make
) -> None:
    grace = make.actor()
    make.object("company", created_by=grace.user_id)
    change(database, actor, grace.user_id, "deactivate")
    assert not get(database, actor, grace.user_id).is_active
    change(database, actor, grace.user_id, "delete")
    with pytest.raises(NotFound):
        get(database, actor, grace.user_id)
    with database.read(actor) as session:
        assert [user.full_name for user in users.list_users(session)] == ["Ada Admin"]


def test_a_user_is_asked_for_once_in_a_transaction(
    database: Database, actor: Actor, statements: list[str]
) -> None:
    with database.write(actor) as session:
        statements.clear()
        for _ in range(3):
            assert users.ensure_user(session, actor.user_id) == actor.user_id
        assert len(statements) == 1


def test_users_need_permission(database: Database, make: Make) -> None:
    with database.read(make.guest()) as session, pytest.raises(Forbidden):
        users.list_users(session)

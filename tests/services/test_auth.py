from collections.abc import Iterator

import pytest
from passlib.hash import bcrypt
from pydantic import SecretStr
from sqlalchemy import select, text

from crm_desktop.db.database import Database
from crm_desktop.db.tables import User
from crm_desktop.domain.access import Actor
from crm_desktop.domain.errors import Conflict, Forbidden, Invalid, NotFound
from crm_desktop.services import auth, objects, passwords, users
from tests.make import Make

PASSWORD = "correct horse"  # noqa: S105 - made up
CHEAP = bcrypt.using(rounds=4, ident="2b").hash(PASSWORD)  # as other programs may have stored


@pytest.fixture(autouse=True)
def _no_failures() -> Iterator[None]:
    auth._failures.clear()
    yield
    auth._failures.clear()


def sign_in(database: Database, email: str, password: str) -> Actor:
    with database.write(auth.VISITOR) as session:
        return auth.sign_in(session, email, password)


def owner(database: Database) -> Actor:
    with database.write(auth.KEEPER) as session:
        return auth.owner(session)


def test_signing_in_gives_the_user_and_notes_the_time(database: Database, make: Make) -> None:
    user_id = make.user(hashed_password=CHEAP)
    actor = sign_in(database, " Grace@Example.com ", PASSWORD)
    assert (actor.user_id, actor.email, actor.name) == (user_id, "grace@example.com", "Grace")
    assert make.value(select(User.last_login).where(User.id == user_id)) is not None
    with database.read(actor) as session:
        objects.list_objects(session)


@pytest.mark.parametrize(
    ("email", "password", "hashed"),
    [
        ("grace@example.com", "wrong horse", CHEAP),
        ("grace@example.com", "", CHEAP),
        ("grace@example.com", PASSWORD + "x" * 72, CHEAP),
        ("grace@example.com", "a\0b", CHEAP),
        ("grace@example.com", "!", "!"),
        ("grace@example.com", "", ""),
        ("nobody@example.com", PASSWORD, CHEAP),
        ("' OR 1=1 --", PASSWORD, CHEAP),
    ],
    ids=[
        "wrong",
        "empty",
        "too long",
        "with a zero byte",
        "the hash itself",
        "no hash",
        "nobody",
        "hostile",
    ],
)
def test_a_wrong_pair_says_only_that_it_is_wrong(
    database: Database, make: Make, email: str, password: str, hashed: str
) -> None:
    make.user(hashed_password=hashed)
    with pytest.raises(Invalid, match="The e-mail address or the password is wrong"):
        sign_in(database, email, password)


def test_an_unknown_address_takes_as_much_work_as_a_wrong_password() -> None:
    assert bcrypt.identify(passwords.NOBODY)
    assert bcrypt.from_string(passwords.NOBODY).rounds == passwords.COST
    assert not passwords.fits("anything", passwords.NOBODY)


def test_a_user_who_is_not_active_stays_outside_and_only_the_right_password_learns_it(
    database: Database, make: Make
) -> None:
    make.user(hashed_password=CHEAP, is_active=False)
    with pytest.raises(Forbidden, match="not active"):
        sign_in(database, "grace@example.com", PASSWORD)
    with pytest.raises(Invalid):
        sign_in(database, "grace@example.com", "wrong horse")


def test_after_five_failures_each_further_one_doubles_the_wait(
    database: Database, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    make.user(hashed_password=CHEAP)
    now = [1000.0]
    monkeypatch.setattr(auth, "_now", lambda: now[0])

    def fail() -> None:
        with pytest.raises(Invalid):
            sign_in(database, "grace@example.com", "wrong horse")

    for _ in range(5):
        fail()
    with pytest.raises(Forbidden, match="Try again in 1 second\\."):
        sign_in(database, "GRACE@example.com", PASSWORD)
    now[0] += 1
    fail()
    with pytest.raises(Forbidden, match="in 2 seconds"):
        sign_in(database, "grace@example.com", PASSWORD)
    now[0] += 2
    sign_in(database, "grace@example.com", PASSWORD)
    fail()
    sign_in(database, "grace@example.com", PASSWORD)


def test_the_visitor_may_do_nothing_but_sign_in(database: Database) -> None:
    with database.read(auth.VISITOR) as session, pytest.raises(Forbidden):
        objects.list_objects(session)
    with pytest.raises(Forbidden), database.write(auth.VISITOR) as session:
        auth.owner(session)


def test_the_terminal_acts_as_an_active_user_by_address(database: Database, make: Make) -> None:
    user_id = make.user()
    make.user("left@example.com", is_active=False)
    with database.read(auth.VISITOR) as session:
        assert auth.actor_for_email(session, "GRACE@example.com").user_id == user_id
        with pytest.raises(NotFound, match="no user with the address nobody@x"):
            auth.actor_for_email(session, "nobody@x")
        with pytest.raises(Forbidden, match="not active"):
            auth.actor_for_email(session, "left@example.com")


def test_addresses_that_differ_in_capitals_only_need_the_exact_one(
    database: Database, make: Make
) -> None:
    make.user("Grace@example.com")
    make.user("GRACE@example.com")
    with database.read(auth.VISITOR) as session, pytest.raises(Invalid, match="spellings"):
        auth.actor_for_email(session, "grace@example.com")
    exact = make.user("grace@example.com")
    with database.read(auth.VISITOR) as session:
        assert auth.actor_for_email(session, "grace@example.com").user_id == exact


def test_the_owner_is_made_once_in_a_workspace_without_users(
    database: Database, make: Make
) -> None:
    make.sql("DELETE FROM users")
    first = owner(database)
    assert owner(database) == first
    assert first.email == "owner@localhost"
    hashed = make.value(select(User.hashed_password))
    assert hashed.startswith("$2b$12$")
    assert not passwords.fits("owner@localhost", hashed)


def test_in_a_workspace_with_users_the_owner_or_else_the_first_active_one_acts(
    database: Database, make: Make
) -> None:
    assert owner(database).email == "admin@example.com"
    owner_id = make.user("owner@localhost")
    assert owner(database).user_id == owner_id
    make.sql("UPDATE users SET is_active = false")
    with pytest.raises(Forbidden, match="No user of this workspace is active"):
        owner(database)


def test_the_first_user_is_made_only_where_there_is_none(database: Database) -> None:
    draft = users.UserDraft(
        email="ada@example.com", full_name="Ada", password=SecretStr("correct horse")
    )
    with pytest.raises(Conflict), database.write(auth.KEEPER) as session:
        auth.create_first_user(session, draft)
    with database.engine.begin() as connection:
        connection.execute(text("DELETE FROM users"))

    with database.write(auth.KEEPER) as session:
        assert not auth.has_users(session)
        actor = auth.create_first_user(session, draft)

    with database.write(auth.VISITOR) as session:
        assert auth.sign_in(session, "ada@example.com", "correct horse") == actor

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from crm_desktop.db.database import Database
from crm_desktop.domain.access import Actor
from crm_desktop.domain.changes import Change, Topic
from crm_desktop.domain.errors import Forbidden, Invalid, NotFound
from crm_desktop.services import tokens
from crm_desktop.services.tokens import TokenDraft
from tests.make import Make

LATER = datetime.now(UTC) + timedelta(days=1)


def add(database: Database, actor: Actor, jti: str, expires_at: datetime = LATER) -> None:
    with database.write(actor) as session:
        draft = TokenDraft(jti=jti, user_id=actor.user_id, expires_at=expires_at)
        tokens.blacklist_token(session, draft)


def listed(database: Database, actor: Actor) -> set[tuple[str, str | None]]:
    with database.read(actor) as session:
        return {(row.jti, row.email) for row in tokens.list_tokens(session)}


def test_a_token_that_is_called_back_is_listed_with_its_user(
    database: Database, actor: Actor, make: Make
) -> None:
    add(database, actor, "a")
    make.sql("INSERT INTO token_blacklist VALUES ('b', :id, now(), now())", id=uuid4())
    assert listed(database, actor) == {("a", actor.email), ("b", None)}


def test_a_token_is_called_back_once_and_for_a_user_there_is(
    database: Database, actor: Actor
) -> None:
    add(database, actor, "a")
    with pytest.raises(Invalid, match="already been called back"):
        add(database, actor, "a")
    with pytest.raises(Invalid, match="time zone"):
        add(database, actor, "b", LATER.replace(tzinfo=None))
    draft = TokenDraft(jti="c", user_id=uuid4(), expires_at=LATER)
    with pytest.raises(Invalid, match="no such user"), database.write(actor) as session:
        tokens.blacklist_token(session, draft)


def test_purging_takes_out_what_has_expired_by_itself(database: Database, actor: Actor) -> None:
    add(database, actor, "old", LATER - timedelta(days=2))
    add(database, actor, "new")
    with database.write(actor) as session:
        assert tokens.purge_expired_tokens(session) == 1
    assert session.changes == {Change(Topic.TOKENS, str(actor.user_id))}
    assert listed(database, actor) == {("new", actor.email)}


def test_a_token_is_taken_off_the_list(database: Database, actor: Actor) -> None:
    add(database, actor, "a")
    with database.write(actor) as session:
        tokens.delete_token(session, "a")
    assert listed(database, actor) == set()
    with pytest.raises(NotFound), database.write(actor) as session:
        tokens.delete_token(session, "a")


def test_tokens_need_permission(database: Database, make: Make) -> None:
    with database.read(make.guest()) as session, pytest.raises(Forbidden):
        tokens.list_tokens(session)

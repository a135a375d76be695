"""Tokens of other programs that were called back before their time: `token_blacklist`."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert

from crm_desktop.db.database import ReadSession, WriteSession
from crm_desktop.db.tables import BlacklistedToken as Token
from crm_desktop.db.tables import User
from crm_desktop.domain.access import Permission
from crm_desktop.domain.changes import Topic
from crm_desktop.domain.errors import Invalid, NotFound
from crm_desktop.services.inputs import Draft, Line


@dataclass(frozen=True, slots=True)
class TokenRow:
    """A token nobody may use any more; `email` is None when its user is gone."""

    jti: str
    user_id: UUID
    email: str | None
    expires_at: datetime
    blacklisted_at: datetime


class TokenDraft(Draft):
    """The token to call back: its id, whose it is, and when it would have expired anyway."""

    jti: Line
    user_id: UUID
    expires_at: datetime


def list_tokens(session: ReadSession) -> list[TokenRow]:
    """Return the blacklist, the latest entries first."""
    session.actor.require(Permission.EDIT_TOKENS)
    query = (
        select(Token.jti, Token.user_id, User.email, Token.expires_at, Token.blacklisted_at)
        .outerjoin(User, User.id == Token.user_id)
        .order_by(Token.blacklisted_at.desc(), Token.jti)
    )
    return [TokenRow(*row) for row in session.execute(query)]


def blacklist_token(session: WriteSession, draft: TokenDraft) -> None:
    """Call a token back. Raises Invalid for a time without an offset or an unknown user."""
    session.actor.require(Permission.EDIT_TOKENS)
    if draft.expires_at.utcoffset() is None:
        raise Invalid({"expires_at": "Say in which time zone the token expires."})
    if session.scalar(select(User.id).where(User.id == draft.user_id)) is None:
        raise Invalid({"user_id": "There is no such user."})
    row = insert(Token).values(**draft.model_dump(), blacklisted_at=func.now())
    added = session.scalar(row.on_conflict_do_nothing().returning(Token.jti))
    if added is None:
        raise Invalid({"jti": "This token has already been called back."})
    session.note(Topic.TOKENS, str(draft.user_id))


def purge_expired_tokens(session: WriteSession) -> int:
    """Take out the tokens that have expired by themselves; return how many."""
    session.actor.require(Permission.EDIT_TOKENS)
    gone = delete(Token).where(Token.expires_at <= func.now()).returning(Token.user_id)
    user_ids = session.scalars(gone).all()
    for user_id in set(user_ids):
        session.note(Topic.TOKENS, str(user_id))
    return len(user_ids)


def delete_token(session: WriteSession, jti: str) -> None:
    """Take one token out of the blacklist: it can be used again until it expires."""
    session.actor.require(Permission.EDIT_TOKENS)
    gone = delete(Token).where(Token.jti == jti).returning(Token.user_id)
    user_id = session.scalar(gone)
    if user_id is None:
        raise NotFound("This token is no longer on the list.")
    session.note(Topic.TOKENS, str(user_id))

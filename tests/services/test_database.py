import pytest
from sqlalchemy import text
from sqlalchemy.exc import InternalError

from crm_desktop.db.database import Database
from crm_desktop.domain.access import Actor


def test_a_read_session_cannot_write(database: Database, actor: Actor) -> None:
    with pytest.raises(InternalError, match="read-only"), database.read(actor) as session:
        session.execute(text("DELETE FROM objects"))

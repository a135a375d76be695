"""Sends blocks of ready text to PostgreSQL's COPY, inside the transaction of a session."""

from collections.abc import Iterable
from typing import Any, LiteralString

import psycopg

from crm_desktop.db.database import ReadSession, WriteSession


def driver_of(session: ReadSession) -> psycopg.Connection[Any]:
    """Return the session's own connection as the driver knows it, for what SQLAlchemy cannot."""
    connection = session.connection().connection.driver_connection
    assert isinstance(connection, psycopg.Connection)  # noqa: S101 - for the type checker
    return connection


def copy_blocks(
    session: WriteSession, statement: LiteralString, blocks: Iterable[bytes | str]
) -> int:
    """Run a COPY … FROM STDIN and return the number of rows.

    An exception out of `blocks` ends it and is passed on; the transaction can only be rolled back.
    """
    with driver_of(session).cursor() as cursor:
        with cursor.copy(statement) as copy:
            for block in blocks:
                copy.write(block)
        return cursor.rowcount

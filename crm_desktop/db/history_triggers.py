"""The triggers that keep a history of records and links: one addition, made whole or not at all."""

import time
from typing import Any, LiteralString

import psycopg
from psycopg import sql

from crm_desktop.db.connections import GoOn
from crm_desktop.domain.errors import Cancelled, Unavailable

HISTORY = "crm_desktop_history"
SERVES = "undoing what was done in an earlier session, and seeing what was there before"
TABLES = {"records": "records", "relationship_records": "links"}
_EVENTS = {
    "insert": ("AFTER INSERT", "NEW TABLE AS new_rows", "inserted"),
    "update": ("AFTER UPDATE", "OLD TABLE AS old_rows NEW TABLE AS new_rows", "updated"),
    "delete": ("AFTER DELETE", "OLD TABLE AS old_rows", "deleted"),
}
_WAIT: LiteralString = "300ms"
_PATIENCE, _PAUSE = 10.0, 0.2  # seconds to get the lock, and between two tries
_FOUND = """
SELECT c.relname, t.tgname, pg_get_triggerdef(t.oid), t.tgenabled::text
FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
WHERE t.tgrelid IN (to_regclass('records'), to_regclass('relationship_records'))
  AND starts_with(t.tgname, 'crm_desktop_')
"""
_PLACES = """
SELECT c.relname, quote_ident(n.nspname) || '.' || quote_ident(c.relname)
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.oid IN (to_regclass('records'), to_regclass('relationship_records'))
"""
_IS_READY = """
SELECT FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
WHERE n.nspname = 'crm_desktop' AND p.proname = 'records_inserted'
"""


def expected_triggers(places: dict[str, str]) -> dict[tuple[str, str], str]:
    """Return, by table and name, each trigger as `pg_get_triggerdef` prints it."""
    return {
        (table, f"{HISTORY}_{event}"): (
            f"CREATE TRIGGER {HISTORY}_{event} {when} ON {places[table]} REFERENCING {rows}"
            f" FOR EACH STATEMENT EXECUTE FUNCTION crm_desktop.{subject}_{past}()"
        )
        for table, subject in TABLES.items()
        for event, (when, rows, past) in _EVENTS.items()
    }


def places_of(connection: psycopg.Connection[Any]) -> dict[str, str]:
    """Return the quoted full names of the two tables, as far as they exist."""
    return {row[0]: row[1] for row in connection.execute(_PLACES)}


def found_triggers(
    connection: psycopg.Connection[Any],
) -> dict[tuple[str, str], tuple[str, bool]]:
    """Return our triggers as they stand: their definition, and whether they are switched on."""
    rows = connection.execute(_FOUND).fetchall()
    return {(table, name): (text, state != "D") for table, name, text, state in rows}


def make_triggers(connection: psycopg.Connection[Any], go_on: GoOn) -> None:
    """Put the triggers in place, all in one transaction.

    That needs a lock that waits for every writer, and makes every later one wait: it is asked for
    shortly, again and again, for ten seconds at most. Raises Unavailable and Cancelled.
    """
    if connection.execute(_IS_READY).fetchone() is None:
        raise Unavailable("Only the schema “crm_desktop” could hold a history.")
    wanted = expected_triggers(places_of(connection))
    statements = _drops(connection, set(wanted))
    statements += [sql.SQL(text) for text in wanted.values()]
    _insist(connection, statements, go_on)


def remove_triggers(connection: psycopg.Connection[Any], go_on: GoOn) -> None:
    """Take our triggers off, older ones of the same prefix too."""
    if statements := _drops(connection, set(found_triggers(connection))):
        _insist(connection, statements, go_on)


def _drops(
    connection: psycopg.Connection[Any], names: set[tuple[str, str]]
) -> list[sql.SQL | sql.Composed]:
    places = places_of(connection)
    drop = sql.SQL("DROP TRIGGER IF EXISTS {} ON {}")
    return [
        drop.format(sql.Identifier(name), sql.SQL(places[table]))
        for table, name in sorted(names & set(found_triggers(connection)))
    ]


def _insist(
    connection: psycopg.Connection[Any], statements: list[sql.SQL | sql.Composed], go_on: GoOn
) -> None:
    deadline = time.monotonic() + _PATIENCE
    while True:
        try:
            with connection.transaction():
                connection.execute(
                    sql.SQL("SET LOCAL lock_timeout = {}").format(sql.Literal(_WAIT))
                )
                for statement in statements:
                    connection.execute(statement)
        except psycopg.errors.LockNotAvailable:
            if not go_on():
                raise Cancelled("The work was stopped.") from None
            if time.monotonic() > deadline:
                raise
            time.sleep(_PAUSE)
        else:
            return

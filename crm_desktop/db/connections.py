"""Opens connections to PostgreSQL whose every wait is bounded."""

import selectors
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict
from psycopg.pq import ExecStatus

from crm_desktop.db.problems import why_unconnected
from crm_desktop.domain.errors import Cancelled, Invalid

GoOn = Callable[[], bool]

NO_ADDRESS = (
    "This is no address of a PostgreSQL database. Write it as postgresql://user@host:5432/database."
)
# Used where the URI does not say otherwise; times in seconds, `tcp_user_timeout` in milliseconds.
WAITS: dict[str, str | int] = {
    "connect_timeout": 10,
    "keepalives": 1,
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
    "tcp_user_timeout": 15_000,
    "application_name": "crm-desktop",
    "client_encoding": "utf8",
}


@dataclass(frozen=True, slots=True)
class Purpose:
    """What a connection is for, as PostgreSQL's own limits in milliseconds (0: none)."""

    statement_timeout: int
    lock_timeout: int
    idle_in_transaction_session_timeout: int
    is_read_only: bool = False

    def settings(self) -> dict[str, str]:
        limits = {
            "statement_timeout": str(self.statement_timeout),
            "lock_timeout": str(self.lock_timeout),
            "idle_in_transaction_session_timeout": str(self.idle_in_transaction_session_timeout),
        }
        return limits | ({"default_transaction_read_only": "on"} if self.is_read_only else {})


READ = Purpose(300_000, 5_000, 120_000, is_read_only=True)
WRITE = Purpose(60_000, 4_000, 60_000)  # a cell that meets the locks of an import is tried again
LONG = Purpose(0, 30_000, 600_000)
UPKEEP = Purpose(0, 10_000, 600_000)


class Connector:
    """Opens connections of one purpose to the database at a libpq URI.

    Limits travel in the startup packet. Poolers such as PgBouncer refuse that; then each
    transaction sets them for itself (`is_pooled`), so that nothing leaks to whom the pooler
    gives the connection next. Statements are never prepared: poolers lose them, and a generic
    plan is the wrong one for most searches.
    """

    def __init__(self, url: str, purpose: Purpose) -> None:
        self.parameters = _parameters(url)
        self.settings = purpose.settings()
        self._is_read_only = purpose.is_read_only
        self.is_pooled = False

    def open(self) -> psycopg.Connection[Any]:
        """Connect, within `connect_timeout` seconds for each host that the URI names.

        Raises the UserError that says why it could not.
        """
        try:
            if not self.is_pooled:
                return self._open_with_settings()
            return self._connect(self.parameters)
        except psycopg.OperationalError as error:
            raise why_unconnected(error) from error

    def _open_with_settings(self) -> psycopg.Connection[Any]:
        try:
            return self._connect(self._with_settings())
        except psycopg.OperationalError as error:
            if "startup parameter" not in str(error):
                raise
            self.is_pooled = True
            return self._connect(self.parameters)

    def _with_settings(self) -> dict[str, Any]:
        """Put our limits before the options of the URI, so that its own win."""
        ours = " ".join(f"-c {name}={value}" for name, value in self.settings.items())
        return self.parameters | {"options": f"{ours} {self.parameters.get('options', '')}".strip()}

    def _connect(self, parameters: dict[str, Any]) -> psycopg.Connection[Any]:
        connection = psycopg.connect("", prepare_threshold=None, **parameters)
        if self._is_read_only:
            connection.read_only = True  # each transaction says so itself, a pooler or not
        return connection


def connect(url: str, purpose: Purpose = UPKEEP) -> psycopg.Connection[Any]:
    """Open one connection that commits each statement by itself; the caller closes it."""
    connection = Connector(url, purpose).open()
    connection.autocommit = True
    return connection


def _parameters(url: str) -> dict[str, Any]:
    try:
        if given := conninfo_to_dict(url):
            return WAITS | given
    except (psycopg.ProgrammingError, UnicodeEncodeError) as error:
        raise Invalid({"database": NO_ADDRESS}) from error
    raise Invalid({"database": NO_ADDRESS})


def execute_watched(
    connection: psycopg.Connection[Any], statement: sql.Composable, go_on: GoOn
) -> None:
    """Run one statement without parameters, for as long as `go_on()` says so.

    It is asked five times a second; on False the statement is cancelled and Cancelled is raised.
    Locks are waited for without end meanwhile, since somebody is watching.
    """
    connection.execute("SET lock_timeout = 0")
    pgconn = connection.pgconn
    pgconn.send_query(statement.as_bytes(connection))
    was_stopped = False
    with selectors.DefaultSelector() as selector:
        selector.register(pgconn.socket, selectors.EVENT_READ)
        while pgconn.is_busy():
            if selector.select(timeout=0.2):
                pgconn.consume_input()
            elif not go_on() and not was_stopped:
                was_stopped = True
                connection.cancel_safe(timeout=3)
    failure = None
    while (result := pgconn.get_result()) is not None:
        if result.status == ExecStatus.FATAL_ERROR:
            failure = psycopg.errors.error_from_result(result)
    if not connection.closed:
        connection.execute("RESET lock_timeout")
    if was_stopped and failure is not None:
        raise Cancelled("The work was stopped.") from failure
    if failure is not None:
        raise failure

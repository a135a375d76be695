"""Makes a database ready: the contract's tables, our own schema, and the additions.

Nothing happens to the contract's tables of a database that belongs to another program, and our
own schema comes into it only when that was asked for. alembic is imported only where there is
something to migrate: it is slow to load, and most starts need nothing.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Literal, LiteralString

import psycopg
from psycopg import sql
from psycopg.types.json import Jsonb
from sqlalchemy import Connection, NullPool, create_engine
from sqlalchemy.exc import DBAPIError

from crm_desktop.db.additions import (
    SCHEMA,
    field_index_names,
    make_additions,
    remove_additions,
)
from crm_desktop.db.connections import UPKEEP, Connector, connect
from crm_desktop.db.fingerprint import DESKTOP_VERSIONS, OLDEST_SERVER, Fitness, examine
from crm_desktop.db.problems import as_user_error, explain
from crm_desktop.domain.errors import Cancelled, Unavailable, UpgradeNeeded
from crm_desktop.files import migrations_folder

if TYPE_CHECKING:
    from alembic.config import Config

LOCK = 0x63726D6465736B  # "crmdesk": whoever holds it migrates
POLL = 0.1  # seconds
OLDER = "This database was made by an older CRM Desktop ({}) and has to be brought up to date."
NEWER = (
    "This database was used by a newer CRM Desktop ({}) than this one, which might spoil what it "
    "does not know. Install the newer version. Nothing was changed."
)
Progress = Callable[[int, int], bool]


class Extras(StrEnum):
    """What to do beside the contract: our schema, and the additions to the contract's tables."""

    ASK = "ask"  # make them in a database of ours, only offer them in a foreign one
    YES = "yes"
    NO = "no"


@dataclass(frozen=True, slots=True)
class MigrationReport:
    """What was done; `problems` says why something was not, by its name."""

    before: Fitness
    after: Fitness
    made: tuple[str, ...] = ()
    offered: tuple[str, ...] = ()
    problems: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class DetachReport:
    """What was taken out, and what had to stay and why, by its name."""

    removed: tuple[str, ...]
    kept: Mapping[str, str]


def check(url: str) -> Fitness:
    """Look at a database without changing anything. Raises UserErrors."""
    with _in_words(), connect(url) as connection:
        return examine(connection)


def migrate(
    url: str,
    *,
    extras: Extras = Extras.ASK,
    grant_to: str = "",
    patience: float = 600,
    on_progress: Progress | None = None,
    may_upgrade: bool = True,
) -> MigrationReport:
    """Bring the database to what this program knows; safe to call at every start.

    `grant_to` names a role that gets the rights on our schema. Only one program migrates at a
    time: others wait, up to `patience` seconds, until what they need stands. An addition that
    fails is reported, never raised. Other UserErrors mean that the contract's tables could not be
    made. `on_progress(done, total)` is asked often, False stops: it raises Cancelled. Unless it
    `may_upgrade`, UpgradeNeeded is raised where an older version has made what is there; what a
    newer one has made is refused in any case.
    """
    steps = _Steps(on_progress)
    with _in_words(), connect(url) as connection:
        before = examine(connection)
        if before.server_version < OLDEST_SERVER:
            raise Unavailable(
                f"This server runs PostgreSQL {before.server}. CRM Desktop needs 15 or newer."
            )
        _refuse_newer(before)
        plan = _Plan(before, extras, grant_to)
        if plan.upgrades and not may_upgrade:
            raise UpgradeNeeded(OLDER.format(before.desktop_version or before.core_version))
        offered = plan.offered()
        if not plan.has_work:
            return MigrationReport(before, before, offered=offered)

        def is_urgent() -> bool:
            plan.look_again(examine(connection))
            return plan.is_urgent

        with _turn(connection, patience, steps, is_urgent) as is_ours:
            plan.look_again(examine(connection))
            made, problems = _work(url, connection, plan, steps) if is_ours else _others(plan)
        return MigrationReport(before, examine(connection), made, offered, problems)


def detach(url: str) -> DetachReport:
    """Take out everything that this program added beside the contract; the contract stays.

    What stands in our schema is lost: ask before.
    """
    with _in_words(), connect(url) as connection, _turn(connection, 60, _Steps(None), _always):
        before = examine(connection)
        names = field_index_names(connection)
        kept = remove_additions(connection)
        removed = [SCHEMA] if before.desktop_version else []
        connection.execute(sql.SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(_SCHEMA))
        after = examine(connection)
        removed += [
            name for name, state in before.additions.items() if state != after.additions[name]
        ]
        removed += [name for name in names if name not in kept]
        return DetachReport(tuple(removed), kept)


def _refuse_newer(found: Fitness) -> None:
    is_version = found.desktop_version.startswith("crm_desktop_")
    if is_version and found.desktop_version > DESKTOP_VERSIONS[-1]:
        raise Unavailable(NEWER.format(found.desktop_version))


def _always() -> bool:
    return True


_SCHEMA = sql.Identifier(SCHEMA)


class _Steps:
    """Counts what was done, and raises Cancelled once the user does not want more."""

    def __init__(self, on_progress: Progress | None) -> None:
        self._on_progress = on_progress
        self.done, self.total = 0, 3

    def go_on(self) -> bool:
        return self._on_progress is None or self._on_progress(self.done, self.total)

    def advance(self) -> None:
        self.done += 1
        self.check()

    def check(self) -> None:
        if not self.go_on():
            raise Cancelled("Preparing the database was stopped.")


class _Plan:
    """What is to be done to a database, by what was found in it."""

    def __init__(self, found: Fitness, extras: Extras, grant_to: str) -> None:
        self.extras, self.grant_to = extras, grant_to
        self.look_again(found)

    def look_again(self, found: Fitness) -> None:
        may_add = self.extras is Extras.YES or (self.extras is Extras.ASK and not found.is_foreign)
        may_upgrade = may_add or (self.extras is Extras.ASK and found.desktop_version != "")
        self.found = found
        self.core = found.needs_core
        self.desktop = may_upgrade and found.needs_desktop
        self.additions = may_add and bool(found.open_additions)

    @property
    def has_work(self) -> bool:
        return self.is_urgent or self.additions

    @property
    def is_urgent(self) -> bool:
        """Tell whether this has to be waited for; an index that is being built has not."""
        return self.core or self.desktop or bool(self.grant_to)

    @property
    def upgrades(self) -> bool:
        """Tell whether something that holds people's work would be changed, not just added."""
        has_older_core = self.core and self.found.core_version != ""
        return has_older_core or (self.desktop and self.found.desktop_version != "")

    def offered(self) -> tuple[str, ...]:
        """Return the names of what could be added, had the user been asked."""
        if self.extras is not Extras.ASK or not self.found.is_foreign:
            return ()
        schema = () if self.found.desktop_version else (SCHEMA,)
        return schema + self.found.open_additions


def _work(
    url: str, connection: psycopg.Connection[Any], plan: _Plan, steps: _Steps
) -> tuple[tuple[str, ...], dict[str, str]]:
    """Do what is planned, step by step; return what was made, and what failed and why."""
    made: list[str] = []
    problems: dict[str, str] = {}
    if plan.core:
        _upgrade(url, "core")
        made.append("core")
        plan.look_again(examine(connection))
    steps.advance()
    if plan.desktop or plan.grant_to:
        try:
            if plan.desktop:
                _upgrade(url, "desktop")
                made.append(SCHEMA)
            _grant(connection, plan.grant_to)
        except (psycopg.Error, DBAPIError) as error:
            problems[SCHEMA] = explain(error)
    steps.advance()
    if plan.additions:
        todo = plan.found.open_additions
        problems |= make_additions(connection, steps.go_on)
        made += [name for name in todo if name not in problems]
    steps.advance()
    return tuple(made), problems


def _others(plan: _Plan) -> tuple[tuple[str, ...], dict[str, str]]:
    reason = "Another program is at work on this database; try again later."
    return (), dict.fromkeys(plan.found.open_additions, reason)


@contextmanager
def _turn(
    connection: psycopg.Connection[Any],
    patience: float,
    steps: _Steps,
    is_urgent: Callable[[], bool],
) -> Iterator[bool]:
    """Wait until no other program migrates; False: one still does, but nothing is urgent any more.

    The lock is polled, with no snapshot open: CREATE INDEX CONCURRENTLY waits for every
    transaction, so one that waited in `pg_advisory_lock` for its builder would be a deadlock.
    """
    deadline = time.monotonic() + patience
    while not _ask(connection, "SELECT pg_try_advisory_lock(%s)"):
        if not is_urgent():
            yield False
            return
        if time.monotonic() > deadline:
            raise Unavailable("Another program is preparing this database. Try again later.")
        steps.check()
        time.sleep(POLL)
    try:
        yield True
    finally:
        if not connection.closed:
            _ask(connection, "SELECT pg_advisory_unlock(%s)")


def _ask(connection: psycopg.Connection[Any], query: LiteralString) -> bool:
    row = connection.execute(query, [LOCK]).fetchone()
    return row is not None and bool(row[0])


def alembic_config(history: Literal["core", "desktop"], connection: Connection) -> "Config":
    """Return what alembic's commands need to work on `connection`, without any file."""
    from alembic.config import Config

    config = Config()
    folder = str(migrations_folder() / history)
    config.set_main_option("script_location", folder.replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config


def _upgrade(url: str, history: Literal["core", "desktop"]) -> None:
    """Run what is new of one history, all in one transaction."""
    from alembic import command

    opener = Connector(url, UPKEEP).open
    engine = create_engine("postgresql+psycopg://", creator=opener, poolclass=NullPool)
    with engine.begin() as connection:
        command.upgrade(alembic_config(history, connection), "head")


def _grant(connection: psycopg.Connection[Any], role: str) -> None:
    """Give the role, and those named before, the rights on all that our schema holds now."""
    with connection.transaction():
        if role:
            connection.execute(
                "INSERT INTO crm_desktop.settings VALUES ('granted_to', %s) ON CONFLICT (name)"
                " DO UPDATE SET value = settings.value - excluded.value::text || excluded.value",
                [Jsonb([role])],
            )
        row = connection.execute(
            "SELECT value FROM crm_desktop.settings WHERE name = 'granted_to'"
        ).fetchone()
        for name in row[0] if row else ():
            to = sql.Identifier(name)
            for grant in (
                "GRANT USAGE ON SCHEMA crm_desktop TO {}",
                "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA crm_desktop TO {}",
                "GRANT USAGE ON ALL SEQUENCES IN SCHEMA crm_desktop TO {}",
            ):
                connection.execute(sql.SQL(grant).format(to))


@contextmanager
def _in_words() -> Iterator[None]:
    try:
        yield
    except (psycopg.Error, DBAPIError) as error:
        problem = as_user_error(error)
        if problem is error:
            raise
        raise problem from error

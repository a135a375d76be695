"""What this program adds to the contract's tables: indexes, the extension one needs, triggers.

No migration but a list, each entry compared with the catalogs, so that one that was declined,
failed, or was dropped by somebody can be made later. Names begin with `crm_desktop_`.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from typing import Any

import psycopg
from psycopg import sql

from crm_desktop.db import history_triggers
from crm_desktop.db.connections import GoOn, execute_watched
from crm_desktop.db.history_triggers import HISTORY
from crm_desktop.db.problems import explain
from crm_desktop.domain.errors import Unavailable, UserError

SCHEMA = "crm_desktop"
PREFIX = "crm_desktop_"
TRIGRAMS = "pg_trgm"

# How the record list sorts by the name of a record; the index below is built on the same text.
PRIMARY_VALUE_KEY = 'lower("left"(primary_value, 200))'


class State(StrEnum):
    """How an addition stands in the catalogs."""

    PRESENT = "present"
    MISSING = "missing"
    BROKEN = "broken"  # left INVALID by an interrupted build, or built in another way
    DISABLED = "disabled"  # somebody switched it off; it is left so
    UNAVAILABLE = "unavailable"  # this server or this database cannot have it


@dataclass(frozen=True, slots=True)
class Addition:
    """An index on a table of the contract.

    `definition` is spelled as `pg_get_indexdef` prints it, so that the two can be compared.
    `serves` says what is slow without it.
    """

    name: str
    table: str
    definition: str
    serves: str
    needs_trigrams: bool = False


ADDITIONS = (
    Addition(
        "crm_desktop_records_newest",
        "records",
        "btree (object_id, created_at DESC, id DESC)",
        "showing the newest records of an object",
    ),
    Addition(
        "crm_desktop_records_by_name",
        "records",
        f"btree (object_id, {PRIMARY_VALUE_KEY}, id DESC)",
        "sorting records by name",
    ),
    Addition(
        "crm_desktop_records_search",
        "records",
        "gin (primary_value gin_trgm_ops)",
        "searching records by a part of their name",
        needs_trigrams=True,
    ),
)


FIELD_PREFIX = f"{PREFIX}field_"  # of indexes that who uses the program asked for, one by one


def is_addition(name: str) -> bool:
    """Tell whether an index of this name is ours."""
    return name.startswith(PREFIX)


@dataclass(frozen=True, slots=True)
class _Catalog:
    """What the catalogs hold of all this."""

    trigrams: State
    trigrams_schema: str  # quoted
    indexes: dict[str, tuple[bool, str, str]]  # name: is valid, definition, quoted full name
    tables: dict[str, str]  # name: quoted full name

    def state_of(self, addition: Addition) -> State:
        found = self.indexes.get(addition.name)
        if found is not None:
            is_valid, definition, _ = found
            expected = {addition.definition, self.spelled(addition)}
            is_ours = definition.partition(" USING ")[2] in expected
            return State.PRESENT if is_valid and is_ours else State.BROKEN
        if addition.table not in self.tables:
            return State.UNAVAILABLE
        if addition.needs_trigrams and self.trigrams is State.UNAVAILABLE:
            return State.UNAVAILABLE
        return State.MISSING

    def spelled(self, addition: Addition) -> str:
        """Return the definition with the schema in which the extension lives."""
        operators = f"{self.trigrams_schema}.gin_trgm_ops"
        return addition.definition.replace("gin_trgm_ops", operators)


_INDEXES = """
SELECT c.relname, i.indisvalid, pg_get_indexdef(c.oid),
       quote_ident(n.nspname) || '.' || quote_ident(c.relname)
FROM pg_index i
JOIN pg_class c ON c.oid = i.indexrelid
JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE starts_with(c.relname, %s) AND i.indrelid = to_regclass('records')
"""
_TABLES = """
SELECT c.relname, quote_ident(n.nspname) || '.' || quote_ident(c.relname)
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.oid = to_regclass('records')
"""
_TRIGRAMS = """
SELECT e.oid IS NOT NULL, quote_ident(n.nspname)
FROM pg_available_extensions a
LEFT JOIN pg_extension e ON e.extname = a.name
LEFT JOIN pg_namespace n ON n.oid = e.extnamespace
WHERE a.name = %s
"""


def _look(connection: psycopg.Connection[Any]) -> _Catalog:
    extension = connection.execute(_TRIGRAMS, [TRIGRAMS]).fetchone()
    if extension is None:
        trigrams = State.UNAVAILABLE
    else:
        trigrams = State.PRESENT if extension[0] else State.MISSING
    return _Catalog(
        trigrams,
        (extension and extension[1]) or "public",
        {row[0]: row[1:] for row in connection.execute(_INDEXES, [PREFIX])},
        {row[0]: row[1] for row in connection.execute(_TABLES)},
    )


def addition_states(connection: psycopg.Connection[Any]) -> dict[str, State]:
    """Return how each addition stands, by name; the extension is one of them."""
    catalog = _look(connection)
    indexes = {addition.name: catalog.state_of(addition) for addition in ADDITIONS}
    return {TRIGRAMS: catalog.trigrams} | indexes | {HISTORY: _state_of_history(connection)}


def _state_of_history(connection: psycopg.Connection[Any]) -> State:
    """Return how the triggers stand: all of them, or it counts as broken."""
    places = history_triggers.places_of(connection)
    if places.keys() != history_triggers.TABLES.keys():
        return State.UNAVAILABLE
    found = history_triggers.found_triggers(connection)
    if not found:
        return State.MISSING
    definitions = {name: text for name, (text, _) in found.items()}
    if definitions != history_triggers.expected_triggers(places):
        return State.BROKEN
    is_on = all(is_enabled for _, is_enabled in found.values())
    return State.PRESENT if is_on else State.DISABLED


def make_additions(connection: psycopg.Connection[Any], go_on: GoOn) -> dict[str, str]:
    """Make what is missing and mend what is broken; say why, by name, where that failed.

    `connection` commits each statement by itself. `go_on` is asked some times a second while an
    index is built; on False the build stops and Cancelled is raised.
    """
    problems: dict[str, str] = {}
    if _look(connection).trigrams is State.MISSING:
        _attempt(problems, TRIGRAMS, partial(_create_extension, connection))
    catalog = _look(connection)
    for addition in ADDITIONS:
        if catalog.state_of(addition) not in {State.MISSING, State.BROKEN}:
            continue
        if addition.needs_trigrams and catalog.trigrams is not State.PRESENT:
            problems[addition.name] = f"It needs the extension “{TRIGRAMS}”."
            continue
        _attempt(problems, addition.name, partial(_build, connection, catalog, addition, go_on))
    if _state_of_history(connection) in {State.MISSING, State.BROKEN}:
        _attempt(problems, HISTORY, partial(history_triggers.make_triggers, connection, go_on))
    return problems


def _attempt(problems: dict[str, str], name: str, make: Callable[[], None]) -> None:
    """Note why `make` failed: the program works without any addition."""
    try:
        make()
    except Unavailable as problem:
        problems[name] = str(problem)
    except psycopg.Error as error:
        problems[name] = explain(error)


def _build(
    connection: psycopg.Connection[Any], catalog: _Catalog, addition: Addition, go_on: GoOn
) -> None:
    _, _, leftover = catalog.indexes.get(addition.name, (False, "", ""))
    if leftover:
        drop_index(connection, leftover, go_on)
    statement = sql.SQL("CREATE INDEX CONCURRENTLY {} ON {} USING {}").format(
        sql.Identifier(addition.name),
        sql.SQL(catalog.tables[addition.table]),
        sql.SQL(catalog.spelled(addition)),
    )
    try:
        execute_watched(connection, statement, go_on)
    except (psycopg.Error, UserError):
        _, _, half_built = _look(connection).indexes.get(addition.name, (False, "", ""))
        if half_built:
            drop_quickly(connection, half_built)
        raise


def drop_quickly(connection: psycopg.Connection[Any], full_name: str) -> None:
    """Drop a half-built index unless others hold that up: then the next run replaces it."""
    connection.execute("SET lock_timeout = '1s'")
    with suppress(psycopg.errors.LockNotAvailable):
        connection.execute(sql.SQL("DROP INDEX CONCURRENTLY {}").format(sql.SQL(full_name)))
    connection.execute("RESET lock_timeout")


def _always() -> bool:
    return True


def drop_index(connection: psycopg.Connection[Any], full_name: str, go_on: GoOn) -> None:
    """Drop an index while others read and write; `full_name` is quoted."""
    statement = sql.SQL("DROP INDEX CONCURRENTLY {}").format(sql.SQL(full_name))
    execute_watched(connection, statement, go_on)


def _create_extension(connection: psycopg.Connection[Any]) -> None:
    """Create the extension, and remember that it was us: `detach` takes out no other.

    It goes where extensions go by default, so that programs that want it later find it.
    """
    if not _has_settings(connection):
        raise Unavailable(f"Only the schema “{SCHEMA}” could remember who created it.")
    with connection.transaction():
        connection.execute(sql.SQL("CREATE EXTENSION {}").format(sql.Identifier(TRIGRAMS)))
        connection.execute(
            "INSERT INTO crm_desktop.settings"
            " SELECT 'created_extension', to_jsonb(oid::bigint) FROM pg_extension"
            " WHERE extname = %s ON CONFLICT (name) DO UPDATE SET value = excluded.value",
            [TRIGRAMS],
        )


def remove_additions(connection: psycopg.Connection[Any]) -> dict[str, str]:
    """Take out every addition, older ones of the same prefix too; say why, by name, what stays.

    The extension goes only if we created it and nothing else depends on it.
    """
    kept: dict[str, str] = {}
    remove = partial(history_triggers.remove_triggers, connection, _always)
    _attempt(kept, HISTORY, remove)
    for name, (_, _, full_name) in _look(connection).indexes.items():
        _attempt(kept, name, partial(drop_index, connection, full_name, _always))
    if _is_our_extension(connection):
        drop = sql.SQL("DROP EXTENSION {} RESTRICT").format(sql.Identifier(TRIGRAMS))
        try:
            connection.execute(drop)
        except psycopg.errors.DependentObjectsStillExist:
            kept[TRIGRAMS] = f"Something else uses the extension “{TRIGRAMS}”."
        except psycopg.errors.InsufficientPrivilege as error:
            kept[TRIGRAMS] = explain(error)
    return kept


def field_index_names(connection: psycopg.Connection[Any]) -> list[str]:
    """Return the names of the indexes on fields, which are removed with the additions."""
    return sorted(name for name in _look(connection).indexes if name.startswith(FIELD_PREFIX))


def _is_our_extension(connection: psycopg.Connection[Any]) -> bool:
    """Tell whether the extension that stands is the very one that we created."""
    if not _has_settings(connection):
        return False
    row = connection.execute(
        "SELECT FROM crm_desktop.settings s, pg_extension e WHERE extname = %s"
        " AND s.name = 'created_extension' AND s.value = to_jsonb(e.oid::bigint)",
        [TRIGRAMS],
    ).fetchone()
    return row is not None


def _has_settings(connection: psycopg.Connection[Any]) -> bool:
    row = connection.execute(
        "SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
        " WHERE n.nspname = %s AND c.relname = 'settings'",
        [SCHEMA],
    ).fetchone()
    return row is not None

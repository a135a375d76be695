"""Says what a database is: whose it is, its versions, and what of the contract it lacks."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import sql
from sqlalchemy import Dialect
from sqlalchemy.dialects import postgresql

from crm_desktop.db.additions import SCHEMA, State, addition_states
from crm_desktop.db.tables import Base

CONTRACT_TABLES = tuple(sorted(Base.metadata.tables))
# The revisions that we know, oldest first; repeated here so that a start needs no alembic.
CORE_VERSIONS = ("crm_desktop_core_0001",)
DESKTOP_VERSIONS = (
    "crm_desktop_0001",
    "crm_desktop_0002",
    "crm_desktop_0003",
    "crm_desktop_0004",
    "crm_desktop_0005",
    "crm_desktop_0006",
)
OLDEST_SERVER = 150000


@dataclass(frozen=True, slots=True)
class Fitness:
    """What a database is. Versions are empty where there is none."""

    server: str  # as people write it: 18.6
    server_version: int  # as PostgreSQL counts: 180006
    core_version: str
    desktop_version: str
    is_empty: bool  # no table, view or sequence in it but those of extensions
    is_foreign: bool  # its tables belong to another program's migrations
    missing: tuple[str, ...]  # sentences: what of the contract it lacks
    additions: Mapping[str, State]

    @property
    def is_fit(self) -> bool:
        """Tell whether this program can work with it as it is."""
        return self.server_version >= OLDEST_SERVER and not self.missing

    @property
    def needs_core(self) -> bool:
        return self.is_empty or (not self.is_foreign and self.core_version != CORE_VERSIONS[-1])

    @property
    def needs_desktop(self) -> bool:
        """Tell whether our schema is missing or older; one newer than we know is left alone."""
        return self.desktop_version in {"", *DESKTOP_VERSIONS[:-1]}

    @property
    def open_additions(self) -> tuple[str, ...]:
        """Return the names of the additions that could be made now."""
        return tuple(n for n, s in self.additions.items() if s in {State.MISSING, State.BROKEN})


_SERVER = """
SELECT current_setting('server_version'), current_setting('server_version_num')::int,
       NOT EXISTS (
           SELECT FROM pg_class c
           WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
             AND c.relnamespace NOT IN (
                 SELECT oid FROM pg_namespace
                 WHERE nspname IN (%s, 'information_schema') OR starts_with(nspname, 'pg_'))
             AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e'
                                                       AND d.classid = 'pg_class'::regclass))
"""


def examine(connection: psycopg.Connection[Any]) -> Fitness:
    """Look at the database; `connection` commits each statement by itself."""
    row = connection.execute(_SERVER, [SCHEMA]).fetchone()
    assert row is not None  # noqa: S101 - for the type checker
    name, number, is_empty = row
    core = _versions(connection, is_ours=False)
    desktop = _versions(connection, is_ours=True)
    return Fitness(
        server=name.partition(" ")[0],
        server_version=number,
        core_version=", ".join(core),
        desktop_version=", ".join(desktop),
        is_empty=is_empty,
        is_foreign=not is_empty and not (len(core) == 1 and core[0] in CORE_VERSIONS),
        missing=missing_parts(connection),
        additions=addition_states(connection),
    )


_VERSION_TABLE = """
SELECT quote_ident(nspname) || '.' || quote_ident(relname)
FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace
WHERE relname = 'alembic_version' AND relkind IN ('r', 'p', 'v')
  AND CASE WHEN %s THEN nspname = 'crm_desktop' ELSE pg_table_is_visible(c.oid) END
"""


def _versions(connection: psycopg.Connection[Any], *, is_ours: bool) -> list[str]:
    """Return the rows of a version table; one that we may not read or understand says `?`."""
    row = connection.execute(_VERSION_TABLE, [is_ours]).fetchone()
    if row is None:
        return []
    query = sql.SQL("SELECT version_num::text FROM {} ORDER BY 1").format(sql.SQL(row[0]))
    try:
        return [version for (version,) in connection.execute(query)]
    except (psycopg.errors.InsufficientPrivilege, psycopg.errors.UndefinedColumn):
        return ["?"]


# A domain counts as the type below it; lengths and precisions are left out.
_COLUMNS = """
SELECT t.name, a.attname,
       format_type(COALESCE(NULLIF(y.typbasetype, 0), a.atttypid), NULL),
       a.attnotnull AND NOT a.atthasdef AND a.attidentity = '' AS must_be_given
FROM unnest(%s::text[]) AS t(name)
LEFT JOIN pg_attribute a
       ON a.attrelid = to_regclass(quote_ident(t.name)) AND a.attnum > 0 AND NOT a.attisdropped
LEFT JOIN pg_type y ON y.oid = a.atttypid
ORDER BY 1, a.attnum
"""
_DIALECT: Dialect = postgresql.dialect()  # type: ignore[no-untyped-call] # SQLAlchemy's own
_ALIKE = {  # types that hold and compare the same for us
    "character varying": "text",
    "citext": "text",
    "smallint": "integer",
    "bigint": "integer",
}


def missing_parts(connection: psycopg.Connection[Any]) -> tuple[str, ...]:
    """Say in sentences what the contract asks for and this database lacks; none: it fits.

    More columns than the contract has are fine, unless a new row would have to fill them.
    """
    found: dict[str, dict[str, tuple[str, bool]]] = {}
    for table, column, kind, must_be_given in connection.execute(_COLUMNS, [list(CONTRACT_TABLES)]):
        columns = found.setdefault(table, {})
        if column is not None:
            columns[column] = (kind, must_be_given)
    return tuple(line for table in CONTRACT_TABLES for line in _compare(table, found[table]))


def _compare(table: str, found: dict[str, tuple[str, bool]]) -> list[str]:
    if not found:
        return [f"The table “{table}” is missing."]
    expected = {
        column.name: column.type.compile(_DIALECT).lower()
        for column in Base.metadata.tables[table].columns
    }
    lines = []
    for column, kind in expected.items():
        if column not in found:
            lines.append(f"The column “{column}” of “{table}” is missing.")
        elif _plain(found[column][0]) != _plain(kind):
            lines.append(f"The column “{column}” of “{table}” is {found[column][0]}, not {kind}.")
    lines += [
        f"The column “{column}” of “{table}” must be filled, and the contract does not know it."
        for column, (_, must_be_given) in found.items()
        if must_be_given and column not in expected
    ]
    return lines


def _plain(kind: str) -> str:
    """Return one name for types that serve the same; `varchar` compiles to `varchar`."""
    kind = "character varying" if kind == "varchar" else kind
    return _ALIKE.get(kind, kind)

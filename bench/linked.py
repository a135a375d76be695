"""The linked data that is measured: a million contacts, three million links, hubs of 50,000."""

import atexit
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any

import psycopg
from psycopg import sql

from bench.workspace import Workspace, new_workspace, running_server
from crm_desktop.services import fields, layouts, objects, relationships

ROWS = 1_000_000
HUBS = 20  # a hub has a twentieth as many links as there are contacts
FIRST, LAST = ("Ada", "Bo", "Cleo", "Dan", "Eve", "Finn"), ("Adler", "Berg", "Cole", "Dahl", "Ek")
FIELDS: Mapping[str, str] = {"Name": "text", "E-mail": "email", "City": "text", "Score": "number"}
"""The fields of every object, by label: their type."""

SHARES: Mapping[str, int] = {"company": 10, "contact": 1, "deal": 5}
"""The objects by name: of how many contacts there is one record."""


@dataclass(frozen=True, slots=True)
class _Plan:
    """A relationship: its ends, its type, of how many contacts it has one link, and which ones.

    `pair` gives the numbers of both records for the link `n`; `links`, `hub` and the number of
    records of each object are known there. The first `hub` links meet in one record.
    """

    ends: tuple[str, str]
    type: str
    share: int
    pair: str


_PLANS: Mapping[str, _Plan] = {
    "employs": _Plan(
        ("company", "contact"),
        "1:N",
        1,
        "CASE WHEN n <= hub THEN 1 ELSE 2 + n % (company - 1) END, n",
    ),
    "takes_part": _Plan(
        ("contact", "deal"),
        "N:N",
        1,
        "1 + n * 31 % contact, CASE WHEN n <= hub THEN 1 ELSE 2 + n * 7 % (deal - 1) END",
    ),
    "knows": _Plan(
        ("contact", "contact"),
        "N:N",
        1,
        "CASE WHEN n <= hub THEN 1 ELSE 2 + n * 13 % (contact - 1) END, 1 + n * 17 % contact",
    ),
    "buys": _Plan(("company", "deal"), "1:N", 5, "1 + n * 3 % company, n"),
    "owns": _Plan(("company", "company"), "1:N", 10, "1 + n * 11 % company, n"),
}


@dataclass(frozen=True, slots=True)
class Linked:
    """What was made. Whoever measures leaves it as it was: what is written is rolled back.

    `objects`, `fields` (by label) and `relationships` give ids by name; `counts` how many records
    an object has. The hubs, with `hub` links each under one relationship, are the first company
    (its contacts, "employs"), the first deal ("takes_part") and the first contact ("knows").
    """

    workspace: Workspace
    counts: Mapping[str, int]
    hub: int
    objects: Mapping[str, str]
    fields: Mapping[str, str]
    relationships: Mapping[str, str]

    def record(self, name: str, number: int = 1) -> str:
        """Return the id of one of an object's records, which are counted from 1."""
        return f"{_prefix(name)}{number:030x}"


@contextmanager
def linked(rows: int | None = None) -> Iterator[Linked]:
    """Give the data with this many contacts: made once in a process, and gone with it."""
    yield _made(rows or ROWS)


@cache
def _made(rows: int) -> Linked:
    stack = ExitStack()
    atexit.register(stack.close)
    workspace = stack.enter_context(new_workspace(stack.enter_context(running_server())))
    counts = {name: max(2, rows // share) for name, share in SHARES.items()}
    object_ids, field_ids, relationship_ids = _define(workspace)
    made = Linked(workspace, counts, rows // HUBS, object_ids, field_ids, relationship_ids)
    _fill(made)
    return made


def _define(workspace: Workspace) -> tuple[dict[str, str], dict[str, str], dict[str, str]]:
    with workspace.database.write(workspace.actor) as session:
        field_ids = {
            label: fields.create_field(session, fields.FieldDraft(label=label, type=kind), {})
            for label, kind in FIELDS.items()
        }
        object_ids = {}
        for name in SHARES:
            draft = objects.ObjectDraft(label=name.capitalize(), name=name, icon="box")
            object_ids[name] = objects.create_object(session, draft)
            for field_id in field_ids.values():
                layouts.attach_field(session, object_ids[name], field_id)
        relationship_ids = {
            name: relationships.create_relationship(session, _draft(name, plan, object_ids))
            for name, plan in _PLANS.items()
        }
    return object_ids, field_ids, relationship_ids


def _draft(
    name: str, plan: _Plan, object_ids: Mapping[str, str]
) -> relationships.RelationshipDraft:
    start, end = plan.ends
    return relationships.RelationshipDraft(
        name=name,
        type=plan.type,
        from_object_id=object_ids[start],
        to_object_id=object_ids[end],
        from_label=name.replace("_", " ").capitalize(),
        to_label=f"{name.replace('_', ' ').capitalize()} (of)",
    )


def _fill(made: Linked) -> None:
    """Fill both tables on the server: without their triggers, and their indexes built afterwards.

    All links lead to records that exist, so that nothing is lost by not checking each.
    """
    with psycopg.connect(made.workspace.url, autocommit=True) as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute("SET maintenance_work_mem = '256MB'")
        with _indexes_afterwards(connection, "records"):
            for name in SHARES:
                connection.execute(_RECORDS, _values(made, name))
        with _indexes_afterwards(connection, "relationship_records"):
            for name, plan in _PLANS.items():
                connection.execute(_links(plan), _link_values(made, name, plan))
        connection.execute("VACUUM (ANALYZE) records, relationship_records")


@contextmanager
def _indexes_afterwards(connection: psycopg.Connection[Any], table: str) -> Iterator[None]:
    """Take the table's indexes away for as long as it is filled; its key stays."""
    found = connection.execute(_INDEXES, [table]).fetchall()
    for name, _ in found:
        connection.execute(sql.SQL("DROP INDEX {}").format(sql.Identifier(name)))
    yield
    for _, definition in found:
        connection.execute(definition)


def _values(made: Linked, name: str) -> dict[str, Any]:
    return {
        "prefix": _prefix(name),
        "object_id": made.objects[name],
        "title": name.capitalize(),
        "rows": made.counts[name],
        "author": made.workspace.actor.user_id,
        "first": list(FIRST),
        "last": list(LAST),
        **{label.lower().replace("-", ""): field_id for label, field_id in made.fields.items()},
    }


def _link_values(made: Linked, name: str, plan: _Plan) -> dict[str, Any]:
    start, end = plan.ends
    return {
        "prefix": f"rrec_{list(_PLANS).index(name):02x}",
        "relationship_id": made.relationships[name],
        "from": _prefix(start),
        "to": _prefix(end),
        "links": max(2, made.counts["contact"] // plan.share),
        "hub": made.hub,
        "author": made.workspace.actor.user_id,
        **made.counts,
    }


def _prefix(name: str) -> str:
    return f"rec_{list(SHARES).index(name):02x}"


def _links(plan: _Plan) -> str:
    return _LINKS.format(pair=plan.pair.replace("%", "%%"))


_INDEXES = """
SELECT c.relname, pg_get_indexdef(c.oid) FROM pg_index JOIN pg_class AS c ON c.oid = indexrelid
WHERE indrelid = to_regclass(%s) AND NOT indisprimary
"""
_RECORDS = """
INSERT INTO records (id, object_id, data, primary_value, created_at, created_by, updated_by,
                     tenant_id)
SELECT %(prefix)s || lpad(to_hex(n), 30, '0'), %(object_id)s,
       jsonb_build_object(%(name)s::text, name, %(email)s::text, 'person.' || n || '@example.com',
                          %(city)s::text, 'City ' || n %% 500, %(score)s::text, n * 31 %% 1000),
       name, timestamptz '2024-01-01' + n * interval '1 second',
       %(author)s::uuid, %(author)s::uuid, %(author)s::text
FROM (SELECT n, %(title)s || ' ' || (%(first)s::text[])[1 + n %% 6] || ' '
             || (%(last)s::text[])[1 + n / 6 %% 5] || ' ' || n AS name
      FROM generate_series(1, %(rows)s::int) AS n) AS named
"""
_LINKS = """
INSERT INTO relationship_records (id, relationship_id, from_record_id, to_record_id,
                                  relationship_metadata, created_at, created_by)
SELECT %(prefix)s || lpad(to_hex(n), 30, '0'), %(relationship_id)s,
       %(from)s || lpad(to_hex(pair.f), 30, '0'), %(to)s || lpad(to_hex(pair.t), 30, '0'),
       jsonb_build_object('role', (ARRAY['Lead', 'Member', 'Guest'])[1 + n %% 3],
                          'since', (date '2015-01-01' + (n %% 4000)::int)::text),
       timestamptz '2024-02-01' + n * interval '1 second', %(author)s::uuid
FROM generate_series(1, %(links)s::bigint) AS n,
     (SELECT %(hub)s::bigint AS hub, %(company)s::bigint AS company,
             %(contact)s::bigint AS contact, %(deal)s::bigint AS deal) AS counts,
     LATERAL (SELECT {pair}) AS pair(f, t)
"""

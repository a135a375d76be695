"""Merges imported rows by a key: new ones are created, known ones updated where they differ.

Also the way in where row-level security forbids a COPY into the table itself.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, LiteralString

from sqlalchemy import text

from crm_desktop.db.copying import copy_blocks, driver_of
from crm_desktop.db.database import ReadSession, WriteSession, dump_json
from crm_desktop.db.expressions import Parameters, primary_value_sql
from crm_desktop.domain.access import Permission, Reach
from crm_desktop.domain.effective import EffectiveField
from crm_desktop.services.import_rows import Problem

_COPY: LiteralString = "COPY crm_import_rows (line, id, data, primary_value) FROM STDIN"


@dataclass(frozen=True, slots=True)
class MergeRules:
    """How staged rows become records.

    `constants` are values that only new records get; `lacking` names a required field that the
    file does not give, so that no row can become a new record. `fields` are all of the object's.
    """

    object_id: str
    key_id: str
    key_header: str
    constants: Mapping[str, Any]
    lacking: str
    fields: Sequence[EffectiveField]
    may_create: bool
    update_reach: Reach


def forbids_copy(session: ReadSession) -> bool:
    """Say whether row-level security applies to us, so that PostgreSQL refuses a COPY."""
    session.actor.require(Permission.CREATE_RECORDS)
    return bool(session.scalar(text("SELECT row_security_active('records')")))


def stage_rows(session: WriteSession, blocks: Iterable[str]) -> None:
    """Put rows of (line, id, data, primary_value) into a temporary table of the session."""
    session.actor.require(Permission.CREATE_RECORDS)
    session.execute(text("DROP TABLE IF EXISTS crm_import_rows, crm_import_match"))
    session.execute(text(_MAKE_ROWS))
    copy_blocks(session, _COPY, blocks)
    session.execute(text("ANALYZE crm_import_rows"))


def match_rows(session: WriteSession, rules: MergeRules) -> Iterator[Problem]:
    """Find which record each staged row means; give the rows that cannot go in, by line."""
    session.actor.require(Permission.UPDATE_RECORDS)
    # Two imports with the same keys at once would both create what neither finds.
    lock = "SELECT pg_advisory_xact_lock(hashtext('crm_desktop.import.' || :object_id))"
    session.execute(text(lock), {"object_id": rules.object_id})
    session.execute(text(_MAKE_MATCH))
    session.execute(text(_MATCH), _parameters(session, rules))
    session.execute(text("ANALYZE crm_import_match"))
    with driver_of(session).cursor(name="crm_import_refused") as cursor:
        cursor.itersize = 5_000
        cursor.execute(_REFUSED, {"may_create": rules.may_create and not rules.lacking})
        for line, first_line, matches in cursor:
            yield Problem(line, rules.key_header, _reason(rules, line, first_line, matches))


def _reason(rules: MergeRules, line: int, first_line: int, matches: int) -> str:
    if first_line != line:
        return f"The row in line {first_line} has the same key."
    if matches > 1:
        return f"{matches:,} records have this key."
    if matches == 1:
        return "You are not allowed to change this record."
    if rules.lacking:
        return f"It would be a new record, and the file has nothing for “{rules.lacking}”."
    return "You are not allowed to create records of this object."


def update_matched(session: WriteSession, rules: MergeRules) -> tuple[int, int]:
    """Write what differs, key by key; return how many records differed and how many did not."""
    session.actor.require(Permission.UPDATE_RECORDS)
    bound = Parameters()
    name = primary_value_sql(bound, rules.fields, "(r.data || c.patch)")
    statement = _UPDATE.replace("PRIMARY_VALUE", name)
    parameters = _parameters(session, rules) | bound.values
    updated, matched = session.execute(text(statement), parameters).one()
    return updated, matched - updated


def insert_staged(
    session: WriteSession, object_id: str, constants: Mapping[str, Any], *, by_key: bool
) -> int:
    """Create a record for each staged row; `by_key`: only for those that match none."""
    session.actor.require(Permission.CREATE_RECORDS)
    statement = _INSERT.replace("MATCHES", _UNMATCHED if by_key else "")
    parameters = {
        "object_id": object_id,
        "constants": dump_json(dict(constants)),
        "author": session.actor.user_id,
        "tenant": str(session.actor.user_id),
    }
    return int(session.scalar(text(statement), parameters) or 0)


def adopt_matches(session: WriteSession) -> None:
    """Let the links of updated rows start at the records that the rows turned out to be."""
    session.actor.require(Permission.EDIT_LINKS)
    session.execute(text(_FORGET_REFUSED_LINKS))
    session.execute(text(_ADOPT))


def _parameters(session: WriteSession, rules: MergeRules) -> dict[str, Any]:
    return {
        "object_id": rules.object_id,
        "key": rules.key_id,
        "author": session.actor.user_id,
        "author_text": str(session.actor.user_id),
        "updates_all": rules.update_reach is Reach.ALL,
        "updates_own": rules.update_reach is Reach.OWN,
        "may_create": rules.may_create and not rules.lacking,
    }


_MAKE_ROWS = """
CREATE TEMP TABLE crm_import_rows
    (line bigint, id text, data jsonb, primary_value text) ON COMMIT DROP
"""
_MAKE_MATCH = """
CREATE TEMP TABLE crm_import_match
    (line bigint, first_line bigint, matches bigint, record_id text, may_update boolean)
    ON COMMIT DROP
"""
_MATCH = """
INSERT INTO crm_import_match
SELECT k.line, k.first_line, coalesce(f.matches, 0), f.record_id, coalesce(f.may_update, true)
FROM (
    SELECT line, data -> CAST(:key AS text) AS key,
           min(line) OVER (PARTITION BY data -> CAST(:key AS text)) AS first_line
    FROM crm_import_rows
) k
LEFT JOIN (
    SELECT r.data -> CAST(:key AS text) AS key, count(*) AS matches, min(r.id) AS record_id,
           bool_and(:updates_all OR :updates_own AND coalesce(
               r.created_by = :author
               OR r.data ->> 'fld_system_owner' = CAST(:author_text AS text), false
           )) AS may_update
    FROM records r
    WHERE r.object_id = :object_id
      AND r.data -> CAST(:key AS text)
          IN (SELECT data -> CAST(:key AS text) FROM crm_import_rows)
    GROUP BY 1
) f ON f.key = k.key
"""
_REFUSED = """
SELECT line, first_line, matches FROM crm_import_match
WHERE line <> first_line OR matches > 1 OR matches = 1 AND NOT may_update
   OR matches = 0 AND NOT %(may_create)s
ORDER BY line
"""
_UPDATE = """
WITH accepted AS (
    SELECT m.record_id, s.data
    FROM crm_import_match m JOIN crm_import_rows s ON s.line = m.line
    WHERE m.line = m.first_line AND m.matches = 1 AND m.may_update
), changed AS (
    SELECT r.id, jsonb_object_agg(e.key, e.value) AS patch
    FROM accepted a JOIN records r ON r.id = a.record_id
    CROSS JOIN LATERAL jsonb_each(a.data) e
    WHERE r.data -> e.key IS DISTINCT FROM e.value
    GROUP BY r.id
), updated AS (
    UPDATE records r
    SET data = r.data || c.patch, primary_value = PRIMARY_VALUE,
        updated_at = now(), updated_by = :author
    FROM changed c WHERE r.id = c.id
    RETURNING 1
)
SELECT (SELECT count(*) FROM updated), (SELECT count(*) FROM accepted)
"""
_INSERT = """
WITH created AS (
    INSERT INTO records (id, object_id, data, primary_value, created_by, updated_by, tenant_id)
    SELECT s.id, :object_id, CAST(:constants AS jsonb) || s.data, s.primary_value,
           :author, :author, :tenant
    FROM crm_import_rows s MATCHES
    ORDER BY s.line
    RETURNING 1
)
SELECT count(*) FROM created
"""
_UNMATCHED = """
JOIN crm_import_match m ON m.line = s.line AND m.line = m.first_line AND m.matches = 0
"""
_FORGET_REFUSED_LINKS = """
DELETE FROM crm_import_links l USING crm_import_match m
WHERE m.line = l.line AND (m.line <> m.first_line OR m.matches > 1 OR NOT m.may_update)
"""
_ADOPT = """
UPDATE crm_import_links l SET record_id = m.record_id
FROM crm_import_match m WHERE m.line = l.line AND m.matches = 1
"""

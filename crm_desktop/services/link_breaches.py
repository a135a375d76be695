"""Links that break a rule which the database cannot keep: which they are, and how to mend them."""

from dataclasses import dataclass
from typing import Literal

from sqlalchemy import text

from crm_desktop.db.database import ReadSession, WriteSession
from crm_desktop.domain.access import Permission
from crm_desktop.domain.changes import Topic
from crm_desktop.services.record_rights import right_sql, rights_values

BreachKind = Literal["broken_cardinality", "duplicate_links", "links_to_wrong_object"]
MOST_SHOWN = 20
MOST_NAMED = 4  # records at the other ends of one record's links


@dataclass(frozen=True, slots=True)
class LinkBreach:
    """Links that break one rule together.

    `record` is the one that has too many links, or that the links start at; `others` are those at
    their other ends, the oldest link first. Names that the person may not read are ids.
    `can_be_merged` says of duplicates that what they say does not differ.
    """

    kind: BreachKind
    relationship_id: str
    relationship: str
    record_id: str
    record: str
    others: tuple[str, ...]
    links: int
    can_be_merged: bool = False

    @property
    def id(self) -> tuple[str, str, str, tuple[str, ...]]:
        """What tells it from others in a list."""
        return self.kind, self.relationship_id, self.record_id, self.others


@dataclass(frozen=True, slots=True)
class DuplicateRepair:
    """How many links were removed, and how many of those that stay took over what they said."""

    removed: int
    merged: int


def list_breaches(session: ReadSession, *, limit: int = MOST_SHOWN) -> list[LinkBreach]:
    """Return the first breaches of each kind; seconds for millions of links."""
    session.actor.require(Permission.MAINTAIN_DATABASE)
    values = {**rights_values(session.actor), "limit": limit, "named": MOST_NAMED}
    found = []
    for statement in (_CROWDED, _TWINS, _WRONG):
        for row in session.execute(text(statement), values):
            kind, id_, name, record_id, record, others, links, can_be_merged = row
            breach = LinkBreach(
                kind, id_, name, record_id, record, tuple(others), links, can_be_merged
            )
            found.append(breach)
    return found


def merge_duplicates(session: WriteSession) -> DuplicateRepair:
    """Keep the oldest of the links that join the same records again, with what all of them say.

    Where they say different things under one key, all of them stay: somebody has to choose. Links
    that start at a record which the person may not change stay as well. This is no step to undo:
    an undo does not link again what is linked, and would lose what the others said.
    """
    session.actor.require(Permission.MAINTAIN_DATABASE)
    session.actor.require(Permission.EDIT_LINKS)
    for statement in _MAKE_TWINS:
        session.execute(text(statement))
    values = rights_values(session.actor)
    session.execute(text(_LOCK_ENDS))
    session.execute(text(_FILL_TWINS), values)
    session.execute(text(_MARK_CLASHES))
    touched = session.scalars(text(_TOUCHED)).all()
    merged = _rowcount(session, _MERGE)
    removed = _rowcount(session, _REMOVE)
    for relationship_id in touched:
        session.note(Topic.LINKS, relationship_id)
    return DuplicateRepair(removed, merged)


def _rowcount(session: WriteSession, statement: str) -> int:
    return int(session.execute(text(statement)).rowcount)  # type: ignore[attr-defined]


def _name(record: str, crm_object: str) -> str:
    allowed = right_sql(record, crm_object, "read")
    name = f"coalesce({record}.primary_value, {record}.id)"
    return f"CASE WHEN {allowed} THEN {name} ELSE {record}.id END"


_CROWDED = f"""
    WITH crowded AS (
        SELECT x.relationship_id, r.name, r.type = '1:N' AS is_to, count(*) AS links,
               CASE WHEN r.type = '1:N' THEN x.to_record_id ELSE x.from_record_id END AS own
        FROM relationship_records x JOIN relationships r ON r.id = x.relationship_id
        WHERE r.type IN ('1:N', 'N:1', 'lookup')
        GROUP BY 1, 2, 3, 5 HAVING count(*) > 1 ORDER BY 2, 5 LIMIT :limit
    )
    SELECT 'broken_cardinality', c.relationship_id, c.name, c.own, {_name("a", "ao")},
           (SELECT array_agg(e.name ORDER BY e.created_at, e.id) FROM (
                SELECT x.id, x.created_at, {_name("b", "bo")} AS name
                FROM relationship_records x
                JOIN records b ON b.id = CASE WHEN c.is_to THEN x.from_record_id
                                              ELSE x.to_record_id END
                JOIN objects bo ON bo.id = b.object_id
                WHERE x.relationship_id = c.relationship_id
                  AND (c.is_to AND x.to_record_id = c.own
                       OR NOT c.is_to AND x.from_record_id = c.own)
                ORDER BY x.created_at, x.id LIMIT :named
           ) AS e), c.links, false
    FROM crowded c JOIN records a ON a.id = c.own JOIN objects ao ON ao.id = a.object_id
    ORDER BY c.name, c.own
"""  # noqa: S608 - names that stand here
# Objects are compared key by key; anything else as a whole, under a key of its own.
_SAID = """
    jsonb_each(CASE WHEN jsonb_typeof(x.relationship_metadata) = 'object'
                    THEN x.relationship_metadata
                    ELSE jsonb_build_object('', x.relationship_metadata) END)
"""
_TWINS = f"""
    WITH twins AS (
        SELECT x.relationship_id, r.name, x.from_record_id, x.to_record_id, count(*) AS links
        FROM relationship_records x JOIN relationships r ON r.id = x.relationship_id
        GROUP BY 1, 2, 3, 4 HAVING count(*) > 1 ORDER BY 2, 3, 4 LIMIT :limit
    )
    SELECT 'duplicate_links', t.relationship_id, t.name, t.from_record_id, {_name("a", "ao")},
           ARRAY[{_name("b", "bo")}], t.links, NOT EXISTS (
               SELECT FROM relationship_records x CROSS JOIN LATERAL {_SAID} AS said
               WHERE x.relationship_id = t.relationship_id
                 AND x.from_record_id = t.from_record_id AND x.to_record_id = t.to_record_id
               GROUP BY said.key HAVING count(DISTINCT said.value) > 1)
           AND (SELECT count(DISTINCT jsonb_typeof(x.relationship_metadata) = 'object') = 1
                FROM relationship_records x WHERE x.relationship_id = t.relationship_id
                 AND x.from_record_id = t.from_record_id AND x.to_record_id = t.to_record_id)
    FROM twins t
    JOIN records a ON a.id = t.from_record_id JOIN objects ao ON ao.id = a.object_id
    JOIN records b ON b.id = t.to_record_id JOIN objects bo ON bo.id = b.object_id
    ORDER BY t.name, t.from_record_id, t.to_record_id
"""  # noqa: S608 - names that stand here
_WRONG = f"""
    SELECT 'links_to_wrong_object', x.relationship_id, r.name, a.id, {_name("a", "ao")},
           ARRAY[{_name("b", "bo")}], 1, false
    FROM relationship_records x
    JOIN relationships r ON r.id = x.relationship_id
    JOIN records a ON a.id = x.from_record_id JOIN objects ao ON ao.id = a.object_id
    JOIN records b ON b.id = x.to_record_id JOIN objects bo ON bo.id = b.object_id
    WHERE a.object_id <> r.from_object_id OR b.object_id <> r.to_object_id
    ORDER BY r.name, x.id LIMIT :limit
"""  # noqa: S608 - names that stand here

_MAKE_TWINS = (
    "DROP TABLE IF EXISTS crm_twin_links",
    """
    CREATE TEMP TABLE crm_twin_links
        (id text, keep text, relationship_id text, clashes boolean) ON COMMIT DROP
    """,
)
_GROUPS = """
    SELECT relationship_id, from_record_id, to_record_id FROM relationship_records
    GROUP BY 1, 2, 3 HAVING count(*) > 1
"""
_LOCK_ENDS = f"""
    SELECT count(*) FROM (
        SELECT r.id FROM records r WHERE r.id IN (
            SELECT from_record_id FROM ({_GROUPS}) AS g
            UNION SELECT to_record_id FROM ({_GROUPS}) AS g)
        ORDER BY r.id FOR NO KEY UPDATE
    ) AS locked
"""  # noqa: S608 - names that stand here
_FILL_TWINS = f"""
    INSERT INTO crm_twin_links
    SELECT x.id, first_value(x.id) OVER (
               PARTITION BY x.relationship_id, x.from_record_id, x.to_record_id
               ORDER BY x.created_at, x.id), x.relationship_id, false
    FROM ({_GROUPS}) AS g
    JOIN relationship_records x ON x.relationship_id = g.relationship_id
     AND x.from_record_id = g.from_record_id AND x.to_record_id = g.to_record_id
    JOIN records f ON f.id = x.from_record_id JOIN objects fo ON fo.id = f.object_id
    WHERE {right_sql("f", "fo", "update")}
"""  # noqa: S608 - names that stand here
_MARK_CLASHES = f"""
    UPDATE crm_twin_links AS t SET clashes = true WHERE t.keep IN (
        SELECT s.keep FROM crm_twin_links s JOIN relationship_records x ON x.id = s.id
        CROSS JOIN LATERAL {_SAID} AS said
        GROUP BY s.keep, said.key HAVING count(DISTINCT said.value) > 1
        UNION ALL
        SELECT s.keep FROM crm_twin_links s JOIN relationship_records x ON x.id = s.id
        GROUP BY s.keep
        HAVING count(DISTINCT jsonb_typeof(x.relationship_metadata) = 'object') > 1)
"""  # noqa: S608 - names that stand here
_TOUCHED = "SELECT DISTINCT relationship_id FROM crm_twin_links WHERE NOT clashes"
_MERGE = f"""
    UPDATE relationship_records AS kept SET relationship_metadata = u.whole
    FROM (
        SELECT t.keep, jsonb_object_agg(said.key, said.value) AS whole
        FROM crm_twin_links t JOIN relationship_records x ON x.id = t.id
        CROSS JOIN LATERAL {_SAID} AS said
        WHERE NOT t.clashes AND jsonb_typeof(x.relationship_metadata) = 'object' GROUP BY t.keep
    ) AS u
    WHERE kept.id = u.keep AND kept.relationship_metadata IS DISTINCT FROM u.whole
"""  # noqa: S608 - names that stand here
_REMOVE = """
    DELETE FROM relationship_records AS x USING crm_twin_links AS t
    WHERE x.id = t.id AND t.id <> t.keep AND NOT t.clashes
"""

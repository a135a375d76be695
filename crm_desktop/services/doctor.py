"""Counts what a database holds, and every breach of integrity that the contract cannot forbid."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from sqlalchemy import text

from crm_desktop.db.database import ReadSession
from crm_desktop.db.expressions import Parameters, primary_value_sql
from crm_desktop.domain.access import Permission
from crm_desktop.domain.errors import Cancelled
from crm_desktop.domain.field_types import SYSTEM_COLUMNS
from crm_desktop.services.link_breaches import LinkBreach, list_breaches
from crm_desktop.services.objects import count_records, list_objects
from crm_desktop.services.record_rights import OWNER_KEY
from crm_desktop.services.records import fields_of
from crm_desktop.services.relationships import count_links, list_relationships

Progress = Callable[[int, int], bool]


@dataclass(frozen=True, slots=True)
class ObjectCount:
    id: str
    name: str
    records: int


@dataclass(frozen=True, slots=True)
class LinkCount:
    """A relationship and its links; `from_object` and `to_object` are names of objects."""

    id: str
    name: str
    from_object: str
    to_object: str
    count: int


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """What was found; `breaches` counts by kind, zero included. `BREACHES` says what each means.

    `link_breaches` are the first of those that are about links, one by one.
    """

    objects: tuple[ObjectCount, ...]
    links: tuple[LinkCount, ...]
    breaches: Mapping[str, int]
    link_breaches: tuple[LinkBreach, ...] = ()

    @property
    def is_sound(self) -> bool:
        return not any(self.breaches.values())


BREACHES: Mapping[str, str] = MappingProxyType(
    {
        "duplicate_attachments": "fields attached to the same object more than once",
        "broken_cardinality": "records with several links where the relationship allows one",
        "links_to_wrong_object": "links to a record of an object that the relationship is not for",
        "duplicate_links": "links that join the same records under the same relationship again",
        "stale_primary_values": "records whose name is not the one that their values give",
        "orphan_keys": "values in records that belong to no field of their object",
        "dangling_users": "authors and editors that are no users",
    }
)


def examine_data(session: ReadSession, on_progress: Progress | None = None) -> Diagnosis:
    """Count everything, each kind of breach by one statement; changes nothing.

    Reads all records some times: seconds for a million. Raises Cancelled.
    """
    session.actor.require(Permission.MAINTAIN_DATABASE)
    objects = list_objects(session)
    total = len(_COUNTS) + len(objects) + 1
    done = 0

    def advance() -> None:
        nonlocal done
        done += 1
        if on_progress is not None and not on_progress(done, total):
            raise Cancelled("The examination was stopped.")

    records, links = count_records(session), count_links(session)
    advance()
    breaches = dict.fromkeys(BREACHES, 0)
    for kind, statement in _COUNTS.items():
        breaches[kind] = int(session.scalar(text(statement), _KNOWN_KEYS[kind]) or 0)
        advance()
    for row in objects:
        breaches["stale_primary_values"] += _stale_primary_values(session, row.id)
        advance()
    return Diagnosis(
        tuple(ObjectCount(row.id, row.name, records.get(row.id, 0)) for row in objects),
        tuple(
            LinkCount(
                row.id, row.name, row.from_object.name, row.to_object.name, links.get(row.id, 0)
            )
            for row in list_relationships(session)
        ),
        breaches,
        tuple(list_breaches(session)) if any(breaches[kind] for kind in _ABOUT_LINKS) else (),
    )


_ABOUT_LINKS = ("broken_cardinality", "duplicate_links", "links_to_wrong_object")


def _stale_primary_values(session: ReadSession, object_id: str) -> int:
    parameters = Parameters()
    right = primary_value_sql(parameters, fields_of(session, object_id), "r.data")
    statement = f"""
        SELECT count(*) FROM records r
        WHERE r.object_id = {parameters.bind(object_id)}
          AND r.primary_value IS DISTINCT FROM {right}
    """  # noqa: S608 - made of placeholders
    return int(session.scalar(text(statement), parameters.values) or 0)


_COUNTS = {
    "duplicate_attachments": """
        SELECT coalesce(sum(n - 1), 0) FROM (
            SELECT count(*) AS n FROM object_fields GROUP BY object_id, field_id HAVING count(*) > 1
        ) d
    """,
    "broken_cardinality": """
        SELECT count(*) FROM (
            SELECT FROM relationship_records x JOIN relationships r ON r.id = x.relationship_id
            WHERE r.type IN ('1:N', 'N:1', 'lookup')
            GROUP BY x.relationship_id,
                     CASE WHEN r.type = '1:N' THEN x.to_record_id ELSE x.from_record_id END
            HAVING count(*) > 1
        ) crowded
    """,
    "links_to_wrong_object": """
        SELECT count(*) FROM relationship_records x
        JOIN relationships r ON r.id = x.relationship_id
        JOIN records f ON f.id = x.from_record_id
        JOIN records t ON t.id = x.to_record_id
        WHERE f.object_id <> r.from_object_id OR t.object_id <> r.to_object_id
    """,
    "duplicate_links": """
        SELECT coalesce(sum(n - 1), 0) FROM (
            SELECT count(*) AS n FROM relationship_records
            GROUP BY relationship_id, from_record_id, to_record_id HAVING count(*) > 1
        ) d
    """,
    "orphan_keys": """
        SELECT count(*) FROM records r CROSS JOIN LATERAL jsonb_object_keys(
            CASE WHEN jsonb_typeof(r.data) = 'object' THEN r.data ELSE '{}' END
        ) AS k(key)
        LEFT JOIN (SELECT DISTINCT object_id, field_id FROM object_fields) a
            ON a.object_id = r.object_id AND a.field_id = k.key
        WHERE a.field_id IS NULL AND NOT k.key = ANY(CAST(:known AS text[]))
    """,
    "dangling_users": """
        SELECT count(*) FROM (
            SELECT created_by AS id FROM records UNION ALL SELECT updated_by FROM records
            UNION ALL SELECT created_by FROM objects UNION ALL SELECT created_by FROM fields
            UNION ALL SELECT created_by FROM relationships
            UNION ALL SELECT created_by FROM relationship_records
            UNION ALL SELECT created_by FROM applications
        ) a LEFT JOIN users u ON u.id = a.id
        WHERE a.id IS NOT NULL AND u.id IS NULL
    """,
}
_KNOWN_KEYS: Mapping[str, Mapping[str, object]] = {
    kind: {"known": [*SYSTEM_COLUMNS, OWNER_KEY]} if ":known" in statement else {}
    for kind, statement in _COUNTS.items()
}

"""What stored links hold in their metadata: keys in use, and values that break a schema."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, text

from crm_desktop.db.database import ReadSession, load_json
from crm_desktop.db.expressions import Parameters
from crm_desktop.domain.access import Permission, RecordRight
from crm_desktop.domain.errors import Cancelled
from crm_desktop.domain.field_types import (
    EffectiveField,
    is_empty,
    target_ids,
    value_checker,
)
from crm_desktop.services.link_schemas import LinkKey, fields_of
from crm_desktop.services.record_conditions import permitted
from crm_desktop.services.reference_checks import REFERRING, problems_of_targets
from crm_desktop.services.relationships import get_relationship

Progress = Callable[[int, int], bool]
MOST_LINKS = 100_000  # that are looked at for a proposal
MOST_KEYS = 100
MOST_OPTIONS = 12
MOST_SAMPLES = 5
BATCH = 2_000
_WORD = 40  # characters; what is longer is no option of a choice
_PLAIN = frozenset({"string", "number", "boolean"})


@dataclass(frozen=True, slots=True)
class KeyUse:
    """A key that links hold: in how many, and as which JSON types (by count).

    `type` is the field type that fits them, "" where none does; `options` are the values where
    that is a choice.
    """

    name: str
    links: int
    kinds: Mapping[str, int]
    type: str
    options: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DataInUse:
    """The keys in use, the most common first; `seen` of all `links` were looked at.

    `shapeless` counts those of them whose metadata is no JSON object.
    """

    links: int
    seen: int
    shapeless: int
    keys: tuple[KeyUse, ...]

    @property
    def is_sample(self) -> bool:
        return self.seen < self.links


@dataclass(frozen=True, slots=True)
class BrokenLinkValue:
    """A stored value that breaks a rule: `count` links hold it, one of them is named."""

    value: Any
    problem: str
    count: int
    link_id: str
    link_name: str


@dataclass(frozen=True, slots=True)
class BrokenKey:
    """How many links break the rules of a key, how many lack it where it is required."""

    name: str
    broken: int
    lacking: int
    samples: tuple[BrokenLinkValue, ...]


def keys_in_use(session: ReadSession, relationship_id: str, *, most: int = MOST_LINKS) -> DataInUse:
    """Find which keys the relationship's links hold, of which types, by one statement.

    Of very many links only `most` are looked at. Links of records that may not be read are left
    out. Raises NotFound.
    """
    session.actor.require(Permission.READ_RECORDS)
    bound = Parameters()
    links = _links(session, bound, relationship_id)
    of_relationship = bound.bind(relationship_id)
    statement = _IN_USE.format(
        links=links,
        relationship=of_relationship,
        most=bound.bind(most),
        word=bound.bind(_WORD),
        options=bound.bind(MOST_OPTIONS),
        keys=bound.bind(MOST_KEYS),
        empty=_empty("p.value"),
    )
    rows = session.execute(text(statement), bound.values).all()
    head = rows[0]
    uses = tuple(_use(row) for row in rows if row.key is not None)
    return DataInUse(head.links, head.seen, head.shapeless, uses)


def proposed_keys(in_use: Iterable[KeyUse], besides: Iterable[LinkKey] = ()) -> tuple[LinkKey, ...]:
    """Return a key for each one in use that has a type, besides those that are known already."""
    known = {key.name for key in besides}
    return tuple(
        LinkKey(use.name, _label(use.name), use.type, _config(use))
        for use in in_use
        if use.type and use.name not in known and use.name.strip()
    )


def broken_values(
    session: ReadSession,
    relationship_id: str,
    keys: Sequence[LinkKey],
    on_progress: Progress | None = None,
) -> list[BrokenKey]:
    """Count what would break these keys' rules in stored links; keys that nothing breaks lack.

    Each different value is checked once. Raises Cancelled when told to stop, NotFound.
    """
    session.actor.require(Permission.READ_RECORDS)
    fields = {field.id: field for field in fields_of(keys)}
    if not fields:
        return []
    lacking, total = _lacking(session, relationship_id, keys)
    counts: dict[str, int] = defaultdict(int)
    samples: dict[str, list[BrokenLinkValue]] = defaultdict(list)
    checks = {name: value_checker(field) for name, field in fields.items()}
    bound = Parameters()
    statement = _VALUES.format(
        links=_links(session, bound, relationship_id), names=bound.bind(list(fields), "text[]")
    )
    done = 0
    rows = session.execute(text(statement), bound.values, execution_options={"yield_per": BATCH})
    for batch in rows.partitions():
        for row, value, problem in _problems(session, fields, checks, batch):
            counts[row.key] += row.holders
            if len(samples[row.key]) < MOST_SAMPLES:
                sample = BrokenLinkValue(value, problem, row.holders, row.link_id, "")
                samples[row.key].append(sample)
        done += sum(row.holders for row in batch)
        if on_progress is not None and not on_progress(min(done, total), total):
            raise Cancelled("Stopped counting.")
    names = _names_of_links(session, [each.link_id for some in samples.values() for each in some])
    return [
        BrokenKey(
            key.name,
            counts[key.name],
            lacking.get(key.name, 0),
            tuple(_named(each, names) for each in samples[key.name]),
        )
        for key in keys
        if counts[key.name] or lacking.get(key.name)
    ]


def _problems(
    session: ReadSession,
    fields: Mapping[str, EffectiveField],
    checks: Mapping[str, Callable[[Any], str | None]],
    rows: Iterable[Row[Any]],
) -> list[tuple[Row[Any], Any, str]]:
    """Return what is wrong with these values, those that refer to nothing included."""
    read = [(row, load_json(row.value)) for row in rows]
    targets: dict[str, dict[str, str]] = {}
    for name, field in fields.items():
        if field.type in REFERRING:
            ids = {id_ for row, value in read if row.key == name for id_ in target_ids(value)}
            targets[name] = problems_of_targets(session, field, sorted(ids))
    wrong = []
    for row, value in read:
        if is_empty(value):
            continue  # counted as lacking where it is required
        gone = targets.get(row.key, {})
        lost = (gone[id_] for id_ in target_ids(value) if id_ in gone) if gone else iter(())
        problem = checks[row.key](value) or next(lost, None)
        if problem:
            wrong.append((row, value, problem))
    return wrong


def _lacking(
    session: ReadSession, relationship_id: str, keys: Sequence[LinkKey]
) -> tuple[dict[str, int], int]:
    """Count the links that have nothing under each required key, and the links' values."""
    bound = Parameters()
    links = _links(session, bound, relationship_id)
    names = bound.bind([key.name for key in keys], "text[]")
    statement = _LACKING.format(links=links, names=names, empty=_empty("(l.m -> k.key)"))
    rows = session.execute(text(statement), bound.values).all()
    required = {key.name for key in keys if key.is_required}
    total = sum(row.links - row.lacking for row in rows)
    return {row.key: row.lacking for row in rows if row.key in required}, total


def _empty(value: str) -> str:
    """Return the condition that a value is what `is_empty` calls nothing."""
    return (
        f"(COALESCE({value}, 'null') IN ('null', '[]') OR (jsonb_typeof({value}) = 'string'"
        f" AND btrim({value} #>> '{{}}', E' \\t\\n\\r\\f\\v') = ''))"
    )


def _links(session: ReadSession, bound: Parameters, relationship_id: str) -> str:
    """Return the SELECT of the links that may be read: those whose records both may be."""
    relationship = get_relationship(session, relationship_id)
    joins = ""
    for column, end in (
        ("from_record_id", relationship.from_object),
        ("to_record_id", relationship.to_object),
    ):
        allowed = permitted(session, bound, end.id, RecordRight.READ)
        if allowed != "true":
            joins += f" AND EXISTS (SELECT FROM records AS r WHERE r.id = x.{column} AND {allowed})"
    return (
        "SELECT x.id, CASE WHEN jsonb_typeof(x.relationship_metadata) = 'object'"  # noqa: S608
        " THEN x.relationship_metadata END AS m"
        f" FROM relationship_records AS x WHERE x.relationship_id = {bound.bind(relationship_id)}"
        f"{joins}"
    )


def _use(row: Row[Any]) -> KeyUse:
    kinds = {kind: count for kind, count in row.kinds.items() if count}
    type_ = _type_for(row)
    options = tuple(sorted(row.options)) if type_ == "select" else ()
    return KeyUse(row.key, row.filled, kinds, type_, options)


def _type_for(row: Row[Any]) -> str:
    """Return the type that takes nine in ten values of the key, "" where none does."""
    kind = max(row.kinds, key=row.kinds.get)
    if row.kinds[kind] < 0.9 * row.filled or not row.filled or kind not in _PLAIN:
        return ""
    if kind != "string":
        return str(kind)
    strings = row.kinds["string"]
    for type_ in ("date", "datetime", "email", "url"):
        if row.looks[type_] == strings:
            return type_
    if row.options and 1 < len(row.options) <= strings / 3:
        return "select"
    return "textarea" if row.looks["long"] else "text"


def _label(name: str) -> str:
    """Return a key as words: “since_when” and “sinceWhen” are both “Since when”."""
    spaced = (
        "".join(f" {c.lower()}" if c.isupper() else c for c in name) if _is_camel(name) else name
    )
    words = " ".join(spaced.replace("_", " ").replace("-", " ").split())
    return words[:1].upper() + words[1:] if words else name


def _is_camel(name: str) -> bool:
    return name.isidentifier() and name[:1].islower() and "_" not in name


def _config(use: KeyUse) -> dict[str, Any]:
    if not use.options:
        return {}
    return {"options": [{"value": value, "label": value} for value in use.options]}


def _names_of_links(session: ReadSession, link_ids: Sequence[str]) -> dict[str, str]:
    if not link_ids:
        return {}
    rows = session.execute(text(_NAMES), {"ids": list(link_ids)})
    return {row.id: f"{row.from_title} → {row.to_title}" for row in rows}


def _named(sample: BrokenLinkValue, names: Mapping[str, str]) -> BrokenLinkValue:
    name = names.get(sample.link_id, sample.link_id)
    return BrokenLinkValue(sample.value, sample.problem, sample.count, sample.link_id, name)


_IN_USE = """
WITH seen AS MATERIALIZED ({links} LIMIT CAST({most} AS bigint)),
pairs AS MATERIALIZED (
    SELECT p.key, p.value #>> '{{}}' AS word,
           CASE WHEN {empty} THEN 'null' ELSE jsonb_typeof(p.value) END AS kind
    FROM seen CROSS JOIN LATERAL jsonb_each(seen.m) AS p
),
uses AS (
    SELECT key, count(*) FILTER (WHERE kind <> 'null') AS filled,
           jsonb_build_object(
               'string', count(*) FILTER (WHERE kind = 'string'),
               'number', count(*) FILTER (WHERE kind = 'number'),
               'boolean', count(*) FILTER (WHERE kind = 'boolean'),
               'array', count(*) FILTER (WHERE kind = 'array'),
               'object', count(*) FILTER (WHERE kind = 'object')) AS kinds,
           jsonb_build_object(
               'date', count(*) FILTER (WHERE kind = 'string'
                   AND word ~ '^[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}$'),
               'datetime', count(*) FILTER (WHERE kind = 'string' AND word ~
                   '^[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}T[0-9]{{2}}[:][0-9]{{2}}.*(Z|[+-]00[:]?00)$'),
               'email', count(*) FILTER (WHERE kind = 'string'
                   AND word ~ '^[^@[:space:]]+@[^@[:space:]]+[.][^@[:space:]]+$'),
               'url', count(*) FILTER (WHERE kind = 'string'
                   AND word ~ '^https?[:]//[^[:space:]]+$'),
               'long', count(*) FILTER (WHERE kind = 'string'
                   AND (length(word) > 200 OR position(chr(10) IN word) > 0))) AS looks
    FROM pairs GROUP BY key ORDER BY filled DESC, key LIMIT CAST({keys} AS bigint)
),
words AS (
    SELECT key, array_agg(word) AS options
    FROM (SELECT DISTINCT key, word FROM pairs WHERE kind = 'string') AS d
    GROUP BY key
    HAVING count(*) <= CAST({options} AS bigint) AND max(length(word)) <= CAST({word} AS bigint)
)
SELECT t.links, s.seen, s.shapeless, u.key, u.filled, u.kinds, u.looks, w.options
FROM (SELECT count(*) AS links FROM ({links}) AS every) AS t
CROSS JOIN (
    SELECT count(*) AS seen, count(*) FILTER (WHERE m IS NULL) AS shapeless FROM seen
) AS s
LEFT JOIN uses AS u ON true
LEFT JOIN words AS w ON w.key = u.key
ORDER BY u.filled DESC, u.key
"""
_VALUES = """
SELECT k.key, CAST(l.m -> k.key AS text) AS value, count(*) AS holders, min(l.id) AS link_id
FROM ({links}) AS l CROSS JOIN unnest({names}) AS k(key)
WHERE COALESCE(jsonb_typeof(l.m -> k.key), 'null') <> 'null'
GROUP BY 1, 2
"""
_LACKING = """
SELECT k.key, count(*) AS links, count(*) FILTER (WHERE {empty}) AS lacking
FROM ({links}) AS l CROSS JOIN unnest({names}) AS k(key) GROUP BY 1
"""
_NAMES = """
SELECT x.id, COALESCE(f.primary_value, f.id) AS from_title,
       COALESCE(t.primary_value, t.id) AS to_title
FROM relationship_records AS x
JOIN records AS f ON f.id = x.from_record_id JOIN records AS t ON t.id = x.to_record_id
WHERE x.id = ANY(CAST(:ids AS text[]))
"""

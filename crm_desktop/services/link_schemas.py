"""What the metadata of a relationship's links holds: keys with a type and rules, checked here."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select

from crm_desktop.db import link_schema_rows
from crm_desktop.db.database import ReadSession, WriteSession
from crm_desktop.db.link_schema_rows import standing_of
from crm_desktop.db.tables import Relationship
from crm_desktop.domain.access import Permission
from crm_desktop.domain.changes import Topic
from crm_desktop.domain.effective import merge_field
from crm_desktop.domain.errors import Conflict, Invalid, NotFound
from crm_desktop.domain.field_config import config_problems
from crm_desktop.domain.field_types import EffectiveField, value_problem
from crm_desktop.domain.json_edits import same_json
from crm_desktop.domain.json_text import storage_problem
from crm_desktop.services.reference_checks import check_targets

LINK_TYPES = (
    "text", "textarea", "email", "phone", "url", "number", "currency", "percentage",
    "date", "datetime", "boolean", "select", "multiselect", "reference",
)  # fmt: skip
"""The field types that a key can be given; another one that is stored already may stay."""

MAX_KEY = 255
MAX_KEYS = 200
_NO_CONFIG: Mapping[str, Any] = {}


@dataclass(frozen=True, slots=True)
class LinkKey:
    """One key of `relationship_metadata`: `name` is the key itself, spelled as it is stored.

    `config` has the keys of `fields.config`.
    """

    name: str
    label: str
    type: str = "text"
    config: Mapping[str, Any] = field(default_factory=dict, hash=False)
    is_required: bool = False

    @property
    def title(self) -> str:
        return self.label or self.name


@dataclass(frozen=True, slots=True)
class LinkSchema:
    """A relationship's keys in order; `limit` says why no others can be kept, "" where they can."""

    keys: tuple[LinkKey, ...]
    limit: str = ""


def get_link_schema(session: ReadSession, relationship_id: str) -> tuple[LinkKey, ...]:
    """Return the keys in order; none where none are defined, or where our schema is not there."""
    session.actor.require(Permission.READ_DEFINITIONS)
    return read_link_schema(session, relationship_id).keys


def read_link_schema(session: ReadSession, relationship_id: str) -> LinkSchema:
    """Return the keys, and whether this database can keep others."""
    session.actor.require(Permission.READ_DEFINITIONS)
    standing = standing_of(session)
    if not standing.is_readable:
        return LinkSchema((), standing.reason)
    stored = link_schema_rows.read_keys(session, relationship_id)
    return LinkSchema(_read(stored), standing.reason)


def list_link_schemas(session: ReadSession) -> dict[str, tuple[LinkKey, ...]]:
    """Return the keys by relationship, of those that have any."""
    session.actor.require(Permission.READ_DEFINITIONS)
    if not standing_of(session).is_readable:
        return {}
    stored = link_schema_rows.read_all_keys(session)
    found = {relationship_id: _read(keys) for relationship_id, keys in stored.items()}
    return {relationship_id: keys for relationship_id, keys in found.items() if keys}


def save_link_schema(
    session: WriteSession,
    relationship_id: str,
    keys: Sequence[LinkKey],
    expected: Sequence[LinkKey],
) -> None:
    """Keep these keys in place of `expected`, the ones that the edit began from.

    Raises Conflict where others are stored by now; Invalid by `keys.<place>.<what>` for what is
    wrong with a key, and by `keys` where nothing can be kept. Stored metadata is left as it is:
    `link_data.broken_values` counts beforehand what would break the new rules.
    """
    session.actor.require(Permission.EDIT_RELATIONSHIPS)
    standing = standing_of(session)
    if not standing.is_writable:
        raise Invalid({"keys": f"The keys of link data cannot be kept: {standing.reason}."})
    lock = select(Relationship.id).where(Relationship.id == relationship_id).with_for_update()
    if session.scalar(lock) is None:
        raise NotFound("This relationship no longer exists.")
    stored = link_schema_rows.read_keys(session, relationship_id)
    now = _read(stored)
    if not same_json(_written(now), _written(expected)):
        raise Conflict(
            "Someone else changed the keys of this link data meanwhile. Look at them again."
        )
    if problems := schema_problems(keys, known_types={key.type for key in now}):
        raise Invalid(problems)
    link_schema_rows.write_keys(session, relationship_id, _written(keys, stored))
    link_schema_rows.forget_gone(session)
    session.note(Topic.RELATIONSHIPS, relationship_id)


def schema_problems(
    keys: Sequence[LinkKey], *, known_types: Collection[str] = ()
) -> dict[str, str]:
    """Return what is wrong with a schema, by `keys.<place>.<what>`.

    Any key that other programs write can be a name, as long as it is not blank: what counts is
    its exact spelling.
    """
    problems: dict[str, str] = {}
    seen: set[str] = set()
    if len(keys) > MAX_KEYS:
        problems["keys"] = f"There are more than {MAX_KEYS} keys."
    for place, key in enumerate(keys):
        if problem := _name_problem(key.name, seen):
            problems[f"keys.{place}.name"] = problem
        seen.add(key.name)
        if key.type not in LINK_TYPES and key.type not in known_types:
            problems[f"keys.{place}.type"] = f"The data of a link cannot be of type “{key.type}”."
        wrong = config_problems(key.config)
        if storage_problem([key.label, key.config]):
            wrong = {"": "There is a character in it that the database cannot store."}
        if key.type in {"select", "multiselect"} and not _has_options(key.config):
            wrong = {"": "Give the choice at least one option."} | wrong
        if wrong:
            problems[f"keys.{place}.config"] = next(iter(wrong.values()))
    return problems


def fields_of(keys: Iterable[LinkKey]) -> tuple[EffectiveField, ...]:
    """Return the keys as fields whose id is the key's name, for editors, lists and checks."""
    return tuple(
        merge_field(
            id=key.name,
            name=key.name,
            label=key.title,
            type=key.type,
            config=key.config,
            is_required=key.is_required,
        )
        for key in keys
    )


def check_metadata(keys: Iterable[LinkKey], metadata: Mapping[str, Any]) -> None:
    """Raise Invalid by key name where a value breaks its key's type or rules, or lacks.

    Keys that the schema does not have are nobody's business here.
    """
    _refuse(_problems(fields_of(keys), metadata))


def check_link_metadata(
    session: ReadSession, relationship_id: str, metadata: Mapping[str, Any]
) -> None:
    """Check a new link's metadata by the relationship's schema; what it refers to must exist."""
    session.actor.require(Permission.READ_RECORDS)
    _check(session, fields_of(get_link_schema(session, relationship_id)), metadata)


def check_edited_metadata(
    session: ReadSession, relationship_id: str, metadata: Any, names: Collection[str]
) -> None:
    """Check these keys of a link's metadata as it stands after an edit.

    The others may hold what breaks the schema: it was there before, and is not this edit's.
    """
    session.actor.require(Permission.READ_RECORDS)
    fields = fields_of(get_link_schema(session, relationship_id))
    values = metadata if isinstance(metadata, Mapping) else {}
    _check(session, [field for field in fields if field.id in names], values)


def _check(
    session: ReadSession, fields: Sequence[EffectiveField], metadata: Mapping[str, Any]
) -> None:
    problems = _problems(fields, metadata)
    check_targets(session, fields, metadata, problems)
    _refuse(problems)


def _problems(fields: Iterable[EffectiveField], metadata: Mapping[str, Any]) -> dict[str, str]:
    found = ((field.id, value_problem(field, metadata.get(field.id))) for field in fields)
    return {name: problem for name, problem in found if problem}


def _refuse(problems: Mapping[str, str]) -> None:
    if problems:
        raise Invalid(problems)


def _name_problem(name: str, seen: Collection[str]) -> str | None:
    if not name.strip():
        return "Enter the key."
    if len(name) > MAX_KEY:
        return f"The key is longer than {MAX_KEY} characters."
    if name in seen:
        return f"There are two keys named “{name}”."
    return storage_problem(name)


def _has_options(config: Mapping[str, Any]) -> bool:
    nested = config.get("validation")
    inner = nested if isinstance(nested, Mapping) else _NO_CONFIG
    return bool(config.get("options") or inner.get("options") or config.get("allowCustom"))


def _read(stored: Any) -> tuple[LinkKey, ...]:
    """Read what is stored; entries of another shape, and second ones of a name, are nothing."""
    keys: dict[str, LinkKey] = {}
    for entry in stored if isinstance(stored, list) else ():
        name = entry.get("name") if isinstance(entry, Mapping) else None
        if not isinstance(name, str) or not name or name in keys:
            continue
        label, type_, config = entry.get("label"), entry.get("type"), entry.get("config")
        keys[name] = LinkKey(
            name,
            label if isinstance(label, str) else "",
            type_ if isinstance(type_, str) and type_ else "text",
            config if isinstance(config, Mapping) else {},
            entry.get("required") is True,
        )
    return tuple(keys.values())


def _written(keys: Iterable[LinkKey], stored: Any = ()) -> list[dict[str, Any]]:
    """Return the JSON of the keys; what a later version keeps beside ours in an entry stays."""
    entries = stored if isinstance(stored, list) else []
    kept = {entry.get("name"): entry for entry in reversed(entries) if _is_entry(entry)}
    return [
        {
            **kept.get(key.name, {}),
            "name": key.name,
            "label": key.label,
            "type": key.type,
            "config": key.config,
            "required": key.is_required,
        }
        for key in keys
    ]


def _is_entry(entry: Any) -> bool:
    return isinstance(entry, Mapping) and isinstance(entry.get("name"), str)

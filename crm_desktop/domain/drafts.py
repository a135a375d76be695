"""A draft: input that is not stored yet, and the line of JSON that it is kept as."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class Draft:
    """What somebody typed into one record.

    `key` says where it was typed; `record_id` is empty for a new record. `values` has, by field
    id, the value that the edit began with as `old` and what shall be stored as `new`; where
    what was typed is no value of the field, `text` has it as it stood in the control. What is
    in `values` must not be changed once it has been handed over.
    """

    key: str
    object_id: str
    record_id: str
    title: str
    values: Mapping[str, Mapping[str, Any]]
    at: datetime


def draft_line(draft: Draft) -> str:
    """Return the draft as one line of ASCII, numbers exact, half surrogate pairs as typed."""
    import simplejson  # not before something has been typed

    content = {
        "key": draft.key,
        "object": draft.object_id,
        "record": draft.record_id,
        "title": draft.title,
        "values": {key: dict(value) for key, value in draft.values.items()},
        "at": draft.at.isoformat(),
    }
    return f"{simplejson.dumps(content, use_decimal=True)}\n"


def read_draft(line: bytes | str) -> Draft:
    """Return the draft of such a line; raises ValueError for anything else."""
    from decimal import Decimal  # not before the first paint

    try:
        content = json.loads(line, parse_float=Decimal)
        texts = {name: content[name] for name in ("key", "object", "record", "title")}
        at = datetime.fromisoformat(content["at"])
        values = content["values"]
        is_sound = all(isinstance(text, str) for text in texts.values()) and all(
            isinstance(value, dict) and {"old", "new"} <= value.keys() for value in values.values()
        )
    except (AttributeError, KeyError, TypeError, RecursionError) as error:
        raise ValueError("no draft") from error
    if not is_sound or at.tzinfo is None:
        raise ValueError("no draft")
    return Draft(texts["key"], texts["object"], texts["record"], texts["title"], values, at)

"""JSON as people read and edit it: exact numbers, and errors that name line and column."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import simplejson

_WORDS = {
    "Expecting value": "A value is missing here",
    "Expecting property name": "A key in double quotes belongs here",
    "Expecting ':'": "A colon is missing here",
    "Expecting ',' delimiter or '}'": "A comma or } is missing here",
    "Expecting ',' delimiter or ']'": "A comma or ] is missing here",
    "Illegal trailing comma": "Nothing follows this comma",
    "Unterminated string": "This text has no closing quote",
    "Invalid control character": "A line break or control character must be written as \\n or \\u…",
    "Invalid \\X escape": "A backslash in a text must be written twice",
    "Extra data": "Something follows the end of the object",
}


class JsonError(ValueError):
    """The text is no JSON object; `line` and `column` count from 1."""

    def __init__(self, message: str, line: int, column: int) -> None:
        super().__init__(message)
        self.line, self.column = line, column


def write_json(value: Mapping[str, Any]) -> str:
    """Return indented JSON in which a Decimal keeps its digits."""
    if not value:
        return "{\n}"
    return str(simplejson.dumps(value, indent=2, use_decimal=True, ensure_ascii=False))


def read_json(text: str) -> dict[str, Any]:
    """Return the object that the text holds; empty text is an empty object. Raises JsonError."""
    if not text.strip():
        return {}
    try:
        value = simplejson.loads(text, parse_float=Decimal, object_pairs_hook=_object)
    except simplejson.JSONDecodeError as error:
        raise JsonError(_said(error.msg), error.lineno, error.colno) from error
    except _RepeatedKeyError as error:
        line, column = _last_place(text, error.key)
        raise JsonError(f"The key “{error.key}” stands twice", line, column) from error
    except RecursionError as error:
        raise JsonError("This is nested too deeply", 1, 1) from error
    if not isinstance(value, dict):
        raise JsonError("This must be an object: { … }", 1, 1)
    return value


class _RepeatedKeyError(Exception):
    def __init__(self, key: str) -> None:
        super().__init__(key)
        self.key = key


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for key, value in pairs:
        if key in result:
            raise _RepeatedKeyError(key)
        result[key] = value
    return result


def _last_place(text: str, key: str) -> tuple[int, int]:
    before = text[: max(text.rfind(simplejson.dumps(key, ensure_ascii=False)), 0)]
    return before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1


def _said(message: str) -> str:
    """Put the decoder's words into ours; what a new version says is shown as it is."""
    for start, words in _WORDS.items():
        if message.startswith(start):
            return words
    return message

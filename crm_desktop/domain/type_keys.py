"""Which keys of `config` mean something to a field type, and which are lost with a type."""

from collections.abc import Iterator, Mapping
from typing import Any

from crm_desktop.domain.effective import spelling
from crm_desktop.domain.json_edits import ABSENT, JsonEdit

_TEXT = frozenset({"minLength", "maxLength", "pattern", "regexMessage"})
_NUMBER = frozenset({"min", "max", "decimals"})
_OPTIONS = frozenset({"options", "allowCustom"})
_BOOLEAN = frozenset({"trueLabel", "falseLabel"})
_TARGET = frozenset({"targetObjectId", "targetObject", "lookupObject", "displayField",
                     "allowMultiple"})  # fmt: skip
_FILE = frozenset({"allowedExtensions", "maxSize", "allowMultiple"})
_KEYS: Mapping[str, frozenset[str]] = {
    "text": _TEXT,
    "textarea": _TEXT | {"rows"},
    "email": _TEXT | {"allowMultiple"},
    "phone": _TEXT | {"phone format", "allowExtension"},
    "url": _TEXT | {"allowedProtocols", "requireProtocol"},
    "number": _NUMBER | {"step", "prefix", "suffix"},
    "currency": _NUMBER | {"currency", "symbol"},
    "percentage": _NUMBER,
    "date": frozenset({"format", "minDate", "maxDate"}),
    "datetime": frozenset({"format", "timezone", "minDate", "maxDate"}),
    "boolean": _BOOLEAN,
    "checkbox": _BOOLEAN,
    "select": _OPTIONS,
    "radio": _OPTIONS,
    "multiselect": _OPTIONS | {"minSelections", "maxSelections"},
    "reference": _TARGET,
    "lookup": _TARGET | {"people"},
    "file": _FILE,
    "image": _FILE,
}
"""In one spelling. Words and defaults are not here: they mean something to every type."""

NO_KEYS: frozenset[str] = frozenset()


def lost_keys(document: Any, old_type: str, new_type: str) -> tuple[JsonEdit, ...]:
    """Return the edits that take out of a `config`, or of overrides, what only the old type knows.

    Keys that the old type does not know either are other programs' and stay. So does what one
    level down, under `validation`, is not known.
    """
    if not isinstance(document, Mapping):
        return ()
    edits = [JsonEdit((key,), value, ABSENT) for key, value in _lost(document, old_type, new_type)]
    rules = document.get("validation")
    if isinstance(rules, Mapping):
        lost = dict(_lost(rules, old_type, new_type))
        if lost and lost.keys() == rules.keys():
            edits.append(JsonEdit(("validation",), rules, ABSENT))
        else:
            edits += [JsonEdit(("validation", key), lost[key], ABSENT) for key in lost]
    return tuple(edits)


def _lost(document: Mapping[str, Any], old_type: str, new_type: str) -> Iterator[tuple[str, Any]]:
    old, new = _KEYS.get(old_type, NO_KEYS), _KEYS.get(new_type, NO_KEYS)
    for key, value in document.items():
        meaning, later = (_meaning(key, value, each) for each in (old_type, new_type))
        if meaning in old and (meaning != later or later not in new):
            yield key, value


def _meaning(key: str, value: Any, type_name: str) -> str:
    """Return the key in one spelling, and what is meant by one that means several things."""
    name = spelling(key)
    if name == "format" and type_name == "phone":
        return "phone format"
    if name == "lookupObject" and value in ("user", "users"):
        return "people"
    return name

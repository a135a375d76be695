"""A field as an object shows it: the library's definition with the attachment's overrides."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any

NO_CONFIG: Mapping[str, Any] = {}

_CANONICAL = {
    "decimalPlaces": "decimals",
    "regex": "pattern",
    "patternMessage": "regexMessage",
    "minItems": "minSelections",
    "maxItems": "maxSelections",
    "multiple": "allowMultiple",
    "currencyCode": "currency",
    "allowedFormats": "allowedExtensions",
}
_OWN_ATTRIBUTES = frozenset({"label", "description", "placeholder", "default"})


@dataclass(frozen=True, slots=True)
class EffectiveField:
    """What a form, a grid and a check need to know of one field of one object.

    `config` is flat and in one spelling: the keys of `config.validation` stand beside the others,
    `decimal_places` is `decimals`, `regex` is `pattern` and so on. It is for reading (with `rule`
    and its relatives) and never written back. Nothing in it can be trusted to have the right type.
    """

    id: str
    name: str
    label: str
    type: str
    config: Mapping[str, Any] = field(default_factory=dict, hash=False)
    is_required: bool = False
    is_visible: bool = True
    is_readonly: bool = False
    is_system_field: bool = False
    help: str = ""
    placeholder: str = ""
    default: Any = field(default=None, hash=False)


def merge_field(  # noqa: PLR0913 - one for each column that it joins
    *,
    id: str,  # noqa: A002 - the column's name
    name: str,
    label: str,
    type: str,  # noqa: A002 - the column's name
    config: Any = None,
    description: str | None = None,
    is_system_field: bool = False,
    is_required: bool = False,
    is_visible: bool = True,
    is_readonly: bool = False,
    overrides: Any = None,
) -> EffectiveField:
    """Lay `field_overrides` over a library field; JSON of the wrong type counts as empty.

    A JSON null in the overrides takes a rule away.
    """
    changed = flat_config(overrides)
    merged = {**flat_config(config), **changed}
    default = merged.get("default")
    if default is None:
        default = merged.get("defaultValue")
    return EffectiveField(
        id=id,
        name=name,
        label=_text(changed.get("label")) or label,
        type=type,
        config={key: value for key, value in merged.items() if key not in _OWN_ATTRIBUTES},
        is_required=is_required,
        is_visible=is_visible,
        is_readonly=is_readonly,
        is_system_field=is_system_field,
        help=_text(changed.get("description")) or description or "",
        placeholder=_text(merged.get("placeholder")),
        default=default,
    )


def flat_config(config: Any) -> dict[str, Any]:
    """Return the rules of one `config` or `field_overrides` in one flat, canonical spelling.

    A key that stands on both levels counts as on the upper one.
    """
    if not isinstance(config, Mapping):
        return {}
    nested = config.get("validation")
    inner = nested if isinstance(nested, Mapping) else NO_CONFIG
    upper = {key: value for key, value in config.items() if key != "validation" or not inner}
    return {**_canonical(inner), **_canonical(upper)}


def _canonical(config: Mapping[str, Any]) -> dict[str, Any]:
    """Spell the keys in one way; a key in its main spelling wins over its other names."""
    renamed = {spelling(key): value for key, value in config.items()}
    return {**renamed, **{key: config[key] for key in renamed if key in config}}


def spelling(key: str) -> str:
    key = re.sub(r"_([a-z])", lambda found: found[1].upper(), key)
    return _CANONICAL.get(key, key)


def rule(field: EffectiveField, name: str) -> Any:
    """Return what the config says under this name in any of its spellings, or None."""
    return field.config.get(spelling(name))


def text_rule(field: EffectiveField, name: str) -> str:
    """Return a rule that must be text, "" where it is missing or something else."""
    return _text(rule(field, name))


def flag_rule(field: EffectiveField, name: str, *, default: bool = False) -> bool:
    """Return a rule that must be true or false."""
    value = rule(field, name)
    return value if isinstance(value, bool) else default


def number_rule(field: EffectiveField, name: str) -> int | Decimal | None:
    """Return a rule that must be a number; a number written as text counts."""
    value = rule(field, name)
    if isinstance(value, str):
        try:
            value = Decimal(value.strip())
        except InvalidOperation:
            return None
    if isinstance(value, float):
        value = Decimal(repr(value))
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        return None
    return value if isinstance(value, int) or value.is_finite() else None


def count_rule(field: EffectiveField, name: str) -> int | None:
    """Return a rule that must be a whole number from 0 to a billion."""
    value = number_rule(field, name)
    if value is None or not 0 <= value <= 10**9 or value != int(value):
        return None
    return int(value)


def bounds(field: EffectiveField, low: str, high: str) -> tuple[int | None, int | None]:
    """Return two counts; both None when no value could lie between them."""
    least, most = count_rule(field, low), count_rule(field, high)
    if least is not None and most is not None and least > most:
        return None, None
    return least, most


def words_rule(field: EffectiveField, name: str) -> tuple[str, ...]:
    """Return a rule that must be a list of texts; a text with commas counts."""
    value = rule(field, name)
    if isinstance(value, str):
        value = value.split(",")
    if not isinstance(value, list | tuple):
        return ()
    return tuple(word.strip() for word in value if isinstance(word, str) and word.strip())


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""

"""What can be set for each field type, and where in `config` each setting is kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from PySide6.QtCore import QT_TRANSLATE_NOOP, QCoreApplication

from crm_desktop.domain.json_edits import ABSENT, applied
from crm_desktop.domain.type_keys import lost_keys

_CONTEXT = "settings"
Path = tuple[str, ...]

USER = "user"  # `lookupObject` of a field that points to people


class Kind(Enum):
    TEXT = "text"
    COUNT = "count"  # a whole number from 0
    NUMBER = "number"  # any number, kept exactly
    SWITCH = "switch"
    DATE = "date"
    WORDS = "words"  # texts divided by commas
    CURRENCY = "currency"
    SIZE = "size"  # bytes; typed as 10 MB
    OPTIONS = "options"
    OPTION = "option"  # the value of one of the field's options
    TARGET = "target"  # the id of an object, or USER
    DISPLAY_FIELD = "display field"  # the id of a field of the object chosen above
    VALUE = "value"  # of the field's own type, as records hold it


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting: `paths` are the places where it may stand; the first is where we put it."""

    name: str
    kind: Kind
    _label: str
    paths: tuple[Path, ...]
    _hint: str = ""

    @property
    def label(self) -> str:
        return QCoreApplication.translate(_CONTEXT, self._label)

    @property
    def hint(self) -> str:
        return QCoreApplication.translate(_CONTEXT, self._hint) if self._hint else ""


def read_setting(config: Mapping[str, Any], setting: Setting) -> Any:
    """Return the setting's value, from the first place that has one; ABSENT if none has."""
    if setting.kind is Kind.TARGET and config.get("lookupObject") in (USER, "users"):
        return USER
    for path in setting.paths:
        value = _at(config, path)
        if value is not ABSENT and value is not None:
            return value
    return ABSENT


def write_setting(config: Mapping[str, Any], setting: Setting, value: Any) -> dict[str, Any]:
    """Return a copy of `config` with the setting changed where it stands; ABSENT takes it out.

    What else `config` holds, known or not, stays as it is.
    """
    if setting.kind is Kind.TARGET and value is not ABSENT:
        is_user = value == USER
        config = _without(config, ("targetObjectId",) if is_user else ("lookupObject",))
        return {**config, "lookupObject" if is_user else "targetObjectId": value}
    present = [path for path in setting.paths if _at(config, path) is not ABSENT]
    if value is ABSENT:
        result = dict(config)
        for path in present:
            result = _without(result, path)
        return result
    filled = [path for path in present if _at(config, path) is not None]
    return _with(config, (filled or present or [setting.paths[0]])[0], value)


def write_override(
    overrides: Mapping[str, Any], config: Mapping[str, Any], setting: Setting, value: Any
) -> dict[str, Any]:
    """Do the same to what one object says differently from the library, whose `config` this is.

    Where the library points to people and the object to records, a null takes the former away.
    """
    result = write_setting(overrides, setting, value)
    is_target = setting.kind is Kind.TARGET and value is not ABSENT and value != USER
    if is_target and read_setting(config, setting) == USER:
        result["lookupObject"] = None
    return result


def _at(config: Any, path: Path) -> Any:
    for key in path:
        if not isinstance(config, Mapping) or key not in config:
            return ABSENT
        config = config[key]
    return config


def _with(config: Mapping[str, Any], path: Path, value: Any) -> dict[str, Any]:
    key, *rest = path
    if rest:
        inner = config.get(key)
        value = _with(inner if isinstance(inner, Mapping) else {}, tuple(rest), value)
    return {**config, key: value}


def _without(config: Mapping[str, Any], path: Path) -> dict[str, Any]:
    key, *rest = path
    if not rest:
        return {name: value for name, value in config.items() if name != key}
    inner = _without(config[key], tuple(rest))
    if inner:
        return {**config, key: inner}
    return {name: value for name, value in config.items() if name != key}


def _setting(key: str, kind: Kind, label: object, *also: str, hint: object = "") -> Setting:
    """Make a setting; `also` names further keys, those under `validation` with a dot."""
    paths = tuple(tuple(name.split(".")) for name in (key, *also))
    return Setting(paths[0][-1], kind, str(label), paths, str(hint))


_MIN_LENGTH = _setting(
    "minLength",
    Kind.COUNT,
    QT_TRANSLATE_NOOP("settings", "Shortest length"),
    "validation.minLength",
    hint=QT_TRANSLATE_NOOP("settings", "characters"),
)
_MAX_LENGTH = _setting(
    "maxLength",
    Kind.COUNT,
    QT_TRANSLATE_NOOP("settings", "Longest length"),
    "validation.maxLength",
    hint=QT_TRANSLATE_NOOP("settings", "characters"),
)
_PATTERN = _setting(
    "pattern",
    Kind.TEXT,
    QT_TRANSLATE_NOOP("settings", "Pattern"),
    "regex",
    "validation.pattern",
    "validation.regex",
    hint=QT_TRANSLATE_NOOP("settings", "regular expression, such as ^[A-Z]{2}[0-9]+$"),
)
_PATTERN_MESSAGE = _setting(
    "validation.regexMessage",
    Kind.TEXT,
    QT_TRANSLATE_NOOP("settings", "When the pattern is missed, say"),
    "regexMessage",
    "patternMessage",
)
_PLACEHOLDER = _setting(
    "placeholder",
    Kind.TEXT,
    QT_TRANSLATE_NOOP("settings", "Placeholder"),
    hint=QT_TRANSLATE_NOOP("settings", "shown while the field is empty"),
)
_MIN = _setting("min", Kind.NUMBER, QT_TRANSLATE_NOOP("settings", "Smallest"), "validation.min")
_MAX = _setting("max", Kind.NUMBER, QT_TRANSLATE_NOOP("settings", "Largest"), "validation.max")
_DECIMALS = _setting(
    "decimals",
    Kind.COUNT,
    QT_TRANSLATE_NOOP("settings", "Decimals"),
    "decimal_places",
    hint=QT_TRANSLATE_NOOP("settings", "digits after the point"),
)
_DEFAULT = _setting(
    "defaultValue",
    Kind.TEXT,
    QT_TRANSLATE_NOOP("settings", "New records start with"),
    "default",
    hint=QT_TRANSLATE_NOOP("settings", "nothing"),
)
_DEFAULT_NUMBER = _setting(
    "defaultValue",
    Kind.NUMBER,
    QT_TRANSLATE_NOOP("settings", "New records start with"),
    "default",
    hint=QT_TRANSLATE_NOOP("settings", "nothing"),
)
_DEFAULT_OPTION = _setting(
    "defaultValue",
    Kind.TEXT,
    QT_TRANSLATE_NOOP("settings", "New records start with"),
    "default",
    hint=QT_TRANSLATE_NOOP("settings", "the value of an option"),
)
_FORMAT = _setting(
    "format",
    Kind.TEXT,
    QT_TRANSLATE_NOOP("settings", "Format elsewhere"),
    hint=QT_TRANSLATE_NOOP("settings", "read by other programs; shown here as your system writes"),
)
_OPTIONS = _setting(
    "options", Kind.OPTIONS, QT_TRANSLATE_NOOP("settings", "Options"), "validation.options"
)
_ALLOW_CUSTOM = _setting(
    "allowCustom",
    Kind.SWITCH,
    QT_TRANSLATE_NOOP("settings", "Allow values that are not in the list"),
)
_BOOLEAN = (
    _setting(
        "trueLabel",
        Kind.TEXT,
        QT_TRANSLATE_NOOP("settings", "Word for true"),
        hint=QT_TRANSLATE_NOOP("settings", "Yes"),
    ),
    _setting(
        "falseLabel",
        Kind.TEXT,
        QT_TRANSLATE_NOOP("settings", "Word for false"),
        hint=QT_TRANSLATE_NOOP("settings", "No"),
    ),
    _setting(
        "defaultValue",
        Kind.SWITCH,
        QT_TRANSLATE_NOOP("settings", "New records start with true"),
        "default",
    ),
)
_TARGET = (
    _setting(
        "targetObjectId", Kind.TARGET, QT_TRANSLATE_NOOP("settings", "Points to"), "lookupObject"
    ),
    _setting(
        "displayField",
        Kind.DISPLAY_FIELD,
        QT_TRANSLATE_NOOP("settings", "Shown elsewhere as"),
        hint=QT_TRANSLATE_NOOP(
            "settings", "read by other programs; here the record\u2019s name is shown"
        ),
    ),
    _setting(
        "allowMultiple",
        Kind.SWITCH,
        QT_TRANSLATE_NOOP("settings", "Allow several records"),
        "multiple",
    ),
)
_MAX_SIZE = _setting(
    "maxSize",
    Kind.SIZE,
    QT_TRANSLATE_NOOP("settings", "Largest file"),
    hint=QT_TRANSLATE_NOOP("settings", "such as 10 MB"),
)
_MULTIPLE = _setting(
    "multiple", Kind.SWITCH, QT_TRANSLATE_NOOP("settings", "Allow several files"), "allowMultiple"
)
_EXTENSIONS = _setting(
    "allowedExtensions",
    Kind.WORDS,
    QT_TRANSLATE_NOOP("settings", "File extensions"),
    "allowedFormats",
    hint=QT_TRANSLATE_NOOP("settings", "such as pdf, docx; empty allows any"),
)

SETTINGS: Mapping[str, tuple[Setting, ...]] = {
    "text": (_MIN_LENGTH, _MAX_LENGTH, _PATTERN, _PATTERN_MESSAGE, _PLACEHOLDER, _DEFAULT),
    "textarea": (
        _MIN_LENGTH,
        _MAX_LENGTH,
        _setting(
            "rows",
            Kind.COUNT,
            QT_TRANSLATE_NOOP("settings", "Height"),
            hint=QT_TRANSLATE_NOOP("settings", "lines"),
        ),
        _PLACEHOLDER,
    ),
    "email": (
        _PATTERN,
        _PATTERN_MESSAGE,
        _PLACEHOLDER,
        _setting(
            "allowMultiple",
            Kind.SWITCH,
            QT_TRANSLATE_NOOP("settings", "Allow several addresses, divided by commas"),
        ),
    ),
    "phone": (
        _FORMAT,
        _PLACEHOLDER,
        _setting(
            "allowExtension", Kind.SWITCH, QT_TRANSLATE_NOOP("settings", "Allow an extension")
        ),
    ),
    "url": (
        _setting(
            "allowedProtocols",
            Kind.WORDS,
            QT_TRANSLATE_NOOP("settings", "Protocols"),
            hint=QT_TRANSLATE_NOOP("settings", "such as https, http; empty allows any"),
        ),
        _PLACEHOLDER,
        _setting(
            "requireProtocol",
            Kind.SWITCH,
            QT_TRANSLATE_NOOP("settings", "The protocol must be written"),
        ),
    ),
    "number": (
        _MIN,
        _MAX,
        _DECIMALS,
        _setting("step", Kind.NUMBER, QT_TRANSLATE_NOOP("settings", "Step")),
        _setting("prefix", Kind.TEXT, QT_TRANSLATE_NOOP("settings", "Prefix")),
        _DEFAULT_NUMBER,
    ),
    "currency": (
        _setting(
            "currency",
            Kind.CURRENCY,
            QT_TRANSLATE_NOOP("settings", "Currency"),
            hint=QT_TRANSLATE_NOOP("settings", "ISO 4217 code, such as EUR"),
        ),
        _setting("symbol", Kind.TEXT, QT_TRANSLATE_NOOP("settings", "Symbol")),
        _DECIMALS,
        _MIN,
        _MAX,
        _DEFAULT_NUMBER,
    ),
    "percentage": (_MIN, _MAX, _DECIMALS, _DEFAULT_NUMBER),
    "date": (
        _setting("minDate", Kind.DATE, QT_TRANSLATE_NOOP("settings", "Earliest")),
        _setting("maxDate", Kind.DATE, QT_TRANSLATE_NOOP("settings", "Latest")),
        _FORMAT,
    ),
    "datetime": (
        _setting(
            "timezone",
            Kind.TEXT,
            QT_TRANSLATE_NOOP("settings", "Time zone elsewhere"),
            hint=QT_TRANSLATE_NOOP("settings", "read by other programs, such as Europe/Helsinki"),
        ),
        _FORMAT,
    ),
    "boolean": _BOOLEAN,
    "checkbox": _BOOLEAN,
    "select": (_OPTIONS, _DEFAULT_OPTION, _ALLOW_CUSTOM),
    "radio": (_OPTIONS, _DEFAULT_OPTION, _ALLOW_CUSTOM),
    "multiselect": (
        _OPTIONS,
        _setting(
            "minSelections",
            Kind.COUNT,
            QT_TRANSLATE_NOOP("settings", "Fewest choices"),
            "validation.minItems",
        ),
        _setting(
            "maxSelections",
            Kind.COUNT,
            QT_TRANSLATE_NOOP("settings", "Most choices"),
            "validation.maxItems",
        ),
        _ALLOW_CUSTOM,
    ),
    "reference": _TARGET,
    "lookup": _TARGET,
    "file": (_EXTENSIONS, _MAX_SIZE, _MULTIPLE),
    "image": (
        _setting(
            "allowedFormats",
            Kind.WORDS,
            QT_TRANSLATE_NOOP("settings", "Image formats"),
            "allowedExtensions",
            hint=QT_TRANSLATE_NOOP("settings", "such as png, jpeg; empty allows any"),
        ),
        _MAX_SIZE,
        _MULTIPLE,
    ),
}


def setting_label(type_name: str, key: str) -> str:
    """Return what a key of `config` is called for a type, "" where it is none of its settings."""
    own = (each for each in SETTINGS.get(type_name, ()) if key in {p[-1] for p in each.paths})
    return next((each.label for each in own), "")


def config_for_type(config: Mapping[str, Any], old: str, new: str) -> dict[str, Any]:
    """Return `config` after a change of type: what only the old type knows is left behind."""
    return applied(config, lost_keys(config, old, new))

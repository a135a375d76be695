"""The options of a choice: read from any configuration, found by value or by label."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from crm_desktop.domain.effective import EffectiveField, rule
from crm_desktop.domain.json_text import json_text


@dataclass(frozen=True, slots=True)
class Option:
    value: str
    label: str
    color: str = ""


class AmbiguousLabel(ValueError):
    """Several options bear this label."""


class NoSuchOption(ValueError):
    """Neither a value nor a label."""


class Options:
    """The options of one field, quick to search."""

    def __init__(self, options: tuple[Option, ...]) -> None:
        self.all = options
        self.by_value: dict[str, Option] = {}
        self._by_label: dict[str, Option | None] = {}  # None: several
        self._by_folded: dict[str, Option | None] = {}
        for option in options:
            if self.by_value.setdefault(option.value, option) is option:
                _add(self._by_label, option.label, option)
                _add(self._by_folded, _fold(option.label), option)

    def find(self, text: str) -> Option:
        """Return the option meant by a value or a label; an exact value wins over any label.

        Then an exact label counts, then a label in other capitals or with other blanks. Raises
        AmbiguousLabel or NoSuchOption.
        """
        if option := self.by_value.get(text):
            return option
        for index, key in ((self._by_label, text), (self._by_folded, _fold(text))):
            if key in index:
                found = index[key]
                if found is None:
                    raise AmbiguousLabel(text)
                return found
        return self._by_folded_value(text)

    def _by_folded_value(self, text: str) -> Option:
        folded = _fold(text)
        found = [option for option in self.by_value.values() if _fold(option.value) == folded]
        if len(found) > 1:
            raise AmbiguousLabel(text)
        if not found:
            raise NoSuchOption(text)
        return found[0]

    def label(self, value: str) -> str:
        """Return the label of a value, or the value itself where it is no option (any more)."""
        option = self.by_value.get(value)
        return option.label if option else value


def options_of(field: EffectiveField) -> tuple[Option, ...]:
    """Return the field's options in their order; what cannot be read as one is left out."""
    return options_index(field).all


@lru_cache(maxsize=512)
def options_index(field: EffectiveField) -> Options:
    """Return the searchable options; kept, because a grid asks for every cell."""
    entries = rule(field, "options")
    if isinstance(entries, Mapping):
        entries = [{"value": value, "label": label} for value, label in entries.items()]
    if not isinstance(entries, list | tuple):
        entries = []
    return Options(tuple(filter(None, map(_option, entries))))


def _option(entry: Any) -> Option | None:
    if not isinstance(entry, Mapping):
        return None if (value := _scalar(entry)) is None else Option(value, value)
    value, label = _scalar(entry.get("value")), _scalar(entry.get("label"))
    if value is None:
        value = label
    if value is None:
        return None
    return Option(value, label or value, _scalar(entry.get("color")) or "")


def _scalar(value: Any) -> str | None:
    if isinstance(value, str) or value is None:
        return value
    return None if isinstance(value, Mapping | list | tuple) else json_text(value)


def _add(index: dict[str, Option | None], key: str, option: Option) -> None:
    index[key] = None if key in index else option


def _fold(text: str) -> str:
    return " ".join(text.split()).casefold()

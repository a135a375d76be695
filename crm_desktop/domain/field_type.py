"""What every field type can do with a value: check it, show it, write it as text, read it back."""

from collections.abc import Callable
from typing import Any, Literal

from typing_extensions import override

from crm_desktop.domain.effective import EffectiveField
from crm_desktop.domain.errors import Invalid
from crm_desktop.domain.formats import Formats
from crm_desktop.domain.json_text import json_text, json_value

Checker = Callable[[Any], str | None]
Parser = Callable[[str], Any]
Shower = Callable[[Any], str]
Align = Literal["left", "right", "center"]

MAX_SHOWN = 40


class FieldType:
    """One type of the contract's table; all its methods are pure.

    `checker`, `parser` and `shower` work out a field's rules once and return a quick function;
    use them for many values, and `problem`, `parse` and `display` for one.
    """

    icon = "type"
    align: Align = "left"
    is_text_like = False  # may become a record's primary value
    kind = "text"  # how SQL compares it: text, number, date, datetime, boolean, list or none

    def __init__(self, name: str, label: str, icon: str = "") -> None:
        self.name, self.label = name, label
        self.icon = icon or self.icon

    @override
    def __repr__(self) -> str:
        return f"<field type {self.name}>"

    # What the types say differently.

    def checker(self, field: EffectiveField) -> Checker:
        """Return a function that says what is wrong with a value, in a sentence, or None."""
        raise NotImplementedError

    def parser(self, field: EffectiveField, formats: Formats) -> Parser:
        """Return a function that reads a value from text; it raises Invalid for the field's id."""
        raise NotImplementedError

    def shower(self, field: EffectiveField, formats: Formats) -> Shower:
        """Return a function that writes a value as one short line for a grid."""
        raise NotImplementedError

    def edit_text(self, value: Any, field: EffectiveField, formats: Formats) -> str:
        """Return the text to put before somebody who edits the value; `parse` reads it back."""
        raise NotImplementedError

    # What follows from it.

    def problem(self, value: Any, field: EffectiveField) -> str | None:
        """Say what is wrong with the value; empty is never wrong here (see `validate_record`)."""
        return self.checker(field)(value)

    def parse(self, text: str, field: EffectiveField, formats: Formats) -> Any:
        """Read a value from what somebody typed or pasted; "" is None."""
        return self.parser(field, formats)(text)

    def display(self, value: Any, field: EffectiveField, formats: Formats) -> str:
        """Return the value as one short line; a value of the wrong JSON type as compact JSON."""
        return self.shower(field, formats)(value)

    def can_edit_as_text(self, value: Any, field: EffectiveField, formats: Formats) -> bool:
        """Say whether editing the value as text and leaving it alone gives the same value.

        False for values of the wrong JSON type: show them, and write only what is typed anew.
        """
        try:
            again = self.parse(self.edit_text(value, field, formats), field, formats)
        except Invalid:
            return False
        return same_value(again, value)


def is_empty(value: Any) -> bool:
    """Say whether nothing is stored: a missing key, null, "", blanks only, or an empty list."""
    if isinstance(value, str):
        return not value or value.isspace()
    return value is None or value == []


def same_value(one: Any, other: Any) -> bool:
    """Say whether two values are equal as `jsonb`; all that is empty counts as equal.

    1 and true are different, 1.0 and 1.00 too: what is shown to the user differs.
    """
    if is_empty(one) and is_empty(other):
        return True
    return type(one) is type(other) and one == other and json_text(one) == json_text(other)


def wrong_type_text(value: Any) -> str:
    """Return what to show of a value that has not the type's JSON type."""
    return value if isinstance(value, str) else json_text(value)


def refuse(field: EffectiveField, sentence: str) -> Invalid:
    return Invalid({field.id: sentence})


def shown(text: str) -> str:
    """Return the text in quotes for use in a sentence, cut where it is long."""
    one_line = " ".join(text.split())
    return f"“{one_line if len(one_line) <= MAX_SHOWN else one_line[: MAX_SHOWN - 1] + '…'}”"


def one_line(text: str, most: int = 400) -> str:
    """Return the text for one line of a grid: line breaks as blanks, and not endless."""
    if len(text) > most:
        text = f"{text[: most - 1]}…"
    return text if text.isprintable() else " ".join(text.split())


def literal_json(text: str) -> Any:
    """Return the JSON array, object or string that the text is, or None if it is none."""
    stripped = text.strip()
    if stripped[:1] not in {"[", "{", '"'}:
        return None
    try:
        return json_value(stripped)
    except ValueError:
        return None

"""References to records and users, files, and whatever type this program does not know."""

import re
from collections.abc import Mapping
from typing import Any

from typing_extensions import override

from crm_desktop.domain.effective import EffectiveField, flag_rule, number_rule, rule, words_rule
from crm_desktop.domain.errors import Invalid
from crm_desktop.domain.field_type import (
    Checker,
    FieldType,
    Parser,
    Shower,
    literal_json,
    one_line,
    refuse,
)
from crm_desktop.domain.formats import Formats
from crm_desktop.domain.json_text import json_text, json_value, storage_problem
from crm_desktop.domain.types_text import is_list_of_texts, refuse_unstorable

MEGABYTE = 1024 * 1024


class ReferenceType(FieldType):
    """The id of a record or a user, or an array of ids where `allowMultiple` says so.

    Here an id is only text; that its record exists is checked by the records service, which also
    shows names in place of ids.
    """

    icon = "link-2"
    kind = "reference"

    @override
    def checker(self, field: EffectiveField) -> Checker:
        has_several = flag_rule(field, "allowMultiple")

        def check(value: Any) -> str | None:
            if isinstance(value, str) or value is None or value == []:
                return None if value is None else storage_problem(value)
            if not is_list_of_texts(value):
                return "This must be the id of a record."
            if not has_several:
                return "Only one record can be chosen."
            return storage_problem(value)

        return check

    @override
    def parser(self, field: EffectiveField, formats: Formats) -> Parser:
        has_several = flag_rule(field, "allowMultiple")

        def parse(text: str) -> Any:
            refuse_unstorable(text, field)
            literal = literal_json(text)
            if isinstance(literal, str) or is_list_of_texts(literal):
                return literal
            if not has_several:
                return text.strip() or None
            parts = [part for part in re.split(r"[,;\s]+", text) if part]
            return parts if len(parts) > 1 else text.strip() or None

        return parse

    @override
    def shower(self, field: EffectiveField, formats: Formats) -> Shower:
        def show(value: Any) -> str:
            if isinstance(value, str):
                return one_line(value)
            if is_list_of_texts(value):
                return one_line(", ".join(value))
            return "" if value is None else one_line(json_text(value))

        return show

    @override
    def edit_text(self, value: Any, field: EffectiveField, formats: Formats) -> str:
        if value is None:
            return ""
        if isinstance(value, str) or is_list_of_texts(value):
            plain = value if isinstance(value, str) else ", ".join(value)
            try:
                if self.parse(plain, field, formats) == value:
                    return plain
            except Invalid:
                pass
        return json_text(value)


def target_ids(value: Any) -> tuple[str, ...]:
    """Return the ids that a reference's value names."""
    if isinstance(value, str):
        return (value,) if value else ()
    return tuple(part for part in value if isinstance(part, str)) if isinstance(value, list) else ()


def is_user_field(field: EffectiveField) -> bool:
    """Say whether the field's ids are users' ids."""
    return field.type == "lookup" and rule(field, "lookupObject") in ("user", "users")


def target_object_id(field: EffectiveField) -> str:
    """Return the id of the object whose records may be chosen, "" for any."""
    for name in ("targetObjectId", "targetObject", "lookupObject"):
        value = rule(field, name)
        if isinstance(value, str) and value and not is_user_field(field):
            return value
    return ""


class FileType(FieldType):
    """An object with `name`, `size`, `type` and `url`, or an array of them; edited as JSON."""

    icon = "paperclip"
    kind = "none"

    @override
    def checker(self, field: EffectiveField) -> Checker:
        allowed = tuple(word.lower().lstrip(".") for word in words_rule(field, "allowedExtensions"))
        limit = number_rule(field, "maxSize")
        if limit is not None and limit <= 1024:
            limit *= MEGABYTE  # nobody limits files to 1,024 bytes: such numbers mean megabytes

        def check_one(entry: Any) -> str | None:
            if not isinstance(entry, Mapping) or not isinstance(entry.get("name"), str):
                return "This must be a file with a name."
            extension = entry["name"].rpartition(".")[2].lower()
            if allowed and extension not in allowed:
                return f"Only these kinds of files are allowed: {', '.join(allowed)}."
            size = entry.get("size")
            if limit and isinstance(size, int) and not isinstance(size, bool) and size > limit:
                return f"The file is larger than {limit / MEGABYTE:.3g} MB."
            return None

        def check(value: Any) -> str | None:
            if value is None or value == []:
                return None
            entries = value if isinstance(value, list) else [value]
            return storage_problem(value) or next(filter(None, map(check_one, entries)), None)

        return check

    @override
    def parser(self, field: EffectiveField, formats: Formats) -> Parser:
        def parse(text: str) -> Any:
            if not text or text.isspace():
                return None
            value = literal_json(text)
            if not isinstance(value, dict | list) or storage_problem(value):
                raise refuse(field, 'Write a file as JSON: {"name": "a.pdf", "url": "https://…"}.')
            return value

        return parse

    @override
    def shower(self, field: EffectiveField, formats: Formats) -> Shower:
        def show(value: Any) -> str:
            entries = value if isinstance(value, list) else [value]
            names = [entry.get("name") for entry in entries if isinstance(entry, Mapping)]
            texts = [name for name in names if isinstance(name, str)]
            if value and len(texts) == len(entries):
                return one_line(", ".join(texts))
            return "" if value is None or value == [] else one_line(json_text(value))

        return show

    @override
    def edit_text(self, value: Any, field: EffectiveField, formats: Formats) -> str:
        return "" if value is None else json_text(value)


class UnknownType(FieldType):
    """A type that only others know: shown, and edited, as JSON."""

    icon = "braces"
    kind = "none"

    @override
    def checker(self, field: EffectiveField) -> Checker:
        return storage_problem

    @override
    def parser(self, field: EffectiveField, formats: Formats) -> Parser:
        def parse(text: str) -> Any:
            if not text or text.isspace():
                return None
            try:
                value = json_value(text)
            except ValueError:
                value = text
            if problem := storage_problem(value):
                raise refuse(field, problem)
            return value

        return parse

    @override
    def shower(self, field: EffectiveField, formats: Formats) -> Shower:
        def show(value: Any) -> str:
            if isinstance(value, str):
                return one_line(value)
            return "" if value is None else one_line(json_text(value))

        return show

    @override
    def edit_text(self, value: Any, field: EffectiveField, formats: Formats) -> str:
        return "" if value is None else json_text(value)


UNKNOWN = UnknownType("unknown", "Unknown type")
TYPES = (
    ReferenceType("reference", "Reference"),
    ReferenceType("lookup", "Lookup"),
    FileType("file", "File"),
    FileType("image", "Image", icon="image"),
)

"""Yes or no, one of several, and several of several."""

import re
from typing import Any

from typing_extensions import override

from crm_desktop.domain.effective import EffectiveField, bounds, flag_rule, text_rule
from crm_desktop.domain.errors import Invalid
from crm_desktop.domain.field_type import (
    Align,
    Checker,
    FieldType,
    Parser,
    Shower,
    literal_json,
    one_line,
    refuse,
    shown,
)
from crm_desktop.domain.formats import Formats
from crm_desktop.domain.json_text import json_text, text_problem
from crm_desktop.domain.options import AmbiguousLabel, NoSuchOption, Options, options_index
from crm_desktop.domain.types_text import is_list_of_texts, refuse_unstorable

YES = frozenset({"yes", "y", "true", "t", "on", "1", "x", "✓", "✔", "☑"})
NO = frozenset({"no", "n", "false", "f", "off", "0", "☐", "✗"})
_SEPARATORS = re.compile(r"[,;\r\n]")
_ITEM = re.compile(
    r'[^\S\r\n]*"([^"]*(?:""[^"]*)*)"[^\S\r\n]*(?:[,;\r\n]|\Z)|([^,;\r\n]*)(?:[,;\r\n]|\Z)'
)


class BooleanType(FieldType):
    icon = "square-check"
    align: Align = "center"
    kind = "boolean"

    @override
    def checker(self, field: EffectiveField) -> Checker:
        def check(value: Any) -> str | None:
            return None if value is None or isinstance(value, bool) else "This must be yes or no."

        return check

    @override
    def parser(self, field: EffectiveField, formats: Formats) -> Parser:
        true, false = boolean_labels(field)
        meanings = dict.fromkeys(YES, True) | dict.fromkeys(NO, False)
        meanings |= {true.casefold(): True, false.casefold(): False}

        def parse(text: str) -> bool | None:
            word = text.strip().casefold()
            if not word:
                return None
            if word not in meanings:
                raise refuse(field, f"{shown(text)} is neither {true} nor {false}.")
            return meanings[word]

        return parse

    @override
    def shower(self, field: EffectiveField, formats: Formats) -> Shower:
        true, false = boolean_labels(field)

        def show(value: Any) -> str:
            if isinstance(value, bool):
                return one_line(true if value else false)
            return "" if value is None else one_line(json_text(value))

        return show

    @override
    def edit_text(self, value: Any, field: EffectiveField, formats: Formats) -> str:
        if isinstance(value, bool):
            return boolean_labels(field)[0 if value else 1]
        return "" if value is None else json_text(value)


def boolean_labels(field: EffectiveField) -> tuple[str, str]:
    """Return the words for true and false; Yes and No where the config's cannot be told apart."""
    true = text_rule(field, "trueLabel").strip() or "Yes"
    false = text_rule(field, "falseLabel").strip() or "No"
    if true.casefold() == false.casefold():
        return "Yes", "No"
    return true, false


class ChoiceType(FieldType):
    """One option's value; with `allowCustom` any other text as well."""

    icon = "circle-dot"

    @override
    def checker(self, field: EffectiveField) -> Checker:
        return _choice_checker(field)

    @override
    def parser(self, field: EffectiveField, formats: Formats) -> Parser:
        find = _finder(field)

        def parse(text: str) -> str | None:
            return find(text) if text and not text.isspace() else None

        return parse

    @override
    def shower(self, field: EffectiveField, formats: Formats) -> Shower:
        options = options_index(field)

        def show(value: Any) -> str:
            if isinstance(value, str):
                return one_line(options.label(value))
            return "" if value is None else one_line(json_text(value))

        return show

    @override
    def edit_text(self, value: Any, field: EffectiveField, formats: Formats) -> str:
        """Return the label where it leads back to the value, else the value, else JSON text."""
        if not isinstance(value, str):
            return "" if value is None else json_text(value)
        parse = self.parser(field, formats)
        for text in (options_index(field).label(value), value):
            if _leads_to(parse, text, value):
                return text
        return json_text(value)


class MultiselectType(FieldType):
    """An array of options' values; written as labels between commas, in quotes where needed."""

    icon = "list-checks"
    kind = "list"

    @override
    def checker(self, field: EffectiveField) -> Checker:
        check_one = _choice_checker(field)
        least, most = bounds(field, "minSelections", "maxSelections")

        def check(value: Any) -> str | None:
            if value is None or value == []:
                return None
            if not is_list_of_texts(value):
                return "This must be a list of options."
            if most is not None and len(value) > most:
                return f"Choose at most {most}; these are {len(value)}."
            if least is not None and len(value) < least:
                return f"Choose at least {least}; these are {len(value)}."
            return next(filter(None, map(check_one, value)), None)

        return check

    @override
    def parser(self, field: EffectiveField, formats: Formats) -> Parser:
        find = _finder(field)

        def parse(text: str) -> list[str] | None:
            literal = literal_json(text)
            if is_list_of_texts(literal):
                refuse_unstorable(text, field)
                return list(literal) or None
            parts = split_list(text)
            try:
                return [find(part) for part in parts] or None
            except Invalid:
                if len(parts) > 1 and _is_option(find, text.strip()):
                    return [find(text.strip())]  # a label with a comma in it, pasted alone
                raise

        return parse

    @override
    def shower(self, field: EffectiveField, formats: Formats) -> Shower:
        label = options_index(field).label

        def show(value: Any) -> str:
            if is_list_of_texts(value):
                return one_line(", ".join(map(label, value)))
            return "" if value is None else one_line(json_text(value))

        return show

    @override
    def edit_text(self, value: Any, field: EffectiveField, formats: Formats) -> str:
        if not is_list_of_texts(value):
            return "" if value is None else json_text(value)
        parse = self.parser(field, formats)
        labels = [options_index(field).label(part) for part in value]
        for words in (labels, value):
            text = join_list(words)
            if _leads_to(parse, text, value):
                return text
        return json_text(value)


def split_list(text: str) -> list[str]:
    """Cut a list at commas, semicolons and line breaks outside double quotes.

    A quote inside quotes is doubled, as in CSV files; what stands in quotes is taken as it is.
    """
    parts = []
    for found in _ITEM.finditer(text):
        if found[1] is not None:
            parts.append(found[1].replace('""', '"'))
        elif word := found[2].strip():
            parts.append(word)
    return parts


def join_list(words: list[str]) -> str:
    """Write a list so that `split_list` gives the words back."""
    return ", ".join(_quoted(word) for word in words)


def _quoted(word: str) -> str:
    if '"' in word or _SEPARATORS.search(word) or word != word.strip() or not word:
        return '"' + word.replace('"', '""') + '"'
    return word


def _choice_checker(field: EffectiveField) -> Checker:
    values = options_index(field).by_value
    is_open = flag_rule(field, "allowCustom") or not values

    def check(value: Any) -> str | None:
        if value is None or value == "":
            return None
        if not isinstance(value, str):
            return "This must be one of the options."
        if value in values:
            return text_problem(value)
        return text_problem(value) if is_open else f"{shown(value)} is not one of the options."

    return check


class _Finder:
    """Finds the value meant by a typed text; each text is looked up once."""

    def __init__(self, field: EffectiveField, options: Options) -> None:
        self._field, self._options = field, options
        self._is_open = flag_rule(field, "allowCustom") or not options.all
        self._known: dict[str, str] = {value: value for value in options.by_value}

    def __call__(self, text: str) -> str:
        value = self._known.get(text)
        if value is None:
            value = self._look_up(text)
            if len(self._known) < 10_000:
                self._known[text] = value
        return value

    def _look_up(self, text: str) -> str:
        try:
            return self._options.find(text).value
        except AmbiguousLabel:
            sentence = f"Several options are called {shown(text)}. Write the option's value."
            raise refuse(self._field, sentence) from None
        except NoSuchOption:
            return self._custom(text)

    def _custom(self, text: str) -> str:
        refuse_unstorable(text, self._field)
        literal = literal_json(text)
        value = literal if isinstance(literal, str) else text
        if not self._is_open and value not in self._options.by_value:
            raise refuse(self._field, f"{shown(text)} is not one of the options.")
        return value


def _finder(field: EffectiveField) -> _Finder:
    return _Finder(field, options_index(field))


def _is_option(find: Parser, text: str) -> bool:
    try:
        find(text)
    except Invalid:
        return False
    return True


def _leads_to(parse: Parser, text: str, value: Any) -> bool:
    try:
        return bool(parse(text) == value)
    except Invalid:
        return False


TYPES = (
    BooleanType("boolean", "Yes or no"),
    BooleanType("checkbox", "Checkbox"),
    ChoiceType("select", "Choice"),
    ChoiceType("radio", "Choice (radio buttons)"),
    MultiselectType("multiselect", "Several choices"),
)

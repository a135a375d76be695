"""Text, long text, e-mail addresses, telephone numbers and web addresses."""

import re
from collections.abc import Callable
from typing import Any

from typing_extensions import override

from crm_desktop.domain.effective import (
    EffectiveField,
    bounds,
    flag_rule,
    text_rule,
    words_rule,
)
from crm_desktop.domain.errors import Invalid
from crm_desktop.domain.field_type import (
    Checker,
    FieldType,
    Parser,
    Shower,
    is_empty,
    literal_json,
    one_line,
    refuse,
    shown,
    wrong_type_text,
)
from crm_desktop.domain.formats import Formats
from crm_desktop.domain.json_text import json_text, text_problem
from crm_desktop.domain.patterns import pattern

MAX_PHONE = 60
NOT_TEXT = "This must be text."
SAFE_PROTOCOLS = ("http", "https", "ftp", "ftps", "mailto", "tel")
_PHONE = re.compile(r"[0-9+(][0-9 ()./\u00a0\u2010-\u2013-]*")
_NO_DIGITS = re.compile(r"[^0-9]+")
_EXTENSION = re.compile(r"[ ,;]*(?:x|ext\.?|extension|#)[ .:]*[0-9]{1,8}\Z", re.IGNORECASE)
_NO_ADDRESS = re.compile(r"[\s,;<>\"()\[\]\\]")
_PROTOCOL = re.compile(r"[a-z][a-z0-9+.-]*", re.IGNORECASE)


class TextType(FieldType):
    """Any text; kept exactly as typed, blanks included."""

    is_text_like = True

    @override
    def checker(self, field: EffectiveField) -> Checker:
        return text_checker(field, None)

    @override
    def parser(self, field: EffectiveField, formats: Formats) -> Parser:
        def parse(text: str) -> str | None:
            if "\0" in text or not text.isascii():
                refuse_unstorable(text, field)
            return text or None

        return parse

    @override
    def shower(self, field: EffectiveField, formats: Formats) -> Shower:
        return show_text

    @override
    def edit_text(self, value: Any, field: EffectiveField, formats: Formats) -> str:
        return "" if value is None else wrong_type_text(value)


class TextareaType(TextType):
    icon = "text-align-start"


class PhoneType(TextType):
    icon = "phone"

    @override
    def checker(self, field: EffectiveField) -> Checker:
        has_extension = flag_rule(field, "allowExtension", default=True)

        def check(value: str) -> str | None:
            number = value.strip()
            if len(number) > MAX_PHONE:
                return f"A telephone number has at most {MAX_PHONE} characters."
            found = _PHONE.fullmatch(number)
            if found is None and (extension := _EXTENSION.search(number)):
                if not has_extension:
                    return "Enter the number without an extension."
                number = number[: extension.start()]
                found = _PHONE.fullmatch(number)
            if found is None or not 2 <= len(_NO_DIGITS.sub("", number)) <= 20:
                return f"{shown(value)} is not a telephone number, such as +44 20 7946 0958."
            return None

        return text_checker(field, check)


class UrlType(TextType):
    icon = "globe"

    @override
    def checker(self, field: EffectiveField) -> Checker:
        wanted = words_rule(field, "allowedProtocols")
        allowed = tuple(word.rstrip(":/").lower() for word in wanted) or SAFE_PROTOCOLS
        needs_protocol = flag_rule(field, "requireProtocol")

        def check(value: str) -> str | None:
            protocol, rest = split_protocol(value)
            if not rest or any(map(str.isspace, value)):
                return f"{shown(value)} is not a web address, such as https://example.com."
            if protocol:
                if protocol.lower() in allowed:
                    return None
                return f"The address must begin with {' or '.join(p + ':' for p in allowed)}"
            if needs_protocol:
                return f"The address must begin with {allowed[0]}://"
            if "." not in rest.partition("/")[0]:
                return f"{shown(value)} is not a web address, such as https://example.com."
            return None

        return text_checker(field, check)


def split_protocol(address: str) -> tuple[str, str]:
    """Cut "https://example.com" in two; "example.com:80" has no protocol."""
    protocol, separator, rest = address.partition("://")
    if separator and _PROTOCOL.fullmatch(protocol):
        return protocol, rest.lstrip("/")
    protocol, separator, rest = address.partition(":")
    if separator and _PROTOCOL.fullmatch(protocol) and not rest[:1].isdigit():
        return protocol, rest
    return ("tel", rest) if protocol.lower() == "tel" else ("", address)


class EmailType(TextType):
    """One address as text; several, where `allowMultiple` says so, as an array of texts."""

    icon = "mail"

    @override
    def checker(self, field: EffectiveField) -> Checker:
        if not flag_rule(field, "allowMultiple"):
            return text_checker(field, address_problem)
        check_one = text_checker(field, address_problem)

        def check(value: Any) -> str | None:
            if isinstance(value, str):
                parts: list[Any] = value.replace(";", ",").split(",")
                parts = [part.strip() for part in parts]
            else:
                parts = value if isinstance(value, list) else [value]
            if value is None or value == "":
                return None
            return next(filter(None, map(_each(check_one), parts)), None)

        return check

    @override
    def parser(self, field: EffectiveField, formats: Formats) -> Parser:
        parse_one = super().parser(field, formats)
        if not flag_rule(field, "allowMultiple"):
            return parse_one

        def parse(text: str) -> Any:
            parse_one(text)
            value = literal_json(text)
            if isinstance(value, str) or is_list_of_texts(value):
                return value
            parts = [part.strip() for part in re.split(r"[,;\n]", text)]
            parts = [part for part in parts if part]
            return parts if len(parts) > 1 else text or None

        return parse

    @override
    def shower(self, field: EffectiveField, formats: Formats) -> Shower:
        def show(value: Any) -> str:
            return show_text(", ".join(value) if is_list_of_texts(value) else value)

        return show

    @override
    def edit_text(self, value: Any, field: EffectiveField, formats: Formats) -> str:
        plain = ", ".join(value) if is_list_of_texts(value) else wrong_type_text(value)
        if value is None or not flag_rule(field, "allowMultiple"):
            return super().edit_text(value, field, formats)
        try:
            is_plain = self.parse(plain, field, formats) == value
        except Invalid:
            is_plain = False
        return plain if is_plain else json_text(value)


def _each(check: Checker) -> Checker:
    return lambda part: "An address is missing." if is_empty(part) else check(part)


def address_problem(value: str) -> str | None:
    """Say what is wrong with an e-mail address; only what can never be one is refused."""
    local, at, domain = value.rpartition("@")
    if (
        not at
        or not local
        or "@" in local
        or "." not in domain.strip(".")
        or domain.startswith(".")
        or domain.endswith(".")
        or ".." in domain
        or len(value) > 254
        or _NO_ADDRESS.search(value)
    ):
        return f"{shown(value)} is not an e-mail address, such as ada@example.com."
    return None


def text_checker(field: EffectiveField, check: Callable[[str], str | None] | None) -> Checker:
    """Return a check of length, pattern and storable characters, then `check`."""
    least, most = bounds(field, "minLength", "maxLength")
    source = text_rule(field, "pattern")
    rules = check is not None or bool(source) or least is not None or most is not None

    def check_rules(value: str) -> str | None:
        if most is not None and len(value) > most:
            return f"Enter at most {most} characters; these are {len(value)}."
        if least is not None and len(value) < least:
            return f"Enter at least {least} characters; these are {len(value)}."
        if source and not pattern(source).accepts(value):
            return text_rule(field, "regexMessage") or f"{shown(value)} has not the wanted form."
        return check(value) if check else None

    def check_text(value: Any) -> str | None:
        if value is None or value == "":
            return None
        if not isinstance(value, str):
            return NOT_TEXT
        if "\0" in value or not value.isascii():
            problem = text_problem(value)
            if problem:
                return problem
        return check_rules(value) if rules else None

    return check_text


def refuse_unstorable(text: str, field: EffectiveField) -> None:
    if problem := text_problem(text):
        raise refuse(field, problem)


def show_text(value: Any) -> str:
    if isinstance(value, str):
        return value if len(value) < 400 and value.isprintable() else one_line(value)
    return "" if value is None else one_line(json_text(value))


def is_list_of_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(part, str) for part in value)


TYPES = (
    TextType("text", "Text"),
    TextareaType("textarea", "Long text"),
    EmailType("email", "E-mail"),
    PhoneType("phone", "Phone"),
    UrlType("url", "URL"),
)

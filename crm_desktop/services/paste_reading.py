"""Reads pasted cells as values of the fields that they are for, or says why they are none."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ARRAY, ColumnElement, String, Text, any_, cast, func, literal, or_, select

from crm_desktop.db.database import ReadSession
from crm_desktop.db.tables import CrmObject, Record, User
from crm_desktop.domain.access import Permission, RecordRight
from crm_desktop.domain.clipboard import CellBlock
from crm_desktop.domain.errors import Invalid
from crm_desktop.domain.field_types import (
    EffectiveField,
    flag_rule,
    is_user_field,
    split_list,
    target_ids,
    target_object_id,
    type_of,
    value_checker,
)
from crm_desktop.domain.formats import Formats
from crm_desktop.services.record_rights import may
from crm_desktop.services.records import why_not_writable
from crm_desktop.services.reference_checks import REFERRING, problems_of_targets

BATCH = 5_000
_SAME_KINDS = frozenset({"number", "boolean", "date", "datetime"})
_ALIKE = (frozenset({"select", "radio"}), frozenset(REFERRING))


@dataclass(frozen=True, slots=True)
class Refused:
    """Stands in the place of a value: why there is none."""

    reason: str


def read_column(
    session: ReadSession,
    block: CellBlock,
    place: int,
    field: EffectiveField | None,
    formats: Formats,
) -> list[Any]:
    """Return what one column of the block means as values of a field: JSON values, or `Refused`.

    An exact value is taken where it fits the field, otherwise the text is read as if typed.
    References are found by name or id, all of a column by a few statements.
    """
    session.actor.require(Permission.READ_RECORDS)
    if field is None or why_not_writable(field):
        return [Refused(why_not_writable(field))] * block.rows
    texts = [row[place] for row in block.texts]
    values = None if block.values is None else [row[place] for row in block.values]
    if field.type in REFERRING:
        return _references(session, field, texts, _exact(block, place, field, values))
    read = _Texts(field, formats)
    check = read.check
    if values is None:
        return list(map(read.__getitem__, texts))
    if not block.types:
        pairs = zip(texts, values, strict=True)
        kind = type_of(field.type).kind
        return [_from_spreadsheet(kind, read, text, value) for text, value in pairs]
    if not _fits(block.types[place], field):
        return list(map(read.__getitem__, texts))
    return [
        read[text] if check(value) else value for text, value in zip(texts, values, strict=True)
    ]


class _Texts(dict[str, Any]):
    """By text: the value that it means, or `Refused`; each is read once."""

    def __init__(self, field: EffectiveField, formats: Formats) -> None:
        super().__init__()
        self._parse = type_of(field.type).parser(field, formats)
        self.check = value_checker(field)

    def __missing__(self, text: str) -> Any:
        value = self[text] = self._read(text)
        return value

    def _read(self, text: str) -> Any:
        try:
            value = self._parse(text) if text and not text.isspace() else None
        except Invalid as refusal:
            return Refused(str(refusal))
        problem = self.check(value)
        return Refused(problem) if problem else value


def _fits(source: str, field: EffectiveField) -> bool:
    """Say whether values of a type can be values of the field as they are."""
    there, here = type_of(source), type_of(field.type)
    if source == field.type or (there.is_text_like and here.is_text_like):
        return True
    if any({source, field.type} <= alike for alike in _ALIKE):
        return True
    return there.kind == here.kind and here.kind in _SAME_KINDS


def _from_spreadsheet(kind: str, read: _Texts, text: str, value: Any) -> Any:
    """Take a number for a number and a date for a date; everything else is read from its text."""
    if isinstance(value, str) and kind in {"date", "datetime"}:
        exact = read[value]
        return read[text] if isinstance(exact, Refused) else exact
    if value is not None and not isinstance(value, str) and kind == "number":
        problem = read.check(value)
        return Refused(problem) if problem else value
    return read[text]


# --- references --------------------------------------------------------------------------------


def _exact(
    block: CellBlock, place: int, field: EffectiveField, values: Sequence[Any] | None
) -> Sequence[Any] | None:
    """Return the exact values of a column if they are references as well."""
    return values if block.types and _fits(block.types[place], field) else None


def _references(
    session: ReadSession,
    field: EffectiveField,
    texts: Sequence[str],
    values: Sequence[Any] | None,
) -> list[Any]:
    exact: dict[str, Any] = {}
    if values is not None:
        ids = sorted({id_ for value in values for id_ in target_ids(value)})
        exact = dict.fromkeys(ids, True) | problems_of_targets(session, field, ids)
    found = _Names(session, field, set(texts))
    check = found.check
    read: dict[str, Any] = {}
    answers: list[Any] = []
    for number, text in enumerate(texts):
        value = None if values is None else values[number]
        is_there = value is not None and all(exact[id_] is True for id_ in target_ids(value))
        if is_there and not check(value):
            answers.append(value)
            continue
        if text not in read:
            read[text] = found.value(text)
        answers.append(read[text])
    return answers


class _Names:
    """The records or users that texts name, by their ids or their names."""

    def __init__(self, session: ReadSession, field: EffectiveField, texts: Iterable[str]) -> None:
        self.check = value_checker(field)
        self._has_several = flag_rule(field, "allowMultiple")
        self._what = "users" if is_user_field(field) else "records"
        parts = {text.strip() for text in texts}
        if self._has_several:
            parts.update(part for text in texts for part in split_list(text))
        wanted = sorted(part for part in parts if part and "\0" not in part)
        wrong = problems_of_targets(session, field, wanted)
        self._ids = set(wanted) - wrong.keys()
        self._by_name = _ids_by_name(session, field, [each for each in wanted if each in wrong])

    def value(self, text: str) -> Any:
        """Return the id, or the list of ids, that a text means; `Refused` for none or several."""
        whole = text.strip()
        value: Any = self._one(whole) if whole else None
        if isinstance(value, Refused) and self._has_several:
            parts = [self._one(part) for part in split_list(text)]
            bad = next((part for part in parts if isinstance(part, Refused)), None)
            value = parts if bad is None else bad if len(parts) > 1 else value
        if isinstance(value, Refused):
            return value
        problem = self.check(value)
        return Refused(problem) if problem else value

    def _one(self, text: str) -> str | Refused:
        if text in self._ids:
            return text
        count, id_ = self._by_name.get(text, (0, ""))
        if count == 1:
            return id_
        shown = f"“{text if len(text) <= 40 else text[:39] + '…'}”"
        if count:
            return Refused(f"{count:,} {self._what} are called {shown}.")
        return Refused(f"No {self._what[:-1]} is called {shown}.")


def _ids_by_name(
    session: ReadSession, field: EffectiveField, names: Sequence[str]
) -> Mapping[str, tuple[int, str]]:
    """Return how many records or users bear each name, and the id of one of them."""
    find = _users if is_user_field(field) else _records
    found: dict[str, tuple[int, str]] = {}
    for start in range(0, len(names), BATCH):
        found |= find(session, field, names[start : start + BATCH])
    return found


_Found = dict[str, tuple[int, str]]


def _records(session: ReadSession, field: EffectiveField, names: Sequence[str]) -> _Found:
    query = (
        select(Record.primary_value, func.count(), func.min(Record.id))
        .join(CrmObject, CrmObject.id == Record.object_id)
        .where(Record.primary_value == any_(_array(names)))
        .where(may(session.actor, RecordRight.READ, Record, CrmObject))
        .group_by(Record.primary_value)
    )
    if target := target_object_id(field):
        query = query.where(or_(CrmObject.id == target, CrmObject.name == target))
    return {name or "": (count, id_) for name, count, id_ in session.execute(query)}


def _users(session: ReadSession, _: EffectiveField, names: Sequence[str]) -> _Found:
    """Find users by name or by e-mail address."""
    by_email = {name.lower(): name for name in names}
    is_meant = or_(
        User.full_name == any_(_array(names)),
        func.lower(User.email) == any_(_array(list(by_email))),
    )
    query = select(User.full_name, User.email, cast(User.id, Text)).where(is_meant)
    found: _Found = {}
    wanted = set(names)
    for name, email, id_ in session.execute(query):
        for text in {name, by_email.get(email.lower(), name)} & wanted:
            found[text] = (found.get(text, (0, ""))[0] + 1, id_)
    return found


def _array(names: Sequence[str]) -> ColumnElement[Any]:
    return literal(list(names), ARRAY(String))

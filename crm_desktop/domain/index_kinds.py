"""Which kind of index serves which sort and which comparison of a field's values."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from crm_desktop.domain.field_types import SYSTEM_COLUMNS, EffectiveField, type_of
from crm_desktop.domain.filters import Condition, Group, LinkCondition, Part, RecordQuery
from crm_desktop.domain.operators import comparison_of, operators_of

SHORTEST_CONTAINED = 3  # letters: fewer make no trigram
LONGEST_BEGINNING = 60  # letters, of which `db/conditions.py` compares the indexed key


class IndexKind(StrEnum):
    """What an index on a field holds, and so what it is good for."""

    ORDER = "order"  # values as they are sorted: sorting, ranges, equality
    EQUAL = "equal"  # texts and choices in lower case: equality and how they begin
    CONTAINS = "contains"  # the trigrams of texts: parts of them
    MEMBERS = "members"  # ids and choices that stand in lists


@dataclass(frozen=True, slots=True)
class Want:
    """An index that a query would gain from, whether for its sort or for a comparison."""

    field: EffectiveField
    kind: IndexKind
    is_sort: bool


_ORDERED = {"number", "boolean", "date", "moment"}


def kinds_of(field: EffectiveField) -> tuple[IndexKind, ...]:
    """Return the kinds of index that can be built for a field, what it is sorted by first."""
    if field.id in SYSTEM_COLUMNS:
        return (IndexKind.ORDER,) if field.id == "fld_system_updated_at" else ()
    comparison = comparison_of(field)
    if comparison == "text":
        return (IndexKind.ORDER, IndexKind.EQUAL, IndexKind.CONTAINS)
    if comparison == "choice":
        return (IndexKind.ORDER, IndexKind.EQUAL)
    if comparison == "choices":
        return (IndexKind.ORDER, IndexKind.MEMBERS)
    if type_of(field.type).kind == "reference":
        return (IndexKind.MEMBERS,)  # it is sorted by names, which stand in other records
    return (IndexKind.ORDER,)


def wants_of(query: RecordQuery, fields: Mapping[str, EffectiveField]) -> tuple[Want, ...]:
    """Return what a query would gain from, the sort first.

    Of alternatives all must be served or none is: a single one that is not reads every record.
    """
    wants = list(_wants_of_sort(query, fields))
    wants += [want for part in query.conditions for want in _wants_of(part, fields)]
    first = {(want.field.id, want.kind): want for want in reversed(wants)}
    return tuple(want for want in wants if first[want.field.id, want.kind] is want)


def _wants_of_sort(query: RecordQuery, fields: Mapping[str, EffectiveField]) -> Iterator[Want]:
    field = fields.get(query.sort[0].field_id) if len(query.sort) == 1 else None
    if field is not None and IndexKind.ORDER in kinds_of(field):
        yield Want(field, IndexKind.ORDER, is_sort=True)


def _wants_of(part: Part, fields: Mapping[str, EffectiveField]) -> tuple[Want, ...]:
    if isinstance(part, LinkCondition):
        return ()
    if isinstance(part, Condition):
        field = fields.get(part.field_id)
        kind = _kind_for(part, field) if field is not None else None
        return (Want(field, kind, is_sort=False),) if field is not None and kind else ()
    return _wants_of_group(part, fields)


def _wants_of_group(group: Group, fields: Mapping[str, EffectiveField]) -> tuple[Want, ...]:
    if group.kind == "none":
        return ()
    found = [_wants_of(part, fields) for part in group.parts]
    if group.kind == "any" and not all(found):
        return ()
    return tuple(want for wants in found for want in wants)


def _kind_for(condition: Condition, field: EffectiveField) -> IndexKind | None:
    """Return the index that finds what the condition asks for; None where none does."""
    operator = operators_of(field).get(condition.operator)
    if operator is None or operator.negates or operator.name == "is_empty":
        return None
    wanted = _kind_of_comparison(condition, field)
    return wanted if wanted in kinds_of(field) else None


def _kind_of_comparison(condition: Condition, field: EffectiveField) -> IndexKind | None:
    comparison = comparison_of(field)
    if comparison in _ORDERED:
        return IndexKind.ORDER
    if comparison in {"choices", "reference", "user"}:
        return IndexKind.MEMBERS
    is_part = condition.operator in {"contains", "ends_with"}
    is_long = condition.operator == "starts_with" and len(condition.value) > LONGEST_BEGINNING
    if not is_part and not is_long:
        return IndexKind.EQUAL
    return IndexKind.CONTAINS if len(condition.value) >= SHORTEST_CONTAINED else None

"""What very many records hold in each field: all the same, different values, or nothing at all."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from crm_desktop.db.database import ReadSession, dump_json
from crm_desktop.db.expressions import Parameters
from crm_desktop.domain.access import Permission
from crm_desktop.domain.field_types import EffectiveField, is_column, json_value
from crm_desktop.domain.validation import BLANKS
from crm_desktop.services.history import keeps_history
from crm_desktop.services.record_conditions import execute
from crm_desktop.services.record_targets import RecordTarget, count_targets, target_condition
from crm_desktop.services.records import fields_of
from crm_desktop.services.reference_checks import names_of_targets

SAMPLE = 5000  # records whose values are told apart


@dataclass(frozen=True, slots=True)
class FieldSummary:
    """The values of one field: `distinct` counts those that differ, nothing being one of them.

    `value` is the one that all records hold where `distinct` is 1, None for nothing. Without
    `is_exact` there may be more than `distinct`, never fewer.
    """

    distinct: int
    value: Any = None
    is_exact: bool = True

    @property
    def is_mixed(self) -> bool:
        return self.distinct > 1


@dataclass(frozen=True, slots=True)
class TargetSummary:
    """What a form for very many records shows before anybody types.

    `fields` are those that somebody may type in, in the layout's order; `values` have an entry
    for each. `names` are those of referred records and users.
    """

    count: int
    fields: tuple[EffectiveField, ...]
    values: Mapping[str, FieldSummary]
    names: Mapping[str, str]
    can_be_undone: bool


def summarize_target(session: ReadSession, target: RecordTarget) -> TargetSummary:
    """Count the records, and say of each field whether all hold the same.

    A sample tells most fields to be mixed; only those that look alike in it are compared in all
    records, each with the one value that was seen: a second for a million.
    """
    session.actor.require(Permission.READ_RECORDS)
    known = fields_of(session, target.object_id)
    fields = tuple(f for f in known if f.is_visible and not f.is_readonly and not is_column(f))
    count = count_targets(session, target)
    values = _sampled(session, target, fields, is_all=count <= SAMPLE)
    alike = [each for each in fields if not values[each.id].is_mixed]
    if count > SAMPLE and alike:
        for field_id in _differing(session, target, alike, values):
            values[field_id] = FieldSummary(2, is_exact=False)
    same = {key: summary.value for key, summary in values.items() if not summary.is_mixed}
    return TargetSummary(
        count=count,
        fields=fields,
        values=values,
        names=names_of_targets(session, fields, [same]),
        can_be_undone=keeps_history(session),
    )


def _sampled(
    session: ReadSession, target: RecordTarget, fields: Sequence[EffectiveField], *, is_all: bool
) -> dict[str, FieldSummary]:
    if not fields:
        return {}
    parameters = Parameters()
    where = target_condition(session, parameters, target)
    parts = []
    for each in fields:
        stored = _normal(parameters, each)
        text = f'CAST({stored} AS text) COLLATE "C"'
        parts.append(f"count(DISTINCT {text}), bool_or({stored} IS NULL), min({text})")
    statement = (
        f"SELECT {', '.join(parts)} FROM (SELECT r.data FROM records AS r"  # noqa: S608 - bound
        f" WHERE {where} LIMIT :limit) AS r"
    )
    row: Any = execute(session, statement, {**parameters.values, "limit": SAMPLE}).one()
    found = {}
    for place, each in enumerate(fields):
        filled, has_empty, least = row[3 * place : 3 * place + 3]
        distinct = max(1, filled + bool(has_empty))
        value = json_value(least) if distinct == filled == 1 else None
        found[each.id] = FieldSummary(distinct, value, is_exact=is_all or distinct == 1)
    return found


def _differing(
    session: ReadSession,
    target: RecordTarget,
    fields: Sequence[EffectiveField],
    seen: Mapping[str, FieldSummary],
) -> list[str]:
    """Return the fields of which some record holds something else than was seen."""
    parameters = Parameters()
    where = target_condition(session, parameters, target)
    parts = []
    for each in fields:
        value = seen[each.id].value
        same = f"{_normal(parameters, each)} IS NULL"
        if value is not None:
            wanted = parameters.bind(dump_json(value), "jsonb")
            same = f"(r.data -> {parameters.bind(each.id)}) IS NOT DISTINCT FROM {wanted}"
        parts.append(f"bool_and({same})")
    statement = f"SELECT {', '.join(parts)} FROM records AS r WHERE {where}"  # noqa: S608 - bound
    row: Any = execute(session, statement, parameters.values).one()
    return [each.id for each, is_same in zip(fields, row, strict=True) if not is_same]


def _normal(parameters: Parameters, field: EffectiveField) -> str:
    """Return the stored value as jsonb, NULL for all that counts as nothing."""
    key, blanks = parameters.bind(field.id), parameters.bind(BLANKS)
    json, text = f"(r.data -> {key})", f"(r.data ->> {key})"
    return (
        f"CASE WHEN {json} = CAST('[]' AS jsonb) OR {text} IS NULL"
        f" OR (jsonb_typeof({json}) = 'string' AND btrim({text}, {blanks}) = '') THEN NULL"
        f" ELSE {json} END"
    )

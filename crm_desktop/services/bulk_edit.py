"""Bulk edits: the same changes to very many records, foreseen first, then made by one statement."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from crm_desktop.db.bulk_values import NewValue, new_value
from crm_desktop.db.database import ReadSession, WriteSession
from crm_desktop.db.expressions import Parameters, primary_value_sql
from crm_desktop.domain.access import Permission, RecordRight
from crm_desktop.domain.bulk_changes import Change, SetTo, change_problem
from crm_desktop.domain.changes import Topic
from crm_desktop.domain.errors import Conflict, Invalid
from crm_desktop.domain.field_types import EffectiveField, is_column, naming_fields
from crm_desktop.services.bulk_trial import Progress, Refused, Trial, silent, try_out
from crm_desktop.services.history import keeps_history
from crm_desktop.services.record_conditions import execute, permitted
from crm_desktop.services.record_targets import ChosenRecords, RecordTarget, target_condition
from crm_desktop.services.records import fields_of
from crm_desktop.services.reference_checks import check_targets, names_of_targets
from crm_desktop.services.users import ensure_user

MOST_EXAMPLES = 5
PATIENCE = 30.0  # seconds in which the records that the database refuses are looked for
NO_RIGHT = "You are not allowed to change these records."
NO_FIELDS = "Another program stored no fields in these records; they are left as they are."
LEFT_ALONE = "The database leaves these records as they are, by a rule of its own."


@dataclass(frozen=True, slots=True)
class Failure:
    """Why some records cannot be changed: how many, and the ids and names of the first of them.

    `field_id` is that of the change that fails, "" where it is none of them.
    """

    reason: str
    count: int
    field_id: str = ""
    examples: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Example:
    """A record that changes, with the JSON values of the changed fields before and after."""

    id: str
    name: str
    before: Mapping[str, Any]
    after: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """What a bulk edit would do: how many records change, are so already, or cannot change.

    `gone` were chosen and are no longer there. `refused` are the ids that the database itself
    turned down; `unexamined` records were not looked at one by one when time was up: then the
    edit cannot be made. `names` are those of the records and users that the examples refer to.
    """

    changed: int
    unchanged: int
    gone: int
    failures: tuple[Failure, ...]
    examples: tuple[Example, ...]
    names: Mapping[str, str]
    can_be_undone: bool
    refused: tuple[str, ...] = ()
    unexamined: int = 0

    @property
    def failed(self) -> int:
        return sum(failure.count for failure in self.failures)

    @property
    def met(self) -> int:
        """Count all that the edit is about."""
        return self.changed + self.unchanged + self.failed + self.unexamined


@dataclass(frozen=True, slots=True)
class BulkResult:
    """How many records were changed, and how many of the others had been meant to."""

    changed: int
    left_out: int


def rehearse(
    session: WriteSession,
    target: RecordTarget,
    changes: Mapping[str, Change],
    on_progress: Progress = silent,
    patience: float = PATIENCE,
) -> Rehearsal:
    """Make the changes inside a savepoint, see what becomes of them, and take them back.

    What the records' own data forbids is found by one reading; what triggers and constraints of
    the database refuse, by writing. Raises Invalid, by field id, for changes that fit no record,
    and Cancelled when `on_progress` says False.
    """
    session.actor.require(Permission.UPDATE_RECORDS)
    edit = _prepare(session, target, changes)
    seen = _examine(session, edit)
    trial = Trial()
    if seen.changed:
        write, ids = partial(_write, session, edit), partial(_ids_to_change, session, edit)
        trial = try_out(session, write, ids, seen.changed, patience, on_progress)
    failures = [*_failures(session, edit, seen), *_refusals(session, edit, trial)]
    examples = _examples(session, edit, [each.id for each in trial.refused])
    rows = [values for each in examples for values in (each.before, each.after)]
    return Rehearsal(
        changed=seen.changed - len(trial.refused) - trial.left_alone - trial.unexamined,
        unchanged=seen.unchanged,
        gone=seen.gone,
        failures=tuple(failures),
        examples=tuple(examples),
        names=names_of_targets(session, edit.changed_fields, rows),
        can_be_undone=keeps_history(session),
        refused=tuple(each.id for each in trial.refused),
        unexamined=trial.unexamined,
    )


def apply_changes(
    session: WriteSession,
    target: RecordTarget,
    changes: Mapping[str, Change],
    rehearsal: Rehearsal,
    *,
    leaves_out_failing: bool,
) -> BulkResult:
    """Make the changes by one statement, as they were rehearsed; one step to undo.

    What somebody else changed meanwhile is no conflict: every record is meant to hold the new
    value whatever it held. But when a list finds many more records than when it was rehearsed,
    it is another edit: raises Conflict. Raises Invalid when records fail that should not be
    left out.
    """
    session.actor.require(Permission.UPDATE_RECORDS)
    edit = _prepare(session, target, changes, rehearsal.refused)
    seen = _examine(session, edit)
    failing = sum(seen.failing.values()) + len(rehearsal.refused)
    if failing and not leaves_out_failing:
        raise Invalid({"": f"{failing:,} of these records cannot be changed. Check again."})
    if seen.met > rehearsal.met * 1.1 + 10:
        raise Conflict(
            f"This is about {seen.met:,} records now, not about {rehearsal.met:,} as when it was "
            "checked: others changed or added records meanwhile. Check again."
        )
    many = "1 record" if seen.changed == 1 else f"{seen.changed:,} records"
    session.describe(f"edit of {many}")
    changed = _write(session, edit, None)
    if changed:
        session.note(Topic.RECORDS, target.object_id)
    return BulkResult(changed, failing + seen.changed - changed)


# --- the edit as SQL ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Edit:
    """A bulk edit, checked, in pieces of SQL about a record `r`.

    `differs` says that a record would change, `reason` why it cannot: the number of an entry of
    `reasons`, NULL where nothing is in the way.
    """

    target: RecordTarget
    parameters: Parameters
    fields: tuple[EffectiveField, ...]
    values: tuple[NewValue, ...]
    where: str
    differs: str
    reason: str
    reasons: tuple[tuple[str, str], ...]  # a field's id, and a sentence

    @property
    def changed_fields(self) -> list[EffectiveField]:
        return [value.field for value in self.values]


def _prepare(
    session: WriteSession,
    target: RecordTarget,
    changes: Mapping[str, Change],
    leaving_out: Sequence[str] = (),
) -> _Edit:
    fields = fields_of(session, target.object_id)
    _check(session, fields, changes)
    parameters = Parameters()
    where = target_condition(session, parameters, target)
    if leaving_out:
        where += f" AND NOT r.id = ANY({parameters.bind(list(leaving_out), 'text[]')})"
    may = permitted(session, parameters, target.object_id, RecordRight.UPDATE)
    known = {each.id: each for each in fields}
    values = [new_value(parameters, known[key], change) for key, change in changes.items()]
    problems = [
        (f"NOT {may}", "", NO_RIGHT),
        ("jsonb_typeof(r.data) IS DISTINCT FROM 'object'", "", NO_FIELDS),
    ]
    problems += [(rule, value.field.id, why) for value in values for rule, why in value.problems]
    cases = " ".join(f"WHEN {rule} THEN {place}" for place, (rule, *_) in enumerate(problems))
    return _Edit(
        target=target,
        parameters=parameters,
        fields=fields,
        values=tuple(values),
        where=where,
        differs=f"({' OR '.join(value.differs for value in values)})",
        reason=f"CASE {cases} END",
        reasons=tuple((field_id, why) for _, field_id, why in problems),
    )


def _check(
    session: WriteSession, fields: Sequence[EffectiveField], changes: Mapping[str, Change]
) -> None:
    """Refuse what would be wrong for every record."""
    if not changes:
        raise Invalid({"": "Nothing was changed."})
    known = {each.id: each for each in fields}
    problems: dict[str, str] = {}
    for key, change in changes.items():
        each = known.get(key)
        if each is None:
            problems[key] = "This object has no such field."
        elif is_column(each):
            problems[key] = "The database keeps this value itself."
        elif each.is_readonly:
            problems[key] = f"“{each.label}” is read-only."
        elif problem := change_problem(each, change):
            problems[key] = problem
    new = {key: change.value for key, change in changes.items() if isinstance(change, SetTo)}
    check_targets(session, [each for each in fields if each.id in new], new, problems)
    if problems:
        raise Invalid(problems)


def _data_sql(parameters: Parameters, edit: _Edit) -> str:
    """Return the document as it will be; keys that nobody changes are not looked at."""
    data, emptied = "r.data", []
    for value in edit.values:
        key = parameters.bind(value.field.id)
        if value.is_nothing != "true":
            data += f" || jsonb_build_object({key}, {value.sql})"
        if value.is_nothing != "false":
            emptied.append(f"CASE WHEN {value.is_nothing} THEN {key} END")
    return f"({data}) - CAST(ARRAY[{', '.join(emptied)}] AS text[])" if emptied else data


def _write(session: WriteSession, edit: _Edit, ids: Sequence[str] | None) -> int:
    """Change all that can be changed, or only those of them with these ids; return how many.

    Everything is said about the row that is written, not about a copy that was read before: when
    somebody else changes it at the same moment, PostgreSQL looks at it again.
    """
    parameters = Parameters(dict(edit.parameters.values))
    author = parameters.bind(ensure_user(session, session.actor.user_id), "uuid")
    data = _data_sql(parameters, edit)
    naming = {each.id for each in naming_fields(edit.fields)}
    document = f"data = {data}"
    if any(value.can_name and value.field.id in naming for value in edit.values):
        name = primary_value_sql(parameters, edit.fields, "changed.data")
        changed = f"(SELECT {data} AS data OFFSET 0) AS changed"  # worked out once
        document = f"(data, primary_value) = (SELECT changed.data, {name} FROM {changed})"  # noqa: S608
    sets = f"{document}, updated_at = now(), updated_by = {author}"
    where = f"{edit.where} AND {edit.differs} AND {edit.reason} IS NULL"
    if ids is not None:
        where = f"r.id = ANY({parameters.bind(list(ids), 'text[]')}) AND {where}"
    statement = f"UPDATE records AS r SET {sets} WHERE {where}"  # noqa: S608 - values are bound
    return execute(session, statement, parameters.values).rowcount


# --- what it would do --------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Seen:
    """How many records would change, are so already or are gone; how many fail, by reason."""

    changed: int
    unchanged: int
    gone: int
    failing: Mapping[int, int]

    @property
    def met(self) -> int:
        return self.changed + self.unchanged + sum(self.failing.values())


def _examine(session: ReadSession, edit: _Edit) -> _Seen:
    """Read all records once; nothing is written."""
    statement = (
        "SELECT differs, CASE WHEN differs THEN reason END, count(*) FROM"  # noqa: S608 - bound
        f" (SELECT {edit.differs} AS differs, {edit.reason} AS reason FROM records AS r"
        f" WHERE {edit.where}) AS seen GROUP BY 1, 2"
    )
    found = _rows(session, statement, edit.parameters)
    counts = {tuple(row[:2]): int(row[2]) for row in found}
    gone = 0
    if isinstance(edit.target, ChosenRecords):
        gone = len(edit.target.ids) - sum(counts.values())
    return _Seen(
        changed=counts.get((True, None), 0),
        unchanged=sum(count for (differs, _), count in counts.items() if not differs),
        gone=gone,
        failing={reason: count for (_, reason), count in counts.items() if reason is not None},
    )


def _failures(session: ReadSession, edit: _Edit, seen: _Seen) -> list[Failure]:
    """Return what the records' own data forbids, with the names of some."""
    if not seen.failing:
        return []
    statement = (
        f"SELECT reason, id, name FROM (SELECT reason, id, name, row_number() OVER"  # noqa: S608
        f" (PARTITION BY reason ORDER BY id) AS place FROM (SELECT r.id, r.primary_value AS name,"
        f" {edit.reason} AS reason FROM records AS r WHERE {edit.where} AND {edit.differs})"
        f" AS seen WHERE reason IS NOT NULL) AS ranked WHERE place <= {MOST_EXAMPLES}"
        f" ORDER BY reason, id"
    )
    examples: dict[int, list[tuple[str, str]]] = {}
    for reason, id_, name in _rows(session, statement, edit.parameters):
        examples.setdefault(reason, []).append((id_, name or id_))
    return [
        Failure(edit.reasons[place][1], count, edit.reasons[place][0], tuple(examples[place]))
        for place, count in sorted(seen.failing.items())
    ]


def _refusals(session: ReadSession, edit: _Edit, trial: Trial) -> list[Failure]:
    """Return what the database itself refused, each of its sentences once."""
    by_reason: dict[str, list[Refused]] = {}
    for each in trial.refused:
        by_reason.setdefault(each.reason, []).append(each)
    shown = [each.id for group in by_reason.values() for each in group[:MOST_EXAMPLES]]
    names = _names(session, edit, shown)
    failures = [
        Failure(
            reason,
            len(group),
            examples=tuple(
                (each.id, names.get(each.id, each.id)) for each in group[:MOST_EXAMPLES]
            ),
        )
        for reason, group in by_reason.items()
    ]
    if trial.left_alone:
        failures.append(Failure(LEFT_ALONE, trial.left_alone))
    return failures


def _names(session: ReadSession, edit: _Edit, ids: Sequence[str]) -> dict[str, str]:
    if not ids:
        return {}
    parameters = Parameters(dict(edit.parameters.values))
    wanted = parameters.bind(list(ids), "text[]")
    statement = (
        "SELECT r.id, COALESCE(r.primary_value, r.id) FROM records AS r"  # noqa: S608 - bound
        f" WHERE r.id = ANY({wanted}) AND {edit.where}"
    )
    return {row[0]: row[1] for row in _rows(session, statement, parameters)}


def _examples(session: ReadSession, edit: _Edit, refused: Sequence[str]) -> list[Example]:
    """Return some records before and after."""
    parameters = Parameters(dict(edit.parameters.values))
    before = ", ".join(f"r.data -> {parameters.bind(each.id)}" for each in edit.changed_fields)
    after = ", ".join(value.sql for value in edit.values)
    refusals = parameters.bind(list(refused), "text[]")
    statement = (
        f"SELECT r.id, COALESCE(r.primary_value, r.id), ARRAY[{before}], ARRAY[{after}]"  # noqa: S608
        f" FROM records AS r WHERE {edit.where} AND {edit.differs} AND {edit.reason} IS NULL"
        f" AND NOT r.id = ANY({refusals}) LIMIT {MOST_EXAMPLES}"
    )
    keys = [each.id for each in edit.changed_fields]
    return [
        Example(id_, name, dict(zip(keys, was, strict=True)), dict(zip(keys, new, strict=True)))
        for id_, name, was, new in _rows(session, statement, parameters)
    ]


def _ids_to_change(session: ReadSession, edit: _Edit, limit: int) -> list[str]:
    statement = (
        f"SELECT r.id FROM records AS r WHERE {edit.where} AND {edit.differs}"  # noqa: S608 - bound
        f" AND {edit.reason} IS NULL ORDER BY r.id LIMIT :limit"
    )
    found = execute(session, statement, {**edit.parameters.values, "limit": limit})
    return list(found.scalars())


def _rows(session: ReadSession, statement: str, parameters: Parameters) -> Sequence[Any]:
    return execute(session, statement, parameters.values).all()

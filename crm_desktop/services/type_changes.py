"""Gives a field another type: what becomes of every value is planned first, then done at once."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from json.encoder import encode_basestring
from typing import Any, LiteralString

from sqlalchemy import ARRAY, String, func, literal, select, text

from crm_desktop.db.copying import copy_blocks
from crm_desktop.db.database import ReadSession, WriteSession
from crm_desktop.db.expressions import Parameters, primary_value_sql
from crm_desktop.db.tables import Record
from crm_desktop.domain.access import Permission
from crm_desktop.domain.changes import Topic
from crm_desktop.domain.errors import Cancelled, Conflict, Invalid
from crm_desktop.domain.field_types import (
    FIELD_TYPES,
    EffectiveField,
    is_user_field,
    naming_fields,
    split_list,
    target_ids,
    target_object_id,
    type_of,
)
from crm_desktop.domain.formats import Formats, plain_number
from crm_desktop.domain.json_edits import ABSENT, JsonEdit, same_json
from crm_desktop.domain.type_conversion import (
    REFERRING,
    Conversion,
    Fate,
    Known,
    converter,
    kept_kind,
)
from crm_desktop.domain.types_number import is_number
from crm_desktop.services.field_values import HeldValue, count_values, distinct_values
from crm_desktop.services.fields import FieldSummary, get_field, lock_field, retype_field
from crm_desktop.services.history import keeps_history
from crm_desktop.services.import_rows import copy_text, json_for_copy
from crm_desktop.services.records import fields_of, refresh_primary_values
from crm_desktop.services.reference_checks import problems_of_targets
from crm_desktop.services.references import name_references
from crm_desktop.services.type_reach import (
    UnfitView,
    indexes_left_behind,
    views_that_no_longer_fit,
)
from crm_desktop.services.type_settings import LostSettings, Use, plan_retyping, write_overrides
from crm_desktop.services.users import ensure_user

Progress = Callable[[int, int], bool]
MOST_SAMPLES = 5
MOST_OPTIONS = 200
STOPPED = "Stopped. Nothing was changed."
NO_EDITS: Sequence[JsonEdit] = ()


def silent(_done: int, _total: int) -> bool:
    return True


@dataclass(frozen=True, slots=True)
class Sample:
    """One value and what becomes of it; `count` records hold it, one of them is named."""

    fate: Fate
    before: Any
    after: Any
    reason: str
    count: int
    record_id: str
    record_name: str
    object_label: str


@dataclass(frozen=True, slots=True)
class TypePlan:
    """What a change of a field's type would do to the values of all objects that use it.

    The counts are of records: `unchanged` keep the JSON value that they have, `clean` ones get
    another that says the same, `lossy` ones lose something of it, `failed` ones keep the old
    value as it is, although it does not suit the new type. `lost` are settings that mean nothing
    to the new type and go, `unfit_defaults` where a default stays that is of no use any more (see
    `Retyping`), `unfit_views` saved views that will be refused, as they stand, until somebody
    mends their filter, and `indexes` the objects whose index on the field has to be built anew.
    """

    field_id: str
    version: int
    new_type: str
    config_changes: Sequence[JsonEdit]
    objects: tuple[str, ...]
    unchanged: int
    clean: int
    lossy: int
    failed: int
    samples: tuple[Sample, ...]
    can_be_undone: bool
    lost: tuple[LostSettings, ...] = ()
    unfit_defaults: tuple[str, ...] = ()
    unfit_views: tuple[UnfitView, ...] = ()
    indexes: tuple[str, ...] = ()

    @property
    def values(self) -> int:
        return self.unchanged + self.clean + self.lossy + self.failed


@dataclass(frozen=True, slots=True)
class TypeResult:
    """How many records were converted, and how many kept the value that they had."""

    converted: int
    kept: int


def plan_type_change(
    session: ReadSession,
    field_id: str,
    new_type: str,
    formats: Formats,
    config_changes: Sequence[JsonEdit] = NO_EDITS,
    on_progress: Progress = silent,
) -> TypePlan:
    """Say what would become of every value; changes nothing.

    Each different value is read once, by a cursor of the server; those that surely stay as they
    are are only counted. Texts are read as this person writes numbers and dates. `on_progress` is
    told of records; when it says False, raises Cancelled. Raises Forbidden where the person may
    not change all records that hold values.
    """
    session.actor.require(Permission.EDIT_FIELDS)
    stored = get_field(session, field_id)
    _check_type(stored, new_type)
    tally = _Tally()
    retyping = plan_retyping(session, stored, new_type, config_changes, formats)
    uses = retyping.uses
    for use in uses:
        for _ in _converted(session, use, formats, tally, on_progress):
            pass
    return TypePlan(
        field_id=field_id,
        version=stored.version,
        new_type=new_type,
        config_changes=tuple(config_changes),
        objects=tuple(use.label for use in uses),
        unchanged=tally.unchanged,
        clean=tally.counts[Fate.CLEAN],
        lossy=tally.counts[Fate.LOSSY],
        failed=tally.counts[Fate.FAILED],
        samples=_named(session, tally.samples),
        can_be_undone=keeps_history(session),
        lost=retyping.lost,
        unfit_defaults=retyping.unfit_defaults,
        unfit_views=views_that_no_longer_fit(session, uses),
        indexes=indexes_left_behind(session, uses),
    )


def change_type(
    session: WriteSession, plan: TypePlan, formats: Formats, on_progress: Progress = silent
) -> TypeResult:
    """Convert the values and the field in one transaction, as it was planned.

    What does not convert stays in `data` as it is: it is shown, counted among the values that
    break today's rules, and never dropped. Records that somebody else changes meanwhile keep what
    they get. Raises Conflict when the field changed since, or more values would now be lost or
    left over than were planned, or other settings. Undo brings the old values back, not the old
    type and its settings.
    """
    session.actor.require(Permission.EDIT_FIELDS)
    session.actor.require(Permission.UPDATE_RECORDS)
    author = ensure_user(session, session.actor.user_id)
    stored = lock_field(session, plan.field_id)
    if stored.version != plan.version:
        raise Conflict("Someone else changed this field meanwhile. Look at it again.")
    _check_type(stored, plan.new_type)
    words = type_of(stored.type).label, type_of(plan.new_type).label
    session.describe(f"change of “{stored.label}” from {words[0]} to {words[1]}")
    retyping = plan_retyping(session, stored, plan.new_type, plan.config_changes, formats)
    if retyping.lost != plan.lost:
        raise Conflict("An object's own settings were changed meanwhile. Count them again.")
    uses = retyping.uses
    tally = _Tally()
    staged = _stage(session, uses, formats, tally, on_progress)
    if tally.counts[Fate.LOSSY] > plan.lossy or tally.counts[Fate.FAILED] > plan.failed:
        raise Conflict("Values were changed meanwhile, and more would be lost. Count them again.")
    naming = {use.object_id: _naming(session, use.object_id) for use in uses}
    retype_field(session, plan.field_id, plan.version, plan.new_type, retyping.config_edits)
    write_overrides(session, retyping)
    converted = 0
    for use in uses:
        _check_goes_on(on_progress, converted, staged)
        converted += _write(session, use, author)
        if _naming(session, use.object_id) != naming[use.object_id]:
            refresh_primary_values(session, use.object_id, on_progress)
        session.note(Topic.RECORDS, use.object_id)
    return TypeResult(converted, tally.counts[Fate.FAILED])


def options_from_values(session: ReadSession, field_id: str, new_type: str) -> tuple[JsonEdit, ...]:
    """Return the edit of `config` that makes an option of every word in use, if there is any.

    None where there are more than 200: such a field is no choice. For a choice of several, a text
    with commas counts as several words.
    """
    session.actor.require(Permission.EDIT_FIELDS)
    stored = get_field(session, field_id)
    found: set[str] = set()
    for use in plan_retyping(session, stored, stored.type, NO_EDITS, Formats.iso()).uses:
        show = type_of(stored.type).shower(use.old, Formats.iso())
        for batch in distinct_values(session, use.object_id, field_id):
            for part in (part for held in batch for part in _parts(held.value)):
                word = plain_number(part) if is_number(part) else show(part).strip()
                found.update(split_list(word) if new_type == "multiselect" else [word])
            if len(found) > MOST_OPTIONS:
                return ()
    words = sorted(filter(None, found), key=str.casefold)
    options = [{"value": word, "label": word} for word in words]
    return (JsonEdit(("options",), ABSENT, options),) if options else ()


def _parts(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


@dataclass
class _Tally:
    """Counts what becomes of the records' values, and keeps the first samples of each fate."""

    unchanged: int = 0
    counts: dict[Fate, int] = field(default_factory=lambda: dict.fromkeys(Fate, 0))
    samples: list[Sample] = field(default_factory=list)
    _kept: dict[Fate, int] = field(default_factory=lambda: dict.fromkeys(Fate, 0))

    def add(self, use: Use, held: HeldValue, made: Conversion) -> None:
        if made.fate is Fate.CLEAN and same_json(held.value, made.value):
            self.unchanged += held.count
            return
        self.counts[made.fate] += held.count
        if made.fate is Fate.EMPTY or self._kept[made.fate] >= MOST_SAMPLES:
            return
        self._kept[made.fate] += 1
        sample = Sample(
            made.fate, held.value, made.value, made.reason, held.count, held.record_id, "",
            use.label,
        )  # fmt: skip
        self.samples.append(sample)


def _check_type(stored: FieldSummary, new_type: str) -> None:
    if new_type not in FIELD_TYPES:
        raise Invalid({"type": f"There is no field type “{new_type}”."})
    if stored.is_system_field:
        raise Invalid({"type": "The type of a system field cannot be changed."})
    if new_type == stored.type:
        raise Invalid({"type": "The field has this type already."})


def _converted(
    session: ReadSession, use: Use, formats: Formats, tally: _Tally, on_progress: Progress
) -> Iterator[list[tuple[HeldValue, Conversion]]]:
    """Convert each different value of an object once, in batches; counts all of them."""
    kind = kept_kind(use.old, use.new)
    held = count_values(session, use.object_id, use.new.id, kind)
    tally.unchanged += held.of_kind
    known = Known()
    convert = converter(use.old, use.new, formats, known)
    done, total = held.of_kind, held.filled
    for batch in distinct_values(session, use.object_id, use.new.id, except_kind=kind):
        _check_goes_on(on_progress, done, total)
        _look_up(session, use, batch, known)
        made = [(each, convert(each.value)) for each in batch]
        if use.new.type in REFERRING:
            made = _with_targets_checked(session, use.new, made)
        for value, conversion in made:
            tally.add(use, value, conversion)
            done += value.count
        yield made
    _check_goes_on(on_progress, total, total)


def _look_up(session: ReadSession, use: Use, batch: Sequence[HeldValue], known: Known) -> None:
    """Learn the names of the records that values point to, or the ids of those they name."""
    if (use.old.type in REFERRING) == (use.new.type in REFERRING):
        return
    known.names.clear()
    known.ids.clear()
    words = {word for held in batch for word in target_ids(held.value)}
    if use.old.type in REFERRING:
        users, records = (words, set()) if is_user_field(use.old) else (set(), words)
        known.names.update(name_references(session, records, users))
    elif object_id := target_object_id(use.new):
        wanted = literal(sorted(words), ARRAY(String))
        query = (
            select(Record.primary_value, func.min(Record.id))
            .where(Record.object_id == object_id, Record.primary_value == func.any(wanted))
            .group_by(Record.primary_value)
            .having(func.count() == 1)
        )
        known.ids.update({name: id_ for name, id_ in session.execute(query) if name})


def _with_targets_checked(
    session: ReadSession, new: EffectiveField, made: Sequence[tuple[HeldValue, Conversion]]
) -> list[tuple[HeldValue, Conversion]]:
    """Let fail what would point to nothing."""
    able = [each for _, each in made if each.fate in {Fate.CLEAN, Fate.LOSSY}]
    ids = sorted({id_ for each in able for id_ in target_ids(each.value)})
    problems = problems_of_targets(session, new, ids)
    checked = []
    for held, each in made:
        found = (problems[id_] for id_ in target_ids(each.value) if id_ in problems)
        problem = next(found, "")
        if problem and each.fate is not Fate.FAILED:
            checked.append((held, Conversion(Fate.FAILED, held.value, problem)))
        else:
            checked.append((held, each))
    return checked


def _named(session: ReadSession, samples: Sequence[Sample]) -> tuple[Sample, ...]:
    """Return the samples with what their records are called."""
    ids = {sample.record_id for sample in samples}
    query = select(Record.id, Record.primary_value).where(Record.id.in_(ids))
    names = {id_: name or id_ for id_, name in session.execute(query)} if ids else {}
    return tuple(
        replace(sample, record_name=names.get(sample.record_id, sample.record_id))
        for sample in samples
    )


def _naming(session: ReadSession, object_id: str) -> list[str]:
    return [each.id for each in naming_fields(fields_of(session, object_id))]


def _check_goes_on(on_progress: Progress, done: int, total: int) -> None:
    if not on_progress(done, total):
        raise Cancelled(STOPPED)


def _stage(
    session: WriteSession,
    uses: Sequence[Use],
    formats: Formats,
    tally: _Tally,
    on_progress: Progress,
) -> int:
    """Put each different value and what it becomes into a temporary table."""
    session.execute(text("DROP TABLE IF EXISTS crm_type_values"))
    session.execute(text(_MAKE))
    staged = 0
    for use in uses:
        for made in _converted(session, use, formats, tally, on_progress):
            lines = [_line(use, held, each) for held, each in made]
            staged += copy_blocks(session, _COPY, ["".join(lines)])
    session.execute(text("ANALYZE crm_type_values"))
    return staged


def _line(use: Use, held: HeldValue, made: Conversion) -> str:
    """Return the row of one value for COPY; "" where it stays as it is."""
    if made.fate is Fate.FAILED or same_json(held.value, made.value):
        return ""
    key = f"{copy_text(encode_basestring(use.new.id))}: "
    is_gone = made.value is None
    patch = "{}" if is_gone else f"{{{key}{json_for_copy(made.value)}}}"
    return f"{copy_text(use.object_id)}\t{copy_text(held.text)}\t{patch}\t{int(is_gone)}\n"


def _write(session: WriteSession, use: Use, author: Any) -> int:
    """Write what was staged for one object, in one statement; return how many records changed."""
    bound = Parameters()
    key = bound.bind(use.new.id)
    changed = f"(CASE WHEN c.is_gone = 1 THEN r.data - {key} ELSE r.data || c.patch END)"
    name = primary_value_sql(bound, fields_of(session, use.object_id), changed)
    statement = (
        f"WITH written AS (UPDATE records AS r SET data = {changed}, primary_value = {name},"  # noqa: S608
        f" updated_at = now(), updated_by = {bound.bind(author, 'uuid')} FROM crm_type_values AS c"
        f" WHERE r.object_id = {bound.bind(use.object_id)} AND c.object_id = r.object_id"
        f" AND CAST(r.data -> {key} AS text) = c.old RETURNING 1) SELECT count(*) FROM written"
    )
    return int(session.scalar(text(statement), bound.values) or 0)


_COPY: LiteralString = "COPY crm_type_values (object_id, old, patch, is_gone) FROM STDIN"
_MAKE = """
CREATE TEMP TABLE crm_type_values
    (object_id text, old text, patch jsonb, is_gone integer) ON COMMIT DROP
"""

"""Imports a CSV file into an object: all good rows in one transaction, the others with reasons."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from functools import partial
from operator import attrgetter
from pathlib import Path
from typing import Any, LiteralString

from crm_desktop.db.copying import copy_blocks
from crm_desktop.db.database import ReadSession, WriteSession
from crm_desktop.domain.access import Permission, Reach, RecordRight
from crm_desktop.domain.changes import Topic
from crm_desktop.domain.effective import EffectiveField
from crm_desktop.domain.errors import Cancelled, Forbidden, Invalid, Unavailable
from crm_desktop.domain.field_types import default_values, is_column, naming_fields
from crm_desktop.services.import_fields import make_fields, make_object
from crm_desktop.services.import_links import (
    LinkColumn,
    LinkSpool,
    add_links,
    check_link,
    link_rows,
    prepare_links,
)
from crm_desktop.services.import_plan import (
    ImportPlan,
    ImportRequest,
    LinkRequest,
    PlannedColumn,
    Progress,
    make_plan,
    refuse_undated,
    refuse_unknown,
)
from crm_desktop.services.import_reading import open_csv
from crm_desktop.services.import_references import check_references
from crm_desktop.services.import_report import ProblemLog, Report, Section
from crm_desktop.services.import_rows import (
    Batch,
    Problem,
    RowConverter,
    Source,
    copy_text,
    name_for_copy,
)
from crm_desktop.services.import_staging import (
    MergeRules,
    adopt_matches,
    forbids_copy,
    insert_staged,
    match_rows,
    stage_rows,
    update_matched,
)
from crm_desktop.services.layouts import list_layout
from crm_desktop.services.objects import ObjectDetail, get_object
from crm_desktop.services.record_rights import OWNER_KEY
from crm_desktop.services.records import refresh_primary_values
from crm_desktop.services.users import ensure_user

STOPPED = "The import was stopped. Nothing was changed."
_COPY: LiteralString = (
    "COPY records (id, object_id, data, primary_value, created_by, updated_by, tenant_id)"
    " FROM STDIN"
)


@dataclass(frozen=True, slots=True)
class ImportResult:
    """What an import did: numbers of records, of new links, and of cells that link nothing.

    `problems` are the first thousand; a report has all of them. `skipped` says by header why a
    column was left out.
    """

    object_id: str
    created: int
    updated: int
    unchanged: int
    rejected: int
    links: int
    unmatched: int
    problems: tuple[Problem, ...]
    skipped: dict[str, str]


def _go_on(_done: int, _total: int) -> bool:
    return True


def preview_import(
    session: ReadSession, path: Path, request: ImportRequest, on_progress: Progress = _go_on
) -> ImportPlan:
    """Read the whole file and say what an import would do with each column; changes nothing.

    The plan may still need an answer before the import: see `ImportPlan.undated`.
    """
    session.actor.require(Permission.CREATE_RECORDS)
    return make_plan(session, path, request, on_progress)


def import_file(
    session: WriteSession,
    path: Path,
    request: ImportRequest,
    report: Path | None = None,
    on_progress: Progress = _go_on,
) -> ImportResult:
    """Import the file's rows; `report` is written with every row or link that did not go in.

    `on_progress` counts bytes of two readings of the file. Raises DateOrderUnknown, Invalid,
    NotFound and Unavailable before anything is changed, Cancelled where it was stopped.
    """
    session.actor.require(Permission.CREATE_RECORDS)
    with _room_for_temporary_files(), ExitStack() as stack:
        record = None
        if report is not None:
            record = Report(report, path)
            stack.callback(record.discard)
        plan = make_plan(session, path, request, on_progress)
        refuse_undated(plan)
        refuse_unknown(plan)
        log = ProblemLog(stack, keeps_all=record is not None)
        result = _run(_prepare(session, plan, log, stack), on_progress)
        if record is not None:
            record.write(log, path, plan.format)
            record.publish()
        return result


@contextmanager
def _room_for_temporary_files() -> Iterator[None]:
    """Say in words that the links or the problems of many rows found no room beside memory."""
    try:
        yield
    except OSError as error:
        reason = error.strerror or error
        raise Unavailable(
            f"The import cannot write its temporary files: {reason}. Nothing was changed. Make "
            "room, or name another folder by the environment variable TMPDIR."
        ) from error


@dataclass(frozen=True, slots=True)
class _Work:
    """An import that is ready to run: where each column goes, and what is collected on the way."""

    session: WriteSession
    plan: ImportPlan
    object_id: str
    sources: list[Source]
    names: list[Source | str]
    rules: MergeRules
    links: list[LinkColumn]
    spool: LinkSpool
    log: ProblemLog


def _prepare(session: WriteSession, plan: ImportPlan, log: ProblemLog, stack: ExitStack) -> _Work:
    """Make the object, fields and relationships that lack, and check what can be beforehand."""
    ensure_user(session, session.actor.user_id)
    for column in plan.columns:
        if column.link and not _is_own(plan, column.link):
            check_link(session, column.link)
    request = plan.request
    object_id = plan.target.id if plan.target else make_object(session, request.object_name)
    stored = get_object(session, object_id)
    names_changed, made = make_fields(session, plan, object_id, stored.name)
    if names_changed and plan.target:
        refresh_primary_values(session, object_id, _go_on)
    layout = [row.effective for row in list_layout(session, object_id) if not row.is_duplicate]
    fields = {column.place: made.get(column.place, column.field) for column in plan.columns}
    sources = [
        Source(column.place, column.header, _field(column, field, plan.key), column.formats)
        for column in plan.columns
        if (field := fields[column.place]) and not column.skipped
    ]
    sources = check_references(session, plan, sources)
    rules = _rules(session, stored, layout, sources, plan.key)
    by_field: dict[str, Source | str] = {source.field.id: source for source in sources}
    by_field |= {key: name_for_copy(value) for key, value in rules.constants.items()}
    names = [by_field[field.id] for field in naming_fields(layout) if by_field.get(field.id)]
    linked = [column for column in plan.columns if column.link]
    links = prepare_links(session, linked, object_id) if linked else []
    spool = LinkSpool(stack, links)
    return _Work(session, plan, object_id, sources, names, rules, links, spool, log)


def _is_own(plan: ImportPlan, link: LinkRequest) -> bool:
    """Say whether a link names the very object that this import is to make."""
    return plan.target is None and link.object_name == plan.request.object_name


def _field(
    column: PlannedColumn, field: EffectiveField, key: PlannedColumn | None
) -> EffectiveField:
    is_key = key is not None and key.place == column.place
    return replace(field, is_required=True) if is_key else field


def _rules(
    session: WriteSession,
    stored: ObjectDetail,
    layout: Sequence[EffectiveField],
    sources: Sequence[Source],
    key: PlannedColumn | None,
) -> MergeRules:
    """Raise Forbidden, or Invalid where no row at all could become a record."""
    given = {source.field.id: source for source in sources}
    missing = [field for field in layout if field.id not in given and not is_column(field)]
    constants = default_values(missing)
    if any(field.id == OWNER_KEY for field in missing):
        constants.setdefault(OWNER_KEY, str(session.actor.user_id))
    lacking = [field.label for field in missing if field.is_required and field.id not in constants]
    may_create = session.actor.reach(stored.permissions, RecordRight.CREATE) is not Reach.NONE
    if key is None and not may_create:
        raise Forbidden(f"You are not allowed to create records of “{stored.label}”.")
    if key is None and lacking:
        listed = ", ".join(f"“{label}”" for label in lacking)
        raise Invalid({"columns": f"The file has no column for what is required: {listed}."})
    places = {source.column: source.field.id for source in sources}
    return MergeRules(
        object_id=stored.id,
        key_id=places[key.place] if key else "",
        key_header=key.header if key else "",
        constants=constants,
        lacking=lacking[0] if lacking else "",
        fields=layout,
        may_create=may_create,
        update_reach=session.actor.reach(stored.permissions, RecordRight.UPDATE),
    )


def _run(work: _Work, on_progress: Progress) -> ImportResult:
    if work.plan.key is not None:
        counts = _merge_records(work, on_progress)
    elif forbids_copy(work.session):
        counts = _insert_records(work, on_progress)
    else:
        counts = _copy_records(work, on_progress)
    if counts.created or counts.updated:
        work.session.note(Topic.RECORDS, work.object_id)
    added, unmatched = _link(work)
    columns = work.plan.columns
    return ImportResult(
        object_id=work.object_id,
        created=counts.created,
        updated=counts.updated,
        unchanged=counts.unchanged,
        rejected=counts.rejected,
        links=added,
        unmatched=unmatched,
        problems=work.log.first(),
        skipped={column.header: column.skipped for column in columns if column.skipped},
    )


@dataclass(frozen=True, slots=True)
class _Counts:
    created: int
    rejected: int
    updated: int = 0
    unchanged: int = 0


def _copy_records(work: _Work, on_progress: Progress) -> _Counts:
    """Send new rows straight into the table."""
    author = str(work.session.actor.user_id)
    rows_of = partial(_record_rows, object_id=copy_text(work.object_id), author=author)
    rejected = work.log.section()
    constants = work.rules.constants
    blocks = map(rows_of, _batches(work, rejected, constants, on_progress))
    return _Counts(copy_blocks(work.session, _COPY, blocks), rejected.lines)


def _insert_records(work: _Work, on_progress: Progress) -> _Counts:
    """Send new rows by way of a temporary table."""
    rejected = work.log.section()
    stage_rows(work.session, map(_staged_rows, _batches(work, rejected, {}, on_progress)))
    constants = work.rules.constants
    created = insert_staged(work.session, work.object_id, constants, by_key=False)
    return _Counts(created, rejected.lines)


def _merge_records(work: _Work, on_progress: Progress) -> _Counts:
    """Update the records that the key finds, and create those that it does not."""
    session, rules = work.session, work.rules
    rejected, refused = work.log.section(), work.log.section()
    stage_rows(session, map(_staged_rows, _batches(work, rejected, {}, on_progress)))
    refused.extend(match_rows(session, rules))
    updated, unchanged = update_matched(session, rules)
    created = 0
    if rules.may_create and not rules.lacking:
        created = insert_staged(session, work.object_id, rules.constants, by_key=True)
    return _Counts(created, rejected.lines + refused.lines, updated, unchanged)


def _batches(
    work: _Work, rejected: Section, constants: Mapping[str, Any], on_progress: Progress
) -> Iterator[Batch]:
    """Read the file a second time and convert it; links and problems are kept on the way."""
    plan = work.plan
    converter = RowConverter(work.sources, names=work.names, constants=constants.items())
    with open_csv(plan.path, plan.format) as reader:
        for block in reader.blocks():
            batch = converter.convert(block)
            rejected.extend(sorted(batch.problems, key=attrgetter("line")))
            work.spool.add(batch)
            yield batch
            if not on_progress(plan.size + block.position, 2 * plan.size):
                raise Cancelled(STOPPED)


def _record_rows(batch: Batch, *, object_id: str, author: str) -> str:
    """Return rows for the columns of `_COPY`; the tenant is the author, as the contract says."""
    people = f"{author}\t{author}\t{author}\n"
    rows = zip(batch.ids, batch.data, batch.primary_values, strict=True)
    return "".join([f"{id_}\t{object_id}\t{data}\t{name}\t{people}" for id_, data, name in rows])


def _staged_rows(batch: Batch) -> str:
    rows = zip(batch.lines, batch.ids, batch.data, batch.primary_values, strict=True)
    return "".join([f"{line}\t{id_}\t{data}\t{name}\n" for line, id_, data, name in rows])


def _link(work: _Work) -> tuple[int, int]:
    """Link all rows, now that all are records; return how many are new, how many found none."""
    if not work.links:
        return 0, 0
    work.spool.load(work.session)
    if work.plan.key is not None:
        adopt_matches(work.session)
    added = unmatched = 0
    for link in work.links:
        section = work.log.section()
        section.extend(link_rows(work.session, link))
        unmatched += section.lines
        added += add_links(work.session, link)
    return added, unmatched

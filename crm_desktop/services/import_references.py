"""Checks that what the cells of reference columns name exists, before the rows go in."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import islice

from crm_desktop.db.database import ReadSession
from crm_desktop.domain.access import Permission
from crm_desktop.domain.field_types import target_ids
from crm_desktop.services.import_plan import ImportPlan
from crm_desktop.services.import_reading import open_csv
from crm_desktop.services.import_rows import Source, value_reader
from crm_desktop.services.reference_checks import REFERRING, check_targets

BATCH = 2_000


def check_references(
    session: ReadSession, plan: ImportPlan, sources: Sequence[Source]
) -> list[Source]:
    """Return the sources, each with the cells whose record or user is not there.

    Reads the file once more, and only where there are such columns: no question can be asked
    while a COPY is under way. Keeps the different cells of these columns in memory.
    """
    session.actor.require(Permission.READ_RECORDS)
    checked = []
    for source in sources:
        if source.field.type in REFERRING:
            cells = sorted(_cells(plan, source.column))
            checked.append(replace(source, refused=_refused(session, source, cells)))
        else:
            checked.append(source)
    return checked


def _cells(plan: ImportPlan, column: int) -> set[str]:
    with open_csv(plan.path, plan.format) as reader:
        return {row[column] for block in reader.blocks() for row in block.rows}


def _refused(session: ReadSession, source: Source, cells: Iterable[str]) -> dict[str, str]:
    """Return why, by cell. A batch is asked about at once, a bad one cell by cell."""
    read, refused = value_reader(source), {}
    for batch in _batches(cells):
        values = {cell: read(cell) for cell in batch}
        every = [id_ for value in values.values() for id_ in target_ids(value)]
        if not _problem(session, source, every):
            continue
        for cell, value in values.items():
            if value is not None and (why := _problem(session, source, value)):
                refused[cell] = why
    return refused


def _problem(session: ReadSession, source: Source, value: object) -> str:
    problems: dict[str, str] = {}
    check_targets(session, [source.field], {source.field.id: value}, problems)
    return problems.get(source.field.id, "")


def _batches(cells: Iterable[str]) -> Iterator[list[str]]:
    waiting = iter(cells)
    while batch := list(islice(waiting, BATCH)):
        yield batch

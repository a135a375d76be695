"""`memory`: what ten million records under one scroll bar add to the program."""

import os
import random
import sys
import time
from collections.abc import Callable, Iterator

import psutil
import psycopg

from bench.measure import Options, Result
from bench.workspace import Workspace, new_workspace, running_server
from crm_desktop.services import fields, layouts, objects

if sys.platform.startswith("linux"):  # what is painted goes into an image anyway
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import QCoreApplication, QEventLoop, QSize
from PySide6.QtWidgets import QApplication

from crm_desktop.domain.field_types import EffectiveField
from crm_desktop.domain.filters import RecordQuery
from crm_desktop.domain.formats import Formats
from crm_desktop.gui.models.records import RecordTableModel
from crm_desktop.gui.tasks import Tasks
from crm_desktop.gui.theme import Scheme, apply_theme
from crm_desktop.gui.widgets.grid import GridView
from crm_desktop.services import records

ROWS, PLACES, BAR = 10_000_000, 120, 80.0
COLUMNS = 10
PATIENCE = 300.0  # seconds for all anchors
_UNUSED = ("ix_records_primary_value", "ix_records_created_at", "ix_records_object_id",
           "crm_desktop_records_by_name", "crm_desktop_records_search",
           "crm_desktop_records_newest")  # fmt: skip
_FILL = """
INSERT INTO records (id, object_id, data, primary_value, created_at)
SELECT 'rec_' || lpad(to_hex(n), 12, '0'), %(object_id)s,
       jsonb_build_object(%(name)s::text, 'Deal ' || n, %(amount)s::text, n %% 99999),
       'Deal ' || n, timestamptz '2020-01-01' + n * interval '1 second'
FROM generate_series(1, %(rows)s::int) AS n
"""
_INDEX = """
CREATE INDEX crm_desktop_records_newest ON records (object_id, created_at DESC, id DESC)
"""


def run(options: Options) -> Iterator[Result]:
    rows = options.rows or ROWS
    app = QApplication.instance() or QApplication([])
    assert isinstance(app, QApplication)  # noqa: S101 - for the type checker
    apply_theme(app, Scheme.LIGHT)
    with running_server() as server, new_workspace(server) as workspace:
        object_id, columns = _make_list(workspace, rows)
        tasks = Tasks(workspace.database, workspace.actor)
        try:
            added, visited = _measure(tasks, RecordQuery(object_id), columns, rows)
        finally:
            tasks.close()
    yield Result(
        "memory",
        added,
        "MB",
        f"nothing: {rows:,} records of {len(columns)} columns, {visited} places seen; a bar in MB",
        added,
        BAR,
    )


def _make_list(workspace: Workspace, rows: int) -> tuple[str, tuple[EffectiveField, ...]]:
    """Make many small records with two values each, and ten columns."""
    with workspace.database.write(workspace.actor) as session:
        object_id = objects.create_object(session, objects.ObjectDraft(label="Deal", name="deal"))
        ids = []
        for number in range(COLUMNS):
            kind = "number" if number == 1 else "text"
            draft = fields.FieldDraft(label=f"Field {number}", type=kind)
            ids.append(fields.create_field(session, draft))
            layouts.attach_field(session, object_id, ids[-1])
    with psycopg.connect(workspace.url, autocommit=True) as connection:
        for name in _UNUSED:
            connection.execute(f"DROP INDEX {name}")
        values = {"object_id": object_id, "name": ids[0], "amount": ids[1], "rows": rows}
        connection.execute(_FILL, values)
        connection.execute(_INDEX)
        connection.execute("VACUUM (ANALYZE) records")
    with workspace.database.read(workspace.actor) as session:
        return object_id, records.fields_of(session, object_id)


def _measure(
    tasks: Tasks, query: RecordQuery, columns: tuple[EffectiveField, ...], rows: int
) -> tuple[float, int]:
    """Return the megabytes added by a list that was looked at in many places."""
    model = RecordTableModel(tasks, Formats.iso(), tasks)
    view = GridView(name="Records", has_gutter=True)
    view.setModel(model)
    view.resize(QSize(1600, 900))
    view.show()
    QCoreApplication.processEvents()
    before = psutil.Process().memory_info().rss
    model.show(query, columns)
    _wait(lambda: model.can_jump)
    if model.rowCount() != rows:
        raise RuntimeError(f"{model.rowCount()} of {rows} rows are there.")
    bar, chance = view.verticalScrollBar(), random.Random(3)  # noqa: S311 - places, no secrets
    for _ in range(PLACES):
        bar.setValue(chance.randrange(bar.maximum()))
        _wait(lambda: bool(model.id_of(view.visible_rows()[0])))
        view.grab()
    view.close()
    return (psutil.Process().memory_info().rss - before) / 1e6, PLACES


def _wait(is_done: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not is_done():
        QCoreApplication.processEvents(QEventLoop.ProcessEventsFlag.AllEvents, 20)
        if time.monotonic() > deadline:
            raise RuntimeError("The records did not arrive.")

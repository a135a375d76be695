"""Drags in the layout editor for real: run as a program on a platform where Qt's drags work.

Each scenario presses, moves and releases the mouse, or presses keys, saves, and prints a line of
JSON: what the eye sees and what is stored. `QT_QPA_PLATFORM=minimal python -m tests.gui.dragging
URL NAME…`
"""

import json
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from PySide6.QtCore import QCoreApplication, QEvent, QModelIndex, QPoint, QPointF, Qt, QTimer
from PySide6.QtGui import QGuiApplication, QMouseEvent, QWindow
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractItemView, QApplication, QTreeView, QWidget

from crm_desktop.db.database import Database
from crm_desktop.domain.access import Actor
from crm_desktop.gui.garbage import GarbageTimer
from crm_desktop.gui.layout_editor import dragging
from crm_desktop.gui.layout_editor.page import LayoutPage
from crm_desktop.gui.tasks import Tasks
from crm_desktop.gui.theme import Scheme, apply_theme
from tests.conftest import ADMIN_ID
from tests.make import Make

LEFT, NONE = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
PAUSE = 6  # milliseconds between the steps of a drag
QUICK_TICK = 4  # milliseconds between steps of scrolling at an edge
PATIENCE = 10  # seconds


class Editor:
    """The page on a screen, and hands on mouse and keyboard."""

    def __init__(self, make: Make, tasks: Tasks) -> None:
        self.make, self.tasks = make, tasks
        self.page = LayoutPage(tasks, "obj_deal")
        self.page.resize(1600, 700)
        self.page.show()
        QTest.qWaitForWindowActive(self.page)
        self.refusals: list[str] = []
        self.page.refused.connect(lambda error: self.refusals.append(str(error)))
        self.until(lambda: not self.tasks.is_busy and self.page.state.stored is not None)
        self.tree, self.library = self.page.tree, self.page.library.tree
        self.until(self.is_laid_out)

    def is_laid_out(self) -> bool:
        """Say whether nothing moves any more: panes give way to what is read."""
        before = self.page.split.sizes()
        QTest.qWait(PAUSE)
        is_there = self.library.visualRect(self.in_library("spare")).isValid()
        return is_there and self.page.split.sizes() == before

    @staticmethod
    def until(is_so: Callable[[], bool]) -> None:
        limit = time.monotonic() + PATIENCE
        while not is_so():
            if time.monotonic() > limit:
                raise TimeoutError
            QTest.qWait(5)

    def field(self, name: str) -> QModelIndex:
        ids = {entry.field_id: entry.id for entry in self.page.state.layout.entries()}
        return self.tree.model_of_layout.index_of(ids[f"fld_{name}"])

    def section(self, number: int) -> QModelIndex:
        return self.tree.model_of_layout.index(number, 0)

    def in_library(self, name: str) -> QModelIndex:
        model = self.library.model()
        start, exactly = model.index(0, 0), Qt.MatchFlag.MatchExactly
        flags = exactly | Qt.MatchFlag.MatchRecursive
        (found,) = model.match(start, Qt.ItemDataRole.DisplayRole, name.capitalize(), 1, flags)
        return found

    def at(self, index: QModelIndex, *, below: bool = False) -> QPoint:
        """Return the point of the window a little above or below the middle of a row."""
        is_ours = index.model() is self.tree.model_of_layout
        tree: QTreeView = self.tree if is_ours else self.library
        rect = tree.visualRect(index)
        y = rect.center().y() + (rect.height() // 4) * (1 if below else -1)
        return self.in_window(tree.viewport(), QPoint(rect.left() + 120, y))

    def in_window(self, widget: QWidget, point: QPoint) -> QPoint:
        return widget.mapTo(self.page, point)

    @property
    def window(self) -> QWindow:
        return self.page.windowHandle()

    def click(self, index: QModelIndex, modifier: Qt.KeyboardModifier = NONE) -> None:
        QTest.mouseClick(self.window, LEFT, modifier, self.at(index))

    def drag(
        self,
        start: QPoint,
        end: QPoint,
        *,
        then: Callable[[], None] | None = None,
        modifier: Qt.KeyboardModifier = NONE,
    ) -> None:
        """Press, move in steps, and release; `then` runs above the end, before the release."""
        steps: list[Callable[[], None]] = []
        for part in (1, 2, 3, 4):
            point = start + (end - start) * part / 4
            steps.append(partial(QTest.mouseMove, self.window, point))
        steps.append(partial(QTest.mouseMove, self.window, end + QPoint(1, 0)))
        if then is not None:
            steps.append(then)
        steps.append(partial(QTest.mouseRelease, self.window, LEFT, modifier, end))
        self._take(steps)
        QTest.mousePress(self.window, LEFT, NONE, start)
        QTest.mouseMove(self.window, start + QPoint(12, 4))
        QTest.mouseMove(self.window, start + QPoint(24, 8))
        self.until(lambda: not steps)
        QTest.qWait(PAUSE)

    def _take(self, steps: list[Callable[[], None]]) -> None:
        """Take one step after the other, each when the one before is done, once a drag began."""
        dragging, count = QAbstractItemView.State.DraggingState, len(steps)

        def go_on() -> None:
            has_begun = dragging in {self.tree.state(), self.library.state()}
            if has_begun or len(steps) < count:
                try:
                    steps[0]()
                finally:
                    del steps[0]
            if steps:
                QTimer.singleShot(PAUSE, go_on)

        QTimer.singleShot(PAUSE, go_on)

    def key(self, key: Qt.Key, modifier: Qt.KeyboardModifier = NONE) -> None:
        QTest.keyClick(self.tree, key, modifier)

    def save(self) -> None:
        if self.page.state.draft.is_changed:
            self.page.save()
        self.until(lambda: not self.tasks.is_busy and not self.page.saving.is_saving)

    def seen(self) -> list[str]:
        """Return the fields as they are painted, from top to bottom."""
        model, found = self.tree.model_of_layout, []
        for row in range(model.rowCount()):
            heading = model.index(row, 0)
            for child in range(model.rowCount(heading)):
                index = model.index(child, 0, heading)
                entry = model.entry_at(index)
                assert entry is not None
                found.append((self.tree.visualRect(index).top(), entry.field_id[4:]))
        return [name for _, name in sorted(found)]


ALT, CONTROL = Qt.KeyboardModifier.AltModifier, Qt.KeyboardModifier.ControlModifier
SHIFT = Qt.KeyboardModifier.ShiftModifier


def one_is_dragged_up(editor: Editor) -> None:
    editor.drag(editor.at(editor.field("f3")), editor.at(editor.field("f1")))


def several_are_dragged_together(editor: Editor) -> None:
    editor.click(editor.field("f0"))
    editor.click(editor.field("f2"), CONTROL)
    editor.drag(editor.at(editor.field("f2")), editor.at(editor.field("f4"), below=True))


def one_is_dragged_into_the_other_section(editor: Editor) -> None:
    editor.drag(editor.at(editor.field("f1")), editor.at(editor.field("f6"), below=True))


def one_is_dragged_onto_a_heading(editor: Editor) -> None:
    editor.drag(editor.at(editor.field("f7")), editor.at(editor.section(0), below=True))


def one_is_dragged_below_everything(editor: Editor) -> None:
    port = editor.tree.viewport()
    end = editor.in_window(port, QPoint(150, port.height() - 60))
    editor.drag(editor.at(editor.field("f0")), end)


def one_comes_from_the_library(editor: Editor) -> None:
    editor.drag(editor.at(editor.in_library("spare")), editor.at(editor.field("f2")))


def several_come_from_the_library(editor: Editor) -> None:
    editor.click(editor.in_library("extra"))
    editor.click(editor.in_library("spare"), SHIFT)
    editor.drag(editor.at(editor.in_library("spare")), editor.at(editor.field("f5"), below=True))


def one_is_dragged_out(editor: Editor) -> None:
    port = editor.library.viewport()
    end = editor.in_window(port, QPoint(60, port.height() - 60))
    editor.drag(editor.at(editor.field("f4")), end)


def escape_ends_a_drag(editor: Editor) -> None:
    escape = partial(QTest.keyClick, editor.window, Qt.Key.Key_Escape)
    editor.drag(editor.at(editor.field("f4")), editor.at(editor.field("f0")), then=escape)


def a_copy_is_refused_kindly(editor: Editor) -> None:
    start, end = editor.at(editor.field("f4")), editor.at(editor.field("f0"))

    def move_with_control() -> None:
        place, button = QPointF(end), Qt.MouseButton.NoButton
        event = QMouseEvent(
            QEvent.Type.MouseMove, place, QPointF(editor.window.mapToGlobal(end)), button, LEFT,
            CONTROL,
        )  # fmt: skip
        QCoreApplication.sendEvent(editor.window, event)

    editor.drag(start, end, then=move_with_control, modifier=CONTROL)


def a_section_is_dragged(editor: Editor) -> None:
    editor.drag(editor.at(editor.section(1)), editor.at(editor.section(0)))


def one_is_dragged_to_the_end_of_two_hundred(editor: Editor) -> None:
    bar, port = editor.tree.verticalScrollBar(), editor.tree.viewport()
    bar.setValue(0)
    edge = editor.in_window(port, QPoint(150, port.height() - 8))

    def scroll_to_the_end() -> None:
        editor.until(lambda: bar.value() == bar.maximum())

    editor.drag(editor.at(editor.field("f0")), edge, then=scroll_to_the_end)


def keys_move_one_up(editor: Editor) -> None:
    editor.click(editor.field("f3"))
    editor.key(Qt.Key.Key_Up, ALT)
    editor.key(Qt.Key.Key_Up, ALT)


def keys_move_several_down(editor: Editor) -> None:
    editor.click(editor.field("f0"))
    editor.key(Qt.Key.Key_Down, SHIFT)
    editor.key(Qt.Key.Key_Down, ALT)


def keys_move_one_to_the_top(editor: Editor) -> None:
    editor.click(editor.field("f7"))
    editor.key(Qt.Key.Key_Home, ALT)
    editor.key(Qt.Key.Key_Home, ALT)


def keys_move_one_to_the_end(editor: Editor) -> None:
    editor.click(editor.field("f0"))
    editor.key(Qt.Key.Key_End, ALT)
    editor.key(Qt.Key.Key_End, ALT)


def keys_cut_and_paste_across_sections(editor: Editor) -> None:
    editor.click(editor.field("f1"))
    editor.key(Qt.Key.Key_X, CONTROL)
    editor.click(editor.field("f6"))
    editor.key(Qt.Key.Key_V, CONTROL)


def keys_take_one_out(editor: Editor) -> None:
    editor.click(editor.field("f4"))
    editor.key(Qt.Key.Key_Delete)


def keys_add_one(editor: Editor) -> None:
    editor.click(editor.field("f2"))
    editor.library.setCurrentIndex(editor.in_library("spare"))
    QTest.keyClick(editor.library, Qt.Key.Key_Return)


def typing_a_number_moves_there(editor: Editor) -> None:
    editor.click(editor.field("f7"))
    editor.key(Qt.Key.Key_M, CONTROL)
    dialog = QApplication.activeModalWidget()
    assert dialog is not None
    QTest.keyClicks(dialog.focusWidget(), "2")
    QTest.keyClick(dialog.focusWidget(), Qt.Key.Key_Return)


def typing_a_neighbour_moves_there(editor: Editor) -> None:
    editor.click(editor.field("f0"))
    editor.key(Qt.Key.Key_M, CONTROL)
    dialog = QApplication.activeModalWidget()
    assert dialog is not None
    QTest.keyClicks(dialog.focusWidget(), "f6")
    QTest.keyClick(dialog.focusWidget(), Qt.Key.Key_Return)


SMALL = [
    one_is_dragged_up, several_are_dragged_together, one_is_dragged_into_the_other_section,
    one_is_dragged_onto_a_heading, one_is_dragged_below_everything, one_comes_from_the_library,
    several_come_from_the_library, one_is_dragged_out, escape_ends_a_drag,
    a_copy_is_refused_kindly, a_section_is_dragged,
    keys_move_one_up, keys_move_several_down, keys_move_one_to_the_top, keys_move_one_to_the_end,
    keys_cut_and_paste_across_sections, keys_take_one_out, keys_add_one,
    typing_a_number_moves_there, typing_a_neighbour_moves_there,
]  # fmt: skip
LARGE = [one_is_dragged_to_the_end_of_two_hundred]


def prepare(make: Make, count: int) -> None:
    """Make an object with so many fields in two sections, and two fields beside them."""
    make.sql("DELETE FROM objects; DELETE FROM fields")
    make.sql(
        "INSERT INTO objects (id, name, label, plural_name, views) VALUES"
        " ('obj_deal', 'deal', 'Deal', 'Deals',"
        " jsonb_build_object('forms', CAST(:forms AS jsonb)))",
        forms=json.dumps([{"id": "form_1", "name": "Form", "layout": _sections(count)}]),
    )
    names = [f"f{number}" for number in range(count)]
    make.sql(
        "INSERT INTO fields (id, name, label, type, category)"
        " SELECT 'fld_' || name, name, initcap(name), 'text', 'Text'"
        " FROM unnest(CAST(:names AS text[])) name",
        names=[*names, "spare", "extra"],
    )
    make.sql(
        "INSERT INTO object_fields (id, object_id, field_id, display_order)"
        " SELECT 'ofd_' || name, 'obj_deal', 'fld_' || name, place - 1"
        " FROM unnest(CAST(:names AS text[])) WITH ORDINALITY AS n (name, place)",
        names=names,
    )


def _sections(count: int) -> list[dict[str, Any]]:
    names = [f"fld_f{number}" for number in range(count)]
    half = len(names) * 5 // 8
    return [{"section": "One", "fields": names[:half]}, {"section": "Two", "fields": names[half:]}]


def run(url: str, names: list[str]) -> Iterator[dict[str, Any]]:
    app = QApplication([])
    GarbageTimer(app).begin()  # as in the program: never on a worker
    dragging.TICK = QUICK_TICK
    apply_theme(app, Scheme.LIGHT)
    database = Database.at(url)
    actor = Actor(ADMIN_ID, "admin@example.com", "Ada Admin")
    make = Make(database, actor)
    for scenario in (*SMALL, *LARGE):
        if names and scenario.__name__ not in names:
            continue
        prepare(make, 200 if scenario in LARGE else 8)
        tasks = Tasks(database, actor)
        editor = Editor(make, tasks)
        scenario(editor)
        editor.save()
        yield {
            "name": scenario.__name__,
            "seen": editor.seen(),
            "stored": [field_id[4:] for field_id in make.layout_of("obj_deal")],
            "said": editor.page.said,
            "refusals": editor.refusals,
        }
        editor.page.close()
        editor.page.deleteLater()
        tasks.close()
        tasks.deleteLater()
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
    QGuiApplication.clipboard().clear()  # this platform's outlives the interpreter
    database.close()


if __name__ == "__main__":
    for result in run(sys.argv[1], sys.argv[2:]):
        sys.stdout.write(json.dumps(result) + "\n")
        sys.stdout.flush()

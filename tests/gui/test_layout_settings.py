"""What an object says differently about references, dates and moments, edited in place."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QApplication, QLineEdit, QWidget
from pytestqt.qtbot import QtBot
from sqlalchemy import select

from crm_desktop.db.tables import Field, ObjectField
from crm_desktop.gui.editors.config.setting_editors import ChoiceEditor, SwitchEditor
from crm_desktop.gui.editors.references import ReferenceEditor
from crm_desktop.gui.layout_editor.changes_dialog import ChangesDialog
from crm_desktop.gui.layout_editor.default_editor import DefaultEditor
from crm_desktop.gui.layout_editor.override_row import OverrideRow
from crm_desktop.gui.layout_editor.page import LayoutPage
from crm_desktop.gui.tasks import Tasks
from tests.gui.layout_hands import choose, dialog_of, row_of, save, shown
from tests.gui.windows import wait_until_idle
from tests.make import Make


@pytest.fixture
def page(qtbot: QtBot, tasks: Tasks, make: Make) -> LayoutPage:
    company = make.object("company", fields=["name", "city"])
    make.object("place", fields=["name"])
    make.record(company, {"fld_name": "Acme"})
    make.record(company, {"fld_name": "Birch"})
    make.field("owner", "lookup", config={"lookupObject": "user"})
    make.field("firm", "reference", config={"targetObjectId": company, "default": "rec_0004"})
    make.field("met", "datetime")
    deal = make.object("deal", fields=["owner", "firm", "met"])
    make.attach(make.object("ticket"), "firm")
    make.record(deal, {"fld_firm": "rec_0004"})
    return shown(qtbot, tasks, deal)


def line_of(row: OverrideRow) -> QLineEdit:
    assert isinstance(row.editor, DefaultEditor)
    line = row.editor.inner.control
    assert isinstance(line, QLineEdit)
    return line


def pick(row: OverrideRow, text: str) -> None:
    """Choose as a person does who opens the list; the row takes it at once."""
    assert isinstance(row.editor, ChoiceEditor)
    box = row.editor.box
    box.setCurrentIndex(box.findText(text))
    box.activated.emit(box.currentIndex())


def turn_wheel(widget: QWidget) -> None:
    place, down = QPointF(5, 5), QPoint(0, -120)
    plain = Qt.KeyboardModifier.NoModifier
    event = QWheelEvent(place, widget.mapToGlobal(place), down, down, Qt.MouseButton.NoButton,
                        plain, Qt.ScrollPhase.NoScrollPhase, False)  # fmt: skip
    QApplication.sendEvent(widget, event)


def test_a_moment_is_typed_as_people_write_it_and_stored_in_utc(
    qtbot: QtBot, page: LayoutPage
) -> None:
    (met,) = choose(page, "met")
    default = row_of(page, "default")
    line = line_of(default)
    qtbot.keyClicks(line, "yesterday")
    qtbot.keyClick(line, Qt.Key.Key_Return)
    assert default.row.problem.text()
    assert page.has_unsaved()  # what was typed stays until it is mended
    assert not page.state.draft.is_changed
    line.clear()
    qtbot.keyClicks(line, "2026-03-01 08:30")
    qtbot.keyClick(line, Qt.Key.Key_Return)
    own = page.state.layout.by_id()[met].overrides["default"]
    assert own.startswith("2026-03-01T")
    assert own.endswith("Z")
    assert not default.row.problem.text()
    assert default.whose.text() == "Only in this object"


def test_a_record_is_chosen_as_default_and_both_are_called_by_their_names(
    qtbot: QtBot, page: LayoutPage, make: Make
) -> None:
    (firm,) = choose(page, "firm")
    wait_until_idle(qtbot, page._tasks)
    default = row_of(page, "default")
    line = line_of(default)
    assert line.text() == "Acme"
    line.setFocus()
    line.selectAll()
    qtbot.keyClicks(line, "bir")
    assert isinstance(default.editor, DefaultEditor)
    editor = default.editor.inner
    assert isinstance(editor, ReferenceEditor)
    qtbot.waitUntil(lambda: editor.completer.completionCount() == 1)
    editor.take(editor.completer.completionModel().index(0, 0))
    assert page.state.layout.by_id()[firm].overrides == {"default": "rec_0005"}
    wait_until_idle(qtbot, page._tasks)
    assert default.whose.text() == "The library has “Acme”"
    qtbot.mouseClick(default.up, Qt.MouseButton.LeftButton)
    wait_until_idle(qtbot, page._tasks)
    (box,) = [each for each in QApplication.topLevelWidgets() if each.isModal()]
    assert "“Birch”" in box.text()  # type: ignore[attr-defined]
    box.close()
    qtbot.mouseClick(default.back, Qt.MouseButton.LeftButton)
    assert not page.has_unsaved()
    assert line.text() == "Acme"


def test_where_a_reference_points_and_what_it_shows_can_differ_in_one_object(
    qtbot: QtBot, page: LayoutPage, make: Make
) -> None:
    (firm,) = choose(page, "firm")
    wait_until_idle(qtbot, page._tasks)
    target, display = row_of(page, "targetObjectId"), row_of(page, "displayField")
    several = row_of(page, "allowMultiple")
    assert isinstance(target.editor, ChoiceEditor)
    assert isinstance(display.editor, ChoiceEditor)
    assert isinstance(several.editor, SwitchEditor)
    turn_wheel(target.editor.box)
    turn_wheel(page.settings.width_box)
    assert not page.has_unsaved()  # the wheel scrolls, and stages nothing
    assert target.editor.box.currentText() == "Company"
    assert target.editor.box.findText("People (users)") < 0  # a reference holds no users
    pick(display, "City")
    qtbot.keyClick(several.editor.box, Qt.Key.Key_Space)
    pick(target, "Place")
    wait_until_idle(qtbot, page._tasks)
    own = {"displayField": "fld_city", "allowMultiple": True, "targetObjectId": "obj_place"}
    assert page.state.layout.by_id()[firm].overrides == own
    assert target.whose.text() == "The library has “Company”"
    assert display.editor.box.findText("Name") > 0
    (line,) = [each for each in page.guardrails.lines.values() if not each.isHidden()]
    assert "1 value" in line.sentence.text()  # the record's firm is no place
    page.review_changes()
    dialog = dialog_of(ChangesDialog)
    assert isinstance(dialog, ChangesDialog)
    said = [dialog.list.item(row).text() for row in range(dialog.list.count())]
    assert "“Firm”: points to becomes “Place”; it was the library's." in said
    dialog.close()
    save(qtbot, page)
    stored = select(ObjectField.field_overrides).where(ObjectField.id == firm)
    assert make.value(stored) == own
    qtbot.mouseClick(target.back, Qt.MouseButton.LeftButton)
    assert target.editor.box.currentText() == "Company"


def test_people_give_way_to_records_and_come_back(
    qtbot: QtBot, page: LayoutPage, make: Make
) -> None:
    (owner,) = choose(page, "owner")
    wait_until_idle(qtbot, page._tasks)
    target = row_of(page, "targetObjectId")
    assert isinstance(target.editor, ChoiceEditor)
    assert target.editor.box.currentText() == "People (users)"
    pick(target, "Company")
    entry = page.state.layout.by_id()[owner]
    assert entry.overrides == {"targetObjectId": "obj_company", "lookupObject": None}
    default = row_of(page, "default")
    line = line_of(default)
    line.setFocus()
    qtbot.keyClicks(line, "bir")
    assert isinstance(default.editor, DefaultEditor)
    editor = default.editor.inner
    assert isinstance(editor, ReferenceEditor)
    qtbot.waitUntil(lambda: editor.completer.completionCount() == 1)  # a record is found
    line.clear()
    qtbot.mouseClick(target.up, Qt.MouseButton.LeftButton)
    wait_until_idle(qtbot, page._tasks)
    (box,) = [each for each in QApplication.topLevelWidgets() if each.isModal()]
    button = next(each for each in box.buttons() if each.text() == "Use for all")  # type: ignore[attr-defined]
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    wait_until_idle(qtbot, page._tasks)
    config = make.value(select(Field.config).where(Field.id == "fld_owner"))
    assert config == {"targetObjectId": "obj_company"}
    assert page.state.layout.by_id()[owner].overrides == {}

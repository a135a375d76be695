"""The page of a layout, as it is used without the mouse's drags (see test_layout_drags)."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QAbstractItemModelTester
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot
from sqlalchemy import select

from crm_desktop.db.database import Database
from crm_desktop.db.tables import Field, ObjectField
from crm_desktop.domain import layout_draft
from crm_desktop.domain.layout_draft import Entry
from crm_desktop.domain.layout_merge import Side
from crm_desktop.gui.drafts import Drafts
from crm_desktop.gui.editors.config.options_editor import OptionsEditor
from crm_desktop.gui.editors.config.setting_editors import ChoiceEditor
from crm_desktop.gui.layout_editor.changes_dialog import ChangesDialog
from crm_desktop.gui.layout_editor.compare_dialog import CompareDialog
from crm_desktop.gui.layout_editor.merge_dialog import MergeDialog
from crm_desktop.gui.layout_editor.page import LayoutPage
from crm_desktop.gui.tasks import Tasks
from crm_desktop.gui.views.name_dialog import ViewNameDialog
from crm_desktop.services import layout_saving
from tests.domain.layouts import layout_of, text_of
from tests.gui.layout_hands import choose, dialog_of, ids_of, save, shown
from tests.gui.windows import wait_until_idle
from tests.make import Make


@pytest.fixture
def deal(make: Make) -> str:
    deal = make.object("deal", fields=["name", "stage", "amount"])
    make.field("note", "textarea", category="Text")
    make.record(deal, {"fld_name": "Orion", "fld_stage": "won"})
    return deal


@pytest.fixture
def page(qtbot: QtBot, tasks: Tasks, deal: str) -> Iterator[LayoutPage]:
    yield shown(qtbot, tasks, deal)
    QGuiApplication.clipboard().clear()  # this platform's outlives the interpreter


def test_the_trees_are_models_in_order(qtbot: QtBot, page: LayoutPage) -> None:
    mode = QAbstractItemModelTester.FailureReportingMode.Fatal
    testers = [
        QAbstractItemModelTester(page.tree.model_of_layout, mode),
        QAbstractItemModelTester(page.library.model, mode),
    ]
    choose(page, "amount")
    qtbot.keyClick(page.tree, Qt.Key.Key_Up, Qt.KeyboardModifier.AltModifier)
    page.commands.add_section()
    page.commands.attach(["fld_note"])
    page.undo()
    model = page.tree.model_of_layout
    section, other = model.index(0, 0), model.index(1, 0)
    assert model.moveRows(section, 0, 2, other, 0)
    assert not model.moveRows(section, 5, 1, other, 0)
    assert text_of(page.state.layout) == ": stage | New section: name amount"
    assert testers


def test_every_step_can_be_undone_before_and_after_it_is_saved(
    qtbot: QtBot, page: LayoutPage, make: Make
) -> None:
    choose(page, "amount")
    qtbot.keyClick(page.tree, Qt.Key.Key_Home, Qt.KeyboardModifier.AltModifier)
    qtbot.keyClick(page.tree, Qt.Key.Key_Delete)
    assert text_of(page.state.layout) == ": name stage"
    save(qtbot, page)
    assert make.layout_of("obj_deal") == ["fld_name", "fld_stage"]
    assert not page.has_unsaved()

    control = Qt.KeyboardModifier.ControlModifier
    qtbot.keyClick(page.tree, Qt.Key.Key_Z, control)
    assert page.has_unsaved()
    qtbot.keyClick(page.tree, Qt.Key.Key_Z, control)
    save(qtbot, page)
    assert make.layout_of("obj_deal") == ["fld_name", "fld_stage", "fld_amount"]
    qtbot.keyClick(page.tree, Qt.Key.Key_Z, control | Qt.KeyboardModifier.ShiftModifier)
    assert text_of(page.state.layout) == ": amount name stage"


def test_what_others_saved_is_taken_over_and_undo_leaves_it(
    qtbot: QtBot, page: LayoutPage, make: Make, database: Database
) -> None:
    choose(page, "name")
    qtbot.keyClick(page.tree, Qt.Key.Key_End, Qt.KeyboardModifier.AltModifier)
    make.attach("obj_deal", "phone")
    with database.write(make.admin) as session:
        base = layout_saving.load_layout(session, "obj_deal").layout
        theirs = layout_draft.set_attribute(base, [base.ids()[1]], "is_readonly", value=True)
        layout_saving.save_layout(session, "obj_deal", base, theirs)

    save(qtbot, page)

    assert text_of(page.state.layout) == ": stage amount name phone"
    assert "somebody else" in page.said
    page.undo()
    assert text_of(page.state.layout) == ": name stage amount phone"
    assert page.state.layout.by_id()[ids_of(page)["stage"]].is_readonly


def test_what_both_changed_is_asked_field_by_field(
    qtbot: QtBot, page: LayoutPage, make: Make, database: Database
) -> None:
    (stage,) = choose(page, "stage")
    page.state.set_attribute([stage], "override:label", "Phase")
    make.sql(
        'UPDATE object_fields SET field_overrides = \'{"label": "Step"}\' WHERE id = :id', id=stage
    )
    save(qtbot, page)
    dialog = dialog_of(MergeDialog)
    assert isinstance(dialog, MergeDialog)
    assert not dialog.save.isEnabled()
    (made,) = dialog.buttons
    assert [button.text() for button in made.values()] == ["“Step”", "“Phase”"]
    qtbot.keyClick(made[Side.MINE], Qt.Key.Key_Space)
    qtbot.mouseClick(dialog.save, Qt.MouseButton.LeftButton)
    wait_until_idle(qtbot, page._tasks)

    query = select(ObjectField.field_overrides).where(ObjectField.id == stage)
    assert make.value(query) == {"label": "Phase"}
    assert not page.has_unsaved()


def test_the_list_of_changes_is_read_as_sentences_and_can_be_reverted(
    qtbot: QtBot, page: LayoutPage
) -> None:
    choose(page, "amount")
    qtbot.keyClick(page.tree, Qt.Key.Key_Home, Qt.KeyboardModifier.AltModifier)
    page.commands.attach(["fld_note"])
    page.review_changes()
    dialog = dialog_of(ChangesDialog)
    assert isinstance(dialog, ChangesDialog)
    assert [dialog.list.item(row).text() for row in range(dialog.list.count())] == [
        "“Amount” moves from place 3 to 1 of the section without a title.",
        "“Note” is added to the section without a title.",
    ]
    dialog.revert_requested.emit()
    dialog.close()
    assert not page.has_unsaved()


def test_fields_are_pasted_into_another_object_with_what_was_set(
    qtbot: QtBot, page: LayoutPage, make: Make, tasks: Tasks
) -> None:
    make.object("ticket", fields=["name"])
    ids = choose(page, "stage", "amount")
    page.state.set_attribute(ids[:1], "override:label", "Phase")
    page.state.set_attribute(ids, "is_required", value=True)
    page.commands.copy()
    page.commands.paste()
    assert "already" in page.said

    other = shown(qtbot, tasks, "obj_ticket")
    choose(other, "name")
    other.commands.paste()

    assert text_of(other.state.layout) == ": name stage* amount*"
    entries = list(other.state.layout.entries())
    assert entries[1].overrides == {"label": "Phase"}
    assert entries[1].id not in ids
    save(qtbot, other)
    assert make.layout_of("obj_ticket") == ["fld_name", "fld_stage", "fld_amount"]


def test_settings_are_changed_in_place_and_go_back_to_the_librarys(
    qtbot: QtBot, page: LayoutPage, make: Make
) -> None:
    (name,) = choose(page, "name")
    qtbot.mouseClick(page.settings.flags["is_required"], Qt.MouseButton.LeftButton)
    label = next(row for row in page.settings.rows if row.setting.name == "label")
    assert label.whose.text() == "As in the library"
    line = label.editor.focusProxy()
    assert line is not None
    line.setFocus()
    qtbot.keyClicks(line, " of the deal")
    save(qtbot, page)  # also what is still being typed

    stored = select(ObjectField.field_overrides).where(ObjectField.id == name)
    assert make.value(stored) == {"label": "Name of the deal"}
    assert "“Name”" in label.whose.text()
    qtbot.mouseClick(label.back, Qt.MouseButton.LeftButton)
    save(qtbot, page)
    assert make.value(stored) == {}
    assert make.value(select(ObjectField.is_required).where(ObjectField.id == name))


def test_each_type_has_one_default_with_the_fitting_editor(
    qtbot: QtBot, page: LayoutPage, make: Make
) -> None:
    make.sql(
        "UPDATE fields SET type = 'select', config = CAST(:config AS jsonb) WHERE name = 'stage'",
        config='{"defaultValue": "new", "options": [{"value": "new", "label": "New"},'
        ' {"value": "won", "label": "Won"}]}',
    )
    page.refresh()
    wait_until_idle(qtbot, page._tasks)
    (stage,) = choose(page, "stage")
    (default,) = [row for row in page.settings.rows if "default" in row.setting.name]
    assert isinstance(default.editor, ChoiceEditor)
    box = default.editor.box
    assert [box.itemText(row) for row in range(box.count())] == ["Not set", "New", "Won"]
    assert box.currentText() == "New"
    box.setFocus()
    qtbot.keyClick(box, Qt.Key.Key_Down)
    assert page.state.layout.by_id()[stage].overrides == {"default": "won"}
    assert "“New”" in default.whose.text()

    options = next(row for row in page.settings.rows if row.setting.name == "options")
    assert isinstance(options.editor, OptionsEditor)
    model = options.editor.model
    model.setData(model.index(1, 0), "Gained")
    assert options.take.isVisibleTo(options)
    qtbot.mouseClick(options.take, Qt.MouseButton.LeftButton)
    own = page.state.layout.by_id()[stage].overrides
    assert [each["label"] for each in own["options"]] == ["New", "Gained"]
    assert box.currentText() == "Gained"
    qtbot.mouseClick(options.back, Qt.MouseButton.LeftButton)
    assert page.state.layout.by_id()[stage].overrides == {"default": "won"}
    assert model.index(1, 0).data() == "Won"


def test_an_override_can_be_put_into_the_library_for_all_objects(
    qtbot: QtBot, page: LayoutPage, make: Make
) -> None:
    make.object("ticket")
    make.attach("obj_ticket", "stage")
    (stage,) = choose(page, "stage")
    page.state.set_attribute([stage], "override:label", "Phase")
    save(qtbot, page)
    label = next(row for row in page.settings.rows if row.setting.name == "label")
    assert label.up.text() == "Use for all 2 objects"
    qtbot.mouseClick(label.up, Qt.MouseButton.LeftButton)
    wait_until_idle(qtbot, page._tasks)
    (box,) = [each for each in QApplication.topLevelWidgets() if each.isModal()]
    assert "It changes in “Ticket”" in box.informativeText()  # type: ignore[attr-defined]
    button = next(each for each in box.buttons() if each.text() == "Use for all")  # type: ignore[attr-defined]
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    wait_until_idle(qtbot, page._tasks)

    assert make.value(select(Field.label).where(Field.id == "fld_stage")) == "Phase"
    query = select(ObjectField.field_overrides).where(ObjectField.id == stage)
    assert make.value(query) == {}
    assert page.state.layout.by_id()[stage].overrides == {}


def test_a_layout_that_was_not_saved_is_offered_again(
    qtbot: QtBot, tasks: Tasks, deal: str, make: Make
) -> None:
    drafts = Drafts(tasks, parent=tasks)
    page = shown(qtbot, tasks, deal, drafts)
    choose(page, "amount")
    qtbot.keyClick(page.tree, Qt.Key.Key_Home, Qt.KeyboardModifier.AltModifier)
    (kept,) = drafts._own.values()
    after = Drafts(tasks, parent=tasks)
    after._left_over = {kept.key: kept}

    again = shown(qtbot, tasks, deal, after)

    assert again.drafts.isVisible()
    assert not again.has_unsaved()
    again.drafts._restore(kept)
    assert text_of(again.state.layout) == ": amount name stage"
    assert after.left_over() == ()
    save(qtbot, again)
    assert after._own == {}


def test_the_preview_shows_the_layout_with_a_real_record(qtbot: QtBot, page: LayoutPage) -> None:
    assert page.preview.record is not None
    assert page.preview.title.text() == "Orion"
    ids = ids_of(page)
    qtbot.waitUntil(lambda: page.preview.picture.place_of(ids["amount"]) is not None)
    page.state.set_attribute([ids["amount"]], "is_visible", value=False)
    qtbot.waitUntil(lambda: page.preview.picture.place_of(ids["amount"]) is None)
    place = page.preview.picture.place_of(ids["stage"])
    assert place is not None
    qtbot.mouseClick(page.preview.picture, Qt.MouseButton.LeftButton, pos=place.center())
    assert page.tree.chosen_ids() == [ids["stage"]]


def test_the_library_is_searched_and_marks_what_is_used(qtbot: QtBot, page: LayoutPage) -> None:
    def labels() -> list[str]:
        model = page.library.model
        headings = [model.item(row) for row in range(model.rowCount())]
        return [each.child(row).text() for each in headings for row in range(each.rowCount())]

    assert labels() == ["Note"]
    qtbot.mouseClick(page.library.every, Qt.MouseButton.LeftButton)
    assert labels() == ["Note", "Amount", "Name", "Stage"]
    page.library.search.setText("long text")
    page.library.search.search_now()
    assert labels() == ["Note"]


def test_leaving_is_asked_about_only_while_something_is_not_saved(
    qtbot: QtBot, page: LayoutPage
) -> None:
    told: list[bool] = []
    page.unsaved_changed.connect(told.append)
    page.commands.attach(["fld_note"])
    page.undo()
    assert told == [True, False]


def test_what_is_attached_elsewhere_appears_at_its_place(
    qtbot: QtBot, page: LayoutPage, make: Make
) -> None:
    make.attach("obj_deal", "phone", display_order=0)
    page.state.attach([Entry("", "fld_note")], "", 3)
    page.refresh()
    wait_until_idle(qtbot, page._tasks)
    qtbot.waitUntil(partial(page.state.layout.field_ids().__contains__, "fld_phone"))
    assert text_of(page.state.layout) == ": name phone stage amount note"


def test_an_unclear_order_from_elsewhere_is_told_and_repaired(
    qtbot: QtBot, page: LayoutPage, make: Make
) -> None:
    assert page.repair.isHidden()
    make.sql("UPDATE object_fields SET display_order = 3")
    page.refresh()
    wait_until_idle(qtbot, page._tasks)
    seen = make.layout_of("obj_deal")
    qtbot.mouseClick(page.repair.buttons[0], Qt.MouseButton.LeftButton)
    wait_until_idle(qtbot, page._tasks)
    assert page.repair.isHidden()
    assert not page.has_unsaved()
    orders = select(ObjectField.display_order).where(ObjectField.field_id == seen[2])
    assert make.value(orders) == 2
    assert make.layout_of("obj_deal") == seen


def test_another_form_is_chosen_once_nothing_is_unsaved(
    qtbot: QtBot, page: LayoutPage, make: Make
) -> None:
    assert "No form" in page.forms.button.text()
    page.commands.add_section()
    qtbot.keyClick(page.tree, Qt.Key.Key_Escape)
    save(qtbot, page)
    assert page.forms.button.text().startswith("Form ")
    page.forms.add()
    dialog = dialog_of(ViewNameDialog)
    assert isinstance(dialog, ViewNameDialog)
    qtbot.keyClicks(dialog.line, "Flat")
    qtbot.keyClick(dialog.line, Qt.Key.Key_Return)
    wait_until_idle(qtbot, page._tasks)
    assert page.forms.button.text().startswith("Flat ")
    assert text_of(page.state.layout) == ": name stage amount"

    choose(page, "name")
    qtbot.keyClick(page.tree, Qt.Key.Key_Delete)
    page.forms.show_form(page.forms.forms()[0])
    assert "Save or revert" in page.said
    page.undo()
    page.forms.show_form(page.forms.forms()[0])
    wait_until_idle(qtbot, page._tasks)
    assert len(page.state.layout.sections) == 2
    assert not page.has_unsaved()


def test_a_layout_is_arranged_like_that_of_another_object(
    qtbot: QtBot, page: LayoutPage, make: Make
) -> None:
    make.object("ticket", fields=["stage", "phone", "name"])
    page.exchange.ask_for_object()
    wait_until_idle(qtbot, page._tasks)
    dialog = dialog_of(CompareDialog)
    assert isinstance(dialog, CompareDialog)
    rows = [[dialog.model.index(row, column).data() for column in (0, 1, 2)] for row in range(4)]
    assert sorted(rows) == [
        ["Amount", "3", ""], ["Name", "1", "3"], ["Phone", "", "2"], ["Stage", "2", "1"],
    ]  # fmt: skip
    qtbot.mouseClick(dialog.copy, Qt.MouseButton.LeftButton)
    wait_until_idle(qtbot, page._tasks)
    page.refresh()
    wait_until_idle(qtbot, page._tasks)
    page.exchange.take_over(layout_of(": stage phone name"))
    assert text_of(page.state.layout) == ": stage phone name | Other fields: amount"


def test_a_layout_goes_through_a_file(
    qtbot: QtBot, page: LayoutPage, tmp_path: Path, make: Make, tasks: Tasks
) -> None:
    page.state.set_attribute(choose(page, "stage"), "width", 2)
    file = tmp_path / "deal.json"
    page.exchange.export_to(str(file))
    qtbot.waitUntil(file.exists)
    wait_until_idle(qtbot, tasks)
    make.object("ticket", fields=["amount"])
    other = shown(qtbot, tasks, "obj_ticket")
    other.exchange.import_from(str(file))
    qtbot.waitUntil(other.has_unsaved)
    assert text_of(other.state.layout) == ": name stage amount"
    widths = {entry.field_id: entry.width for entry in other.state.layout.entries()}
    assert widths["fld_stage"] == 2
    refusals: list[str] = []
    other.refused.connect(lambda error: refusals.append(str(error)))
    file.write_text("{", encoding="utf-8")
    other.exchange.import_from(str(file))
    qtbot.waitUntil(lambda: refusals == ["deal.json is no JSON that can be read."])

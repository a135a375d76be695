"""The options of a choice field, edited by keyboard and from the clipboard."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QComboBox, QLineEdit
from pytestqt.modeltest import ModelTester
from pytestqt.qtbot import QtBot

from crm_desktop.gui.editors.config.options_editor import OptionsEditor
from crm_desktop.gui.editors.config.settings import SETTINGS
from crm_desktop.gui.models.options import COLOR, LABEL, VALUE, OptionsModel
from crm_desktop.gui.models.row_list import ROOT
from tests.gui.asking import shown

ALT = Qt.KeyboardModifier.AltModifier


@pytest.fixture
def editor(qtbot: QtBot) -> OptionsEditor:
    setting = next(one for one in SETTINGS["select"] if one.name == "options")
    editor = shown(qtbot, OptionsEditor(setting))
    editor.load([{"value": "a", "label": "Alpha", "icon": "x"}, {"value": "b", "label": "Beta"}])
    editor.view.setFocus()
    editor.view.setCurrentIndex(editor.model.index(0, LABEL))
    return editor


def labels(editor: OptionsEditor) -> list[str]:
    return [option.label for option in editor.model.options]


def test_alt_and_arrows_put_options_in_order(qtbot: QtBot, editor: OptionsEditor) -> None:
    qtbot.keyClick(editor.view, Qt.Key.Key_Down, ALT)
    assert labels(editor) == ["Beta", "Alpha"]

    qtbot.keyClick(editor.view, Qt.Key.Key_Down, ALT)
    assert labels(editor) == ["Beta", "Alpha"]
    assert editor.view.currentIndex().row() == 1


def test_insert_adds_an_option_whose_value_follows_its_label(
    qtbot: QtBot, editor: OptionsEditor
) -> None:
    qtbot.keyClick(editor.view, Qt.Key.Key_Insert)
    line = editor.view.findChild(QLineEdit)
    assert line is not None
    line.insert("Très bien!")
    qtbot.keyClick(line, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: labels(editor)[-1] == "Très bien!")

    assert editor.value()[2] == {"value": "tres_bien", "label": "Très bien!"}


def test_delete_removes_and_escape_in_a_cell_keeps_the_old_text(
    qtbot: QtBot, editor: OptionsEditor
) -> None:
    qtbot.keyClick(editor.view, Qt.Key.Key_F2)
    line = editor.view.findChild(QLineEdit)
    assert line is not None
    qtbot.keyClicks(line, "zzz")
    qtbot.keyClick(line, Qt.Key.Key_Escape)
    assert labels(editor) == ["Alpha", "Beta"]

    qtbot.keyClick(editor.view, Qt.Key.Key_Delete)
    assert labels(editor) == ["Beta"]


def test_many_lines_are_pasted_at_once_without_those_that_stand_already(
    qtbot: QtBot, editor: OptionsEditor
) -> None:
    QGuiApplication.clipboard().setText("Gamma\r\n\n  Beta \nGamma\nGAMMA\n")

    qtbot.keyClick(editor.view, Qt.Key.Key_V, Qt.KeyboardModifier.ControlModifier)

    assert labels(editor) == ["Alpha", "Beta", "Gamma", "GAMMA"]
    assert [option["value"] for option in editor.value()[2:]] == ["gamma", "gamma_2"]


def test_a_colour_is_chosen_by_name_and_other_keys_of_the_option_stay(
    qtbot: QtBot, editor: OptionsEditor
) -> None:
    cell = editor.model.index(0, COLOR)
    editor.view.setCurrentIndex(cell)
    qtbot.keyClick(editor.view, Qt.Key.Key_F2)
    box = editor.view.findChild(QComboBox)
    assert box is not None
    box.setCurrentIndex(box.findText("Blue"))
    editor.view.commitData(box)

    blue = {"value": "a", "label": "Alpha", "icon": "x", "color": cell.data()}
    assert str(cell.data()).startswith("#")
    assert editor.value()[0] == blue
    assert editor.value()[1] == {"value": "b", "label": "Beta"}


def test_two_options_of_one_value_are_refused(editor: OptionsEditor) -> None:
    editor.model.setData(editor.model.index(1, VALUE), "a")

    with pytest.raises(ValueError, match="Two options have the value “a”"):
        editor.value()


def test_the_model_of_options_is_a_good_model(qtmodeltester: ModelTester) -> None:
    model = OptionsModel()
    model.set_options([{"value": "a"}, "b"])
    qtmodeltester.check(model)

    model.add(["C", "D"])
    model.moveRow(ROOT, 3, ROOT, 0)
    model.removeRow(1)

    assert [option.value for option in model.options] == ["d", "b", "c"]

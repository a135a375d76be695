"""The conflict dialog: three versions side by side, a choice for each field, by keyboard alone."""

from decimal import Decimal

from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QPlainTextEdit, QScrollArea
from pytestqt.qtbot import QtBot

from crm_desktop.domain.effective import EffectiveField
from crm_desktop.domain.errors import Clash
from crm_desktop.gui.delegates import EMPTY
from crm_desktop.gui.dialogs.conflict_dialog import ConflictDialog
from crm_desktop.gui.locale import system_formats
from crm_desktop.gui.widgets.chip import ChoiceChips
from crm_desktop.gui.widgets.elided_label import TextLabel
from tests.gui.asking import shown

OPTIONS = {"options": [{"value": "new", "label": "New"}, {"value": "won", "label": "Won"}]}
FIELDS = (
    EffectiveField("fld_stage", "stage", "Stage", "select", OPTIONS),
    EffectiveField("fld_owner", "owner", "Owner", "lookup", {"lookupObject": "user"}),
    EffectiveField("fld_notes", "notes", "Notes", "textarea"),
)
LONG = "A sentence that goes on. " * 80
CLASHES = {
    "fld_stage": Clash(None, "new", "won"),
    "fld_owner": Clash("u1", "u2", None),
    "fld_notes": Clash("Short.", LONG, "Mine."),
    "fld_gone": Clash(Decimal(1), Decimal("2.50"), Decimal(3)),
}
NAMES = {"u1": "Ada Admin", "u2": "Grace Hopper"}


def opened(qtbot: QtBot) -> ConflictDialog:
    dialog = ConflictDialog(
        "“Orion” was changed", CLASHES, FIELDS, system_formats(), NAMES, who="Grace did."
    )
    return shown(qtbot, dialog)


def test_values_stand_as_the_grid_shows_them_and_are_read_out(qtbot: QtBot) -> None:
    dialog = opened(qtbot)

    words = {label.text() for label in dialog.findChildren(TextLabel)}
    assert {"Ada Admin", "Grace Hopper", "Grace did.", "fld_gone"} <= words
    chips = [chips.accessibleName() for chips in dialog.findChildren(ChoiceChips)]
    assert chips == ["New", "Won"]
    assert [text.toPlainText() for text in dialog.findChildren(QPlainTextEdit)] == [LONG]
    assert dialog.choices["fld_owner"]["mine"].accessibleName() == f"Owner, mine: {EMPTY}"


def test_each_field_is_decided_with_the_keyboard_before_anything_is_taken(qtbot: QtBot) -> None:
    dialog = opened(qtbot)
    assert dialog.focusWidget() is dialog.choices["fld_stage"]["theirs"]

    qtbot.keyClick(dialog.focusWidget(), Qt.Key.Key_Return)
    qtbot.keyClick(dialog.focusWidget(), Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    assert dialog.isVisible()  # nothing has been decided yet

    qtbot.keyClick(dialog.focusWidget(), Qt.Key.Key_Space)
    for side in ("theirs", "mine", "mine"):
        qtbot.keyClick(dialog.focusWidget(), Qt.Key.Key_Tab)
        while isinstance(dialog.focusWidget(), QPlainTextEdit):
            qtbot.keyClick(dialog.focusWidget(), Qt.Key.Key_Tab)
        qtbot.keyClick(dialog.focusWidget(), Qt.Key.Key_Space)
        if side == "mine":
            qtbot.keyClick(dialog.focusWidget(), Qt.Key.Key_Right)

    with qtbot.waitSignal(dialog.settled) as settled:
        qtbot.keyClick(dialog.focusWidget(), Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    assert settled.args == [
        {"fld_stage": "theirs", "fld_owner": "theirs", "fld_notes": "mine", "fld_gone": "mine"}
    ]


def test_one_key_takes_one_side_for_all_and_escape_takes_nothing(qtbot: QtBot) -> None:
    dialog = opened(qtbot)
    qtbot.keyClick(dialog.focusWidget(), Qt.Key.Key_M, Qt.KeyboardModifier.AltModifier)
    qtbot.waitUntil(dialog.use_button.isEnabled)
    assert set(dialog.chosen().values()) == {"mine"}

    with qtbot.assertNotEmitted(dialog.settled):
        qtbot.keyClick(dialog, Qt.Key.Key_Escape)
    assert not dialog.isVisible()


def test_the_heads_of_the_columns_stay_above_them_where_the_rows_scroll(qtbot: QtBot) -> None:
    dialog = opened(qtbot)
    dialog.resize(dialog.width(), dialog.minimumSizeHint().height())
    (area,) = (each for each in dialog.findChildren(QScrollArea) if each.widget())
    qtbot.waitUntil(lambda: area.verticalScrollBar().maximum() > 0)
    area.verticalScrollBar().setValue(area.verticalScrollBar().maximum())
    heads = [label for label in dialog.findChildren(TextLabel) if "here" in label.text()]
    assert [head.text() for head in heads] == ["Mine, typed here"]
    assert heads[0].visibleRegion().boundingRect().height() == heads[0].height()
    card = dialog.choices["fld_gone"]["mine"].parentWidget()
    assert card is not None
    left = heads[0].mapTo(dialog, QPoint()).x()
    assert abs(left - card.mapTo(dialog, QPoint()).x()) <= 1

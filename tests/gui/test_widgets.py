"""The small widgets that pages are made of, each shown alone."""

from datetime import UTC
from typing import cast

import pytest
from PySide6.QtCore import QLocale, Qt
from PySide6.QtWidgets import QApplication, QComboBox, QLabel, QLineEdit, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from crm_desktop.domain.formats import Formats
from crm_desktop.gui.locale import formats_of, system_formats
from crm_desktop.gui.theme import Scheme, apply_theme, theme
from crm_desktop.gui.tokens import Kind
from crm_desktop.gui.widgets.buttons import IconButton
from crm_desktop.gui.widgets.chip import ChoiceChips, FilterChip, KindChip
from crm_desktop.gui.widgets.color_button import ColorButton
from crm_desktop.gui.widgets.elided_label import ElidedLabel, TextLabel
from crm_desktop.gui.widgets.empty_state import EmptyState
from crm_desktop.gui.widgets.flow_layout import FlowLayout
from crm_desktop.gui.widgets.form_row import FormRow
from crm_desktop.gui.widgets.message_bar import MessageBar
from crm_desktop.gui.widgets.search_box import SearchBox
from crm_desktop.gui.widgets.section import Section


@pytest.fixture(autouse=True)
def _light(qapp: QApplication) -> None:
    apply_theme(qapp, Scheme.LIGHT)


def add(qtbot: QtBot, widget: QWidget) -> None:
    qtbot.addWidget(widget)
    widget.show()


def test_the_newest_message_is_shown_and_closing_it_shows_the_one_before(qtbot: QtBot) -> None:
    window = QWidget()
    bar = MessageBar(window)
    add(qtbot, window)
    bar.show_message("info", "First")
    bar.show_message("danger", "Second")
    bar.show_message("danger", "Second")
    assert bar.count() == 2

    bar.close_message()
    message = bar.message()
    assert message is not None
    assert message.text == "First"

    with qtbot.waitSignal(bar.closed):
        bar.close_message()
    assert not bar.isVisible()


def test_an_action_of_a_message_is_done_and_its_text_told_to_screen_readers(qtbot: QtBot) -> None:
    bar, done = MessageBar(), list[bool]()
    add(qtbot, bar)
    bar.show_message(
        "danger",
        "<i>Maple</i>: too early.",
        headline="1 change refused.",
        actions=[("Revert", lambda: done.append(True))],
    )

    revert = next(item for item in bar.findChildren(QPushButton) if item.text() == "Revert")
    qtbot.mouseClick(revert, Qt.MouseButton.LeftButton)

    assert done == [True]
    assert bar.accessibleName() == "1 change refused. <i>Maple</i>: too early."


def test_a_message_is_taken_away_when_its_cause_is_gone(qtbot: QtBot) -> None:
    bar = MessageBar()
    add(qtbot, bar)
    bar.show_message("danger", "The connection is lost.")
    bar.show_message("info", "Saved.")

    bar.clear_kind("danger")

    assert bar.count() == 1


def test_a_search_begins_when_typing_pauses_and_once(qtbot: QtBot) -> None:
    box, searches = SearchBox("Search in Deals"), list[str]()
    add(qtbot, box)
    box.searched.connect(searches.append)

    qtbot.keyClicks(box, "ab ")
    assert searches == []
    qtbot.waitUntil(lambda: searches == ["ab"])

    qtbot.keyClick(box, Qt.Key.Key_Return)
    assert searches == ["ab"]
    qtbot.keyClick(box, Qt.Key.Key_Escape)
    assert searches == ["ab", ""]


def test_a_problem_is_said_at_its_control_and_taken_back(qtbot: QtBot) -> None:
    line = QLineEdit()
    row = FormRow("VAT number", line, hint="8 digits", is_required=True)
    add(qtbot, row)
    assert row.label.text() == "VAT number *"
    assert line.accessibleName() == "VAT number, required"

    row.set_problem("Needs 8 digits after FI.")

    assert row.problem.isVisible()
    assert not row.hint.isVisible()
    assert line.accessibleDescription() == "Needs 8 digits after FI."
    assert line.property("problem") is True
    edge = line.grab().toImage().pixelColor(line.width() // 2, 0).name().upper()
    assert edge == theme().danger

    row.set_problem("")
    assert not row.problem.isVisible()
    assert row.hint.isVisible()


def test_the_label_of_a_form_row_leads_to_its_control(qtbot: QtBot) -> None:
    combo = QComboBox()
    row = FormRow("R&D stage", combo)
    add(qtbot, row)

    assert row.label.buddy() is combo
    assert row.label.text() == "R&&D stage"
    row.set_changed(True)
    assert row.pencil.isVisible()


def test_a_section_folds_by_keyboard_and_says_so(qtbot: QtBot) -> None:
    content = QLabel("inside")
    section = Section("Links", content)
    add(qtbot, section)
    section.set_count("12")
    assert section.badge.isVisible()

    with qtbot.waitSignal(section.toggled) as toggled:
        qtbot.keyClick(section.heading, Qt.Key.Key_Space)

    assert toggled.args == [False]
    assert not content.isVisible()
    assert section.heading.accessibleDescription() == "closed"


def test_a_long_label_is_cut_and_told_whole_in_its_tip(qtbot: QtBot) -> None:
    label = ElidedLabel("A very long name of a very large company in Turku")
    add(qtbot, label)
    label.resize(80, 20)

    assert label.shown_text().endswith("\u2026")
    assert label.text().startswith("A very long")


def test_labels_follow_the_theme(qapp: QApplication, qtbot: QtBot) -> None:
    label = TextLabel("Muted", role="muted")
    add(qtbot, label)

    apply_theme(qapp, Scheme.DARK)

    color = label.palette().color(label.foregroundRole()).name().upper()
    assert color == theme().muted
    apply_theme(qapp, Scheme.LIGHT)


def test_things_in_a_row_go_on_in_the_next_line_where_room_ends(qtbot: QtBot) -> None:
    window = QWidget()
    layout = FlowLayout(window)
    for text in ("one", "two", "three", "four"):
        layout.addWidget(QPushButton(text))
    add(qtbot, window)

    assert layout.heightForWidth(120) > layout.heightForWidth(2000)


@pytest.mark.parametrize("kind", ["local", "dev", "test", "prod"])
def test_the_kind_of_connection_is_said_in_colour_and_word(qtbot: QtBot, kind: str) -> None:
    chip = KindChip(cast("Kind", kind))
    add(qtbot, chip)

    fill = chip.grab().toImage().pixelColor(1, 1).name().upper()

    assert fill == theme().kind(cast("Kind", kind))
    assert chip.accessibleName().endswith(kind.upper())


def test_a_filter_is_taken_away_by_its_cross(qtbot: QtBot) -> None:
    chip = FilterChip("Stage: Proposal")
    add(qtbot, chip)
    cross = chip.findChild(IconButton)
    assert isinstance(cross, IconButton)
    assert "Stage: Proposal" in cross.accessibleName()

    with qtbot.waitSignal(chip.removed):
        qtbot.mouseClick(cross, Qt.MouseButton.LeftButton)


def test_choices_are_named_to_screen_readers(qtbot: QtBot) -> None:
    chips = ChoiceChips([("Finland", "#3B6FE0"), ("x" * 10_000, "no colour")])
    add(qtbot, chips)

    assert chips.accessibleName().startswith("Finland, x")
    assert not chips.grab().isNull()


def test_a_colour_is_chosen_from_the_menu_and_named(qtbot: QtBot) -> None:
    button = ColorButton("#1F8A4C", name="Colour of Won")
    add(qtbot, button)
    assert button.accessibleName() == "Colour of Won: Green"

    with qtbot.waitSignal(button.color_changed) as changed:
        button.menu().actions()[0].trigger()

    assert changed.args == ["#3B6FE0"]
    button.set_color("javascript:alert(1)")
    assert button.color() == "javascript:alert(1)"


def test_an_icon_button_has_a_name_and_tells_its_keys(qtbot: QtBot) -> None:
    button = IconButton("refresh-cw", "Refresh", shortcut="F5")
    add(qtbot, button)

    assert button.accessibleName() == "Refresh"
    assert button.toolTip() == "Refresh (F5)"


def test_an_empty_view_offers_one_action(qtbot: QtBot) -> None:
    empty = EmptyState("No deals yet.", action="New deal")
    add(qtbot, empty)

    with qtbot.waitSignal(empty.action_requested):
        qtbot.mouseClick(empty.button, Qt.MouseButton.LeftButton)


@pytest.mark.parametrize(
    ("name", "point", "group", "order", "separator"),
    [
        ("en_US", ".", ",", "mdy", "/"),
        ("de_DE", ",", ".", "dmy", "."),
        ("sv_SE", ",", "\xa0", "ymd", "-"),
        ("ar_EG", ".", ",", "dmy", "/"),
        ("C", ".", ",", "ymd", "-"),
    ],
)
def test_a_locale_says_how_numbers_and_dates_are_written(
    name: str, point: str, group: str, order: str, separator: str
) -> None:
    formats = formats_of(QLocale(name), UTC)

    assert (formats.decimal_point, formats.group_separator) == (point, group)
    assert (formats.date_order, formats.date_separator) == (order, separator)


def test_this_computers_formats_can_be_read() -> None:
    assert isinstance(system_formats(), Formats)

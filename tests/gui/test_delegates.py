"""The grid: what its cells look like, how it is worked by keyboard, what is copied."""

from collections.abc import Sequence
from typing import Any

import pytest
from PySide6.QtCore import (
    QAbstractTableModel,
    QItemSelectionModel,
    QModelIndex,
    QPersistentModelIndex,
    QPoint,
    Qt,
)
from PySide6.QtGui import QGuiApplication, QHelpEvent, QImage, QStandardItemModel
from PySide6.QtTest import QAbstractItemModelTester
from PySide6.QtWidgets import QApplication, QLineEdit, QStyleOptionViewItem, QToolTip
from pytestqt.qtbot import QtBot
from typing_extensions import override

from crm_desktop.gui.delegates import CellKind, GridRole, Mark
from crm_desktop.gui.theme import Density, Scheme, apply_theme, row_height, theme
from crm_desktop.gui.tips import plain_tip
from crm_desktop.gui.widgets.grid import GridView

Index = QModelIndex | QPersistentModelIndex
ROOT = QModelIndex()
KINDS = list(CellKind)
CTRL, ALONE = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.NoModifier


class Cells(QAbstractTableModel):
    """Ready text in columns of one kind each."""

    def __init__(
        self, rows: Sequence[Sequence[str | None]], kinds: Sequence[CellKind], chips: Any = None
    ) -> None:
        super().__init__()
        self.rows, self.kinds, self.chips = [list(row) for row in rows], kinds, chips
        self.asked: list[int] = []

    @override
    def rowCount(self, parent: Index = ROOT) -> int:
        return 0 if parent.isValid() else len(self.rows)

    @override
    def columnCount(self, parent: Index = ROOT) -> int:
        return 0 if parent.isValid() else len(self.kinds)

    @override
    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        self.asked.append(int(role))
        text = self.rows[index.row()][index.column()]
        if role == Qt.ItemDataRole.DisplayRole:
            return text
        if role == GridRole.CHIPS and text is not None:
            return self.chips
        if role == GridRole.CHECKED and text is not None:
            return text == "Yes"
        if role == GridRole.ID:
            return f"rec_{index.row()}"
        return None

    @override
    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        if role == GridRole.KIND:
            return self.kinds[section]
        return f"Title {section}" if role == Qt.ItemDataRole.DisplayRole else None


def shown(qtbot: QtBot, model: Cells, *, has_gutter: bool = False) -> GridView:
    view = GridView(name="Deals", has_gutter=has_gutter, selects_cells=True)
    model.setParent(view)
    qtbot.addWidget(view)
    view.setModel(model)
    view.resize(900, 400)
    view.show()
    return view


def one_cell(qtbot: QtBot, kind: CellKind, text: str | None, chips: Any = None) -> QImage:
    view = shown(qtbot, Cells([[text]], [kind], chips))
    view.horizontalHeader().setStretchLastSection(False)
    view.setColumnWidth(0, 300)
    return view.viewport().grab(view.visualRect(view.model().index(0, 0))).toImage()


def colors(image: QImage) -> dict[str, int]:
    found: dict[str, int] = {}
    for x in range(image.width()):
        for y in range(image.height()):
            name = image.pixelColor(x, y).name().upper()
            found[name] = found.get(name, 0) + 1
    return found


def inked(image: QImage) -> list[int]:
    """Give the columns of pixels that are not background, hairline left out."""
    background = image.pixelColor(0, 0)
    return [
        x
        for x in range(image.width())
        if any(image.pixelColor(x, y) != background for y in range(image.height() - 1))
    ]


@pytest.fixture(autouse=True)
def _light(qapp: QApplication) -> None:
    apply_theme(qapp, Scheme.LIGHT)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("text", ["Yes", "", None, "x" * 10_000, "a\nb\tc", "<b>bold</b>"])
def test_every_kind_of_cell_paints_something_for_every_text(
    qtbot: QtBot, kind: CellKind, text: str | None
) -> None:
    chips = ((text, "#3B6FE0"),) if text else ()

    assert inked(one_cell(qtbot, kind, text, chips))


def test_numbers_stand_at_the_right_and_text_at_the_left(qtbot: QtBot) -> None:
    number = inked(one_cell(qtbot, CellKind.NUMBER, "1,234"))
    text = inked(one_cell(qtbot, CellKind.TEXT, "1,234"))

    assert min(number) > 200
    assert max(text) < 100


def test_a_link_has_the_accent_colour(qtbot: QtBot) -> None:
    link = colors(one_cell(qtbot, CellKind.LINK, "IIIIIIIIHHHHHH"))
    text = colors(one_cell(qtbot, CellKind.TEXT, "IIIIIIIIHHHHHH"))

    assert theme().accent in link
    assert theme().accent not in text


def test_a_value_that_is_empty_looks_different_from_one_that_has_not_arrived(
    qtbot: QtBot,
) -> None:
    empty = inked(one_cell(qtbot, CellKind.TEXT, ""))
    missing = inked(one_cell(qtbot, CellKind.TEXT, None))

    assert len(empty) < 20
    assert len(missing) > 60


def test_chips_that_do_not_fit_are_counted(qtbot: QtBot) -> None:
    options = tuple((f"Option number {number}", "#3B6FE0") for number in range(10))

    some = one_cell(qtbot, CellKind.CHOICE, "", options)

    assert max(inked(some)) < 300
    assert one_cell(qtbot, CellKind.CHOICE, "", options[:9]) != some  # +8 is not +9


def test_a_checked_box_is_filled_with_the_accent(qtbot: QtBot) -> None:
    assert colors(one_cell(qtbot, CellKind.CHECK, "Yes"))[theme().accent] > 50
    assert theme().accent not in colors(one_cell(qtbot, CellKind.CHECK, "No"))


def test_a_column_of_text_asks_the_model_once_per_cell(qtbot: QtBot) -> None:
    model = Cells([["a", "b"]] * 5, [CellKind.TEXT, CellKind.NUMBER])
    view = shown(qtbot, model)
    model.asked.clear()

    view.viewport().grab()

    assert model.asked == [int(Qt.ItemDataRole.DisplayRole)] * 10


def test_selected_rows_are_tinted_and_barred_and_the_current_cell_is_ringed(qtbot: QtBot) -> None:
    view = shown(qtbot, Cells([["a", "b"], ["c", "d"]], [CellKind.TEXT] * 2))
    view.activateWindow()
    view.setFocus()
    view.setCurrentIndex(view.model().index(0, 0))
    qtbot.waitUntil(view.hasFocus)

    image = view.viewport().grab(view.visualRect(view.model().index(0, 0))).toImage()
    other = view.viewport().grab(view.visualRect(view.model().index(1, 0))).toImage()

    assert colors(image)[theme().selection] > 500
    assert colors(image)[theme().accent] > 2 * image.width()
    assert theme().selection not in colors(other)


def test_a_refused_cell_is_outlined_and_its_row_marked(qtbot: QtBot) -> None:
    view = shown(qtbot, Cells([["a", "b"]], [CellKind.TEXT] * 2), has_gutter=True)

    view.set_marks({(0, 0): Mark.SAVED, (0, 1): Mark.REFUSED})

    cell = view.viewport().grab(view.visualRect(view.model().index(0, 1))).toImage()
    assert colors(cell)[theme().danger] > cell.width()
    assert view.gutter.marks == {0: Mark.REFUSED}
    assert theme().danger in colors(view.gutter.grab().toImage())


def test_the_grid_takes_the_colours_of_a_new_theme(qapp: QApplication, qtbot: QtBot) -> None:
    view = shown(qtbot, Cells([["a"]], [CellKind.LINK]))
    light = view.grab().toImage()

    apply_theme(qapp, Scheme.DARK)

    dark = view.grab().toImage()
    middle = (light.width() // 2, light.height() // 2)
    assert light.pixelColor(*middle).lightness() > 200
    assert dark.pixelColor(*middle).lightness() < 60
    apply_theme(qapp, Scheme.LIGHT)


def grid_of(qtbot: QtBot, rows: int = 20, columns: int = 5) -> GridView:
    cells = [[f"{row}.{column}" for column in range(columns)] for row in range(rows)]
    model = Cells(cells, [CellKind.TEXT] * columns)
    QAbstractItemModelTester(model, QAbstractItemModelTester.FailureReportingMode.Fatal, model)
    view = shown(qtbot, model)
    view.setCurrentIndex(model.index(3, 2))
    return view


@pytest.mark.parametrize(
    ("key", "held", "row", "column"),
    [
        (Qt.Key.Key_Home, ALONE, 3, 0),
        (Qt.Key.Key_End, ALONE, 3, 4),
        (Qt.Key.Key_Home, CTRL, 0, 0),
        (Qt.Key.Key_End, CTRL, 19, 4),
        (Qt.Key.Key_Up, CTRL, 0, 2),
        (Qt.Key.Key_Down, CTRL, 19, 2),
        (Qt.Key.Key_Left, CTRL, 3, 0),
        (Qt.Key.Key_Right, CTRL, 3, 4),
        (Qt.Key.Key_Down, ALONE, 4, 2),
    ],
)
def test_keys_lead_to_the_ends_of_the_data(
    qtbot: QtBot, key: Qt.Key, held: Qt.KeyboardModifier, row: int, column: int
) -> None:
    view = grid_of(qtbot)

    qtbot.keyClick(view, key, held)

    current = view.currentIndex()
    assert (current.row(), current.column()) == (row, column)
    assert view.selected_rows() == [row]


def test_shift_extends_the_selection_to_the_end_of_the_data(qtbot: QtBot) -> None:
    view = grid_of(qtbot)
    held = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier

    qtbot.keyClick(view, Qt.Key.Key_Up, held)

    assert view.selected_rows() == [0, 1, 2, 3]


def test_keys_pass_over_hidden_and_follow_moved_columns(qtbot: QtBot) -> None:
    view = grid_of(qtbot)
    view.setColumnHidden(4, True)
    view.horizontalHeader().moveSection(0, 3)

    qtbot.keyClick(view, Qt.Key.Key_End)
    assert view.currentIndex().column() == 0
    qtbot.keyClick(view, Qt.Key.Key_Home)
    assert view.currentIndex().column() == 1


def test_enter_activates_the_current_row(qtbot: QtBot) -> None:
    view = grid_of(qtbot)

    with qtbot.waitSignal(view.activated) as activated:
        qtbot.keyClick(view, Qt.Key.Key_Return)

    assert activated.args is not None
    assert activated.args[0].row() == 3
    assert view.current_id() == "rec_3"


def test_copying_gives_what_is_selected_as_lines_with_tabs_in_the_order_shown(
    qtbot: QtBot,
) -> None:
    view = shown(qtbot, Cells([["a", "b\nc", "d"], ["e", 'f"', "g"]], [CellKind.TEXT] * 3))
    view.horizontalHeader().moveSection(2, 0)
    view.setColumnHidden(0, True)
    view.selectAll()

    qtbot.keyClick(view, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)

    assert QGuiApplication.clipboard().text() == 'd\t"b\nc"\ng\tf"'


def test_copying_cells_apart_leaves_the_gaps_between_them_empty(qtbot: QtBot) -> None:
    view = grid_of(qtbot)
    view.clearSelection()
    for row, column in ((0, 0), (1, 1)):
        index = view.model().index(row, column)
        view.selectionModel().select(index, QItemSelectionModel.SelectionFlag.Select)

    view.copy_selection()

    assert QGuiApplication.clipboard().text() == "0.0\t\n\t1.1"


def test_copying_rows_that_have_not_arrived_is_refused(qtbot: QtBot) -> None:
    view = shown(qtbot, Cells([["a"], [None]], [CellKind.TEXT]))
    QGuiApplication.clipboard().setText("as it was")
    view.selectAll()

    with qtbot.waitSignal(view.refused) as refused:
        view.copy_selection()

    assert refused.args is not None
    assert "not arrived" in str(refused.args[0])
    assert QGuiApplication.clipboard().text() == "as it was"


def test_a_grid_without_rows_says_so_and_offers_what_to_do(qtbot: QtBot) -> None:
    view, asked = shown(qtbot, Cells([], [CellKind.TEXT])), list[bool]()
    view.set_empty_state("No deals yet.", action="New deal", on_action=lambda: asked.append(True))

    empty = view._empty
    assert empty is not None
    assert empty.isVisible()
    qtbot.mouseClick(empty.button, Qt.MouseButton.LeftButton)

    assert asked == [True]
    view.setModel(Cells([["a"]], [CellKind.TEXT]))
    assert not empty.isVisible()


def test_a_grid_that_is_loading_shows_bars_and_never_says_that_it_is_empty(qtbot: QtBot) -> None:
    view = shown(qtbot, Cells([], [CellKind.TEXT]))
    view.set_empty_state("No deals yet.")
    still = view.viewport().grab().toImage()

    view.set_loading(True)
    assert view._empty is not None
    assert not view._empty.isVisible()
    qtbot.waitUntil(lambda: view._shows_bars)
    assert view.viewport().grab().toImage() != still

    view.set_loading(False)
    assert view._empty.isVisible()


def test_density_changes_the_height_of_rows(qtbot: QtBot) -> None:
    view = grid_of(qtbot)

    view.set_density(Density.COMPACT)

    assert view.rowHeight(0) == row_height(Density.COMPACT) < row_height()


def test_a_cut_text_is_told_whole_and_never_as_markup(qtbot: QtBot) -> None:
    view = shown(qtbot, Cells([["<img src=x> " + "long " * 100]], [CellKind.TEXT]))
    view.setColumnWidth(0, 100)
    view.horizontalHeader().setStretchLastSection(False)
    option = QStyleOptionViewItem()
    index = view.model().index(0, 0)
    option.rect = view.visualRect(index)
    event = QHelpEvent(QHelpEvent.Type.ToolTip, QPoint(5, 5), view.mapToGlobal(QPoint(5, 5)))

    assert view.delegate.helpEvent(event, view, option, index)

    assert "&lt;img" in QToolTip.text()
    assert plain_tip("<b>") == '<p style="white-space:pre-wrap">&lt;b&gt;</p>'
    QToolTip.hideText()


def test_the_enter_that_ends_an_edit_opens_nothing(qtbot: QtBot) -> None:
    view = GridView()
    qtbot.addWidget(view)
    model = QStandardItemModel(1, 1, view)
    view.setModel(model)
    view.show()
    opened: list[QModelIndex] = []
    view.activated.connect(opened.append)
    view.edit(model.index(0, 0))
    (editor,) = view.viewport().findChildren(QLineEdit)

    qtbot.keyClicks(editor, "Lyra")
    qtbot.keyClick(editor, Qt.Key.Key_Return)

    qtbot.waitUntil(lambda: model.index(0, 0).data() == "Lyra")
    assert opened == []
    qtbot.keyClick(view, Qt.Key.Key_Return)
    assert len(opened) == 1

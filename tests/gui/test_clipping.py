"""Nothing is cut off: at 100, 150 and 200 % of a usual screen, and with larger letters."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QEvent, QSize, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QDialog,
    QLabel,
    QToolButton,
    QWidget,
)
from pytestqt.qtbot import QtBot

from crm_desktop.gui.main_window import MainWindow
from crm_desktop.gui.pages.records import RecordsPage
from crm_desktop.gui.routes import ROUTES, kind_of
from crm_desktop.gui.tasks import Tasks
from crm_desktop.gui.theme import Appearance, Scheme, apply_theme
from crm_desktop.gui.widgets.elided_label import ElidedLabel
from tests.gui.asking import open_dialog
from tests.gui.dialogs import DIALOGS, opened_by
from tests.gui.windows import make_window, wait_until_idle
from tests.make import Make

# What a window has of a screen of 1920 x 1080, in the units of Qt.
SIZES = {"100 %": QSize(1920, 1010), "150 %": QSize(1280, 670), "200 %": QSize(960, 520)}
LARGER = 1.2
FRAME = 2  # lines around a text, which may give way before any letter does


def clipped(root: QWidget) -> list[str]:
    """Return the texts that do not fit where they stand, or are cut off at a side."""
    return [
        f"“{_text_of(widget)}” {lack}"
        for widget in root.findChildren(QWidget)
        if widget.isVisible() and _text_of(widget) and (lack := _lack_of(widget))
    ]


def _lack_of(widget: QWidget) -> str:
    """Say what of a text cannot be seen; what was scrolled out upwards or downwards can be."""
    seen = widget.visibleRegion().boundingRect()
    width, height = _needed(widget)
    if seen.isEmpty():
        return ""
    if widget.width() < width - FRAME or widget.height() < height - FRAME:
        return f"has {widget.width()} x {widget.height()} of {width} x {height}"
    return f"shows {seen.width()} of {widget.width()}" if seen.width() < widget.width() else ""


def _text_of(widget: QWidget) -> str:
    if isinstance(widget, QToolButton):
        has_text = widget.toolButtonStyle() != Qt.ToolButtonStyle.ToolButtonIconOnly
        return widget.text() if has_text else ""
    is_text = isinstance(widget, QAbstractButton | QLabel) and not isinstance(widget, ElidedLabel)
    return str(widget.property("text")) if is_text else ""


def _needed(widget: QWidget) -> tuple[int, int]:
    if isinstance(widget, QLabel) and widget.wordWrap():
        return 0, widget.heightForWidth(widget.width())
    least = widget.minimumSizeHint() if isinstance(widget, QLabel) else widget.sizeHint()
    return least.width(), least.height()


@pytest.fixture
def appearance(qapp: QApplication) -> Iterator[Appearance]:
    """Give the program's look, with letters of the usual size again afterwards."""
    appearance = apply_theme(qapp, Scheme.LIGHT)
    font = qapp.font()
    yield appearance
    qapp.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)  # fonts reach closed windows too
    qapp.setFont(font)
    appearance.refresh()


def use_larger_letters(appearance: Appearance) -> None:
    font = QApplication.font()
    font.setPointSizeF(font.pointSizeF() * LARGER)
    QApplication.setFont(font)
    appearance.refresh()


@pytest.fixture
def addresses(make: Make) -> list[str]:
    """Make what there is a page for; return the address of a page of every kind."""
    account = make.object("account", fields=["name"])
    for name in ("text", "date", "number", "select", "reference", "textarea"):
        make.field(f"a_{name}", name, label=f"Label of a {name}")
    deal = make.object("deal", ["a_text", "a_date", "a_number", "a_select", "a_reference"])
    record = make.record(deal, {"fld_a_text": "Orion"})
    for other, type_ in ((account, "N:N"), (deal, "1:N")):
        relationship = make.relationship(deal, other, type_)
        make.link(relationship, record, make.record(other, {"fld_a_text": "Lyra"}))
    ids = {"records": deal, "record": record, "layout": deal}
    ids |= {"new-record": deal, "duplicate": record, "recgraph": record}
    return [f"{kind}:{ids[kind]}" if ROUTES[kind].takes_id else kind for kind in ROUTES]


def lacks(
    qtbot: QtBot, window: MainWindow, addresses: list[str], sizes: dict[str, QSize]
) -> list[str]:
    """Open each page at each size; return what does not fit."""
    found = []
    for address in addresses:
        window.open(address)
        wait_until_idle(qtbot, window.tasks)
        for scale, size in sizes.items():
            window.resize(size)
            QApplication.processEvents()
            wait_until_idle(qtbot, window.tasks)
            least = window.minimumSizeHint()
            cut = clipped(window)
            if window.size() != size:
                cut.append(f"the window needs {least.width()} x {least.height()}")
            found += [f"{kind_of(address)} at {scale}: {each}" for each in cut]
    for frame in list(window.tabs.frames):
        window.tabs.discard(frame)  # a duplicate is unsaved from the beginning
    return found


def test_no_page_is_cut_off_at_the_scales_of_usual_screens(
    qtbot: QtBot, tasks: Tasks, home: Path, appearance: Appearance, addresses: list[str],
) -> None:  # fmt: skip
    window = make_window(qtbot, tasks, home)
    window.show_pages()
    found = lacks(qtbot, window, addresses, SIZES)
    use_larger_letters(appearance)
    found += lacks(qtbot, window, addresses, {"150 %, larger letters": SIZES["150 %"]})
    assert not found, "\n".join(found)


def test_every_dialog_fits_a_small_screen_with_nothing_cut_off(
    qtbot: QtBot, tasks: Tasks, appearance: Appearance
) -> None:
    dialogs = {name: make_dialog(tasks) for name, make_dialog in DIALOGS.items()}
    found = []
    for name, dialog in dialogs.items():
        qtbot.addWidget(dialog, before_close_func=lambda each: each.done(0))
        dialog.show()
        wait_until_idle(qtbot, tasks)
        found += [f"{name}: {each}" for each in lacks_of_dialog(dialog)]
        dialog.done(QDialog.DialogCode.Rejected)
    assert not found, "\n".join(found)


def lacks_of_dialog(dialog: QDialog) -> list[str]:
    """Make the dialog no larger than the smallest screen; return what does not fit."""
    room = SIZES["200 %"]
    dialog.resize(dialog.size().boundedTo(room))
    QApplication.processEvents()
    size = dialog.size()
    too_large = size.boundedTo(room) != size
    cut = [f"it needs {size.width()} x {size.height()}"] if too_large else []
    return cut + clipped(dialog)


def test_what_opens_over_a_list_fits_a_small_screen(
    qtbot: QtBot, tasks: Tasks, home: Path, appearance: Appearance, addresses: list[str],
) -> None:  # fmt: skip
    window = make_window(qtbot, tasks, home)
    window.open(next(each for each in addresses if kind_of(each) == "records"))
    wait_until_idle(qtbot, tasks)
    page = window.current_page
    assert isinstance(page, RecordsPage)
    page.grid.selectAll()
    QGuiApplication.clipboard().setText("a\tb\nc\td")
    found = []
    for open_it, kind in opened_by(page):
        open_it()
        dialog = open_dialog(qtbot, kind)
        wait_until_idle(qtbot, tasks)
        found += [f"{kind.__name__}: {each}" for each in lacks_of_dialog(dialog)]
        dialog.done(QDialog.DialogCode.Rejected)
    assert not found, "\n".join(found)

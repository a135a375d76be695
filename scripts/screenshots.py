"""`make screenshots`: a picture of every page and main dialog, light and dark, in docs/images.

It also writes docs/keyboard.md, which lists the keys of these pages.

Takes the real window through a first start in a temporary home: the start page, then the sample
workspace. Nothing is left behind but the pictures.
"""

import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, chdir, contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

if sys.platform.startswith("linux"):
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.update(LC_ALL="en_US.UTF-8", TZ="UTC")  # the same numbers and dates on every computer

from PySide6.QtCore import QCoreApplication, QEventLoop, QPoint, QSettings, QSize, QTimer
from PySide6.QtGui import QColor, QGuiApplication, QPainter, QPen, QPixmap
from PySide6.QtWidgets import QApplication, QDialog, QLineEdit, QWidget

from crm_desktop.gui.main_window import MainWindow
from crm_desktop.gui.pictures import QUIET
from crm_desktop.gui.startup import Source, Startup
from crm_desktop.gui.tasks import Tasks
from crm_desktop.gui.theme import Appearance, Scheme, apply_theme, theme
from crm_desktop.gui.widgets.grid import GridView
from crm_desktop.opening import DatabaseOpener
from scripts.keyboard_page import keyboard_page, pages_of, read_sections
from scripts.list_screenshots import take_lists

if TYPE_CHECKING:
    from crm_desktop.gui.pages.definitions_page import DefinitionsPage
    from crm_desktop.gui.pages.record import RecordPage
    from crm_desktop.gui.pages.records import RecordsPage

FOLDER = Path(__file__).parents[1] / "docs" / "images"
SIZE = QSize(1440, 900)
SCHEMES = (Scheme.LIGHT, Scheme.DARK)
CSV = """\
Full name,Job title,E-mail,Newsletter,Languages,Seen at
Amelia Novak,Head of purchasing,amelia.novak@example.com,yes,English,14/03/2025
Jonas Lindqvist,Plant manager,jonas.lindqvist@example.com,no,German,02/04/2025
Clara Okafor,IT lead,clara.okafor@example.com,yes,French,28/02/2025
Mateusz Kowal,Buyer,mateusz.kowal@example.com,yes,Polish,19/01/2025
"""


class Photographer:
    """One window, and the pictures that are taken of it."""

    def __init__(self, window: MainWindow, appearance: Appearance, folder: Path) -> None:
        self.window, self._appearance, self._folder = window, appearance, folder

    def wait(self) -> None:
        """Return when nothing has been under way for a moment."""
        loop, quiet = QEventLoop(), QTimer(interval=QUIET, singleShot=True)
        quiet.timeout.connect(loop.quit)

        def follow(is_busy: bool) -> None:  # noqa: FBT001 - a signal's
            if is_busy:
                quiet.stop()
            else:
                quiet.start()

        self.window.tasks.busy_changed.connect(follow)
        follow(self.window.tasks.is_busy)
        loop.exec()
        self.window.tasks.busy_changed.disconnect(follow)

    def take(self, name: str) -> None:
        """Save `name-light.png` and `name-dark.png` of what the window shows now."""
        for scheme in SCHEMES:
            self._appearance.set_scheme(scheme)
            self.wait()
            file = self._folder / f"{name}-{scheme.value}.png"
            if not self._picture().save(str(file)):
                raise OSError(f"{file} could not be written")
            sys.stdout.write(f"{file.relative_to(FOLDER.parents[1])}\n")

    def take_page(self, name: str, address: str) -> None:
        self.window.open(address)
        self.wait()
        self.take(name)

    def take_dialog(self, name: str, ask: Callable[[], object]) -> None:
        """Take the dialog that `ask` opens, over the window, and close it again."""
        ask()
        self.wait()
        self.take(name)
        for dialog in self._dialogs():
            dialog.done(QDialog.DialogCode.Rejected)  # `close` may ask about what was typed
        self.window.activateWindow()  # there is no desktop that would do it
        self.wait()

    def type(self, text: str) -> None:
        """Type into the control that has the keyboard."""
        line = QApplication.focusWidget()
        if not isinstance(line, QLineEdit):
            raise TypeError(line)
        line.insert(text)
        line.textEdited.emit(line.text())

    def _dialogs(self) -> list[QDialog]:
        widgets = QApplication.topLevelWidgets()
        return [each for each in widgets if isinstance(each, QDialog) and each.isVisible()]

    def _picture(self) -> QPixmap:
        """Return the window's picture with the dialog drawn in its middle, as desktops do."""
        picture = self.window.grab()
        painter = QPainter(picture)
        for dialog in self._dialogs():
            _draw_dialog(painter, picture, dialog)
        painter.end()
        return picture


def _draw_dialog(painter: QPainter, picture: QPixmap, dialog: QDialog) -> None:
    shown = dialog.grab()
    size = shown.deviceIndependentSize().toSize()
    room = picture.deviceIndependentSize().toSize() - size
    place = QPoint(room.width() // 2, room.height() // 2)
    painter.setPen(QPen(QColor(theme().border_strong), 2))
    painter.fillRect(picture.rect(), QColor(0, 0, 0, 70))
    painter.drawRect(place.x(), place.y(), size.width(), size.height())
    painter.drawPixmap(place, shown)


@contextmanager
def _temporary_folder() -> Iterator[Path]:
    """Give a folder that the server's account can pass through also where we are root."""
    folder = Path(tempfile.mkdtemp(prefix="crm-screenshots-")).resolve()
    folder.chmod(0o711)
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


def main() -> int:
    FOLDER.mkdir(parents=True, exist_ok=True)
    with ExitStack() as on_exit:
        folder = on_exit.enter_context(_temporary_folder())
        photographer, startup = _window(folder / "home", on_exit)
        _take_start(photographer, startup)
        _write_keyboard_page(photographer)
        _take_pages(photographer)
        _take_layout(photographer)
        _take_dialogs(photographer, folder)
        _open_records(photographer, "Deals")
        take_lists(photographer, cast("RecordsPage", photographer.window.current_page))
    return 0


def _write_keyboard_page(photographer: Photographer) -> None:
    """Read the keys while nothing was edited that Undo would name, then leave the first tab."""
    window = photographer.window
    deals = _open_records(photographer, "Deals")
    pages = pages_of(_object_id(window, "Deals"), str(deals.current_id()))
    text = keyboard_page(read_sections(window, pages, photographer.wait))
    (FOLDER.parent / "keyboard.md").write_text(text, encoding="utf-8")
    _leave_first_tab(window)


def _leave_first_tab(window: MainWindow) -> None:
    for frame in window.tabs.frames[1:]:
        window.tabs.discard(frame)


def _window(home: Path, on_exit: ExitStack) -> tuple[Photographer, Startup]:
    """Build what `crm_desktop.app` builds, without log and signals."""
    app = QApplication([])
    app.setApplicationName("CRM Desktop")
    app.setCursorFlashTime(0)
    opener = DatabaseOpener(home)
    on_exit.callback(opener.close)
    tasks = Tasks()
    on_exit.callback(tasks.close)
    appearance = apply_theme(app, Scheme.LIGHT)
    home.mkdir()
    settings = QSettings(str(home / "window.ini"), QSettings.Format.IniFormat)
    window = MainWindow(tasks, settings)
    on_exit.callback(_delete, window)
    window.resize(SIZE)
    window.show()
    window.activateWindow()
    return Photographer(window, appearance, FOLDER), Startup(window, opener, Source())


def _delete(window: QWidget) -> None:
    window.close()
    window.deleteLater()
    QCoreApplication.processEvents()


def _take_start(photographer: Photographer, startup: Startup) -> None:
    startup.begin()
    _wait_for(startup)
    photographer.wait()
    photographer.take("start")
    photographer.window.start_page.sample_requested.emit()
    _wait_for(startup)
    photographer.wait()


def _wait_for(startup: Startup) -> None:
    loop = QEventLoop()
    startup.finished.connect(loop.quit)
    loop.exec()
    startup.finished.disconnect(loop.quit)


def _take_pages(photographer: Photographer) -> None:
    window = photographer.window
    for address in ("objects", "fields", "relationships", "applications", "users"):
        photographer.take_page(address, address)
    photographer.take_page("schema-graph", "graph")
    _leave_first_tab(window)
    companies = _open_records(photographer, "Companies")
    companies.setCurrentIndex(companies.model().index(2, 0))
    company = f"record:{companies.current_id()}"
    deals = _open_records(photographer, "Deals")
    deals.setCurrentIndex(deals.model().index(3, 0))
    photographer.wait()
    photographer.take("records")
    photographer.take_page("record", company)
    record = cast("RecordPage", window.current_page)
    photographer.take_dialog("impact", record.show_impact)
    photographer.take_dialog("link-picker", partial(_pick_links, record))
    photographer.take_page("record-graph", company.replace("record:", "recgraph:"))
    window.open(company)
    photographer.wait()
    _take_conflict(photographer)


def _pick_links(page: "RecordPage") -> None:
    linked = max(page.related.lists, key=lambda each: each.side.label == "Deals")
    page.related.actions_of_links.link_to(linked)


def _take_conflict(photographer: Photographer) -> None:
    """Take what is asked when somebody else changed the fields that are edited here."""
    from crm_desktop.services import records

    page = cast("RecordPage", photographer.window.current_page)
    cells = {cell.field.label: cell for cell in page.panel.form.cells.values()}
    versions = {
        "Company name": ("Vale Foods Group", "Vale Foods AG"),
        "Phone": ("+49 30 2058400", "+41 61 2058470"),
        "Industry": ("retail", "transport"),
    }
    theirs = {}
    for label, (mine, other) in versions.items():
        cell = cells[label]
        theirs[cell.field.id] = records.Edit(cell.original, other)
        cell.editor.show_value(mine)
        cell.editor.edited.emit()
    update = partial(records.update_record, record_id=page.record_id, edits=theirs)
    photographer.window.tasks.write(page, update)
    photographer.wait()
    page.save()
    photographer.wait()
    photographer.take_dialog("conflict", page.panel.form.compare_requested.emit)
    page.drop_unsaved()


def _open_records(photographer: Photographer, title: str) -> GridView:
    window = photographer.window
    window.open(f"records:{_object_id(window, title)}")
    photographer.wait()
    return cast("GridView", vars(window.current_page)["grid"])


def _object_id(window: MainWindow, title: str) -> str:
    entries = [entry for group in window.navigation.groups for entry in group.objects]
    return next(entry.id for entry in entries if entry.title == title)


def _take_layout(photographer: Photographer) -> None:
    from scripts.layout_pictures import take_layout

    take_layout(photographer, _object_id(photographer.window, "Deals"), FOLDER / "layout-drag.gif")


def _take_dialogs(photographer: Photographer, folder: Path) -> None:
    from crm_desktop.gui.dialogs.import_dialog import ImportDialog

    window = photographer.window
    window.open_palette()
    window.command_palette.line.setText("con")
    photographer.wait()
    photographer.take("palette")
    window.command_palette.close_palette()
    for name, address, title in (
        ("field-dialog", "fields", "Stage"),
        ("object-dialog", "objects", "Deal"),
    ):
        window.open(address)
        photographer.wait()
        page = cast("DefinitionsPage[Any]", window.current_page)
        _choose(page.grid, title)
        photographer.take_dialog(name, page.edit_current)
    _take_bulk_edit(photographer)
    _take_many_cells(photographer)
    file = folder / "Visitors at the fair.csv"
    file.write_text(CSV, encoding="utf-8")
    _open_records(photographer, "Contacts")
    dialog = ImportDialog(window.tasks, _object_id(window, "Contacts"), window)
    dialog.open()
    photographer.wait()
    with chdir(folder):  # the picture shows the path, which is another one at each run
        dialog.set_file(file.name)
        photographer.take_dialog("import-dialog", dialog.show)


def _take_bulk_edit(photographer: Photographer) -> None:
    """Take the form with mixed values, then what the check says."""
    from crm_desktop.gui.dialogs.bulk_edit_dialog import BulkEditDialog

    window = photographer.window
    _open_records(photographer, "Deals").selectAll()
    vars(window.current_page)["bulk"].edit()
    photographer.wait()
    (dialog,) = window.findChildren(BulkEditDialog)
    fields = {each.field.label: each for each in dialog.form.fields.values()}
    amount = fields["Amount"]
    amount.doing.setCurrentText("Increase by %")
    amount.doing.activated.emit(amount.doing.currentIndex())
    amount.current_control().setFocus()
    photographer.type("4")
    photographer.take("bulk-edit")
    dialog.check.click()
    photographer.wait()
    photographer.take("bulk-edit-checked")
    dialog.show_form()
    amount.reset()
    dialog.reject()
    photographer.wait()


def _take_many_cells(photographer: Photographer) -> None:
    """Take what is asked before a paste, and what find and replace shows before it replaces."""
    deals = _open_records(photographer, "Deals")
    page = cast("RecordsPage", photographer.window.current_page)
    model = deals.model()
    lines = [f"Retrofit {n}\t{'Won' if n % 9 else 'Sold'}\t{n * 1250.5}" for n in range(1, 61)]
    QGuiApplication.clipboard().setText("\n".join(lines))
    deals.setCurrentIndex(model.index(model.rowCount() - 48, 0))
    photographer.wait()
    photographer.take_dialog("paste-dialog", page.clipboard.paste)
    deals.setCurrentIndex(model.index(0, 0))
    photographer.wait()
    page.finding.open_dialog()
    form = page.finding.dialog.form
    form.text.setText("retrofit")
    form.replacement.setText("modernisation")
    photographer.take_dialog("find-and-replace", page.finding.dialog.count)


def _choose(grid: GridView, title: str) -> None:
    """Make the row current whose first cell says so."""
    model = grid.model()
    rows = range(model.rowCount())
    row = next(row for row in rows if model.index(row, 0).data() == title)
    grid.setCurrentIndex(model.index(row, 0))


if __name__ == "__main__":
    sys.exit(main())

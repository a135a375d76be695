"""Composition root: builds everything once, in order, and takes it down in reverse."""

from __future__ import annotations

import argparse
import gc
import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from crm_desktop import __version__
from crm_desktop.db.profiles import home_folder
from crm_desktop.domain.errors import Invalid
from crm_desktop.domain.record_links import is_link, record_of_link
from crm_desktop.domain.second_start import Wish, is_table, path_of

if TYPE_CHECKING:
    from PySide6.QtWidgets import QApplication

    from crm_desktop.db.draft_files import DraftFile
    from crm_desktop.domain.drafts import Draft
    from crm_desktop.gui.drafts import Drafts
    from crm_desktop.gui.main_window import MainWindow
    from crm_desktop.gui.second_start import SecondStarts
    from crm_desktop.gui.startup import Source, Startup
    from crm_desktop.gui.tasks import Tasks
    from crm_desktop.opening import DatabaseOpener

LOG_BYTES, LOG_FILES = 1_000_000, 3
WINDOW_LOCK, STARTING = "window.lock", 15.0  # seconds that a window may take to open its database
NO_DISPLAY = (
    "There is no display here. Start CRM Desktop in a desktop session, use `make run`, which "
    "brings a virtual display, or use the commands of crm-desktop (see crm-desktop --help)."
)

_log = logging.getLogger("crm_desktop")


def main(argv: Sequence[str] | None = None) -> int:
    """Run the program until its window closes; return the exit status.

    `argv` is without the program's name; None takes the command line's.
    """
    gc.disable()  # a quicker start; from then on `GarbageTimer` collects, on the GUI thread
    options = _options(argv)
    home = home_folder()
    try:
        wishes = [_wish(text) for text in options.given]
        if _is_taken(wishes, options, home):
            return 0
    except Invalid as refusal:
        sys.stderr.write(f"{refusal}\n")
        return 2
    if _has_no_display():
        sys.stderr.write(f"{NO_DISPLAY}\n")
        return 2
    with ExitStack() as on_exit:
        return _run(options, wishes, home, on_exit)


def _options(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="crm-desktop", description="Open the window.")
    parser.add_argument(
        "--database",
        metavar="URL",
        default=os.environ.get("CRM_DESKTOP_DATABASE", ""),
        help="a PostgreSQL database, postgresql://…, instead of the local workspace",
    )
    parser.add_argument(
        "--sample", action="store_true", help="load the sample data if the workspace is empty"
    )
    parser.add_argument(
        "--screenshot",
        metavar="FILE",
        type=Path,
        help="save a picture of the window once its first page is loaded, then quit",
    )
    parser.add_argument("--open", metavar="ADDRESS", default="", help="a page to show first")
    parser.add_argument(
        "--new-window",
        action="store_true",
        help="open a window of its own where one runs already",
    )
    parser.add_argument(
        "given",
        nargs="*",
        metavar="LINK|FILE",
        help="a permanent link, crm-desktop://record/rec_…, or a CSV file to import",
    )
    parser.add_argument("--version", action="version", version=f"CRM Desktop {__version__}")
    return parser.parse_args(argv)


def _wish(text: str) -> Wish:
    """Read a link or a file of the command line. Raises Invalid for anything else."""
    if is_link(text) or not is_table(text):
        return Wish(record_of_link(text))
    path = Path(path_of(text)).absolute()
    if not path.is_file():
        raise Invalid({"file": f"There is no file {path}."})
    return Wish(file=str(path))


def _is_taken(wishes: Sequence[Wish], options: argparse.Namespace, home: Path) -> bool:
    """Let the window that runs already do what is wished, or just come forward."""
    has_own_window = options.database or options.open or options.screenshot or options.sample
    if has_own_window or options.new_window:
        return False
    return all(_is_handed_over(home, wish) for wish in wishes or [Wish()])


def _is_handed_over(home: Path, wish: Wish) -> bool:
    """Ask the window of this home, which may still be starting, to do it."""
    deadline = time.monotonic() + STARTING
    while _has_window(home) and time.monotonic() < deadline:
        from crm_desktop.gui.link_server import Answer, hand_over, server_name

        answer = hand_over(server_name(home), wish)
        if answer is not Answer.NOBODY:
            return answer is Answer.TAKEN
        time.sleep(0.1)
    return False


def _has_window(home: Path) -> bool:
    """Say so without Qt, which a first start loads later: a window holds a lock."""
    from crm_desktop.db.locks import try_lock

    try:
        lock = try_lock(home / WINDOW_LOCK)
    except OSError:
        return False
    if lock is not None:
        lock.release()
    return lock is None


def _has_no_display() -> bool:
    named = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
    return sys.platform.startswith("linux") and not any(os.environ.get(name) for name in named)


def _open_log(home: Path, on_exit: ExitStack) -> None:
    """Write the log into the home folder; where that cannot be written, the start says so."""
    from logging.handlers import RotatingFileHandler  # not before the first paint

    logging.getLogger().setLevel(logging.INFO)
    try:
        (home / "log").mkdir(mode=0o700, parents=True, exist_ok=True)
        handler = RotatingFileHandler(
            home / "log" / "crm-desktop.log", "a", LOG_BYTES, LOG_FILES, "utf-8"
        )
    except OSError:
        return
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logging.getLogger().addHandler(handler)
    on_exit.callback(handler.close)
    on_exit.callback(logging.getLogger().removeHandler, handler)


def _run(
    options: argparse.Namespace, wishes: Sequence[Wish], home: Path, on_exit: ExitStack
) -> int:
    from PySide6.QtCore import QSettings, Qt

    from crm_desktop.gui.garbage import GarbageTimer
    from crm_desktop.gui.main_window import MainWindow
    from crm_desktop.gui.second_start import SecondStarts
    from crm_desktop.gui.startup import Source, Startup
    from crm_desktop.gui.tasks import Tasks
    from crm_desktop.gui.theme import apply_theme
    from crm_desktop.gui.window_state import WindowState
    from crm_desktop.opening import DatabaseOpener

    app = _application()
    opener = DatabaseOpener(home)
    on_exit.callback(opener.close)
    tasks = Tasks()
    drafts = _drafts(tasks, home, on_exit)
    on_exit.callback(tasks.close)
    garbage = GarbageTimer()
    on_exit.callback(garbage.stop)
    settings = QSettings(str(home / "window.ini"), QSettings.Format.IniFormat)
    on_exit.callback(settings.sync)
    appearance = apply_theme(app, WindowState(settings).scheme)
    window = MainWindow(tasks, settings, drafts)
    on_exit.callback(window.deleteLater)
    window.scheme_chosen.connect(appearance.set_scheme)
    _catch_bugs(window, on_exit)
    _listen_to_signals(app, window, on_exit)
    startup = Startup(window, opener, Source(options.database), loads_sample=options.sample)
    startup.other_database_requested.connect(_open_another_window)
    startup.finished.connect(garbage.begin)
    offer = partial(_offer_backups, window, opener, startup)
    startup.finished.connect(offer, Qt.ConnectionType.SingleShotConnection)
    starts = SecondStarts(window, startup, wishes)
    _prepare_first_page(options, app, window, startup)
    window.show()

    listen = partial(_listen_for_starts, starts, home, on_exit)
    _after_first_paint(window, partial(_begin, startup, listen, home, on_exit))
    return app.exec()


def _begin(startup: Startup, listen: Callable[[], None], home: Path, on_exit: ExitStack) -> None:
    """Open the database; further starts wait for the first page, and are answered then."""
    from PySide6.QtCore import Qt

    shown = time.monotonic()
    _open_log(home, on_exit)
    _log.info("The window was shown %.0f ms ago.", (time.monotonic() - shown) * 1000)
    if _is_first_window(home, on_exit):
        startup.settled.connect(listen, Qt.ConnectionType.SingleShotConnection)
    startup.begin()
    _show_icon()


def _application() -> QApplication:
    from PySide6.QtWidgets import QApplication

    existing = QApplication.instance()
    app = existing if isinstance(existing, QApplication) else QApplication(sys.argv[:1])
    app.setApplicationName("CRM Desktop")
    app.setApplicationVersion(__version__)
    app.setDesktopFileName("crm-desktop")
    app.lastWindowClosed.connect(app.quit)  # Qt by itself does not while answers are awaited
    return app


def _drafts(tasks: Tasks, home: Path, on_exit: ExitStack) -> Drafts:
    """Return the drafts of this program; closed after `tasks`, whose workers write them."""
    from crm_desktop.gui.drafts import Drafts

    drafts = Drafts(tasks, partial(_open_drafts, home))
    on_exit.callback(drafts.close)
    return drafts


def _open_drafts(home: Path, owner: str) -> tuple[DraftFile, tuple[Draft, ...]]:
    from crm_desktop.db.draft_files import open_drafts  # not before the first paint

    return open_drafts(home, owner)


def _prepare_first_page(
    options: argparse.Namespace, app: QApplication, window: MainWindow, startup: Startup
) -> None:
    """Open the page that was asked for, and take the picture once it is there."""
    from crm_desktop.gui.pictures import PictureTaker

    if options.open:
        startup.finished.connect(partial(window.open, options.open))
    if options.screenshot is not None:
        taker = PictureTaker(window, options.screenshot)
        startup.finished.connect(taker.begin)
        taker.taken.connect(app.quit)


def _offer_backups(window: MainWindow, opener: DatabaseOpener, startup: Startup) -> None:
    """Let the window back up and restore; after a restore the program starts again at its end."""
    from crm_desktop.gui.backups import Backups

    def restart() -> None:
        if window.close():
            opener.at_end = partial(_open_another_window, startup.source)

    Backups(window, opener, startup).restart_requested.connect(restart)


def _show_icon() -> None:
    """Give the windows their icon, for desktops that don't take it from the desktop entry."""
    from PySide6.QtGui import QGuiApplication, QIcon

    from crm_desktop.files import resources_folder

    QGuiApplication.setWindowIcon(QIcon(str(resources_folder() / "icons" / "crm-desktop.svg")))


def _is_first_window(home: Path, on_exit: ExitStack) -> bool:
    """Say whether further starts are for this window; until the program ends, if so."""
    from crm_desktop.db.locks import try_lock

    try:
        lock = try_lock(home / WINDOW_LOCK)
    except OSError:
        return False  # the start says that the home cannot be written
    if lock is not None:
        on_exit.enter_context(lock)
    return lock is not None


def _listen_for_starts(starts: SecondStarts, home: Path, on_exit: ExitStack) -> None:
    from crm_desktop.gui.link_server import LinkServer, server_name

    server = LinkServer(starts, takes=starts.takes)
    server.wished.connect(starts.fulfil)
    if server.listen(server_name(home)):
        on_exit.callback(server.close)


def _catch_bugs(window: MainWindow, on_exit: ExitStack) -> None:
    """Write what no `UserError` explains into the log, and show a report that can be copied."""
    from crm_desktop.gui.bugs import BugCatcher

    catcher = BugCatcher(window)
    before = sys.excepthook, threading.excepthook

    def restore() -> None:
        sys.excepthook, threading.excepthook = before

    sys.excepthook, threading.excepthook = catcher.take, catcher.take_from_thread
    on_exit.callback(restore)


def _listen_to_signals(app: QApplication, window: MainWindow, on_exit: ExitStack) -> None:
    """Quit in order on Ctrl+C and on a polite end; the window's timers let Python see them."""

    def quit_(*_: object) -> None:
        _log.info("Asked to quit by a signal.")
        app.exit()  # `quit` asks the windows, and one with unsaved text may say no

    app.aboutToQuit.connect(window.keep_state)  # a signal closes no window
    for number in (signal.SIGINT, signal.SIGTERM):
        on_exit.callback(signal.signal, number, signal.signal(number, quit_))


def _open_another_window(source: Source) -> None:
    """Start the program again for another database; the address travels unseen by others."""
    from PySide6.QtCore import QProcess, QProcessEnvironment

    process = QProcess()
    process.setProgram(sys.executable)
    is_frozen = getattr(sys, "frozen", False)  # then there is no interpreter to be asked
    code = "import sys; from crm_desktop.app import main; sys.exit(main())"
    process.setArguments([*([] if is_frozen else ["-c", code]), "--new-window"])
    environment = QProcessEnvironment.systemEnvironment()
    environment.insert("CRM_DESKTOP_DATABASE", source.url)
    process.setProcessEnvironment(environment)
    process.startDetached()


def _after_first_paint(window: MainWindow, then: Callable[[], None]) -> None:
    """Call `then` once the window has been seen: what it does competes with the painting."""
    from crm_desktop.gui.pictures import FirstPaint

    FirstPaint(window).painted.connect(then)

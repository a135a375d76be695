"""Composition root: builds everything once, in order, and takes it down in reverse."""

from __future__ import annotations

import argparse
import gc
import logging
import os
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from crm_desktop import __version__
from crm_desktop.db.profiles import home_folder
from crm_desktop.domain.errors import Invalid
from crm_desktop.domain.record_links import record_of_link

if TYPE_CHECKING:
    from PySide6.QtWidgets import QApplication

    from crm_desktop.db.draft_files import DraftFile
    from crm_desktop.domain.drafts import Draft
    from crm_desktop.gui.drafts import Drafts
    from crm_desktop.gui.main_window import MainWindow
    from crm_desktop.gui.startup import Source, Startup
    from crm_desktop.gui.tasks import Tasks
    from crm_desktop.opening import DatabaseOpener

LOG_BYTES, LOG_FILES = 1_000_000, 3
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
        if options.link and _is_taken(options, home):
            return 0
    except Invalid as refusal:
        sys.stderr.write(f"{refusal}\n")
        return 2
    if _has_no_display():
        sys.stderr.write(f"{NO_DISPLAY}\n")
        return 2
    with ExitStack() as on_exit:
        return _run(options, home, on_exit)


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
        "link", nargs="?", default="", help="a permanent link, crm-desktop://record/rec_…"
    )
    parser.add_argument("--version", action="version", version=f"CRM Desktop {__version__}")
    return parser.parse_args(argv)


def _is_taken(options: argparse.Namespace, home: Path) -> bool:
    """Let the window that runs already open the link, or show it first in one of our own.

    Raises Invalid for what is no link.
    """
    record_id = record_of_link(options.link)
    if not options.database:
        from crm_desktop.gui.link_server import hand_over, server_name

        if hand_over(server_name(home), options.link):
            return True
    options.open = f"record:{record_id}"
    return False


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


def _run(options: argparse.Namespace, home: Path, on_exit: ExitStack) -> int:
    from PySide6.QtCore import QSettings, Qt
    from PySide6.QtWidgets import QApplication

    from crm_desktop.gui.garbage import GarbageTimer
    from crm_desktop.gui.main_window import MainWindow
    from crm_desktop.gui.startup import Source, Startup
    from crm_desktop.gui.tasks import Tasks
    from crm_desktop.gui.theme import apply_theme
    from crm_desktop.gui.window_state import WindowState
    from crm_desktop.opening import DatabaseOpener

    existing = QApplication.instance()
    app = existing if isinstance(existing, QApplication) else QApplication(sys.argv[:1])
    app.setApplicationName("CRM Desktop")
    app.setApplicationVersion(__version__)
    app.setDesktopFileName("crm-desktop")
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
    startup.finished.connect(
        partial(_serve, window, opener, startup, home, on_exit),
        Qt.ConnectionType.SingleShotConnection,
    )
    _prepare_first_page(options, app, window, startup)
    app.lastWindowClosed.connect(app.quit)  # Qt by itself does not while answers are awaited
    window.show()

    def begin() -> None:
        _open_log(home, on_exit)
        startup.begin()

    _after_first_paint(window, begin)
    return app.exec()


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


def _serve(
    window: MainWindow, opener: DatabaseOpener, startup: Startup, home: Path, on_exit: ExitStack
) -> None:
    """Begin what waits for the first start to end: backups, and links from elsewhere."""
    _offer_backups(window, opener, startup)
    _listen_for_links(window, home, on_exit)


def _offer_backups(window: MainWindow, opener: DatabaseOpener, startup: Startup) -> None:
    """Let the window back up and restore; after a restore the program starts again at its end."""
    from crm_desktop.gui.backups import Backups

    def restart() -> None:
        if window.close():
            opener.at_end = partial(_open_another_window, startup.source)

    Backups(window, opener, startup).restart_requested.connect(restart)


def _listen_for_links(window: MainWindow, home: Path, on_exit: ExitStack) -> None:
    """Open links that are opened elsewhere; of several programs of a home the first one does."""
    from crm_desktop.db.locks import try_lock
    from crm_desktop.gui.link_server import LinkServer, server_name

    try:
        lock = try_lock(home / "window.lock")
    except OSError:
        return  # the start says that the home cannot be written
    if lock is None:
        return
    on_exit.enter_context(lock)
    server = LinkServer(window)
    server.record_wanted.connect(window.open_record)
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
    process.setArguments(["-c", "import sys; from crm_desktop.app import main; sys.exit(main())"])
    environment = QProcessEnvironment.systemEnvironment()
    environment.insert("CRM_DESKTOP_DATABASE", source.url)
    process.setProcessEnvironment(environment)
    process.startDetached()


def _after_first_paint(window: MainWindow, then: Callable[[], None]) -> None:
    """Call `then` once the window has been seen: what it does competes with the painting."""
    from crm_desktop.gui.pictures import FirstPaint

    FirstPaint(window).painted.connect(then)

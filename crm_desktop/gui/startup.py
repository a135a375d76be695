"""Brings the window from its first paint to a database: starting, asking, signing in."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Protocol

from PySide6.QtCore import QObject, QTimer, Signal

from crm_desktop.domain.errors import Cancelled, UpgradeNeeded, UserError
from crm_desktop.gui import routes
from crm_desktop.gui.main_window import FIRST_PAGE
from crm_desktop.gui.pulse import ConnectionState
from crm_desktop.gui.status_bar import Place

if TYPE_CHECKING:  # dialogs are imported when they are asked for: not before the first paint
    from pathlib import Path

    from crm_desktop.db.database import Database, WriteSession
    from crm_desktop.domain.access import Actor
    from crm_desktop.gui.dialogs.connect import ChosenConnection, SavedConnection
    from crm_desktop.gui.dialogs.sign_in import FirstUserDialog, SignInDialog
    from crm_desktop.gui.jobs import Progress
    from crm_desktop.gui.main_window import MainWindow

_log = logging.getLogger(__name__)

WORDS_AFTER = 700  # milliseconds a start may take before it says what it is doing
SETTLED_AFTER = 2000  # milliseconds that the first page may take before the rest comes all the same


@dataclass(frozen=True, slots=True)
class Source:
    """A database to open: an empty address is the local workspace."""

    url: str = ""
    kind: str = ""

    @property
    def is_local(self) -> bool:
        return not self.url


@dataclass(frozen=True, slots=True)
class Ready:
    """A database that answers and fits; `actor` is None where somebody has to sign in."""

    database: Database
    place: Place
    actor: Actor | None
    is_empty: bool
    news: Sequence[str] = ()  # sentences: what the program did at its last end
    offered: Sequence[str] = ()  # sentences: what could be added, and what it is good for
    problems: Sequence[str] = ()  # sentences: what could not be added
    address: str = ""  # of a database on a server, without a password
    has_users: bool = True  # without any, the first one is made instead of signing in


class Opener(Protocol):
    """What the composition root lends: everything that needs the database. Runs on workers."""

    def preload(self, address: str) -> None: ...

    def open(
        self, source: Source, *, extend: bool, may_upgrade: bool, tell: Callable[[str], None]
    ) -> Ready: ...

    def back_up_before_update(self, source: Source, on_progress: Progress) -> Path: ...

    def sign_in(self, ready: Ready, email: str, password: str) -> Actor: ...

    def create_first_user(self, ready: Ready, name: str, email: str, password: str) -> Actor: ...

    def load_sample(self, session: WriteSession, on_progress: Progress) -> object: ...

    def saved_connections(self) -> Sequence[SavedConnection]: ...

    def keep_connection(self, chosen: ChosenConnection) -> None: ...

    def with_password(self, url: str, password: str) -> str: ...

    def bring_back(self) -> None: ...


class Startup(QObject):
    """One start of the window; can be tried again until a database is open."""

    finished = Signal()  # the first page is shown, or what is to be decided before it
    settled = Signal()  # after that, once what the page asked for is there, or a moment later
    other_database_requested = Signal(object)  # Source: one is open here already
    _told = Signal(str)

    def __init__(
        self, window: MainWindow, opener: Opener, source: Source, *, loads_sample: bool = False
    ) -> None:
        super().__init__(window)
        self._window, self._tasks, self._opener = window, window.tasks, opener
        self._source, self._loads_sample = source, loads_sample
        self._ready: Ready | None = None
        self._words = self.tr("Starting…")
        self._is_working = self._has_extended = self._may_upgrade = self._is_settling = False
        page = window.start_page
        page.retry_requested.connect(self.begin)
        page.local_requested.connect(self._open_local)
        page.connect_requested.connect(self.ask_for_connection)
        page.sample_requested.connect(self._load_sample)
        page.empty_requested.connect(self._show_pages)
        page.backup_accepted.connect(self._back_up_first)
        page.update_accepted.connect(self._upgrade)
        page.additions_accepted.connect(self._decide_additions)
        window.connect_requested.connect(self.ask_for_connection)
        self._told.connect(self._show_words)
        window.status.reconnect_requested.connect(self._bring_back)
        self._tasks.busy_changed.connect(self._look_for_bug)
        self._tasks.busy_changed.connect(self._look_for_rest)
        self.finished.connect(self._await_rest)
        self._tasks.connection_changed.connect(self._look_for_loss)

    @property
    def source(self) -> Source:
        return self._source

    @property
    def database_name(self) -> str:
        """What people call the open database; empty before there is one."""
        return self._ready.place.database if self._ready is not None else ""

    def begin(self) -> None:
        """Open the source on a worker; the window shows its last tabs as placeholders meanwhile."""
        extend = self._source.is_local or self._wants_additions()
        self._has_extended = self._has_extended or extend
        self._is_working = True
        if self._window.tabs.frames and not self._window.start_page.isVisible():
            self._window.show_pages()
        else:
            self._window.show_start()
            self._window.start_page.show_starting(self._words)
        QTimer.singleShot(WORDS_AFTER, self, self._say_what_takes_long)
        frame = self._window.tabs.current
        preload = partial(self._opener.preload, frame.address if frame else FIRST_PAGE)
        self._tasks.compute(self, preload, self._import_page)
        call = partial(
            self._opener.open,
            self._source,
            extend=extend,
            may_upgrade=self._may_upgrade,
            tell=self._told.emit,
        )
        self._tasks.compute(self, call, self._opened, self._failed)

    def _import_page(self, _: object) -> None:
        frame = self._window.tabs.current
        routes.import_page(frame.address if frame else FIRST_PAGE)
        QTimer.singleShot(0, self, self._build_page)

    def _build_page(self) -> None:
        """Build the page while its database is still being opened: what it reads waits for that."""
        frame = self._window.tabs.current
        if frame is not None and self._is_working and self._source.is_local:
            frame.ensure_page(is_early=True)

    def ask_for_connection(self) -> None:
        from crm_desktop.gui.dialogs.connect import ConnectDialog

        dialog = ConnectDialog(self._opener.saved_connections(), self._window)
        dialog.finished.connect(dialog.deleteLater)
        dialog.chosen.connect(self._connect_to)
        dialog.open()

    def _show_words(self, words: str) -> None:
        self._words = words
        if self._is_working:
            self._window.start_page.words.setText(words)

    def _say_what_takes_long(self) -> None:
        if self._is_working and not self._window.start_page.isVisible():
            self._window.show_start()
            self._window.start_page.show_starting(self._words)

    def _connect_to(self, chosen: ChosenConnection) -> None:
        if chosen.is_kept:
            keep = partial(self._opener.keep_connection, chosen)
            self._tasks.compute(self, keep, on_error=self._say)
        url = self._opener.with_password(chosen.url, chosen.password)
        source = Source(url, chosen.kind)
        if self._tasks.is_open:
            self.other_database_requested.emit(source)
            return
        self._source = source
        self.begin()

    def _open_local(self) -> None:
        self._source = Source()
        self.begin()

    def _opened(self, ready: Ready) -> None:
        self._is_working = False
        self._ready = ready
        self._window.show_place(ready.place)
        for news in ready.news:
            self._window.messages.show_message("success", news)
        for problem in ready.problems:
            self._window.messages.show_message("warning", problem)
        if ready.offered and self._decision() == "":
            self._window.show_start()
            self._window.start_page.show_additions("\n".join(ready.offered))
            self.finished.emit()
        elif ready.offered and self._decision() == "yes" and not self._has_extended:
            self.begin()  # agreed to in an earlier start, and not all of it stands
        else:
            self._go_on()

    def _decide_additions(self, is_wanted: bool) -> None:  # noqa: FBT001 - a signal's
        self._window.state.keep_text(self._key(), "yes" if is_wanted else "no")
        if is_wanted:
            self._words = self.tr("Adding to the database…")
            self.begin()
        else:
            self._go_on()

    def _wants_additions(self) -> bool:
        return self._ready is not None and self._decision() == "yes"

    def _decision(self) -> str:
        return self._window.state.text_of(self._key())

    def _key(self) -> str:
        return f"additions/{self._ready.place.text}" if self._ready is not None else ""

    def _go_on(self) -> None:
        ready = self._ready
        if ready is None:
            return
        if ready.actor is not None:
            self._use(ready.actor)
            return
        from crm_desktop.gui.dialogs.sign_in import FirstUserDialog, SignInDialog

        if not ready.has_users:
            first = FirstUserDialog(ready.place.text, self._window)
            self._ask_who(first, partial(self._create_first_user, ready, first))
            return
        email = self._window.state.text_of(f"email/{ready.place.text}")
        dialog = SignInDialog(ready.place.text, email, self._window)
        self._ask_who(dialog, partial(self._sign_in, ready, dialog))

    def _ask_who(self, dialog: SignInDialog, answer: Callable[[str, str], None]) -> None:
        dialog.finished.connect(dialog.deleteLater)
        dialog.sign_in_requested.connect(answer)
        dialog.rejected.connect(self._not_signed_in)
        dialog.open()
        self.finished.emit()

    def _sign_in(self, ready: Ready, dialog: SignInDialog, email: str, password: str) -> None:
        call = partial(self._opener.sign_in, ready, email, password)
        self._tasks.compute(dialog, call, partial(self._signed_in, dialog), dialog.refuse)

    def _create_first_user(
        self, ready: Ready, dialog: FirstUserDialog, email: str, password: str
    ) -> None:
        name = dialog.name.text()
        call = partial(self._opener.create_first_user, ready, name, email, password)
        self._tasks.compute(dialog, call, partial(self._signed_in, dialog), dialog.refuse)

    def _signed_in(self, dialog: SignInDialog, actor: Actor) -> None:
        dialog.accept()
        if self._ready is not None:
            self._window.state.keep_text(f"email/{self._ready.place.text}", actor.email)
        self._use(actor)

    def _not_signed_in(self) -> None:
        self._show_failure(
            self.tr("You are not signed in"), self.tr("Sign in, or open another database."), ""
        )

    def _use(self, actor: Actor) -> None:
        if self._ready is None:
            return
        self._ready.database.call_computer(self._window.state.computer)
        whose = f"{self._ready.place.text} {self._ready.address} {actor.user_id}"
        self._window.drafts.begin(whose)
        self._tasks.use(self._ready.database, actor)
        _log.info("%s is open.", self._ready.place.text)
        if not self._ready.is_empty:
            self._show_pages()
        elif self._loads_sample:
            self._load_sample()
        else:
            self._window.show_start()
            self._window.start_page.show_welcome()
            self.finished.emit()

    def _load_sample(self) -> None:
        self._window.show_start()
        self._window.start_page.show_starting(self.tr("Loading the sample data…"))
        job = self._tasks.run_long(
            self,
            self.tr("Loading sample data"),
            self._opener.load_sample,
            self._loaded,
            self._not_loaded,
        )
        job.progressed.connect(self._show_progress)

    def _show_progress(self, done: int, total: int) -> None:
        self._window.start_page.show_progress(self.tr("Loading the sample data…"), done, total)

    def _loaded(self, _: object) -> None:
        self._show_pages()

    def _not_loaded(self, error: UserError) -> None:
        self._window.start_page.show_welcome()
        if not isinstance(error, Cancelled):
            self._say(error)

    def _show_pages(self) -> None:
        self._window.show_pages()
        self.finished.emit()

    def _look_for_loss(self, state: ConnectionState) -> None:
        if state is ConnectionState.LOST:
            self._bring_back()

    def _bring_back(self) -> None:
        """Start the workspace's own server again, should it have ended; others start theirs."""
        if self._ready is not None and self._source.is_local:
            self._tasks.compute(self, self._opener.bring_back, self._ask_again, self._say)

    def _ask_again(self, _: None) -> None:
        self._window.messages.clear_kind("danger")
        self._tasks.check_connection()

    def _say(self, error: UserError) -> None:
        self._window.messages.show_message("danger", str(error))

    def _back_up_first(self) -> None:
        """Save what an older version made, then update it."""
        title = self.tr("Backing up the workspace")
        self._window.start_page.show_starting(title)
        call = partial(self._opener.back_up_before_update, self._source)
        job = self._tasks.run_aside(self, title, call, self._backed_up, self._not_backed_up)
        job.progressed.connect(partial(self._window.start_page.show_progress, title))

    def _backed_up(self, file: Path) -> None:
        said = self.tr("The backup is in {}.").replace("{}", str(file))
        self._window.messages.show_message("success", said)
        self._upgrade()

    def _not_backed_up(self, error: UserError) -> None:
        """Ask the same question again; the workspace is as it was."""
        if not isinstance(error, Cancelled):
            self._say(error)
        self.begin()

    def _upgrade(self) -> None:
        self._may_upgrade = True
        self._words = self.tr("Updating the workspace…")
        self.begin()

    def _failed(self, error: UserError) -> None:
        self._is_working = False
        if isinstance(error, UpgradeNeeded):
            self._window.show_start()
            self._window.start_page.show_upgrade(str(error))
            self.finished.emit()
            return
        title = self.tr("The workspace could not be opened") if self._source.is_local else ""
        self._show_failure(
            title or self.tr("The database could not be opened"),
            str(error),
            repr(error.__cause__ or error),
        )

    def _look_for_bug(self, is_busy: bool) -> None:  # noqa: FBT001 - a signal's
        """Show a start that ended by a bug, which the report has told about, as failed."""
        if not is_busy and self._is_working:
            self._is_working = False
            self._show_failure(
                self.tr("CRM Desktop could not start"),
                self.tr("A mistake in the program stopped it."),
                "",
            )

    def _await_rest(self) -> None:
        self._is_settling = True
        QTimer.singleShot(SETTLED_AFTER, self, self._settle)
        self._look_for_rest(self._tasks.is_busy)

    def _look_for_rest(self, is_busy: bool) -> None:  # noqa: FBT001 - a signal's
        if not is_busy:
            self._settle()

    def _settle(self) -> None:
        if self._is_settling:
            self._is_settling = False
            self.settled.emit()

    def _show_failure(self, title: str, why: str, details: str) -> None:
        self._window.show_start()
        self._window.start_page.show_failure(title, why, details, is_local=self._source.is_local)
        self.finished.emit()

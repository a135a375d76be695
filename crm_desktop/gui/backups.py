"""Backing the database up and restoring it, as the window asks for it and shows it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from PySide6.QtCore import QDate, QObject, QStandardPaths, Qt, Signal
from PySide6.QtWidgets import QFileDialog

from crm_desktop.domain.errors import Cancelled, UserError
from crm_desktop.domain.saved_backup import Saved
from crm_desktop.gui.messages import ask
from crm_desktop.gui.sizes import size_text
from crm_desktop.gui.widgets.message_bar import Action, MessageKind

if TYPE_CHECKING:
    from crm_desktop.gui.jobs import Job, Progress
    from crm_desktop.gui.main_window import MainWindow
    from crm_desktop.gui.startup import Source, Startup

SUFFIX = "crmdump"
_FOLDER = "backups/folder"  # where the last one was saved to or read from
_UNFIT = re.compile(r"[^\w .-]")  # in the name of a file


class Keeper(Protocol):
    """What the composition root lends: backups of the database that is open. Runs on workers."""

    def back_up(self, source: Source, file: Path, on_progress: Progress) -> Saved: ...

    def examine_backup(self, file: Path) -> Saved: ...

    def restore(self, file: Path, on_progress: Progress) -> None:
        """Load a backup beside the local workspace; it takes its place at the end."""


class Backups(QObject):
    """Answers File, Back up… and File, Restore…; says what was done, and what will be."""

    restart_requested = Signal()

    def __init__(self, window: MainWindow, keeper: Keeper, startup: Startup) -> None:
        super().__init__(window)
        self._window, self._tasks = window, window.tasks
        self._keeper, self._startup = keeper, startup
        self._said = ""
        self._restoring: Job | None = None
        window.backup_requested.connect(self.ask_where_to_save)
        window.restore_requested.connect(self.ask_what_to_restore)

    def ask_where_to_save(self) -> None:
        dialog = self._file_dialog(self.tr("Back up the database"))
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.selectFile(self._name_of_today())
        dialog.fileSelected.connect(self.back_up)
        dialog.open()

    def ask_what_to_restore(self) -> None:
        if not self._startup.source.is_local:
            self._refuse(
                UserError(
                    self.tr(
                        "On a server a backup is restored from the terminal, into an empty "
                        "database: crm-desktop restore FILE --database URL."
                    )
                )
            )
            return
        if self._restoring is not None:  # a second one would take the first one's database away
            self._refuse(UserError(self.tr("A backup is being restored already. Stop it first.")))
            return
        dialog = self._file_dialog(self.tr("Restore a backup"))
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.fileSelected.connect(self.examine)
        dialog.open()

    def back_up(self, file: str) -> None:
        """Save the whole database; the file appears when it is whole and was read again."""
        self._keep_folder(file)
        self._withdraw()
        call = partial(self._keeper.back_up, self._startup.source, Path(file))
        title = self.tr("Backing up")
        stopped = self.tr("The backup was stopped. No file was left.")
        self._tasks.run_aside(self, title, call, self._say_saved, partial(self._end, stopped))

    def examine(self, file: str) -> None:
        """Say what restoring would do, before it is done."""
        self._keep_folder(file)
        self._withdraw()
        call = partial(self._keeper.examine_backup, Path(file))
        self._tasks.compute(self, call, self._ask_to_restore, self._refuse)

    def _ask_to_restore(self, saved: Saved) -> None:
        kept = self.tr(
            "It holds what was there on {made} ({size}). What is in the workspace now ({now}) is "
            "kept in a database of its own beside it. CRM Desktop has to start again afterwards."
        )
        empty = self.tr(
            "It holds what was there on {made} ({size}). The workspace is empty. CRM Desktop has "
            "to start again afterwards."
        )
        words = (kept if saved.in_the_way else empty).format(
            made=saved.made_at, size=size_text(saved.size), now=saved.in_the_way
        )
        question = self.tr("Restore “{}”?").replace("{}", saved.file.name)
        act = partial(self._restore, saved.file)
        title, verb = self.tr("Restore a backup"), self.tr("Restore")
        ask(self._window, title, question, words, verb, act, danger=bool(saved.in_the_way))

    def _restore(self, file: Path) -> None:
        title = self.tr("Restoring {}").replace("{}", file.name)
        call = partial(self._keeper.restore, file)
        stopped = self.tr("Restoring was stopped. The workspace is as it was.")
        end = partial(self._end, stopped)
        job = self._tasks.run_aside(self, title, call, self._ask_to_restart, end)
        job.ended.connect(self._note_end)
        self._restoring = job

    def _note_end(self) -> None:
        self._restoring = None

    def _ask_to_restart(self, _: None) -> None:
        ask(
            self._window,
            self.tr("Restore a backup"),
            self.tr("The backup is restored."),
            self.tr(
                "It takes the place of the workspace when CRM Desktop has been closed. Close "
                "other windows and commands that use this workspace as well."
            ),
            self.tr("Start again now"),
            self.restart_requested.emit,
            otherwise=self.tr("Later"),
        ).rejected.connect(self._remind)

    def _remind(self) -> None:
        """Leave it in sight that what is changed from now on goes with the former workspace."""
        words = self.tr(
            "The backup takes the place of this workspace when CRM Desktop is closed. What is "
            "changed until then stays in the former one."
        )
        self._say("warning", words, [(self.tr("Start again now"), self.restart_requested.emit)])

    def _say_saved(self, saved: Saved) -> None:
        said = self.tr("Saved and checked: {file}, {size}.")
        words = said.format(file=saved.file, size=size_text(saved.size))
        self._say("success", words)

    def _end(self, stopped: str, error: UserError) -> None:
        if isinstance(error, Cancelled):
            self._say("info", stopped)
        else:
            self._refuse(error)

    def _refuse(self, error: UserError) -> None:
        self._say("danger", str(error))

    def _say(self, kind: MessageKind, words: str, actions: Sequence[Action] = ()) -> None:
        self._withdraw()
        self._said = words
        self._window.messages.show_message(kind, words, actions=actions)

    def _withdraw(self) -> None:
        """Take away what was said of the backup before: only the last one's news is news."""
        self._window.messages.withdraw(self._said)

    def _name_of_today(self) -> str:
        name = _UNFIT.sub("_", self._startup.database_name)
        return f"{name} {QDate.currentDate().toString(Qt.DateFormat.ISODate)}"

    def _keep_folder(self, file: str) -> None:
        self._window.state.keep_text(_FOLDER, str(Path(file).absolute().parent))

    def _file_dialog(self, title: str) -> QFileDialog:
        documents = QStandardPaths.StandardLocation.DocumentsLocation
        kept = self._window.state.text_of(_FOLDER)
        is_there = bool(kept) and Path(kept).is_dir()
        folder = kept if is_there else QStandardPaths.writableLocation(documents)
        dialog = QFileDialog(self._window, title, folder)
        dialog.setNameFilter(self.tr("Backups (*.{})").replace("{}", SUFFIX))
        dialog.setDefaultSuffix(SUFFIX)
        dialog.finished.connect(dialog.deleteLater)
        return dialog

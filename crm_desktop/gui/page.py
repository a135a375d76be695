"""What every tab of the main window is: a page with a title, opened by an address."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QWidget

from crm_desktop.gui.actions import Submenu

if TYPE_CHECKING:
    from crm_desktop.gui.tasks import Tasks
    from crm_desktop.gui.trail import Trail


class Page(QWidget):
    """One tab: it reads and writes through `tasks`, and knows nothing of the window around it.

    An address is a kind, and an id where the kind needs one: `objects`, `records:<object id>`,
    `record:<record id>`; `gui/routes.py` lists them. Actions that a page adds with `addAction`
    (text, icon and shortcut set) appear in the window's Page menu and in its palette while the
    page is shown. The window itself owns Ctrl+S, F5 and Ctrl+F, and calls `save`, `refresh` and
    `start_find`: a page that takes these keys as well makes both ambiguous.
    """

    open_requested = Signal(str)  # the address of another page
    title_changed = Signal(str)
    address_changed = Signal(str)  # what was new has been stored and has an address of its own
    unsaved_changed = Signal(bool)  # the tab's pencil, and the question before closing
    status_changed = Signal(str)  # counts and selection, for the status bar
    refused = Signal(object)  # a UserError for the message bar above this page
    told = Signal(object)  # a Message for it: what was done
    steps_changed = Signal()  # what `own_steps` says is another
    arranged = Signal()  # `view_state` is another, and worth keeping before the page is closed

    def __init__(self, tasks: Tasks, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._tasks = tasks
        self.title = ""
        self.icon_name = "file-text"  # as `objects.icon`: a lucide name, an emoji, or anything
        self.status = ""

    def set_title(self, title: str) -> None:
        self.title = title
        self.title_changed.emit(title)

    def set_status(self, status: str) -> None:
        self.status = status
        self.status_changed.emit(status)

    def refresh(self) -> None:
        """Read again what is shown (F5); what was typed stays."""

    def save(self) -> None:
        """Store what was typed (Ctrl+S); `unsaved_changed(False)` tells when it is stored."""

    def has_unsaved(self) -> bool:
        return False

    def drop_unsaved(self) -> None:
        """Give up what was typed, with its drafts: whoever typed it was asked."""

    def own_steps(self) -> tuple[str, str] | None:
        """Name what the page itself would undo and redo, "" for nothing.

        None where undoing is the window's: what was stored last.
        """
        return None

    def undo(self) -> None:
        """Take the page's own last step back."""

    def redo(self) -> None:
        """Do again what the page took back last."""

    def trail(self) -> Trail | None:
        """Return the list that a record opened from here now stands in, if there is one."""
        return None

    def follow(self, trail: Trail | None) -> None:
        """Let next and previous lead along this list."""

    def menu_groups(self) -> Sequence[Sequence[QAction | Submenu]]:
        """Return what stands in the Page menu, in groups: all actions, where they are few."""
        return [[action for action in self.actions() if action.text()]]

    def show_item(self, item_id: str) -> None:
        """Make one of the things in the page the current one."""

    def show_lacking(self, field_id: str) -> None:
        """List only what has nothing in this field, where the page is a list."""

    def view_state(self) -> str:
        """Return how the page is arranged, to be given back the next time; "" for as usual."""
        return ""

    def restore_view(self, state: str) -> None:
        """Arrange the page as a `view_state` says; what in it makes no sense is passed over."""

    def can_save(self) -> bool:
        """Say whether `save` has something to store, or something to say."""
        return self.has_unsaved()

    def start_find(self) -> None:
        """Put the keyboard where one searches in this page (Ctrl+F)."""

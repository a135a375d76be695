"""What can be done with the chosen fields and sections of a layout, as actions of its page."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from PySide6.QtCore import QObject, QPoint, Qt, Signal
from PySide6.QtGui import QAction, QGuiApplication, QKeySequence
from PySide6.QtWidgets import QMenu, QWidget

from crm_desktop.domain.layout_draft import NARROWEST, WIDEST, Entry
from crm_desktop.gui.icons import icon
from crm_desktop.gui.layout_editor.fields_mime import Parcel, pack, unpack
from crm_desktop.gui.layout_editor.layout_tree import LayoutTree
from crm_desktop.gui.layout_editor.library import LibraryPane
from crm_desktop.gui.layout_editor.state import LayoutState
from crm_desktop.gui.layout_editor.words import columns


class LayoutCommands(QObject):
    """Makes the actions; their keys work wherever the keyboard is in the page."""

    refused_kindly = Signal(str)  # why something is not done

    def __init__(
        self, state: LayoutState, tree: LayoutTree, library: LibraryPane, page: QWidget
    ) -> None:
        super().__init__(page)
        self._state, self._tree, self._library, self._page = state, tree, library, page
        add = self.add
        self.move_action = add(self.tr("Move to…"), "move-vertical", "Ctrl+M", self.ask_where)
        self.cut_action = add(self.tr("Cut fields"), "scissors", "Ctrl+X", self.cut)
        self.copy_action = add(self.tr("Copy fields"), "copy", "Ctrl+C", self.copy)
        self.paste_action = add(self.tr("Paste fields"), "clipboard-paste", "Ctrl+V", self.paste)
        self.rename_action = add(self.tr("Rename (F2)"), "pencil", "", self.rename_current)
        self.section_action = add(
            self.tr("Add section"), "rows-3", "Ctrl+Shift+N", self.add_section
        )
        self.detach_action = add(self.tr("Remove (Del)"), "x", "", tree.take_out)
        self.columns_actions = [
            add(
                self.tr("Section in {0}").format(columns(count)),
                "columns-3",
                "",
                partial(self._set_columns, count),
            )
            for count in range(NARROWEST, WIDEST + 1)
        ]
        self.fold_action = add(
            self.tr("Section can be folded"), "chevrons-down-up", "", self._switch_collapsible
        )
        tree.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        tree.customContextMenuRequested.connect(self._show_menu)

    def add(self, text: str, icon_name: str, key: str, act: Callable[[], object]) -> QAction:
        """Add an action to the page, and so to its menu and to the palette."""
        action = QAction(icon(icon_name), text, self._page)
        action.setProperty("icon_name", icon_name)
        action.triggered.connect(act)
        self._page.addAction(action)
        if key:
            action.setShortcut(QKeySequence(key))
            action.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        return action

    # Fields

    def attach(self, field_ids: Sequence[str]) -> None:
        """Add fields of the library below the current row."""
        key, place = self._tree.place_for_more()
        self._state.attach([Entry("", id_) for id_ in field_ids], key, place)

    def ask_where(self) -> None:
        """Ask for a number or a neighbour, and move the chosen fields there."""
        from crm_desktop.gui.layout_editor.move_dialog import MoveDialog

        ids = self._tree.chosen_ids()
        if not ids:
            self.refused_kindly.emit(self.tr("Choose the fields to move first."))
            return
        dialog = MoveDialog(self._state, ids, self._page.window())
        dialog.chosen.connect(partial(self._state.move, ids))
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def copy(self) -> None:
        """Put the chosen fields on the clipboard, of the layout or of the library."""
        if self._library.tree.hasFocus():
            ids = self._library.tree.chosen_field_ids()
            self._put_on_clipboard(Parcel(entries=tuple(Entry("", id_) for id_ in ids)))
            return
        known = self._state.layout.by_id()
        entries = tuple(known[id_] for id_ in self._tree.chosen_ids())
        self._put_on_clipboard(Parcel(self._state.object_id, entries))

    def _put_on_clipboard(self, parcel: Parcel) -> None:
        if parcel.entries:
            labels = [self._state.label_of(entry) for entry in parcel.entries]
            QGuiApplication.clipboard().setMimeData(pack(parcel, labels))

    def cut(self) -> None:
        """Take fields out to be pasted here or in another object; values in records stay."""
        self.copy()
        if self._tree.hasFocus() and self._tree.chosen_ids():
            self._tree.take_out()

    def paste(self) -> None:
        """Put the fields of the clipboard below the current row."""
        parcel = unpack(QGuiApplication.clipboard().mimeData())
        entries = parcel.entries_for(self._state.object_id) if parcel else []
        known = [entry for entry in entries if entry.field_id in self._state.library]
        if not known:
            self.refused_kindly.emit(self.tr("There are no fields on the clipboard."))
            return
        key, place = self._tree.place_for_more()
        self._state.attach(known, key, place)

    def rename_current(self) -> None:
        """Let the section's title, or the field's label in this object, be typed in place."""
        index = self._tree.currentIndex()
        if index.isValid():
            self._tree.edit(index)

    # Sections

    def add_section(self) -> None:
        """Add a section below the current one, and let its title be typed."""
        keys = [section.key for section in self._state.layout.sections]
        new = self._state.add_section(self.tr("New section"), keys.index(self._section()) + 1)
        self._tree.choose((new,))
        self._tree.edit(self._tree.currentIndex())

    def _section(self) -> str:
        return self._tree.place_for_more()[0]

    def _set_columns(self, count: int) -> None:
        self._state.change_section(self._section(), columns=count)

    def _switch_collapsible(self) -> None:
        section = self._state.layout.by_key()[self._section()]
        self._state.change_section(section.key, is_collapsible=not section.is_collapsible)

    def _show_menu(self, place: QPoint) -> None:
        menu = QMenu(self._page)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addActions([self.move_action, self.rename_action])
        menu.addSeparator()
        menu.addActions([self.cut_action, self.copy_action, self.paste_action])
        menu.addSeparator()
        menu.addActions([self.section_action, *self.columns_actions, self.fold_action])
        menu.addSeparator()
        menu.addAction(self.detach_action)
        menu.popup(self._tree.viewport().mapToGlobal(place))

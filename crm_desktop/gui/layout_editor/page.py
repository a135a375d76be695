"""The page of an object's layout: library, layout and preview, staged and saved together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from PySide6.QtCore import QEvent, QPoint, Qt
from PySide6.QtGui import (
    QAccessible,
    QAccessibleAnnouncementEvent,
    QAction,
    QGuiApplication,
    QKeyEvent,
    QKeySequence,
    QPalette,
)
from PySide6.QtWidgets import QHBoxLayout, QMenu, QVBoxLayout, QWidget
from typing_extensions import override

from crm_desktop.domain.errors import UserError
from crm_desktop.domain.layout_changes import changes_against
from crm_desktop.domain.layout_draft import Entry
from crm_desktop.domain.layout_merge import Choices
from crm_desktop.gui.drafts import Drafts
from crm_desktop.gui.icons import icon
from crm_desktop.gui.layout_editor.entry_settings import EntrySettings
from crm_desktop.gui.layout_editor.field_dialogs import FieldDialogs
from crm_desktop.gui.layout_editor.fields_mime import Parcel, pack, unpack
from crm_desktop.gui.layout_editor.layout_drafts import LayoutDrafts
from crm_desktop.gui.layout_editor.layout_tree import LayoutTree
from crm_desktop.gui.layout_editor.library import LibraryPane
from crm_desktop.gui.layout_editor.preview import PreviewPane
from crm_desktop.gui.layout_editor.saving import LayoutSaving
from crm_desktop.gui.layout_editor.state import LayoutState
from crm_desktop.gui.layout_editor.words import quoted, step_words
from crm_desktop.gui.page import Page
from crm_desktop.gui.tasks import Tasks
from crm_desktop.gui.theme import line_height, unit
from crm_desktop.gui.widgets.buttons import (
    IconButton,
    link_button,
    plain_button,
    primary_button,
)
from crm_desktop.gui.widgets.elided_label import TextLabel
from crm_desktop.gui.widgets.icon_label import IconLabel
from crm_desktop.gui.widgets.splitter import Splitter
from crm_desktop.services.layout_saving import LayoutConflict, SavedLayout, StoredLayout


class LayoutPage(Page):
    """Edits the layout of one object; nothing is stored until Ctrl+S."""

    def __init__(
        self,
        tasks: Tasks,
        object_id: str,
        parent: QWidget | None = None,
        *,
        drafts: Drafts | None = None,
    ) -> None:
        super().__init__(tasks, parent)
        self.object_id = object_id
        self.icon_name = "layout-template"
        self.state = LayoutState(object_id, self)
        self.saving = LayoutSaving(tasks, self.state, self)
        self.library = LibraryPane(self.state)
        self.tree = LayoutTree(self.state)
        self.preview = PreviewPane(tasks, self.state)
        self.settings = EntrySettings(self.state)
        self.fields = FieldDialogs(tasks, self.state, self)
        self._wanted_field = ""  # made here, to be added once the library has it
        self.drafts = LayoutDrafts(drafts or Drafts(tasks), self.state)
        self.said = ""
        self._was_unsaved = False
        self._make_actions()
        self._lay_out()
        self._connect()
        self.refresh()
        self.preview.refresh()

    # Building

    def _make_actions(self) -> None:
        add = self._action
        self.move_action = add(self.tr("Move to…"), "move-vertical", "Ctrl+M", self.ask_where)
        self.cut_action = add(self.tr("Cut fields"), "scissors", "Ctrl+X", self.cut)
        self.copy_action = add(self.tr("Copy fields"), "copy", "Ctrl+C", self.copy)
        self.paste_action = add(self.tr("Paste fields"), "clipboard-paste", "Ctrl+V", self.paste)
        self.rename_action = add(self.tr("Rename"), "pencil", "", self.rename_current)
        self.section_action = add(
            self.tr("Add section"), "rows-3", "Ctrl+Shift+N", self.add_section
        )
        self.detach_action = add(self.tr("Remove from the object"), "x", "", self.tree.take_out)
        self.columns_menu = QMenu(self.tr("Columns of the section"), self)
        for count in (1, 2, 3):
            words = self.tr("1 column") if count == 1 else self.tr("{0} columns").format(count)
            act = self.columns_menu.addAction(words)
            act.triggered.connect(partial(self._set_columns, count))
        self.fold_action = add(
            self.tr("Section can be folded"), "chevrons-down-up", "", self._switch_collapsible
        )

    def _action(self, text: str, icon_name: str, key: str, act: Callable[[], object]) -> QAction:
        """Add an action to the page; its key works in the tree of the layout."""
        action = QAction(icon(icon_name), text, self)
        action.setProperty("icon_name", icon_name)
        action.triggered.connect(act)
        self.addAction(action)
        if key:
            action.setShortcut(QKeySequence(key))
            action.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        return action

    def _lay_out(self) -> None:
        self.setBackgroundRole(QPalette.ColorRole.Base)
        self.setAutoFillBackground(True)
        self.undo_button = IconButton("undo-2", self.tr("Undo"), is_outlined=True)
        self.redo_button = IconButton("redo-2", self.tr("Redo"), is_outlined=True)
        self.pencil = IconLabel("pencil", "warning")
        self.count = TextLabel()
        self.review = link_button(self.tr("Review"))
        self.revert = plain_button(self.tr("Revert"))
        self.save_button = primary_button(self.tr("Save"), icon_name="save")
        self.save_button.setToolTip(self.tr("Save (Ctrl+S)"))
        bar = QHBoxLayout()
        bar.setContentsMargins(3 * unit(), 3 * unit(), 3 * unit(), 3 * unit())
        bar.setSpacing(2 * unit())
        for part in (self.undo_button, self.redo_button, self.pencil, self.count, self.review):
            bar.addWidget(part)
        bar.addStretch(1)
        for part in (self.revert, self.save_button):
            bar.addWidget(part)
        self.split = Splitter(Qt.Orientation.Horizontal)
        self.split.addWidget(self.library)
        self.split.addWidget(self._middle())
        right = Splitter(Qt.Orientation.Vertical)
        right.addWidget(self.preview)
        right.addWidget(self.settings)
        right.setSizes([round(line_height() * lines) for lines in (30, 18)])
        self.split.addWidget(right)
        for number, stretch in enumerate((0, 1, 1)):
            self.split.setStretchFactor(number, stretch)
        self.split.setSizes([round(line_height() * lines) for lines in (16, 34, 24)])
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(0)
        box.addWidget(self.drafts)
        box.addLayout(bar)
        box.addWidget(self.split, 1)
        self.setFocusProxy(self.tree)

    def _middle(self) -> QWidget:
        pane = QWidget()
        self.summary = TextLabel(face="small", role="muted")
        head = QHBoxLayout()
        head.addWidget(TextLabel(self.tr("Layout"), face="strong"))
        head.addStretch(1)
        head.addWidget(self.summary)
        self.add_button = plain_button(self.tr("Add section"), icon_name="plus")
        keys = TextLabel(
            self.tr("Alt+Up / Alt+Down moves · Enter edits · Ctrl+M moves to… · Del removes"),
            face="small", role="muted", wraps=True,
        )  # fmt: skip
        column = QVBoxLayout(pane)
        column.setContentsMargins(3 * unit(), 3 * unit(), 2 * unit(), 2 * unit())
        column.setSpacing(2 * unit())
        column.addLayout(head)
        column.addWidget(self.tree, 1)
        column.addWidget(self.add_button)
        column.addWidget(keys)
        return pane

    def _connect(self) -> None:
        self.undo_button.clicked.connect(self.undo)
        self.redo_button.clicked.connect(self.redo)
        self.review.clicked.connect(self.review_changes)
        self.revert.clicked.connect(self.state.revert)
        self.save_button.clicked.connect(self.save)
        self.add_button.clicked.connect(self.add_section)
        self.state.changed.connect(self._follow)
        self.state.moved.connect(self._announce)
        self.state.already_there.connect(self._say_already_there)
        self.saving.loaded.connect(self._show_stored)
        self.saving.saved.connect(self._say_saved)
        self.saving.overtaken.connect(self._say_overtaken)
        self.saving.asked.connect(self._ask_whose)
        self.saving.rejected.connect(self._show_rejected)
        self.saving.refused.connect(self.refused)
        self.library.attach_requested.connect(self.attach)
        self.library.tree.taken_out.connect(self.take_out)
        self.library.create_requested.connect(self.fields.create)
        self.fields.created.connect(self._await_field)
        self.fields.refused.connect(self.refused)
        self.settings.edit_requested.connect(self.fields.edit)
        self.settings.promoted.connect(self.fields.promote)
        self.tree.settings_requested.connect(self.settings.start)
        self.tree.refused_kindly.connect(self._say_refused)
        self.tree.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.tree.customContextMenuRequested.connect(self._show_menu)
        self.tree.selectionModel().selectionChanged.connect(self._mark_chosen)
        self.preview.field_chosen.connect(self._choose_one)
        self.preview.refused.connect(self.refused)

    # What the window asks

    @override
    def refresh(self) -> None:
        self.saving.read()

    @override
    def save(self) -> None:
        self.settings.commit()
        self.saving.save()

    @override
    def has_unsaved(self) -> bool:
        return self.state.draft.is_changed

    @override
    def drop_unsaved(self) -> None:
        self.drafts.drop()

    @override
    def start_find(self) -> None:
        self.library.search.setFocus()
        self.library.search.selectAll()

    @override
    def show_item(self, item_id: str) -> None:
        """Make the field of this id the current one."""
        for entry in self.state.layout.entries():
            if entry.field_id == item_id:
                self.tree.choose((entry.id,))
                return
        self.library.show_field(item_id)

    # What is shown

    def _show_stored(self, stored: StoredLayout) -> None:
        self.icon_name = stored.icon or "layout-template"
        self.set_title(self.tr("{0}: layout").format(stored.plural_name or stored.label))
        self.drafts.title = self.title
        self.drafts.offer()
        if self._wanted_field in self.state.library:
            self.attach([self._wanted_field])
            self._wanted_field = ""

    def _follow(self) -> None:
        draft = self.state.draft
        changes = changes_against(draft.saved, draft.now)
        count = len(changes)
        one, many = self.tr("1 unsaved change"), self.tr("{0} unsaved changes")
        self.count.setText(one if count == 1 else many.format(count))
        for part in (self.pencil, self.count, self.review, self.revert):
            part.setVisible(count > 0)
        self.save_button.setEnabled(count > 0)
        self.drafts.keep()
        self._name_steps()
        sections, fields = len(draft.now.sections), len(draft.now.ids())
        words = self.tr("{0} fields · {1} sections")
        self.summary.setText(words.format(fields, sections))
        self.set_status(f"{words.format(fields, sections)}{' · ' if count else ''}"
                        f"{self.count.text() if count else ''}")  # fmt: skip
        if (count > 0) != self._was_unsaved:
            self._was_unsaved = count > 0
            self.unsaved_changed.emit(count > 0)

    def _name_steps(self) -> None:
        draft = self.state.draft
        for button, steps, verb, key in (
            (self.undo_button, draft.past[-1:], self.tr("Undo"), "Ctrl+Z"),
            (self.redo_button, draft.future[:1], self.tr("Redo"), "Ctrl+Shift+Z"),
        ):
            said = step_words(steps[0][0]) if steps else ""
            text = f"{verb} {said}".strip()
            button.setEnabled(bool(steps))
            button.setToolTip(f"{text} ({key})")
            button.setAccessibleName(text)

    def _mark_chosen(self) -> None:
        ids = self.tree.chosen_ids()
        self.preview.mark(ids)
        self.settings.show_entries(ids)

    def _await_field(self, field_id: str) -> None:
        self._wanted_field = field_id
        self.saving.read()

    def _choose_one(self, entry_id: str) -> None:
        self.tree.choose((entry_id,))
        self.tree.setFocus()

    # What is said

    def announce(self, sentence: str) -> None:
        """Let screen readers say this; the status bar shows it."""
        self.said = sentence
        self.set_status(sentence)
        event = QAccessibleAnnouncementEvent(self.tree, sentence)
        QAccessible.updateAccessibility(event)

    def _announce(self, ids: tuple[str, ...]) -> None:
        layout = self.state.layout
        entries = layout.by_id()
        if ids[0] in entries:
            section, place = layout.place_of(ids[0])
            label = self.state.label_of(entries[ids[0]])
            more = self.tr(" and {0} more").format(len(ids) - 1) if len(ids) > 1 else ""
            where = self.tree.model_of_layout.position(section, place)
            self.announce(f"{label}{more}: {where}")
            return
        keys = [section.key for section in layout.sections]
        if ids[0] in keys:
            number = keys.index(ids[0])
            title = self.tree.model_of_layout.section_index(ids[0]).data()
            self.announce(self.tr("Section {0}: {1} of {2}").format(title, number + 1, len(keys)))

    def _say_refused(self, sentence: str) -> None:
        self.announce(sentence)
        self.refused.emit(UserError(sentence))

    def _say_already_there(self, field_ids: Sequence[str]) -> None:
        found = self.state.library.get(field_ids[0])
        label = quoted(found.label) if found else self.tr("This field")
        many = self.tr("These fields are in the layout already.")
        one = self.tr("{0} is in the layout already.").format(label)
        self._say_refused(one if len(field_ids) == 1 else many)

    def _say_saved(self, saved: SavedLayout) -> None:
        said = self.tr("Layout saved.")
        if saved.was_merged:
            said = self.tr("Layout saved, together with what somebody else changed meanwhile.")
        if saved.left_out:
            self.refused.emit(UserError(saved.left_out))
        self.announce(said)

    def _say_overtaken(self) -> None:
        said = self.tr(
            "Somebody else changed the same things in this layout. You will be asked when you save."
        )
        self.refused.emit(UserError(said))

    def _show_rejected(self, entry_id: str, sentence: str) -> None:
        self.tree.choose((entry_id,))
        self.refused.emit(UserError(sentence))

    def _ask_whose(self, conflict: LayoutConflict) -> None:
        from crm_desktop.gui.layout_editor.merge_dialog import MergeDialog

        dialog = MergeDialog(self.state, conflict.clashes_found, self.window())
        dialog.settled.connect(self._save_with)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def _save_with(self, choices: Choices) -> None:
        self.saving.save(choices)

    # What can be done

    def undo(self) -> None:
        self.state.undo()

    def redo(self) -> None:
        self.state.redo()

    def attach(self, field_ids: Sequence[str]) -> None:
        """Add fields of the library below the current row."""
        key, place = self.tree.place_for_more()
        self.state.attach([Entry("", id_) for id_ in field_ids], key, place)

    def take_out(self, entry_ids: Sequence[str]) -> None:
        self.state.detach(entry_ids)
        count = len(entry_ids)
        one = self.tr("1 field removed from the object; its values stay.")
        many = self.tr("{0} fields removed from the object; their values stay.")
        self.announce(one if count == 1 else many.format(count))

    def ask_where(self) -> None:
        """Ask for a number or a neighbour, and move the chosen fields there."""
        from crm_desktop.gui.layout_editor.move_dialog import MoveDialog

        ids = self.tree.chosen_ids()
        if ids:
            dialog = MoveDialog(self.state, ids, self.window())
            dialog.chosen.connect(partial(self.state.move, ids))
            dialog.finished.connect(dialog.deleteLater)
            dialog.open()

    def copy(self) -> None:
        self._copy(self.tree.chosen_ids())

    def _copy(self, ids: Sequence[str]) -> None:
        known = self.state.layout.by_id()
        entries = tuple(known[id_] for id_ in ids)
        if entries:
            labels = [self.state.label_of(entry) for entry in entries]
            mime = pack(Parcel(self.object_id, entries), labels)
            QGuiApplication.clipboard().setMimeData(mime)

    def cut(self) -> None:
        """Take fields out to be pasted here or in another object; saved or not, values stay."""
        ids = self.tree.chosen_ids()
        self._copy(ids)
        if ids:
            self.tree.take_out()

    def paste(self) -> None:
        """Put the fields of the clipboard below the current row."""
        parcel = unpack(QGuiApplication.clipboard().mimeData())
        if parcel is None or not parcel.entries:
            self._say_refused(self.tr("There are no fields on the clipboard."))
            return
        key, place = self.tree.place_for_more()
        known = set(self.state.library)
        entries = [entry for entry in parcel.entries_for(self.object_id) if entry.field_id in known]
        self.state.attach(entries, key, place)

    def rename_current(self) -> None:
        index = self.tree.currentIndex()
        if index.isValid():
            self.tree.edit(index)

    def add_section(self) -> None:
        """Add a section below the current one, and let its title be typed."""
        keys = [section.key for section in self.state.layout.sections]
        key, _ = self.tree.place_for_more()
        new = self.state.add_section(self.tr("New section"), keys.index(key) + 1)
        self.tree.choose((new,))
        self.tree.edit(self.tree.currentIndex())

    def _section_key(self) -> str:
        return self.tree.place_for_more()[0]

    def _set_columns(self, count: int) -> None:
        self.state.change_section(self._section_key(), columns=count)

    def _switch_collapsible(self) -> None:
        section = self.state.layout.by_key()[self._section_key()]
        self.state.change_section(section.key, is_collapsible=not section.is_collapsible)

    def review_changes(self) -> None:
        from crm_desktop.gui.layout_editor.changes_dialog import ChangesDialog

        dialog = ChangesDialog(self.state, self.window())
        dialog.save_requested.connect(self.save)
        dialog.revert_requested.connect(self.state.revert)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def _show_menu(self, place: QPoint) -> None:
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addActions([self.move_action, self.rename_action])
        menu.addSeparator()
        menu.addActions([self.cut_action, self.copy_action, self.paste_action])
        menu.addSeparator()
        menu.addMenu(self.columns_menu)
        menu.addActions([self.fold_action, self.section_action])
        menu.addSeparator()
        menu.addAction(self.detach_action)
        menu.popup(self.tree.viewport().mapToGlobal(place))

    # Keys that the window would take for itself

    @override
    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ShortcutOverride and _is_step(event):
            event.accept()
            return True
        return super().event(event)

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.matches(QKeySequence.StandardKey.Undo):
            self.undo()
        elif event.matches(QKeySequence.StandardKey.Redo):
            self.redo()
        else:
            super().keyPressEvent(event)


def _is_step(event: QEvent) -> bool:
    keys = QKeySequence.StandardKey
    if not isinstance(event, QKeyEvent):
        return False
    return event.matches(keys.Undo) or event.matches(keys.Redo)

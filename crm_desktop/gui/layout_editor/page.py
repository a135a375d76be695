"""The page of an object's layout: library, layout and preview, staged and saved together."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QPoint, Qt
from PySide6.QtGui import (
    QAccessible,
    QAccessibleAnnouncementEvent,
    QKeyEvent,
    QKeySequence,
    QPalette,
)
from PySide6.QtWidgets import QHBoxLayout, QMenu, QStackedWidget, QVBoxLayout, QWidget
from typing_extensions import override

from crm_desktop.domain.errors import UserError
from crm_desktop.domain.layout_changes import changes_against
from crm_desktop.domain.layout_draft import Layout, Step
from crm_desktop.domain.layout_merge import Choices
from crm_desktop.gui.drafts import Drafts
from crm_desktop.gui.layout_editor import words
from crm_desktop.gui.layout_editor.commands import LayoutCommands
from crm_desktop.gui.layout_editor.entry_settings import EntrySettings
from crm_desktop.gui.layout_editor.exchange import LayoutExchange
from crm_desktop.gui.layout_editor.field_dialogs import FieldDialogs
from crm_desktop.gui.layout_editor.form_menu import FormMenu
from crm_desktop.gui.layout_editor.guardrails import Guardrails
from crm_desktop.gui.layout_editor.layout_drafts import LayoutDrafts
from crm_desktop.gui.layout_editor.layout_tree import LayoutTree
from crm_desktop.gui.layout_editor.library import LibraryPane
from crm_desktop.gui.layout_editor.preview import PreviewPane
from crm_desktop.gui.layout_editor.repair_bar import RepairBar
from crm_desktop.gui.layout_editor.saving import LayoutSaving
from crm_desktop.gui.layout_editor.section_settings import SectionSettings
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
from crm_desktop.gui.widgets.elided_label import ElidedLabel, TextLabel
from crm_desktop.gui.widgets.empty_state import EmptyState
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
        self.settings = EntrySettings(tasks, self.state)
        self.section_settings = SectionSettings(self.state)
        self.guardrails = Guardrails(tasks, self.state)
        self._below = QStackedWidget()
        self._nothing = EmptyState("", icon_name="cloud-off")
        self.fields = FieldDialogs(tasks, self.state, self)
        self.exchange = LayoutExchange(tasks, self.state, self)
        self._wanted_field = ""  # made here, to be added once the library has it
        self.drafts = LayoutDrafts(drafts or Drafts(tasks, parent=self), self.state)
        self.repair = RepairBar(self.state, self.saving)
        self.said = ""
        self._was_unsaved = False
        self.forms = FormMenu(tasks, self.state, self)
        self.commands = LayoutCommands(self.state, self.tree, self.library, self)
        self._add_actions()
        self._lay_out()
        self._lay_out_nothing()
        self._connect()
        self.refresh()
        self.preview.refresh()

    # Building

    def _add_actions(self) -> None:
        add, exchange = self.commands.add, self.exchange
        compare = self.tr("Compare with or copy from another object…")
        self.more_actions = [
            add(compare, "git-compare", "", exchange.ask_for_object),
            add(self.tr("Export the layout…"), "file-down", "", exchange.ask_where_to_export),
            add(self.tr("Import a layout…"), "file-up", "", exchange.ask_what_to_import),
        ]

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
        self.more = IconButton("ellipsis", self.tr("More"), is_outlined=True)
        self.more.clicked.connect(self._show_more)
        bar.addWidget(self.more)
        for part in (self.revert, self.save_button):
            bar.addWidget(part)
        self.split = Splitter(Qt.Orientation.Horizontal)
        self.split.addWidget(self.library)
        self.split.addWidget(self._middle())
        right = Splitter(Qt.Orientation.Vertical)
        right.addWidget(self.preview)
        self._below.addWidget(self.settings)
        self._below.addWidget(self.section_settings)
        right.addWidget(self._below)
        right.setSizes([round(line_height() * lines) for lines in (30, 18)])
        self.split.addWidget(right)
        for number, stretch in enumerate((1, 3, 2)):
            self.split.setStretchFactor(number, stretch)
        self.split.setSizes([round(line_height() * lines) for lines in (16, 34, 24)])
        box = self._column = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(0)
        box.addWidget(self.drafts)
        box.addWidget(self.repair)
        box.addLayout(bar)
        box.addWidget(self.guardrails)
        box.addWidget(self.split, 1)
        self.setFocusProxy(self.tree)

    def _lay_out_nothing(self) -> None:
        """Give what is said instead of the panes their room; offer nothing until there is some."""
        for part in (self.pencil, self.count, self.review, self.revert):
            part.hide()
        for button in (self.undo_button, self.redo_button, self.save_button):
            button.setEnabled(False)
        self._nothing.hide()
        self._nothing.action_requested.connect(self.refresh)
        self._column.addWidget(self._nothing, 1)

    def _middle(self) -> QWidget:
        pane = QWidget()
        self.tree.setMinimumWidth(round(12 * line_height()))
        self.summary = ElidedLabel(face="small", role="muted")
        head = QHBoxLayout()
        head.addWidget(TextLabel(self.tr("Layout"), face="strong"))
        head.addWidget(self.forms.button)
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
        self.add_button.clicked.connect(self.commands.add_section)
        self.commands.refused_kindly.connect(self._say_refused)
        self.state.changed.connect(self._follow)
        self.guardrails.open_requested.connect(self.open_requested)
        self.state.moved.connect(self._announce)
        self.state.already_there.connect(self._say_already_there)
        self.saving.loaded.connect(self._show_stored)
        self.saving.saved.connect(self._say_saved)
        self.saving.overtaken.connect(self._say_overtaken)
        self.saving.asked.connect(self._ask_whose)
        self.saving.rejected.connect(self._show_rejected)
        self.saving.unread.connect(self._show_unread)
        self.saving.refused.connect(self.refused)
        self.library.attach_requested.connect(self.commands.attach)
        self.library.tree.taken_out.connect(self.take_out)
        self.library.create_requested.connect(self.fields.create)
        self.fields.created.connect(self._await_field)
        self.fields.refused.connect(self.refused)
        self.forms.refused.connect(self.refused)
        self.forms.refused_kindly.connect(self._say_refused)
        self.exchange.said.connect(self.announce)
        self.exchange.refused.connect(self.refused)
        self.settings.edit_requested.connect(self.fields.edit)
        self.settings.promoted.connect(self.fields.promote)
        self.tree.settings_requested.connect(self.settings.start)
        self.tree.refused_kindly.connect(self._say_refused)
        self.tree.selectionModel().selectionChanged.connect(self._mark_chosen)
        self.preview.field_chosen.connect(self._choose_one)
        self.preview.refused.connect(self.refused)

    # What the window asks

    @override
    def refresh(self) -> None:
        self.saving.read()

    @override
    def save(self) -> None:
        self.tree.end_editing()
        self.settings.commit()
        self.section_settings.commit()
        if not self.state.draft.is_changed:
            self.unsaved_changed.emit(False)  # what was typed says what is stored
        self.saving.save()

    @override
    def has_unsaved(self) -> bool:
        """Say so also while something is being typed that is no step yet."""
        is_typing = self.tree.is_editing() or self.settings.is_edited()
        return is_typing or self.section_settings.is_edited() or self.state.draft.is_changed

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

    def _show_unread(self, error: UserError) -> None:
        sentence = self.tr("This could not be read. {why}").format(why=error)
        self._nothing.set_sentence(sentence, self.tr("Try again"))
        self._set_read(is_read=False)

    def _set_read(self, *, is_read: bool) -> None:
        self.split.setVisible(is_read)
        self._nothing.setVisible(not is_read)

    def _show_stored(self, stored: StoredLayout) -> None:
        self._set_read(is_read=True)
        self.icon_name = stored.icon or "layout-template"
        self.set_title(self.tr("{0}: layout").format(stored.plural_name or stored.label))
        self.drafts.title = self.title
        self.drafts.offer()
        if self._wanted_field in self.state.library:
            self.commands.attach([self._wanted_field])
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
        summary = f"{words.fields(fields)} · {words.sections(sections)}"
        self.summary.setText(summary)
        self.set_status(" · ".join([summary, self.count.text()] if count else [summary]))
        if (count > 0) != self._was_unsaved:
            self._was_unsaved = count > 0
            self.unsaved_changed.emit(count > 0)

    def _name_steps(self) -> None:
        done, undone = self.own_steps()
        for button, said, verb, key in (
            (self.undo_button, done, self.tr("Undo"), "Ctrl+Z"),
            (self.redo_button, undone, self.tr("Redo"), "Ctrl+Shift+Z"),
        ):
            text = f"{verb} {said}".strip()
            button.setEnabled(bool(said))
            button.setToolTip(f"{text} ({key})")
            button.setAccessibleName(text)
        self.steps_changed.emit()

    @staticmethod
    def _step_words(steps: Sequence[tuple[Step, Layout]]) -> str:
        return step_words(steps[0][0]) if steps else ""

    def _mark_chosen(self) -> None:
        ids = self.tree.chosen_ids()
        self.preview.mark(ids)
        self.settings.show_entries(ids)
        section = self.tree.chosen_section() if not ids else None
        if section is not None:
            self.section_settings.show_section(section)
        self._below.setCurrentIndex(0 if section is None else 1)

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

    @override
    def own_steps(self) -> tuple[str, str]:
        draft = self.state.draft
        return self._step_words(draft.past[-1:]), self._step_words(draft.future[:1])

    @override
    def undo(self) -> None:
        self.state.undo()

    @override
    def redo(self) -> None:
        self.state.redo()

    def take_out(self, entry_ids: Sequence[str]) -> None:
        self.state.detach(entry_ids)
        count = len(entry_ids)
        one = self.tr("1 field removed from the object; its values stay.")
        many = self.tr("{0} fields removed from the object; their values stay.")
        self.announce(one if count == 1 else many.format(count))

    def review_changes(self) -> None:
        from crm_desktop.gui.layout_editor.changes_dialog import ChangesDialog

        dialog = ChangesDialog(self.state, self.window())
        dialog.save_requested.connect(self.save)
        dialog.revert_requested.connect(self.state.revert)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def _show_more(self) -> None:
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addActions(self.more_actions)
        menu.popup(self.more.mapToGlobal(QPoint(0, self.more.height())))

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

"""One record under its title, with its form: shown, edited, saved, or made anew."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction, QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QMenu, QStackedWidget, QVBoxLayout, QWidget
from typing_extensions import override

from crm_desktop.domain.changes import Change, Topic
from crm_desktop.domain.errors import Conflict, Invalid, NotFound, UserError
from crm_desktop.domain.field_types import EffectiveField, default_values, is_column
from crm_desktop.gui.drafts import Drafts
from crm_desktop.gui.editors.form_drafts import FormDrafts
from crm_desktop.gui.editors.record_conflicts import RecordConflicts
from crm_desktop.gui.editors.record_form import RecordForm
from crm_desktop.gui.editors.record_stepper import RecordStepper
from crm_desktop.gui.editors.record_times import RecordTimes
from crm_desktop.gui.icons import object_icon
from crm_desktop.gui.locale import system_formats
from crm_desktop.gui.tasks import Tasks
from crm_desktop.gui.theme import icon_size, theme, unit
from crm_desktop.gui.widgets.buttons import (
    IconButton,
    SmallLink,
    plain_button,
    primary_button,
)
from crm_desktop.gui.widgets.elided_label import ElidedLabel
from crm_desktop.gui.widgets.empty_state import EmptyState
from crm_desktop.gui.widgets.icon_label import IconLabel
from crm_desktop.gui.widgets.notice_bar import NoticeBar
from crm_desktop.services import objects, record_forms, records
from crm_desktop.services.objects import ObjectDetail
from crm_desktop.services.record_forms import FormSection
from crm_desktop.services.records import Edit, RecordDetail

Form = tuple[FormSection, ...]
NewRecord = tuple[
    ObjectDetail, tuple[EffectiveField, ...], Mapping[str, Any], Mapping[str, str], Form
]
_LONGEST_LINK = 40  # letters


class _Head(QWidget):
    """The line with the title, parted from what is below it."""

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(0, self.height() - 1, self.width(), 1, QColor(theme().border))
        painter.end()


class RecordPanel(QWidget):
    """Edits one record at a time; what was typed stays until it is stored or dropped."""

    loaded = Signal(object)  # RecordDetail
    begun = Signal(object)  # the ObjectDetail of a new record, whose form is shown
    saved = Signal(str)  # the record's id
    not_saved = Signal()  # what was to be saved was refused, and why is said
    unread = Signal()  # there is nothing to show of the record
    gone = Signal()  # the record was deleted by somebody
    unsaved_changed = Signal(bool)
    open_requested = Signal(str)  # an address: the list of the record's object, or the record
    refused = Signal(object)  # UserError that no control can show
    comparison_wanted = Signal(object)  # Comparison: somebody else changed the same fields
    step_requested = Signal(int)  # to the next record, 1, or to the one before, -1

    def __init__(
        self,
        tasks: Tasks,
        drafts: Drafts | None = None,
        parent: QWidget | None = None,
        *,
        is_narrow: bool = False,
    ) -> None:
        super().__init__(parent)
        self._tasks, self._formats, self._is_narrow = tasks, system_formats(), is_narrow
        self.make_record: Callable[..., str] = records.create_record  # what stores a new record
        self.record: RecordDetail | None = None
        self.record_id = self._object_id = self._like = ""
        self._fields: tuple[EffectiveField, ...] = ()
        self._form: Form = ()
        self._is_new = self._is_saving = False
        self._make_head()
        self.notice = NoticeBar(
            "pencil", "warning", is_narrow=is_narrow
        )  # for whoever shows the panel
        self.form = RecordForm(tasks, self._formats)
        drafts = drafts if drafts is not None else Drafts(tasks, parent=self)
        self.drafts = FormDrafts(tasks, drafts, self.form, self._formats, is_narrow=is_narrow)
        self.drafts.refused.connect(self.refused)
        self._conflicts = RecordConflicts(tasks, self.form, self._formats, self)
        self._conflicts.comparison_wanted.connect(self.comparison_wanted)
        self.form.edited.connect(self._note_edit)
        self._empty = EmptyState(self.tr("No record is selected."), icon_name="file-text")
        self._empty.action_requested.connect(self._act_on_nothing)
        self._stack = QStackedWidget()
        self._stack.addWidget(self._empty)
        self._stack.addWidget(self._lay_out())
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.addWidget(self._stack)
        tasks.changed.connect(self._reload_if_touched)
        self._show_changes()

    def _make_head(self) -> None:
        is_narrow = self._is_narrow
        self._icon = IconLabel(
            "file-text", "accent", size=round(icon_size() * 1.25), has_tile=not is_narrow
        )
        self.title = ElidedLabel(face="title" if is_narrow else "page")
        self.times = RecordTimes(self._formats)
        self.list_link = SmallLink()
        self.list_link.setToolTip(self.tr("Back to the list (Alt+Up)"))
        self.list_link.clicked.connect(self.open_list)
        self.open_button = IconButton("square-arrow-out-up-right", self.tr("Open record"), self)
        self.open_button.setVisible(is_narrow)  # nowhere else, but never without a parent
        self.open_button.clicked.connect(self._open_alone)
        self.save_button = primary_button(self.tr("Save"), icon_name="save")
        self.save_button.clicked.connect(self.save)
        self.revert_button = plain_button(self.tr("Revert"))
        self.revert_button.clicked.connect(self.revert)
        self.stepper = RecordStepper(is_narrow=is_narrow)
        self.stepper.step_requested.connect(self.step_requested)
        self.menu_button = IconButton("ellipsis", self.tr("More"), is_outlined=not is_narrow)
        self.menu_button.setPopupMode(IconButton.ToolButtonPopupMode.InstantPopup)
        self.menu_button.hide()

    def offer_actions(self, actions: Sequence[QAction]) -> None:
        """Put these into the menu beside the title."""
        menu = QMenu(self.menu_button)
        menu.addActions(list(actions))
        self.menu_button.setMenu(menu)
        self.menu_button.show()

    def _lay_out(self) -> QWidget:
        self.head, self.foot = _Head(), QWidget()
        if self._is_narrow:
            self._lay_out_narrow()
        else:
            self._lay_out_wide()
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.head)
        column.addWidget(self.notice)
        column.addWidget(self.drafts)
        column.addWidget(self.form, 1)
        column.addWidget(self.foot)
        return page

    def _lay_out_wide(self) -> None:
        titles = QVBoxLayout()
        titles.setSpacing(0)
        titles.addWidget(self.title)
        below = QHBoxLayout()
        below.setSpacing(unit())
        below.addWidget(self.list_link)
        below.addWidget(self.times, 1)
        titles.addLayout(below)
        row = QHBoxLayout(self.head)
        row.setContentsMargins(4 * unit(), 2 * unit(), 4 * unit(), 2 * unit())
        row.setSpacing(3 * unit())
        row.addWidget(self._icon, 0, Qt.AlignmentFlag.AlignVCenter)
        row.addSpacing(unit())
        row.addLayout(titles, 1)
        buttons = (self.stepper, self.menu_button, self.revert_button, self.save_button)
        for part in buttons:
            row.addWidget(part)

    def _lay_out_narrow(self) -> None:
        """Give title and times a line each, and what saves the foot."""
        rows = QVBoxLayout(self.head)
        rows.setContentsMargins(4 * unit(), 2 * unit(), 2 * unit(), 2 * unit())
        rows.setSpacing(0)
        first, second = QHBoxLayout(), QHBoxLayout()
        for part in (self._icon, self.title, self.open_button, self.menu_button):
            first.addWidget(part, 1 if part is self.title else 0)
        second.addWidget(self.times, 1)
        second.addWidget(self.stepper)
        for row in (first, second):
            row.setSpacing(unit())
            rows.addLayout(row)
        foot = QHBoxLayout(self.foot)
        foot.setContentsMargins(4 * unit(), 2 * unit(), 4 * unit(), 3 * unit())
        foot.addStretch(1)
        foot.addWidget(self.revert_button)
        foot.addWidget(self.save_button)

    # What is shown

    def _show_page(self, *, has_record: bool) -> None:
        self._stack.setCurrentIndex(1 if has_record else 0)
        self.head.setVisible(has_record)

    def open_record(self, record_id: str) -> None:
        """Read this record and show it; what is unsaved is the caller's business."""
        self.record_id, self._is_new = record_id, False
        call = partial(_read_record, record_id=record_id)
        self._tasks.read(self, call, self._show_record, self._not_read)

    def start_record(self, object_id: str, like: str = "") -> None:
        """Show a form for a new record of this object: with its defaults, or `like` another."""
        self.record, self.record_id, self._object_id, self._is_new = None, "", object_id, True
        self._like = like
        call = partial(_new_record, object_id=object_id, like=like)
        self._tasks.read(self, call, self._show_new, self._not_begun)

    def show_nothing(self) -> None:
        self.record, self.record_id, self._is_new = None, "", False
        self.drafts.end()
        self._empty.set_sentence(self.tr("No record is selected."))
        self._show_page(has_record=False)

    def _show_gone(self) -> None:
        """Say that there is nothing left to show, and where the others are."""
        was_shown = self.record is not None
        self.record, self.record_id = None, ""
        self.drafts.end()
        action = self.tr("Show the list") if self._object_id else ""
        sentence = (
            self.tr("This record was deleted.")
            if was_shown
            else self.tr("This database has no such record (any more).")
        )
        self._empty.set_sentence(sentence, action)
        self._show_page(has_record=False)
        self.gone.emit()

    def _act_on_nothing(self) -> None:
        """Do what the button below the sentence says."""
        if self._is_new:
            self.start_record(self._object_id, self._like)
        elif self.record_id:
            self.open_record(self.record_id)
        else:
            self.open_list()

    def open_list(self) -> None:
        if self._object_id:
            self.open_requested.emit(f"records:{self._object_id}")

    def _open_alone(self) -> None:
        if self.record_id:
            self.open_requested.emit(f"record:{self.record_id}")

    def reload(self) -> None:
        """Read the record again; what was typed stays."""
        if self.record_id:
            self.open_record(self.record_id)

    def _show_record(self, read: tuple[RecordDetail, Form]) -> None:
        detail, form = read
        if detail.id != self.record_id:
            return
        is_other = self.record is None or self.record.id != detail.id
        if is_other or (detail.fields, form) != (self._fields, self._form):
            self._build(detail.fields, form, may_edit=detail.can_update, keeps_typed=not is_other)
        if is_other:
            self.form.show_values(detail.values, detail.names)
        else:
            self.form.take_stored(detail.values, detail.names)
        self.record, self._object_id = detail, detail.object_id
        self.title.setText(detail.primary_value or self.tr("Without a name"))
        self._say_whose(detail.object_label)
        self.times.show_times(detail, begins_with="" if self._is_narrow else "· ")
        self._show_page(has_record=True)
        self.drafts.begin(detail.object_id, detail.id, self.title.text(), detail.values)
        self._note_edit()
        self.loaded.emit(detail)

    def _build(
        self, fields: tuple[EffectiveField, ...], form: Form, *, may_edit: bool, keeps_typed: bool
    ) -> None:
        """Make the form for these fields; of a changed layout, what was typed is kept."""
        typed = self.form.drafts() if keeps_typed else {}
        self._fields, self._form = fields, form
        self.form.show_fields(fields, form, may_edit=may_edit)
        if typed and self.record is not None:
            self.form.show_values(self.record.values, self.record.names)
            self.form.restore(typed, self.record.names)

    def _show_new(self, new: NewRecord) -> None:
        crm_object, fields, values, names, form = new
        self._object_id = crm_object.id
        self._build(fields, form, may_edit=True, keeps_typed=False)
        self.form.show_values({}, names)
        self.form.suggest(values)
        self.show_icon(crm_object.icon)
        self.title.setText(self.tr("New {}").replace("{}", crm_object.label))
        self._say_whose(crm_object.label)
        words = self.tr("Not saved yet")
        self.times.show_words(words if self._is_narrow else f"· {words}")
        self._show_page(has_record=True)
        self.drafts.begin(crm_object.id, "", self.title.text(), {})
        self._note_edit()
        self.form.focus_first()
        self.begun.emit(crm_object)

    def _say_whose(self, object_label: str) -> None:
        """Say under the title whose record it is, as a link where the list is elsewhere."""
        label = object_label.replace("&", "&&")
        self.list_link.setText(label if len(label) <= _LONGEST_LINK else f"{label[:39]}…")
        self.list_link.setAccessibleName(self.tr("Back to the list of {}").replace("{}", label))

    def show_icon(self, icon_text: str | None) -> None:
        self._icon.set_icon(object_icon(icon_text, "accent"))

    def _not_read(self, error: UserError) -> None:
        if isinstance(error, NotFound) and self.has_unsaved():
            self.refused.emit(error)  # what was typed stays to be copied
        elif isinstance(error, NotFound):
            self._show_gone()
        elif self.record is None:
            self._show_unread(error)
        else:
            self.refused.emit(error)

    def _not_begun(self, error: UserError) -> None:
        if self.has_unsaved():
            self.refused.emit(error)
        else:
            self._show_unread(error)

    def _show_unread(self, error: UserError) -> None:
        """Say why there is nothing to see, and offer to try again."""
        sentence = self.tr("This could not be read. {why}").format(why=error)
        self._empty.set_sentence(sentence, self.tr("Try again"))
        self._show_page(has_record=False)
        self.unread.emit()

    # What was typed

    def has_unsaved(self) -> bool:
        return bool(self.form.changed_count())

    def revert(self) -> None:
        """Show the stored values again, without what was typed."""
        if self.record is not None:
            self.form.show_values(self.record.values, self.record.names)
        elif self._is_new:
            self.start_record(self._object_id, self._like)
        self._note_edit()

    def drop_unsaved(self) -> None:
        """Give up what was typed, and its draft."""
        self.drafts.drop()
        if self.record is not None:
            self.form.show_values(self.record.values, self.record.names)
            self._note_edit()

    def save(self) -> None:
        """Store what was typed; a refusal is said at the controls, and nothing is lost."""
        if self._is_saving or not self.can_save():
            return
        try:
            changed = self.form.changed_values()
        except Invalid:
            self.not_saved.emit()
            return
        self._is_saving = True
        self._show_changes()
        if self.record is None:
            values = {key: new for key, (_, new) in changed.items()}
            call = partial(self.make_record, object_id=self._object_id, values=values)
            self._tasks.write(self, call, self._created, self._refuse)
            return
        edits = {key: Edit(old, new) for key, (old, new) in changed.items()}
        update = partial(records.update_record, record_id=self.record.id, edits=edits)
        self._tasks.write(self, update, partial(self._updated, changed), self._refuse)

    def can_save(self) -> bool:
        return self._is_new or (self.record is not None and self.has_unsaved())

    def _created(self, record_id: str) -> None:
        self._is_saving = False
        self.open_record(record_id)
        self.saved.emit(record_id)

    def _updated(self, changed: Mapping[str, tuple[Any, Any]], _: None) -> None:
        """Take what was stored as the value that further edits begin with.

        What was typed while the save was under way stays an edit.
        """
        self._is_saving = False
        for field_id, (_, new) in changed.items():
            cell = self.form.cells.get(field_id)
            if cell is not None:
                cell.take_saved(new)
        self._note_edit()
        if self.record is not None:
            self.reload()
            self.saved.emit(self.record.id)

    def _refuse(self, error: UserError) -> None:
        self._is_saving = False
        self._show_changes()
        if isinstance(error, Conflict) and error.clashes and self.record is not None:
            self._conflicts.show_clashes(self.record, error.clashes)
        elif isinstance(error, Invalid):
            rest = self.form.show_problems(error.problems)
            if rest:
                self.refused.emit(Invalid(rest))
        else:
            self.refused.emit(error)
        self.not_saved.emit()

    def _note_edit(self) -> None:
        """Keep a draft of what is typed now, and show how much of it is not stored."""
        self.drafts.keep()
        self._show_changes()

    def _show_changes(self) -> None:
        count = self.form.changed_count()
        text = self.tr("Save {}").replace("{}", str(count)) if count else self.tr("Save")
        self.save_button.setText(self.tr("Create") if self._is_new else text)
        self.save_button.setEnabled(not self._is_saving and self.can_save())
        self.save_button.setVisible(not self._is_narrow or count > 0)
        self.revert_button.setVisible(count > 0)
        self.foot.setVisible(self._is_narrow and count > 0)
        self.unsaved_changed.emit(count > 0)

    def _reload_if_touched(self, changes: frozenset[Change]) -> None:
        mine = {Change(Topic.RECORDS, self._object_id), Change(Topic.LAYOUTS, self._object_id)}
        if self.record is not None and not self._is_saving and changes & mine:
            self.reload()


def _new_record(session: Any, object_id: str, like: str) -> NewRecord:
    if not like:
        fields = records.fields_of(session, object_id)
        form = record_forms.form_of(session, object_id)
        return objects.get_object(session, object_id), fields, default_values(fields), {}, form
    model = records.get_record(session, like)
    crm_object = objects.get_object(session, model.object_id)
    typed = {
        field.id: model.values[field.id]
        for field in model.fields
        if field.id in model.values and not field.is_readonly and not is_column(field)
    }
    form = record_forms.form_of(session, model.object_id)
    return crm_object, model.fields, typed, model.names, form


def _read_record(session: Any, record_id: str) -> tuple[RecordDetail, Form]:
    detail = records.get_record(session, record_id)
    return detail, record_forms.form_of(session, detail.object_id)

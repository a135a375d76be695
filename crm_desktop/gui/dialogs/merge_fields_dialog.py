"""Merges a field into another one, after showing what moves and where two values meet."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import (
    QFrame,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QRadioButton,
    QVBoxLayout,
    QWidget,
)
from typing_extensions import override

from crm_desktop.domain.field_type import wrong_type_text
from crm_desktop.domain.field_types import type_of
from crm_desktop.gui.delegates import EMPTY
from crm_desktop.gui.dialogs.delete_dialog import counted, listed
from crm_desktop.gui.dialogs.planned_dialog import PlannedDialog, Work
from crm_desktop.gui.icons import icon
from crm_desktop.gui.models.fields import type_label
from crm_desktop.gui.theme import icon_size, row_height, unit
from crm_desktop.gui.widgets.search_box import SearchBox
from crm_desktop.services import field_merge, fields
from crm_desktop.services.field_merge import Kept, MergePlan, MergeResult
from crm_desktop.services.fields import FieldSummary

if TYPE_CHECKING:
    from crm_desktop.db.database import ReadSession, WriteSession
    from crm_desktop.gui.jobs import Progress
    from crm_desktop.gui.tasks import Tasks

_ID = Qt.ItemDataRole.UserRole


class MergeFieldsDialog(PlannedDialog):
    """The fields of the same type at the left; at the right what merging into one would do."""

    def __init__(self, tasks: Tasks, field: FieldSummary, parent: QWidget | None = None) -> None:
        super().__init__(tasks, parent=parent, title=self.tr("Merge fields"))
        self.field = field
        self.filter = SearchBox(self.tr("Filter fields"))
        self.targets = QListWidget()
        self.targets.setAccessibleName(self.tr("Merge into"))
        self.targets.setIconSize(QSize(icon_size(), icon_size()))
        self.targets.setFrameShape(QFrame.Shape.NoFrame)
        self.empty = QLabel(self.tr("No other field has this type."))
        self.empty.setWordWrap(True)
        self.empty.hide()
        self.keep_target = QRadioButton()
        self.keep_source = QRadioButton()
        chooser = QWidget()
        box = QVBoxLayout(chooser)
        box.setContentsMargins(0, 0, 0, 3 * unit())
        box.setSpacing(2 * unit())
        box.addWidget(self.filter)
        box.addWidget(self.targets, 1)
        box.addWidget(self.empty)
        title = self.tr("Merge “{name}” into another field").format(name=field.label)
        about = self.tr(
            "Its values move to the other field, layouts and views name that one, and “{name}” is "
            "deleted. Fields of the type {type} can be chosen."
        ).format(name=field.label, type=type_label(field.type))
        self.lay_out(title, about, chooser)
        self.sentence.setText(self.tr("Choose a field: then it is counted what would happen."))
        self.targets.itemSelectionChanged.connect(self.choose)
        self.filter.searched.connect(self._narrow)
        self.filter.left_downward.connect(self.targets.setFocus)
        call = partial(_candidates, source=field)
        tasks.read(self, call, self._show_targets, self.problem_of)
        self.targets.setFocus()

    def problem_of(self, error: Exception) -> None:
        self.problem.set_text(str(error))

    def _show_targets(self, found: list[FieldSummary]) -> None:
        for each in found:
            uses = counted(each.used_by, self.tr("object"), self.tr("objects"))
            item = QListWidgetItem(icon(type_of(each.type).icon, "muted"), each.label)
            item.setToolTip(self.tr("{name}, used by {uses}").format(name=each.name, uses=uses))
            item.setData(_ID, each.id)
            item.setSizeHint(QSize(0, row_height()))
            self.targets.addItem(item)
        self.empty.setVisible(not found)

    def _narrow(self, words: str) -> None:
        wanted = words.casefold().split()
        for row in range(self.targets.count()):
            item = self.targets.item(row)
            text = f"{item.text()} {item.toolTip()}".casefold()
            item.setHidden(not all(word in text for word in wanted))

    def choose_target(self, field_id: str) -> None:
        """Choose the field of this id."""
        for row in range(self.targets.count()):
            if self.targets.item(row).data(_ID) == field_id:
                self.targets.setCurrentRow(row)

    def _target_id(self) -> str:
        chosen = self.targets.selectedItems()
        return str(chosen[0].data(_ID)) if chosen else ""

    @override
    def count(self) -> tuple[str, Work] | None:
        target_id = self._target_id()
        if not target_id:
            return None
        title = self.tr("Comparing “{name}” with the other field").format(name=self.field.label)
        return title, partial(_plan, source_id=self.field.id, target_id=target_id)

    @override
    def work(self, plan: MergePlan) -> tuple[str, Work]:
        title = self.tr("Merging “{name}”").format(name=self.field.label)
        return title, partial(_merge, plan=plan, kept=self._kept())

    @override
    def may_go_on(self, plan: MergePlan) -> bool:
        return not plan.clashing or self._kept() != "neither"

    def _kept(self) -> Kept:
        if self.keep_target.isChecked():
            return "target"
        return "source" if self.keep_source.isChecked() else "neither"

    @override
    def verb(self, plan: MergePlan | None) -> str:
        if plan is None:
            return self.tr("Merge")
        verb = self.tr("Merge into “{name}” and delete “{other}”")
        text = verb.format(name=plan.target.label, other=plan.source.label)
        return text.replace("&", "&&")

    @override
    def show_plan(self, plan: MergePlan) -> None:
        say, tr = self.report.say, self.tr
        records = counted(plan.moved, tr("value moves"), tr("values move"))
        title = tr("{0} to “{1}”.").format(records, plan.target.label)
        say("circle-check", "success", title, is_title=True)
        if plan.equal:
            who = counted(plan.equal, tr("record holds"), tr("records hold"))
            say("equal", "muted", tr("{} the same in both fields.").format(who))
        if plan.clashing:
            self._show_clashes(plan)
        if plan.gained:
            sentence = tr(
                "In the layout of {} it takes the place, the rules and the label set there."
            )
            say("layout-template", "muted", sentence.format(listed(plan.gained)))
        if plan.shared:
            sentence = tr("The layout of {0} has both: “{1}” stays where it is.")
            say("layout-template", "muted", sentence.format(listed(plan.shared), plan.target.label))
        if plan.views:
            sentence = tr("Views and forms of {} name the other field afterwards.")
            say("table-2", "muted", sentence.format(listed(plan.views)))
        if plan.can_be_undone:
            sentence = tr(
                "One Undo (Ctrl+Z) brings the values back, but not “{}”: layouts and views keep "
                "the other field."
            ).format(plan.source.label)
            say("undo-2", "muted", sentence)
        else:
            say("triangle-alert", "warning", tr("This database keeps no history: this is final."))

    def _show_clashes(self, plan: MergePlan) -> None:
        say, tr = self.report.say, self.tr
        who = counted(plan.clashing, tr("record holds"), tr("records hold"))
        sentence = tr("{} different values in the two fields. One of them has to go:").format(who)
        say("octagon-alert", "danger", sentence)
        headings = (tr("For example"), plan.target.label, plan.source.label)
        rows = [(each.record_name, _text(each.target), _text(each.source)) for each in plan.clashes]
        self.report.add_table(headings, (3, 3, 3), rows)
        self.keep_target = QRadioButton(_escaped(tr("Keep that of “{}”"), plan.target.label))
        self.keep_source = QRadioButton(_escaped(tr("Keep that of “{}”"), plan.source.label))
        for button in (self.keep_target, self.keep_source):
            button.toggled.connect(self.agree)
            self.report.add(button)


def _escaped(words: str, name: str) -> str:
    return words.format(name).replace("&", "&&")


def _text(value: Any) -> str:
    return EMPTY if value is None else wrong_type_text(value)


def _candidates(session: ReadSession, source: FieldSummary) -> list[FieldSummary]:
    """Return the fields that this one could be merged into."""
    found = fields.list_fields(session, field_type=source.type)
    return [each for each in found if each.id != source.id and not each.is_system_field]


def _plan(session: WriteSession, _: Progress, source_id: str, target_id: str) -> MergePlan:
    """Compare by one statement, which has no progress to tell; it can be stopped."""
    return field_merge.plan_merge(session, source_id, target_id)


def _merge(
    session: WriteSession, on_progress: Progress, plan: MergePlan, kept: Kept
) -> MergeResult:
    return field_merge.merge_fields(session, plan, kept, on_progress)

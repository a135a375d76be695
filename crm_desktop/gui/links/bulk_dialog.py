"""Links many records of a list at once: to one that is chosen, or by what a field holds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QCheckBox, QComboBox, QRadioButton, QVBoxLayout, QWidget
from typing_extensions import override

from crm_desktop.domain.errors import UserError
from crm_desktop.domain.field_types import EffectiveField, is_column, naming_fields, type_of
from crm_desktop.gui.dialogs.delete_dialog import counted
from crm_desktop.gui.dialogs.planned_dialog import PlannedDialog, Work
from crm_desktop.gui.icons import icon, object_icon
from crm_desktop.gui.links.bulk_report import show_rehearsal
from crm_desktop.gui.links.words import cut
from crm_desktop.gui.picking.record_picker import RecordPicker
from crm_desktop.gui.theme import unit
from crm_desktop.gui.widgets.buttons import plain_button
from crm_desktop.gui.widgets.form_row import FormRow
from crm_desktop.services import bulk_links, records, relationships
from crm_desktop.services.bulk_links import NAME, ByValue, LinkRehearsal, LinkResult, Rule, ToOne
from crm_desktop.services.record_targets import ChosenRecords, RecordTarget
from crm_desktop.services.relationships import RelationshipSide

if TYPE_CHECKING:
    from crm_desktop.db.database import ReadSession, WriteSession
    from crm_desktop.gui.jobs import Progress
    from crm_desktop.gui.tasks import Tasks

_COMPARED = frozenset({"text", "textarea", "email", "phone", "url", "number", "select", "radio"})
_SHORTEST = 16  # letters of what is chosen that are seen
Fields = Mapping[str, Sequence[EffectiveField]]


@dataclass(frozen=True, slots=True)
class Choices:
    """The relationships of the records, and the fields of both objects that can be compared."""

    sides: Sequence[RelationshipSide]
    fields: Fields


class BulkLinkDialog(PlannedDialog):
    """At the left how they are linked, at the right what that would do."""

    def __init__(
        self, tasks: Tasks, target: RecordTarget, plural: str, parent: QWidget | None = None
    ) -> None:
        super().__init__(tasks, self.tr("Link"), parent)
        self._target = target
        self._choices = Choices((), {})
        self._other: tuple[str, str] | None = None
        self.relationship = _combo()
        self.to_one = QRadioButton(self.tr("To one record"))
        self.by_value = QRadioButton(self.tr("By what a field holds"))
        self.pick = plain_button("", icon_name="search")
        self.own_field, self.other_field = _combo(), _combo()
        self.exact = QCheckBox(self.tr("Case and blanks count"))
        self.moves: QCheckBox | None = None
        self.to_one.setChecked(True)
        count = len(target.ids) if isinstance(target, ChosenRecords) else 0
        title = self.tr("Link {}").replace(
            "{}", counted(count, self.tr("selected record"), self.tr("selected records"))
        )
        if not count:
            title = self.tr("Link all {} that the list finds").replace("{}", plural)
        about = self.tr("Nothing is linked before you have seen what would be.")
        self.setWindowTitle(title)
        self.lay_out(title, about, self._chooser())
        self.sentence.setText(self.tr("Choose with what: then it is counted what would be linked."))
        self._connect()
        call = partial(_read_choices, object_id=target.object_id)
        tasks.read(self, call, self._show_choices, self._not_read)

    def _chooser(self) -> QWidget:
        chooser = QWidget()
        column = QVBoxLayout(chooser)
        column.setContentsMargins(0, 0, 0, 3 * unit())
        column.setSpacing(3 * unit())
        self.one_row = FormRow(self.tr("Record"), self.pick)
        self.own_row = FormRow(self.tr("Compare"), self.own_field)
        self.other_row = FormRow(self.tr("with"), self.other_field)
        for part in (
            FormRow(self.tr("Relationship"), self.relationship),
            self.to_one,
            self.one_row,
            self.by_value,
            self.own_row,
            self.other_row,
            self.exact,
        ):
            column.addWidget(part)
        column.addStretch(1)
        return chooser

    def _connect(self) -> None:
        self.relationship.currentIndexChanged.connect(self._show_side)
        self.to_one.toggled.connect(self._show_rule)
        self.pick.clicked.connect(self.open_picker)
        for combo in (self.own_field, self.other_field):
            combo.currentIndexChanged.connect(self.choose)
        self.exact.toggled.connect(self.choose)
        self._show_rule()

    def _not_read(self, error: UserError) -> None:
        self.problem.set_text(str(error))

    # What can be chosen

    def _show_choices(self, choices: Choices) -> None:
        self._choices = choices
        if not choices.sides:
            self.problem.set_text(self.tr("This object has no relationships yet."))
        own = choices.fields.get(self._target.object_id, ())
        self._fill(self.own_field, own)
        naming = {field.id for field in naming_fields(own)[:1]}
        told = [place for place, field in enumerate(own, start=1) if field.id not in naming]
        self.own_field.setCurrentIndex(told[0] if told else 0)
        for side in choices.sides:
            words = self.tr("{0} ({1})").replace("{0}", cut(side.label))
            self.relationship.addItem(
                object_icon(side.other.icon, "muted"), words.replace("{1}", cut(side.other.label))
            )
        self.relationship.setFocus()

    def _fill(self, combo: QComboBox, fields: Sequence[EffectiveField]) -> None:
        combo.blockSignals(True)
        combo.clear()
        combo.addItem(icon("text-cursor-input", "muted"), self.tr("Name of the record"))
        combo.setItemData(0, NAME)
        for field in fields:
            combo.addItem(icon(type_of(field.type).icon, "muted"), cut(field.label), field.id)
        combo.blockSignals(False)

    def side(self) -> RelationshipSide | None:
        place = self.relationship.currentIndex()
        return self._choices.sides[place] if 0 <= place < len(self._choices.sides) else None

    def _show_side(self) -> None:
        side = self.side()
        if side is None:
            return
        self._other = None
        self.pick.setText(self.tr("Choose a {}…").replace("{}", cut(side.other.label)))
        self.other_row.label.setText(
            self.tr("with, in {}").replace("{}", cut(side.other.plural_name))
        )
        self._fill(self.other_field, self._choices.fields.get(side.other.id, ()))
        self.choose()

    def _show_rule(self) -> None:
        is_one = self.to_one.isChecked()
        self.one_row.setVisible(is_one)
        for part in (self.own_row, self.other_row, self.exact):
            part.setVisible(not is_one)
        self.choose()

    def open_picker(self) -> None:
        """Choose the record that all are linked to."""
        side = self.side()
        if side is None:
            return
        picker = RecordPicker(self._tasks, [side.other.id], parent=self)
        picker.picked.connect(self._take_picked)
        picker.finished.connect(picker.deleteLater)
        picker.open()

    def _take_picked(self, picked: Sequence[tuple[str, str]]) -> None:
        self._other = picked[0]
        self.pick.setText(cut(picked[0][1]).replace("&", "&&"))
        self.choose()

    def rule(self) -> Rule | None:
        """Return how they are linked, None while that is not chosen."""
        if self.to_one.isChecked():
            return ToOne(self._other[0]) if self._other is not None else None
        own, other = self.own_field.currentData(), self.other_field.currentData()
        return ByValue(str(own), str(other), is_exact=self.exact.isChecked())

    # PlannedDialog

    @override
    def count(self) -> tuple[str, Work] | None:
        side, rule = self.side(), self.rule()
        if side is None or rule is None:
            return None
        call = partial(_rehearse, target=self._target, side=side, rule=rule)
        return self.tr("Looking what can be linked"), call

    @override
    def show_plan(self, plan: LinkRehearsal) -> None:
        self.moves = None
        side = self.side()
        if side is None:
            return
        show_rehearsal(self.report, plan, side, by_value=self.by_value.isChecked())
        if plan.count("taken"):
            self.moves = QCheckBox(self.tr("Take over those that belong to another"))
            self.moves.toggled.connect(self.agree)
            self.report.add(self.moves)

    def _moves(self) -> bool:
        return self.moves is not None and self.moves.isChecked()

    def _changing(self, plan: LinkRehearsal) -> int:
        return plan.count("new") + (plan.count("taken") if self._moves() else 0)

    @override
    def may_go_on(self, plan: LinkRehearsal) -> bool:
        return bool(self._changing(plan))

    @override
    def verb(self, plan: LinkRehearsal | None) -> str:
        if plan is None or not self._changing(plan):
            return self.tr("Link")
        return self.tr("Link {}").replace("{}", f"{self._changing(plan):,}")

    @override
    def work(self, plan: LinkRehearsal) -> tuple[str, Work]:
        side, rule = self.side(), self.rule()
        if side is None or rule is None:  # what was counted is what is chosen
            raise AssertionError("Nothing was chosen.")
        call = partial(
            _link,
            target=self._target,
            side=side,
            rule=rule,
            rehearsal=plan,
            moves_taken=self._moves(),
        )
        many = counted(self._changing(plan), self.tr("record"), self.tr("records"))
        return self.tr("Linking {}").replace("{}", many), call


def _combo() -> QComboBox:
    """Return a choice that is no wider than its place, whatever names there are to choose from."""
    combo = QComboBox()
    combo.setSizeAdjustPolicy(combo.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
    combo.setMinimumContentsLength(_SHORTEST)
    return combo


def _read_choices(session: ReadSession, object_id: str) -> Choices:
    sides = relationships.sides_of_object(session, object_id)
    objects = {object_id, *(side.other.id for side in sides)}
    return Choices(sides, {each: _comparable(session, each) for each in objects})


def _comparable(session: ReadSession, object_id: str) -> list[EffectiveField]:
    fields = records.fields_of(session, object_id)
    return [each for each in fields if each.type in _COMPARED and not is_column(each)]


def _rehearse(
    session: WriteSession,
    on_progress: Progress,
    target: RecordTarget,
    side: RelationshipSide,
    rule: Rule,
) -> LinkRehearsal:
    return bulk_links.rehearse_links(session, target, side, rule, on_progress)


def _link(
    session: WriteSession,
    on_progress: Progress,
    target: RecordTarget,
    side: RelationshipSide,
    rule: Rule,
    rehearsal: LinkRehearsal,
    moves_taken: bool,  # noqa: FBT001 - named by the only caller
) -> LinkResult:
    return bulk_links.make_links(
        session, target, side, rule, rehearsal, on_progress, moves_taken=moves_taken
    )

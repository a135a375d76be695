"""Gives a field another type, after showing what becomes of the values that records hold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtWidgets import QCheckBox, QVBoxLayout, QWidget
from typing_extensions import override

from crm_desktop.domain.field_types import Shower, merge_field, type_of
from crm_desktop.domain.formats import Formats
from crm_desktop.domain.type_conversion import CHOICES, Fate
from crm_desktop.gui.delegates import EMPTY
from crm_desktop.gui.dialogs.delete_dialog import counted, listed
from crm_desktop.gui.dialogs.planned_dialog import PlannedDialog, Work
from crm_desktop.gui.editors.config.settings import setting_label
from crm_desktop.gui.editors.config.type_list import TypeList
from crm_desktop.gui.icons import Role
from crm_desktop.gui.models.fields import type_label
from crm_desktop.gui.theme import unit
from crm_desktop.gui.widgets.buttons import set_look
from crm_desktop.services import type_changes
from crm_desktop.services.fields import FieldSummary
from crm_desktop.services.type_changes import Sample, TypePlan
from crm_desktop.services.type_settings import LostSettings

if TYPE_CHECKING:
    from crm_desktop.db.database import WriteSession
    from crm_desktop.gui.jobs import Progress
    from crm_desktop.gui.tasks import Tasks


_MOST_VIEWS = 5


class ChangeTypeDialog(PlannedDialog):
    """The types at the left; at the right how many values convert, with samples of each fate."""

    def __init__(
        self, tasks: Tasks, field: FieldSummary, formats: Formats, parent: QWidget | None = None
    ) -> None:
        super().__init__(tasks, parent=parent, title=self.tr("Change type"))
        self.field, self._formats = field, formats
        self.types = TypeList()
        self.types.leave_out(field.type)
        self.options = QCheckBox(self.tr("Make its options of the values"))
        self.options.setToolTip(self.tr("Up to 200 different values become the field's options"))
        self.options.setChecked(True)
        chooser = QWidget()
        box = QVBoxLayout(chooser)
        box.setContentsMargins(0, 0, 0, 3 * unit())
        box.setSpacing(2 * unit())
        box.addWidget(self.types, 1)
        box.addWidget(self.options)
        title = self.tr("Change the type of “{name}”").format(name=field.label)
        about = self.tr("It is now: {type}. Choose what it shall be.").format(
            type=type_label(field.type)
        )
        self.options.hide()
        self.lay_out(title, about, chooser)
        self.sentence.setText(self.tr("Choose a type: then the values are counted."))
        self.types.chosen.connect(self.choose)
        self.types.chosen.connect(self._offer_options)
        self.options.toggled.connect(self.choose)
        self.types.setFocus()

    def _offer_options(self, new_type: str) -> None:
        config = self.field.config if isinstance(self.field.config, Mapping) else {}
        self.options.setVisible(new_type in CHOICES and not config.get("options"))

    def _makes_options(self) -> bool:
        return not self.options.isHidden() and self.options.isChecked()

    @override
    def count(self) -> tuple[str, Work] | None:
        new_type = self.types.type_name()
        if not new_type:
            return None
        title = self.tr("Reading the values of “{name}”").format(name=self.field.label)
        return title, partial(
            _plan,
            field_id=self.field.id,
            new_type=new_type,
            formats=self._formats,
            makes_options=self._makes_options(),
        )

    @override
    def work(self, plan: TypePlan) -> tuple[str, Work]:
        title = self.tr("Changing the type of “{name}”").format(name=self.field.label)
        return title, partial(_change, plan=plan, formats=self._formats)

    @override
    def verb(self, plan: TypePlan | None) -> str:
        if plan is None:
            return self.tr("Change type")
        verb = self.tr("Change to {type}").format(type=type_label(plan.new_type))
        if plan.failed:
            verb = self.tr("{verb}, keep {n} as they are").format(verb=verb, n=f"{plan.failed:,}")
        set_look(self.submit, "danger" if plan.failed else "primary")
        return verb.replace("&", "&&")

    @override
    def show_plan(self, plan: TypePlan) -> None:
        self._say_counts(plan)
        for fate, heading in (
            (Fate.FAILED, self.tr("Why it does not convert")),
            (Fate.LOSSY, self.tr("What is lost")),
            (Fate.CLEAN, ""),
        ):
            samples = [each for each in plan.samples if each.fate is fate]
            if samples:
                self._show_samples(samples, heading)
        self._say_settings(plan)
        self._say_reach(plan)
        self._say_rest(plan)

    def _say_settings(self, plan: TypePlan) -> None:
        """Say which settings go, and which default stays without being of use."""
        say = self.report.say
        if plan.lost:
            said = "; ".join(self._place_words(each) for each in plan.lost)
            sentence = self.tr("These settings mean nothing to {type} and go: {settings}.").format(
                type=f"“{type_label(plan.new_type)}”", settings=said
            )
            say("settings-2", "warning", sentence)
        if plan.unfit_defaults:
            places = ", ".join(self._place(each) for each in plan.unfit_defaults)
            sentence = self.tr(
                "The default does not fit the new type ({places}). It stays as it is, and new "
                "records do without it."
            )
            say("triangle-alert", "warning", sentence.format(places=places))

    def _place(self, object_label: str) -> str:
        return f"“{object_label}”" if object_label else self.tr("library")

    def _place_words(self, lost: LostSettings) -> str:
        names = (setting_label(self.field.type, key) or key for key in lost.keys)
        return f"{', '.join(name.lower() for name in names)} ({self._place(lost.object_label)})"

    def _say_reach(self, plan: TypePlan) -> None:
        """Say which views and indexes do not fit the field any more afterwards."""
        say = self.report.say
        if plan.unfit_views:
            count = counted(len(plan.unfit_views), self.tr("saved view"), self.tr("saved views"))
            views = [f"“{each.name}” ({each.object_label})" for each in plan.unfit_views]
            shown = ", ".join(views[:_MOST_VIEWS])
            if len(views) > _MOST_VIEWS:
                shown += self.tr(" and {0} more").format(len(views) - _MOST_VIEWS)
            sentence = self.tr(
                "The filter of {count} does not fit the new type: {views}. It stays as it is; the "
                "list says so instead of showing records, until the filter is changed."
            )
            say("table-2", "warning", sentence.format(count=count, views=shown))
        if plan.indexes:
            sentence = self.tr(
                "An index on it ({objects}) serves no more: build it anew under Indexes."
            )
            say("database", "muted", sentence.format(objects=listed(plan.indexes)))

    def _say_counts(self, plan: TypePlan) -> None:
        say, number = self.report.say, self._number
        if not plan.values:
            say("circle-check", "success", self.tr("No record holds a value."), is_title=True)
            return
        title = self.tr("{values} in {objects}.").format(
            values=number(plan.values), objects=listed(plan.objects)
        )
        say("info", "accent", title, is_title=True)
        if plan.unchanged:
            say("equal", "muted", self.tr("{} as they are.").format(number(plan.unchanged, "stay")))
        if plan.clean:
            sentence = self.tr("{} to the new type, and nothing is lost.")
            say("circle-check", "success", sentence.format(number(plan.clean, "convert")))
        if plan.lossy:
            sentence = self.tr("{} something on the way.")
            say("triangle-alert", "warning", sentence.format(number(plan.lossy, "lose")))
        if plan.failed:
            sentence = self.tr(
                "{} not convert. The old value stays in the record as it is, and is listed among "
                "the values that break the rules."
            )
            say("octagon-alert", "danger", sentence.format(number(plan.failed, "do")))

    def _number(self, count: int, verb: str = "") -> str:
        if not verb:
            return counted(count, self.tr("value"), self.tr("values"))
        alone = {"stay": "stays", "convert": "converts", "lose": "loses", "do": "does"}[verb]
        return counted(count, f"value {alone}", f"values {verb}")

    def _show_samples(self, samples: Sequence[Sample], heading: str) -> None:
        """Show what they are and become; those that fail stay, and only why is of interest."""
        are_kept = samples[0].fate is Fate.FAILED
        old, new = self._shower(self.field.type), self._shower(self.types.type_name())
        rows = []
        for sample in samples:
            times = f" ({sample.count:,}×)" if sample.count > 1 else ""  # noqa: RUF001 - times
            cells = [sample.record_name, old(sample.before) + times]
            cells += [] if are_kept else [new(sample.after)]
            rows.append([*cells, sample.reason] if heading else cells)
        afterwards = [] if are_kept else [self.tr("Afterwards")]
        headings = [self.tr("For example"), self.tr("Now"), *afterwards]
        if heading:
            headings.append(heading)
        widths = (3, 3, 6) if are_kept else (3, 4, 3, 4)
        self.report.add_table(headings, widths, rows)

    def _shower(self, type_name: str) -> Shower:
        """Return how values of a type are written in a list."""
        field = merge_field(
            id=self.field.id, name="", label="", type=type_name, config=self.field.config
        )
        show = type_of(type_name).shower(field, self._formats)
        return partial(_shown, show)

    def _say_rest(self, plan: TypePlan) -> None:
        if plan.can_be_undone:
            sentence = self.tr(
                "One Undo (Ctrl+Z) brings the old values back, but not the type and its settings: "
                "change the type back here as well."
            )
            role: Role = "muted"
        else:
            sentence = self.tr("This database keeps no history: this cannot be undone.")
            role = "warning"
        if plan.clean + plan.lossy:
            icon_name = "undo-2" if plan.can_be_undone else "triangle-alert"
            self.report.say(icon_name, role, sentence)


def _shown(show: Shower, value: Any) -> str:
    return show(value) or EMPTY


def _plan(
    session: WriteSession,
    on_progress: Progress,
    field_id: str,
    new_type: str,
    formats: Formats,
    *,
    makes_options: bool,
) -> TypePlan:
    edits = type_changes.options_from_values(session, field_id, new_type) if makes_options else ()
    return type_changes.plan_type_change(session, field_id, new_type, formats, edits, on_progress)


def _change(
    session: WriteSession, on_progress: Progress, plan: TypePlan, formats: Formats
) -> type_changes.TypeResult:
    return type_changes.change_type(session, plan, formats, on_progress)

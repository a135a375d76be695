"""What is known of one field of the library: who uses it, how, and what records hold in it."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from crm_desktop.domain.errors import Cancelled, UserError
from crm_desktop.domain.field_type import wrong_type_text
from crm_desktop.domain.field_types import EffectiveField, json_text, type_of
from crm_desktop.domain.formats import Formats
from crm_desktop.gui.dialogs.delete_dialog import counted
from crm_desktop.gui.editors.config.settings import SETTINGS
from crm_desktop.gui.icons import icon, object_icon
from crm_desktop.gui.models.fields import type_label
from crm_desktop.gui.routes import lacking_address
from crm_desktop.gui.theme import line_height, unit
from crm_desktop.gui.widgets.buttons import SmallLink
from crm_desktop.gui.widgets.elided_label import ElidedLabel, TextLabel
from crm_desktop.gui.widgets.icon_label import IconLabel
from crm_desktop.gui.widgets.running_bar import RunningBar
from crm_desktop.gui.widgets.section import Section
from crm_desktop.services import layout_impact
from crm_desktop.services.fields import FieldSummary
from crm_desktop.services.layout_impact import BrokenValue, FieldUsage, UsageCounts

if TYPE_CHECKING:
    from crm_desktop.gui.tasks import Handle, Tasks

SETTLED_AFTER = 300  # milliseconds on one field, before its values are counted
PATIENCE = 290.0  # seconds for the values of one object
MOST_OBJECTS = 30
MOST_RULES = 6


class FieldDetails(QScrollArea):
    """Shows the field at once, counts object by object in the background, and can be stopped."""

    open_requested = Signal(str)

    def __init__(self, tasks: Tasks, formats: Formats, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._tasks, self._formats = tasks, formats
        self._field: FieldSummary | None = None
        self._reading: Handle | None = None
        self._waiting: list[UsageCard] = []
        self.cards: list[UsageCard] = []
        self._settling = QTimer(self, singleShot=True, interval=SETTLED_AFTER)
        self._settling.timeout.connect(self._count_next)
        self.running = RunningBar()
        self.running.stop_requested.connect(self.stop)
        self.running.resume_requested.connect(self.refresh)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setAccessibleName(self.tr("About this field"))
        self.viewport().setAutoFillBackground(False)
        self.setMinimumWidth(round(line_height() * 16))
        self._build(None)

    def show_field(self, field: FieldSummary | None) -> None:
        """Show another field, or the same one as it is now; what was counted is counted anew."""
        if field == self._field:
            return
        self._field = field
        self.refresh()

    def refresh(self) -> None:
        """Read again who uses the field and what records hold."""
        self._let_go()
        self._build(self._field)
        if self._field is not None:
            call = partial(layout_impact.list_usages, field_id=self._field.id)
            self._reading = self._tasks.read(self, call, self._show_usages, self._fail)

    def stop(self) -> None:
        """Stop counting; what was counted stays."""
        self._let_go()
        for card in self.cards:
            card.say_uncounted()

    def _let_go(self) -> None:
        self._settling.stop()
        self._waiting.clear()
        self.running.end()
        if self._reading is not None:
            self._reading.cancel()
            self._reading = None

    def _build(self, field: FieldSummary | None) -> None:
        body = QWidget()
        u = unit()
        self._box = QVBoxLayout(body)
        self._box.setContentsMargins(4 * u, 3 * u, 4 * u, 4 * u)
        self._box.setSpacing(3 * u)
        self.cards = []
        if field is None:
            self._box.addWidget(TextLabel(self.tr("No field is selected."), role="muted"))
            self._box.addStretch(1)
        else:
            self._say_what_it_is(field)
        self.running.setParent(None)
        self.setWidget(body)
        body.setAutoFillBackground(False)

    def _say_what_it_is(self, field: FieldSummary) -> None:
        line = QHBoxLayout()
        line.setSpacing(2 * unit())
        line.addWidget(IconLabel(icon(type_of(field.type).icon, "accent")))
        line.addWidget(ElidedLabel(field.label, face="title"), 1)
        self._box.addLayout(line)
        changed = self._formats.moment_text(field.updated_at.replace(second=0))
        about = f"{type_label(field.type)} · {field.name}"
        self._box.addWidget(ElidedLabel(about, role="muted"))
        if field.description:
            self._box.addWidget(TextLabel(field.description, wraps=True))
        words = self.tr("Last changed {when}").format(when=changed)
        self._box.addWidget(TextLabel(words, face="small", role="muted"))

    def _show_usages(self, usages: list[FieldUsage]) -> None:
        self._reading = None
        if not usages:
            self._box.addWidget(TextLabel(self.tr("No object uses this field."), role="muted"))
        for usage in usages[:MOST_OBJECTS]:
            card = UsageCard(usage, self._formats)
            card.open_requested.connect(self.open_requested)
            self.cards.append(card)
            self._box.addWidget(card)
        if len(usages) > MOST_OBJECTS:
            more = self.tr("and {0:,} more objects").format(len(usages) - MOST_OBJECTS)
            self._box.addWidget(TextLabel(more, role="muted"))
        self._box.insertWidget(self._box.count() - len(self.cards), self.running)
        self._box.addStretch(1)
        self._waiting = list(self.cards)
        self._settling.start()

    def _count_next(self) -> None:
        if not self._waiting:
            self._reading = None
            self.running.end()
            return
        card = self._waiting.pop(0)
        self.running.run(self.tr("Counting values…"), self.tr("Counting was stopped."))
        call = partial(layout_impact.count_usage, usage=card.usage)
        then = partial(self._counted, card)
        self._reading = self._tasks.read(self, call, then, self._fail, patience=PATIENCE)

    def _counted(self, card: UsageCard, counts: UsageCounts) -> None:
        card.show_counts(counts)
        self._count_next()

    def _fail(self, error: UserError) -> None:
        self._let_go()
        for card in self.cards:
            card.say_uncounted()
        if not isinstance(error, Cancelled):
            self._box.insertWidget(1, TextLabel(str(error), role="danger", wraps=True))


class UsageCard(Section):
    """One object that uses the field: a way to its layout, its rules, and what records hold."""

    open_requested = Signal(str)

    def __init__(self, usage: FieldUsage, formats: Formats, parent: QWidget | None = None) -> None:
        content = QWidget()
        self._lines = QVBoxLayout(content)
        inset = 3 * unit()
        self._lines.setContentsMargins(inset, 0, inset, 2 * unit())
        self._lines.setSpacing(unit())
        super().__init__(
            usage.label, content, parent, picture=object_icon(usage.icon), is_framed=True
        )
        self.usage, self._formats = usage, formats
        self.layout_link = SmallLink(self.tr("Layout"))
        self.layout_link.setAccessibleName(
            self.tr("Open the layout of {name}").format(name=usage.label)
        )
        self.layout_link.clicked.connect(self._open_layout)
        self.add_button(self.layout_link)
        self.counts = TextLabel(self.tr("Counting…"), role="muted", wraps=True)
        self._lines.addWidget(self.counts)
        self._show_rules(usage.field)

    def _open_layout(self) -> None:
        self.open_requested.emit(f"layout:{self.usage.object_id}")

    def _open_record(self, record_id: str) -> None:
        self.open_requested.emit(f"record:{record_id}")

    def _show_rules(self, field: EffectiveField) -> None:
        """List what holds here; what this object says differently is marked by a pencil."""
        rules = [*self._flags(field), *_rules(field)]
        own = {"label", "placeholder", "default"} & set(self.usage.overrides)
        said = {"label": field.label, "placeholder": field.placeholder, "default": field.default}
        rules += [(name, _short(said[name])) for name in sorted(own)]
        known = SETTINGS.get(field.type, ())
        labels = {path[-1]: each.label for each in known for path in each.paths}
        grid = QGridLayout()
        grid.setHorizontalSpacing(3 * unit())
        grid.setVerticalSpacing(unit() // 2)
        grid.setColumnStretch(2, 1)
        for row, (name, value) in enumerate(rules[:MOST_RULES]):
            if name in self.usage.overrides:
                pencil = IconLabel("pencil", "warning", size=round(line_height() * 0.8))
                pencil.setToolTip(self.tr("Set by this object"))
                grid.addWidget(pencil, row, 0)
            words = labels.get(name, name)
            grid.addWidget(TextLabel(words, face="small", role="muted"), row, 1)
            grid.addWidget(ElidedLabel(value, face="small"), row, 2)
        self._lines.addLayout(grid)

    def _flags(self, field: EffectiveField) -> list[tuple[str, str]]:
        flags = (
            (field.is_required, self.tr("required")),
            (not field.is_visible, self.tr("hidden")),
            (field.is_readonly, self.tr("read-only")),
        )
        said = ", ".join(word for holds, word in flags if holds)
        return [(self.tr("Here"), said)] if said else []

    def say_uncounted(self) -> None:
        """Say that nothing was counted, unless it was."""
        if self.counts.text() == self.tr("Counting…"):
            self.counts.setText(self.tr("Not counted."))

    def show_counts(self, counts: UsageCounts) -> None:
        held = counts.held
        share = 100 * held.filled / held.records if held.records else 0
        shown = f"{share:.0f}" if share in {0, 100} or 1 <= share <= 99 else f"{share:.1f}"
        filled = self.tr("{share}% filled: {n} of {records}").format(
            share=shown,
            n=f"{held.filled:,}",
            records=counted(held.records, self.tr("record"), self.tr("records")),
        )
        different = counted(held.distinct, self.tr("different value"), self.tr("different values"))
        self.counts.setText(f"{filled}\n{different}" if held.records else self.tr("No records."))
        self.counts.set_role("text")
        if lacking := held.records - held.filled:
            self._add_way_to_lacking(lacking)
        if counts.breaking.count:
            self._show_breaking(counts.breaking.count, counts.breaking.samples)

    def _add_way_to_lacking(self, count: int) -> None:
        words = counted(count, self.tr("record without a value"), self.tr("records without one"))
        link = SmallLink(self.tr("Show {}").format(words))
        link.clicked.connect(self._open_lacking)
        self._lines.insertWidget(1, link, 0, Qt.AlignmentFlag.AlignLeft)

    def _open_lacking(self) -> None:
        self.open_requested.emit(lacking_address(self.usage.object_id, self.usage.field.id))

    def _show_breaking(self, count: int, samples: tuple[BrokenValue, ...]) -> None:
        line = QHBoxLayout()
        line.setSpacing(unit())
        line.addWidget(IconLabel("triangle-alert", "warning"), 0, Qt.AlignmentFlag.AlignTop)
        values = counted(count, self.tr("value breaks"), self.tr("values break"))
        line.addWidget(TextLabel(self.tr("{} today's rules:").format(values), wraps=True), 1)
        self._lines.addLayout(line)
        for sample in samples:
            link = SmallLink(sample.record_name.replace("&", "&&"))
            link.clicked.connect(partial(self._open_record, sample.record_id))
            row = QHBoxLayout()
            row.setSpacing(2 * unit())
            row.addWidget(link)
            words = f"{_short(sample.value)}: {sample.problem}"
            row.addWidget(ElidedLabel(words, face="small", role="muted"), 1)
            self._lines.addLayout(row)


def _rules(field: EffectiveField) -> list[tuple[str, str]]:
    """Return the settings that hold, the options of a choice as their number."""
    rules = []
    for key, value in field.config.items():
        is_long = isinstance(value, list) and key == "options"
        rules.append((key, f"{len(value):,}" if is_long else _short(value)))
    return rules


def _short(value: Any) -> str:
    text = wrong_type_text(value) if isinstance(value, str) else json_text(value)
    return text if len(text) <= 60 else f"{text[:59]}…"

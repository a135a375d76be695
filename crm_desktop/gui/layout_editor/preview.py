"""The preview beside the layout: the form of a real record, at a chosen width, light or dark."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QComboBox, QFrame, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget
from typing_extensions import override

from crm_desktop.domain.field_types import default_values
from crm_desktop.gui.layout_editor.form_picture import FormPicture, PictureField, PictureSection
from crm_desktop.gui.layout_editor.state import LayoutState
from crm_desktop.gui.locale import system_formats
from crm_desktop.gui.theme import line_height, theme, unit
from crm_desktop.gui.tokens import DARK, LIGHT
from crm_desktop.gui.widgets.buttons import IconButton
from crm_desktop.gui.widgets.elided_label import ElidedLabel
from crm_desktop.gui.widgets.flow_layout import FlowLayout
from crm_desktop.gui.widgets.icon_label import IconLabel
from crm_desktop.services import layout_preview
from crm_desktop.services.layout_preview import Which
from crm_desktop.services.records import RecordDetail

if TYPE_CHECKING:
    from crm_desktop.domain.errors import UserError
    from crm_desktop.gui.tasks import Tasks

AS_WIDE = 0  # as this pane
WIDTHS = (AS_WIDE, 19, 44, 72)  # lines of text high: pane, inspector, half a page, a page
_LEAST = 17  # lines: the form in it is no narrower


class PreviewPane(QWidget):
    """Follows the state; asks for another record when another kind of it is chosen."""

    field_chosen = Signal(str)  # an entry's id
    refused = Signal(object)  # UserError

    def __init__(self, tasks: Tasks, state: LayoutState, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._tasks, self._state = tasks, state
        self.record: RecordDetail | None = None
        self.picture = FormPicture(system_formats())
        self.title = ElidedLabel(face="title")
        self.which = QComboBox()
        self.widths = QComboBox()
        self.scheme = IconButton(
            "sun-moon", self.tr("Preview in the other theme"), is_outlined=True
        )
        self.scheme.setCheckable(True)
        self._shown: list[PictureSection] = []
        self._marked: list[str] = []
        self._area = _Area()
        self._area.resized.connect(self._set_width)
        self._later = QTimer(self, singleShot=True, interval=0)
        self._later.timeout.connect(self._show_form)
        self._offer()
        self._lay_out()
        self.which.currentIndexChanged.connect(self.refresh)
        self.widths.currentIndexChanged.connect(self._set_width)
        self.scheme.clicked.connect(self._switch_scheme)
        self.picture.field_chosen.connect(self.field_chosen)
        state.changed.connect(self._later.start)

    def _offer(self) -> None:
        self.which.setAccessibleName(self.tr("Record shown in the preview"))
        for text, which in (
            (self.tr("Newest record"), Which.ANY),
            (self.tr("Longest record"), Which.LONGEST),
            (self.tr("Emptiest record"), Which.EMPTIEST),
        ):
            self.which.addItem(text, which)
        self.widths.setAccessibleName(self.tr("Width of the preview"))
        names = (
            self.tr("This wide"),
            self.tr("As the inspector"),
            self.tr("Half a page"),
            self.tr("A whole page"),
        )
        for text, lines in zip(names, WIDTHS, strict=True):
            self.widths.addItem(text, lines)

        for box in (self.which, self.widths):
            box.setSizeAdjustPolicy(box.SizeAdjustPolicy.AdjustToContents)
            box.setMinimumContentsLength(8)

    def _lay_out(self) -> None:
        head = QHBoxLayout()
        head.setContentsMargins(3 * unit(), 3 * unit(), 3 * unit(), 0)
        head.addWidget(IconLabel("eye", "muted"))
        head.addWidget(ElidedLabel(self.tr("Live preview"), face="strong"), 1)
        head.addWidget(self.scheme)
        choices = FlowLayout()  # below each other where there is no room for their words
        choices.setContentsMargins(3 * unit(), 0, 3 * unit(), 0)
        choices.addWidget(self.which)
        choices.addWidget(self.widths)
        above = QHBoxLayout()
        above.setContentsMargins(3 * unit(), unit(), 3 * unit(), 0)
        above.addWidget(self.title, 1)
        self._area.setWidget(self.picture)
        self._area.setFrameShape(QFrame.Shape.NoFrame)
        self._area.setAccessibleName(self.tr("Live preview"))
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2 * unit())
        column.addLayout(head)
        column.addLayout(choices)
        column.addLayout(above)
        column.addWidget(self._area, 1)
        self._area.viewport().setAutoFillBackground(False)
        self.setMinimumWidth(round(_LEAST * line_height()))

    def refresh(self) -> None:
        """Read the chosen record again."""
        which = Which(self.which.currentData())  # Qt makes it a plain text
        call = partial(layout_preview.find_example, object_id=self._state.object_id, which=which)
        self._tasks.read(self, call, self._show_record, self._not_read)

    def _not_read(self, error: UserError) -> None:
        self.refused.emit(error)

    def _show_record(self, record: RecordDetail | None) -> None:
        self.record = record
        if record is None:
            self.title.setText(self.tr("No record yet: the defaults of a new one"))
        else:
            self.title.setText(record.primary_value or self.tr("Without a name"))
        self._later.start()

    def _show_form(self) -> None:
        state = self._state
        sections = []
        fields = []
        for section in state.layout.sections:
            shown = [
                PictureField(entry.id, state.field_of(entry), entry.width)
                for entry in section.entries
                if entry.is_visible and not entry.is_extra
            ]
            fields += [each.field for each in shown]
            if shown or section.title:
                sections.append(
                    PictureSection(
                        section.title, section.is_collapsible, section.columns, tuple(shown)
                    )
                )
        values = default_values(fields) if self.record is None else self.record.values
        self.picture.show_values(values, {} if self.record is None else self.record.names)
        self.picture.show_form(sections)
        if sections != self._shown:
            self._shown = sections
            self.mark(self._marked)  # it may stand elsewhere now

    def mark(self, ids: list[str]) -> None:
        """Mark these entries, and let the first be seen."""
        self._marked = ids
        self.picture.mark(ids)
        place = self.picture.place_of(ids[0]) if ids else None
        if place is not None:
            middle = place.center()
            self._area.ensureVisible(middle.x(), middle.y(), 0, place.height())

    def _switch_scheme(self) -> None:
        """Show the preview in the other theme, or again in that of the program."""
        other = LIGHT if theme().is_dark else DARK
        self.picture.set_tokens(other if self.scheme.isChecked() else None)

    def _set_width(self) -> None:
        lines = self.widths.currentData()
        wide = round(lines * line_height()) if lines else self._area.viewport().width()
        self.picture.set_wide(wide)
        policy = Qt.ScrollBarPolicy
        self._area.setHorizontalScrollBarPolicy(
            policy.ScrollBarAsNeeded if lines else policy.ScrollBarAlwaysOff
        )


class _Area(QScrollArea):
    """Says when there is more or less room, which a scroll bar takes as well."""

    resized = Signal()

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.resized.emit()

"""The sums and the like below a list of records: chosen for each column, kept, computed in SQL."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QObject, QPoint, Qt, Signal
from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QMenu

from crm_desktop.domain.errors import UserError
from crm_desktop.domain.field_types import EffectiveField
from crm_desktop.gui.locale import system_formats
from crm_desktop.gui.models.group_headings import summary_word
from crm_desktop.gui.models.records import RecordTableModel
from crm_desktop.gui.tasks import Handle, Tasks
from crm_desktop.gui.widgets.grid_footer import GridFooter
from crm_desktop.services import record_footer
from crm_desktop.services.record_footer import Summary, summaries_of

PATIENCE = 600.0  # seconds; stopped with everything else
WAITING = "…"


class SummaryControl(QObject):
    """Keeps the line below the grid right for what the list shows."""

    refused = Signal(object)  # UserError
    chosen_changed = Signal()

    def __init__(self, tasks: Tasks, model: RecordTableModel, footer: GridFooter) -> None:
        super().__init__(footer)
        self._tasks, self._model, self._footer = tasks, model, footer
        self._asked: Handle | None = None
        self._chosen: dict[str, str] = {}  # by the field's id
        footer.menu_requested.connect(self.show_menu)

    def chosen(self) -> dict[EffectiveField, Summary]:
        """Return what is wanted of the columns that are shown."""
        found = {}
        for field in self._model.columns:
            wanted = self._chosen.get(field.id)
            if wanted in {each.value for each in summaries_of(field)}:
                found[field] = Summary(wanted)
        return found

    def compute(self) -> None:
        """Compute again; until the answer is here no old number stands."""
        self.stop()
        if not self._model.columns:
            return
        chosen = self.chosen()
        self._show(chosen, {})
        if chosen:
            call = partial(
                record_footer.summarize,
                query=self._model.query,
                chosen=chosen,
                formats=system_formats(),
            )
            then = partial(self._show, chosen)
            self._asked = self._tasks.read(
                self, call, then, partial(self._refuse, chosen), patience=PATIENCE
            )

    def stop(self) -> None:
        if self._asked is not None:
            self._asked.cancel()
            self._asked = None

    def _show(self, chosen: dict[EffectiveField, Summary], texts: dict[str, str]) -> None:
        columns = {field.id: number for number, field in enumerate(self._model.columns)}
        self._footer.set_texts(
            {
                columns[field.id]: f"{summary_word(each.value)} {texts.get(field.id, WAITING)}"
                for field, each in chosen.items()
                if field.id in columns
            }
        )

    def _refuse(self, chosen: dict[EffectiveField, Summary], error: UserError) -> None:
        self._show(chosen, {field.id: "?" for field in chosen})
        self.refused.emit(error)

    # Choosing

    def show_menu(self, column: int, place: QPoint) -> None:
        if column < len(self._model.columns):
            menu = self.menu_for(column)
            menu.popup(QPoint(place.x(), place.y() - menu.sizeHint().height()))

    def menu_for(self, column: int) -> QMenu:
        """Build the menu below a column; it goes when it is closed."""
        menu = QMenu(self._footer)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        field = self._model.columns[column]
        group = QActionGroup(menu)
        now = self._chosen.get(field.id, "")
        titles = {
            Summary.SUM: self.tr("Sum"),
            Summary.AVERAGE: self.tr("Average"),
            Summary.LEAST: self.tr("Least"),
            Summary.MOST: self.tr("Most"),
            Summary.FILLED: self.tr("How many have a value"),
            Summary.EMPTY: self.tr("How many are empty"),
        }
        offers = [(self.tr("Nothing"), "")]
        offers += [(titles[each], each.value) for each in summaries_of(field)]
        for text, value in offers:
            action = QAction(text, menu)
            action.setCheckable(True)
            action.setChecked(value == now)
            action.triggered.connect(partial(self.choose, field.id, value))
            group.addAction(action)
            menu.addAction(action)
        return menu

    def choose(self, field_id: str, summary: str, _checked: object = None) -> None:
        """Show this below the field's column from now on; "" shows nothing."""
        self._chosen.pop(field_id, None)
        if summary:
            self._chosen[field_id] = summary
        self.chosen_changed.emit()
        self.compute()

    def chosen_names(self) -> dict[str, str]:
        """Return what was chosen by the ids of fields, to be remembered."""
        return dict(self._chosen)

    def restore(self, stored: object) -> None:
        """Take what was remembered; what makes no sense is passed over when it is shown."""
        if isinstance(stored, dict):
            self._chosen = {str(field_id): str(summary) for field_id, summary in stored.items()}
            self.chosen_changed.emit()
            self.compute()

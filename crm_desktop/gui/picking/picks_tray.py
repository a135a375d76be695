"""What was picked so far, as chips that can be taken away, whatever the list shows now."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from crm_desktop.gui.picking.picker_model import Pick, PickerModel
from crm_desktop.gui.theme import unit
from crm_desktop.gui.widgets.chip import FilterChip
from crm_desktop.gui.widgets.elided_label import TextLabel
from crm_desktop.gui.widgets.flow_layout import FlowLayout

MOST_SHOWN = 12
_LONGEST = 40  # letters of a name


class PicksTray(QWidget):
    """Takes no room while nothing is picked; of very many it shows the last ones."""

    emptied = Signal()  # the last chip went, and the focus with it

    def __init__(self, model: PickerModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model = model
        self.chips: dict[str, FilterChip] = {}
        self.heading = TextLabel(face="small", role="muted")
        self._box = QWidget()
        self._flow = FlowLayout(self._box)
        self._flow.setSpacing(unit())
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(unit())
        column.addWidget(self.heading)
        column.addWidget(self._box)
        model.picks_changed.connect(self.show_picks)
        self.show_picks()

    def show_picks(self) -> None:
        """Show what is picked now."""
        picks = list(self._model.picks.values())
        focused: QWidget | None = self.window().focusWidget()
        had_focus = focused is not None and self.isAncestorOf(focused)
        shown = {pick.id: pick for pick in picks[-MOST_SHOWN:]}
        for id_ in [id_ for id_ in self.chips if id_ not in shown]:
            chip = self.chips.pop(id_)
            self._flow.removeWidget(chip)
            chip.hide()
            chip.deleteLater()
        for id_, pick in shown.items():
            if id_ not in self.chips:
                self._add(pick)
        self.heading.setText(self._words(len(picks)))
        self.setVisible(bool(picks))
        if had_focus:
            if self.chips:
                next(reversed(self.chips.values())).setFocus()
            else:
                self.emptied.emit()

    def _words(self, count: int) -> str:
        if count <= MOST_SHOWN:
            return self.tr("Chosen: {}").replace("{}", f"{count:,}")
        words = self.tr("Chosen: {0}; the last {1} are shown.")
        return words.replace("{0}", f"{count:,}").replace("{1}", str(MOST_SHOWN))

    def _add(self, pick: Pick) -> None:
        name = pick.title if len(pick.title) <= _LONGEST else f"{pick.title[:_LONGEST]}…"
        if pick.holding is not None:
            holder = pick.holding.holder_title
            words = self.tr("{0}, from {1}") if holder else self.tr("{0}, taken over")
            name = words.replace("{0}", name).replace("{1}", holder)
        chip = FilterChip(name)
        chip.removed.connect(self._drop)
        self.chips[pick.id] = chip
        self._flow.addWidget(chip)

    def _drop(self) -> None:
        chip = self.sender()
        self._model.drop_picks([id_ for id_, each in self.chips.items() if each is chip])

"""Records to pick from: a box before each, and behind it what stands in the way of a link."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QObject, Qt, Signal
from typing_extensions import override

from crm_desktop.domain.formats import Formats
from crm_desktop.gui.delegates import CellKind, GridRole
from crm_desktop.gui.models.records import ROOT, Index, RecordTableModel
from crm_desktop.gui.tasks import Tasks
from crm_desktop.services.link_candidates import Standing
from crm_desktop.services.link_checks import Holding

BOX = 0  # the column of the boxes; the record's own columns follow, what stands in the way is last
MOST_PICKED = 1000
_DISPLAY = int(Qt.ItemDataRole.DisplayRole)
_CHECKED, _ICON, _ID = int(GridRole.CHECKED), int(GridRole.ICON), int(GridRole.ID)
_SPOKEN = int(Qt.ItemDataRole.AccessibleTextRole)
_TIP = int(Qt.ItemDataRole.ToolTipRole)


@dataclass(frozen=True, slots=True)
class Pick:
    """A record that was chosen; `holding` where it is to be taken from somebody."""

    id: str
    title: str
    holding: Holding | None = None


class PickerModel(RecordTableModel):
    """What was picked stays picked whatever is searched for; `remarks` give each row a Standing."""

    picks_changed = Signal()

    def __init__(self, tasks: Tasks, formats: Formats, parent: QObject | None = None) -> None:
        super().__init__(tasks, formats, parent)
        self.picks: dict[str, Pick] = {}

    def standing_at(self, row: int) -> Standing | None:
        """Return how the record of a row stands; None where it has not been read."""
        remark = self.remark_at(row)
        return remark if isinstance(remark, Standing) else None

    def pick(self, picks: Iterable[Pick]) -> None:
        self.picks |= {each.id: each for each in picks}
        self._say_picked()

    def drop_picks(self, ids: Iterable[str]) -> None:
        for id_ in list(ids):
            self.picks.pop(id_, None)
        self._say_picked()

    def pick_only(self, picks: Sequence[Pick]) -> None:
        self.picks.clear()
        self.pick(picks)

    def _say_picked(self) -> None:
        if self.rowCount() and self.columns:
            last = self.index(self.rowCount() - 1, self.columnCount() - 1)
            self.dataChanged.emit(self.index(0, 0), last)
        self.picks_changed.emit()

    def in_the_way(self, row: int) -> str:
        """Say in a word or two why the record of a row cannot just be picked; "" where it can."""
        standing = self.standing_at(row)
        if standing is None:
            return ""
        if standing.link_id:
            return self.tr("Linked already")
        if standing.holding is None:
            return ""
        holder = standing.holding.holder_title
        picked = self.picks.get(standing.holding.record_id)
        if picked is not None and picked.holding is not None:
            words = self.tr("Moves here from {}") if holder else self.tr("Moves here")
        else:
            words = self.tr("Taken by {}") if holder else self.tr("Taken")
        return words.replace("{}", holder)

    # QAbstractTableModel

    @override
    def columnCount(self, parent: Index = ROOT) -> int:
        columns = super().columnCount(parent)
        return columns + 2 if columns else 0

    @override
    def data(self, index: Index, role: int = _DISPLAY) -> Any:
        own = index.column() - 1
        if 0 <= own < len(self.columns):
            return super().data(self.createIndex(index.row(), own), role)
        text = super().data(self.createIndex(index.row(), 0), _DISPLAY)  # asks for the page
        if role == _ID:
            return self.id_of(index.row())
        if text is None:
            return None
        return self._box(index.row(), role) if own < 0 else self._mark(index.row(), role)

    def _box(self, row: int, role: int) -> Any:
        standing, id_ = self.standing_at(row), self.id_of(row)
        if role == _CHECKED:
            return None if standing is not None and standing.link_id else id_ in self.picks
        if role == _SPOKEN:
            return self.tr("Chosen") if id_ in self.picks else self.tr("Not chosen")
        return "" if role == _DISPLAY else None

    def _mark(self, row: int, role: int) -> Any:
        if role in {_DISPLAY, _TIP}:
            return self.in_the_way(row)
        if role == _ICON:
            standing = self.standing_at(row)
            if standing is None or not (standing.link_id or standing.holding):
                return None
            if standing.link_id:
                return "link-2"
            return "arrow-right-left" if self.id_of(row) in self.picks else "lock"
        return None

    @override
    def headerData(self, section: int, orientation: Qt.Orientation, role: int = _DISPLAY) -> Any:
        if orientation != Qt.Orientation.Horizontal:
            return super().headerData(section, orientation, role)
        own = section - 1
        if 0 <= own < len(self.columns):
            return super().headerData(own, orientation, role)
        if role == GridRole.KIND:
            return CellKind.CHECK if own < 0 else CellKind.ICON_TEXT
        if role == _DISPLAY:
            return "" if own < 0 else self.tr("Link")
        return self.tr("Chosen") if own < 0 and role == _TIP else None

"""The steps by which nodes came to their places: undone and done again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from PySide6.QtCore import QObject, Signal

from crm_desktop.domain.graph import Point
from crm_desktop.gui.graph.view import GraphView

KEPT = 100


@dataclass(frozen=True, slots=True)
class Move:
    """What was done, and the places of the nodes it moved before and after."""

    name: str
    before: Mapping[str, Point]
    after: Mapping[str, Point]


class Moves(QObject):
    """The undo and redo of one view; `placed` tells every change of places, also by these two."""

    changed = Signal()
    placed = Signal(object)  # places by node

    def __init__(self, view: GraphView) -> None:
        super().__init__(view)
        self._view = view
        self._done: list[Move] = []
        self._undone: list[Move] = []
        view.moved.connect(self._note_move)

    def _note_move(self, before: Mapping[str, Point], after: Mapping[str, Point]) -> None:
        count = len(after)
        name = self.tr("move of a node")
        if count > 1:
            name = self.tr("move of {} nodes").replace("{}", str(count))
        self._note(Move(name, before, after))
        self.placed.emit(after)

    def arrange(self, name: str, points: Mapping[str, Point]) -> None:
        """Put nodes where an arrangement wants them, as one step."""
        stand = self._view.points()
        after = {node_id: point for node_id, point in points.items() if node_id in stand}
        if after:
            self._note(Move(name, {node_id: stand[node_id] for node_id in after}, after))
            self._put(after)

    def _note(self, move: Move) -> None:
        self._done = [*self._done[-KEPT + 1 :], move]
        self._undone.clear()
        self.changed.emit()

    def forget(self) -> None:
        self._done, self._undone = [], []
        self.changed.emit()

    def names(self) -> tuple[str, str]:
        """Return what would be undone and redone, "" for nothing."""
        return (
            self._done[-1].name if self._done else "",
            self._undone[-1].name if self._undone else "",
        )

    def undo(self) -> None:
        if self._done:
            move = self._done.pop()
            self._undone.append(move)
            self._put(move.before)
            self.changed.emit()

    def redo(self) -> None:
        if self._undone:
            move = self._undone.pop()
            self._done.append(move)
            self._put(move.after)
            self.changed.emit()

    def _put(self, points: Mapping[str, Point]) -> None:
        self._view.place(points)
        self.placed.emit(points)

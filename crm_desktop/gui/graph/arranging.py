"""Arranges the nodes of a view on a worker; stopped, or overtaken, it changes nothing."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from crm_desktop.domain.graph import Point, ends_of
from crm_desktop.domain.graph_layout import Arrangement, arrange, possible

if TYPE_CHECKING:
    from crm_desktop.gui.graph.view import GraphView
    from crm_desktop.gui.tasks import Handle, Tasks

GAP = 44.0  # between nodes, in pixels at 100 %
ROOMY = 84.0  # where edges leave in all directions: what stands on them shall be read


class Arranging(QObject):
    """One arrangement at a time: asking for another gives up the one under way."""

    began = Signal(str)  # what is computed, as a sentence
    ended = Signal()
    simplified = Signal(str)  # the graph is too large for what was wanted: what it got instead

    def __init__(self, tasks: Tasks, view: GraphView) -> None:
        super().__init__(view)
        self._tasks, self._view = tasks, view
        self._handle: Handle | None = None
        self._wish = _Wish()
        self.gap = GAP

    @property
    def is_running(self) -> bool:
        return self._handle is not None

    def start(
        self, wanted: Arrangement, then: Callable[[Arrangement, dict[str, Point]], object]
    ) -> None:
        """Compute places for all nodes that are shown, and hand them to `then`."""
        self.stop()
        view = self._view
        sizes = {node_id: item.size for node_id, item in view.nodes.items()}
        ends = ends_of(view.edges.edges.values())
        kind = possible(wanted, len(sizes), len(set(ends)))
        self._wish = _Wish()
        gap = max(self.gap, ROOMY) if kind is Arrangement.ORGANIC else self.gap
        call = partial(arrange, kind, sizes, ends, gap=gap, should_go_on=self._wish.holds)
        self._handle = self._tasks.compute(
            self, call, partial(self._arrived, self._wish, kind, then)
        )
        self.began.emit(self.tr("Arranging the graph…"))
        if kind is not wanted:
            self.simplified.emit(self._why(kind))

    def _why(self, kind: Arrangement) -> str:
        if kind is Arrangement.GRID:
            return self.tr(
                "This graph is too large to be arranged by its edges, so it stands in rows."
                " Show the neighbourhood of one node to see how that hangs together."
            )
        return self.tr(
            "This graph is too large for layers, so it is arranged organically."
            " Show the neighbourhood of one node to have it in layers."
        )

    def stop(self) -> None:
        """Give up what is computed; nodes stay where they are."""
        if self._handle is not None:
            self._wish.drop()
            self._handle.cancel()
            self._handle = None
            self.ended.emit()

    def _arrived(
        self,
        wish: _Wish,
        kind: Arrangement,
        then: Callable[[Arrangement, dict[str, Point]], object],
        points: dict[str, Point] | None,
    ) -> None:
        if wish is not self._wish or not wish.holds():
            return
        self._handle = None
        self.ended.emit()
        if points is not None:
            then(kind, points)


class _Wish:
    """Whether a result is still wanted: set here, and read by the worker between two pieces."""

    def __init__(self) -> None:
        self._holds = True

    def holds(self) -> bool:
        return self._holds

    def drop(self) -> None:
        self._holds = False

"""Where the nodes of a diagram stand, kept quietly a moment after they were moved."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal

from crm_desktop.domain.errors import UserError
from crm_desktop.domain.graph import Point
from crm_desktop.services import diagrams
from crm_desktop.services.diagrams import FIRST_ID, DiagramList, Places

if TYPE_CHECKING:
    from crm_desktop.gui.tasks import Tasks

PAUSE = 600  # milliseconds without a move before places are stored


class DiagramStore(QObject):
    """The places of one diagram. Without our schema they hold as long as the page is open."""

    refused = Signal(object)  # UserError

    def __init__(
        self, tasks: Tasks, stand: Callable[[], Mapping[str, Point]], parent: QObject
    ) -> None:
        super().__init__(parent)
        self._tasks, self._stand = tasks, stand
        self.diagram_id = FIRST_ID
        self.limit = ""
        self.places: dict[str, Point] = {}  # as they are stored, or will be
        self._pending: dict[str, Point] = {}
        self._under_way = 0
        self._kept: dict[str, dict[str, Point]] = {}  # of other diagrams, where none is stored
        self._later = QTimer(self, singleShot=True, interval=PAUSE)
        self._later.timeout.connect(self.store_now)

    @property
    def is_storing(self) -> bool:
        """Whether something is not stored yet that could be."""
        return bool(self._pending or self._under_way)

    def use(self, listed: DiagramList, diagram_id: str, places: Places) -> None:
        """Take over what was read of a diagram; what is not stored yet stays as it is here."""
        if diagram_id != self.diagram_id:
            self.store_now()
            self._kept[self.diagram_id] = self.places
            self.places = self._kept.get(diagram_id, {})
        self.diagram_id, self.limit = diagram_id, listed.limit
        if not self.limit:
            self.places = {**places, **self._pending}

    def note(self, points: Mapping[str, Point]) -> None:
        """Keep these places: now here, and after a pause for everybody."""
        self.places.update(points)
        if not self.limit:
            self._pending.update(points)
            self._later.start()

    def store_now(self) -> None:
        self._later.stop()
        if not self._pending:
            return
        moved, self._pending = self._pending, {}
        others = {each: at for each, at in self._stand().items() if each not in self.places}
        self.places.update(others)
        self._under_way += 1
        call = partial(
            diagrams.place_nodes, diagram_id=self.diagram_id, places=moved, others=others
        )
        self._tasks.write(self, call, self._stored, self._refuse)

    def _stored(self, _: None) -> None:
        self._under_way -= 1

    def _refuse(self, error: UserError) -> None:
        self._under_way -= 1
        self.refused.emit(error)

"""The way back and forward through what a record graph showed, places included."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from PySide6.QtCore import QObject, Signal

from crm_desktop.domain.graph import Point
from crm_desktop.gui.graph.record_content import Content

KEPT = 50


class Scene(NamedTuple):
    """What was shown, and where each node stood."""

    content: Content
    points: Mapping[str, Point]


class Steps(QObject):
    """Scenes before and after the one that is shown."""

    changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._before: list[Scene] = []
        self._after: list[Scene] = []

    @property
    def can_go_back(self) -> bool:
        return bool(self._before)

    @property
    def can_go_forward(self) -> bool:
        return bool(self._after)

    def leave(self, scene: Scene) -> None:
        """Note what is left for something new."""
        self._before = [*self._before[-KEPT + 1 :], scene]
        self._after.clear()
        self.changed.emit()

    def back(self, now: Scene) -> Scene:
        """Return the scene before, and keep this one to come forward to."""
        self._after.append(now)
        scene = self._before.pop()
        self.changed.emit()
        return scene

    def forward(self, now: Scene) -> Scene:
        self._before.append(now)
        scene = self._after.pop()
        self.changed.emit()
        return scene

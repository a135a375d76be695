"""Collects garbage on the GUI thread only: a QObject destroyed on another thread crashes."""

import gc

from PySide6.QtCore import QObject, QTimer

INTERVAL = 1000  # milliseconds


class GarbageTimer(QObject):
    """Takes over from the interpreter's automatic collection for as long as it lives.

    Collects the generations that the interpreter would have collected by its own thresholds,
    from `begin` on: the start makes little garbage, and very many objects to look at.
    """

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        gc.disable()
        self._timer = QTimer(self)
        self._timer.setInterval(INTERVAL)
        self._timer.timeout.connect(self.collect_due)

    def begin(self) -> None:
        """Collect from now on; what there is already, modules for the most part, is left out."""
        gc.freeze()
        self._timer.start()

    def collect_due(self) -> None:
        """Collect the oldest generation that is due, and with it the younger ones."""
        counts, thresholds = gc.get_count(), gc.get_threshold()
        for generation in (2, 1, 0):
            if counts[generation] > thresholds[generation] > 0:
                gc.collect(generation)
                return

    def stop(self) -> None:
        self._timer.stop()
        gc.unfreeze()
        gc.enable()

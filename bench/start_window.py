"""Run by `bench.start`: a bare window, and when it was painted."""

import time

from PySide6.QtCore import QTimer
from PySide6.QtGui import QPaintEvent
from PySide6.QtWidgets import QApplication, QWidget
from typing_extensions import override


class Window(QWidget):
    @override
    def paintEvent(self, _: QPaintEvent) -> None:
        QTimer.singleShot(0, self, self._tell)

    def _tell(self) -> None:
        print("window", time.monotonic())
        QApplication.quit()


if __name__ == "__main__":
    app = QApplication([])
    window = Window()
    window.show()
    app.exec()

"""A bar that stays until it is answered: a sentence, and the answers as links beside it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QSizePolicy, QVBoxLayout, QWidget
from typing_extensions import override

from crm_desktop.gui.icons import Role, color_of
from crm_desktop.gui.theme import theme, unit
from crm_desktop.gui.tokens import mix
from crm_desktop.gui.widgets.buttons import SmallLink, link_button
from crm_desktop.gui.widgets.elided_label import TextLabel
from crm_desktop.gui.widgets.icon_label import IconLabel

_TINT = {False: 0.09, True: 0.16}  # light, dark


class NoticeBar(QWidget):
    """Takes no room until `ask`; a narrow one has the answers below the sentence."""

    def __init__(
        self, icon_name: str, role: Role, parent: QWidget | None = None, *, is_narrow: bool = False
    ) -> None:
        super().__init__(parent)
        self._role: Role = role
        self._sentence = TextLabel(wraps=True)
        self._answers = QHBoxLayout()
        self._answers.setSpacing((4 if is_narrow else 1) * unit())
        words = QVBoxLayout() if is_narrow else QHBoxLayout()
        words.setSpacing((1 if is_narrow else 2) * unit())
        words.addWidget(self._sentence, 1)
        words.addLayout(self._answers)
        box = QHBoxLayout(self)
        over = 2 * unit() if is_narrow else unit()
        box.setContentsMargins(4 * unit(), over, 2 * unit(), unit())
        box.setSpacing(2 * unit())
        top, middle = Qt.AlignmentFlag.AlignTop, Qt.AlignmentFlag.AlignVCenter
        box.addWidget(IconLabel(icon_name, role), 0, top if is_narrow else middle)
        box.addLayout(words, 1)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self._is_narrow = is_narrow
        self.buttons: list[QPushButton] = []
        self.hide()

    def ask(self, sentence: str, answers: Sequence[tuple[str, Callable[[], object]]]) -> None:
        """Show the sentence with these answers: a verb, and what it does."""
        while item := self._answers.takeAt(0):
            if widget := item.widget():
                widget.hide()
                widget.deleteLater()
        self._sentence.setText(sentence)
        self.setAccessibleName(sentence)
        self.buttons = []
        for verb, act in answers:
            button = SmallLink(verb) if self._is_narrow else link_button(verb)
            button.clicked.connect(act)
            self._answers.addWidget(button)
            self.buttons.append(button)
        if self._is_narrow:
            self._answers.addStretch(1)
        self.show()

    def sentence(self) -> str:
        """Return what is asked now, "" for nothing."""
        return "" if self.isHidden() else self._sentence.text()

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        tokens, painter, room = theme(), QPainter(self), self.rect()
        color = color_of(self._role, tokens)
        painter.fillRect(room, QColor(mix(color, tokens.surface, _TINT[tokens.is_dark])))
        painter.fillRect(0, 0, max(2, unit() - 1), room.height(), QColor(color))
        painter.end()

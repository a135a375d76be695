"""What a view shows when it has nothing to show: one sentence and one action."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from crm_desktop.gui.theme import icon_size, unit
from crm_desktop.gui.widgets.buttons import plain_button
from crm_desktop.gui.widgets.elided_label import TextLabel
from crm_desktop.gui.widgets.icon_label import IconLabel


class EmptyState(QWidget):
    """A sentence in the middle of its room, with the one thing to do about it."""

    action_requested = Signal()

    def __init__(
        self,
        sentence: str,
        parent: QWidget | None = None,
        *,
        icon_name: str = "inbox",
        action: str = "",
        action_icon: str = "",
    ) -> None:
        super().__init__(parent)
        self.label = TextLabel(sentence, role="muted", wraps=True)
        self.label.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.button = plain_button(action, self, icon_name=action_icon)
        self.button.setVisible(bool(action))
        self.button.clicked.connect(self.action_requested)
        picture = IconLabel(icon_name, "muted", size=icon_size() * 2)
        box = QVBoxLayout(self)
        box.setContentsMargins(4 * unit(), 4 * unit(), 4 * unit(), 4 * unit())
        box.setSpacing(3 * unit())
        box.addStretch(2)
        box.addWidget(picture, 0, Qt.AlignmentFlag.AlignHCenter)
        box.addWidget(self.label)
        box.addWidget(self.button, 0, Qt.AlignmentFlag.AlignHCenter)
        box.addStretch(3)

    def set_sentence(self, sentence: str, action: str = "") -> None:
        self.label.setText(sentence)
        self.button.setText(action)
        self.button.setVisible(bool(action))

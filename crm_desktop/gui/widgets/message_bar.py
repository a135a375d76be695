"""The bar above a view: what happened here, and what can be done about it."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from PySide6.QtCore import QSize, Qt, Signal, Slot
from PySide6.QtGui import QColor, QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QSizePolicy, QWidget
from typing_extensions import override

from crm_desktop.gui.icons import Role, color_of
from crm_desktop.gui.theme import control_height, theme, unit
from crm_desktop.gui.tokens import mix
from crm_desktop.gui.widgets.buttons import IconButton, link_button
from crm_desktop.gui.widgets.elided_label import TextLabel
from crm_desktop.gui.widgets.icon_label import IconLabel

MessageKind = Literal["info", "success", "warning", "danger"]
Action: TypeAlias = tuple[str, Callable[[], object]]  # a verb, and what it does
_KINDS: Mapping[MessageKind, tuple[str, Role]] = {
    "info": ("info", "accent"),
    "success": ("circle-check", "success"),
    "warning": ("triangle-alert", "warning"),
    "danger": ("octagon-alert", "danger"),
}
_TINT = {False: 0.09, True: 0.16}  # light, dark
_LONGEST = 1000


@dataclass(frozen=True, slots=True)
class Message:
    """A sentence; `headline` stands before it, heavier."""

    kind: MessageKind
    text: str
    headline: str = ""
    actions: Sequence[Action] = ()


class MessageBar(QWidget):
    """Shows one message at a time, the newest first; closing it shows the one before.

    Takes no room while there is none. Screen readers are told of each message.
    """

    closed = Signal()  # the last message is gone

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._messages: deque[Message] = deque()
        self._icon = IconLabel("info", "accent")
        self._headline = TextLabel(face="strong")
        self._text = TextLabel(wraps=True)
        self._text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._text.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self._count = TextLabel(face="small", role="muted")
        self._actions = QWidget()
        self._links = QHBoxLayout(self._actions)
        self._close = IconButton("x", self.tr("Close this message"))
        self._close.clicked.connect(self.close_message)
        self._lay_out()
        self.hide()

    def _lay_out(self) -> None:
        self._links.setContentsMargins(0, 0, 0, 0)
        self._links.setSpacing(unit())
        box = QHBoxLayout(self)
        box.setContentsMargins(4 * unit(), unit(), unit(), unit())
        box.setSpacing(2 * unit())
        box.addWidget(self._icon)
        box.addWidget(self._headline)
        box.addWidget(self._text, 1)
        box.addWidget(self._actions)
        box.addWidget(self._count)
        box.addWidget(self._close)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)

    def show_message(
        self,
        kind: MessageKind,
        text: str,
        *,
        headline: str = "",
        actions: Sequence[Action] = (),
    ) -> None:
        """Show a message before those that are open; the same one again is shown once."""
        message = Message(kind, text[:_LONGEST], headline, tuple(actions))
        same = [old for old in self._messages if (old.kind, old.text) == (kind, message.text)]
        for old in same:
            self._messages.remove(old)
        self._messages.appendleft(message)
        self._show_first()
        self._announce(f"{headline} {message.text}".strip())

    def _announce(self, said: str) -> None:
        from PySide6.QtGui import QAccessible, QAccessibleEvent  # not before the first paint

        self.setAccessibleName(said)
        QAccessible.updateAccessibility(QAccessibleEvent(self, QAccessible.Event.Alert))

    def message(self) -> Message | None:
        """Give the message on show."""
        return self._messages[0] if self._messages else None

    def count(self) -> int:
        return len(self._messages)

    @Slot()
    def close_message(self) -> None:
        if self._messages:
            self._messages.popleft()
        self._show_first()

    @Slot()
    def clear(self) -> None:
        self._messages.clear()
        self._show_first()

    def withdraw(self, text: str) -> None:
        """Take away the message that says this, which is no longer so."""
        self._messages = deque(old for old in self._messages if old.text != text)
        self._show_first()

    def clear_kind(self, kind: MessageKind) -> None:
        """Take away messages of one kind, for what has meanwhile become right."""
        self._messages = deque(old for old in self._messages if old.kind != kind)
        self._show_first()

    def _show_first(self) -> None:
        message = self.message()
        if message is None:
            was_shown = not self.isHidden()
            self.hide()
            if was_shown:
                self.closed.emit()
            return
        self._icon.set_icon(*_KINDS[message.kind])
        self._headline.setText(message.headline)
        self._headline.setVisible(bool(message.headline))
        self._text.setText(message.text)
        more = len(self._messages) - 1
        self._count.setText(self.tr("%n more", "", more) if more else "")
        self._show_actions(message.actions)
        self.show()
        self.update()

    def _show_actions(self, actions: Sequence[Action]) -> None:
        for old in self._actions.findChildren(QPushButton):
            self._links.removeWidget(old)
            old.hide()
            old.deleteLater()
        before: QWidget = self._close
        for text, call in actions:
            button = link_button(text)
            button.clicked.connect(call)
            self._links.addWidget(button)
            QWidget.setTabOrder(before, button)  # new widgets come last in the whole window
            before = button
        self._actions.setVisible(bool(actions))

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.close_message()
        else:
            super().keyPressEvent(event)

    @override
    def minimumSizeHint(self) -> QSize:
        return QSize(0, max(super().minimumSizeHint().height(), control_height() + 2 * unit()))

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        message = self.message()
        if message is None:
            return
        tokens, painter, room = theme(), QPainter(self), self.rect()
        color = color_of(_KINDS[message.kind][1], tokens)
        painter.fillRect(room, QColor(mix(color, tokens.surface, _TINT[tokens.is_dark])))
        painter.fillRect(0, 0, max(2, unit() - 1), room.height(), QColor(color))
        painter.fillRect(0, room.bottom(), room.width(), 1, QColor(mix(color, tokens.border, 0.3)))
        painter.end()

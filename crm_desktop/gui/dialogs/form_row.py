"""A control with its label above it, and room below for a hint or for what is wrong with it."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from crm_desktop.gui.theme import restyle, unit
from crm_desktop.gui.widgets.elided_label import TextLabel
from crm_desktop.gui.widgets.icon_label import IconLabel


class ProblemLine(QWidget):
    """An icon and a sentence in the colour of danger; takes no room while there is no problem."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._text = TextLabel(role="danger", wraps=True)
        self._text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        box = QHBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(unit())
        mark = IconLabel("octagon-alert", "danger")
        box.addWidget(mark, 0, Qt.AlignmentFlag.AlignTop)
        box.addWidget(self._text, 1)
        self.hide()

    def text(self) -> str:
        return "" if self.isHidden() else self._text.text()

    def set_text(self, sentence: str) -> None:
        self._text.setText(sentence)
        self.setVisible(bool(sentence))


class FormRow(QWidget):
    """One question of a form. The label is the control's buddy; problems are said in place."""

    def __init__(
        self,
        label: str,
        control: QWidget,
        parent: QWidget | None = None,
        *,
        hint: str = "",
        is_required: bool = False,
    ) -> None:
        super().__init__(parent)
        self.control = control
        self.label = QLabel(f"{label} *" if is_required else label)
        self.label.setBuddy(control.focusProxy() or control)
        self.label.setVisible(bool(label))
        if label and not control.accessibleName():
            control.setAccessibleName(label)
        self.hint = TextLabel(hint, face="caption", role="muted", wraps=True)
        self.hint.setVisible(bool(hint))
        self.problem = ProblemLine()
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(unit())
        for part in (self.label, control, self.hint, self.problem):
            box.addWidget(part)
        if not control.sizePolicy().expandingDirections() & Qt.Orientation.Vertical:
            box.addStretch(1)

    def set_hint(self, sentence: str) -> None:
        self.hint.setText(sentence)
        self.hint.setVisible(bool(sentence) and not self.problem.text())

    def set_problem(self, sentence: str) -> None:
        """Say what is wrong with the control, to the eye and to a screen reader; "" is nothing."""
        self.problem.set_text(sentence)
        self.hint.setVisible(bool(self.hint.text()) and not sentence)
        target = self.control.focusProxy() or self.control
        target.setAccessibleDescription(sentence)
        if bool(target.property("problem")) != bool(sentence):
            target.setProperty("problem", bool(sentence))
            restyle(target)

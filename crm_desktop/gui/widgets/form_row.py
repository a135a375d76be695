"""A control with its label above it, and room below for a hint or for what is wrong with it."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget
from typing_extensions import override

from crm_desktop.gui.theme import icon_size, restyle, unit
from crm_desktop.gui.widgets.elided_label import ElidedLabel, TextLabel
from crm_desktop.gui.widgets.icon_label import IconLabel


class ProblemLine(QWidget):
    """An icon and a sentence in the colour of danger; takes no room while there is no problem."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._text = TextLabel(role="danger", wraps=True)
        self._text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        box = QHBoxLayout(self)
        box.setContentsMargins(0, unit() // 2, 0, 0)
        box.setSpacing(unit())
        box.addWidget(IconLabel("octagon-alert", "danger"), 0, Qt.AlignmentFlag.AlignTop)
        box.addWidget(self._text, 1)
        self.hide()

    def text(self) -> str:
        return "" if self.isHidden() else self._text.text()

    def set_text(self, sentence: str) -> None:
        self._text.setText(sentence)
        self.setVisible(bool(sentence))


class RowLabel(ElidedLabel):
    """A label that may be a buddy: its `&` are doubled, lest they name keys."""

    @override
    def whole_text(self) -> str:
        return self.text().replace("&&", "&")


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
        is_locked: bool = False,
    ) -> None:
        super().__init__(parent)
        self.control = control
        shown = label.replace("&", "&&")
        self.label = RowLabel(f"{shown} *" if is_required else shown)
        self.label.setParent(self)  # shown without one it would be a window, which closes popups
        self.label.setBuddy(control.focusProxy() or control)
        self.label.setVisible(bool(label))
        self.label.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        for spoken in {control, control.focusProxy() or control}:
            if label and not spoken.accessibleName():
                spoken.setAccessibleName(self._spoken(label, is_required=is_required))
        self.pencil = IconLabel("pencil", "warning", size=round(icon_size() * 0.85))
        self.pencil.setToolTip(self.tr("Changed, not saved yet"))
        self.pencil.hide()
        self.hint = TextLabel(hint, face="caption", role="muted", wraps=True)
        self.hint.setParent(self)
        self.hint.setVisible(bool(hint))
        self.problem = ProblemLine()
        self._lay_out(is_locked=is_locked)

    def _spoken(self, label: str, *, is_required: bool) -> str:
        return self.tr("{label}, required").format(label=label) if is_required else label

    def _lay_out(self, *, is_locked: bool) -> None:
        top = QHBoxLayout()
        top.setSpacing(unit())
        top.addWidget(self.label)
        if is_locked:
            lock = IconLabel("lock", "muted", size=round(icon_size() * 0.85))
            lock.setToolTip(self.tr("This cannot be changed here"))
            top.addWidget(lock)
        top.addStretch(1)
        top.addWidget(self.pencil)
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(unit() // 2)
        box.addLayout(top)
        grows = bool(self.control.sizePolicy().expandingDirections() & Qt.Orientation.Vertical)
        box.addWidget(self.control, 1 if grows else 0)
        box.addWidget(self.hint)
        box.addWidget(self.problem)
        box.addStretch(0)  # in a row of forms of unequal height, labels stand level

    def set_changed(self, is_changed: bool) -> None:  # noqa: FBT001 - a setter, as Qt's
        """Show a pencil beside the label of what has been changed and not saved."""
        self.pencil.setVisible(is_changed)

    def set_hint(self, sentence: str) -> None:
        self.hint.setText(sentence)
        self.hint.setVisible(bool(sentence) and not self.problem.text())

    def set_problem(self, sentence: str) -> None:
        """Say what is wrong with the control, to the eye and to a screen reader; "" is nothing."""
        self.problem.set_text(sentence)
        self.hint.setVisible(bool(self.hint.text()) and not sentence)
        target = self.control.focusProxy() or self.control
        target.setAccessibleDescription(sentence)
        target.setProperty("problem", bool(sentence))
        restyle(target)

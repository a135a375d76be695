"""Chips as widgets: choices, what kind of connection this is, and filters one can take away."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFont, QFontMetrics, QKeyEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QWidget
from typing_extensions import override

from crm_desktop.gui.chips import Chip, ChipPainter
from crm_desktop.gui.icons import icon_pixmap
from crm_desktop.gui.theme import (
    body_font,
    control_height,
    icon_size,
    scale,
    small_font,
    theme,
    unit,
)
from crm_desktop.gui.tokens import Kind
from crm_desktop.gui.widgets.buttons import IconButton
from crm_desktop.gui.widgets.elided_label import ElidedLabel

_KIND_ICONS: dict[Kind, str] = {
    "local": "laptop",
    "dev": "code-xml",
    "test": "flask-conical",
    "prod": "shield-alert",
}


class ChoiceChips(QWidget):
    """Shows chosen options in one line, then +N, as a grid's cell does."""

    def __init__(self, chips: Sequence[Chip] = (), parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._chips: tuple[Chip, ...] = ()
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.set_chips(chips)

    def set_chips(self, chips: Sequence[Chip]) -> None:
        self._chips = tuple(chips)
        self.setAccessibleName(", ".join(label for label, _ in self._chips))
        self.updateGeometry()
        self.update()

    def _painter(self) -> ChipPainter:
        return ChipPainter(theme(), scale(), self.devicePixelRatioF())

    @override
    def sizeHint(self) -> QSize:
        painter = self._painter()
        wide = sum(painter.width(label) + painter.gap for label, _ in self._chips)
        return QSize(wide, painter.height)

    @override
    def minimumSizeHint(self) -> QSize:
        return QSize(2 * icon_size(), self._painter().height)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        chips, painter, x = self._painter(), QPainter(self), 0
        top, more = (self.height() - chips.height) // 2, 2 * icon_size()
        for number, chip in enumerate(self._chips):
            rest = len(self._chips) - number
            room = self.width() - x - (more if rest > 1 else 0)
            if number and chips.width(chip[0]) > room:
                painter.setFont(small_font())
                painter.setPen(QColor(theme().muted))
                line = self.rect().adjusted(x, 0, 0, 0)
                painter.drawText(line, Qt.AlignmentFlag.AlignVCenter, f"+{rest}")
                break
            pixmap = chips.pixmap(chip, room, outlined=False)
            painter.drawPixmap(x, top, pixmap)
            x += pixmap.deviceIndependentSize().toSize().width() + chips.gap
        painter.end()


class KindChip(QWidget):
    """Says in colour, icon and word what kind of connection this is; never out of sight."""

    def __init__(self, kind: Kind = "local", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._kind: Kind = kind
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Preferred)
        self.set_kind(kind)

    def set_kind(self, kind: Kind) -> None:
        self._kind = kind
        self.setAccessibleName(self.tr("Kind of connection: {kind}").format(kind=self._word()))
        self.updateGeometry()
        self.update()

    def _word(self) -> str:
        return {
            "local": self.tr("LOCAL"),
            "dev": self.tr("DEV"),
            "test": self.tr("TEST"),
            "prod": self.tr("PROD"),
        }[self._kind]

    @override
    def sizeHint(self) -> QSize:
        wide = QFontMetrics(_chip_font()).horizontalAdvance(self._word())
        return QSize(wide + icon_size() + 7 * unit(), control_height())

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        tokens, painter, side = theme(), QPainter(self), icon_size() - unit() // 2
        painter.fillRect(self.rect(), QColor(tokens.kind(self._kind)))
        picture = icon_pixmap(
            _KIND_ICONS[self._kind], "accent_text", side, self.devicePixelRatioF()
        )
        painter.drawPixmap(3 * unit(), (self.height() - side) // 2, picture)
        painter.setFont(_chip_font())
        painter.setPen(QColor(tokens.accent_text))
        text = self.rect().adjusted(4 * unit() + side, 0, 0, 0)
        painter.drawText(text, Qt.AlignmentFlag.AlignVCenter, self._word())
        painter.end()


def _chip_font() -> QFont:
    font = small_font()
    font.setWeight(QFont.Weight.Bold)
    return font


class CountBadge(QWidget):
    """A number in a quiet pill, beside a heading."""

    def __init__(self, text: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._text = text
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def text(self) -> str:
        return self._text

    def set_text(self, text: str) -> None:
        self._text = text
        self.setVisible(bool(text))
        self.updateGeometry()
        self.update()

    @override
    def sizeHint(self) -> QSize:
        metrics = QFontMetrics(small_font())
        high = metrics.height() + unit() // 2
        return QSize(max(high, metrics.horizontalAdvance(self._text) + 3 * unit()), high)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        tokens, painter = theme(), QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(tokens.border))
        round_ = self.height() / 2
        painter.drawRoundedRect(QRectF(self.rect()), round_, round_)
        painter.setFont(small_font())
        painter.setPen(QColor(tokens.text))
        painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, self._text)
        painter.end()


class FilterChip(QWidget):
    """One condition above a view: its sentence, and a cross that takes it away."""

    removed = Signal()

    def __init__(self, text: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.label = ElidedLabel(text)
        self.label.setFont(body_font())
        cross = IconButton("x", self.tr("Remove {filter}").format(filter=text[:80]), role="muted")
        cross.clicked.connect(self.removed)
        self.setFocusProxy(cross)
        box = QHBoxLayout(self)
        box.setContentsMargins(2 * unit(), 0, 0, 0)
        box.setSpacing(unit() // 2)
        box.addWidget(self.label)
        box.addWidget(cross)
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in {Qt.Key.Key_Delete, Qt.Key.Key_Backspace}:
            self.removed.emit()
        else:
            super().keyPressEvent(event)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        tokens, painter = theme(), QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(QColor(tokens.border), 1))
        painter.setBrush(QColor(tokens.surface))
        box = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        painter.drawRoundedRect(box, unit(), unit())
        painter.end()

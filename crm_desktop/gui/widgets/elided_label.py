"""Labels in the type scale and the colours of the theme; long ones are cut with a tip."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Literal

from PySide6.QtCore import QEvent, QSize, Qt
from PySide6.QtGui import QColor, QFont, QPainter, QPaintEvent, QPalette
from PySide6.QtWidgets import QLabel, QSizePolicy, QWidget
from typing_extensions import override

from crm_desktop.gui import theme
from crm_desktop.gui.icons import Role, color_of
from crm_desktop.gui.tips import plain_tip

_WIDEST_WORD = 20  # lines of text are as high
_ACROSS = Qt.AlignmentFlag.AlignHorizontal_Mask
Face = Literal["caption", "small", "body", "strong", "title", "page", "number"]
_FACES: Mapping[Face, Callable[[], QFont]] = {
    "caption": theme.caption_font,
    "small": theme.small_font,
    "body": theme.body_font,
    "strong": theme.strong_font,
    "title": theme.title_font,
    "page": theme.page_font,
    "number": theme.number_font,
}


class TextLabel(QLabel):
    """Plain text in one face and one role of the theme; follows both when they change."""

    def __init__(
        self,
        text: str = "",
        parent: QWidget | None = None,
        *,
        face: Face = "body",
        role: Role = "text",
        wraps: bool = False,
    ) -> None:
        super().__init__(text, parent)
        self._face, self._role, self._is_styling = face, role, True
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setForegroundRole(QPalette.ColorRole.WindowText)  # on any background
        self.setWordWrap(wraps)
        self._style_again()

    def set_role(self, role: Role) -> None:
        self._role = role
        self._style_again()

    @override
    def minimumSizeHint(self) -> QSize:
        """Ask for no more than words take: for a name of 10,000 letters no window grows."""
        asked = super().minimumSizeHint()
        most = round(_WIDEST_WORD * theme.line_height())
        return QSize(min(asked.width(), most), asked.height()) if self.wordWrap() else asked

    def _style_again(self) -> None:
        self._is_styling = True
        self.setFont(_FACES[self._face]())
        palette = self.palette()
        palette.setColor(QPalette.ColorRole.WindowText, QColor(color_of(self._role, theme.theme())))
        self.setPalette(palette)
        self._is_styling = False

    @override
    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if not self._is_styling and event.type() in {
            QEvent.Type.PaletteChange,
            QEvent.Type.FontChange,
            QEvent.Type.ApplicationFontChange,
            QEvent.Type.StyleChange,
        }:
            self._style_again()


class ElidedLabel(TextLabel):
    """One line that gives way when room is short; the whole text is in its tip."""

    def __init__(
        self,
        text: str = "",
        parent: QWidget | None = None,
        *,
        face: Face = "body",
        role: Role = "text",
        mode: Qt.TextElideMode = Qt.TextElideMode.ElideRight,
    ) -> None:
        super().__init__(text, parent, face=face, role=role)
        self._mode = mode
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)

    def whole_text(self) -> str:
        """Return what would be read if there were room."""
        return self.text()

    def shown_text(self) -> str:
        line = " ".join(self.whole_text()[:1000].split())
        return self.fontMetrics().elidedText(line, self._mode, self.contentsRect().width())

    @override
    def minimumSizeHint(self) -> QSize:
        few = self.fontMetrics().horizontalAdvance("\u2026") * 2
        return QSize(few, self.fontMetrics().height())

    @override
    def sizeHint(self) -> QSize:
        wide = self.fontMetrics().horizontalAdvance(" ".join(self.whole_text()[:1000].split()))
        return QSize(wide + 2, self.fontMetrics().height())

    @override
    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip:
            cut = self.shown_text() != self.whole_text()
            self.setToolTip(plain_tip(self.whole_text()) if cut else "")
        return super().event(event)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setPen(self.palette().color(self.foregroundRole()))
        side = Qt.AlignmentFlag.AlignVCenter | (self.alignment() & _ACROSS)
        painter.drawText(self.contentsRect(), side, self.shown_text())
        painter.end()

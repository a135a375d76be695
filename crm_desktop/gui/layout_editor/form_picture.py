"""Paints a record's form from a layout: only what can be seen, in either theme, at any width."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QRect, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QFontMetricsF, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget
from typing_extensions import override

from crm_desktop.domain.field_types import EffectiveField, options_of, type_of
from crm_desktop.domain.formats import Formats
from crm_desktop.gui.chips import ChipPainter, check_pixmap
from crm_desktop.gui.editors.form_grid import arranged, columns_in, span_of
from crm_desktop.gui.icons import icon_pixmap
from crm_desktop.gui.theme import (
    body_font,
    icon_size,
    radius,
    row_height,
    scale,
    small_font,
    strong_font,
    theme,
    unit,
)
from crm_desktop.gui.tokens import Tokens, mix

_LONG_TYPES = frozenset({"textarea"})
_LONG_ROWS = 3
_CHOICES = frozenset({"select", "radio", "multiselect"})
_CHECKS = frozenset({"boolean", "checkbox"})
_REFERENCES = frozenset({"reference", "lookup"})
_NUMBERS = frozenset({"number", "currency", "percentage"})


@dataclass(frozen=True, slots=True)
class PictureField:
    """A field as the form shows it; `id` is the entry's."""

    id: str
    field: EffectiveField
    width: int


@dataclass(frozen=True, slots=True)
class PictureSection:
    title: str
    is_collapsible: bool
    columns: int
    fields: tuple[PictureField, ...]


@dataclass(frozen=True, slots=True)
class _Box:
    """Something that is painted in a rectangle: a heading, or a field with its value."""

    place: QRect
    shown: PictureSection | PictureField


class FormPicture(QWidget):
    """Shows what a record's form looks like; nothing in it can be edited."""

    field_chosen = Signal(str)  # an entry's id

    def __init__(self, formats: Formats, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._formats = formats
        self._sections: Sequence[PictureSection] = ()
        self._values: Mapping[str, Any] = {}
        self._names: Mapping[str, str] = {}
        self._boxes: list[_Box] = []
        self._marked: frozenset[str] = frozenset()
        self._tokens: Tokens | None = None
        self._wide = 0
        self.setAccessibleName(self.tr("Preview of the form"))

    def set_tokens(self, tokens: Tokens | None) -> None:
        """Paint in these colours, None in those of the program."""
        self._tokens = tokens
        self.update()

    def show_form(self, sections: Sequence[PictureSection]) -> None:
        self._sections = sections
        self._arrange()

    def show_values(self, values: Mapping[str, Any], names: Mapping[str, str]) -> None:
        self._values, self._names = values, names
        self.update()

    def mark(self, ids: Sequence[str]) -> None:
        """Draw a dashed line around these entries."""
        self._marked = frozenset(ids)
        self.update()

    def place_of(self, entry_id: str) -> QRect | None:
        """Return where an entry is painted, None where it is hidden."""
        found = (box for box in self._boxes if isinstance(box.shown, PictureField))
        return next((box.place for box in found if _id(box) == entry_id), None)

    def set_wide(self, wide: int) -> None:
        self._wide = wide
        self._arrange()

    def _arrange(self) -> None:
        step, pad, top = unit(), 4 * unit(), 3 * unit()
        self._boxes = []
        for section in self._sections:
            if section.title:
                place = QRect(pad, top, self._wide - 2 * pad, row_height())
                self._boxes.append(_Box(place, section))
                top += row_height() + step
            top = self._arrange_fields(section, pad, top) + 2 * step
        self.setFixedSize(max(1, self._wide), max(1, top + pad))
        self.update()

    def _arrange_fields(self, section: PictureSection, pad: int, top: int) -> int:
        inner, gap = self._wide - 2 * pad, 4 * unit()
        columns = columns_in(self._wide, unit(), section.columns)
        wide = (inner - gap * (columns - 1)) / columns
        spans = [span_of(each.field.type, each.width, columns) for each in section.fields]
        row_top, tallest, last = top, 0, 0
        for field, (row, column, span) in zip(
            section.fields, arranged(spans, columns), strict=True
        ):
            if row != last:
                row_top, tallest, last = row_top + tallest + 2 * unit(), 0, row
            high = self._height_of(field.field)
            left = pad + column * (wide + gap)
            place = QRect(round(left), row_top, round(span * wide + (span - 1) * gap), high)
            self._boxes.append(_Box(place, field))
            tallest = max(tallest, high)
        return row_top + tallest

    def _height_of(self, field: EffectiveField) -> int:
        label = round(QFontMetricsF(small_font()).height()) + unit()
        rows = _LONG_ROWS if field.type in _LONG_TYPES else 1
        more = round(QFontMetricsF(body_font()).height()) * (rows - 1)
        below = round(QFontMetricsF(small_font()).height()) if field.help else 0
        return label + scale().control + more + below

    @override
    def mousePressEvent(self, event: QMouseEvent) -> None:
        point = event.position().toPoint()
        for box in self._boxes:
            if box.place.contains(point) and isinstance(box.shown, PictureField):
                self.field_chosen.emit(box.shown.id)

    # Painting

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        paint = _Brush(painter, self._tokens or theme(), self.devicePixelRatioF())
        painter.fillRect(event.rect(), QColor(paint.tokens.surface))
        for box in self._boxes:
            if box.place.intersects(event.rect()):
                if isinstance(box.shown, PictureSection):
                    paint.heading(box.place, box.shown)
                else:
                    self._paint_field(paint, box.place, box.shown)
        painter.end()

    def _paint_field(self, paint: _Brush, place: QRect, shown: PictureField) -> None:
        field = shown.field
        if shown.id in self._marked:
            paint.mark(place.adjusted(-unit(), -unit(), unit(), unit()))
        label = paint.label(place, field)
        high = place.bottom() - label.bottom() - unit()
        if field.help:
            high -= paint.hint(place, field.help)
        control = QRect(place.left(), label.bottom() + unit(), place.width(), high)
        value = self._values.get(field.id)
        if field.type in _CHECKS:
            paint.check(control, self._text(field, value), is_checked=value is True)
            return
        paint.control(control, is_locked=field.is_readonly)
        if field.type in _CHOICES and value:
            paint.chips(control, field, value)
        else:
            text = self._text(field, value)
            paint.value(control, text or field.placeholder, field, is_muted=not text)

    def _text(self, field: EffectiveField, value: Any) -> str:
        if value is None:
            return ""
        if field.type in _REFERENCES:
            ids = value if isinstance(value, list) else [value]
            return ", ".join(self._names.get(str(each), str(each)) for each in ids)
        return type_of(field.type).display(value, field, self._formats)


def _id(box: _Box) -> str:
    return box.shown.id if isinstance(box.shown, PictureField) else ""


class _Brush:
    """Paints the parts of a form in one theme."""

    def __init__(self, painter: QPainter, tokens: Tokens, ratio: float) -> None:
        self._painter, self.tokens, self._ratio = painter, tokens, ratio
        self._side, self._step = icon_size(), unit()

    def _icon(self, name: str, left: int, place: QRect) -> None:
        side = round(self._side * 0.9)
        pixmap = icon_pixmap(name, "muted", side, self._ratio, self.tokens)
        self._painter.drawPixmap(left, place.center().y() - side // 2, pixmap)

    def _words(self, text: str, font: Any, color: str, place: QRect, flags: Any = None) -> None:
        self._painter.setFont(font)
        self._painter.setPen(QColor(color))
        metrics = QFontMetricsF(font)
        line = " ".join(text[:1000].split())
        shown = metrics.elidedText(line, Qt.TextElideMode.ElideRight, place.width())
        self._painter.drawText(place, flags or Qt.AlignmentFlag.AlignVCenter, shown)

    def heading(self, place: QRect, section: PictureSection) -> None:
        words = place
        if section.is_collapsible:
            self._icon("chevron-down", place.left(), place)
            words = place.adjusted(self._side + self._step, 0, 0, 0)
        self._words(section.title, strong_font(), self.tokens.text, words)

    def label(self, place: QRect, field: EffectiveField) -> QRect:
        high = round(QFontMetricsF(small_font()).height())
        line = QRect(place.left(), place.top(), place.width(), high)
        text = f"{field.label} *" if field.is_required else field.label
        words = line.adjusted(0, 0, -self._side - self._step, 0) if field.is_readonly else line
        self._words(text, small_font(), self.tokens.muted, words)
        if field.is_readonly:
            self._icon("lock", line.right() - self._side, line)
        return line

    def hint(self, place: QRect, text: str) -> int:
        """Write the help below a control; returns how much room it took."""
        high = round(QFontMetricsF(small_font()).height())
        line = QRect(place.left(), place.bottom() - high + 1, place.width(), high)
        self._words(text, small_font(), self.tokens.muted, line)
        return high

    def mark(self, place: QRect) -> None:
        self._painter.setPen(QPen(QColor(self.tokens.accent), 1.5, s=Qt.PenStyle.DashLine))
        self._painter.setBrush(Qt.BrushStyle.NoBrush)
        self._painter.drawRoundedRect(QRectF(place), radius(), radius())

    def control(self, place: QRect, *, is_locked: bool) -> None:
        self._painter.setPen(QPen(QColor(self.tokens.border_strong), 1))
        fill = mix(self.tokens.border, self.tokens.surface, 0.35)
        self._painter.setBrush(QColor(fill if is_locked else self.tokens.surface))
        box = QRectF(place).adjusted(0.5, 0.5, -0.5, -0.5)
        self._painter.drawRoundedRect(box, radius(), radius())

    def value(self, place: QRect, text: str, field: EffectiveField, *, is_muted: bool) -> None:
        inner = place.adjusted(2 * self._step, 0, -2 * self._step, 0)
        color = self.tokens.muted if is_muted else self.tokens.text
        if field.type in _REFERENCES and not is_muted:
            color = self.tokens.accent
        if field.type in _LONG_TYPES:
            self._painter.setFont(body_font())
            self._painter.setPen(QColor(color))
            flags = Qt.TextFlag.TextWordWrap | Qt.AlignmentFlag.AlignTop
            words = inner.adjusted(0, self._step, 0, -self._step)
            self._painter.save()
            self._painter.setClipRect(words)
            self._painter.drawText(words, flags, text[:1000])
            self._painter.restore()
            return
        side = Qt.AlignmentFlag.AlignRight if field.type in _NUMBERS else Qt.AlignmentFlag.AlignLeft
        self._words(text, body_font(), color, inner, side | Qt.AlignmentFlag.AlignVCenter)

    def check(self, place: QRect, text: str, *, is_checked: bool) -> None:
        pixmap = check_pixmap(
            self.tokens, scale(), self._ratio, checked=is_checked, on_selection=False
        )
        side = round(pixmap.width() / self._ratio)
        self._painter.drawPixmap(place.left(), place.center().y() - side // 2, pixmap)
        words = place.adjusted(side + 2 * self._step, 0, 0, 0)
        self._words(text, body_font(), self.tokens.text, words)

    def chips(self, place: QRect, field: EffectiveField, value: Any) -> None:
        chips = ChipPainter(self.tokens, scale(), self._ratio)
        known = {option.value: option for option in options_of(field)}
        left, end = place.left() + 2 * self._step, place.right() - 2 * self._step
        for each in value if isinstance(value, list) else [value]:
            option = known.get(str(each))
            chip = (option.label, option.color) if option else (str(each), None)
            if left >= end:
                return
            pixmap = chips.pixmap(chip, end - left, outlined=False)
            self._painter.drawPixmap(left, place.center().y() - chips.height // 2, pixmap)
            left += round(pixmap.width() / self._ratio) + chips.gap

"""Pictures of the layout editor, and a short moving one of drags in it.

Off screen no drag of Qt's runs. The moving picture sends the tree the events that it gets in one:
where the line stands and what a drop does is the program's own work. What the desktop paints, the
pointer and the card that hangs at it, is painted into each frame.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, cast

from PIL import Image
from PySide6.QtCore import QBuffer, QIODevice, QMimeData, QPoint, QPointF, QSize, Qt
from PySide6.QtGui import (
    QColor,
    QDragEnterEvent,
    QDragMoveEvent,
    QDropEvent,
    QPainter,
    QPen,
    QPixmap,
    QPolygonF,
)
from PySide6.QtWidgets import QApplication, QSplitter, QTreeView

from crm_desktop.domain.field_types import type_of
from crm_desktop.domain.layout_draft import Entry
from crm_desktop.gui.layout_editor.dragging import ghost
from crm_desktop.gui.layout_editor.fields_mime import Parcel, pack
from crm_desktop.gui.layout_editor.row_delegate import RowRole
from crm_desktop.gui.theme import line_height, unit

if TYPE_CHECKING:
    from pathlib import Path

    from crm_desktop.gui.layout_editor.page import LayoutPage
    from scripts.screenshots import Photographer

WIDE = 720  # pixels of the moving picture
STAGE = QSize(1240, 680)  # of the window meanwhile
STEPS = 11  # frames of one way of the pointer
FRAME, REST, LONG_REST = 60, 350, 1600  # milliseconds
COLOURS = 96
LEFT, NONE = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
ARROW = ((0, 0), (0, 17), (4, 13.5), (6.5, 19), (9, 18), (6.5, 12.5), (11.5, 12.5))


def take_layout(photographer: Photographer, object_id: str, moving: Path) -> None:
    """Take the editor with steps that are not saved, its settings, and drags as `moving`."""
    window = photographer.window
    window.open(f"layout:{object_id}")
    photographer.wait()
    page = cast("LayoutPage", window.current_page)
    size = window.size()
    window.resize(STAGE)
    photographer.wait()
    _Film(photographer, page).save(moving)
    window.resize(size)
    page.tree.choose((_entry(page, "Amount").id,))
    page.tree.setFocus()
    photographer.wait()
    photographer.take("layout-editor")
    _take_settings(photographer, page)
    page.state.revert()
    photographer.wait()


def _take_settings(photographer: Photographer, page: LayoutPage) -> None:
    """Take the settings of a field that has a label of its own here."""
    amount = _entry(page, "Amount")
    page.state.set_attribute([amount.id], "override:label", "Value of the deal")
    page.state.set_attribute([amount.id], "is_required", value=True)
    right = next(each for each in page.findChildren(QSplitter) if each is not page.split)
    before = right.sizes()
    right.setSizes([round(line_height() * lines) for lines in (16, 32)])
    page.settings.start()
    photographer.wait()
    photographer.take("layout-settings")
    right.setSizes(before)


def _entry(page: LayoutPage, label: str) -> Entry:
    entries = page.state.layout.entries()
    return next(each for each in entries if page.state.library[each.field_id].label == label)


class _Film:
    """One field goes to another section, then two come from the library."""

    def __init__(self, photographer: Photographer, page: LayoutPage) -> None:
        self._photographer, self._page = photographer, page
        self._tree, self._library = page.tree, page.library.tree
        self._frames: list[tuple[QPixmap, int]] = []
        self._pointer = QPointF(page.width() * 0.6, page.height() * 0.9)

    def save(self, file: Path) -> None:
        """Play both drags and write what was seen."""
        self._shoot(REST)
        amount = _entry(self._page, "Amount")
        self._walk_to(self._middle_of(self._tree, amount.id))
        self._tree.choose((amount.id,))
        self._drag([amount], self._gap_below("Owner"), self._page.object_id)
        self._take_two_from_the_library()
        self._write(file)

    def _take_two_from_the_library(self) -> None:
        model = self._library.model()
        heading = model.index(0, 0)
        rows = [model.index(row, 0, heading) for row in (1, 4)]
        self._walk_to(self._point(self._library, self._library.visualRect(rows[1]).center()))
        picked = self._library.selectionModel()
        picked.clearSelection()
        for index in rows:
            picked.select(index, picked.SelectionFlag.Select)
        entries = [Entry("", index.data(RowRole.FIELD)) for index in rows]
        self._drag(entries, self._gap_below("Stage"), "")

    def _drag(self, entries: Sequence[Entry], end: QPointF, object_id: str) -> None:
        state, port = self._page.state, self._tree.viewport()
        labels = [state.label_of(entry) for entry in entries]
        mime = pack(Parcel(object_id, tuple(entries)), labels)
        icon = type_of(state.type_of(entries[0])).icon
        card = ghost(labels, icon, self._page.devicePixelRatioF())
        self._shoot(REST)
        place = self._in_tree
        has_entered = False
        for point in self._way(end):
            inside = port.rect().contains(place(point))
            if inside and not has_entered:
                enter = QDragEnterEvent(place(point), *self._carried(mime))
                self._tree.dragEnterEvent(enter)
                has_entered = True
            if inside:
                self._tree.dragMoveEvent(QDragMoveEvent(place(point), *self._carried(mime)))
            self._pointer = point
            self._shoot(FRAME, card)
        self._shoot(REST, card)
        drop = QDropEvent(QPointF(place(end)), *self._carried(mime))
        self._tree.dropEvent(drop)
        self._photographer.wait()
        self._shoot(LONG_REST)

    @staticmethod
    def _carried(
        mime: QMimeData,
    ) -> tuple[Qt.DropAction, QMimeData, Qt.MouseButton, Qt.KeyboardModifier]:
        return Qt.DropAction.MoveAction, mime, LEFT, NONE

    def _walk_to(self, end: QPointF) -> None:
        for point in self._way(end):
            self._pointer = point
            self._shoot(FRAME)

    def _way(self, end: QPointF) -> Iterator[QPointF]:
        """Give the points from the pointer to there, slow at both ends as a hand is."""
        start = self._pointer
        for step in range(1, STEPS + 1):
            part = step / STEPS
            yield start + (end - start) * (part * part * (3 - 2 * part))

    # Places in the page

    def _point(self, tree: QTreeView, point: QPoint) -> QPointF:
        return QPointF(tree.viewport().mapTo(self._page, point))

    def _in_tree(self, point: QPointF) -> QPoint:
        return self._tree.viewport().mapFrom(self._page, point.toPoint())

    def _middle_of(self, tree: QTreeView, entry_id: str) -> QPointF:
        rect = tree.visualRect(self._tree.model_of_layout.index_of(entry_id))
        return self._point(tree, QPoint(rect.left() + rect.width() // 3, rect.center().y()))

    def _gap_below(self, label: str) -> QPointF:
        entry = _entry(self._page, label)
        rect = self._tree.visualRect(self._tree.model_of_layout.index_of(entry.id))
        return self._point(
            self._tree, QPoint(rect.left() + rect.width() // 3, rect.bottom() - unit())
        )

    # Frames

    def _shoot(self, milliseconds: int, card: QPixmap | None = None) -> None:
        QApplication.processEvents()
        picture = self._page.grab()
        painter = QPainter(picture)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if card is not None:
            painter.setOpacity(0.9)
            painter.drawPixmap(self._pointer - QPointF(2 * unit(), unit()), card)
            painter.setOpacity(1)
        arrow = QPolygonF([QPointF(x, y) * 1.3 + self._pointer for x, y in ARROW])
        painter.setPen(QPen(QColor("white"), 1.5))
        painter.setBrush(QColor("black"))
        painter.drawPolygon(arrow)
        painter.end()
        self._frames.append((picture, milliseconds))

    def _write(self, file: Path) -> None:
        images = [_image(picture) for picture, _ in self._frames]
        palette = images[-1].quantize(COLOURS)
        flat = [each.quantize(palette=palette, dither=Image.Dither.NONE) for each in images]
        times = [milliseconds for _, milliseconds in self._frames]
        flat[0].save(
            file, save_all=True, append_images=flat[1:], duration=times, loop=0, optimize=False
        )


def _image(picture: QPixmap) -> Image.Image:
    """Return the picture as Pillow has it, as wide as the moving one is."""
    smooth = Qt.TransformationMode.SmoothTransformation
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    picture.toImage().scaledToWidth(WIDE, smooth).save(buffer, "PNG")  # type: ignore[call-overload]
    return Image.open(io.BytesIO(bytes(buffer.data().data()))).convert("RGB")

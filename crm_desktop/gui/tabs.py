"""The tabs of the main window: each has an address, and a page once it has been looked at."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent, QPalette
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QTabBar, QVBoxLayout, QWidget
from typing_extensions import override

from crm_desktop.domain.errors import Unavailable
from crm_desktop.gui.icons import object_icon
from crm_desktop.gui.routes import ROUTES, is_known, kind_of, lacking_of, make_page
from crm_desktop.gui.theme import icon_size, row_height, scale, theme, unit
from crm_desktop.gui.widgets.buttons import IconButton
from crm_desktop.gui.widgets.empty_state import EmptyState
from crm_desktop.gui.widgets.icon_label import IconLabel
from crm_desktop.gui.widgets.message_bar import Message, MessageBar, MessageKind

if TYPE_CHECKING:
    from crm_desktop.domain.errors import UserError
    from crm_desktop.gui.drafts import Drafts
    from crm_desktop.gui.page import Page
    from crm_desktop.gui.tasks import Tasks
    from crm_desktop.gui.trail import Trail

PLACEHOLDER_AFTER = 150  # milliseconds


class Skeleton(QWidget):
    """Grey bars where rows will be; nothing at first, so that quick pages do not flicker."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._is_due = False
        self.setBackgroundRole(QPalette.ColorRole.Base)
        self.setAutoFillBackground(True)
        self.setAccessibleName("Loading")
        QTimer.singleShot(PLACEHOLDER_AFTER, self, self._draw)

    def _draw(self) -> None:
        self._is_due = True
        self.update()

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        if not self._is_due:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(theme().border))
        widths = (0.22, 0.16, 0.2, 0.12)
        for row, top in enumerate(range(4 * unit(), self.height(), row_height())):
            left = float(4 * unit())
            for column, share in enumerate(widths):
                full = self.width() * share
                width = full * (0.6 + 0.1 * ((row * 3 + column * 5) % 4))
                painter.drawRoundedRect(round(left), top, round(width), 2 * unit(), unit(), unit())
                left += full + 4 * unit()


class Frame(QWidget):
    """A tab's content: the message bar, and below it the page, built when it is first shown."""

    page_made = Signal()

    def __init__(
        self,
        address: str,
        title: str,
        icon_name: str,
        tasks: Tasks,
        drafts: Drafts | None = None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.address, self.title, self.icon_name = address, title, icon_name
        self._tasks, self._drafts = tasks, drafts
        self.page: Page | None = None
        self._trail: Trail | None = None
        self._lacking = ""
        self.messages = MessageBar(self)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(0)
        self._column.addWidget(self.messages)
        self._skeleton: QWidget | None = Skeleton(self)
        self._column.addWidget(self._skeleton, 1)

    def ensure_page(self, *, is_early: bool = False) -> None:
        """Build the page, if a database is open and the frame can be seen, or both soon will be."""
        is_due = self._tasks.is_open and self.isVisible()
        if self.page is not None or not (is_due or is_early):
            return
        self.page = make_page(self.address, self._tasks, self, drafts=self._drafts)
        self.page.refused.connect(self.show_refusal)
        self.page.told.connect(self.show_told)
        self.page.follow(self._trail)
        self._column.addWidget(self.page, 1)
        if self._skeleton is not None:
            self._skeleton.deleteLater()
            self._skeleton = None
        self.page_made.emit()
        self.show_lacking(self._lacking)

    def show_told(self, message: Message) -> None:
        self.messages.show_message(message.kind, message.text, actions=message.actions)

    def follow(self, trail: Trail) -> None:
        """Let the page know from which list it was opened, also once it is built."""
        self._trail = trail
        if self.page is not None:
            self.page.follow(trail)

    def show_lacking(self, field_id: str) -> None:
        """List what has nothing in this field, once there is a list."""
        self._lacking = field_id
        if self.page is not None and field_id:
            self._lacking = ""
            self.page.show_lacking(field_id)

    def show_refusal(self, error: UserError) -> None:
        """Say why something was refused; that the database is away is true only for a time."""
        kind: MessageKind = "warning" if isinstance(error, Unavailable) else "danger"
        self.messages.show_message(kind, str(error))

    @override
    def showEvent(self, event: object) -> None:
        QTimer.singleShot(0, self, self.ensure_page)


class TabEnd(QWidget):
    """The right end of a tab: a pencil for unsaved work, and the cross."""

    close_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.pencil = IconLabel("pencil", "warning", size=round(icon_size() * 0.85))
        self.pencil.setToolTip("Not saved yet")
        self.pencil.setAccessibleName("Not saved yet")
        self.pencil.hide()
        cross = IconButton("x", "Close tab", role="muted")
        cross.setProperty("look", "bare")
        cross.setIconSize(QSize(icon_size(), icon_size()) * 0.85)
        cross.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        cross.clicked.connect(self.close_requested)
        row = QHBoxLayout(self)
        row.setContentsMargins(unit(), 0, 0, 0)
        row.setSpacing(unit())
        row.addWidget(self.pencil)
        row.addWidget(cross)


class TabStrip(QTabBar):
    """Closes by middle click, reorders by dragging."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("look", "document")
        self.setMovable(True)
        self.setDocumentMode(True)
        self.setExpanding(False)
        self.setUsesScrollButtons(True)
        self.setElideMode(Qt.TextElideMode.ElideRight)
        self.setIconSize(QSize(icon_size(), icon_size()))
        self.setAccessibleName("Open pages")

    middle_clicked = Signal(int)

    @override
    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        index = self.tabAt(event.position().toPoint())
        if event.button() == Qt.MouseButton.MiddleButton and index >= 0:
            self.middle_clicked.emit(index)
            return
        super().mouseReleaseEvent(event)

    @override
    def tabSizeHint(self, index: int) -> QSize:
        size = super().tabSizeHint(index)
        return QSize(min(size.width(), round(scale().line * 16)), size.height())

    @override
    def minimumTabSizeHint(self, index: int) -> QSize:
        size = super().tabSizeHint(index)
        return QSize(min(size.width(), round(scale().line * 8)), size.height())


class Tabs(QWidget):
    """Opens, shows, reorders and closes pages; knows nothing of what they show."""

    current_changed = Signal()  # another page, or the same with another title or status
    page_shown = Signal()  # a page came in front that was not there before
    page_made = Signal(object)  # a Frame whose page has just been built
    closing = Signal(object)  # a Frame that goes now
    close_requested = Signal(object)  # a Frame with unsaved work
    new_requested = Signal()

    def __init__(
        self, tasks: Tasks, drafts: Drafts | None = None, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._tasks, self._drafts = tasks, drafts
        self.strip = TabStrip(self)
        self._stack = QStackedWidget(self)
        self._plus = IconButton("plus", "Open another page", role="muted", parent=self)
        self._plus.clicked.connect(self.new_requested)
        row = QHBoxLayout()
        row.setContentsMargins(0, 0, unit(), 0)
        row.setSpacing(unit())
        row.addWidget(self.strip)
        row.addWidget(self._plus)
        row.addStretch(1)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(0)
        self._column.addLayout(row)
        self._column.addWidget(self._stack, 1)
        self._stack.hide()
        self._nothing: EmptyState | None = None  # made when the last page is closed
        self.strip.currentChanged.connect(self._show)
        self.strip.tabMoved.connect(self._move)
        self.strip.middle_clicked.connect(self.close_at)
        tasks.opened.connect(self._build_current)

    @property
    def frames(self) -> list[Frame]:
        """The open tabs from left to right."""
        return [self._frame(index) for index in range(self.strip.count())]

    @property
    def current(self) -> Frame | None:
        index = self.strip.currentIndex()
        return self._frame(index) if index >= 0 else None

    @property
    def current_page(self) -> Page | None:
        return self.current.page if self.current is not None else None

    def open(self, address: str) -> None:
        """Show the tab of this address, opened right of the current one if there is none."""
        address, lacking = lacking_of(address)
        self._open_tab(address)
        if lacking and self.current is not None and self.current.address == address:
            self.current.show_lacking(lacking)

    def _open_tab(self, address: str) -> None:
        for index, frame in enumerate(self.frames):
            if frame.address == address:
                self.strip.setCurrentIndex(index)
                return
        if is_known(address):
            index = self.strip.currentIndex() + 1
            title = ROUTES[kind_of(address)].title
            self.insert(index, address, title)
            self.show_at(index)

    def _open_from(self, frame: Frame, address: str) -> None:
        """Open what a page asks for; a record learns from which list it comes."""
        trail = frame.page.trail() if frame.page is not None else None
        self.open(address)
        opened = self.current
        if opened is not None and opened.address == address and trail is not None:
            opened.follow(trail)

    def show_at(self, index: int) -> None:
        """Make a tab current, also when it is the only one and so was current already."""
        if self.strip.currentIndex() == index:
            self._show(index)
        self.strip.setCurrentIndex(index)

    def insert(self, index: int, address: str, title: str, icon_name: str = "") -> None:
        """Add a tab whose page is built when it is first shown."""
        frame = Frame(address, title, icon_name, self._tasks, self._drafts, self._stack)
        frame.page_made.connect(partial(self._adopt, frame))
        self._stack.insertWidget(index, frame)
        self.strip.blockSignals(True)  # the first tab would be shown before its end is there
        self.strip.insertTab(index, frame.title)
        self.strip.blockSignals(False)
        end = TabEnd(self.strip)
        end.close_requested.connect(partial(self._close_frame, frame))
        self.strip.setTabButton(index, QTabBar.ButtonPosition.RightSide, end)
        self._retitle(frame)
        self.strip.updateGeometry()  # Qt does so by itself only once the strip can be seen

    def close_at(self, index: int) -> None:
        """Close a tab; one with unsaved work asks first, by `close_requested`."""
        if not 0 <= index < self.strip.count():
            return
        frame = self._frame(index)
        if frame.page is not None and frame.page.has_unsaved():
            self.strip.setCurrentIndex(index)
            self.close_requested.emit(frame)
        else:
            self.discard(frame)

    def close_current(self) -> None:
        self.close_at(self.strip.currentIndex())

    def discard(self, frame: Frame) -> None:
        """Close a tab and lose what was typed in it."""
        index = self._stack.indexOf(frame)
        if index < 0:
            return
        self.closing.emit(frame)
        if frame.page is not None:
            frame.page.drop_unsaved()
        self._stack.removeWidget(frame)
        self.strip.removeTab(index)
        frame.hide()
        frame.deleteLater()
        self.show_at(self.strip.currentIndex())

    def step(self, by: int) -> None:
        """Go to the next tab or the one before, round and round."""
        if self.strip.count():
            self.strip.setCurrentIndex((self.strip.currentIndex() + by) % self.strip.count())

    def _frame(self, index: int) -> Frame:
        frame = self._stack.widget(index)
        assert isinstance(frame, Frame)  # noqa: S101 - the stack holds nothing else
        return frame

    def _close_frame(self, frame: Frame) -> None:
        self.close_at(self._stack.indexOf(frame))

    def _show(self, index: int) -> None:
        self._stack.setVisible(index >= 0)
        if index >= 0:
            self._stack.setCurrentIndex(index)
        self._show_nothing(is_shown=index < 0)
        self.current_changed.emit()
        if self.current_page is not None:
            self.page_shown.emit()

    def _show_nothing(self, *, is_shown: bool) -> None:
        """Say that no page is open."""
        if is_shown and self._nothing is None:
            self._nothing = EmptyState(
                "No page is open. Choose an object at the left, or find anything with the palette.",
                icon_name="panels-top-left",
                action="Find…",
                action_icon="search",
            )
            self._nothing.action_requested.connect(self.new_requested)
            self._column.addWidget(self._nothing, 1)
        if self._nothing is not None:
            self._nothing.setVisible(is_shown)

    def _move(self, begin: int, end: int) -> None:
        frame = self._frame(begin)
        self._stack.removeWidget(frame)
        self._stack.insertWidget(end, frame)
        self._stack.setCurrentIndex(self.strip.currentIndex())

    def _build_current(self) -> None:
        if self.current is not None:
            self.current.ensure_page()

    def _adopt(self, frame: Frame) -> None:
        """Follow the page that has just been built."""
        page = frame.page
        if page is None:
            return
        page.title_changed.connect(partial(self._page_retitled, frame))
        page.unsaved_changed.connect(partial(self._show_pencil, frame))
        page.open_requested.connect(partial(self._open_from, frame))
        page.status_changed.connect(self.current_changed)
        self.page_made.emit(frame)
        self._page_retitled(frame, page.title)
        self.current_changed.emit()
        if frame is self.current:
            self.page_shown.emit()

    def _page_retitled(self, frame: Frame, title: str) -> None:
        if frame.page is not None:
            frame.title = title or frame.title
            frame.icon_name = frame.page.icon_name or frame.icon_name
            self._retitle(frame)

    def _retitle(self, frame: Frame) -> None:
        index = self._stack.indexOf(frame)
        self.strip.setTabText(index, frame.title.replace("&", "&&"))
        self.strip.setTabToolTip(index, frame.title)
        if frame.icon_name:
            self.strip.setTabIcon(index, object_icon(frame.icon_name))

    def _show_pencil(self, frame: Frame, is_unsaved: bool) -> None:  # noqa: FBT001 - a signal's
        end = self.strip.tabButton(self._stack.indexOf(frame), QTabBar.ButtonPosition.RightSide)
        if isinstance(end, TabEnd):
            end.pencil.setVisible(is_unsaved)
            end.adjustSize()
            self._retitle(frame)  # the strip measures its tabs again
        self.current_changed.emit()

    @override
    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self.update()

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the line below the tabs; the current one stands in front of it."""
        painter = QPainter(self)
        painter.setPen(QColor(theme().border))
        bottom = self.strip.geometry().bottom()
        painter.drawLine(0, bottom, self.width(), bottom)

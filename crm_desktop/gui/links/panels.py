"""All that is linked to one record: a panel for each relationship, and what is done with links."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QMenu, QScrollArea, QVBoxLayout, QWidget
from typing_extensions import override

from crm_desktop.domain.changes import Change, Topic
from crm_desktop.domain.errors import UserError
from crm_desktop.gui.actions import fill_groups
from crm_desktop.gui.drafts import Drafts
from crm_desktop.gui.icons import icon, object_icon
from crm_desktop.gui.links.panel import Key, LinkList
from crm_desktop.gui.links.panel_actions import LinkActions
from crm_desktop.gui.links.words import cardinality
from crm_desktop.gui.tasks import Handle, Tasks
from crm_desktop.gui.theme import line_height, unit
from crm_desktop.gui.tips import plain_tip
from crm_desktop.gui.widgets.buttons import IconButton, SmallLink, plain_button
from crm_desktop.gui.widgets.chip import CountBadge
from crm_desktop.gui.widgets.elided_label import TextLabel
from crm_desktop.gui.widgets.empty_state import EmptyState
from crm_desktop.gui.widgets.notice_bar import NoticeBar
from crm_desktop.gui.widgets.section import Section
from crm_desktop.services import link_lists, relationships
from crm_desktop.services.records import RecordDetail
from crm_desktop.services.relationships import RelationshipSide

_ROOM_FOR_WORDS = 20  # lines of text are as high
Counts = Mapping[Key, int]
Related = tuple[Sequence[RelationshipSide], Counts]


class PanelSection(Section):
    """A panel under its heading: how many, in words how they relate, and what can be added."""

    def __init__(self, linked: LinkList, *, is_narrow: bool) -> None:
        side = linked.side
        picture = object_icon(side.other.icon, "muted")
        super().__init__(side.label, linked, picture=picture, is_framed=True, is_open=False)
        self.linked, self._is_narrow, label = linked, is_narrow, side.label
        self.change_button = SmallLink(self.tr("Change…"))
        self.link_button = IconButton("link", self.tr("Link: {}").replace("{}", label))
        self.create_button = IconButton(
            "plus", self.tr("Create and link: {}").replace("{}", label), role="accent"
        )
        change = self.tr("Change: {}").replace("{}", label)
        self.change_button.setAccessibleName(change)
        for button in (self.link_button, self.create_button):
            button.setToolTip(plain_tip(button.text()))
        self.words = TextLabel(cardinality(side.type), face="caption", role="muted")
        self.words.setToolTip(plain_tip(side.name))
        self.add_button(self.words)
        self.words.setVisible(not is_narrow)
        for each in (self.change_button, self.link_button, self.create_button):
            self.add_button(each)

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        has_room = event.size().width() >= round(_ROOM_FOR_WORDS * line_height())
        self.words.setVisible(has_room and not self._is_narrow)

    def show_count(self, count: int) -> None:
        """Say how many are linked, and offer what is possible with so many."""
        self.set_count(f"{count:,}")
        holds_one = self.linked.side.has_one and count > 0
        self.change_button.setVisible(self.linked.side.has_one and count == 1)
        self.link_button.setVisible(not holds_one)
        self.create_button.setVisible(not holds_one)
        self.linked.show_count(count)


class LinkPanels(QWidget):
    """The panels of a record in the order of their relationships' names.

    Follows what others change. Which panels are folded stays as it was for the next record.
    """

    open_requested = Signal(str)
    refused = Signal(object)  # UserError
    told = Signal(object)  # Message
    counted = Signal(int)  # links in all
    folded = Signal()  # a panel was opened or closed by somebody

    def __init__(
        self,
        tasks: Tasks,
        parent: QWidget | None = None,
        *,
        drafts: Drafts | None = None,
        is_narrow: bool = False,
    ) -> None:
        super().__init__(parent)
        self._tasks, self._is_narrow, self.drafts = tasks, is_narrow, drafts
        self.record_id = self.title = self._object_id = ""
        self.sections: list[PanelSection] = []
        self._sides: Sequence[RelationshipSide] | None = None
        self._folds: dict[Key, bool] = {}  # by somebody's hand: whether it is open
        self._is_folding = False
        self._reading: Handle | None = None
        self.setAccessibleName(self.tr("Related records"))
        self.actions_of_links = LinkActions(tasks, self, has_keys=not is_narrow)
        self.heading = TextLabel(self.tr("Related"), face="strong")
        self.total = CountBadge()
        self.link_button = plain_button(self.tr("Link record"), icon_name="link")
        self.link_button.hide()  # until there is something to link under
        self.notice = NoticeBar("triangle-alert", "warning", is_narrow=is_narrow)
        self.area = QScrollArea()
        self._lay_out()
        self.link_button.clicked.connect(self.show_link_menu)
        tasks.changed.connect(self._read_if_touched)

    @property
    def lists(self) -> list[LinkList]:
        return [section.linked for section in self.sections]

    def _lay_out(self) -> None:
        self.area.setWidgetResizable(True)
        self.area.setFrameShape(QFrame.Shape.NoFrame)
        self.area.setAccessibleName(self.tr("Related records"))
        head = QHBoxLayout()
        head.setContentsMargins(4 * unit(), 2 * unit(), 4 * unit(), 0)
        head.setSpacing(2 * unit())
        head.addWidget(self.heading)
        head.addWidget(self.total)
        head.addStretch(1)
        head.addWidget(self.link_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(head)
        column.addWidget(self.notice)
        column.addWidget(self.area, 1)
        self._show_body(QWidget())
        for part in (self.heading, self.total):
            part.setHidden(self._is_narrow)  # the tab says it

    # What is shown

    def show_record(self, detail: RecordDetail) -> None:
        """Show what is linked to this record; of the same one, what was opened and read stays."""
        if detail.id != self.record_id or detail.object_id != self._object_id:
            self._sides = None
        self.record_id, self._object_id = detail.id, detail.object_id
        self.title = detail.primary_value or detail.id
        self.read()

    def show_nothing(self) -> None:
        self.record_id, self._sides = "", None
        self.sections = []
        self._show_body(QWidget())

    def read(self) -> None:
        """Read which relationships there are, and how many links under each."""
        if not self.record_id:
            return
        if self._reading is not None:
            self._reading.cancel()
        call = partial(_related_of, object_id=self._object_id, record_id=self.record_id)
        self._reading = self._tasks.read(self, call, self._show_related, self._not_read)

    def refresh(self) -> None:
        """Read everything again; what is selected and scrolled to stays."""
        self.read()
        for linked in self.lists:
            linked.reload()

    def _show_related(self, related: Related) -> None:
        self._reading = None
        sides, counts = related
        self.notice.hide()
        if self._sides != sides:
            self._sides = sides
            held = self._key_with_keyboard()
            self._build(sides)
            self._give_keyboard(held)
        for section in self.sections:
            self._show_count(section, counts.get(section.linked.key, 0))
        if not self._is_narrow:
            self.total.set_text(f"{sum(counts.values()):,}")
        self.link_button.setVisible(bool(self.sections))
        self.actions_of_links.update_enabled()
        self.counted.emit(sum(counts.values()))

    def _show_count(self, section: PanelSection, count: int) -> None:
        before = section.linked.count
        section.show_count(count)
        if before is None or (count and not before):
            self._fold(section, is_open=self._folds.get(section.linked.key, True) and count > 0)
        if section.is_open() and count:
            section.linked.load()

    def _fold(self, section: PanelSection, *, is_open: bool) -> None:
        self._is_folding = True
        section.set_open(is_open)
        self._is_folding = False

    def _toggled(self, section: PanelSection, is_open: bool) -> None:  # noqa: FBT001 - a signal's
        if is_open and section.linked.count:
            section.linked.load()
        if not self._is_folding:
            self._folds[section.linked.key] = is_open
            self.folded.emit()

    def _build(self, sides: Sequence[RelationshipSide]) -> None:
        self.sections = []
        if not sides:
            sentence = self.tr("This object has no relationships yet.")
            empty = EmptyState(
                sentence, icon_name="spline", action=self.tr("Show the relationships")
            )
            empty.action_requested.connect(partial(self.open_requested.emit, "relationships"))
            self._show_body(empty)
            return
        body = QWidget()
        column = QVBoxLayout(body)
        column.setContentsMargins(4 * unit(), 2 * unit(), 4 * unit(), 4 * unit())
        column.setSpacing(3 * unit())
        for side in sides:
            linked = LinkList(self._tasks, self.record_id, side, is_narrow=self._is_narrow)
            section = PanelSection(linked, is_narrow=self._is_narrow)
            self._connect(section)
            column.addWidget(section)
            self.sections.append(section)
        column.addStretch(1)
        self._show_body(body)

    def _key_with_keyboard(self) -> Key | None:
        """Return whose panel has the keyboard, or has it again once a dialog is closed."""
        focus: QWidget | None = self.window().focusWidget()
        held = (each for each in self.sections if focus is not None and each.isAncestorOf(focus))
        return next((section.linked.key for section in held), None)

    def _give_keyboard(self, key: Key | None) -> None:
        """Let the panel that was built anew have the keyboard; where it is gone, the first."""
        if key is None or not self.sections:
            return
        by_key = {section.linked.key: section for section in self.sections}
        by_key.get(key, self.sections[0]).heading.setFocus()

    def _connect(self, section: PanelSection) -> None:
        linked, act = section.linked, self.actions_of_links
        section.toggled.connect(partial(self._toggled, section))
        section.link_button.clicked.connect(partial(act.link_to, linked))
        section.create_button.clicked.connect(partial(act.create_for, linked))
        section.change_button.clicked.connect(partial(act.change, linked))
        linked.open_requested.connect(self.open_requested)
        linked.refused.connect(self.refused)
        linked.columns_wanted.connect(partial(act.choose_columns, linked))
        linked.chosen.connect(act.update_enabled)
        linked.rows.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        linked.rows.customContextMenuRequested.connect(partial(self._show_menu, linked))

    def _show_body(self, body: QWidget) -> None:
        self.area.setWidget(body)
        body.setAutoFillBackground(False)  # the page's own surface shows through
        self.area.viewport().setAutoFillBackground(False)

    def _not_read(self, error: UserError) -> None:
        self._reading = None
        self.notice.ask(str(error), [(self.tr("Try again"), self.read)])

    def _read_if_touched(self, changes: frozenset[Change]) -> None:
        about_sides = {Topic.LINKS, Topic.RELATIONSHIPS, Topic.OBJECTS}
        if any(change.topic in about_sides for change in changes):
            self.read()
        for linked in self.lists:
            linked.read_if_touched(changes)

    # Which panel is meant, and how they are folded

    def active(self) -> LinkList | None:
        """Return the panel that has the keyboard, or had it last."""
        return self.actions_of_links.active()

    def folds(self) -> dict[Key, bool]:
        return dict(self._folds)

    def restore_folds(self, folds: Mapping[Key, bool]) -> None:
        self._folds = dict(folds)

    # Menus

    def show_link_menu(self) -> None:
        """Offer, for each relationship, to link records or to make one, below the button."""
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for linked in self.lists:
            self._offer(menu, linked, self.tr("Link: {}"), "link", self.actions_of_links.link_to)
        menu.addSeparator()
        create = self.actions_of_links.create_for
        for linked in self.lists:
            self._offer(menu, linked, self.tr("Create and link: {}"), "plus", create)
        menu.popup(self.link_button.mapToGlobal(QPoint(0, self.link_button.height())))

    def _offer(self, menu: QMenu, linked: LinkList, text: str, icon_name: str, act: Any) -> None:
        label = linked.side.label if len(linked.side.label) <= 60 else f"{linked.side.label[:59]}…"
        action = menu.addAction(icon(icon_name), text.replace("{}", label.replace("&", "&&")))
        action.setEnabled(not (linked.side.has_one and linked.count))
        action.triggered.connect(partial(act, linked))

    def _show_menu(self, linked: LinkList, place: QPoint) -> None:
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        fill_groups(menu, self.actions_of_links.groups())
        menu.popup(linked.rows.viewport().mapToGlobal(place))


def _related_of(session: Any, object_id: str, record_id: str) -> Related:
    return (
        relationships.sides_of_object(session, object_id),
        link_lists.count_related(session, record_id),
    )

"""What can be done with the links of a record: the same commands by keys, menus and buttons."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QApplication, QDialog

from crm_desktop.domain.errors import UserError
from crm_desktop.gui.actions import without_state
from crm_desktop.gui.icons import icon
from crm_desktop.gui.links.panel import LinkList
from crm_desktop.gui.links.words import unlinking
from crm_desktop.gui.messages import ask
from crm_desktop.gui.tasks import Tasks
from crm_desktop.gui.widgets.message_bar import Message
from crm_desktop.services import link_pages, link_panels, links
from crm_desktop.services.link_lists import RelatedRecord

if TYPE_CHECKING:
    from crm_desktop.gui.links.panels import LinkPanels

_IN_PANELS = {"Ctrl+Return", "F2", "Del"}  # other keys serve in the whole page
_MOST_AT_ONCE = 20_000  # links that are unlinked in one go


class LinkActions(QObject):
    """Acts on the panel that has the keyboard, or had it last."""

    def __init__(self, tasks: Tasks, panels: LinkPanels, *, has_keys: bool) -> None:
        super().__init__(panels)
        self._tasks, self._panels, self._has_keys = tasks, panels, has_keys
        self._last: LinkList | None = None
        self.open_action = self._action(
            self.tr("Open linked record"), "square-arrow-out-up-right", "Ctrl+Return", self.open
        )
        self.graph_action = self._action(
            self.tr("Graph of the linked record"), "waypoints", "", self.open_graph
        )
        self.edit_action = self._action(self.tr("Edit link data…"), "pencil", "F2", self.edit)
        self.copy_action = self._action(self.tr("Copy rows"), "copy", "", self.copy)
        self.unlink_action = self._action(self.tr("Unlink…"), "unlink", "Del", self.unlink)
        self.link_action = self._action(
            self.tr("Link records…"), "link", "Ctrl+Shift+L", self._link
        )
        self.create_action = self._action(
            self.tr("Create and link…"), "plus", "Ctrl+Shift+N", self._create
        )
        self.find_action = self._action(self.tr("Search in the links"), "search", "", self._find)
        self.filter_action = self._action(
            self.tr("Filter the links…"), "list-filter", "Ctrl+Shift+F", self._filter
        )
        self.sort_action = self._action(
            self.tr("Sort by this column"), "arrow-down-up", "Ctrl+Shift+S", self._sort
        )
        self.columns_action = self._action(
            self.tr("Columns of the links…"), "columns-3", "", self._choose_columns
        )
        QApplication.instance().focusChanged.connect(self._note_focus)  # type: ignore[union-attr]  # there is one
        self.update_enabled()

    def _action(self, text: str, icon_name: str, key: str, act: Callable[[], object]) -> QAction:
        action = QAction(icon(icon_name), text, self._panels)
        action.setProperty("icon_name", icon_name)
        if key and self._has_keys:
            action.setShortcut(QKeySequence(key))
            if key in _IN_PANELS:
                action.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        action.triggered.connect(partial(without_state, act))
        self._panels.addAction(action)
        return action

    def groups(self) -> Sequence[Sequence[QAction]]:
        """Return what is offered at a row, the most usual first."""
        return [
            [self.open_action, self.graph_action, self.edit_action, self.copy_action],
            [self.link_action, self.create_action],
            [self.find_action, self.filter_action, self.sort_action, self.columns_action],
            [self.unlink_action],
        ]

    # Which panel is meant

    def _note_focus(self, _: object, now: object) -> None:
        for linked in self._panels.lists:
            if linked.rows is now or linked.search is now:
                self._last = linked
                self.update_enabled()

    def active(self) -> LinkList | None:
        known = self._panels.lists
        if self._last in known:
            return self._last
        return next((each for each in known if each.count), known[0] if known else None)

    def update_enabled(self, *_: object) -> None:
        """Allow what the panel and what is selected in it permit."""
        linked = self.active()
        rows = [] if linked is None else linked.rows.chosen_rows()
        for action in (self.open_action, self.graph_action, self.edit_action):
            action.setEnabled(len(rows) == 1)
        for action in (self.copy_action, self.unlink_action):
            action.setEnabled(bool(rows))
        for action in (self.link_action, self.create_action):
            action.setEnabled(any(not _is_full(each) for each in self._panels.lists))
        has_rows = linked is not None and bool(linked.count)
        for action in (self.find_action, self.filter_action, self.sort_action):
            action.setEnabled(has_rows)
        self.columns_action.setEnabled(has_rows)

    def _with_active(self, act: Callable[[LinkList], object]) -> None:
        linked = self.active()
        if linked is not None:
            act(linked)

    def _chosen_link(self) -> RelatedRecord | None:
        linked = self.active()
        found = [] if linked is None else linked.rows.selected_links()
        return found[0] if len(found) == 1 else None

    # Rows

    def open(self) -> None:
        link = self._chosen_link()
        if link is not None and link.is_readable:
            self._panels.open_requested.emit(f"record:{link.record_id}")

    def open_graph(self) -> None:
        """Show the links of the record in the current row as a graph."""
        link = self._chosen_link()
        if link is not None and link.is_readable:
            self._panels.open_requested.emit(f"recgraph:{link.record_id}")

    def edit(self) -> None:
        """Edit what the link in the current row says."""
        link = self._chosen_link()
        if link is not None:
            from crm_desktop.gui.links.metadata_dialog import MetadataDialog

            self._show(MetadataDialog(self._tasks, link.id, self._panels.window()))

    def copy(self) -> None:
        self._with_active(_copy)

    def unlink(self) -> None:
        """Ask, then take the selected links away in one step; what was not read is found first."""
        linked = self.active()
        rows = [] if linked is None else linked.rows.chosen_rows()
        if linked is None or not rows:
            return
        if len(rows) > _MOST_AT_ONCE:
            sentence = self.tr("Unlink at most {} at once.").replace("{}", f"{_MOST_AT_ONCE:,}")
            self._panels.refused.emit(UserError(sentence))
            return
        found = [linked.model.link_at(row) for row in rows]
        if all(found):
            self._ask_to_unlink(linked, found, [link.id for link in found if link])
            return
        call = partial(link_pages.link_ids_of_rows, query=linked.query(), spans=_spans(rows))
        then = partial(self._ask_for_unread, linked, found)
        self._tasks.read(linked, call, then, self._panels.refused.emit)

    def _ask_for_unread(
        self, linked: LinkList, found: Sequence[RelatedRecord | None], ids: Sequence[str]
    ) -> None:
        """Go on only where the rows are still those that are shown."""
        shown = zip(ids, found, strict=False)
        if len(ids) != len(found) or any(link and link.id != id_ for id_, link in shown):
            sentence = self.tr("The list changed meanwhile. Select the links again.")
            self._panels.refused.emit(UserError(sentence))
            return
        self._ask_to_unlink(linked, found, ids)

    def _ask_to_unlink(
        self, linked: LinkList, found: Sequence[RelatedRecord | None], ids: Sequence[str]
    ) -> None:
        keys = linked.panel.keys if linked.panel else ()
        question, goes = unlinking(linked.side, found, {key.name: key.title for key in keys})
        verb = self.tr("Unlink") if len(ids) == 1 else self.tr("Unlink {}")
        ask(
            self._panels.window(),
            self.tr("Unlink"),
            question,
            goes,
            verb.replace("{}", f"{len(ids):,}"),
            partial(self._unlink, linked, tuple(ids)),
            danger=True,
        )

    def _unlink(self, linked: LinkList, ids: Sequence[str]) -> None:
        if linked in self._panels.lists:  # it was not built anew while one was asked
            linked.keep_place()
        call = partial(links.delete_links, ids=ids)
        self._tasks.write(self, call, self._ignore, self._not_unlinked)

    def _not_unlinked(self, error: UserError) -> None:
        """Say why, and show what there is by now: somebody else may have been quicker."""
        self._panels.refused.emit(error)
        self._panels.refresh()

    def _ignore(self, _: object) -> None:
        """Leave it to the panel, which reads again what the deletion touched."""

    # Panels

    def _link(self) -> None:
        """Link in the panel that was used last, or ask in which."""
        self._in_last_or_asked(self.link_to)

    def _create(self) -> None:
        self._in_last_or_asked(self.create_for)

    def _in_last_or_asked(self, act: Callable[[LinkList], object]) -> None:
        linked = self._last if self._last in self._panels.lists else None
        if linked is None or _is_full(linked):
            self._panels.show_link_menu()
        else:
            act(linked)

    def _find(self) -> None:
        self._with_active(LinkList.start_find)

    def _filter(self) -> None:
        self._with_active(_filter)

    def _sort(self) -> None:
        self._with_active(_sort)

    def _choose_columns(self) -> None:
        self._with_active(self.choose_columns)

    def link_to(self, linked: LinkList, *_: object) -> None:
        """Pick records and link them."""
        from crm_desktop.gui.links.picker import LinkPicker

        self._last = linked
        panels = self._panels
        record = (panels.record_id, panels.title)
        self._show(LinkPicker(self._tasks, record, linked.side, panels.window()))

    def change(self, linked: LinkList, *_: object) -> None:
        """Pick another record in place of the one that is linked: the picker moves the link."""
        self.link_to(linked)

    def create_for(self, linked: LinkList, *_: object) -> None:
        """Fill in a new record that is linked as soon as it is stored."""
        from crm_desktop.gui.links.new_linked_dialog import NewLinkedDialog

        self._last = linked
        panels = self._panels
        record = (panels.record_id, panels.title)
        dialog = NewLinkedDialog(
            self._tasks, record, linked.side, panels.window(), drafts=panels.drafts
        )
        self._show(dialog)

    def choose_columns(self, linked: LinkList, *_: object) -> None:
        """Choose what the panels of this side show, here and for colleagues."""
        from crm_desktop.gui.views.columns_dialog import ColumnsDialog

        panel = linked.panel
        if panel is None:
            return
        dialog = ColumnsDialog(panel.columns, linked.columns(), panel.usual, self._panels.window())
        dialog.usual_button.setText(self.tr("As usual"))
        dialog.chosen.connect(partial(self._take_columns, linked))
        self._show(dialog)

    def _take_columns(self, linked: LinkList, ids: list[str]) -> None:
        panel = linked.panel
        if panel is None or linked not in self._panels.lists:  # built anew meanwhile
            return
        linked.show_columns(ids)
        if panel.limit:
            sentence = self.tr(
                "The columns are shown until you close this page. They cannot be kept: {}."
            )
            told = Message("info", sentence.replace("{}", panel.limit))
            self._panels.told.emit(told)
            return
        call = partial(
            link_panels.save_link_panel,
            relationship_id=linked.side.relationship_id,
            is_from=linked.side.is_from,
            columns=() if tuple(ids) == panel.usual else tuple(ids),
            sort=linked.sorted_by(),
        )
        self._tasks.write(linked, call, self._ignore, self._panels.refused.emit)

    def _show(self, dialog: QDialog) -> None:
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()


def _copy(linked: LinkList) -> None:
    linked.rows.copy_selection()


def _is_full(linked: LinkList) -> bool:
    """Say whether the record has the one link that it can have there."""
    return linked.side.has_one and bool(linked.count)


def _filter(linked: LinkList) -> None:
    linked.show_all()
    linked.filters.open_editor()


def _sort(linked: LinkList) -> None:
    linked.sort_by_column(max(0, linked.rows.currentIndex().column()))


def _spans(rows: Sequence[int]) -> list[tuple[int, int]]:
    """Return sorted rows as first and last of each run."""
    spans: list[tuple[int, int]] = []
    for row in rows:
        if spans and spans[-1][1] == row - 1:
            spans[-1] = (spans[-1][0], row)
        else:
            spans.append((row, row))
    return spans

"""How a record graph grows and shrinks: expanded, collapsed, searched, and joined by paths."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QDialog

from crm_desktop.gui.graph.record_content import Content, Rest
from crm_desktop.gui.graph.record_drawing import title_of
from crm_desktop.gui.graph.record_lists import MostConnectedDialog, SideDialog
from crm_desktop.gui.picking.record_picker import RecordPicker
from crm_desktop.services import record_graph, record_paths
from crm_desktop.services.record_graph import MOST_LINKS, RecordGraph, Side
from crm_desktop.services.record_paths import PathSearch
from crm_desktop.services.relationships import RelatedObject

if TYPE_CHECKING:
    from crm_desktop.db.database import ReadSession
    from crm_desktop.gui.graph.record_page import RecordGraphPage
    from crm_desktop.gui.tasks import Tasks

Call = Callable[["ReadSession"], Any]


class Growth(QObject):
    """What brings more into one page's graph, or takes some away; each is a step one can go back.

    Calls are made when their turn comes, so that each knows what those before it brought.
    """

    def __init__(self, tasks: Tasks, page: RecordGraphPage) -> None:
        super().__init__(page)
        self._tasks, self._page = tasks, page

    def expand_current(self) -> None:
        if (rest := self._page.current_rest()) is not None:
            self.open_rest(rest)
        elif (record := self._page.current_record()) is not None:
            self.expand(record.id)

    def expand(self, record_id: str) -> None:
        """Draw a record's links, and theirs, to the depth that is chosen."""
        self._expand(record_id, self._page.reach.value(), None)

    def open_rest(self, rest: Rest) -> None:
        """Draw what is not drawn on one side; where that is too much, let it be searched."""
        if rest.is_opened:
            self._page.tell(self.tr("These links lead to records that you may not see."))
        elif not rest.is_hub or not rest.side.relationship_id:
            side = rest.side if rest.side.relationship_id else None
            self._expand(rest.record_id, 1, side)
        else:
            record = self._page.content.records[rest.record_id]
            dialog = SideDialog(
                self._tasks, record, rest, self._page.relationships, self._page.window()
            )
            dialog.chosen.connect(self.add)
            self._open_dialog(dialog)

    def _expand(self, record_id: str, depth: int, side: Side | None) -> None:
        def make() -> Callable[[ReadSession], RecordGraph]:
            others = [id_ for id_ in self._page.content.records if id_ != record_id]
            return partial(record_graph.expand, record_ids=[record_id], depth=depth,
                           known=others, side=side)  # fmt: skip

        self._page.reading.ask(
            self.tr("Reading the links…"), make, partial(self._expanded, record_id, depth, side)
        )

    def _expanded(self, record_id: str, depth: int, side: Side | None, graph: RecordGraph) -> None:
        before = self._page.content
        near = [record.id for record in graph.records if 0 < record.distance < depth]
        whole = {record_id, *([] if graph.is_full else near)}
        content = before.with_graph(graph, whole, side)
        added = len(content.records) - len(before.records)
        said = ""
        if graph.is_full:
            said = self.tr("Only the nearest {} records were added: expand further from there.")
            said = said.replace("{}", f"{added:,}")
        elif not added and content.links.keys() == before.links.keys():
            self._page.tell(self._why_nothing(content, record_id))
            if content.expanded == before.expanded:
                self._page.show_content(content)
                return
        self._page.go_on(content, said)

    def _why_nothing(self, content: Content, record_id: str) -> str:
        hubs = [rest for rest in content.rests().get(record_id, []) if rest.is_hub]
        if hubs:
            words = self.tr("More than {} links of one kind are counted, not drawn.")
            return words.replace("{}", str(MOST_LINKS))
        return self.tr("There are no more links here.")

    def ask_for_link(self) -> None:
        """Link the current record with one that is chosen from a list, shown already or not."""
        record = self._page.current_record()
        if record is None:
            return
        related = dict[str, None]()
        for each in self._page.relationships.values():
            ends = (each.from_object.id, each.to_object.id)
            if record.object_id in ends:
                related[ends[0] if ends[1] == record.object_id else ends[1]] = None
        if not related:
            words = self.tr("No relationship begins or ends at “{}”.")
            self._page.tell(words.replace("{}", record.object_label))
            return
        dialog = RecordPicker(self._tasks, list(related), parent=self._page.window())
        dialog.picked.connect(partial(self.link_picked, record.id))
        self._open_dialog(dialog)

    def link_picked(self, record_id: str, picked: Sequence[tuple[str, str]]) -> None:
        """Draw the record that was chosen, and link it."""
        self.add([picked[0][0]], partial(self._page.link, record_id, picked[0][0]))

    def add(self, record_ids: Sequence[str], then: Callable[[], object] | None = None) -> None:
        """Draw these records too, with their links to what is there."""

        def make() -> Callable[[ReadSession], RecordGraph]:
            known = [id_ for id_ in self._page.content.records if id_ not in record_ids]
            return partial(record_graph.expand, record_ids=record_ids, depth=0, known=known)

        self._page.reading.ask(self.tr("Reading the links…"), make, partial(self._added, then))

    def _added(self, then: Callable[[], object] | None, graph: RecordGraph) -> None:
        content = self._page.content.with_graph(graph)
        if content.records.keys() != self._page.content.records.keys():
            self._page.go_on(content)
        if then is not None:
            then()

    def collapse_current(self) -> None:
        """Take away what hangs on the current record alone."""
        record = self._page.current_record()
        if record is None:
            return
        content = self._page.content.collapsed(record.id)
        if content == self._page.content:
            self._page.tell(self.tr("Nothing hangs on this record alone."))
        else:
            self._page.go_on(content)

    # Paths, and the most connected.

    def ask_for_path(self) -> None:
        """Find how two records hang together: the two that are selected, or one that is asked."""
        record = self._page.current_record()
        if record is None:
            return
        others = (self._page.canvas.view.selected & self._page.content.records.keys()) - {record.id}
        if len(others) == 1:
            self.find_path(record.id, next(iter(others)))
            return
        dialog = RecordPicker(self._tasks, [], parent=self._page.window())
        dialog.picked.connect(partial(self._path_picked, record.id))
        self._open_dialog(dialog)

    def _path_picked(self, record_id: str, picked: Sequence[tuple[str, str]]) -> None:
        self.find_path(record_id, picked[0][0])

    def find_path(self, start: str, end: str) -> None:
        """Show a shortest path between two records; what lies beside it fades."""

        def make() -> Callable[[ReadSession], tuple[PathSearch, RecordGraph | None]]:
            return partial(
                _read_path, start=start, end=end, known=tuple(self._page.content.records)
            )

        self._page.reading.ask(self.tr("Looking for a path…"), make, self._show_path)

    def _show_path(self, found: tuple[PathSearch, RecordGraph | None]) -> None:
        path, graph = found
        if graph is None:
            self._page.tell(self._why_no_path(path))
            return
        content = self._page.content.with_graph(graph)
        titles = " → ".join(title_of(content.records[id_]) for id_ in path.records)
        one, many = self.tr("1 step: {1}"), self.tr("{0} steps: {1}")
        self._page.go_on(content, (one if path.steps == 1 else many).format(path.steps, titles))
        self._page.canvas.view.emphasise({*path.records, *path.links})
        self._page.canvas.view.select(path.records)
        self._page.canvas.view.lens.fit()

    def _why_no_path(self, path: PathSearch) -> str:
        if not path.is_complete:
            words = self.tr("Gave up after {} records: they are too many to be followed.")
            return words.replace("{}", f"{path.visited:,}")
        words = self.tr("No path of up to {} links leads there.")
        return words.replace("{}", str(record_paths.MOST_STEPS))

    def show_most_connected(self) -> None:
        content = self._page.content
        record = self._page.current_record() or content.records.get(content.start)
        objects: dict[str, RelatedObject] = {}
        for each in self._page.relationships.values():
            objects |= {each.from_object.id: each.from_object, each.to_object.id: each.to_object}
        dialog = MostConnectedDialog(
            self._tasks, objects, self._page.relationships, record.object_id if record else "",
            self._page.window(),
        )  # fmt: skip
        dialog.chosen.connect(self._open_graph_of)
        self._open_dialog(dialog)

    def _open_graph_of(self, record_ids: Sequence[str]) -> None:
        self._page.open_requested.emit(f"recgraph:{record_ids[0]}")

    def _open_dialog(self, dialog: QDialog) -> None:
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()


def _read_path(
    session: ReadSession, start: str, end: str, known: Sequence[str]
) -> tuple[PathSearch, Any]:
    path = record_paths.find_path(session, start, end)
    if not path.records:
        return path, None
    others = [id_ for id_ in known if id_ not in path.records]
    return path, record_graph.expand(session, path.records, depth=0, known=others)

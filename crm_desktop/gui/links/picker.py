"""Pickers of records: one that links what is picked, and one for whoever needs a record."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QWidget
from typing_extensions import override

from crm_desktop.domain.errors import Invalid, UserError
from crm_desktop.gui.icons import object_icon
from crm_desktop.gui.links.picker_dialog import PickerDialog
from crm_desktop.gui.links.picker_model import Pick
from crm_desktop.gui.tasks import Tasks
from crm_desktop.gui.translating import tr
from crm_desktop.gui.widgets.form_row import FormRow
from crm_desktop.gui.widgets.notice_bar import NoticeBar
from crm_desktop.services import link_candidates, links
from crm_desktop.services.link_candidates import PickerStart
from crm_desktop.services.link_checks import Holding, LinkRefusal, RefusedLinks
from crm_desktop.services.objects import ObjectSummary
from crm_desktop.services.relationships import RelationshipSide

_NO_METADATA: Mapping[str, Any] = {}


class LinkPicker(PickerDialog):
    """Links records of the other object to `record` (its id and title), then closes.

    What is taken by somebody else can be moved here; what is refused meanwhile stays picked, with
    the reason and what can be done.
    """

    linked = Signal(int)

    def __init__(
        self,
        tasks: Tasks,
        record: tuple[str, str],
        side: RelationshipSide,
        parent: QWidget | None = None,
    ) -> None:
        self._record, self._side = record, side
        self._held: Holding | None = None
        words = tr("Link a {0} to “{1}”") if side.has_one else tr("Link {0} to “{1}”")
        what = side.other.label if side.has_one else side.other.plural_name
        title = words.replace("{0}", what).replace("{1}", record[1])
        super().__init__(tasks, title, parent, allow_multiple=not side.has_one, has_marks=True)
        self.refused_bar = NoticeBar("octagon-alert", "danger")
        self.below.insertWidget(0, self.refused_bar)
        self._refusals: tuple[LinkRefusal, ...] = ()
        self.move_here = self.tr("&Move it here")
        self._say_about()
        call = partial(
            link_candidates.start_picking, record_id=record[0], title=record[1], side=side
        )
        tasks.read(self, call, self._start, self._not_read)

    def _say_about(self) -> None:
        sentence = self.tr("Under “{}”.").replace("{}", self._side.label)
        if self._side.other_has_one:
            more = self.tr(
                "Each of the {} can belong to one only; what is taken can be moved here."
            )
            sentence += " " + more.replace("{}", self._side.other.plural_name)
        if self._held is not None:
            sentence = self._say_held(self._held)
        self.about.setText(sentence)
        self.about.show()

    def _say_held(self, held: Holding) -> str:
        if held.links > 1:
            words = self.tr(
                "“{0}” has {2} links under “{1}”, which allows one. Take all but one away first."
            )
        else:
            words = self.tr(
                "“{0}” belongs to “{3}” under “{1}”, and can belong to one only: what you choose "
                "takes its place."
            )
        holder = held.holder_title or self.tr("a record that you may not see")
        told = words.replace("{0}", self._record[1]).replace("{1}", self._side.label)
        return told.replace("{2}", str(held.links)).replace("{3}", holder)

    def _start(self, start: PickerStart) -> None:
        self._held = start.held
        self._say_about()
        self.model.remarks = partial(
            link_candidates.standings_of, record_id=self._record[0], side=self._side
        )
        self.show_records(self._side.other.id, start.columns)

    # What is in the way

    @override
    def why_not(self, row: int) -> str:
        standing = self.model.standing_at(row)
        if standing is None:
            return self.tr("This record has not arrived yet.")
        if standing.link_id:
            return self.tr("“{}” is linked already.").replace("{}", standing.title)
        if standing.holding is not None and self.model.id_of(row) not in self.model.picks:
            return self._say_taken(standing.holding)
        return ""

    def _say_taken(self, holding: Holding) -> str:
        holder = holding.holder_title
        if holding.links > 1:
            words = self.tr("“{0}” belongs to several records already, which is not allowed.")
        elif holder:
            words = self.tr("“{0}” belongs to “{1}”, and can belong to one only.")
        else:
            words = self.tr("“{0}” belongs to another record, and can belong to one only.")
        return words.replace("{0}", holding.record_title).replace("{1}", holder)

    @override
    def explain(self, row: int) -> None:
        standing = self.model.standing_at(row)
        if standing is None or self.model.id_of(row) in self.model.picks:
            return
        if standing.holding is not None:
            can_move = standing.holding.links == 1
            answers = [(self.move_here, self.move_current)] if can_move else []
            self.why.ask(self._say_taken(standing.holding), answers)

    def move_current(self) -> None:
        """Pick the record of the current row, to be taken from whom it belongs to."""
        standing = self.model.standing_at(self.grid.currentIndex().row())
        if standing is None or standing.holding is None:
            return
        holding = standing.holding
        self.model.pick([Pick(holding.record_id, standing.title, holding)])
        self.grid.setFocus()
        self.explain_current()

    @override
    def verb(self, count: int) -> str:
        if self._held is not None and self._side.has_one:
            return self.tr("Move")
        if count > 1:
            return self.tr("Link {}").replace("{}", f"{count:,}")
        return self.tr("Link")

    # Linking

    @override
    def submit_picks(self, picks: Sequence[Pick]) -> None:
        ids = [pick.id for pick in picks]
        moving = {pick.id: pick.holding.holder_id for pick in picks if pick.holding is not None}
        if self._held is not None:
            moving[self._record[0]] = self._held.holder_id
        call = partial(
            links.create_links,
            relationship_id=self._side.relationship_id,
            pairs=links.pairs_with(self._record[0], ids, is_from=self._side.is_from),
            metadata=self.metadata(),
            moving=moving,
        )
        self._set_busy(is_busy=True)
        self.refused_bar.hide()
        self.tasks.write(self, call, self._linked, self._refuse)

    def metadata(self) -> Mapping[str, Any]:
        """Return what the new links say."""
        return _NO_METADATA

    def _set_busy(self, *, is_busy: bool) -> None:
        self.is_busy = is_busy
        self.offer()

    def _linked(self, ids: Sequence[str]) -> None:
        self._set_busy(is_busy=False)
        self.linked.emit(len(ids))
        self.close_accepted()

    def _refuse(self, error: UserError) -> None:
        self._set_busy(is_busy=False)
        if isinstance(error, RefusedLinks):
            self._say_refused(error)
            self.model.reload(max(0, self.grid.currentIndex().row()), self.grid.visible_rows())
        elif isinstance(error, Invalid):
            self.problem.set_text(" ".join(error.problems.values()))
        else:
            self.problem.set_text(str(error))

    def _say_refused(self, error: RefusedLinks) -> None:
        """Say what somebody else did meanwhile, and offer what would pass."""
        self._refusals = error.refusals
        answers = []
        if all(self._can_take(each.holding) for each in error.refusals):
            many = len(error.refusals) > 1
            words = self.tr("&Move them here") if many else self.move_here
            answers.append((words, self.move_refused))
        if not self._side.has_one and len(error.refusals) < len(self.model.picks):
            answers.append((self.tr("&Leave it out and link"), self.leave_refused_out))
        self.refused_bar.ask(str(error), answers)
        if self.refused_bar.buttons:
            self.refused_bar.buttons[0].setFocus()

    @staticmethod
    def _can_take(holding: Holding | None) -> bool:
        return holding is not None and holding.links == 1

    def move_refused(self) -> None:
        """Take what was refused from whom it belongs to by now, and link all that is picked."""
        for each in self._refusals:
            if each.holding is None:
                continue
            if each.holding.record_id == self._record[0]:
                self._held = each.holding
            elif each.holding.record_id in self.model.picks:
                old = self.model.picks[each.holding.record_id]
                self.model.pick([Pick(old.id, old.title, each.holding)])
        self.submit_picks(list(self.model.picks.values()))

    def leave_refused_out(self) -> None:
        """Link what was not refused."""
        ends = {id_ for each in self._refusals for id_ in (each.from_record_id, each.to_record_id)}
        self.model.drop_picks(ends & self.model.picks.keys())
        self.refused_bar.hide()
        if self.model.picks:
            self.submit_picks(list(self.model.picks.values()))


class RecordPicker(PickerDialog):
    """Picks records of one of these objects (ids or names; none: of any), for somebody else.

    `chosen` are those that were picked before. `picked` carries pairs of id and title.
    """

    picked = Signal(object)

    def __init__(
        self,
        tasks: Tasks,
        object_ids: Sequence[str],
        *,
        allow_multiple: bool = False,
        chosen: Sequence[tuple[str, str]] = (),
        search: str = "",
        parent: QWidget | None = None,
    ) -> None:
        self._many = allow_multiple
        title = tr("Choose records") if allow_multiple else tr("Choose a record")
        super().__init__(tasks, title, parent, allow_multiple=allow_multiple, has_marks=False)
        self._objects: list[ObjectSummary] = []
        self.object_choice = QComboBox()
        self.object_row = FormRow(self.tr("Object"), self.object_choice)
        self.object_row.hide()
        self.head.insertWidget(2, self.object_row)
        self.object_choice.currentIndexChanged.connect(self._choose_object)
        self.model.remarks = link_candidates.titles_of
        self.search.setText(search)
        if allow_multiple:
            self.model.pick([Pick(id_, title_) for id_, title_ in chosen])
        call = partial(link_candidates.objects_to_pick_from, names=list(object_ids))
        tasks.read(self, call, self._show_objects, self._not_read)

    def _show_objects(self, found: list[ObjectSummary]) -> None:
        self._objects = found
        if not found:
            self.problem.set_text(self.tr("The object that this refers to no longer exists."))
            return
        self.object_choice.blockSignals(True)
        for each in found:
            self.object_choice.addItem(object_icon(each.icon), each.plural_name)
        self.object_choice.blockSignals(False)
        self.object_row.setVisible(len(found) > 1)
        if len(found) == 1 and not self._many:
            title = self.tr("Choose a {}").replace("{}", found[0].label)
            self.heading.setText(title)
            self.setWindowTitle(title)
        self._choose_object(0)

    def _choose_object(self, place: int) -> None:
        if not 0 <= place < len(self._objects):
            return
        object_id = self._objects[place].id
        call = partial(link_candidates.columns_to_pick_from, object_id=object_id)
        self.tasks.read(self, call, partial(self.show_records, object_id), self._not_read)

    @override
    def verb(self, count: int) -> str:
        if count > 1:
            return self.tr("Choose {}").replace("{}", f"{count:,}")
        return self.tr("Choose")

    @override
    def submit_picks(self, picks: Sequence[Pick]) -> None:
        self.picked.emit([(pick.id, pick.title) for pick in picks])
        self.close_accepted()

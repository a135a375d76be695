"""The picker that links what is picked: what is taken by somebody else can be moved here."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import partial

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget
from typing_extensions import override

from crm_desktop.domain.changes import Change, Topic
from crm_desktop.domain.errors import Invalid, UserError
from crm_desktop.gui.links.metadata_form import MetadataForm
from crm_desktop.gui.links.words import cut
from crm_desktop.gui.locale import system_formats
from crm_desktop.gui.picking.picker_dialog import PickerDialog
from crm_desktop.gui.picking.picker_model import Pick
from crm_desktop.gui.picking.record_picker import RecordPicker
from crm_desktop.gui.tasks import Tasks
from crm_desktop.gui.theme import line_height
from crm_desktop.gui.translating import tr
from crm_desktop.gui.widgets.elided_label import TextLabel
from crm_desktop.gui.widgets.notice_bar import NoticeBar
from crm_desktop.gui.widgets.section import Section
from crm_desktop.services import link_candidates, links
from crm_desktop.services.link_candidates import PickerStart
from crm_desktop.services.link_checks import Holding, LinkRefusal, RefusedLinks
from crm_desktop.services.relationships import RelationshipSide

__all__ = ["LinkPicker", "RecordPicker"]

_FORM = 9  # lines of text high


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
        title = words.replace("{0}", cut(what)).replace("{1}", cut(record[1]))
        super().__init__(tasks, title, parent, allow_multiple=not side.has_one, has_marks=True)
        self.refused_bar = NoticeBar("octagon-alert", "danger")
        self.form = MetadataForm(tasks, system_formats())
        self.data = Section(self.tr("Data of the new links"), self.form, is_open=False)
        self._lay_out_data()
        self.below.insertWidget(0, self.refused_bar)
        self._refusals: tuple[LinkRefusal, ...] = ()
        self.move_here = self.tr("&Move it here")
        self._say_about()
        tasks.changed.connect(self._follow)
        call = partial(link_candidates.start_picking, record_id=record[0], side=side)
        tasks.read(self, call, self._start, self._not_read)

    def _lay_out_data(self) -> None:
        self.form.setFixedHeight(round(_FORM * line_height()))
        hint = TextLabel(self.tr("Links that move keep what they say."), face="small", role="muted")
        self.data.add_button(hint)
        hint.setVisible(self._side.has_one or self._side.other_has_one)
        self.below.insertWidget(1, self.data)

    def _say_about(self) -> None:
        sentence = self.tr("Under “{}”.").replace("{}", cut(self._side.label))
        if self._side.other_has_one:
            sentence += " " + self.tr(
                "Each of them can belong to one only; what is taken can be moved here."
            )
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
        holder = cut(held.holder_title) or self.tr("a record that you may not see")
        told = words.replace("{2}", str(held.links)).replace("{1}", cut(self._side.label))
        return told.replace("{0}", cut(self._record[1])).replace("{3}", holder)

    def _start(self, start: PickerStart) -> None:
        self._held = start.held
        self.form.show_form(start.form)
        self.data.set_open(bool(start.form.keys))
        self._say_about()
        self.model.remarks = partial(
            link_candidates.standings_of, record_id=self._record[0], side=self._side
        )
        self.show_records(self._side.other.id, start.columns)

    def _follow(self, changes: Collection[Change]) -> None:
        """Read the marks again when somebody linked something under the relationship."""
        is_touched = Change(Topic.LINKS, self._side.relationship_id) in changes
        if is_touched and self.object_id and not self.is_busy:
            self._read_again()

    def _read_again(self) -> None:
        row = max(0, self.grid.currentIndex().row())
        self.model.reload(row, self.grid.visible_rows())

    # What is in the way

    @override
    def why_not(self, row: int) -> str:
        standing = self.model.standing_at(row)
        if standing is None:
            return self.tr("This record has not arrived yet.")
        if standing.link_id:
            return self.tr("“{}” is linked already.").replace("{}", cut(standing.title))
        if standing.holding is not None and self.model.id_of(row) not in self.model.picks:
            return self._say_taken(standing.holding)
        return ""

    def _say_taken(self, holding: Holding) -> str:
        holder = cut(holding.holder_title)
        if holding.links > 1:
            words = self.tr("“{0}” belongs to several records already, which is not allowed.")
        elif holder:
            words = self.tr("“{0}” belongs to “{1}”, and can belong to one only.")
        else:
            words = self.tr("“{0}” belongs to another record, and can belong to one only.")
        return words.replace("{1}", holder).replace("{0}", cut(holding.record_title))

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
        try:
            metadata = self.form.metadata()
        except Invalid:  # which is said in place
            self.data.set_open(True)
            return
        ids = [pick.id for pick in picks]
        moving = {pick.id: pick.holding.holder_id for pick in picks if pick.holding is not None}
        if self._held is not None:
            moving[self._record[0]] = self._held.holder_id
        call = partial(
            links.create_links,
            relationship_id=self._side.relationship_id,
            pairs=links.pairs_with(self._record[0], ids, is_from=self._side.is_from),
            metadata=metadata,
            moving=moving,
        )
        self._set_busy(is_busy=True)
        self.refused_bar.hide()
        self.tasks.write(self, call, self._linked, self._refuse)

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
            self._read_again()
        elif isinstance(error, Invalid):
            self.data.set_open(True)
            self.problem.set_text(" ".join(self.form.show_problems(error.problems).values()))
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
        self.refused_bar.ask(self._words(error), answers)
        if self.refused_bar.buttons:
            self.refused_bar.buttons[0].setFocus()

    def _words(self, error: RefusedLinks) -> str:
        """Name a record that is gone as it stood here: the database knows it no more."""
        first = error.refusals[0]
        if first.hindrance not in {"from_gone", "to_gone"}:
            return str(error)
        is_from = first.hindrance == "from_gone"
        gone = first.from_record_id if is_from else first.to_record_id
        pick = self.model.picks.get(gone)
        title = pick.title if pick is not None else self._record[1]
        sentence = self.tr("“{}” no longer exists.").replace("{}", cut(title))
        return sentence + str(error).removeprefix(first.reason)

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

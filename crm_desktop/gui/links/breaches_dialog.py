"""Shows the links that break a rule, which other programs made, and merges duplicates."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QModelIndex, QObject, Signal
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from crm_desktop.domain.errors import UserError
from crm_desktop.gui.delegates import CellKind
from crm_desktop.gui.dialogs.delete_dialog import counted
from crm_desktop.gui.models.table_model import Column, TableModel
from crm_desktop.gui.theme import line_height, unit
from crm_desktop.gui.widgets.buttons import plain_button, primary_button
from crm_desktop.gui.widgets.elided_label import TextLabel
from crm_desktop.gui.widgets.fitting_dialog import FittingDialog
from crm_desktop.gui.widgets.form_row import ProblemLine
from crm_desktop.gui.widgets.grid import GridView
from crm_desktop.gui.widgets.hairline import Hairline
from crm_desktop.gui.widgets.notice_bar import NoticeBar
from crm_desktop.services import link_breaches
from crm_desktop.services.link_breaches import MOST_SHOWN, DuplicateRepair, LinkBreach

if TYPE_CHECKING:
    from crm_desktop.gui.tasks import Tasks

_ICONS = {
    "broken_cardinality": "octagon-alert",
    "duplicate_links": "copy",
    "links_to_wrong_object": "shapes",
}


class BreachModel(TableModel[LinkBreach]):
    """Breaches with what is wrong, of which record, and what it is linked to."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.set_columns(
            Column(self.tr("What is wrong"), self._words, CellKind.ICON_TEXT, icon=_icon, width=16),
            Column(self.tr("Relationship"), _relationship, CellKind.MUTED, width=10),
            Column(self.tr("Record"), _record, CellKind.LINK, width=12),
            Column(self.tr("Linked to"), self._others, width=20, tip=self._others),
        )

    def _words(self, breach: LinkBreach) -> str:
        if breach.kind == "broken_cardinality":
            return self.tr("{} links, one allowed").replace("{}", f"{breach.links:,}")
        if breach.kind == "links_to_wrong_object":
            return self.tr("Record of another object")
        if breach.can_be_merged:
            return self.tr("Linked {} times").replace("{}", f"{breach.links:,}")
        return self.tr("Linked {} times, differently").replace("{}", f"{breach.links:,}")

    def _others(self, breach: LinkBreach) -> str:
        named = ", ".join(breach.others)
        more = breach.links - len(breach.others)
        if breach.kind != "broken_cardinality" or not more:
            return named
        return self.tr("{0} and {1} more").replace("{0}", named).replace("{1}", f"{more:,}")


def _icon(breach: LinkBreach) -> str:
    return _ICONS[breach.kind]


def _relationship(breach: LinkBreach) -> str:
    return breach.relationship


def _record(breach: LinkBreach) -> str:
    return breach.record


class BreachesDialog(FittingDialog):
    """Lists the first breaches of each kind; Enter opens the record that one is about."""

    open_requested = Signal(str)

    def __init__(self, tasks: Tasks, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._tasks = tasks
        self.setWindowTitle(self.tr("Check links"))
        self.notice = NoticeBar("octagon-alert", "danger")
        self.model = BreachModel(self)
        self.grid = GridView(self, name=self.tr("Links that break a rule"))
        self.grid.setModel(self.model)
        self.grid.activated.connect(self._open)
        for number, column in enumerate(self.model.columns):
            self.grid.setColumnWidth(number, round(column.width * line_height()))
        self.problem = ProblemLine()
        self.sentence = TextLabel(role="muted", wraps=True)
        self.merge = plain_button(self.tr("Merge duplicates"), icon_name="merge")
        self.close_button = primary_button(self.tr("Close"))
        self._lay_out()
        self.merge.clicked.connect(self.merge_duplicates)
        self.close_button.clicked.connect(self.accept)
        self.read()

    def _lay_out(self) -> None:
        u = unit()
        head = QVBoxLayout()
        head.setContentsMargins(5 * u, 4 * u, 5 * u, 3 * u)
        head.setSpacing(u)
        head.addWidget(TextLabel(self.tr("Links that break a rule"), face="title"))
        about = self.tr(
            "Other programs can store links that this one refuses. They are shown as they are, and "
            "nothing is changed unless you ask for it."
        )
        head.addWidget(TextLabel(about, role="muted", wraps=True))
        middle = QWidget()
        middle.setBackgroundRole(QPalette.ColorRole.Base)
        middle.setAutoFillBackground(True)
        rows = QVBoxLayout(middle)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setSpacing(0)
        rows.addWidget(self.notice)
        rows.addWidget(self.grid, 1)
        foot = QVBoxLayout()
        foot.setContentsMargins(5 * u, 3 * u, 5 * u, 4 * u)
        foot.setSpacing(2 * u)
        foot.addWidget(self.problem)
        line = QHBoxLayout()
        line.setSpacing(2 * u)
        line.addWidget(self.sentence, 1)
        for button in (self.merge, self.close_button):
            line.addWidget(button)
        foot.addLayout(line)
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(0)
        box.addLayout(head)
        box.addWidget(Hairline())
        box.addWidget(middle, 1)
        box.addWidget(Hairline())
        box.addLayout(foot)
        self.resize(round(line_height() * 62), round(line_height() * 30))

    def read(self) -> None:
        """Look for breaches; with millions of links that takes seconds."""
        self.grid.set_loading(True)
        self.merge.setEnabled(False)
        self.sentence.setText(self.tr("Looking at all links…"))
        self._tasks.read(self, link_breaches.list_breaches, self._show, self._not_read)

    def _show(self, found: Sequence[LinkBreach]) -> None:
        self.grid.set_loading(False)
        self.grid.set_empty_state(self.tr("All links keep the rules."), icon_name="circle-check")
        self.model.set_rows(found)
        self.notice.hide()
        if found:
            many = counted(len(found), self.tr("place"), self.tr("places"))
            words = self.tr("The links break a rule in {}.").replace("{}", many)
            if any(self._count(found, kind) == MOST_SHOWN for kind in _ICONS):
                words = self.tr("The links break rules in very many places; the first are shown.")
            self.notice.ask(words, [])
            self.grid.setCurrentIndex(self.model.index(0, 0))
            self.grid.setFocus()
        self.merge.setEnabled(any(each.can_be_merged for each in found))
        self.sentence.setText(
            self.tr("Of duplicates the oldest stays, with what all of them say. That is final.")
            if self.merge.isEnabled()
            else ""
        )

    @staticmethod
    def _count(found: Sequence[LinkBreach], kind: str) -> int:
        return sum(each.kind == kind for each in found)

    def _not_read(self, error: UserError) -> None:
        self.grid.set_loading(False)
        self.sentence.setText("")
        self.problem.set_text(str(error))

    def merge_duplicates(self) -> None:
        """Keep one of each set of links that say the same."""
        self.merge.setEnabled(False)
        self.problem.set_text("")
        self.sentence.setText(self.tr("Merging…"))
        self._tasks.write(self, link_breaches.merge_duplicates, self._merged, self._not_read)

    def _merged(self, _: DuplicateRepair) -> None:
        self.read()

    def _open(self, index: QModelIndex) -> None:
        breach = self.model.row_at(index)
        if breach is not None:
            self.open_requested.emit(f"record:{breach.record_id}")
            self.accept()

"""The keys that stored links have and no schema names, each with the type that would fit it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from crm_desktop.domain.errors import UserError
from crm_desktop.gui.dialogs.delete_dialog import counted
from crm_desktop.gui.models.fields import type_label
from crm_desktop.gui.theme import unit
from crm_desktop.gui.widgets.buttons import SmallLink
from crm_desktop.gui.widgets.elided_label import TextLabel
from crm_desktop.gui.widgets.flow_layout import FlowLayout
from crm_desktop.services import link_data
from crm_desktop.services.link_data import DataInUse, KeyUse, proposed_keys
from crm_desktop.services.link_schemas import LinkKey

if TYPE_CHECKING:
    from crm_desktop.gui.tasks import Tasks

PATIENCE = 290.0
MOST_OFFERED = 12


class SchemaProposals(QWidget):
    """Reads once what links hold; takes no room where there is nothing to propose."""

    chosen = Signal(object)  # tuple[LinkKey, …]

    def __init__(self, tasks: Tasks, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._tasks = tasks
        self._asked = ""
        self._found: DataInUse | None = None
        self._known: tuple[LinkKey, ...] = ()
        self.sentence = TextLabel(face="small", role="muted", wraps=True)
        self.all_link = SmallLink(self.tr("Add all"))
        self.all_link.clicked.connect(self._take_all)
        line = QHBoxLayout()
        line.setSpacing(2 * unit())
        line.addWidget(self.sentence, 1)
        line.addWidget(self.all_link)
        self.offers = QWidget()
        self._flow = FlowLayout(self.offers)
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(unit())
        box.addLayout(line)
        box.addWidget(self.offers)
        self.hide()

    def ask(self, relationship_id: str, known: Sequence[LinkKey]) -> None:
        """Find the keys in use in the background, unless that was done."""
        self._known = tuple(known)
        if relationship_id == self._asked:
            self._build()
            return
        self._asked, self._found = relationship_id, None
        self.sentence.setText(self.tr("Looking at what links hold…"))
        self.all_link.hide()
        self.show()
        call = partial(link_data.keys_in_use, relationship_id=relationship_id)
        self._tasks.read(self, call, self._show, self._fail, patience=PATIENCE)

    def show_known(self, known: Sequence[LinkKey]) -> None:
        """Leave out what is defined by now."""
        if {key.name for key in known} != {key.name for key in self._known}:
            self._known = tuple(known)
            self._build()

    def _show(self, found: DataInUse) -> None:
        self._found = found
        self._build()

    def _fail(self, error: UserError) -> None:
        self.sentence.setText(str(error))

    def _build(self) -> None:
        found = self._found
        if found is None:
            return
        while (item := self._flow.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.hide()
                widget.deleteLater()
        known = {key.name for key in self._known}
        rest = [use for use in found.keys if use.name not in known and use.links]
        offered = proposed_keys(rest, self._known)
        for key in offered[:MOST_OFFERED]:
            self._flow.addWidget(self._offer(key, next(u for u in rest if u.name == key.name)))
        self.offers.setVisible(bool(offered))
        self.all_link.setVisible(len(offered) > 1)
        self.sentence.setText(self._said(found, rest, len(offered)))
        self.setVisible(bool(rest) or bool(found.shapeless))

    def _offer(self, key: LinkKey, use: KeyUse) -> SmallLink:
        words = self.tr("+ {key}: {type}, in {n} of {seen}")
        seen = self._found.seen if self._found else 0
        said = words.format(
            key=key.name, type=type_label(key.type), n=f"{use.links:,}", seen=f"{seen:,}"
        )
        link = SmallLink(said.replace("&", "&&"))
        link.clicked.connect(partial(self.chosen.emit, (key,)))
        return link

    def _said(self, found: DataInUse, rest: Sequence[KeyUse], offered: int) -> str:
        parts = []
        if offered:
            parts.append(self.tr("Stored links have more keys; add those that links shall have:"))
        if mixed := [use.name for use in rest if not use.type]:
            words = self.tr("Of no one type: {}.")
            parts.append(words.format(", ".join(f"“{name}”" for name in mixed[:MOST_OFFERED])))
        if found.shapeless:
            links = counted(found.shapeless, self.tr("link holds"), self.tr("links hold"))
            parts.append(self.tr("{} data without keys.").format(links))
        if found.is_sample:
            words = self.tr("Looked at {seen:,} of {links:,} links.")
            parts.append(words.format(seen=found.seen, links=found.links))
        return " ".join(parts)

    def _take_all(self) -> None:
        if self._found is not None:
            rest = [use for use in self._found.keys if use.links]
            self.chosen.emit(proposed_keys(rest, self._known))

"""The form of a new record that is linked to another one in the moment it is stored."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import Signal
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget
from typing_extensions import override

from crm_desktop.domain.errors import Invalid, UserError
from crm_desktop.gui.drafts import Drafts
from crm_desktop.gui.editors.record_panel import RecordPanel
from crm_desktop.gui.links.metadata_form import MetadataForm
from crm_desktop.gui.links.words import cut
from crm_desktop.gui.locale import system_formats
from crm_desktop.gui.messages import ask
from crm_desktop.gui.tasks import Tasks
from crm_desktop.gui.theme import line_height, unit
from crm_desktop.gui.widgets.buttons import plain_button, primary_button
from crm_desktop.gui.widgets.elided_label import TextLabel
from crm_desktop.gui.widgets.fitting_dialog import FittingDialog
from crm_desktop.gui.widgets.form_row import ProblemLine
from crm_desktop.gui.widgets.section import Section
from crm_desktop.services import link_detail
from crm_desktop.services.link_detail import LinkForm
from crm_desktop.services.linked_records import create_linked_record
from crm_desktop.services.relationships import RelationshipSide


class NewLinkedDialog(FittingDialog):
    """Stores record and link together, or neither: then it stays open and says why.

    `record` is the id and the title of what the new one is linked to.
    """

    created = Signal(str)

    def __init__(
        self,
        tasks: Tasks,
        record: tuple[str, str],
        side: RelationshipSide,
        parent: QWidget | None = None,
        *,
        drafts: Drafts | None = None,
    ) -> None:
        super().__init__(parent)
        self._record_id, self._side = record[0], side
        words = self.tr("New {0}, linked to “{1}”").replace("{0}", cut(side.other.label))
        self.setWindowTitle(words.replace("{1}", cut(record[1])))
        self.heading = TextLabel(self.windowTitle(), face="title", wraps=True)
        under = self.tr("Under “{}”.").replace("{}", cut(side.label))
        self.about = TextLabel(under, role="muted", wraps=True)
        self.panel = RecordPanel(tasks, drafts)
        self.form = MetadataForm(tasks, system_formats())
        self.section = Section(self.tr("Link data"), self.form)
        self.section.hide()
        self.problem = ProblemLine()
        self.cancel = plain_button(self.tr("Cancel"))
        self.submit = primary_button(self.tr("Create and link"))
        self.submit.setDefault(True)
        self._lay_out()
        self._connect()
        call = partial(link_detail.read_link_form, relationship_id=side.relationship_id)
        tasks.read(self, call, self._show_form, self._refuse)
        self.panel.start_record(side.other.id)

    def _lay_out(self) -> None:
        unseen = QWidget(self)  # the panel's own title and buttons: a dialog has others
        unseen.hide()
        self.panel.head.setParent(unseen)
        buttons = QHBoxLayout()
        buttons.setSpacing(2 * unit())
        buttons.addStretch(1)
        buttons.addWidget(self.cancel)
        buttons.addWidget(self.submit)
        column = QVBoxLayout(self)
        column.setContentsMargins(unit(), 5 * unit(), unit(), 4 * unit())
        column.setSpacing(2 * unit())
        for part in (self.heading, self.about, self.panel, self.section, self.problem):
            column.addWidget(part, 1 if part is self.panel else 0)
        column.addLayout(buttons)
        inset = 4 * unit()  # as the panel's form has it
        for part in (self.heading, self.about, self.section, self.problem):
            part.setContentsMargins(inset, 0, inset, 0)
        buttons.setContentsMargins(inset, unit(), inset, 0)
        self.form.setFixedHeight(round(line_height() * 9))
        self.resize(round(line_height() * 46), round(line_height() * 42))

    def _connect(self) -> None:
        self.cancel.clicked.connect(self.reject)
        self.submit.clicked.connect(self.accept)
        self.panel.begun.connect(self._begin)
        self.panel.saved.connect(self._created)
        self.panel.not_saved.connect(self._allow)
        self.panel.refused.connect(self._refuse)
        for keys in ("Ctrl+Return", QKeySequence.StandardKey.Save):
            QShortcut(QKeySequence(keys), self).activated.connect(self.accept)

    def _show_form(self, form: LinkForm) -> None:
        self.form.show_form(form)
        self.form.fold_other()
        self.section.setVisible(bool(form.keys))

    def _begin(self, _: object) -> None:
        self.panel.form.setAccessibleName(self.heading.text())

    @override
    def accept(self) -> None:
        """Store both; what cannot be read is said at its control."""
        if not self.submit.isEnabled():
            return
        self.problem.set_text("")
        try:
            metadata = self.form.metadata() if not self.section.isHidden() else {}
        except Invalid as error:
            self.problem.set_text("\n".join(self.form.show_problems(error.problems).values()))
            return
        self.panel.make_record = partial(
            create_linked_record,
            linked_to=self._record_id,
            relationship_id=self._side.relationship_id,
            is_from=self._side.is_from,
            metadata=metadata,
        )
        self.submit.setEnabled(False)
        self.panel.save()

    def _created(self, record_id: str) -> None:
        super().accept()
        self.created.emit(record_id)

    def _allow(self) -> None:
        self.submit.setEnabled(True)

    def _refuse(self, error: UserError) -> None:
        """Say at the link's data what is wrong with it, and below what no control can show."""
        self._allow()
        if isinstance(error, Invalid):
            rest = self.form.show_problems(error.problems)
            self.problem.set_text("\n".join(rest.values()))
        else:
            self.problem.set_text(str(error))

    @override
    def reject(self) -> None:
        """Close, but ask first where something was typed."""
        if not self.submit.isEnabled():
            return
        if not self.panel.has_unsaved() and not self.form.is_changed():
            super().reject()
            return
        ask(
            self,
            self.tr("Close"),
            self.tr("Close without creating the record?"),
            self.tr("What you typed is lost."),
            self.tr("Discard"),
            self._discard,
            danger=True,
        )

    def _discard(self) -> None:
        self.panel.drop_unsaved()
        super().reject()

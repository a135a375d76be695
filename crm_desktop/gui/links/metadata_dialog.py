"""The dialog that edits the data of one stored link."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtWidgets import QWidget
from typing_extensions import override

from crm_desktop.domain.errors import Conflict, Invalid, UserError
from crm_desktop.domain.field_types import json_text
from crm_desktop.gui.dialogs.conflict_dialog import ConflictDialog
from crm_desktop.gui.dialogs.form_dialog import Call, FormDialog
from crm_desktop.gui.links.metadata_form import MetadataForm
from crm_desktop.gui.locale import system_formats
from crm_desktop.gui.theme import line_height
from crm_desktop.gui.widgets.elided_label import TextLabel
from crm_desktop.services import link_detail, links
from crm_desktop.services.link_detail import LinkDetail

if TYPE_CHECKING:
    from crm_desktop.gui.tasks import Tasks


class MetadataDialog(FormDialog):
    """Reads the link itself; what others changed meanwhile is shown beside what was typed."""

    def __init__(self, tasks: Tasks, link_id: str, parent: QWidget | None = None) -> None:
        super().__init__(tasks, "", "", parent)
        self.set_title(self.tr("Link data"), self.tr("Link data"))
        self.set_verb(self.tr("Save link data"))
        self._link_id, self._formats = link_id, system_formats()
        self.link: LinkDetail | None = None
        self.about = TextLabel(role="muted", wraps=True)
        self.body.addWidget(self.about)
        self.form = MetadataForm(tasks, self._formats)
        self.form.compare_requested.connect(self._compare)
        self.body.addWidget(self.form, 1)
        self.setMinimumWidth(round(line_height() * 30))
        self._fit(2)
        self.set_loading(loading=True)
        self._read(self._show)

    def _read(self, then: Any) -> None:
        call = partial(link_detail.get_link, link_id=self._link_id)
        self.tasks.read(self, call, then, self.refuse)

    def _show(self, link: LinkDetail) -> None:
        self.set_loading(loading=False)
        self.link = link
        self.heading.setText(f"{link.from_title} → {link.to_title}")
        self._say_about(link)
        is_object = isinstance(link.metadata, dict)
        may_edit = link.is_writable and is_object
        self.form.show_form(link.form, may_edit=may_edit)
        self.form.show_stored(link.metadata if is_object else {}, link.names)
        self.form.fold_other()
        self._fit(len(link.form.keys))
        self.form.setVisible(is_object)
        if not is_object:
            self.resize(self.width(), self.sizeHint().height())
        self.submit.setVisible(may_edit)
        if may_edit:
            self.form.focus_first()
        else:
            self.cancel.setText(self.tr("Close"))
            self.note.setText(self._why_not(link))
            self.note.show()
            self.cancel.setFocus()

    def _fit(self, inputs: int) -> None:
        """Be as tall as the inputs want, within reason; the rest scrolls."""
        rows = min(-(-inputs // 2), 5)  # they stand in two columns
        lines = 12 + 3.5 * rows + (12 if self.form.section.is_open() else 0)
        self.resize(round(line_height() * 36), round(line_height() * min(lines, 36)))

    def _say_about(self, link: LinkDetail) -> None:
        made = self._formats.moment_text(link.created_at.replace(second=0, microsecond=0))
        words = self.tr("{name} · linked {when}").format(name=link.form.name, when=made)
        self.about.setText(words)

    def _why_not(self, link: LinkDetail) -> str:
        if not link.is_writable:
            return self.tr("You are not allowed to change the record that this link starts at.")
        sentence = self.tr(
            "Another program stored something that has no keys as the data of this link: {}. It "
            "can be shown, but not changed here."
        )
        return sentence.format(_short(link.metadata))

    @override
    def is_changed(self) -> bool:
        return self.link is not None and self.form.is_changed()

    @override
    def call(self) -> Call | None:
        edits = self.form.edits()
        return partial(links.update_link, link_id=self._link_id, edits=edits) if edits else None

    @override
    def say_elsewhere(self, problems: dict[str, str]) -> dict[str, str]:
        return self.form.show_problems(problems) if problems else {}

    @override
    def refuse(self, error: UserError) -> None:
        if isinstance(error, Conflict) and self.link is not None:
            self.set_busy(busy=False)
            self._read(self._merge)
            return
        if self.link is None:  # it could not be read: there is nothing to be typed into
            self.form.hide()
            self.submit.hide()
            self.cancel.setText(self.tr("Close"))
        if isinstance(error, Invalid) and "" in error.problems:
            error = Invalid({key: text for key, text in error.problems.items() if key})
        super().refuse(error)

    def _merge(self, now: LinkDetail) -> None:
        if not isinstance(now.metadata, dict):  # there are no keys left to write to
            self._show(now)
            return
        before, self.link = self.link, now
        if before is not None and before.form.keys != now.form.keys:
            self.note.setText(self.tr("The keys of this link data were changed as well."))
        clashes = self.form.take_stored(now.metadata, now.names)
        if clashes:
            self.problem.set_text(
                self.tr("Somebody else changed this link meanwhile. Nothing was saved yet.")
            )
        else:
            self.note.setText(self.tr("What others changed meanwhile is shown now. Save again."))
            self.note.show()
        self._make_room()

    def _compare(self) -> None:
        clashes = self.form.fields.clashes()
        if not clashes or self.link is None:
            return
        fields = [self.form.fields.cells[key].field for key in clashes]
        title = self.tr("This link was changed while you edited it")
        names = self.link.names
        dialog = ConflictDialog(title, clashes, fields, self._formats, names, self)
        dialog.settled.connect(self.form.fields.settle)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    @override
    def focus_first(self) -> None:
        if self.link is not None:
            self.form.focus_first()


def _short(value: Any) -> str:
    text = json_text(value)
    return text if len(text) <= 60 else f"{text[:59]}…"

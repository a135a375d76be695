"""The dialog that names a view: one that is saved, renamed or duplicated."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtWidgets import QWidget
from typing_extensions import override

from crm_desktop.gui.dialogs.form_dialog import Call, FormDialog
from crm_desktop.gui.tasks import Tasks
from crm_desktop.gui.theme import line_height
from crm_desktop.gui.widgets.elided_label import TextLabel
from crm_desktop.services.views import ViewDraft


class ViewNameDialog(FormDialog):
    """Asks for a name; `make` turns it into the call that stores it."""

    def __init__(
        self,
        tasks: Tasks,
        title: str,
        verb: str,
        make: Callable[[ViewDraft], Call],
        name: str,
        hint: str = "",
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(tasks, title, verb, parent)
        self._make = make
        self.line = self.add_line("name", self.tr("Name"), is_required=True)
        self.show_stored({"name": name})
        self.line.selectAll()
        if hint:
            self.body.addWidget(TextLabel(hint, role="muted", wraps=True))
        self.setMinimumWidth(round(line_height() * 24))

    @override
    def call(self) -> Call | None:
        return self._make(ViewDraft(name=self.line.text()))

    @override
    def is_changed(self) -> bool:
        return False  # a name is typed again in a second

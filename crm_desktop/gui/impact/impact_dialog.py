"""Shows what depends on something, without deleting it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget
from typing_extensions import override

from crm_desktop.domain.errors import UserError
from crm_desktop.gui.impact.tree_panel import ImpactPanel
from crm_desktop.gui.theme import line_height, unit
from crm_desktop.gui.translating import tr
from crm_desktop.gui.widgets.buttons import plain_button
from crm_desktop.gui.widgets.elided_label import TextLabel
from crm_desktop.gui.widgets.fitting_dialog import FittingDialog
from crm_desktop.gui.widgets.form_row import ProblemLine

if TYPE_CHECKING:
    from crm_desktop.gui.impact.studies import Study
    from crm_desktop.gui.tasks import Tasks


ASKING_KEY = "Ctrl+Shift+I"


class ImpactDialog(FittingDialog):
    """The tree alone, with a sentence that says what it is read for."""

    def __init__(
        self, tasks: Tasks, name: str, study: Study, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        title = self.tr("What depends on {name}").format(name=name)
        self.setWindowTitle(title)
        self.panel = ImpactPanel(tasks)
        self.problem = ProblemLine()
        self.close_button = plain_button(self.tr("Close"))
        u = unit()
        box = QVBoxLayout(self)
        box.setContentsMargins(5 * u, 5 * u, 5 * u, 4 * u)
        box.setSpacing(3 * u)
        box.addWidget(TextLabel(title, face="title", wraps=True))
        about = self.tr("This is what deleting it would mean. Nothing is deleted here.")
        box.addWidget(TextLabel(about, role="muted", wraps=True))
        box.addWidget(self.panel, 1)
        box.addWidget(self.problem)
        row = QHBoxLayout()
        row.addStretch(1)
        row.addWidget(self.close_button)
        box.addLayout(row)
        self.close_button.setDefault(True)
        self.close_button.clicked.connect(self.reject)
        self.panel.failed.connect(self._show_problem)
        self.panel.refused.connect(self._show_problem)
        self.setMinimumWidth(round(line_height() * 34))
        self.resize(round(line_height() * 54), round(line_height() * 30))
        self.panel.tree.setFocus()
        self.panel.start(study)

    def _show_problem(self, error: UserError) -> None:
        self.problem.set_text(str(error))

    @override
    def done(self, result: int) -> None:
        self.panel.stop()
        super().done(result)


def open_impact(tasks: Tasks, name: str, study: Study, parent: QWidget) -> ImpactDialog:
    """Open the dialog over a window; `name` as it stands in a sentence, quoted where it is one."""
    dialog = ImpactDialog(tasks, name, study, parent)
    dialog.finished.connect(dialog.deleteLater)
    dialog.open()
    return dialog


def asking_text() -> str:
    """Return what the command is called on every page that has it."""
    return tr("What depends on this…")

"""Opens the comparison of what two people made of one record, for the panel that shows it."""

from __future__ import annotations

from crm_desktop.gui.dialogs.conflict_dialog import ConflictDialog
from crm_desktop.gui.editors.record_conflicts import Comparison
from crm_desktop.gui.editors.record_panel import RecordPanel
from crm_desktop.gui.locale import system_formats


def open_comparison(panel: RecordPanel, asked: Comparison) -> None:
    """Show the clashes of a panel's form side by side; what is chosen goes back into the form."""
    dialog = ConflictDialog(
        asked.title,
        asked.clashes,
        asked.fields,
        system_formats(),
        asked.names,
        panel.window(),
        who=asked.who,
    )
    dialog.settled.connect(panel.form.settle)
    dialog.finished.connect(dialog.deleteLater)
    dialog.open()

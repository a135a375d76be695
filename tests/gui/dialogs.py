"""The dialogs of the program, for the tests that walk all of them."""

from collections.abc import Callable, Mapping
from typing import Final

from PySide6.QtWidgets import QDialog

from crm_desktop.domain.errors import Clash
from crm_desktop.gui.clipboard.find_dialog import FindDialog
from crm_desktop.gui.clipboard.paste_dialog import PasteDialog
from crm_desktop.gui.dialogs.application_dialog import ApplicationDialog
from crm_desktop.gui.dialogs.build_index_dialog import BuildIndexDialog
from crm_desktop.gui.dialogs.bulk_edit_dialog import BulkEditDialog
from crm_desktop.gui.dialogs.conflict_dialog import ConflictDialog
from crm_desktop.gui.dialogs.connect import ConnectDialog
from crm_desktop.gui.dialogs.delete_dialog import DeleteDialog
from crm_desktop.gui.dialogs.drafts_dialog import DraftsDialog
from crm_desktop.gui.dialogs.go_to_row import GoToRowDialog
from crm_desktop.gui.dialogs.import_dialog import ImportDialog
from crm_desktop.gui.dialogs.object_dialog import ObjectDialog
from crm_desktop.gui.dialogs.relationship_dialog import RelationshipDialog
from crm_desktop.gui.dialogs.sign_in import FirstUserDialog, SignInDialog
from crm_desktop.gui.dialogs.user_dialog import UserDialog
from crm_desktop.gui.drafts import Drafts
from crm_desktop.gui.filters.filter_editor import FilterDialog
from crm_desktop.gui.graph.record_content import Rest
from crm_desktop.gui.graph.record_linking import WayDialog
from crm_desktop.gui.graph.record_lists import MostConnectedDialog, SideDialog
from crm_desktop.gui.impact.impact_dialog import ImpactDialog
from crm_desktop.gui.keyboard_map import KeyboardMapDialog
from crm_desktop.gui.links.breaches_dialog import BreachesDialog
from crm_desktop.gui.links.bulk_dialog import BulkLinkDialog
from crm_desktop.gui.locale import system_formats
from crm_desktop.gui.pages.records import RecordsPage
from crm_desktop.gui.picking.record_picker import RecordPicker
from crm_desktop.gui.tasks import Tasks
from crm_desktop.gui.views.columns_dialog import ColumnsDialog
from crm_desktop.gui.views.name_dialog import ViewNameDialog
from crm_desktop.services.record_graph import GraphRecord, Side

CLASHES: Final = {
    "fld_note": Clash("Short.", "It is long. " * 80, "Mine."),
    "fld_name": Clash("a", "b", ""),
}
RECORD: Final = GraphRecord("rec_x", "obj_x", "Company", None, "Acme", 0)
REST: Final = Rest("rec_x", Side("rel_x", is_from=True), 60, 60, is_least=False, is_opened=False)
DIALOGS: Final[Mapping[str, Callable[[Tasks], QDialog]]] = {
    "object": lambda tasks: ObjectDialog(tasks, None),
    "relationship": lambda tasks: RelationshipDialog(tasks, None),
    "application": lambda tasks: ApplicationDialog(tasks, None),
    "user": lambda tasks: UserDialog(tasks, None),
    "import": lambda tasks: ImportDialog(tasks, ""),
    "index": BuildIndexDialog,
    "drafts": lambda tasks: DraftsDialog(Drafts(tasks), system_formats(), {}),
    "conflict": lambda _: ConflictDialog("Changed", CLASHES, (), system_formats(), {}),
    "connect": lambda _: ConnectDialog([]),
    "sign in": lambda _: SignInDialog("crm at db.example.com", ""),
    "first user": lambda _: FirstUserDialog("crm at db.example.com"),
    "keyboard map": lambda _: KeyboardMapDialog([]),
    "picker": lambda tasks: RecordPicker(tasks, []),
    "broken links": BreachesDialog,
    "most connected": lambda tasks: MostConnectedDialog(tasks, {}, {}),
    "links of a hub": lambda tasks: SideDialog(tasks, RECORD, REST, {}),
    "which link": lambda _: WayDialog([], {}),
}


def opened_by(page: RecordsPage) -> tuple[tuple[Callable[[], object], type[QDialog]], ...]:
    """Return what opens each dialog over a list in which records are selected."""
    return (
        (page.bulk.edit, BulkEditDialog),
        (page.bulk.delete, DeleteDialog),
        (page.bulk.link, BulkLinkDialog),
        (page.bulk.show_impact, ImpactDialog),
        (page.finding.open_dialog, FindDialog),
        (page.list.columns.open_dialog, ColumnsDialog),
        (page.list.filters.open_editor, FilterDialog),
        (page.list.view_commands.save_as, ViewNameDialog),
        (page.ask_for_row, GoToRowDialog),
        (page.clipboard.paste_as_new, PasteDialog),
    )

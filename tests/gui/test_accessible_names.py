"""Whoever hears the screen instead of seeing it: every control of every page has a name."""

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible, QGuiApplication
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSpinBox,
    QComboBox,
    QDialog,
    QHeaderView,
    QLineEdit,
    QPlainTextEdit,
    QTabBar,
    QTextEdit,
    QWidget,
)
from pytestqt.qtbot import QtBot

from crm_desktop.db.database import Database
from crm_desktop.domain.errors import Clash
from crm_desktop.domain.field_types import FIELD_TYPES
from crm_desktop.domain.filters import Grouping
from crm_desktop.domain.formats import Formats
from crm_desktop.gui.clipboard.find_dialog import FindDialog
from crm_desktop.gui.clipboard.paste_dialog import PasteDialog
from crm_desktop.gui.dialogs.application_dialog import ApplicationDialog
from crm_desktop.gui.dialogs.build_index_dialog import BuildIndexDialog
from crm_desktop.gui.dialogs.bulk_edit_dialog import BulkEditDialog
from crm_desktop.gui.dialogs.change_type_dialog import ChangeTypeDialog
from crm_desktop.gui.dialogs.conflict_dialog import ConflictDialog
from crm_desktop.gui.dialogs.connect import ConnectDialog
from crm_desktop.gui.dialogs.drafts_dialog import DraftsDialog
from crm_desktop.gui.dialogs.field_dialog import FieldDialog
from crm_desktop.gui.dialogs.go_to_row import GoToRowDialog
from crm_desktop.gui.dialogs.import_dialog import ImportDialog
from crm_desktop.gui.dialogs.merge_fields_dialog import MergeFieldsDialog
from crm_desktop.gui.dialogs.object_dialog import ObjectDialog
from crm_desktop.gui.dialogs.relationship_dialog import RelationshipDialog
from crm_desktop.gui.dialogs.user_dialog import UserDialog
from crm_desktop.gui.drafts import Drafts
from crm_desktop.gui.graph.record_content import Rest
from crm_desktop.gui.graph.record_linking import WayDialog
from crm_desktop.gui.graph.record_lists import MostConnectedDialog, SideDialog
from crm_desktop.gui.links.metadata_form import MetadataForm
from crm_desktop.gui.links.other_data import JSON
from crm_desktop.gui.locale import system_formats
from crm_desktop.gui.pages.record import NewRecordPage
from crm_desktop.gui.pages.records import RecordsPage
from crm_desktop.gui.routes import make_page
from crm_desktop.gui.tasks import Tasks
from crm_desktop.gui.views.columns_dialog import ColumnsDialog
from crm_desktop.gui.views.name_dialog import ViewNameDialog
from crm_desktop.services import fields
from crm_desktop.services.link_detail import LinkForm
from crm_desktop.services.link_schemas import LINK_TYPES, LinkKey
from crm_desktop.services.record_graph import GraphRecord, Side
from tests.gui.asking import open_dialog, shown
from tests.gui.windows import make_window, wait_until_idle
from tests.make import Make

CONTROLS = (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSpinBox,
    QComboBox,
    QLineEdit,
    QPlainTextEdit,
    QTabBar,
    QTextEdit,
)
CLASHES = {
    "fld_note": Clash("Short.", "It is long. " * 80, "Mine."),
    "fld_name": Clash("a", "b", ""),
}
RECORD = GraphRecord("rec_x", "obj_x", "Company", None, "Acme", 0)
REST = Rest("rec_x", Side("rel_x", is_from=True), 60, 60, is_least=False, is_opened=False)
PARTS = (QComboBox, QAbstractSpinBox, QAbstractItemView, QHeaderView, QLineEdit, QTabBar)


def nameless(root: QWidget) -> list[str]:
    """Return the controls that can be used and have no name; parts of a control are its own."""
    found = []
    for widget in root.findChildren(QWidget):
        is_part = isinstance(widget, QHeaderView) or _is_inside_a_control(widget)
        can_be_used = widget.focusPolicy() != Qt.FocusPolicy.NoFocus
        if not isinstance(widget, CONTROLS) or is_part or not can_be_used or widget.isHidden():
            continue
        if not QAccessible.queryAccessibleInterface(widget).text(QAccessible.Text.Name).strip():
            parent = widget.parentWidget()
            found.append(
                f"{type(widget).__name__} {widget.objectName()} in {type(parent).__name__}"
            )
    return found


def _is_inside_a_control(widget: QWidget) -> bool:
    parent = widget.parentWidget()
    while parent and not isinstance(parent, PARTS):
        parent = parent.parentWidget()
    return bool(parent)


@pytest.mark.parametrize(
    "address", ["objects", "fields", "relationships", "graph", "applications", "users", "indexes"]
)
def test_every_control_of_the_pages_of_definitions_has_a_name(
    qtbot: QtBot, tasks: Tasks, address: str
) -> None:
    page = shown(qtbot, make_page(address, tasks))
    wait_until_idle(qtbot, tasks)
    assert nameless(page) == []


def test_every_editor_of_a_record_has_a_name(qtbot: QtBot, tasks: Tasks, make: Make) -> None:
    for name in FIELD_TYPES:
        make.field(f"a_{name}", name)
    deal = make.object("deal", fields=[f"a_{name}" for name in FIELD_TYPES])
    page = shown(qtbot, NewRecordPage(tasks, deal))
    qtbot.waitUntil(lambda: len(page.panel.form.cells) == len(FIELD_TYPES))
    assert nameless(page) == []


def test_every_control_of_a_list_and_of_a_record_has_a_name(
    qtbot: QtBot, tasks: Tasks, make: Make
) -> None:
    deal, account = make.object("deal", ["name"]), make.object("account", ["name"])
    record = make.record(deal, {"fld_name": "Orion"})
    link = make.relationship(account, deal, "1:N")
    make.link(link, make.record(account, {"fld_name": "Orion Analytics"}), record)
    for address in (f"records:{deal}", f"record:{record}", f"layout:{deal}", f"recgraph:{record}"):
        page = shown(qtbot, make_page(address, tasks))
        wait_until_idle(qtbot, tasks)
        assert nameless(page) == []


def test_every_control_of_what_opens_over_a_list_has_a_name(
    qtbot: QtBot, tasks: Tasks, make: Make
) -> None:
    make.field("amount", "number")
    deal = make.object("deal", ["name", "amount"])
    for name in ("Orion", "Lyra"):
        make.record(deal, {"fld_name": name, "fld_amount": 1})
    page = shown(qtbot, RecordsPage(tasks, deal))
    page.list.groups.group_by(Grouping("fld_amount"))
    wait_until_idle(qtbot, tasks)
    QGuiApplication.clipboard().setText("a\tb\nc\td")
    opened: tuple[tuple[Callable[[], object], type[QDialog]], ...] = (
        (page.bulk.edit, BulkEditDialog),
        (page.finding.open_dialog, FindDialog),
        (page.list.columns.open_dialog, ColumnsDialog),
        (page.list.view_commands.save_as, ViewNameDialog),
        (page.ask_for_row, GoToRowDialog),
        (page.clipboard.paste_as_new, PasteDialog),
    )
    for open_it, kind in opened:
        open_it()
        dialog = open_dialog(qtbot, kind)
        wait_until_idle(qtbot, tasks)
        assert nameless(dialog) == []
        dialog.close()
    assert nameless(page) == []


@pytest.mark.parametrize("name", FIELD_TYPES)
def test_every_setting_of_a_field_has_a_name(qtbot: QtBot, tasks: Tasks, name: str) -> None:
    dialog = shown(qtbot, FieldDialog(tasks))
    dialog.types.choose(name)
    wait_until_idle(qtbot, tasks)
    assert nameless(dialog) == []


def test_every_control_of_link_data_has_a_name(qtbot: QtBot, tasks: Tasks) -> None:
    form = shown(qtbot, MetadataForm(tasks, system_formats()))
    keys = tuple(LinkKey(name, "", name) for name in LINK_TYPES)
    form.show_form(LinkForm("rel_x", "knows", keys, (), ""))
    form.other.tabs.setCurrentIndex(JSON)
    assert nameless(form) == []


@pytest.mark.parametrize(
    "make_dialog",
    [
        lambda tasks: ObjectDialog(tasks, None),
        lambda tasks: RelationshipDialog(tasks, None),
        lambda tasks: ApplicationDialog(tasks, None),
        lambda tasks: UserDialog(tasks, None),
        lambda tasks: ImportDialog(tasks, ""),
        BuildIndexDialog,
        lambda tasks: DraftsDialog(Drafts(tasks), system_formats(), {}),
        lambda _: ConflictDialog("Changed", CLASHES, (), system_formats(), {}),
        lambda _: ConnectDialog([]),
        lambda tasks: MostConnectedDialog(tasks, {}, {}),
        lambda tasks: SideDialog(tasks, RECORD, REST, {}),
        lambda _: WayDialog([], {}),
    ],
    ids=[
        "object",
        "relationship",
        "application",
        "user",
        "import",
        "index",
        "drafts",
        "conflict",
        "connect",
        "most connected",
        "links of a hub",
        "which link",
    ],
)
def test_every_control_of_a_dialog_has_a_name(
    qtbot: QtBot, tasks: Tasks, make_dialog: Callable[[Tasks], QWidget]
) -> None:
    dialog = shown(qtbot, make_dialog(tasks))
    wait_until_idle(qtbot, tasks)
    assert nameless(dialog) == []


def test_every_control_of_the_dialogs_that_count_first_has_a_name(
    qtbot: QtBot, tasks: Tasks, make: Make, database: Database
) -> None:
    make.field("name")
    with database.read(tasks.actor) as session:
        field = fields.get_field(session, "fld_name")
    for dialog in (ChangeTypeDialog(tasks, field, Formats()), MergeFieldsDialog(tasks, field)):
        shown(qtbot, dialog)
        wait_until_idle(qtbot, tasks)
        assert nameless(dialog) == []


def test_every_control_of_the_window_has_a_name(qtbot: QtBot, tasks: Tasks, home: Path) -> None:
    window = make_window(qtbot, tasks, home)
    window.show_pages()
    window.open_palette()
    wait_until_idle(qtbot, tasks)
    assert nameless(window) == []

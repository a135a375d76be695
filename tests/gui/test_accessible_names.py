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
    QHeaderView,
    QLineEdit,
    QPlainTextEdit,
    QTabBar,
    QTextEdit,
    QWidget,
)
from pytestqt.qtbot import QtBot

from crm_desktop.db.database import Database
from crm_desktop.domain.field_types import FIELD_TYPES
from crm_desktop.domain.filters import Grouping
from crm_desktop.domain.formats import Formats
from crm_desktop.gui.dialogs.change_type_dialog import ChangeTypeDialog
from crm_desktop.gui.dialogs.field_dialog import FieldDialog
from crm_desktop.gui.dialogs.merge_fields_dialog import MergeFieldsDialog
from crm_desktop.gui.links.metadata_form import MetadataForm
from crm_desktop.gui.links.other_data import JSON
from crm_desktop.gui.locale import system_formats
from crm_desktop.gui.pages.record import NewRecordPage
from crm_desktop.gui.pages.records import RecordsPage
from crm_desktop.gui.routes import make_page
from crm_desktop.gui.tasks import Tasks
from crm_desktop.services import fields
from crm_desktop.services.link_detail import LinkForm
from crm_desktop.services.link_schemas import LINK_TYPES, LinkKey
from tests.gui.asking import open_dialog, shown
from tests.gui.dialogs import DIALOGS, opened_by
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
    page.grid.selectAll()
    QGuiApplication.clipboard().setText("a\tb\nc\td")
    for open_it, kind in opened_by(page):
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


@pytest.mark.parametrize("make_dialog", DIALOGS.values(), ids=DIALOGS)
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

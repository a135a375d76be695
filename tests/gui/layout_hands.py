"""Works the page of a layout as a person does."""

from __future__ import annotations

from PySide6.QtWidgets import QApplication, QDialog
from pytestqt.qtbot import QtBot

from crm_desktop.gui.drafts import Drafts
from crm_desktop.gui.layout_editor.override_row import OverrideRow
from crm_desktop.gui.layout_editor.page import LayoutPage
from crm_desktop.gui.tasks import Tasks
from tests.gui.windows import wait_until_idle


def shown(qtbot: QtBot, tasks: Tasks, object_id: str, drafts: Drafts | None = None) -> LayoutPage:
    page = LayoutPage(tasks, object_id, drafts=drafts)
    qtbot.addWidget(page)
    page.resize(1200, 800)
    with qtbot.waitActive(page):
        page.show()
        page.activateWindow()
    wait_until_idle(qtbot, tasks)
    return page


def choose(page: LayoutPage, *names: str) -> list[str]:
    ids = [ids_of(page)[name] for name in names]
    page.tree.choose(tuple(ids))
    page.tree.setFocus()
    return ids


def ids_of(page: LayoutPage) -> dict[str, str]:
    return {entry.field_id[4:]: entry.id for entry in page.state.layout.entries()}


def save(qtbot: QtBot, page: LayoutPage) -> None:
    page.save()
    wait_until_idle(qtbot, page._tasks)


def row_of(page: LayoutPage, name: str) -> OverrideRow:
    """Return the row of a setting of the field that is chosen."""
    return next(row for row in page.settings.rows if row.setting.name == name)


def dialog_of(kind: type[QDialog]) -> QDialog:
    found = [each for each in QApplication.topLevelWidgets() if isinstance(each, kind)]
    return next(each for each in found if each.isVisible())

"""The menus of a record list: the window's Page menu, and the one at a cell."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtGui import QAction

from crm_desktop.gui.actions import Submenu
from crm_desktop.gui.translating import tr

if TYPE_CHECKING:
    from crm_desktop.gui.pages.records import RecordsPage


def page_groups(page: RecordsPage) -> Sequence[Sequence[QAction | Submenu]]:
    """Return all that the page can do, what belongs together behind one line."""
    shown = page.list
    return [
        [
            page.new_action,
            shown.editing.new_row.action,
            page.open_action,
            page.copy_link_action,
            page.previous_action,
            page.next_action,
        ],
        [
            Submenu(tr("Cells"), "pencil-line", shown.editing.groups()),
            Submenu(
                tr("Copy and paste"),
                "clipboard-paste",
                [page.clipboard.actions(), page.finding.actions()],
            ),
            page.bulk_action,
            Submenu(
                tr("Links"),
                "waypoints",
                [[page.link_action, page.graph_action, page.impact_action]],
            ),
            page.delete_action,
        ],
        [
            page.filter_action,
            page.quick_filter_action,
            page.sort_action,
            page.sum_action,
            shown.search.wide_action,
            page.go_to_action,
        ],
        [
            Submenu(
                tr("Views"),
                "bookmark",
                [[shown.view_commands.list_action], *shown.view_commands.groups()],
            ),
            Submenu(tr("Columns"), "columns-3", [shown.columns.actions()]),
            Submenu(
                tr("Groups"),
                "layers",
                [
                    [page.group_action],
                    [page.fold_action, page.unfold_action],
                    [page.next_group_action, page.previous_group_action],
                ],
            ),
        ],
        [page.inspector_action, page.indexes_action, page.import_action],
    ]


def cell_groups(page: RecordsPage) -> Sequence[Sequence[QAction | Submenu]]:
    """Return what is done with the selection, the most usual first."""
    return [
        [page.open_action, page.graph_action, page.copy_link_action, page.new_action],
        page.list.editing.gestures.actions(),
        [*page.clipboard.actions(), page.finding.open_action],
        [page.bulk_action, page.link_action, page.impact_action, page.delete_action],
    ]

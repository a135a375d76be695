"""Which page an address opens; a page's module is imported when it is first opened.

Always on the GUI thread: Shiboken keeps the classes of QObjects in one table, which the GUI thread
reads without Python's lock while it paints. A class that is made elsewhere meanwhile crashes it.
"""

from __future__ import annotations

import json
from importlib import import_module
from typing import TYPE_CHECKING, NamedTuple, cast

if TYPE_CHECKING:
    from collections.abc import Callable

    from PySide6.QtWidgets import QWidget

    from crm_desktop.gui.drafts import Drafts
    from crm_desktop.gui.page import Page
    from crm_desktop.gui.tasks import Tasks


class Route(NamedTuple):
    """A page's class; the title is a tab's until its page has been built.

    The services that its modules import are named, so that a worker can import them before.
    """

    module: str
    class_name: str
    services: tuple[str, ...]
    title: str = "…"
    takes_id: bool = False
    takes_drafts: bool = False


_DEFINITIONS = ("applications", "field_removal", "index_advice", "record_impact_tree")
_RECORD = (
    *_DEFINITIONS,
    *("link_pages", "link_panels", "links", "record_forms", "record_groups", "record_neighbours"),
)
_GRAPH = (
    *_DEFINITIONS,
    *("diagrams", "layout_impact", "link_data", "relationship_figures", "schema_graph", "views"),
)
_RECORD_GRAPH = (
    *("link_candidates", "links", "record_anchors", "record_forms", "record_groups"),
    *("record_paths", "record_query"),
)


def _record_route(class_name: str) -> Route:
    module = "crm_desktop.gui.pages.record"
    return Route(module, class_name, _RECORD, takes_id=True, takes_drafts=True)


ROUTES = {
    "objects": Route(
        "crm_desktop.gui.pages.objects",
        "ObjectsPage",
        (*_DEFINITIONS, "layout_impact"),
        "Objects",
    ),
    "fields": Route(
        "crm_desktop.gui.pages.fields",
        "FieldsPage",
        (*_DEFINITIONS, "field_merge", "layout_impact", "type_changes"),
        "Fields",
    ),
    "relationships": Route(
        "crm_desktop.gui.pages.relationships",
        "RelationshipsPage",
        (*_DEFINITIONS, "link_data", "relationship_figures"),
        "Relationships",
    ),
    "graph": Route("crm_desktop.gui.graph.schema_page", "SchemaPage", _GRAPH, "Schema graph"),
    "applications": Route(
        "crm_desktop.gui.pages.applications", "ApplicationsPage", _DEFINITIONS, "Applications"
    ),
    "indexes": Route("crm_desktop.gui.pages.indexes", "IndexesPage", _DEFINITIONS, "Indexes"),
    "users": Route("crm_desktop.gui.pages.users", "UsersPage", _DEFINITIONS, "Users"),
    "records": Route(
        "crm_desktop.gui.pages.records",
        "RecordsPage",
        ("cell_reading", "index_advice", "record_anchors", "record_groups", "views"),
        takes_id=True,
        takes_drafts=True,
    ),
    "new-record": _record_route("NewRecordPage"),
    "duplicate": _record_route("DuplicatePage"),
    "record": _record_route("RecordPage"),
    "recgraph": Route(
        "crm_desktop.gui.graph.record_page", "RecordGraphPage", _RECORD_GRAPH, takes_id=True
    ),
    "layout": Route(
        "crm_desktop.gui.layout_editor.page",
        "LayoutPage",
        ("forms", "impact", "layout_impact", "layout_overrides", "layout_preview", "views"),
        takes_id=True,
        takes_drafts=True,
    ),
}


def lacking_address(object_id: str, field_id: str) -> str:
    """Return the address of the object's records that have nothing in this field."""
    return f"lacking:{json.dumps([object_id, field_id])}"


def lacking_of(address: str) -> tuple[str, str]:
    """Return the address of a list, and the id of the field that its records shall lack, or ""."""
    if kind_of(address) != "lacking":
        return address, ""
    object_id, field_id = json.loads(id_of(address))
    return f"records:{object_id}", field_id


def kind_of(address: str) -> str:
    return address.partition(":")[0]


def id_of(address: str) -> str:
    return address.partition(":")[2]


def is_known(address: str) -> bool:
    """Say whether the address names a page; one remembered from another version may not."""
    route = ROUTES.get(kind_of(address))
    return route is not None and route.takes_id == bool(id_of(address))


def import_services(address: str) -> None:
    """Import what the page at this address imports and what has nothing of Qt, on any thread."""
    for name in ROUTES[kind_of(address)].services:
        import_module(f"crm_desktop.services.{name}")


def import_page(address: str) -> Callable[..., Page]:
    """Return the class of the page at a known address. On the GUI thread only."""
    route = ROUTES[kind_of(address)]
    return cast("Callable[..., Page]", getattr(import_module(route.module), route.class_name))


def make_page(
    address: str, tasks: Tasks, parent: QWidget | None = None, *, drafts: Drafts | None = None
) -> Page:
    """Build the page at a known address; what is typed in it is kept in `drafts`."""
    route = ROUTES[kind_of(address)]
    page_class = import_page(address)
    arguments = (tasks, id_of(address)) if route.takes_id else (tasks,)
    named = {"drafts": drafts} if route.takes_drafts else {}
    return page_class(*arguments, parent, **named)

"""Which page an address opens; a page's module is imported when it is first opened."""

from __future__ import annotations

import json
from importlib import import_module
from typing import TYPE_CHECKING, NamedTuple, cast

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

    from crm_desktop.gui.drafts import Drafts
    from crm_desktop.gui.page import Page
    from crm_desktop.gui.tasks import Tasks


class Route(NamedTuple):
    """A page's class; the title is a tab's until its page has been built."""

    module: str
    class_name: str
    title: str = "…"
    takes_id: bool = False
    takes_drafts: bool = False


def _record_route(module: str, class_name: str) -> Route:
    module = f"crm_desktop.gui.pages.{module}"
    return Route(module, class_name, takes_id=True, takes_drafts=True)


ROUTES = {
    "objects": Route("crm_desktop.gui.pages.objects", "ObjectsPage", "Objects"),
    "fields": Route("crm_desktop.gui.pages.fields", "FieldsPage", "Fields"),
    "relationships": Route(
        "crm_desktop.gui.pages.relationships", "RelationshipsPage", "Relationships"
    ),
    "graph": Route("crm_desktop.gui.graph.schema_page", "SchemaPage", "Schema graph"),
    "applications": Route("crm_desktop.gui.pages.applications", "ApplicationsPage", "Applications"),
    "indexes": Route("crm_desktop.gui.pages.indexes", "IndexesPage", "Indexes"),
    "users": Route("crm_desktop.gui.pages.users", "UsersPage", "Users"),
    "records": Route(
        "crm_desktop.gui.pages.records", "RecordsPage", takes_id=True, takes_drafts=True
    ),
    "new-record": Route(
        "crm_desktop.gui.pages.record", "NewRecordPage", takes_id=True, takes_drafts=True
    ),
    "duplicate": _record_route("record", "DuplicatePage"),
    "record": _record_route("record", "RecordPage"),
    "recgraph": Route("crm_desktop.gui.graph.record_page", "RecordGraphPage", takes_id=True),
    "layout": Route(
        "crm_desktop.gui.layout_editor.page", "LayoutPage", takes_id=True, takes_drafts=True
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


def make_page(
    address: str, tasks: Tasks, parent: QWidget | None = None, *, drafts: Drafts | None = None
) -> Page:
    """Build the page at a known address; what is typed in it is kept in `drafts`."""
    route = ROUTES[kind_of(address)]
    page_class = getattr(import_module(route.module), route.class_name)
    arguments = (tasks, id_of(address)) if route.takes_id else (tasks,)
    named = {"drafts": drafts} if route.takes_drafts else {}
    return cast("Page", page_class(*arguments, parent, **named))

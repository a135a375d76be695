"""Which views, applications, fields and diagrams name something, wherever in their JSON."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import select

from crm_desktop.db.database import ReadSession
from crm_desktop.db.expressions import Parameters
from crm_desktop.db.naming_documents import Document, documents_naming, texts_sql
from crm_desktop.db.tables import CrmObject
from crm_desktop.db.view_rows import read_rows, standing_of
from crm_desktop.domain.access import Permission
from crm_desktop.domain.field_references import Path, paths_naming
from crm_desktop.domain.impact_nodes import Effect, Group, Kind, Node, group_of
from crm_desktop.services.record_conditions import execute

MOST_RECORDS = 1_000  # of those that documents name, so many are looked for place by place
VIEW_LISTS: Mapping[str, Kind] = {
    "forms": Kind.FORM,
    "tables": Kind.TABLE,
    "kanbans": Kind.KANBAN,
    "calendars": Kind.CALENDAR,
}


@dataclass(frozen=True, slots=True)
class Passed:
    """What is left out: documents of what goes anyhow, and fields that are told of elsewhere."""

    objects: Collection[str] = field(default=())
    fields: Collection[str] = field(default=())


def find_mentions(
    session: ReadSession, ids: Collection[str], passed: Passed = Passed()
) -> tuple[Node, ...]:
    """Return what names one of these ids, under a heading for each kind."""
    session.actor.require(Permission.READ_DEFINITIONS)
    found = _mentions(session, ids, passed)
    headings = (
        (Group.OTHER_VIEWS, Kind.TABLE, tuple(VIEW_LISTS.values())),
        (Group.APPLICATIONS, Kind.APPLICATION, (Kind.APPLICATION,)),
        (Group.OTHER_FIELDS, Kind.FIELD, (Kind.FIELD, Kind.ATTACHMENT)),
        (Group.OURS, Kind.LINK_PANEL, (Kind.LINK_SCHEMA, Kind.LINK_PANEL, Kind.DIAGRAM)),
    )
    return tuple(
        heading
        for group, kind, kinds in headings
        for heading in group_of(
            group, kind, Effect.NAMES, (node for node in found if node.kind in kinds)
        )
    )


def mentions_of_records(
    session: ReadSession, parameters: Parameters, found: str, passed: Passed = Passed()
) -> tuple[Node, ...]:
    """Return what names a record that `found` selects, in one list: filters, mostly."""
    session.actor.require(Permission.READ_RECORDS)
    statement = (
        f"WITH target AS MATERIALIZED ({found}) SELECT texts.named"  # noqa: S608 - bound
        f" FROM ({texts_sql(session)}) AS texts JOIN target AS t ON t.id = texts.named"
        f" LIMIT {MOST_RECORDS}"
    )
    ids = set(execute(session, statement, parameters.values).scalars())
    return tuple(_mentions(session, ids, passed))


def own_views(session: ReadSession, object_id: str) -> tuple[Node, ...]:
    """Return the object's own views and forms: what goes with it."""
    session.actor.require(Permission.READ_DEFINITIONS)
    views = session.scalar(select(CrmObject.views).where(CrmObject.id == object_id))
    found = [_view_node(object_id, "", *each) for each in _entries(views)]
    if standing_of(session).is_readable:
        rows = read_rows(session, object_id).items()
        found += [
            _view_of_ours(object_id, view_id, row.entry) for view_id, row in rows if row.entry
        ]
    return tuple(replace(node, effect=Effect.GOES) for node in found)


def _mentions(session: ReadSession, ids: Collection[str], passed: Passed) -> list[Node]:
    documents = [
        document for document in documents_naming(session, ids) if not _is_passed(document, passed)
    ]
    owners = {each.owner_id for each in documents if each.source in _OF_OBJECTS}
    query = select(CrmObject.id, CrmObject.label, CrmObject.views).where(CrmObject.id.in_(owners))
    objects = {id_: (label, views) for id_, label, views in session.execute(query)}
    found: dict[str, Node] = {}
    for document in documents:
        for node in _nodes(document, ids, objects):
            same = found.get(node.key)
            places = (*(same.places if same else ()), *node.places)
            found[node.key] = replace(same or node, places=tuple(dict.fromkeys(places)))
    return list(found.values())


_OF_OBJECTS = ("objects", "overrides", "views", "forms")
_Objects = Mapping[str, tuple[str, Any]]


def _is_passed(document: Document, passed: Passed) -> bool:
    if document.source in {"fields", "overrides"} and document.id in passed.fields:
        return True
    return document.source in _OF_OBJECTS and document.owner_id in passed.objects


def _nodes(document: Document, ids: Collection[str], objects: _Objects) -> Iterator[Node]:
    if document.source in {"objects", "views", "forms"}:
        if document.owner_id in objects:
            yield from _view_nodes(document, ids, *objects[document.owner_id])
        return
    paths = list(paths_naming(document.body, ids))
    if not paths or document.label is None:
        return
    kind = _KINDS[document.source]
    owner = objects[document.owner_id][0] if document.source == "overrides" else ""
    key = f"{document.source}:{document.owner_id}:{document.id}"
    is_ours = kind in {Kind.LINK_SCHEMA, Kind.LINK_PANEL, Kind.DIAGRAM}
    places = () if is_ours else tuple(dict.fromkeys(_words(path) for path in paths))
    yield Node(key, kind, Effect.NAMES, document.label, id=document.id, owner=owner, places=places)


_KINDS = {
    "fields": Kind.FIELD,
    "overrides": Kind.ATTACHMENT,
    "applications": Kind.APPLICATION,
    "link_schemas": Kind.LINK_SCHEMA,
    "link_panels": Kind.LINK_PANEL,
    "diagrams": Kind.DIAGRAM,
}


def _view_nodes(document: Document, ids: Collection[str], label: str, views: Any) -> Iterator[Node]:
    """Give a node for each view of the object in which an id stands."""
    object_id = document.owner_id
    if document.source == "objects":
        for name, place, entry in _entries(views):
            if named := _places(paths_naming(entry, ids)):
                yield replace(_view_node(object_id, label, name, place, entry), places=named)
        return
    wanted = "tables" if document.source == "views" else "forms"
    stored = {
        str(entry.get("id", f"#{place}")): (place, entry)
        for name, place, entry in _entries(views)
        if name == wanted
    }
    body = document.body
    parts = (body,) if wanted == "forms" else (body.get("entry"), body.get("extras"))
    places = _places(path for part in parts for path in paths_naming(part, ids))
    if not places:
        return
    if document.id in stored:
        node = _view_node(object_id, label, wanted, *stored[document.id])
        yield replace(node, places=places)
    elif wanted == "tables" and isinstance(body.get("entry"), Mapping):
        node = _view_of_ours(object_id, document.id, body["entry"])
        yield replace(node, owner=label, places=places)


def _view_of_ours(object_id: str, view_id: str, entry: Mapping[str, Any]) -> Node:
    """Return the node of a view that is kept in our schema alone."""
    return _view_node(object_id, "", "tables", 0, {**entry, "id": view_id})


def _view_node(
    object_id: str, owner: str, list_name: str, place: int, entry: Mapping[str, Any]
) -> Node:
    id_ = str(entry.get("id", f"#{place}"))
    name = entry.get("name")
    return Node(
        f"view:{object_id}:{list_name}:{id_}",
        VIEW_LISTS[list_name],
        Effect.NAMES,
        name if isinstance(name, str) else "",
        id=id_,
        owner=owner,
    )


def _entries(views: Any) -> Iterator[tuple[str, int, Mapping[str, Any]]]:
    """Give each view with its list and its place there; what is no view is passed over."""
    for name in VIEW_LISTS:
        entries = views.get(name) if isinstance(views, Mapping) else None
        for place, entry in enumerate(entries if isinstance(entries, list) else ()):
            if isinstance(entry, Mapping):
                yield name, place, entry


def _places(paths: Iterable[Path]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(path[0] for path in paths if path and not path[0].isdigit()))


def _words(path: Path) -> str:
    """Return a path without the numbers in it: where in the document, not which entry."""
    return " / ".join(step for step in path if not step.isdigit())

"""Saved views of an object's records, in the contract's shape and beside it in our own schema."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import func, select, text

from crm_desktop.db import view_rows
from crm_desktop.db.database import ReadSession, WriteSession
from crm_desktop.db.rows import write_row
from crm_desktop.db.tables import CrmObject
from crm_desktop.db.view_rows import Standing, ViewRow, standing_of
from crm_desktop.domain.access import Permission
from crm_desktop.domain.changes import Topic
from crm_desktop.domain.errors import Conflict, Invalid, NotFound
from crm_desktop.domain.ids import Prefix, new_id
from crm_desktop.domain.json_edits import ABSENT, JsonEdit, json_edits, same_json
from crm_desktop.domain.views import (
    TableView,
    ViewSettings,
    changed_entry,
    changed_extras,
    clashes,
    fits_entry,
    merged,
    read_view,
)
from crm_desktop.services.inputs import Draft, Line, check_json

_WHAT = "view"
_AT_END = view_rows.LAST
UNTITLED = "Untitled view"
NO_ID = "It was made elsewhere without an id of its own. Save it under another name."
_SHAPE = (
    "The views of this object are stored in a form that other programs made and this one cannot "
    "add to."
)


@dataclass(frozen=True, slots=True)
class ViewList:
    """An object's views in order; `limit` says why what the contract cannot say is not kept."""

    views: tuple[TableView, ...]
    limit: str = ""


@dataclass(frozen=True, slots=True)
class SavedView:
    """What became of a view; `left_out` says what could not be kept, "" where all was."""

    id: str
    left_out: str = ""


class ViewDraft(Draft):
    """What somebody fills in."""

    name: Line


def list_views(session: ReadSession, object_id: str) -> ViewList:
    """Return the object's views as far as they make sense; raises NotFound for the object."""
    session.actor.require(Permission.READ_DEFINITIONS)
    return _Views(session, object_id, _stored(session, object_id, locks=False)).listed()


def create_view(
    session: WriteSession, object_id: str, draft: ViewDraft, settings: ViewSettings
) -> SavedView:
    """Add a view behind the others. Raises Invalid where its name is taken or it cannot be kept."""
    session.actor.require(Permission.EDIT_OBJECTS)
    views = _lock(session, object_id)
    views.check_name(draft.name)
    entry = changed_entry({"id": new_id(Prefix.VIEW), "name": draft.name}, settings)
    return views.add(entry, changed_extras({}, settings), is_held=fits_entry(settings))


def update_view(
    session: WriteSession, object_id: str, old: TableView, settings: ViewSettings
) -> SavedView:
    """Store other settings in a view; keys that say the same as before are not written.

    Raises Conflict where one of the others changed since `old` was read. A filter that does not
    fit the contract's shape takes the view out of it: then it is stored in our schema alone.
    """
    session.actor.require(Permission.EDIT_OBJECTS)
    views = _lock(session, object_id)
    stored = views.get(old)
    entry = changed_entry(old.entry, settings)
    extras = changed_extras(old.extras, settings)
    if clashes(old.entry, entry, stored.entry) or clashes(old.extras, extras, stored.extras):
        raise _changed()
    extras = merged(old.extras, extras, stored.extras)
    if fits_entry(settings) == (not stored.is_only_here):
        views.edit(stored, old.entry, entry, extras)
        return SavedView(old.id, views.what_is_left_out(extras, stored.extras))
    entry = merged(old.entry, entry, stored.entry)
    return views.move(stored, entry, extras)


def rename_view(session: WriteSession, object_id: str, old: TableView, draft: ViewDraft) -> None:
    """Give a view another name; raises Conflict where somebody else did, Invalid where taken."""
    session.actor.require(Permission.EDIT_OBJECTS)
    views = _lock(session, object_id)
    stored = views.get(old)
    entry = {**old.entry, "name": draft.name}
    if clashes(old.entry, entry, stored.entry):
        raise _changed()
    views.check_name(draft.name, but=old.id)
    views.edit(stored, old.entry, entry, stored.extras)


def duplicate_view(
    session: WriteSession, object_id: str, old: TableView, draft: ViewDraft
) -> SavedView:
    """Add a copy of a view as it is stored now, with what other programs keep in it."""
    session.actor.require(Permission.EDIT_OBJECTS)
    views = _lock(session, object_id)
    stored = views.get(old, must_be_writable=False)
    views.check_name(draft.name)
    kept = {key: value for key, value in stored.entry.items() if key != "isDefault"}
    entry = kept | {"id": new_id(Prefix.VIEW), "name": draft.name}
    return views.add(entry, stored.extras, is_held=not stored.is_only_here)


def set_default_view(session: WriteSession, object_id: str, view_id: str) -> None:
    """Make the view the one that an object opens with; "" is the list without any view."""
    session.actor.require(Permission.EDIT_OBJECTS)
    views = _lock(session, object_id)
    if view_id and view_id not in views.ids():
        raise NotFound("This view no longer exists.")
    views.require_schema("Which view an object opens with")
    view_rows.set_default(session, object_id, view_id)
    views.note()


def delete_view(session: WriteSession, object_id: str, old: TableView) -> None:
    """Delete a view for everybody; raises Conflict where it changed since `old` was read."""
    session.actor.require(Permission.EDIT_OBJECTS)
    views = _lock(session, object_id)
    stored = views.get(old)
    if not same_json(stored.entry, old.entry):
        raise _changed()
    views.delete(stored)


def reorder_views(session: WriteSession, object_id: str, view_ids: Sequence[str]) -> None:
    """Show the views in this order; `view_ids` names each of them once.

    Raises Conflict when views were added or deleted meanwhile.
    """
    session.actor.require(Permission.EDIT_OBJECTS)
    views = _lock(session, object_id)
    if sorted(view_ids) != sorted(views.ids()):
        raise Conflict("Someone else added or deleted a view meanwhile. Look at them again.")
    views.reorder(view_ids)


class _Views:
    """The views of one object, as its row and our schema hold them."""

    def __init__(self, session: ReadSession, object_id: str, tables: Any) -> None:
        self._session, self._object_id = session, object_id
        self._tables = tables
        self._standing: Standing = standing_of(session)
        self._rows: Mapping[str, ViewRow] = {}
        if self._standing.is_readable:
            self._rows = view_rows.read_rows(session, object_id)
        self._places: dict[str, int] = {}  # in the contract's list, by id
        self._views = self._read()

    def listed(self) -> ViewList:
        return ViewList(tuple(self._views.values()), self._standing.reason)

    def _read(self) -> dict[str, TableView]:
        views: list[TableView] = []
        for place, entry in enumerate(self._tables if isinstance(self._tables, list) else ()):
            if not isinstance(entry, Mapping):
                continue
            own_id, lock = entry.get("id"), ""
            if not isinstance(own_id, str) or not own_id or own_id in self._places:
                own_id, lock = f"#{place}", NO_ID
            self._places[own_id] = place
            views.append(self._view(own_id, entry, self._rows.get(own_id, ViewRow()), lock))
        own = [(row.position, id_) for id_, row in self._rows.items() if row.entry is not None]
        for position, own_id in sorted(own):
            row = self._rows[own_id]
            if own_id not in self._places and row.entry is not None:
                views.insert(position, self._view(own_id, row.entry, row, "", is_only_here=True))
        return {view.id: view for view in self._one_default(views)}

    def _view(
        self,
        id_: str,
        entry: Mapping[str, Any],
        row: ViewRow,
        lock: str,
        *,
        is_only_here: bool = False,
    ) -> TableView:
        settings, problem = read_view(entry, row.extras)
        name = entry.get("name")
        shown = " ".join(name.split()) if isinstance(name, str) else ""
        return TableView(
            id_, shown or UNTITLED, settings, row.is_default, is_only_here, problem, lock, entry,
            row.extras,
        )  # fmt: skip

    def _one_default(self, views: list[TableView]) -> Iterable[TableView]:
        """Take over what another program calls the default, where we know of none."""
        if not any(view.is_default for view in views):
            marked = next((v.id for v in views if v.entry.get("isDefault") is True), None)
            return [replace(view, is_default=view.id == marked) for view in views]
        return views

    def ids(self) -> list[str]:
        return list(self._views)

    def get(self, old: TableView, *, must_be_writable: bool = True) -> TableView:
        """Return the view as it is stored now."""
        stored = self._views.get(old.id)
        if stored is None:
            raise NotFound("This view no longer exists.")
        if stored.lock and must_be_writable:
            raise Invalid({"view": f"This view cannot be changed. {stored.lock}"})
        return stored

    def check_name(self, name: str, *, but: str = "") -> None:
        for view in self._views.values():
            if view.id != but and view.name.casefold() == name.casefold():
                sentence = f"There is already a view called “{view.name}”. Choose another name."
                raise Invalid({"name": sentence})

    def require_schema(self, what: str) -> None:
        if not self._standing.is_writable:
            raise Invalid({"view": f"{what} cannot be kept: {self._standing.reason}."})

    def what_is_left_out(self, extras: Mapping[str, Any], before: Mapping[str, Any]) -> str:
        """Say what of the extras, where they changed, this database cannot keep for us."""
        if self._standing.is_writable:
            return ""
        names = [_NAMES.get(key, key) for key in extras if extras[key] != before.get(key)]
        if not names:
            return ""
        return f"Not kept: {', '.join(names)}. For that, {self._standing.reason}."

    # Writing

    def note(self) -> None:
        self._writing.note(Topic.VIEWS, self._object_id)

    @property
    def _writing(self) -> WriteSession:
        assert isinstance(self._session, WriteSession)  # noqa: S101 - for the type checker
        return self._session

    def add(
        self, entry: Mapping[str, Any], extras: Mapping[str, Any], *, is_held: bool
    ) -> SavedView:
        """Add a view at the end, held by the contract's list or by our schema alone."""
        if is_held:
            self._append(entry)
            self._keep(entry["id"], ViewRow(extras))
            return SavedView(entry["id"], self.what_is_left_out(extras, {}))
        self.require_schema(_FILTER)
        self._keep(entry["id"], ViewRow(extras, entry=entry))
        return SavedView(entry["id"])

    def edit(
        self,
        stored: TableView,
        old: Mapping[str, Any],
        new: Mapping[str, Any],
        extras: Mapping[str, Any],
    ) -> None:
        """Write what differs between two entries, and all extras."""
        row = replace(self._rows.get(stored.id, ViewRow()), extras=extras)
        if stored.is_only_here:
            self.require_schema(_FILTER)
            self._keep(stored.id, replace(row, entry=merged(old, new, stored.entry)))
            return
        place = self._places[stored.id]
        edits = json_edits(old, new)
        self._write([replace(edit, path=("tables", place, *edit.path)) for edit in edits])
        self._keep(stored.id, row)

    def move(
        self, stored: TableView, entry: Mapping[str, Any], extras: Mapping[str, Any]
    ) -> SavedView:
        """Take a view out of the contract's list, or put it there again."""
        self.require_schema(_FILTER)
        row = self._rows.get(stored.id, ViewRow())
        if stored.is_only_here:
            self._append(entry)
            self._keep(stored.id, replace(row, extras=extras, entry=None))
        else:
            position = self.ids().index(stored.id)
            self._take_out(stored)
            self._keep(stored.id, replace(row, extras=extras, entry=entry, position=position))
        return SavedView(stored.id)

    def delete(self, stored: TableView) -> None:
        if stored.is_only_here:
            self.require_schema("That a view is deleted")
        else:
            self._take_out(stored)
        if self._standing.is_writable:
            view_rows.drop_row(self._writing, self._object_id, stored.id)
        self._clean(but=stored.id)
        self.note()

    def reorder(self, view_ids: Sequence[str]) -> None:
        """Put the contract's list in order where it lies: its values never leave the server."""
        order = [self._places[id_] for id_ in view_ids if id_ in self._places]
        rest = [place for place in range(len(self._tables or ())) if place not in set(order)]
        if order and order + rest != sorted(order + rest):
            statement = text(_REORDER)
            self._session.execute(statement, {"id": self._object_id, "places": order + rest})
        if self._standing.is_writable:
            view_rows.set_positions(self._writing, self._object_id, list(view_ids))
        self._clean()
        self.note()

    def _append(self, entry: Mapping[str, Any]) -> None:
        """Add to the contract's list, wherever that ends by then."""
        if self._tables is None or self._tables is ABSENT:
            self._write([JsonEdit(("tables",), self._tables, [dict(entry)])])
        elif isinstance(self._tables, list):
            self._write([JsonEdit(("tables", _AT_END), ABSENT, dict(entry))])
        else:
            raise Invalid({"view": _SHAPE})

    def _take_out(self, stored: TableView) -> None:
        place = self._places[stored.id]
        self._write([JsonEdit(("tables", place), stored.entry, ABSENT)])

    def _write(self, edits: Sequence[JsonEdit]) -> None:
        for edit in edits:
            check_json("view", None if edit.new is ABSENT else edit.new)
        if edits:
            values = {"updated_at": func.now()}
            write_row(self._writing, CrmObject, self._object_id, values, what=_WHAT,
                      edits={"views": edits})  # fmt: skip

    def _keep(self, view_id: str, row: ViewRow) -> None:
        if self._standing.is_writable and (row.extras or row.entry or view_id in self._rows):
            check_json("view", row.extras)
            view_rows.write_view_row(self._writing, self._object_id, view_id, row)
        self._clean(view_id)
        self.note()

    def _clean(self, and_: str = "", *, but: str = "") -> None:
        """Take out what we know of views that other programs deleted."""
        if self._standing.is_writable:
            kept = [id_ for id_ in (*self._places, and_) if id_ != but]
            view_rows.drop_orphans(self._writing, self._object_id, kept)


_NAMES = {
    "sort": "further columns to sort by",
    "widths": "widths of columns",
    "frozen": "columns that stay at the left",
    "summaries": "sums below the list",
    "group_by": "grouping",
    "density": "the height of rows",
}
_FILTER = "A view whose filter has groups, or asks for links,"
_REORDER = """
UPDATE objects SET updated_at = now(), views = jsonb_set(views, '{tables}', (
    SELECT jsonb_agg(views -> 'tables' -> w.place ORDER BY w.number)
    FROM unnest(CAST(:places AS integer[])) WITH ORDINALITY AS w (place, number)))
WHERE id = :id
"""


def _lock(session: WriteSession, object_id: str) -> _Views:
    """Return the views as they stand; nobody else writes any of them until the commit."""
    return _Views(session, object_id, _stored(session, object_id, locks=True))


def _stored(session: ReadSession, object_id: str, *, locks: bool) -> Any:
    """Return `views.tables`, ABSENT where it is missing, or anything that is no list."""
    query = select(CrmObject.views).where(CrmObject.id == object_id)
    found = session.execute(query.with_for_update(key_share=True) if locks else query)
    row = found.one_or_none()
    if row is None:
        raise NotFound("This object no longer exists.")
    views: Any = row[0]
    return views.get("tables", ABSENT) if isinstance(views, Mapping) else "no object"


def _changed() -> Conflict:
    return Conflict("Someone else changed this view meanwhile. Look at it again.")

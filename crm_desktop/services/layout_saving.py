"""Reads an object's layout with its sections, and stores a whole edited one in one transaction."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import func, select, text

from crm_desktop.db import form_rows, view_rows
from crm_desktop.db.database import ReadSession, WriteSession, dump_json
from crm_desktop.db.rows import write_row
from crm_desktop.db.tables import CrmObject, Field
from crm_desktop.domain.access import Permission
from crm_desktop.domain.changes import Topic
from crm_desktop.domain.effective import EffectiveField, merge_field
from crm_desktop.domain.errors import Conflict, Forbidden, Invalid, NotFound
from crm_desktop.domain.field_types import type_of
from crm_desktop.domain.ids import Prefix, new_id
from crm_desktop.domain.json_edits import ABSENT, JsonEdit, json_edits, same_json
from crm_desktop.domain.layout_draft import FLAGS, Entry, Layout, is_same
from crm_desktop.domain.layout_forms import (
    FormEntry,
    extras_json,
    find_form,
    layout_json,
    list_forms,
    needs_form,
    read_layout,
)
from crm_desktop.domain.layout_merge import (
    NO_CHOICES,
    Choices,
    LayoutClash,
    merge,
    recognised,
)
from crm_desktop.services.inputs import check_json
from crm_desktop.services.layouts import (
    LayoutField,
    LayoutFlags,
    check_overrides,
    list_layout,
    update_layout_field,
)

FORM_NAME = "Form"


@dataclass(frozen=True, slots=True)
class StoredLayout:
    """An object's layout as it is stored, and what is known about each of its attachments.

    `is_out_of_order` where other programs left gaps, ties or another order than what is shown.
    `limit` says why columns and widths cannot be kept here, "" where they can.
    """

    object_id: str
    label: str
    plural_name: str
    icon: str | None
    layout: Layout
    attached: Mapping[str, LayoutField]
    is_out_of_order: bool
    limit: str
    forms: tuple[FormEntry, ...] = ()


@dataclass(frozen=True, slots=True)
class SavedLayout:
    """What became of a layout that was saved.

    `theirs` is what stood before, and `was_merged` says that others had stored it meanwhile.
    When `primary_field_changed`, run `records.refresh_primary_values`. `left_out` says what could
    not be kept, "" where all was.
    """

    stored: StoredLayout
    theirs: Layout
    was_merged: bool
    primary_field_changed: bool
    left_out: str


class LayoutConflict(Conflict):
    """Others changed what I changed; `stored` is what stands now, `clashes_found` where."""

    def __init__(self, stored: StoredLayout, clashes: tuple[LayoutClash, ...]) -> None:
        super().__init__("Someone else changed the same things in this layout meanwhile.")
        self.stored, self.clashes_found = stored, clashes


def load_layout(session: ReadSession, object_id: str) -> StoredLayout:
    """Return the object's layout; raises NotFound for the object."""
    session.actor.require(Permission.READ_DEFINITIONS)
    return _Stored(session, object_id).told()


def save_layout(
    session: WriteSession,
    object_id: str,
    base: Layout,
    mine: Layout,
    choices: Choices = NO_CHOICES,
) -> SavedLayout:
    """Store what I changed since `base`, together with what others stored since then.

    The order of all fields is one statement. Raises LayoutConflict where both changed the same
    and `choices` does not say whose stands, Invalid by the entry's id, NotFound, Forbidden.
    """
    session.actor.require(Permission.EDIT_LAYOUTS)
    before = _Stored(session, object_id, locks=True)
    theirs = recognised(before.layout, base, mine)
    merged = merge(base, mine, theirs, choices)
    if any((clash.subject, clash.name) not in choices for clash in merged.clashes):
        raise LayoutConflict(before.told(), merged.clashes)
    writing = _Writing(session, before, theirs, merged.layout)
    left_out = writing.write()
    if left_out or writing.has_changed_entries:
        after = load_layout(session, object_id)
        shown = replace(after, layout=recognised(after.layout, merged.layout))
    else:
        shown = before.told_in_order_of(merged.layout)
    return SavedLayout(
        stored=shown,
        theirs=theirs,
        was_merged=not is_same(base, theirs),
        primary_field_changed=_naming(before.told()) != _naming(shown),
        left_out=left_out,
    )


def store_order(session: WriteSession, object_id: str) -> None:
    """Let `display_order` say what the form that is shown now says."""
    session.actor.require(Permission.EDIT_LAYOUTS)
    _number(session, object_id, _Stored(session, object_id, locks=True).layout.ids())
    session.note(Topic.LAYOUTS, object_id)


class _Stored:
    """An object's row, its attachments, and what our schema keeps of its form."""

    def __init__(self, session: ReadSession, object_id: str, *, locks: bool = False) -> None:
        columns = (CrmObject.label, CrmObject.plural_name, CrmObject.icon, CrmObject.views)
        query = select(*columns).where(CrmObject.id == object_id)
        found = session.execute(query.with_for_update(key_share=True) if locks else query)
        row = found.one_or_none()
        if row is None:
            raise NotFound("This object no longer exists.")
        self.object_id, self._row = object_id, row
        self.attached = {entry.id: entry for entry in list_layout(session, object_id)}
        self.standing = form_rows.standing_of(session)
        self.forms = _forms_of(row.views)
        self.place = find_form(self.forms)
        self.form: Any = self.forms[self.place] if self.place is not None else None
        self.form_id = "" if self.form is None else _id_of(self.form, self.place)
        self.extras: Any = {}
        if self.standing.is_readable:
            self.extras = form_rows.read_extras(session, object_id, self.form_id)
        entries = [(each.display_order, _entry(each)) for each in self.attached.values()]
        self.layout = read_layout(self.form, self.extras, entries)

    def told(self) -> StoredLayout:
        orders = [self.attached[id_].display_order for id_ in self.layout.ids()]
        return StoredLayout(
            object_id=self.object_id,
            label=self._row.label,
            plural_name=self._row.plural_name,
            icon=self._row.icon,
            layout=self.layout,
            attached=self.attached,
            is_out_of_order=orders != list(range(len(orders))),
            limit=self.standing.reason,
            forms=list_forms(self.forms),
        )

    def told_in_order_of(self, layout: Layout) -> StoredLayout:
        """Return what stands once only the order and the sections were written: no second read.

        The versions of the attachments stay those that were read, so they guard more strictly.
        """
        attached = {
            id_: replace(self.attached[id_], display_order=place)
            for place, id_ in enumerate(layout.ids())
        }
        told = self.told()
        return replace(told, layout=layout, attached=attached, is_out_of_order=False)


def _forms_of(views: Any) -> Any:
    return views.get("forms", ABSENT) if isinstance(views, Mapping) else None


def _id_of(form: Mapping[str, Any], place: int | None) -> str:
    own = form.get("id")
    return own if isinstance(own, str) and own else f"#{place}"


def _entry(attached: LayoutField) -> Entry:
    overrides = attached.overrides if isinstance(attached.overrides, Mapping) else {}
    return Entry(
        id=attached.id,
        field_id=attached.field_id,
        is_required=attached.is_required,
        is_visible=attached.is_visible,
        is_readonly=attached.is_readonly,
        overrides=overrides,
        is_extra=attached.is_duplicate,
    )


def _naming(stored: StoredLayout) -> str | None:
    """Return the field whose value names the records: the first text-like one."""
    fields = (stored.attached[id_].effective for id_ in stored.layout.ids())
    return next((field.id for field in fields if type_of(field.type).is_text_like), None)


class _Writing:
    """Writes what leads from the stored layout to the wanted one."""

    def __init__(
        self, session: WriteSession, stored: _Stored, before: Layout, wanted: Layout
    ) -> None:
        self._session, self._stored = session, stored
        self._before, self._wanted = before, wanted
        self._object_id = stored.object_id
        self.has_changed_entries = any(entry.is_extra for entry in wanted.entries())  # or may have

    def write(self) -> str:
        """Write it all; returns what could not be kept, as a sentence."""
        old, new = self._before.by_id(), self._wanted.by_id()
        self._detach([entry for id_, entry in old.items() if id_ not in new])
        self._change([(old[id_], entry) for id_, entry in new.items() if id_ in old])
        self._attach([entry for id_, entry in new.items() if id_ not in old])
        _number(self._session, self._object_id, self._wanted.ids())
        left_out = self._write_form()
        self._session.note(Topic.LAYOUTS, self._object_id)
        if old.keys() != new.keys():
            self._session.note(Topic.OBJECTS, self._object_id)  # its number of fields
            for id_ in old.keys() ^ new.keys():
                self._session.note(Topic.FIELDS, (old.get(id_) or new[id_]).field_id)
        return left_out

    def _detach(self, gone: Sequence[Entry]) -> None:
        if gone:
            self.has_changed_entries = True
            ids = [entry.id for entry in gone]
            if _run(self._session, _DETACH, ids=ids) != len(ids):
                raise _not_allowed()

    def _attach(self, new: Sequence[Entry]) -> None:
        if not new:
            return
        self.has_changed_entries = True
        library = self._library([entry.field_id for entry in new])
        for entry in new:
            if entry.field_id not in library:
                raise NotFound("A field that you added was deleted from the library meanwhile.")
            self._check(entry, library[entry.field_id])
        values: dict[str, Any] = {name: [getattr(e, name) for e in new] for name in FLAGS}
        places = {id_: place for place, id_ in enumerate(self._wanted.ids())}
        values |= {
            "ids": [entry.id for entry in new],
            "fields": [entry.field_id for entry in new],
            "places": [places[entry.id] for entry in new],
            "overrides": [dump_json(dict(entry.overrides)) for entry in new],
        }
        _run(self._session, _ATTACH, object_id=self._object_id, **values)

    def _library(self, field_ids: Sequence[str]) -> dict[str, EffectiveField]:
        """Return fields by id, kept from being deleted until the commit."""
        query = select(Field.id, Field.name, Field.label, Field.type, Field.config)
        asked = query.where(Field.id.in_(field_ids)).order_by(Field.id)
        rows = self._session.execute(asked.with_for_update(read=True, key_share=True)).mappings()
        return {row["id"]: merge_field(**row) for row in rows}

    def _change(self, pairs: Sequence[tuple[Entry, Entry]]) -> None:
        """Change flags, of any number in one statement, and overrides, path by path."""
        flagged = []
        for old, new in pairs:
            edits = json_edits(old.overrides, new.overrides)
            if edits:
                self.has_changed_entries = True
                self._override(new, edits)
            elif any(getattr(old, name) != getattr(new, name) for name in FLAGS):
                flagged.append(new)
        if flagged:
            self.has_changed_entries = True
            values = {name: [getattr(entry, name) for entry in flagged] for name in FLAGS}
            ids = [entry.id for entry in flagged]
            if _run(self._session, _FLAGS, ids=ids, **values) != len(ids):
                raise _not_allowed()

    def _override(self, entry: Entry, edits: Sequence[JsonEdit]) -> None:
        attached = self._stored.attached[entry.id]
        self._check(entry, attached.effective)
        flags = LayoutFlags(**{name: getattr(entry, name) for name in FLAGS})
        update_layout_field(self._session, entry.id, attached.version, flags, edits)

    @staticmethod
    def _check(entry: Entry, field: EffectiveField) -> None:
        try:
            check_overrides(field, entry.overrides)
        except Invalid as error:
            sentences = " ".join(error.problems.values())
            raise Invalid({entry.id: f"“{field.label}”: {sentences}"}) from None

    # The form

    def _write_form(self) -> str:
        if self._stored.form is None:
            return self._make_form() if needs_form(self._wanted) else ""
        stored = self._stored.form["layout"]
        wanted = layout_json(self._wanted)
        path = ("forms", self._stored.place or 0, "layout")
        if len(stored) != len(wanted):
            self._write_views([JsonEdit(path, stored, wanted)])
        else:
            pairs = enumerate(zip(stored, wanted, strict=True))
            self._write_views(
                replace(edit, path=(*path, number, *edit.path))
                for number, (old, new) in pairs
                for edit in json_edits(old, new)
            )
        return self._keep_extras(self._stored.form_id)

    def _make_form(self) -> str:
        """Add a form behind those of other programs, as far as there is a list of them."""
        form = {
            "id": new_id(Prefix.FORM),
            "name": FORM_NAME,
            "layout": layout_json(self._wanted),
            "isDefault": True,
        }
        forms = self._stored.forms
        if isinstance(forms, list):
            self._write_views([JsonEdit(("forms", view_rows.LAST), ABSENT, form)])
        elif forms is ABSENT:
            self._write_views([JsonEdit(("forms",), ABSENT, [form])])
        else:
            return "Sections are not kept: the forms of this object have a shape of their own."
        return self._keep_extras(str(form["id"]))

    def _write_views(self, edits: Iterable[JsonEdit]) -> None:
        found = list(edits)
        for edit in found:
            check_json("layout", None if edit.new is ABSENT else edit.new)
        if found:
            values = {"updated_at": func.now()}
            write_row(self._session, CrmObject, self._object_id, values, what="layout",
                      edits={"views": found})  # fmt: skip
            self._session.note(Topic.OBJECTS, self._object_id)

    def _keep_extras(self, form_id: str) -> str:
        extras = extras_json(self._wanted, self._stored.extras)
        if same_json(extras, self._stored.extras):
            return ""
        if not self._stored.standing.is_writable:
            why = self._stored.standing.reason
            return f"Columns of sections and widths of fields are not kept: {why}."
        form_rows.write_extras(self._session, self._object_id, form_id, extras)
        return ""


def _not_allowed() -> Forbidden:
    return Forbidden("The database does not let you change this layout.")


def _number(session: WriteSession, object_id: str, ids: Sequence[str]) -> None:
    """Give the attachments numbers in this order, in one statement.

    The ids go as one JSON text: psycopg takes longer over a list of 500 than the server over the
    whole rest of it.
    """
    session.execute(text(_ORDER), {"object_id": object_id, "ids": dump_json(list(ids))})


def _run(session: WriteSession, statement: str, **values: Any) -> int:
    """Run a statement that returns a row for each row it met; answers how many."""
    return len(session.execute(text(statement), values).all())


_DETACH = "DELETE FROM object_fields WHERE id = ANY(:ids) RETURNING 1"
_ORDER = """
UPDATE object_fields AS f SET display_order = w.place - 1
FROM json_array_elements_text(CAST(:ids AS json)) WITH ORDINALITY AS w (id, place)
WHERE f.id = w.id AND f.object_id = :object_id AND f.display_order <> w.place - 1
"""
_FLAGS = """
UPDATE object_fields AS f SET is_required = w.is_required, is_visible = w.is_visible,
       is_readonly = w.is_readonly
FROM unnest(CAST(:ids AS text[]), CAST(:is_required AS boolean[]), CAST(:is_visible AS boolean[]),
            CAST(:is_readonly AS boolean[])) AS w (id, is_required, is_visible, is_readonly)
WHERE f.id = w.id
RETURNING 1
"""
_ATTACH = """
INSERT INTO object_fields (id, object_id, field_id, display_order, is_required, is_visible,
                           is_readonly, field_overrides)
SELECT w.id, :object_id, w.field_id, w.place, w.is_required, w.is_visible, w.is_readonly,
       CAST(w.overrides AS jsonb)
FROM unnest(CAST(:ids AS text[]), CAST(:fields AS text[]), CAST(:places AS integer[]),
            CAST(:is_required AS boolean[]), CAST(:is_visible AS boolean[]),
            CAST(:is_readonly AS boolean[]), CAST(:overrides AS text[]))
     AS w (id, field_id, place, is_required, is_visible, is_readonly, overrides)
RETURNING 1
"""

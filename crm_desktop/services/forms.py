"""The forms of an object: which of them is shown, new ones, copies, names, and their end."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import func, select

from crm_desktop.db import form_rows, view_rows
from crm_desktop.db.database import WriteSession
from crm_desktop.db.rows import write_row
from crm_desktop.db.tables import CrmObject
from crm_desktop.domain.access import Permission
from crm_desktop.domain.changes import Topic
from crm_desktop.domain.errors import Conflict, Invalid, NotFound
from crm_desktop.domain.ids import Prefix, new_id
from crm_desktop.domain.json_edits import ABSENT, JsonEdit
from crm_desktop.domain.layout_forms import FormEntry, list_forms
from crm_desktop.services.inputs import Draft, Line
from crm_desktop.services.layout_saving import store_order
from crm_desktop.services.layouts import list_layout


class FormDraft(Draft):
    """What somebody fills in."""

    name: Line


def add_form(session: WriteSession, object_id: str, draft: FormDraft) -> None:
    """Add a form with all fields in one section, and show it from now on."""
    session.actor.require(Permission.EDIT_LAYOUTS)
    fields = dict.fromkeys(each.field_id for each in list_layout(session, object_id))
    forms = _Forms(session, object_id)
    layout = [{"section": "", "fields": list(fields)}]
    forms.add({"id": new_id(Prefix.FORM), "name": draft.name, "layout": layout})


def duplicate_form(
    session: WriteSession, object_id: str, form: FormEntry, draft: FormDraft
) -> None:
    """Add a copy of a form as it is stored, with all that is kept of it, and show it."""
    session.actor.require(Permission.EDIT_LAYOUTS)
    forms = _Forms(session, object_id)
    source, made = forms.find(form), new_id(Prefix.FORM)
    copy = {key: value for key, value in forms.raw[source.place].items() if key != "isDefault"}
    standing = form_rows.standing_of(session)
    if standing.is_writable:
        extras = form_rows.read_extras(session, object_id, _key_of(source))
        if isinstance(extras, Mapping) and extras:
            form_rows.write_extras(session, object_id, made, extras)
    forms.add({**copy, "id": made, "name": draft.name})


def rename_form(session: WriteSession, object_id: str, form: FormEntry, draft: FormDraft) -> None:
    """Give a form another name; raises Conflict where somebody else did, Invalid where taken."""
    session.actor.require(Permission.EDIT_LAYOUTS)
    forms = _Forms(session, object_id)
    stored = forms.find(form)
    if stored.name != form.name:
        raise _changed()
    if draft.name != stored.name:
        forms.check_name(draft.name)
        old = forms.raw[stored.place].get("name", ABSENT)
        forms.write([JsonEdit(("forms", stored.place, "name"), old, draft.name)])


def show_form(session: WriteSession, object_id: str, form: FormEntry) -> None:
    """Let this form be the one that counts, here and in programs that know of forms."""
    session.actor.require(Permission.EDIT_LAYOUTS)
    forms = _Forms(session, object_id)
    place = forms.find(form).place
    old = forms.raw[place].get("isDefault", ABSENT)
    own = [] if old is True else [JsonEdit(("forms", place, "isDefault"), old, True)]
    forms.write([*forms.not_shown(but=place), *own])
    store_order(session, object_id)


def delete_form(session: WriteSession, object_id: str, form: FormEntry) -> None:
    """Take a form out; fields and values stay, and another form is shown, if there is one."""
    session.actor.require(Permission.EDIT_LAYOUTS)
    forms = _Forms(session, object_id)
    stored = forms.find(form)
    forms.write([JsonEdit(("forms", stored.place), forms.raw[stored.place], ABSENT)])
    if stored.id and form_rows.standing_of(session).is_writable:
        form_rows.write_extras(session, object_id, stored.id, {})
    store_order(session, object_id)


class _Forms:
    """The forms of a locked object, and how they are written: key by key, guarded."""

    def __init__(self, session: WriteSession, object_id: str) -> None:
        self._session, self._object_id = session, object_id
        query = select(CrmObject.views).where(CrmObject.id == object_id)
        row = session.execute(query.with_for_update(key_share=True)).one_or_none()
        if row is None:
            raise NotFound("This object no longer exists.")
        views = row.views
        self._stored = views.get("forms", ABSENT) if isinstance(views, Mapping) else None
        self.raw: Sequence[Any] = self._stored if isinstance(self._stored, list) else []
        self.listed = list_forms(self._stored)

    def find(self, form: FormEntry) -> FormEntry:
        """Return the form as it stands now; raises Conflict where it is gone."""
        wanted = (form.id,) if form.id else (form.place, form.name)
        for each in self.listed:
            if wanted == ((each.id,) if form.id else (each.place, each.name)):
                return each
        raise _changed()

    def check_name(self, name: str) -> None:
        if any(each.name == name for each in self.listed):
            raise Invalid({"name": "Another form of this object has that name."})

    def not_shown(self, but: int | None = None) -> list[JsonEdit]:
        """Return what takes the mark from every form but one."""
        return [
            JsonEdit(("forms", place, "isDefault"), True, False)
            for place, form in enumerate(self.raw)
            if place != but and isinstance(form, Mapping) and form.get("isDefault") is True
        ]

    def add(self, form: Mapping[str, Any]) -> None:
        """Add a form behind the others, as the one that is shown."""
        self.check_name(form["name"])
        shown = {**form, "isDefault": True}
        if isinstance(self._stored, list):
            last = JsonEdit(("forms", view_rows.LAST), ABSENT, shown)
            self.write([*self.not_shown(), last])
        elif self._stored is ABSENT:
            self.write([JsonEdit(("forms",), ABSENT, [shown])])
        else:
            raise Invalid({"name": "The forms of this object have a shape of their own."})
        store_order(self._session, self._object_id)

    def write(self, edits: Iterable[JsonEdit]) -> None:
        found = list(edits)
        if found:
            values = {"updated_at": func.now()}
            write_row(self._session, CrmObject, self._object_id, values, what="form",
                      edits={"views": found})  # fmt: skip
        self._session.note(Topic.OBJECTS, self._object_id)
        self._session.note(Topic.LAYOUTS, self._object_id)


def _key_of(form: FormEntry) -> str:
    """Return the key under which our schema keeps what the contract's shape cannot say."""
    return form.id or f"#{form.place}"


def _changed() -> Conflict:
    return Conflict("Someone else changed this form meanwhile. Look at it again.")

"""Fills an empty workspace with the data of a small company, the same each time."""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, LiteralString

from crm_desktop.db.copying import copy_blocks
from crm_desktop.db.database import WriteSession
from crm_desktop.domain.access import Permission
from crm_desktop.domain.changes import Topic
from crm_desktop.domain.errors import Cancelled, Invalid
from crm_desktop.domain.field_types import primary_value
from crm_desktop.domain.ids import Prefix, new_ids
from crm_desktop.domain.json_edits import JsonEdit
from crm_desktop.files import resources_folder
from crm_desktop.services.applications import (
    ApplicationDraft,
    create_application,
    get_application,
    publish_application,
)
from crm_desktop.services.fields import FieldDraft, create_field
from crm_desktop.services.import_rows import NULL, copy_text, json_for_copy
from crm_desktop.services.layouts import LayoutFlags, attach_field
from crm_desktop.services.link_schemas import LinkKey, read_link_schema, save_link_schema
from crm_desktop.services.objects import ObjectDraft, create_object, edit_views, list_objects
from crm_desktop.services.records import fields_of
from crm_desktop.services.relationships import RelationshipDraft, create_relationship
from crm_desktop.services.sample_values import SampleLinks, SampleValues
from crm_desktop.services.users import ensure_user

Progress = Callable[[int, int], bool]
_COPY_RECORDS: LiteralString = (
    "COPY records (id, object_id, data, primary_value, created_by, updated_by, tenant_id)"
    " FROM STDIN"
)
_COPY_LINKS: LiteralString = (
    "COPY relationship_records"
    " (id, relationship_id, from_record_id, to_record_id, relationship_metadata, created_by)"
    " FROM STDIN"
)


@dataclass(frozen=True, slots=True)
class SampleReport:
    """How much was made."""

    objects: int
    fields: int
    records: int
    links: int
    applications: int


@dataclass(slots=True)
class _Made:
    """What has been made so far, by the names of the description."""

    fields: dict[str, str] = field(default_factory=dict)
    objects: dict[str, str] = field(default_factory=dict)
    relationships: dict[str, str] = field(default_factory=dict)
    records: dict[str, list[str]] = field(default_factory=dict)
    links: int = 0


def load_sample(session: WriteSession, on_progress: Progress | None = None) -> SampleReport:
    """Make objects, fields, records, links and applications; raises Invalid where there are any.

    `on_progress(done, total)` counts steps. Raises Cancelled.
    """
    session.actor.require(Permission.EDIT_OBJECTS)
    ensure_user(session, session.actor.user_id)
    if list_objects(session):
        raise Invalid({"sample": "This workspace is not empty. The sample needs an empty one."})
    described = _description()
    made = _Made()
    steps = (_make_objects, _make_fields, _make_records, _make_links, _make_applications)
    for done, step in enumerate(steps, 1):
        step(session, described, made)
        if on_progress is not None and not on_progress(done, len(steps)):
            raise Cancelled("Loading the sample was stopped. Nothing was changed.")
    return SampleReport(
        len(made.objects),
        len(made.fields),
        sum(map(len, made.records.values())),
        made.links,
        len(described["applications"]),
    )


def _description() -> Mapping[str, Any]:
    path = resources_folder() / "sample" / "workspace.json"
    described: Mapping[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return described


def _make_objects(session: WriteSession, described: Mapping[str, Any], made: _Made) -> None:
    for name, what in described["objects"].items():
        draft = ObjectDraft(
            name=name, label=what["label"], icon=what["icon"], description=what["description"]
        )
        made.objects[name] = create_object(session, draft)


def _make_fields(session: WriteSession, described: Mapping[str, Any], made: _Made) -> None:
    for name, (label, type_, config) in described["fields"].items():
        draft = FieldDraft(name=name, label=label, type=type_, category=_category(type_))
        made.fields[name] = create_field(session, draft, _with_ids(config, made))
    for object_name, what in described["objects"].items():
        object_id = made.objects[object_name]
        for marked in what["fields"]:
            flags = LayoutFlags(is_required=marked.endswith("*"))
            attach_field(session, object_id, made.fields[marked.rstrip("*")], flags)
        if sections := what.get("sections"):
            form = _form(sections, made)
            edit_views(session, object_id, [JsonEdit(("forms",), [], [form])])


def _category(type_: str) -> str:
    if type_ in {"number", "currency", "percentage"}:
        return "Figures"
    if type_ in {"date", "datetime"}:
        return "Times"
    if type_ in {"email", "phone", "url"}:
        return "Reach"
    if type_ in {"reference", "lookup", "file", "image"}:
        return "Connections"
    return "Text" if type_ in {"text", "textarea"} else "Choices"


def _with_ids(config: Mapping[str, Any], made: _Made) -> dict[str, Any]:
    named = dict(config)
    if "targetObject" in named:
        named["targetObjectId"] = made.objects[named.pop("targetObject")]
    return named


def _form(sections: Mapping[str, list[str]], made: _Made) -> dict[str, Any]:
    layout = [
        {"section": title, "fields": [made.fields[name] for name in names], "collapsible": True}
        for title, names in sections.items()
    ]
    return {"id": "form_sample", "name": "Standard", "layout": layout, "isDefault": True}


def _make_records(session: WriteSession, described: Mapping[str, Any], made: _Made) -> None:
    for name, what in described["objects"].items():
        made.records[name] = new_ids(Prefix.RECORD, what["records"])
    values = SampleValues(described, made.records, str(session.actor.user_id))
    author = str(session.actor.user_id)
    for name, object_id in made.objects.items():
        fields = fields_of(session, object_id)
        lines = []
        for place, record_id in enumerate(made.records[name]):
            named = values.of(name, place)
            data = {made.fields[key]: value for key, value in named.items() if value is not None}
            title = primary_value(fields, data)
            cells = (
                record_id, object_id, json_for_copy(data), copy_text(title) if title else NULL,
                author, author, author,
            )  # fmt: skip
            lines.append(_line(cells))
        copy_blocks(session, _COPY_RECORDS, ["".join(lines)])
        session.note(Topic.RECORDS, object_id)


def _make_links(session: WriteSession, described: Mapping[str, Any], made: _Made) -> None:
    author = str(session.actor.user_id)
    links = SampleLinks(described, made.records)
    for name, (start, end, type_, from_label, to_label, _) in described["relationships"].items():
        draft = RelationshipDraft(
            name=name,
            from_object_id=made.objects[start],
            to_object_id=made.objects[end],
            type=type_,
            from_label=from_label,
            to_label=to_label,
        )
        relationship_id = made.relationships[name] = create_relationship(session, draft)
        pairs = links.of(name)
        ids = new_ids(Prefix.LINK, len(pairs))
        lines = [
            _line((id_, relationship_id, one, other, json_for_copy(metadata), author))
            for id_, (one, other, metadata) in zip(ids, pairs, strict=True)
        ]
        copy_blocks(session, _COPY_LINKS, ["".join(lines)])
        keys = [LinkKey(*key) for key in described["link_data"].get(name, ())]
        if keys and not read_link_schema(session, relationship_id).limit:
            save_link_schema(session, relationship_id, keys, ())
        made.links += len(pairs)
        session.note(Topic.LINKS, relationship_id)


def _line(cells: Iterable[str]) -> str:
    return "\t".join(cells) + "\n"


def _make_applications(session: WriteSession, described: Mapping[str, Any], made: _Made) -> None:
    for name, (label, icon, description, objects, color) in described["applications"].items():
        draft = ApplicationDraft(name=name, label=label, icon=icon, description=description)
        config = {
            "objects": [made.objects[object_name] for object_name in objects],
            "theme": {"primaryColor": color},
        }
        application_id = create_application(session, draft, config)
        version = get_application(session, application_id).version
        publish_application(session, application_id, version)

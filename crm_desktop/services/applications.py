"""Applications: a choice of objects with a look, published to the people who use them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, insert, select

from crm_desktop.db.database import ReadSession, WriteSession
from crm_desktop.db.rows import delete_row, version_of, write_row
from crm_desktop.db.tables import Application, CrmObject
from crm_desktop.domain.access import Permission
from crm_desktop.domain.changes import Topic
from crm_desktop.domain.errors import Invalid, NotFound
from crm_desktop.domain.ids import Prefix, new_id
from crm_desktop.domain.json_edits import JsonEdit
from crm_desktop.services.inputs import Draft, Line, OptionalLine, OptionalText, check_json
from crm_desktop.services.users import ensure_user

_WHAT = "application"
_NO_CONFIG: Mapping[str, Any] = {}


@dataclass(frozen=True, slots=True)
class ApplicationSummary:
    """An application; `published_at` is None for a draft. `config` is as stored."""

    id: str
    name: str
    label: str | None
    icon: str | None
    description: str | None
    config: Any
    published_at: datetime | None
    version: int
    created_at: datetime
    updated_at: datetime
    created_by: UUID | None

    @property
    def title(self) -> str:
        """What people call it."""
        return self.label or self.name

    @property
    def object_ids(self) -> tuple[str, ...]:
        """The objects of the application, in order; some may not exist any more."""
        ids = self.config.get("objects") if isinstance(self.config, Mapping) else None
        return tuple(id_ for id_ in ids if isinstance(id_, str)) if isinstance(ids, list) else ()


class ApplicationDraft(Draft):
    """What somebody fills in, apart from `config`."""

    name: Line
    label: OptionalLine = None
    icon: OptionalLine = None
    description: OptionalText = None


def list_applications(session: ReadSession) -> list[ApplicationSummary]:
    """Return all applications by what people call them."""
    session.actor.require(Permission.READ_DEFINITIONS)
    title = func.coalesce(Application.label, Application.name)
    query = _summaries().order_by(func.lower(title), Application.id)
    return [ApplicationSummary(*row) for row in session.execute(query)]


def get_application(session: ReadSession, application_id: str) -> ApplicationSummary:
    """Return one application; raises NotFound."""
    session.actor.require(Permission.READ_DEFINITIONS)
    row = session.execute(_summaries().where(Application.id == application_id)).one_or_none()
    if row is None:
        raise NotFound("This application no longer exists.")
    return ApplicationSummary(*row)


def create_application(
    session: WriteSession, draft: ApplicationDraft, config: Mapping[str, Any] = _NO_CONFIG
) -> str:
    """Add an application as a draft and return its id."""
    session.actor.require(Permission.EDIT_APPLICATIONS)
    author = ensure_user(session, session.actor.user_id)
    check_json("config", config)
    _check_objects(session, config.get("objects", []))
    application_id = new_id(Prefix.APPLICATION)
    values = {**draft.model_dump(), "config": dict(config), "created_by": author}
    session.execute(insert(Application).values(id=application_id, **values))
    session.note(Topic.APPLICATIONS, application_id)
    return application_id


def update_application(
    session: WriteSession,
    application_id: str,
    version: int,
    draft: ApplicationDraft,
    config_changes: Sequence[JsonEdit] = (),
) -> None:
    """Store what the form shows; `config_changes` (see `json_edits`) names only changed keys.

    Raises Conflict when the application changed since `version`.
    """
    session.actor.require(Permission.EDIT_APPLICATIONS)
    for edit in config_changes:
        check_json("config", [edit.path, edit.new])
        if edit.path == ("objects",) and isinstance(edit.new, list):
            known = edit.old if isinstance(edit.old, list) else []
            _check_objects(session, [id_ for id_ in edit.new if id_ not in known])
    values = {**draft.model_dump(), "updated_at": func.now()}
    edits = {"config": config_changes}
    write_row(
        session, Application, application_id, values, what=_WHAT, version=version, edits=edits
    )
    session.note(Topic.APPLICATIONS, application_id)


def publish_application(session: WriteSession, application_id: str, version: int) -> None:
    """Show the application to the people who use it."""
    session.actor.require(Permission.EDIT_APPLICATIONS)
    values = {"published_at": func.now(), "updated_at": func.now()}
    write_row(session, Application, application_id, values, what=_WHAT, version=version)
    session.note(Topic.APPLICATIONS, application_id)


def withdraw_application(session: WriteSession, application_id: str, version: int) -> None:
    """Make the application a draft again."""
    session.actor.require(Permission.EDIT_APPLICATIONS)
    values = {"published_at": None, "updated_at": func.now()}
    write_row(session, Application, application_id, values, what=_WHAT, version=version)
    session.note(Topic.APPLICATIONS, application_id)


def delete_application(session: WriteSession, application_id: str, version: int) -> None:
    """Delete the application; its objects and their records stay."""
    session.actor.require(Permission.EDIT_APPLICATIONS)
    delete_row(session, Application, application_id, what=_WHAT, version=version)
    session.note(Topic.APPLICATIONS, application_id)


def _summaries() -> Select[Any]:
    return select(
        Application.id,
        Application.name,
        Application.label,
        Application.icon,
        Application.description,
        Application.config,
        Application.published_at,
        version_of(Application),
        Application.created_at,
        Application.updated_at,
        Application.created_by,
    )


def _check_objects(session: WriteSession, object_ids: Any) -> None:
    if not isinstance(object_ids, list) or not all(isinstance(id_, str) for id_ in object_ids):
        raise Invalid({"config": "The objects of an application are a list of ids."})
    found = set(session.scalars(select(CrmObject.id).where(CrmObject.id.in_(object_ids))))
    if set(object_ids) - found:
        raise Invalid({"objects": "One of the objects no longer exists. Choose again."})

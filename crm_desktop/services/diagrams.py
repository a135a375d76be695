"""Diagrams of the schema: which objects each shows, and where they stand, for all who look."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from crm_desktop.db import diagram_rows
from crm_desktop.db.database import ReadSession, WriteSession
from crm_desktop.db.view_rows import Standing
from crm_desktop.domain.access import Permission
from crm_desktop.domain.changes import Topic
from crm_desktop.domain.errors import Invalid, NotFound, Unavailable
from crm_desktop.domain.ids import Prefix, new_id
from crm_desktop.services.inputs import Draft, Line, check_json

FIRST_ID = "first"  # the diagram that is there without anybody having made it
FIRST_NAME = "Schema"
_GONE = "This diagram was deleted by somebody else."

Places = Mapping[str, tuple[float, float]]
NOWHERE: Places = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Diagram:
    """A named picture of the schema; `settings` say what it shows, as its page understands it."""

    id: str
    name: str
    settings: Mapping[str, Any]

    @property
    def is_first(self) -> bool:
        return self.id == FIRST_ID


@dataclass(frozen=True, slots=True)
class DiagramList:
    """All diagrams, at least one; `limit` says why nothing of them can be kept, "" if it can."""

    diagrams: tuple[Diagram, ...]
    limit: str = ""

    def named(self, diagram_id: str) -> Diagram:
        """Return this diagram, or the first where it is gone."""
        return next((each for each in self.diagrams if each.id == diagram_id), self.diagrams[0])


class DiagramDraft(Draft):
    """What somebody fills in."""

    name: Line


def list_diagrams(session: ReadSession) -> DiagramList:
    """Return the diagrams, the first one first, then the oldest."""
    session.actor.require(Permission.READ_DEFINITIONS)
    return _listed(session, diagram_rows.standing_of(session))


def open_diagram(session: ReadSession, diagram_id: str) -> tuple[DiagramList, Diagram, Places]:
    """Return all diagrams, this one (the first, where it is gone), and where its nodes stand."""
    session.actor.require(Permission.READ_DEFINITIONS)
    standing = diagram_rows.standing_of(session)
    listed = _listed(session, standing)
    diagram = listed.named(diagram_id)
    places = diagram_rows.read_places(session, diagram.id) if standing.is_readable else NOWHERE
    return listed, diagram, places


def _listed(session: ReadSession, standing: Standing) -> DiagramList:
    found = diagram_rows.read_diagrams(session) if standing.is_readable else []
    diagrams = sorted((Diagram(*row) for row in found), key=lambda each: not each.is_first)
    if not diagrams or not diagrams[0].is_first:
        diagrams.insert(0, Diagram(FIRST_ID, FIRST_NAME, {}))
    return DiagramList(tuple(diagrams), standing.reason)


def place_nodes(
    session: WriteSession, diagram_id: str, places: Places, others: Places = NOWHERE
) -> None:
    """Store where these nodes stand, and touch no other: who moves others meanwhile wins as well.

    `others` stand where nobody put them: their places are stored only where none is, so that the
    picture is the same tomorrow. Raises NotFound where the diagram is gone, Unavailable where
    nothing can be kept.
    """
    session.actor.require(Permission.EDIT_RELATIONSHIPS)
    both = (*places.values(), *others.values())
    if not all(math.isfinite(value) for place in both for value in place):
        raise Invalid({"places": "A place is two numbers."})
    _lock(session, diagram_id)
    if places:
        diagram_rows.write_places(session, diagram_id, places)
    if others:
        diagram_rows.settle_places(session, diagram_id, others)
    session.note(Topic.DIAGRAMS, diagram_id)


def create_diagram(
    session: WriteSession, draft: DiagramDraft, settings: Mapping[str, Any], places: Places
) -> str:
    """Add a diagram with these nodes at these places, and return its id."""
    session.actor.require(Permission.EDIT_RELATIONSHIPS)
    _require_standing(session)
    check_json("settings", settings)
    _check_name(session, draft.name)
    diagram_id = new_id(Prefix.DIAGRAM)
    author = session.actor.user_id
    diagram_rows.add_diagram(session, diagram_id, draft.name, settings, author)
    if places:
        diagram_rows.write_places(session, diagram_id, places)
    session.note(Topic.DIAGRAMS, diagram_id)
    return diagram_id


def duplicate_diagram(session: WriteSession, diagram_id: str, draft: DiagramDraft) -> str:
    """Add a copy of a diagram as it is stored now."""
    session.actor.require(Permission.EDIT_RELATIONSHIPS)
    _lock(session, diagram_id)
    settings = list_diagrams(session).named(diagram_id).settings
    copy_id = create_diagram(session, draft, settings, {})
    diagram_rows.copy_places(session, diagram_id, copy_id)
    return copy_id


def rename_diagram(session: WriteSession, diagram_id: str, draft: DiagramDraft) -> None:
    """Give a diagram another name; raises Invalid where it is taken."""
    session.actor.require(Permission.EDIT_RELATIONSHIPS)
    _lock(session, diagram_id)
    _check_name(session, draft.name, besides=diagram_id)
    diagram_rows.rename(session, diagram_id, draft.name)
    session.note(Topic.DIAGRAMS, diagram_id)


def edit_settings(session: WriteSession, diagram_id: str, settings: Mapping[str, Any]) -> None:
    """Store these settings of a diagram; those that are not named stay."""
    session.actor.require(Permission.EDIT_RELATIONSHIPS)
    check_json("settings", settings)
    _lock(session, diagram_id)
    diagram_rows.merge_settings(session, diagram_id, settings)
    session.note(Topic.DIAGRAMS, diagram_id)


def delete_diagram(session: WriteSession, diagram_id: str) -> None:
    """Delete a diagram with its places; objects and relationships stay. The first one stays."""
    session.actor.require(Permission.EDIT_RELATIONSHIPS)
    if diagram_id == FIRST_ID:
        raise Invalid({"diagram": "The first diagram is always there. Rename it, if you like."})
    _require_standing(session)
    diagram_rows.drop_diagram(session, diagram_id)
    session.note(Topic.DIAGRAMS, diagram_id)


def names_of(diagrams: Sequence[Diagram]) -> set[str]:
    """Return the names that are taken, as they are compared."""
    return {each.name.casefold() for each in diagrams}


def _lock(session: WriteSession, diagram_id: str) -> None:
    """Keep the diagram until the end; the first one is made when somebody changes it first."""
    _require_standing(session)
    if diagram_id == FIRST_ID:
        author = session.actor.user_id
        diagram_rows.add_diagram(session, FIRST_ID, FIRST_NAME, {}, author)
    if not diagram_rows.lock_diagram(session, diagram_id):
        raise NotFound(_GONE)


def _require_standing(session: WriteSession) -> None:
    standing = diagram_rows.standing_of(session)
    if not standing.is_writable:
        raise Unavailable(f"Diagrams cannot be kept: {standing.reason}.")


def _check_name(session: WriteSession, name: str, *, besides: str = "") -> None:
    others = [each for each in list_diagrams(session).diagrams if each.id != besides]
    if name.casefold() in names_of(others):
        raise Invalid({"name": f"There is a diagram named “{name}” already."})

"""Reads what the page of the schema's graph shows first; this runs on worker threads."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from crm_desktop.services import applications, diagrams, schema_graph
from crm_desktop.services.applications import ApplicationSummary
from crm_desktop.services.diagrams import Diagram, DiagramList, Places
from crm_desktop.services.schema_graph import Schema

if TYPE_CHECKING:
    from crm_desktop.db.database import ReadSession


class PageContents(NamedTuple):
    """The schema, and the diagram of it that is shown."""

    schema: Schema
    applications: Sequence[ApplicationSummary]
    diagrams: DiagramList
    diagram: Diagram
    places: Places


def read_page(session: ReadSession, diagram_id: str) -> PageContents:
    """Read all that the first picture needs."""
    schema = schema_graph.read_schema(session)
    listed, diagram, places = diagrams.open_diagram(session, diagram_id)
    return PageContents(schema, applications.list_applications(session), listed, diagram, places)

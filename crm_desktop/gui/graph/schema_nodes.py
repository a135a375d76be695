"""The schema as nodes and edges: which objects a diagram shows, and how much of each."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import lru_cache
from typing import Any

from crm_desktop.domain.cardinality import from_has_one, to_has_one
from crm_desktop.domain.field_types import type_of
from crm_desktop.domain.graph import GraphEdge, GraphNode, Mark, neighbourhood
from crm_desktop.gui.models.relationships import sentences
from crm_desktop.gui.translating import tr
from crm_desktop.services.schema_graph import (
    Figures,
    Schema,
    SchemaObject,
    SchemaRelationship,
    key_fields,
)

DEEPEST = 3


class Detail(StrEnum):
    """Which fields the nodes show."""

    KEY = "key"
    ALL = "all"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Choice:
    """What a diagram shows; kept in its settings, where other versions may have put anything."""

    application_id: str = ""
    around_id: str = ""
    depth: int = 1
    detail: Detail = Detail.KEY

    @staticmethod
    def of(settings: Mapping[str, Any]) -> Choice:
        """Read settings; what in them makes no sense is as usual."""
        depth, detail = settings.get("depth"), settings.get("fields")
        return Choice(
            _text(settings.get("application")),
            _text(settings.get("around")),
            depth if isinstance(depth, int) and 1 <= depth <= DEEPEST else 1,
            Detail(detail) if detail in list(Detail) else Detail.KEY,
        )

    def settings(self) -> dict[str, Any]:
        return {
            "application": self.application_id,
            "around": self.around_id,
            "depth": self.depth,
            "fields": self.detail.value,
        }


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


@dataclass(frozen=True)
class Known:
    """All that is known of the schema: what was read, and what was counted meanwhile."""

    schema: Schema = field(default_factory=lambda: Schema((), ()))
    counts: Mapping[str, int] | None = None  # records by object; None before they are counted
    figures: Mapping[str, Figures] = field(default_factory=dict)  # by relationship

    def object(self, object_id: str) -> SchemaObject | None:
        return next((each for each in self.schema.objects if each.id == object_id), None)

    def relationship(self, relationship_id: str) -> SchemaRelationship | None:
        found = self.schema.relationships
        return next((each for each in found if each.id == relationship_id), None)

    def with_figures(self, relationship_id: str, figures: Figures) -> Known:
        return replace(self, figures={**self.figures, relationship_id: figures})


def chosen_objects(schema: Schema, choice: Choice, of_application: Collection[str]) -> list[str]:
    """Return the objects that a diagram shows, in the schema's order.

    Those of an application, or of the neighbourhood of one object, or both at once. What names an
    object or an application that is gone chooses nothing, so all are shown.
    """
    ids = [each.id for each in schema.objects]
    if choice.application_id and of_application:
        wanted = set(of_application)
        ids = [each for each in ids if each in wanted] or ids
    if choice.around_id in ids:
        known = set(ids)
        ends = [
            (each.from_id, each.to_id)
            for each in schema.relationships
            if each.from_id in known and each.to_id in known
        ]
        near = neighbourhood(ends, choice.around_id, choice.depth)
        ids = [each for each in ids if each in near]
    return ids


def nodes_of(known: Known, object_ids: Collection[str], detail: Detail) -> list[GraphNode]:
    """Return the nodes of these objects; before records are counted without what is not drawn."""
    wanted, group = set(object_ids), tr("object")
    return [
        GraphNode(
            id=each.id,
            label=each.plural_name or each.label,
            kind=each.name,
            icon=each.icon or "box",
            badge="" if known.counts is None else f"{known.counts.get(each.id, 0):,}",
            lines=_lines(each, detail),
            group=group,
            tip="",
            undrawn=() if known.counts is None else _undrawn(each, detail),
        )
        for each in known.schema.objects
        if each.id in wanted
    ]


def _lines(of: SchemaObject, detail: Detail) -> tuple[tuple[str, str], ...]:
    if detail is Detail.NONE:
        return ()
    fields = of.fields if detail is Detail.ALL else key_fields(of)
    return tuple([(_type_icon(each.type), each.label) for each in fields])


def _undrawn(of: SchemaObject, detail: Detail) -> tuple[str, ...]:
    """Return the fields that the picture leaves out: a search finds their object."""
    if detail is Detail.ALL:
        return ()
    drawn = set() if detail is Detail.NONE else {each.id for each in key_fields(of)}
    return tuple(each.label for each in of.fields if each.id not in drawn)


_ICONS: dict[str, str] = {}


def _type_icon(type_: str) -> str:
    if type_ not in _ICONS:
        _ICONS[type_] = type_of(type_).icon
    return _ICONS[type_]


def edges_of(known: Known, object_ids: Collection[str]) -> list[GraphEdge]:
    """Return the edges between these objects; before records are counted without sentences.

    The first picture has no need of them, and they take as long as all else.
    """
    wanted = set(object_ids)
    words = {each.id: (each.label, each.plural_name) for each in known.schema.objects}
    return [
        _edge(each, {} if known.counts is None else words, known.figures.get(each.id))
        for each in known.schema.relationships
        if each.from_id in wanted and each.to_id in wanted
    ]


def _edge(
    of: SchemaRelationship, words: Mapping[str, tuple[str, str]], figures: Figures | None
) -> GraphEdge:
    badge, breaches = of.type, figures.breaches if figures is not None else 0
    if figures is not None:
        badge = f"{badge} \u00b7 {figures.links:,}"
    if breaches:
        many = tr("1 breach") if breaches == 1 else tr("{} breaches").replace("{}", f"{breaches:,}")
        badge = f"{of.type} \u00b7 {many}"
    from_mark, to_mark = _marks(of.type)
    return GraphEdge(
        id=of.id,
        from_id=of.from_id,
        to_id=of.to_id,
        label=of.from_label or of.name,
        badge=badge,
        from_mark=from_mark,
        to_mark=to_mark,
        is_breach=bool(breaches),
        words=" ".join(sentences(of.type, words[of.from_id], words[of.to_id])) if words else "",
    )


@lru_cache(maxsize=32)
def _marks(type_: str) -> tuple[Mark, Mark]:
    """Return the marks of the ends from and to."""
    return (
        Mark.ONE if to_has_one(type_) else Mark.MANY,
        Mark.ONE if from_has_one(type_) else Mark.MANY,
    )

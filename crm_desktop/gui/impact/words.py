"""The delete tree's words and icons: what a node is called, and what becomes of it."""

from __future__ import annotations

from crm_desktop.domain.impact_nodes import Effect, Group, Kind, Node
from crm_desktop.gui.icons import Role
from crm_desktop.gui.translating import tr

ICONS = {
    Kind.OBJECT: "box",
    Kind.FIELD: "library",
    Kind.ATTACHMENT: "layout-template",
    Kind.VALUE: "type",
    Kind.RECORD: "file-text",
    Kind.RELATIONSHIP: "spline",
    Kind.LINK: "link-2",
    Kind.FORM: "panels-top-left",
    Kind.TABLE: "table-2",
    Kind.KANBAN: "square-kanban",
    Kind.CALENDAR: "calendar",
    Kind.APPLICATION: "app-window",
    Kind.INDEX: "gauge",
    Kind.LINK_SCHEMA: "list-tree",
    Kind.LINK_PANEL: "panel-right",
    Kind.DIAGRAM: "workflow",
}
EFFECT_ICONS: dict[Effect, tuple[str, Role]] = {
    Effect.GOES: ("trash-2", "danger"),
    Effect.BLOCKS: ("ban", "danger"),
    Effect.DANGLES: ("unlink", "warning"),
    Effect.NAMES: ("quote", "muted"),
    Effect.STAYS: ("pin", "muted"),
}


def title_of(node: Node) -> str:
    """Return a node's own name, or the heading that it is."""
    if node.label:
        return node.label
    return _headings().get(node.group) or tr("Without a name")


def effect_of(node: Node) -> str:
    """Say in words what becomes of it."""
    if node.kind is Kind.INDEX and node.effect is Effect.STAYS:
        return tr("stays, of no use")
    if node.kind is Kind.VALUE and node.effect is Effect.STAYS:
        return tr("stays, out of sight")
    if node.kind is Kind.FIELD and node.effect is Effect.DANGLES:
        return tr("has nothing to point at")
    if node.group is Group.LAYOUT and node.effect is Effect.GOES:
        return tr("goes, the fields stay")
    return {
        Effect.GOES: tr("goes"),
        Effect.BLOCKS: tr("must be detached first"),
        Effect.DANGLES: tr("stays, points at nothing"),
        Effect.NAMES: tr("stays, still names it"),
        Effect.STAYS: tr("stays"),
    }[node.effect]


def count_of(node: Node, *, is_counting: bool) -> str:
    """Return the number; what was stopped before it was counted says so."""
    if node.count is not None:
        return f"{node.count:,}"
    return "…" if is_counting else tr("not counted")


def where_of(node: Node) -> str:
    """Return what the node belongs to, and where in it the subject is named."""
    return " · ".join(part for part in (node.owner, ", ".join(node.places)) if part)


def _headings() -> dict[Group, str]:
    return {
        Group.RECORDS: tr("Records"),
        Group.LINKS: tr("Links"),
        Group.LINKS_FROM: tr("From them to others"),
        Group.LINKS_TO: tr("From others to them"),
        Group.LINKS_AMONG: tr("Among them"),
        Group.STRAYS: tr("Links under relationships of other objects"),
        Group.RELATIONSHIPS: tr("Relationships"),
        Group.LAYOUT: tr("Layout"),
        Group.VIEWS: tr("Views and forms"),
        Group.APPLICATIONS: tr("Applications"),
        Group.REFERENCES: tr("References"),
        Group.OTHER_VIEWS: tr("Views that name it"),
        Group.OTHER_FIELDS: tr("Fields that name it"),
        Group.VALUES: tr("Records with a value"),
        Group.INDEXES: tr("Indexes"),
        Group.OURS: tr("Settings of links, and diagrams"),
    }

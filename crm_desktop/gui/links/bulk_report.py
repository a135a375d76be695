"""What linking many records would do, said kind by kind with a few examples of each."""

from __future__ import annotations

from crm_desktop.gui.dialogs.delete_dialog import counted
from crm_desktop.gui.dialogs.planned_dialog import Report
from crm_desktop.gui.icons import Role
from crm_desktop.gui.translating import tr
from crm_desktop.services.bulk_links import LinkRehearsal
from crm_desktop.services.relationships import RelationshipSide


def show_rehearsal(
    report: Report, plan: LinkRehearsal, side: RelationshipSide, *, by_value: bool
) -> None:
    """Fill the report; what is nothing is not mentioned."""
    new = counted(plan.count("new"), tr("record would be linked"), tr("records would be linked"))
    role: Role = "success" if plan.count("new") else "muted"
    report.say("circle-check", role, f"{new}.", is_title=True)
    _table(report, plan, "new", side, by_value=by_value)
    for kind, icon_name, color, one, many in _kinds():
        if plan.count(kind):
            words = counted(plan.count(kind), one, many).replace("{}", side.other.plural_name)
            report.say(icon_name, color, f"{words}.")
            if kind not in {"linked", "empty"}:
                _table(report, plan, kind, side, by_value=by_value)
    if plan.gone:
        gone = counted(plan.gone, tr("record is gone"), tr("records are gone"))
        report.say("circle-slash", "muted", f"{gone}.")
    if not plan.count("new") and not plan.count("taken"):
        return
    if plan.can_be_undone:
        report.say("undo-2", "muted", tr("One Undo (Ctrl+Z) takes the links away again."))
    else:
        report.say("triangle-alert", "warning", tr("This database keeps no history of links."))


def _kinds() -> list[tuple[str, str, Role, str, str]]:
    """Return the kinds after `new` in the order they are told: icon, colour, one and many."""
    return [
        ("linked", "equal", "muted", tr("record is linked so already"),
         tr("records are linked so already")),
        ("taken", "lock", "warning", tr("belongs to another, and can belong to one only"),
         tr("belong to others, and can belong to one only")),
        ("kept", "lock", "danger", tr("belongs to another, from which you cannot take it"),
         tr("belong to others, from which you cannot take them")),
        ("twice", "copy", "warning", tr("wants a record that another of them gets"),
         tr("want a record that another of them gets")),
        ("several", "copy", "warning", tr("has a value that several {} have"),
         tr("have a value that several {} have")),
        ("nothing", "search-x", "warning", tr("has a value that none of the {} has"),
         tr("have a value that none of the {} has")),
        ("empty", "circle-dashed", "muted", tr("record holds no value there"),
         tr("records hold no value there")),
        ("forbidden", "shield-alert", "danger", tr("record may not be linked by you"),
         tr("records may not be linked by you")),
    ]  # fmt: skip


def _table(
    report: Report, plan: LinkRehearsal, kind: str, side: RelationshipSide, *, by_value: bool
) -> None:
    samples = plan.samples.get(kind, ())
    if not samples:
        return
    last = tr("Belongs to") if kind in {"taken", "kept"} else side.other.label
    headings, widths = [tr("For example"), last], [3, 3]
    rows = [[each.record, each.other] for each in samples]
    if by_value:
        headings.insert(1, tr("Value"))
        widths.insert(1, 3)
        rows = [[each.record, each.value, each.other] for each in samples]
    if not any(each.other for each in samples):
        headings, widths, rows = headings[:-1], widths[:-1], [row[:-1] for row in rows]
    report.add_table(headings, widths, rows)

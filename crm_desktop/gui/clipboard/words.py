"""What pasting, filling, cutting and clearing are called on screen, before, while and after."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QKeyCombination, Qt
from PySide6.QtGui import QKeySequence

from crm_desktop.gui.translating import tr

if TYPE_CHECKING:
    from crm_desktop.services.pasting import PasteReport


@dataclass(frozen=True, slots=True)
class Words:
    """`question` begins the dialog's title, `verb` the button, `doing` the job, `done` the end."""

    question: str
    verb: str
    doing: str
    done: str


def words_for(verb: str) -> Words:
    """Return the words for a gesture by the verb of its request."""
    said = {
        "paste": Words(tr("Paste"), tr("Paste"), tr("Pasting"), tr("Pasted")),
        "fill": Words(tr("Fill"), tr("Fill"), tr("Filling"), tr("Filled")),
        "cut": Words(tr("Cut"), tr("Clear"), tr("Clearing"), tr("Cut")),
        "clearing": Words(tr("Clear"), tr("Clear"), tr("Clearing"), tr("Cleared")),
    }
    return said[verb]


def report_sentence(verb: str, report: PasteReport, one: str, many: str) -> str:
    """Say what a paste did, and how it is taken back."""
    done, cells = words_for(verb).done, counted_cells(report.cells)
    sentences = [f"{done} {cells}."]
    if report.records:
        records = counted(report.records, one, many)
        sentences = [
            tr("{done} {cells} in {records}.").format(done=done, cells=cells, records=records)
        ]
    if report.new_records:
        sentences.append(tr("Added {}.").replace("{}", counted_new(report.new_records, one, many)))
    if report.refused:
        left = counted_cells(report.refused)
        sentences.append(tr("Left out: {}.").replace("{}", left))
    sentences.append(undo_sentence(can_undo=report.can_undo))
    return " ".join(sentences)


def undo_sentence(*, can_undo: bool) -> str:
    """Say how something is undone, or that it cannot be."""
    if not can_undo:
        return tr("This database keeps no history: so much cannot be undone.")
    undo = QKeySequence(QKeyCombination(Qt.KeyboardModifier.ControlModifier, Qt.Key.Key_Z))
    keys = undo.toString(QKeySequence.SequenceFormat.NativeText)
    return tr("{} undoes it.").replace("{}", keys)


def counted(count: int, one: str, many: str) -> str:
    """Return a number with its noun: “1 cell”, “2,500 cells”."""
    return f"{count:,} {one if count == 1 else many}"


def counted_cells(count: int) -> str:
    return counted(count, tr("cell"), tr("cells"))


def counted_new(count: int, one: str, many: str) -> str:
    """Return how many records are added: “1 new Deal”."""
    new = tr("new {}")
    return counted(count, new.replace("{}", one), new.replace("{}", many))

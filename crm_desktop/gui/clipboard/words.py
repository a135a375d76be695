"""What pasting, filling, cutting and clearing are called on screen, before, while and after."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QKeyCombination, Qt
from PySide6.QtGui import QKeySequence

from crm_desktop.gui.translating import tr
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
    sentences = [f"{words_for(verb).done} {counted(report.cells, 'cell', 'cells')}"]
    if report.records:
        sentences[0] += f" in {counted(report.records, one, many)}"
    sentences[0] += "."
    if report.new_records:
        added = counted(report.new_records, f"new {one}", f"new {many}")
        sentences.append(tr("Added {}.").replace("{}", added))
    if report.refused:
        left = counted(report.refused, "cell", "cells")
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

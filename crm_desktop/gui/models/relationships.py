"""The table of relationships, and the sentences that read them aloud."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication, QObject

from crm_desktop.domain.cardinality import from_has_one, meaning, to_has_one
from crm_desktop.gui.delegates import CellKind
from crm_desktop.gui.models.table_model import Column, TableModel
from crm_desktop.services.relationships import RelationshipSummary


class RelationshipsModel(TableModel[RelationshipSummary]):
    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        kind = CellKind
        self.set_columns(
            Column(
                self.tr("From"),
                lambda row: row.from_object.label,
                kind.ICON_TEXT,
                icon=lambda row: row.from_object.icon or "",
                width=12,
            ),
            Column(
                self.tr("Type"),
                lambda row: row.type,
                kind.CHOICE,
                chips=lambda row: ((row.type, None),),
                tip=lambda row: meaning(row.type),
                width=5,
            ),
            Column(
                self.tr("To"),
                lambda row: row.to_object.label,
                kind.ICON_TEXT,
                icon=lambda row: row.to_object.icon or "",
                width=12,
            ),
            Column(self.tr("Name"), lambda row: row.name, kind.MUTED, width=12),
            Column(self.tr("Reads"), both_sentences, tip=both_sentences, width=30),
        )


def sentence(one: str, other: str, others: str, *, has_one: bool) -> str:
    """Read one direction aloud: what a record of `one` may be linked to."""
    if has_one:
        text = QCoreApplication.translate("relationships", "Each {one} has at most one {other}.")
        return text.format(one=one, other=other)
    text = QCoreApplication.translate("relationships", "Each {one} has any number of {others}.")
    return text.format(one=one, others=others)


def sentences(
    type_: str, from_words: tuple[str, str], to_words: tuple[str, str]
) -> tuple[str, str]:
    """Read a relationship aloud in both directions; words are label and plural of each end."""
    return (
        sentence(from_words[0], *to_words, has_one=from_has_one(type_)),
        sentence(to_words[0], *from_words, has_one=to_has_one(type_)),
    )


def both_sentences(row: RelationshipSummary) -> str:
    ends = [(end.label, end.plural_name) for end in (row.from_object, row.to_object)]
    return " ".join(sentences(row.type, ends[0], ends[1]))

"""The table of relationships, and the sentences that read them aloud."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from PySide6.QtCore import QCoreApplication, QObject

from crm_desktop.domain.cardinality import from_has_one, meaning, to_has_one, with_article
from crm_desktop.gui.delegates import CellKind
from crm_desktop.gui.models.table_model import Column, TableModel
from crm_desktop.services.link_schemas import LinkKey
from crm_desktop.services.relationships import RelationshipSummary


@dataclass(frozen=True, slots=True)
class RelationshipRow:
    """A relationship in the table; `links` is None until they were counted.

    `has_siblings`: its two objects have several relationships, so that its name matters.
    """

    summary: RelationshipSummary
    keys: tuple[LinkKey, ...] = ()
    links: int | None = None
    has_siblings: bool = False

    @property
    def id(self) -> str:
        return self.summary.id

    @property
    def name(self) -> str:
        return self.summary.name


class RelationshipsModel(TableModel[RelationshipRow]):
    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        kind = CellKind
        self.set_columns(
            Column(
                self.tr("From"),
                lambda row: row.summary.from_object.label,
                kind.ICON_TEXT,
                icon=lambda row: row.summary.from_object.icon or "",
                width=9,
            ),
            Column(
                self.tr("Type"),
                lambda row: row.summary.type,
                kind.CHOICE,
                chips=lambda row: ((row.summary.type, None),),
                tip=lambda row: meaning(row.summary.type),
                width=5,
            ),
            Column(
                self.tr("To"),
                lambda row: row.summary.to_object.label,
                kind.ICON_TEXT,
                icon=lambda row: row.summary.to_object.icon or "",
                width=9,
            ),
            Column(self.tr("Name"), lambda row: row.name, kind.MUTED, width=10),
            Column(self.tr("Meaning"), lambda row: meaning(row.summary.type), width=11),
            Column(
                self.tr("Links"),
                lambda row: "" if row.links is None else f"{row.links:,}",
                kind.NUMBER,
                order=lambda row: -1 if row.links is None else row.links,
                width=5,
            ),
            Column(
                self.tr("Heading on “from”"),
                lambda row: row.summary.from_label or "",
                width=9,
            ),
            Column(self.tr("Heading on “to”"), lambda row: row.summary.to_label or "", width=9),
            Column(
                self.tr("Link data"),
                lambda row: ", ".join(key.title for key in row.keys),
                kind.MUTED,
                tip=_all_keys,
                width=10,
            ),
            Column(self.tr("Reads"), both_sentences, tip=both_sentences, width=30),
        )


def rows_of(
    summaries: Iterable[RelationshipSummary],
    schemas: Mapping[str, tuple[LinkKey, ...]],
    links: Mapping[str, int] | None,
) -> list[RelationshipRow]:
    """Return the rows of the table; without `links` none were counted yet."""
    every = list(summaries)
    pairs = Counter(_pair(summary) for summary in every)
    return [
        RelationshipRow(
            summary,
            schemas.get(summary.id, ()),
            None if links is None else links.get(summary.id, 0),
            pairs[_pair(summary)] > 1,
        )
        for summary in every
    ]


def _pair(summary: RelationshipSummary) -> frozenset[str]:
    return frozenset({summary.from_object.id, summary.to_object.id})


def sentence(one: str, other: str, others: str, *, has_one: bool, heading: str = "") -> str:
    """Read one direction aloud: what a record of `one` may be linked to.

    `heading` tells the two sides of a relationship of an object with itself apart.
    """
    if has_one:
        text = QCoreApplication.translate("relationships", "{A_one} has one {other}")
    else:
        text = QCoreApplication.translate("relationships", "{A_one} has many {others}")
    if heading:
        text += " " + QCoreApplication.translate("relationships", "as “{heading}”")
    article = with_article(one)
    said = {"A_one": article[:1].upper() + article[1:], "one": one, "heading": heading}
    return f"{text.format(other=other, others=others, **said)}."


def sentences(
    type_: str,
    from_words: tuple[str, str],
    to_words: tuple[str, str],
    headings: tuple[str, str] = ("", ""),
) -> tuple[str, str]:
    """Read a relationship aloud in both directions; words are label and plural of each end.

    `headings` are those of both sides; they are said where both ends are called alike.
    """
    is_alike = from_words == to_words
    from_one, to_one = from_has_one(type_), to_has_one(type_)
    return (
        sentence(
            from_words[0],
            *to_words,
            has_one=from_one,
            heading=_side_name(headings[0], "to") if is_alike else "",
        ),
        sentence(
            to_words[0],
            *from_words,
            has_one=to_one,
            heading=_side_name(headings[1], "from") if is_alike else "",
        ),
    )


def _side_name(heading: str, side: str) -> str:
    """Return what the records over there are called: by their heading, or by their side."""
    return heading or QCoreApplication.translate("relationships", side)


def reading_of(summary: RelationshipSummary) -> tuple[str, str]:
    """Return both sentences of a relationship."""
    ends = [(end.label, end.plural_name) for end in (summary.from_object, summary.to_object)]
    headings = (summary.from_label or "", summary.to_label or "")
    return sentences(summary.type, ends[0], ends[1], headings)


def both_sentences(row: RelationshipRow) -> str:
    said = " ".join(reading_of(row.summary))
    return f"{row.name}: {said}" if row.has_siblings else said


def _all_keys(row: RelationshipRow) -> str:
    return "\n".join(
        key.title if key.title == key.name else f"{key.title} ({key.name})" for key in row.keys
    )

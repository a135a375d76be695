"""The headings of a grouped list, made ready to be painted, and what is folded below them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from crm_desktop.gui.models.row_plan import RowPlan
from crm_desktop.gui.translating import tr

if TYPE_CHECKING:
    from crm_desktop.domain.field_types import EffectiveField
    from crm_desktop.domain.filters import RecordQuery
    from crm_desktop.domain.formats import Formats
    from crm_desktop.gui.chips import Chip
    from crm_desktop.services.record_groups import RecordGroup, RecordGroups


@dataclass(frozen=True, slots=True)
class Heading:
    """What stands above the records of one group; `sums` are texts by the ids of their fields.

    `title` says the label with its field, for those who hear it. The rest of very many groups has
    no key of its own.
    """

    key: str | None
    label: str
    title: str
    count: str
    chips: tuple[Chip, ...] = ()
    sums: Mapping[str, str] = field(default_factory=dict)
    has_value: bool = True


@dataclass(frozen=True, slots=True)
class Headings:
    """The headings of a list in order; `keys` are those of the groups, without the rest."""

    all: tuple[Heading, ...]
    counts: tuple[int, ...]
    keys: tuple[str | None, ...]
    query: RecordQuery

    @property
    def total(self) -> int:
        return sum(self.counts)

    def plan(self, folded: Iterable[str | None]) -> RowPlan:
        """Return the plan of the rows where the groups of these keys are folded."""
        known = set(folded)
        return RowPlan(self.counts, {place for place, key in enumerate(self.keys) if key in known})


def headings_of(
    found: RecordGroups,
    query: RecordQuery,
    by: EffectiveField,
    chips: Sequence[tuple[Chip, ...]],
    formats: Formats,
) -> Headings:
    """Make the headings; `chips` are those of the groups, in their order."""
    headings = [
        _heading(group, by, shown, formats)
        for group, shown in zip(found.groups, chips, strict=True)
    ]
    counts = [group.count for group in found.groups]
    if found.rest:
        words = tr("{} more values").replace("{}", formats.number_text(found.further))
        headings.append(Heading("", words, words, formats.number_text(found.rest), has_value=False))
        counts.append(found.rest)
    keys = tuple(group.key for group in found.groups)
    return Headings(tuple(headings), tuple(counts), keys, query)


def _heading(
    group: RecordGroup, by: EffectiveField, chips: tuple[Chip, ...], formats: Formats
) -> Heading:
    label = group.label
    if group.key is None:
        label = tr("(empty)")
        if group.strange:
            is_mixed = group.strange < group.count
            label = tr("(empty or of another kind)") if is_mixed else tr("(of another kind)")
    return Heading(
        group.key,
        label,
        f"{by.label} {label}",
        formats.number_text(group.count),
        chips,
        group.summaries,
        group.key is not None,
    )


def summary_word(summary: str) -> str:
    """Return how a summary is called where there is little room."""
    return {
        "sum": tr("Sum"),
        "average": tr("Avg"),
        "min": tr("Min"),
        "max": tr("Max"),
        "count": tr("Filled"),
        "empty": tr("Empty"),
    }.get(summary, summary)

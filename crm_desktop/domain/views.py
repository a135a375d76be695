"""Views of a table: which columns, filters, order and looks, and the JSON in which they are kept.

A view is an *entry*, in the contract's shape (`objects.views.tables[]`), and *extras*: what that
shape cannot say. Both may have been written by anybody.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any

from crm_desktop.domain.errors import Invalid
from crm_desktop.domain.filter_json import filters_json, fits_contract, read_filters
from crm_desktop.domain.filters import Grouping, Part, Sort
from crm_desktop.domain.grouping import grouping_json, read_grouping
from crm_desktop.domain.json_edits import same_json

WIDEST = 10_000
DENSITIES = ("compact", "normal", "roomy")
_SORT_ORDERS = {False: "asc", True: "desc"}


@dataclass(frozen=True, slots=True)
class ViewSettings:
    """How a list is shown. No columns mean those of the object's layout.

    `frozen` columns at the left stay where they are while the others scroll. Widths and summaries
    are kept by the field's id; an empty density is the usual one.
    """

    columns: tuple[str, ...] = ()
    filters: tuple[Part, ...] = ()
    sort: tuple[Sort, ...] = ()
    widths: Mapping[str, int] = field(default_factory=dict)
    frozen: int = 0
    summaries: Mapping[str, str] = field(default_factory=dict)
    grouping: Grouping | None = None
    density: str = ""


@dataclass(frozen=True, slots=True)
class TableView:
    """A saved view as it was read; `entry` and `extras` are what it was read from.

    One that `is_only_here` no other program sees: its filter does not fit the contract's shape.
    `problem` says what of it makes no sense here; one with a `lock` cannot be changed, and says
    why.
    """

    id: str
    name: str
    settings: ViewSettings
    is_default: bool = False
    is_only_here: bool = False
    problem: str = ""
    lock: str = ""
    entry: Mapping[str, Any] = field(default_factory=dict)
    extras: Mapping[str, Any] = field(default_factory=dict)


def read_view(entry: Mapping[str, Any], extras: Mapping[str, Any]) -> tuple[ViewSettings, str]:
    """Return what JSON made by anybody says as far as it makes sense, and what does not."""
    problem = ""
    try:
        filters = read_filters(entry.get("filters"))
    except Invalid as error:
        filters, problem = (), str(error)
    sort = _first_sort(entry)
    further = _sorts(extras.get("sort"))
    settings = ViewSettings(
        columns=_texts(entry.get("columns")),
        filters=filters,
        sort=further if further[:1] == sort else sort,
        widths=_widths(extras.get("widths")),
        frozen=_count(extras.get("frozen")),
        summaries=_texts_by_text(extras.get("summaries")),
        grouping=read_grouping(extras.get("group_by")),
        density=_density(extras.get("density")),
    )
    return settings, problem


def changed_entry(entry: Mapping[str, Any], settings: ViewSettings) -> dict[str, Any]:
    """Return the entry for these settings: values that say the same stay as they were written."""
    before, _ = read_view(entry, {})
    new = dict(entry)
    if settings.columns != before.columns or "columns" not in entry:
        new["columns"] = list(settings.columns)
    if settings.filters != before.filters or "filters" not in entry:
        new["filters"] = filters_json(settings.filters)
    if settings.sort[:1] != before.sort or "sortBy" not in entry:
        first = settings.sort[0] if settings.sort else None
        new["sortBy"] = first.field_id if first else None
        new["sortOrder"] = _SORT_ORDERS[first.descending] if first else None
    return new


def extras_of(settings: ViewSettings) -> dict[str, Any]:
    """Return what the contract's shape cannot say, by name; only what is not as usual."""
    extras: dict[str, Any] = {
        "sort": [_sort_json(each) for each in settings.sort] if len(settings.sort) > 1 else None,
        "widths": dict(settings.widths),
        "frozen": settings.frozen,
        "summaries": dict(settings.summaries),
        "group_by": grouping_json(settings.grouping) if settings.grouping else None,
        "density": settings.density,
    }
    return {name: value for name, value in extras.items() if value}


def changed_extras(extras: Mapping[str, Any], settings: ViewSettings) -> dict[str, Any]:
    """Return the extras for these settings; keys that this version does not know stay."""
    known = {"sort", "widths", "frozen", "summaries", "group_by", "density"}
    unknown = {name: value for name, value in extras.items() if name not in known}
    return unknown | extras_of(settings)


def fits_entry(settings: ViewSettings) -> bool:
    """Say whether the contract's shape can hold the filter."""
    return fits_contract(settings.filters)


def settings_json(settings: ViewSettings) -> dict[str, Any]:
    """Return settings as one document, for what a person changed and has not saved."""
    return changed_entry({}, settings) | extras_of(settings)


def read_settings(value: Any) -> ViewSettings | None:
    """Return what `settings_json` made; None for anything else."""
    if not isinstance(value, Mapping):
        return None
    settings, problem = read_view(value, value)
    return None if problem else settings


def settled(settings: ViewSettings, known: Iterable[str], usual: tuple[str, ...]) -> ViewSettings:
    """Return the settings with the columns that are there: those of the layout if none are named.

    Two settings that look alike in the list are then equal.
    """
    ids = set(known)
    sortable = ids | {"primary_value"}
    columns = tuple(dict.fromkeys(each for each in settings.columns if each in ids)) or usual
    return replace(
        settings,
        columns=columns,
        sort=tuple(each for each in settings.sort if each.field_id in sortable),
        frozen=min(settings.frozen, max(0, len(columns) - 1)),
        widths={key: width for key, width in settings.widths.items() if key in columns},
        summaries={key: name for key, name in settings.summaries.items() if key in columns},
        grouping=settings.grouping if _stands(settings.grouping, ids) else None,
        density="" if settings.density == "normal" else settings.density,
    )


def to_be_saved(base: ViewSettings, settled_base: ViewSettings, now: ViewSettings) -> ViewSettings:
    """Return what is shown now; where that looks like the view, the view's own words.

    So a view that names fields which are gone keeps them, unless that part of it was changed.
    """
    same = {
        each.name: getattr(base, each.name)
        for each in fields(ViewSettings)
        if getattr(settled_base, each.name) == getattr(now, each.name)
    }
    return replace(now, **same)


def _stands(grouping: Grouping | None, known: set[str]) -> bool:
    return grouping is not None and grouping.field_id in known


def clashes(old: Mapping[str, Any], new: Mapping[str, Any], stored: Mapping[str, Any]) -> bool:
    """Say whether a key that is to be changed is no longer what the change was based on."""
    changed = {key for key in old.keys() | new.keys() if not _same(old, new, key)}
    return any(not _same(old, stored, key) for key in changed)


def merged(
    old: Mapping[str, Any], new: Mapping[str, Any], stored: Mapping[str, Any]
) -> dict[str, Any]:
    """Return what is stored with the keys changed that differ between old and new."""
    result = dict(stored)
    for key in old.keys() | new.keys():
        if not _same(old, new, key):
            result.pop(key, None)
            if key in new:
                result[key] = new[key]
    return result


def _same(one: Mapping[str, Any], other: Mapping[str, Any], key: str) -> bool:
    return (key in one) == (key in other) and same_json(one.get(key), other.get(key))


# --- reading what anybody may have written ------------------------------------------------------


def _first_sort(entry: Mapping[str, Any]) -> tuple[Sort, ...]:
    by, order = entry.get("sortBy"), entry.get("sortOrder")
    is_down = isinstance(order, str) and order.casefold() in {"desc", "descending"}
    return (Sort(by, is_down),) if isinstance(by, str) and by else ()


def _sorts(value: Any) -> tuple[Sort, ...]:
    return tuple(
        Sort(each["field"], each.get("descending") is True)
        for each in (value if isinstance(value, list) else ())
        if isinstance(each, Mapping) and isinstance(each.get("field"), str)
    )


def _sort_json(sort: Sort) -> dict[str, Any]:
    return {"field": sort.field_id, "descending": sort.descending}


def _texts(value: Any) -> tuple[str, ...]:
    texts = (each for each in value if isinstance(each, str)) if isinstance(value, list) else ()
    return tuple(dict.fromkeys(texts))


def _texts_by_text(value: Any) -> Mapping[str, str]:
    pairs = value.items() if isinstance(value, Mapping) else ()
    return {str(key): text for key, text in pairs if isinstance(text, str)}


def _widths(value: Any) -> Mapping[str, int]:
    pairs = value.items() if isinstance(value, Mapping) else ()
    return {str(key): width for key, width in pairs if _is_count(width) and 0 < width <= WIDEST}


def _count(value: Any) -> int:
    return value if _is_count(value) else 0


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _density(value: Any) -> str:
    return value if value in DENSITIES and isinstance(value, str) else ""

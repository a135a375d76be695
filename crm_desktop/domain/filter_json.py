"""Conditions as JSON: in the contract's flat shape where they fit it, in ours otherwise.

The contract's: `[{"field", "operator", "value"}, …]`, all of which hold. Ours: one object, a group
`{"all" | "any" | "none": [part, …]}` whose parts are groups, comparisons as above, or
`{"link", "side": "from" | "to", "operator", "where": part}`.
"""

from collections.abc import Mapping
from typing import Any

from crm_desktop.domain.errors import Invalid
from crm_desktop.domain.filters import Condition, Group, GroupKind, LinkCondition, Part

_KINDS: tuple[GroupKind, ...] = ("all", "any", "none")
_MOST_DEPTH = 50


def fits_contract(parts: tuple[Part, ...]) -> bool:
    """Say whether the contract's flat shape can hold these conditions."""
    return all(isinstance(part, Condition) for part in parts)


def filters_json(parts: tuple[Part, ...]) -> Any:
    """Return the conditions as JSON, flat where that is enough."""
    inner = [_part_json(part) for part in parts]
    return inner if fits_contract(parts) else {"all": inner}


def read_filters(value: Any) -> tuple[Part, ...]:
    """Return the conditions that JSON in either shape stands for.

    Operators and fields are not looked at: views of other programs keep what they hold. Raises
    Invalid for "conditions" where the shape is neither.
    """
    if value is None:
        return ()
    if isinstance(value, list):
        return tuple(_read_part(each, 1) for each in value)
    part = _read_part(value, 1)
    return part.parts if isinstance(part, Group) and part.kind == "all" else (part,)


def _part_json(part: Part) -> dict[str, Any]:
    if isinstance(part, Group):
        return {part.kind: [_part_json(each) for each in part.parts]}
    if isinstance(part, LinkCondition):
        side = "from" if part.is_from else "to"
        head = {"link": part.relationship_id, "side": side, "operator": part.operator}
        return head if part.where is None else {**head, "where": _part_json(part.where)}
    return {
        "field": part.field_id,
        "operator": part.operator,
        "value": _thawed(part.value),
    }


def _read_part(value: Any, depth: int) -> Part:
    if not isinstance(value, Mapping) or depth > _MOST_DEPTH:
        raise _unreadable()
    for kind in _KINDS:
        if isinstance(inner := value.get(kind), list):
            return Group(kind, tuple(_read_part(each, depth + 1) for each in inner))
    operator = value.get("operator")
    if not isinstance(operator, str):
        raise _unreadable()
    if isinstance(relationship_id := value.get("link"), str):
        return _read_link(value, relationship_id, operator, depth)
    if not isinstance(field_id := value.get("field"), str):
        raise _unreadable()
    return Condition(field_id, operator, _frozen(value.get("value")))


def _read_link(
    value: Mapping[str, Any], relationship_id: str, operator: str, depth: int
) -> LinkCondition:
    side, where = value.get("side"), value.get("where")
    if side not in {"from", "to"} or operator not in {"has_link", "has_no_link"}:
        raise _unreadable()
    inner = None if where is None else _read_part(where, depth + 1)
    if isinstance(inner, LinkCondition):
        raise _unreadable()
    return LinkCondition(
        relationship_id, side == "from", "has_link" if operator == "has_link" else "has_no_link",
        inner,
    )  # fmt: skip


def _unreadable() -> Invalid:
    return Invalid({"conditions": "This filter was stored in a form that cannot be read here."})


def _frozen(value: Any) -> Any:
    return tuple(map(_frozen, value)) if isinstance(value, list) else value


def _thawed(value: Any) -> Any:
    return list(map(_thawed, value)) if isinstance(value, tuple) else value

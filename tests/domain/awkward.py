"""Values that anybody may have stored in any field, and fields of every type to store them in."""

from decimal import Decimal
from typing import Any

from crm_desktop.domain.effective import merge_field
from crm_desktop.domain.field_types import FIELD_TYPES, EffectiveField

OPTIONS = [
    {"value": "won", "label": "Won"},
    {"value": "lost", "label": "Lost, alas"},
    {"value": "42", "label": "Forty-two"},
]
CONFIGS: dict[str, dict[str, Any]] = {
    "select": {"options": OPTIONS},
    "radio": {"options": OPTIONS},
    "multiselect": {"options": OPTIONS},
    "boolean": {"trueLabel": "Oui", "falseLabel": "Non"},
    "checkbox": {"trueLabel": "Oui", "falseLabel": "Non"},
}
VALUES: tuple[Any, ...] = (
    "",
    " \t",
    [],
    "42",
    "1,234.50",
    "\u0661\u0662",  # Arabic digits
    "1e400",
    "won",
    "LOST, alas",
    "won, 42",
    "Oui",
    "2024-02-30",
    "2024-02-29",
    "2024-02-29T23:30:00+02:00",
    "2024-02-29T00:00:00Z",
    "ada@example.com",
    "https://example.com/a?b",
    "+44 20 7946 0958",
    "'; DROP TABLE records; --\u202e%s:p0",
    "a\nb\\N\t\u2028\U0001f600",
    "[1",
    True,
    False,
    0,
    42,
    Decimal("1.10"),
    10**500,
    ["won"],
    ["won", "42"],
    [1, [None]],
    {"name": "a.pdf", "url": "https://example.com/a.pdf", "size": 3},
    {"a": Decimal("1.0")},
)


def field_of(type_: str, id_: str = "fld_x") -> EffectiveField:
    return merge_field(id=id_, name="x", label="X", type=type_, config=CONFIGS.get(type_, {}))


TYPES = tuple(FIELD_TYPES)

"""The colours and the scale of the design, and what is computed from them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from PySide6.QtGui import QColor

Kind = Literal["local", "dev", "test", "prod"]
_HEX = re.compile(r"#(?:[0-9a-fA-F]{3}|[0-9a-fA-F]{6})")
_NAME = re.compile(r"[a-zA-Z]{3,20}")


@dataclass(frozen=True, slots=True)
class Tokens:
    """One theme; every colour is `#RRGGBB`. Their contrasts are tested."""

    is_dark: bool
    window: str
    surface: str
    raised: str
    border: str  # decorative lines
    border_strong: str  # what makes a control recognisable
    text: str
    muted: str
    accent: str
    accent_text: str  # on accent, on danger and on the kind colours
    selection: str
    selection_text: str
    success: str
    warning: str
    danger: str
    kind_local: str
    kind_dev: str
    kind_test: str
    kind_prod: str
    choice_tint: float  # the share of a customer's colour in a chip

    def kind(self, kind: Kind) -> str:
        """Give the fill of the chip that says what kind of connection this is."""
        kinds = {"local": self.kind_local, "dev": self.kind_dev, "test": self.kind_test}
        return kinds.get(kind, self.kind_prod)

    @property
    def disabled(self) -> str:
        """The colour of text that cannot be used now."""
        return mix(self.muted, self.surface, 0.62)


LIGHT = Tokens(
    is_dark=False,
    window="#F1F3F6",
    surface="#FFFFFF",
    raised="#FAFBFC",
    border="#D6DBE3",
    border_strong="#767F8E",
    text="#1A1F29",
    muted="#586273",
    accent="#2D52CF",
    accent_text="#FFFFFF",
    selection="#DDE6FF",
    selection_text="#1A1F29",
    success="#1A7440",
    warning="#875300",
    danger="#BF2A2A",
    kind_local="#505C6E",
    kind_dev="#0B6E80",
    kind_test="#805200",
    kind_prod="#A8174C",
    choice_tint=0.16,
)
DARK = Tokens(
    is_dark=True,
    window="#14171C",
    surface="#1A1E25",
    raised="#242933",
    border="#343B47",
    border_strong="#737E90",
    text="#E6E9EF",
    muted="#A0A9B8",
    accent="#8DA8FF",
    accent_text="#0E1836",
    selection="#293A6C",
    selection_text="#F3F6FF",
    success="#5CC98C",
    warning="#E5B04C",
    danger="#FF8D84",
    kind_local="#AAB4C3",
    kind_dev="#56C5D4",
    kind_test="#E5B04C",
    kind_prod="#FF8FAE",
    choice_tint=0.26,
)

# What people may give to their options and applications; they are told apart on both themes.
OPTION_COLORS = (
    "#6B7280", "#2F6FDE", "#0E8A9C", "#1F8A4C", "#B7791F", "#C2571A", "#C53030", "#B83280",
    "#7C4DDB",
)  # fmt: skip
APPLICATION_COLORS = (
    "#3B6FE0", "#0B8FA3", "#1F8A4C", "#6B9E1F", "#C27803", "#D9541E",
    "#CF3A3A", "#C13584", "#8B4FD8", "#5B5BD6", "#6B7280", "#3F4754",
)  # fmt: skip

# Bars at the left edge of a graph's nodes, one colour an object; the icon says the same.
GRAPH_COLORS = (
    "#3B6FD9", "#2E9E6B", "#C77700", "#A150C4", "#C8455B", "#1F97A8", "#7A7F2A", "#8A6A55",
)  # fmt: skip


def _channels(color: str) -> tuple[int, int, int]:
    return int(color[1:3], 16), int(color[3:5], 16), int(color[5:7], 16)


def mix(over: str, under: str, share: float) -> str:
    """Lay `share` of one colour over another; both are `#RRGGBB`."""
    pairs = zip(_channels(over), _channels(under), strict=True)
    return "#" + "".join(f"{round(a * share + b * (1 - share)):02X}" for a, b in pairs)


def _luminance(color: str) -> float:
    def linear(channel: int) -> float:
        value = channel / 255
        return value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4

    red, green, blue = (linear(channel) for channel in _channels(color))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """Compute the contrast ratio of WCAG 2.2, 1 to 21."""
    low, high = sorted((_luminance(one), _luminance(other)))
    return (high + 0.05) / (low + 0.05)


def choice_color(value: str | None, tokens: Tokens) -> str:
    """Read the colour a customer gave an option: `#RGB`, `#RRGGBB` or a name; else muted."""
    text = (value or "").strip()
    if _HEX.fullmatch(text) or _NAME.fullmatch(text):
        color = QColor.fromString(text)
        if color.isValid() and color.alpha() == 255:
            return color.name().upper()
    return tokens.muted


@dataclass(frozen=True, slots=True)
class Scale:
    """Sizes in logical pixels from `h`, the height of a line of the application's font."""

    line: float

    @property
    def unit(self) -> int:
        return max(1, round(self.line / 4))

    @property
    def control(self) -> int:
        return round(self.line * 1.75)

    @property
    def icon(self) -> int:
        return round(self.line)

    @property
    def radius(self) -> int:
        return self.unit

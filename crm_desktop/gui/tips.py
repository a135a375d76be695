"""Tool tips that show any text as it is."""

from __future__ import annotations

_LONGEST = 2000


def plain_tip(text: str) -> str:
    """Make a tool tip that shows any text as it is, wrapped, and never as markup."""
    import html  # its table of entities: not before the first paint

    return f'<p style="white-space:pre-wrap">{html.escape(text[:_LONGEST])}</p>'

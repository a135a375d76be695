"""Sizes and times as people say them: “12 MB”, “10 s”, “3 min”."""

from PySide6.QtCore import QCoreApplication


def size_text(bytes_: int) -> str:
    """Return a size as people say it: “12 MB”."""
    for unit, size in (("GB", 1e9), ("MB", 1e6), ("KB", 1e3)):
        if bytes_ >= size:
            amount = bytes_ / size
            return (
                f"{amount:.1f} {unit}" if amount < 10 and unit == "GB" else f"{amount:,.0f} {unit}"
            )
    return f"{bytes_} B"


def time_text(seconds: float) -> str:
    """Return a time as people say it: “10 s”, “3 min”."""
    if seconds < 90:
        return QCoreApplication.translate("sizes", "{} s").replace("{}", f"{seconds:.0f}")
    minutes = f"{seconds / 60:.0f}"
    return QCoreApplication.translate("sizes", "{} min").replace("{}", minutes)

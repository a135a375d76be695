"""How the person at this computer writes numbers and dates, as the system tells it."""

from __future__ import annotations

import re
from datetime import UTC, tzinfo
from typing import cast
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from PySide6.QtCore import QLocale, QTimeZone

from crm_desktop.domain.formats import DateOrder, Formats


def system_formats() -> Formats:
    return formats_of(QLocale.system(), local_zone())


def formats_of(locale: QLocale, zone: tzinfo) -> Formats:
    """Read a locale's habits; years are always written with four digits."""
    pattern = locale.dateFormat(QLocale.FormatType.ShortFormat)
    order = "".join(dict.fromkeys(re.findall("[dMy]", pattern))).lower()
    separators = re.findall(r"[-./]", pattern)
    if order not in {"ymd", "dmy", "mdy"} or not separators:
        order, separators = "ymd", ["-"]
    point, group = locale.decimalPoint(), locale.groupSeparator()
    if locale.zeroDigit() != "0":
        point, group = ".", ","  # numbers are written in ASCII digits, so their signs are too
    is_c = locale.language() == QLocale.Language.C  # it groups nothing, and nobody reads that well
    is_grouped = is_c or not locale.numberOptions() & QLocale.NumberOption.OmitGroupSeparator
    times = locale.timeFormat(QLocale.FormatType.ShortFormat)
    return Formats(
        decimal_point=point if len(point) == 1 else ".",
        group_separator=group if is_grouped and group != point else "",
        date_order=cast("DateOrder", order),
        date_separator=separators[0],
        time_zone=zone,
        first_weekday=locale.firstDayOfWeek().value - 1,
        has_am_pm="ap" in times.lower(),
    )


def local_zone() -> tzinfo:
    """Give the computer's time zone, with its summer time; UTC where it has none we know."""
    name = bytes(QTimeZone.systemTimeZoneId().data()).decode()
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return UTC

"""What "this quarter" and "in the last 30 days" are on a given day, and where days begin."""

import calendar as months
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from crm_desktop.domain.filters import Calendar

MINUTE = timedelta(minutes=1)


def today(calendar: Calendar) -> date:
    """Return the day it is for the person; the calendar must carry `now`."""
    if calendar.now is None:
        raise ValueError("the calendar has no time")
    return calendar.now.astimezone(calendar.time_zone).date()


def days_of(operator: str, value: Any, calendar: Calendar) -> tuple[date, date]:
    """Return the first and the last day that a relative operator means.

    "In the last" and "in the next" count today in: the last 7 days are today and six before. A
    month back from the 31st ends with the last day of the shorter month.
    """
    day = today(calendar)
    if operator == "today":
        return day, day
    if operator == "this_week":
        first = day - timedelta(days=(day.weekday() - calendar.first_weekday) % 7)
        return first, first + timedelta(days=6)
    if operator == "this_month":
        return day.replace(day=1), _last_of_month(day.year, day.month)
    if operator == "this_quarter":
        month = day.month - (day.month - 1) % 3
        return date(day.year, month, 1), _last_of_month(day.year, month + 2)
    if operator == "this_year":
        return date(day.year, 1, 1), date(day.year, 12, 31)
    count, unit = value
    if operator == "in_last":
        return _moved(day, -count, unit) + timedelta(days=1), day
    return day, _moved(day, count, unit) - timedelta(days=1)


def _moved(day: date, count: int, unit: str) -> date:
    if unit == "months":
        year, month = divmod(day.year * 12 + day.month - 1 + count, 12)
        return min(_last_of_month(year, month + 1), date(year, month + 1, 1) + _into_month(day))
    return day + timedelta(days=count * (7 if unit == "weeks" else 1))


def _into_month(day: date) -> timedelta:
    return timedelta(days=day.day - 1)


def _last_of_month(year: int, month: int) -> date:
    return date(year, month, months.monthrange(year, month)[1])


def start_of(day: date, calendar: Calendar) -> datetime | None:
    """Return the moment at which the day begins for the person, in UTC; None out of range."""
    try:
        return datetime.combine(day, time.min, calendar.time_zone).astimezone(UTC)
    except OverflowError:
        return None


def end_of(day: date, calendar: Calendar) -> datetime | None:
    """Return the moment at which the next day begins."""
    try:
        return start_of(day + timedelta(days=1), calendar)
    except OverflowError:
        return None

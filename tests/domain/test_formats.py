"""How numbers, dates and moments are read from what people type."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from crm_desktop.domain.formats import Formats
from tests.domain.values import ENGLISH, FRENCH, GERMAN, INDIAN, ISO, SWEDISH, SWISS


@pytest.mark.parametrize(
    ("formats", "text", "number"),
    [
        (ENGLISH, "1,234.50", Decimal("1234.50")),
        (ENGLISH, "1234", 1234),
        (ENGLISH, " -5 ", -5),
        (ENGLISH, "\u22125", -5),
        (ENGLISH, "+5", 5),
        (ENGLISH, "(1,000)", -1000),
        (ENGLISH, ".5", Decimal("0.5")),
        (ENGLISH, "1,000,000", 1_000_000),
        (ENGLISH, "1 000", 1000),
        (INDIAN, "12,34,567", 1_234_567),
        (GERMAN, "1.234,5", Decimal("1234.5")),
        (GERMAN, "1.234", 1234),
        (FRENCH, "1\u00a0234,5", Decimal("1234.5")),
        (FRENCH, "1 234,5", Decimal("1234.5")),
        (SWISS, "1'234.5", Decimal("1234.5")),
        (SWEDISH, "1 234", 1234),
        (ISO, "1e3", 1000),
        (ISO, "1.5e-3", Decimal("0.0015")),
        (ISO, "007", 7),
        (ISO, "-0.0", Decimal("0.0")),
        (ISO, "0.10", Decimal("0.10")),
    ],
)
def test_numbers_are_read_as_the_person_writes_them(
    formats: Formats, text: str, number: Any
) -> None:
    read = formats.parse_number(text)

    assert (type(read), str(read)) == (type(number), str(number))


@pytest.mark.parametrize(
    ("formats", "text"),
    [
        (ENGLISH, "1,23"), (ENGLISH, "1.234,50"), (ENGLISH, "1,2345"), (GERMAN, "1.5"),
        (FRENCH, "1.5"), (ISO, "NaN"), (ISO, "Infinity"), (ISO, "1e400000"), (ISO, "1e999999999"),
        (ISO, "--5"), (ISO, "(-5)"), (ISO, "1_000"), (ISO, "0x10"), (ISO, ""), (ISO, "."),
        (ISO, "٣"), (ISO, "²"), (ISO, "9" * 5000), (ISO, "1.2.3"), (ISO, "(5"), (ISO, "((5))"),
    ],
)  # fmt: skip
def test_what_may_be_mistaken_or_is_no_number_is_refused(formats: Formats, text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - parsers raise exactly this
        formats.parse_number(text)


@pytest.mark.parametrize(
    ("formats", "text", "day"),
    [
        (ISO, "2024-03-05", date(2024, 3, 5)),
        (GERMAN, "2024-03-05", date(2024, 3, 5)),
        (GERMAN, "5.3.2024", date(2024, 3, 5)),
        (GERMAN, "05.03.24", date(2024, 3, 5)),
        (GERMAN, "5/3/2024", date(2024, 3, 5)),
        (GERMAN, "5. 3. 2024", date(2024, 3, 5)),
        (ENGLISH, "3/5/2024", date(2024, 3, 5)),
        (ENGLISH, "12/31/69", date(1969, 12, 31)),
        (SWEDISH, "24-03-05", date(2024, 3, 5)),
        (ISO, "2024/3/5", date(2024, 3, 5)),
        (ENGLISH, "5 Mar 2024", date(2024, 3, 5)),
        (ENGLISH, "March 5th, 2024", date(2024, 3, 5)),
        (ISO, "2024-02-29", date(2024, 2, 29)),
    ],
)
def test_dates_are_read_in_the_persons_order_and_iso_always(
    formats: Formats, text: str, day: date
) -> None:
    assert formats.parse_date(text) == day


@pytest.mark.parametrize(
    ("formats", "text"),
    [
        (ISO, "3/5/2024"), (ENGLISH, "31/12/2024"), (GERMAN, "12/31/2024"), (ISO, "2023-02-29"),
        (ISO, "2024-W01-1"), (ISO, "20240305"), (ISO, "0000-01-01"), (GERMAN, "1.2/2024"),
        (ISO, "tomorrow"), (ISO, "5 Foo 2024"), (ISO, "10000-01-01"), (ISO, "\u0662024-03-05"),
    ],
)  # fmt: skip
def test_dates_that_do_not_exist_or_may_be_mistaken_are_refused(
    formats: Formats, text: str
) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - parsers raise exactly this
        formats.parse_date(text)


@pytest.mark.parametrize(
    ("formats", "text", "moment"),
    [
        (GERMAN, "1.7.2024 12:30", datetime(2024, 7, 1, 10, 30, tzinfo=UTC)),
        (GERMAN, "1.1.2024 12:30", datetime(2024, 1, 1, 11, 30, tzinfo=UTC)),
        (ENGLISH, "1/2/2024 3:05 PM", datetime(2024, 1, 2, 20, 5, tzinfo=UTC)),
        (ENGLISH, "1/2/2024 12:05am", datetime(2024, 1, 2, 5, 5, tzinfo=UTC)),
        (GERMAN, "2024-01-02T03:04:05Z", datetime(2024, 1, 2, 3, 4, 5, tzinfo=UTC)),
        (GERMAN, "2024-01-02 03:04:05 UTC", datetime(2024, 1, 2, 3, 4, 5, tzinfo=UTC)),
        (GERMAN, "2024-01-02T03:04:05+02:00", datetime(2024, 1, 2, 1, 4, 5, tzinfo=UTC)),
        (GERMAN, "2024-01-02 03:04-0530", datetime(2024, 1, 2, 8, 34, tzinfo=UTC)),
        (ISO, "2024-01-02", datetime(2024, 1, 2, tzinfo=UTC)),
        (INDIAN, "2024-01-02", datetime(2024, 1, 1, 18, 30, tzinfo=UTC)),
        (ISO, "5 Mar 2024 10:00", datetime(2024, 3, 5, 10, tzinfo=UTC)),
    ],
)
def test_moments_without_a_zone_are_the_persons_and_become_utc(
    formats: Formats, text: str, moment: datetime
) -> None:
    assert formats.parse_moment(text)[0] == moment


@pytest.mark.parametrize(
    "text", ["25:00", "2024-01-01 25:00", "2024-01-01 10:61", "2024-01-01 13:00 pm",
             "0001-01-01T00:00:00+05:00", "2024-01-01T10:00:00+99:00", "10:00", "x 10:00"]
)  # fmt: skip
def test_moments_that_do_not_exist_are_refused(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - parsers raise exactly this
        ISO.parse_moment(text)


def test_numbers_and_dates_are_written_as_the_person_writes_them() -> None:
    assert ENGLISH.number_text(Decimal("-1234567.50")) == "-1,234,567.50"
    assert GERMAN.number_text(1234, min_decimals=2) == "1.234,00"
    assert FRENCH.number_text(Decimal("12345.5"), min_decimals=2) == "12\u202f345,50"
    assert ISO.number_text(1234567) == "1234567"
    assert ENGLISH.date_text(date(2024, 3, 5)) == "03/05/2024"
    assert GERMAN.date_text(date(824, 3, 5)) == "05.03.0824"
    moment = datetime(2024, 3, 5, 20, 7, tzinfo=UTC)
    assert ENGLISH.moment_text(moment) == "03/05/2024 03:07 PM"
    assert GERMAN.moment_text(moment) == "05.03.2024 21:07"
    assert ENGLISH.moment_text(datetime.min.replace(tzinfo=UTC)).startswith("01/01/0001")

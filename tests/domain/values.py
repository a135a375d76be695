"""Fields and values for the tests of field types: made by hand and by hypothesis."""

import string
from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from crm_desktop.domain.field_types import EffectiveField, merge_field
from crm_desktop.domain.formats import Formats

ENGLISH = Formats(".", ",", "mdy", "/", ZoneInfo("America/New_York"), 6, has_am_pm=True)
GERMAN = Formats(",", ".", "dmy", ".", ZoneInfo("Europe/Berlin"))
FRENCH = Formats(",", "\u202f", "dmy", "/", ZoneInfo("Europe/Paris"))
SWISS = Formats(".", "\u2019", "dmy", ".", ZoneInfo("Europe/Zurich"))
INDIAN = Formats(".", ",", "dmy", "-", timezone(timedelta(hours=5, minutes=30)))
SWEDISH = Formats(",", "\u00a0", "ymd", "-", ZoneInfo("Europe/Stockholm"))
ISO = Formats.iso()
ALL_FORMATS = (ENGLISH, GERMAN, FRENCH, SWISS, INDIAN, SWEDISH, ISO)


def make_field(type_: str, config: Any = None, **more: Any) -> EffectiveField:
    return merge_field(
        id="fld_1", name="thing", label="Thing", type=type_, config=config or {}, **more
    )


texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=30)
numbers = st.integers(-(10**30), 10**30) | st.decimals(
    allow_nan=False, allow_infinity=False, min_value=-(10**12), max_value=10**12, places=None
).map(lambda number: number or abs(number)).filter(
    lambda number: -20 < int(number.as_tuple().exponent) < 0
)
days = st.dates().map(lambda day: day.isoformat())


@st.composite
def moments(draw: st.DrawFn) -> str:
    """Draw a moment in one of the forms that Python, JavaScript and PostgreSQL write."""
    moment = draw(st.datetimes(datetime(1, 1, 3), datetime(9999, 12, 29)))  # noqa: DTZ001 - UTC
    text = moment.replace(microsecond=0).isoformat()
    fraction = draw(st.sampled_from(["", ".000", ".5", ".123456", ".000001", ".123456789"]))
    return text + fraction + draw(st.sampled_from(["Z", "+00:00"]))


words = st.text(string.ascii_letters + " ,;\"\n'[]{}äß", min_size=1, max_size=6)


@st.composite
def option_lists(draw: st.DrawFn) -> list[dict[str, str]]:
    """Draw options whose labels and values are easily mistaken for each other."""
    names = st.sampled_from(["a", "b", "A", "a, b", '"a"', '["a"]', "a;b"]) | words
    entries = draw(st.lists(st.tuples(names, names), min_size=1, max_size=6))
    return [{"value": value, "label": label} for value, label in entries]


@st.composite
def choices(draw: st.DrawFn, *, several: bool) -> tuple[EffectiveField, Any]:
    options = draw(option_lists())
    config = {"options": options, "allowCustom": draw(st.booleans())}
    values = st.sampled_from([option["value"] for option in options])
    if config["allowCustom"]:
        values = values | words
    if several:
        return make_field("multiselect", config), draw(st.lists(values, min_size=1, max_size=4))
    return make_field("select", config), draw(values)


json_values = st.recursive(
    st.none() | st.booleans() | numbers | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)
ids = st.text(string.ascii_lowercase + string.digits + "_", min_size=1, max_size=12).map(
    "rec_{}".format
)
files = st.fixed_dictionaries({"name": words, "size": st.integers(0, 10**9), "url": words})


Drawn = st.SearchStrategy[tuple[EffectiveField, Any]]


def plain(type_: str, config: Mapping[str, Any], values: st.SearchStrategy[Any]) -> Drawn:
    return values.map(lambda value: (make_field(type_, config), value))


labels = st.fixed_dictionaries({"trueLabel": words, "falseLabel": words})
emails = ids.map("{}@example.com".format)
BY_TYPE: dict[str, Drawn] = {
    "text": plain("text", {}, texts),
    "textarea": plain("textarea", {}, texts),
    "email": plain("email", {}, texts)
    | plain("email", {"allowMultiple": True}, emails | st.lists(emails, min_size=1) | words),
    "phone": plain("phone", {}, texts),
    "url": plain("url", {}, texts),
    "number": plain("number", {"prefix": "No. "}, numbers),
    "currency": plain("currency", {"currency": "EUR"}, numbers)
    | plain("currency", {"symbol": "kr"}, numbers),
    "percentage": plain("percentage", {}, numbers),
    "date": plain("date", {}, days),
    "datetime": plain("datetime", {}, moments()),
    "boolean": st.tuples(labels.map(lambda config: make_field("boolean", config)), st.booleans()),
    "checkbox": plain("checkbox", {}, st.booleans()),
    "select": choices(several=False),
    "radio": choices(several=False),
    "multiselect": choices(several=True),
    "reference": plain("reference", {}, ids)
    | plain("reference", {"allowMultiple": True}, ids | st.lists(ids, min_size=1)),
    "lookup": plain("lookup", {"lookupObject": "user"}, st.uuids().map(str)),
    "file": plain("file", {}, files | st.lists(files, min_size=1)),
    "image": plain("image", {}, files),
    "unknown": plain("hologram", {}, json_values),
}

"""Looking for text and putting other text in its place."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm_desktop.domain.errors import Invalid
from crm_desktop.domain.text_search import Finder, TextSearch


def replaced(search: TextSearch, replacement: str, text: str) -> str:
    return Finder(search).replacer(replacement)(text)


def test_text_is_found_in_any_case_or_exactly_anywhere_or_as_a_whole() -> None:
    assert replaced(TextSearch("an"), "-", "An Anna") == "- -na"
    assert replaced(TextSearch("An", matches_case=True), "-", "an Anna") == "an -na"
    assert replaced(TextSearch("anna", is_whole=True), "-", "Anna") == "-"
    assert not Finder(TextSearch("ann", is_whole=True)).finds("anna")
    assert replaced(TextSearch(".*"), r"\1", "a.*b") == r"a\1b"


def test_expressions_name_groups_and_take_bounded_time() -> None:
    search = TextSearch(r"(\w+)@(\w+)", is_expression=True)
    assert replaced(search, r"\2 at \1", "ada@home bob@work") == "home at ada work at bob"
    with pytest.raises(Invalid, match="no regular expression"):
        Finder(TextSearch("a)|(b", is_expression=True, is_whole=True))
    with pytest.raises(Invalid, match="replacement"):
        Finder(search).replacer(r"\7")
    with pytest.raises(Invalid, match="too long"):
        Finder(TextSearch("(a|aa|a?)+$", is_expression=True)).finds("a" * 5000 + "b")
    with pytest.raises(Invalid, match="look for"):
        Finder(TextSearch(""))


@given(st.text(min_size=1), st.text(), st.text())
def test_plain_text_is_replaced_as_python_does(search: str, put: str, text: str) -> None:
    assert replaced(TextSearch(search, matches_case=True), put, text) == text.replace(search, put)

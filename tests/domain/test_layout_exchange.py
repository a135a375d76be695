"""Layouts as documents, and the arrangement of one layout taken over into another."""

from decimal import Decimal

import pytest

from crm_desktop.domain import layout_draft
from crm_desktop.domain.errors import Invalid
from crm_desktop.domain.json_text import json_text, json_value
from crm_desktop.domain.layout_copying import compared, copied
from crm_desktop.domain.layout_documents import (
    FieldWords,
    as_draft,
    fitted,
    layout_document,
    read_document,
)
from crm_desktop.domain.layout_draft import Layout, is_same, is_valid
from tests.domain.layouts import layout_of, text_of

HERE = layout_of("A: a b* | B: c")
WORDS = {f"fld_{name}": FieldWords(name, name.upper(), "text") for name in "abc"}


def test_a_document_gives_back_the_whole_layout() -> None:
    layout = layout_draft.set_attribute(HERE, ["ofd_a"], "override:min", Decimal("1.50"))
    layout = layout_draft.set_attribute(layout, ["ofd_c"], "width", 3)
    layout = layout_draft.change_section(layout, "B", columns=1, is_collapsible=True)
    said = json_value(json_text(layout_document(layout, "Deal", WORDS)))
    again = as_draft(said)
    assert again is not None
    assert is_same(again, layout)


@pytest.mark.parametrize(
    "said",
    [
        None,
        [],
        {},
        {"format": "crm-desktop layout", "version": 9, "sections": [{}]},
        {"format": "crm-desktop layout", "version": 1, "sections": []},
    ],
)
def test_what_is_no_layout_is_refused(said: object) -> None:
    with pytest.raises(Invalid):
        read_document(said)
    assert as_draft(said) is None


def test_odd_parts_of_a_document_are_passed_over() -> None:
    said = {
        "format": "crm-desktop layout",
        "version": 1,
        "sections": [3, {"title": 7, "columns": 9, "fields": [1, {"field": 5}, {"name": "a"}]}],
    }
    document = read_document(said)
    layout, missing = fitted(document, {"a": ("fld_a", "text")})
    assert text_of(layout) == ": | : a"
    assert missing == ()


def test_fields_are_found_by_id_or_by_name_of_the_same_type() -> None:
    document = read_document(layout_document(HERE, "", WORDS))
    known = {"fld_a": ("fld_a", "text"), "b": ("fld_other", "text"), "c": ("fld_c", "number")}
    layout, missing = fitted(document, known)
    assert text_of(layout) == "A: a other* | B:"
    assert [words.name for words in missing] == ["c"]


def test_a_copied_arrangement_detaches_nothing() -> None:
    other = layout_of("X: c x | Y: a*")
    layout = copied(HERE, other, {"fld_x": "ofd_new"})
    assert text_of(layout) == "X: c x | Y: a* | Other fields: b*"
    assert is_valid(layout)
    assert layout.ids() == ["ofd_c", "ofd_new", "ofd_a", "ofd_b"]
    assert text_of(copied(HERE, Layout(), {})) == ": | Other fields: a b* c"


def test_two_layouts_are_compared_field_by_field() -> None:
    found = compared(HERE, layout_of("A: a* b* | C: d"))
    assert [(each.field_id, each.here, each.there, each.differing) for each in found] == [
        ("fld_a", ("A", 1), ("A", 1), ("is_required",)),
        ("fld_b", ("A", 2), ("A", 2), ()),
        ("fld_c", ("B", 1), None, ()),
        ("fld_d", None, ("C", 1), ()),
    ]
    assert [each.is_same for each in found] == [False, True, False, False]

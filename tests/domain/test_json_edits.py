from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from crm_desktop.domain.json_edits import ABSENT, JsonEdit, applied, json_edits, same_json

leaves = st.none() | st.booleans() | st.integers() | st.decimals(allow_nan=False) | st.text()
values = st.recursive(
    leaves,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=12,
)
documents = st.dictionaries(st.text(), values, max_size=4)


@given(documents, documents)
def test_the_edits_between_two_documents_turn_one_into_the_other(
    old: dict[str, Any], new: dict[str, Any]
) -> None:
    assert same_json(applied(old, json_edits(old, new)), new)


@given(documents)
def test_a_document_needs_no_edits_to_become_itself(document: dict[str, Any]) -> None:
    assert json_edits(document, document) == ()


def test_only_changed_paths_are_named() -> None:
    old = {"a": 1, "validation": {"min": 1, "max": 2}, "gone": None, "list": [1, 2]}
    new = {"a": 1, "validation": {"min": 1, "max": 3}, "list": [1], "new": False}
    assert json_edits(old, new) == (
        JsonEdit(("validation", "max"), 2, 3),
        JsonEdit(("gone",), None, ABSENT),
        JsonEdit(("list",), [1, 2], [1]),
        JsonEdit(("new",), ABSENT, False),
    )


def test_numbers_that_look_different_are_different_and_truth_is_no_number() -> None:
    assert same_json(Decimal("1.50"), Decimal("1.50"))
    assert not same_json(Decimal("1.50"), Decimal("1.5"))
    assert not same_json(1, True)
    assert not same_json(1, Decimal(1))

"""What steps make of a layout, and the way back and forth between them."""

import pytest

from crm_desktop.domain import layout_draft
from crm_desktop.domain.json_edits import ABSENT
from crm_desktop.domain.layout_changes import Kind, changes_against
from crm_desktop.domain.layout_draft import Act, Draft, Entry, Layout, Section, Step
from tests.domain.layouts import layout_of, text_of

DEAL = layout_of("A: a b c | B: d e | C:")


def ids(names: str) -> list[str]:
    return [f"ofd_{name}" for name in names.split()]


@pytest.mark.parametrize(
    ("names", "key", "index", "expected"),
    [
        ("c", "A", 0, "A: c a b | B: d e | C:"),
        ("a", "A", 3, "A: b c a | B: d e | C:"),
        ("e a", "B", 1, "A: b c | B: d a e | C:"),
        ("a d", "C", 0, "A: b c | B: e | C: a d"),
        ("b", "A", 2, "A: a b c | B: d e | C:"),
    ],
)
def test_moved_fields_stand_together_where_they_were_dropped(
    names: str, key: str, index: int, expected: str
) -> None:
    assert text_of(layout_draft.move(DEAL, ids(names), key, index)) == expected


@pytest.mark.parametrize(
    ("names", "step", "expected"),
    [
        ("b", -1, "A: b a c | B: d e | C:"),
        ("a b", 1, "A: c a b | B: d e | C:"),
        ("a", -1, "A: a b c | B: d e | C:"),
        ("d", -1, "A: a b c d | B: e | C:"),
        ("c", 1, "A: a b | B: c d e | C:"),
        ("e", 1, "A: a b c | B: d | C: e"),
    ],
)
def test_a_step_up_or_down_goes_on_into_the_next_section(
    names: str, step: int, expected: str
) -> None:
    assert text_of(layout_draft.move_by(DEAL, ids(names), step)) == expected


def test_the_end_is_that_of_the_section_and_then_that_of_the_layout() -> None:
    once = layout_draft.move_to_end(DEAL, ids("e"), -1)
    assert text_of(once) == "A: a b c | B: e d | C:"
    assert text_of(layout_draft.move_to_end(once, ids("e"), -1)) == "A: e a b c | B: d | C:"
    last = layout_draft.move_to_end(layout_draft.move_to_end(DEAL, ids("b"), 1), ids("b"), 1)
    assert text_of(last) == "A: a c | B: d e | C: b"


def test_a_field_that_is_there_is_not_attached_again() -> None:
    new = [Entry("ofd_1", "fld_b"), Entry("ofd_2", "fld_x"), Entry("ofd_3", "fld_x")]
    assert text_of(layout_draft.attach(DEAL, new, "B", 1)) == "A: a b c | B: d x e | C:"


def test_the_fields_of_a_section_that_goes_stay_in_order() -> None:
    assert text_of(layout_draft.remove_section(DEAL, "B")) == "A: a b c d e | C:"
    assert text_of(layout_draft.remove_section(DEAL, "A")) == "B: a b c d e | C:"
    only = layout_of("A: a")
    assert layout_draft.remove_section(only, "A") == only


def test_sections_are_put_in_order_like_fields() -> None:
    assert text_of(layout_draft.move_section(DEAL, "C", 0)) == "C: | A: a b c | B: d e"
    assert text_of(layout_draft.move_section(DEAL, "A", 2)) == "B: d e | A: a b c | C:"


def test_undo_and_redo_lead_back_and_forth_and_a_new_step_ends_the_way_forth() -> None:
    one = layout_draft.move(DEAL, ids("a"), "C", 0)
    two = layout_draft.detach(one, ids("d"))
    draft = Draft(DEAL, DEAL).stepped(Step(Act.MOVE), one).stepped(Step(Act.DETACH), two)

    assert draft.undone().now == one
    assert draft.undone().undone().undone().now == DEAL
    assert draft.undone().redone() == draft
    assert not draft.undone().undone().is_changed
    assert draft.undone().stepped(Step(Act.MOVE), DEAL).future == ()
    assert draft.reverted().now == DEAL
    assert draft.reverted().undone().now == two
    assert draft.stepped(Step(Act.MOVE), two) is draft  # nothing was done


def test_changes_are_as_few_as_can_be() -> None:
    layout = layout_draft.move(DEAL, ids("c"), "B", 2)
    layout = layout_draft.set_attribute(layout, ids("a"), "is_required", True)
    layout = layout_draft.set_attribute(layout, ids("a"), "override:label", "Alpha")
    layout = layout_draft.detach(layout, ids("d"))
    layout = layout_draft.attach(layout, [Entry("ofd_x", "fld_x")], "A", 0)
    layout = layout_draft.change_section(layout, "A", columns=3)
    layout = layout_draft.remove_section(layout, "C")
    layout = layout_draft.add_section(layout, Section("D", "D"), 0)

    found = [
        (change.kind, change.subject, change.name, change.before, change.after)
        for change in changes_against(DEAL, layout)
    ]
    assert found == [
        (Kind.SECTION_ADDED, "D", "", None, "D"),
        (Kind.SECTION_SET, "A", "columns", 2, 3),
        (Kind.SECTION_REMOVED, "C", "", "C", None),
        (Kind.ATTACHED, "ofd_x", "", None, ("A", 1)),
        (Kind.SET, "ofd_a", "is_required", False, True),
        (Kind.SET, "ofd_a", "override:label", ABSENT, "Alpha"),
        (Kind.MOVED, "ofd_c", "", ("A", 3), ("B", 2)),
        (Kind.DETACHED, "ofd_d", "", ("B", 1), None),
    ]
    assert changes_against(DEAL, DEAL) == []


def test_moving_one_field_far_is_one_change() -> None:
    names = [f"f{number}" for number in range(100)]
    before = layout_of("A: " + " ".join(names))
    after = layout_draft.move(before, ["ofd_f99"], "A", 0)
    assert [change.subject for change in changes_against(before, after)] == ["ofd_f99"]


def test_an_override_is_dropped_as_it_was_set() -> None:
    changed = layout_draft.set_attribute(DEAL, ids("a"), "override:min", 1)
    assert changed != DEAL
    assert layout_draft.set_attribute(changed, ids("a"), "override:min", ABSENT) == DEAL


def test_a_layout_has_a_section_even_when_it_has_nothing() -> None:
    assert layout_draft.is_valid(Layout())
    assert not layout_draft.is_valid(layout_of("A: a | B: a"))

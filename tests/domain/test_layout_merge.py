"""Two people edit one layout: what they make of it together."""

from hypothesis import example, given, settings
from hypothesis import strategies as st

from crm_desktop.domain import layout_draft
from crm_desktop.domain.layout_draft import Act, Draft, Entry, Layout, Section, Step, is_valid
from crm_desktop.domain.layout_merge import Side, merge, rebased
from tests.domain.layouts import layout_of, text_of

BASE = layout_of("A: a b c | B: d e")


def together(mine: str, theirs: str, base: Layout = BASE) -> str:
    merged = merge(base, layout_of(mine), layout_of(theirs))
    assert merged.clashes == ()
    return text_of(merged.layout)


def test_changes_that_do_not_touch_both_stand() -> None:
    assert together("A: c a b | B: d e", "A: a b c | B: e d") == "A: c a b | B: e d"
    assert together("A: a b | B: d e", "A: a* b c | B: d") == "A: a* b | B: d"
    assert together("A: a* b c | B: d e", "A: b c | B: d e a") == "A: b c | B: d e a*"
    assert together("A: a b c x | B: d e", "A: a b c | B: y d e") == "A: a b c x | B: y d e"
    assert together("A: a b c | B: e", "A: c a b | B: d e") == "A: c a b | B: e"


def test_a_section_that_one_removes_stays_where_the_other_put_something() -> None:
    assert together("A: a b c d e", "A: a b | B: d e c") == "A: a b d e | B: c"
    assert together("A: a b c d e", "A: a b c | B: d e x") == "A: a b c d e | B: x"
    assert together("A: a b c d e", "A: a* b c | B: d e") == "A: a* b c d e"


def test_sections_are_recognised_by_title_and_by_what_is_in_them() -> None:
    mine = layout_draft.change_section(BASE, "A", title="Main")
    merged = merge(BASE, mine, layout_of("A: b a c | B: d e"))
    assert text_of(merged.layout) == "Main: b a c | B: d e"
    assert together("A: a b c x | B: d e", "A: a b c | Other: d e") == "A: a b c x | Other: d e"


def test_the_same_field_attached_by_both_is_there_once() -> None:
    mine = layout_draft.attach(BASE, [Entry("ofd_mine", "fld_x", is_required=True)], "A", 0)
    theirs = layout_draft.attach(BASE, [Entry("ofd_theirs", "fld_x", width=2)], "A", 0)
    merged = merge(BASE, mine, theirs)
    assert merged.clashes == ()
    assert merged.layout.by_id()["ofd_theirs"] == Entry("ofd_theirs", "fld_x", True, width=2)
    assert is_valid(merged.layout)


def test_what_both_changed_is_a_clash_that_either_side_can_win() -> None:
    mine = layout_draft.set_attribute(BASE, ["ofd_a"], "width", 2)
    theirs = layout_draft.set_attribute(BASE, ["ofd_a"], "width", 3)
    merged = merge(BASE, mine, theirs)
    assert [(c.subject, c.name, c.base, c.theirs, c.mine) for c in merged.clashes] == [
        ("ofd_a", "width", 0, 3, 2)
    ]
    assert merged.layout.by_id()["ofd_a"].width == 2
    settled = merge(BASE, mine, theirs, {("ofd_a", "width"): Side.THEIRS})
    assert settled.layout.by_id()["ofd_a"].width == 3


def test_a_field_moved_by_both_to_different_places_is_a_clash() -> None:
    mine, theirs = layout_of("A: b c | B: a d e"), layout_of("A: b c a | B: d e")
    merged = merge(BASE, mine, theirs)
    assert [(clash.subject, clash.name) for clash in merged.clashes] == [("ofd_a", "place")]
    assert text_of(merged.layout) == text_of(mine)
    settled = merge(BASE, mine, theirs, {("ofd_a", "place"): Side.THEIRS})
    assert text_of(settled.layout) == text_of(theirs)


def test_a_field_that_one_removes_and_the_other_changes_is_a_clash() -> None:
    mine, theirs = layout_of("A: b c | B: d e"), layout_of("A: a* b c | B: d e")
    merged = merge(BASE, mine, theirs)
    assert [(clash.subject, clash.name) for clash in merged.clashes] == [("ofd_a", "attached")]
    assert text_of(merged.layout) == "A: b c | B: d e"
    settled = merge(BASE, mine, theirs, {("ofd_a", "attached"): Side.THEIRS})
    assert text_of(settled.layout) == "A: a* b c | B: d e"


def test_undo_after_a_merge_takes_back_my_steps_alone() -> None:
    mine = layout_of("A: c a b | B: d e")
    draft = Draft(BASE, BASE).stepped(Step(Act.MOVE), mine)
    carried = rebased(draft, layout_of("A: a b c | B: e d"))
    assert text_of(carried.now) == "A: c a b | B: e d"
    assert text_of(carried.undone().now) == "A: a b c | B: e d"
    assert not carried.undone().is_changed


# Random sequences, by two people

FIELDS = "abcdefgh"


class Editing:
    """One person's draft; `steps` of it are drawn by number."""

    def __init__(self, stored: Layout, name: str) -> None:
        self.draft, self.name, self._made = Draft(stored, stored), name, 0

    def act(self, kind: int, number: int, place: int) -> None:
        layout = self.draft.now
        ids, section = layout.ids(), layout.sections[place % len(layout.sections)]
        chosen = ids[number % len(ids) :][: 1 + place % 3] if ids else []
        key, index = section.key, number % (len(section.entries) + 1)
        self._made += 1
        made = f"{self.name}{self._made}"
        steps = (
            lambda: layout_draft.move(layout, chosen, key, index),
            lambda: layout_draft.attach(
                layout, [Entry(f"ofd_{made}", f"fld_{FIELDS[number % 8]}")], key, index
            ),
            lambda: layout_draft.detach(layout, chosen),
            lambda: layout_draft.set_attribute(layout, chosen, "is_required", number % 2 == 0),
            lambda: layout_draft.add_section(layout, Section(made, f"T{number % 3}"), place % 2),
            lambda: layout_draft.remove_section(layout, key),
            lambda: layout_draft.move_section(layout, key, number % len(layout.sections)),
            lambda: layout_draft.move_by(layout, chosen, 1 if number % 2 else -1),
            lambda: layout_draft.move_to_end(layout, chosen, 1 if number % 2 else -1),
        )
        if kind < len(steps):
            self.draft = self.draft.stepped(Step(Act.MOVE), steps[kind]())
        else:
            self.draft = self.draft.undone() if kind == len(steps) else self.draft.redone()

    def save(self, stored: Layout) -> Layout:
        """Carry the draft over to what is stored by now, and store it."""
        merged = merge(self.draft.saved, self.draft.now, stored)
        wanted = set(self.draft.now.field_ids())
        there, before = stored.field_ids(), self.draft.saved.field_ids()
        kept = {clash.subject for clash in merged.clashes if clash.name == "attached"}
        known = self.draft.saved.by_id()
        anew = {e.field_id for each in (self.draft.now, stored) for e in each.entries()
                if e.id not in known}  # fmt: skip
        expected = (wanted & there) | (wanted - before) | (there - before) | anew
        assert expected <= merged.layout.field_ids()
        assert merged.layout.field_ids() <= wanted | there
        assert kept or merged.layout.field_ids() == expected
        self.draft = rebased(self.draft, stored)
        assert self.draft.now == merged.layout
        self.draft = self.draft.rebased(self.draft.now, lambda layout: layout)
        return self.draft.now


STEPS = st.lists(
    st.tuples(st.booleans(), st.integers(0, 12), st.integers(0, 30), st.integers(0, 7)),
    max_size=40,
)


@example([(False, 2, 0, 0), (True, 2, 0, 0), (False, 1, 0, 0)])  # both remove, one adds it again
@given(STEPS)
@settings(max_examples=300, deadline=None)
def test_any_steps_of_two_people_end_with_every_field_once(
    steps: list[tuple[bool, int, int, int]],
) -> None:
    stored = BASE
    people = (Editing(stored, "x"), Editing(stored, "y"))
    for is_second, kind, number, place in steps:
        person = people[is_second]
        if kind > 10:
            stored = person.save(stored)
        else:
            person.act(kind, number, place)
        assert is_valid(person.draft.now)
        assert is_valid(stored)
    for person in people:
        stored = person.save(stored)
        depth = len(person.draft.past)
        for _ in range(depth):
            person.draft = person.draft.undone()
            assert is_valid(person.draft.now)
        for _ in range(depth):
            person.draft = person.draft.redone()
        assert person.draft.now == stored

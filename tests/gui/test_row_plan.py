"""The plan of a grouped list against a plain list of its rows."""

from hypothesis import given
from hypothesis import strategies as st

from crm_desktop.gui.models.row_plan import RowPlan

COUNTS = st.lists(st.integers(min_value=1, max_value=6), max_size=8)
FOLDED = st.sets(st.integers(min_value=0, max_value=7))


def plain(counts: list[int], folded: set[int]) -> list[int]:
    """Give what stands in each shown row: a record's number, or ~group for a heading."""
    rows: list[int] = []
    first = 0
    for group, count in enumerate(counts):
        rows.append(~group)
        rows += [] if group in folded else range(first, first + count)
        first += count
    return rows


@given(COUNTS, FOLDED)
def test_rows_and_records_lead_to_each_other(counts: list[int], folded: set[int]) -> None:
    plan, rows = RowPlan(counts, folded), plain(counts, folded)
    assert (plan.rows, plan.records) == (len(rows), sum(counts))
    assert [plan.place_of(row) for row in range(len(rows))] == rows
    assert [plan.heading_of(group) for group in range(len(counts))] == [
        rows.index(~group) for group in range(len(counts))
    ]
    for record in range(sum(counts) + 1):
        assert plan.row_of(record) == (rows.index(record) if record in rows else -1)
    for row, place in enumerate(rows):
        group = plan.group_of(row)
        assert (group == ~place) if place < 0 else (place in plan.records_of(group))


@given(COUNTS, FOLDED, st.integers(0, 60), st.integers(0, 60))
def test_a_span_of_rows_names_the_records_shown_in_it(
    counts: list[int], folded: set[int], first: int, last: int
) -> None:
    plan, rows = RowPlan(counts, folded), plain(counts, folded)
    found = [n for start, end in plan.spans(first, last) for n in range(start, end + 1)]
    assert found == [place for place in rows[first : last + 1] if place >= 0]


@given(COUNTS, FOLDED, st.data())
def test_a_range_of_records_names_the_rows_that_show_it(
    counts: list[int], folded: set[int], data: st.DataObject
) -> None:
    plan, rows = RowPlan(counts, folded), plain(counts, folded)
    if not counts:
        return
    first = data.draw(st.integers(0, sum(counts) - 1))
    last = data.draw(st.integers(first, sum(counts) - 1))
    start, end = plan.rows_between(first, last)
    shown = [place for place in rows[start : end + 1] if place >= 0]
    assert shown == [place for place in rows if first <= place <= last]


@given(COUNTS, FOLDED, st.integers(0, 60))
def test_near_every_row_there_is_a_record(counts: list[int], folded: set[int], row: int) -> None:
    plan, rows = RowPlan(counts, folded), plain(counts, folded)
    near = plan.record_near(row)
    assert near in range(max(1, sum(counts)))
    if row < len(rows) and rows[row] >= 0:
        assert near == rows[row]


def test_records_that_are_not_of_the_group_above_them_do_not_fit() -> None:
    plan = RowPlan([2, 3, 4])  # the last is all that follows
    known = ["a", None]
    assert plan.fits(0, ["a", "a", None, None], known)
    assert plan.fits(4, [None, "x", "y"], known)
    assert not plan.fits(1, ["a", "a"], known)  # one more than were counted
    assert not plan.fits(1, [None], known)
    assert not plan.fits(5, ["a"], known)
    assert not plan.fits(8, ["x", "y"], known)


def test_a_million_records_in_a_thousand_groups_cost_a_search_among_the_groups() -> None:
    plan = RowPlan([1000] * 1000, range(0, 1000, 2))
    assert (plan.rows, plan.records) == (501_000, 1_000_000)
    assert plan.place_of(500_999) == 999_999
    assert plan.row_of(999_999) == 500_999
    assert list(plan.spans(0, 1001)) == [(1000, 1999)]

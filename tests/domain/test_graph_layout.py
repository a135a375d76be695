"""Layouts of graphs: nothing overlaps, the same graph looks the same, and one can stop them."""

from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crm_desktop.domain.graph import Ends, Size, components, neighbourhood
from crm_desktop.domain.graph_layout import (
    LAYERED_AT_MOST,
    ORGANIC_AT_MOST,
    Arrangement,
    arrange,
    forward_edges,
    possible,
)
from crm_desktop.domain.graph_spacing import Points, place_new, push_apart

GAP = 20.0
Graph = tuple[dict[str, Size], list[Ends]]


@st.composite
def graphs(draw: st.DrawFn) -> Graph:
    count = draw(st.integers(1, 14))
    heights = draw(st.lists(st.integers(30, 300), min_size=count, max_size=count))
    sizes = {f"n{number}": (200.0, float(high)) for number, high in enumerate(heights)}
    end = st.sampled_from(sorted(sizes))
    return sizes, draw(st.lists(st.tuples(end, end), max_size=24))


def overlaps(points: Points, sizes: dict[str, Size]) -> list[tuple[str, str]]:
    found = []
    for one, other in combinations(points, 2):
        (x, y), (u, v) = points[one], points[other]
        (w, h), (s, t) = sizes[one], sizes[other]
        if x < u + s and u < x + w and y < v + t and v < y + h:
            found.append((one, other))
    return found


@settings(max_examples=40, deadline=None)
@given(graphs(), st.sampled_from(Arrangement))
def test_every_node_has_a_place_of_its_own_and_always_the_same(
    graph: Graph, wanted: Arrangement
) -> None:
    sizes, ends = graph
    points = arrange(wanted, sizes, ends, gap=GAP)
    assert points is not None
    assert points.keys() == sizes.keys()
    assert overlaps(points, sizes) == []
    assert arrange(wanted, sizes, ends, gap=GAP) == points


@settings(max_examples=40, deadline=None)
@given(graphs(), st.data())
def test_new_nodes_are_placed_where_there_is_room_and_the_others_stay(
    graph: Graph, data: st.DataObject
) -> None:
    sizes, ends = graph
    kept = data.draw(st.sets(st.sampled_from(sorted(sizes))))
    before = arrange(Arrangement.GRID, {each: sizes[each] for each in sorted(kept)}, [], gap=GAP)
    assert before is not None
    points = place_new(before, sizes, ends, GAP)
    assert {each: points[each] for each in before} == before
    assert overlaps(points, sizes) == []


def test_nodes_at_one_place_are_pushed_apart() -> None:
    sizes = {f"n{number}": (100.0, 40.0) for number in range(60)}
    points = push_apart(dict.fromkeys(sizes, (0.0, 0.0)), sizes, GAP)
    assert points is not None
    assert overlaps(points, sizes) == []


@settings(max_examples=60, deadline=None)
@given(graphs())
def test_turning_edges_round_leaves_no_circle(graph: Graph) -> None:
    sizes, ends = graph
    edges = forward_edges(list(sizes), ends)
    assert {frozenset(each) for each in edges} == {
        frozenset(each) for each in ends if each[0] != each[1]
    }
    rest = set(sizes)
    while rest:
        first = [each for each in rest if not any(b == each and a in rest for a, b in edges)]
        assert first, "a circle is left"
        rest -= set(first)


@pytest.mark.parametrize("wanted", [Arrangement.LAYERED, Arrangement.ORGANIC])
def test_an_arrangement_that_is_stopped_has_no_result(wanted: Arrangement) -> None:
    sizes = {f"n{number}": (100.0, 40.0) for number in range(30)}
    ends = [(f"n{number}", f"n{number // 2}") for number in range(1, 30)]
    answers = iter([True] * 1 + [False] * 100)
    if wanted is Arrangement.LAYERED:
        answers = iter([False] * 100)
    assert arrange(wanted, sizes, ends, gap=GAP, should_go_on=lambda: next(answers)) is None


def test_a_graph_of_long_chains_across_each_other_is_layered_all_the_same() -> None:
    """The library alone takes minutes for this one, and lets nothing else run meanwhile."""
    count = LAYERED_AT_MOST
    sizes = {str(number): (200.0, 80.0) for number in range(count)}
    ends = [
        (str(number * 7919 % count), str((number * 104729 + number // 3 + 1) % count))
        for number in range(3 * count)
    ]
    points = arrange(Arrangement.LAYERED, sizes, ends, gap=GAP)
    assert points is not None
    assert len(points) == count
    assert overlaps(points, sizes) == []


@pytest.mark.parametrize(
    ("wanted", "nodes", "edges", "gets"),
    [
        (Arrangement.LAYERED, LAYERED_AT_MOST, 900, Arrangement.LAYERED),
        (Arrangement.LAYERED, LAYERED_AT_MOST + 1, 900, Arrangement.ORGANIC),
        (Arrangement.LAYERED, 100, 2000, Arrangement.ORGANIC),
        (Arrangement.ORGANIC, ORGANIC_AT_MOST + 1, 0, Arrangement.GRID),
        (Arrangement.LAYERED, ORGANIC_AT_MOST + 1, 0, Arrangement.GRID),
    ],
)
def test_a_graph_that_is_too_large_gets_a_simpler_arrangement(
    wanted: Arrangement, nodes: int, edges: int, gets: Arrangement
) -> None:
    assert possible(wanted, nodes, edges) is gets


def test_a_neighbourhood_ends_at_its_depth() -> None:
    chain = [("a", "b"), ("b", "c"), ("d", "c"), ("x", "y")]
    assert neighbourhood(chain, "a", 1) == {"a", "b"}
    assert neighbourhood(chain, "a", 3) == {"a", "b", "c", "d"}


def test_what_hangs_together_is_found_and_the_largest_comes_first() -> None:
    found = components(["x", "a", "b", "c", "y"], [("a", "b"), ("c", "b"), ("x", "y")])
    assert [sorted(each) for each in found] == [["a", "b", "c"], ["x", "y"]]
    assert found[0][0] == "b"

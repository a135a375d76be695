"""What a record graph shows, as a value; how that is drawn, and where what is new stands."""

from datetime import UTC, datetime
from itertools import combinations

from crm_desktop.gui.graph.record_content import Content, Rest
from crm_desktop.gui.graph.record_drawing import draw, rest_words, summary
from crm_desktop.gui.graph.record_places import parents_of, places_around
from crm_desktop.services.record_graph import (
    GraphLink,
    GraphRecord,
    LinkCount,
    RecordGraph,
    Side,
)
from crm_desktop.services.relationships import RelatedObject, RelationshipSummary

COMPANY = RelatedObject("obj_company", "company", "Company", "Companies", None)
CONTACT = RelatedObject("obj_contact", "contact", "Contact", "Contacts", "user")
MOMENT = datetime(2026, 1, 1, tzinfo=UTC)
STAFF = RelationshipSummary(
    "rel_staff", "staff", "1:N", COMPANY, CONTACT, None, None, 1, MOMENT, None
)
RELATIONSHIPS = {STAFF.id: STAFF}
FROM, TO = Side("rel_staff", is_from=True), Side("rel_staff", is_from=False)


def record(name: str, distance: int = 1) -> GraphRecord:
    return GraphRecord(name, "obj_contact", "Contact", None, name, distance)


def graph(*pairs: str, counts: tuple[LinkCount, ...] = ()) -> RecordGraph:
    """Make a graph of links, each written as the letters of its ends."""
    records = tuple(record(name) for name in dict.fromkeys("".join(pairs)))
    links = tuple(GraphLink(pair, "rel_staff", pair[0], pair[1], {}) for pair in pairs)
    return RecordGraph(records, links, counts, is_full=False)


def test_collapsing_takes_away_only_what_hangs_on_that_record_alone() -> None:
    content = Content("a").with_graph(graph("ab", "ac", "bd", "cd", "be", "ef", "fe"), "ab")
    assert set(content.collapsed("b").records) == set("abcd")
    assert set(content.collapsed("b").links) == {"ab", "ac", "bd", "cd"}
    assert content.collapsed("b").expanded == {"a"}
    assert set(content.collapsed("a").records) == {"a"}
    assert set(content.collapsed("d").records) == set("abcdef")


def test_what_is_counted_and_not_drawn_is_said() -> None:
    counts = (LinkCount("a", "rel_staff", True, 3, False), LinkCount("b", "", True, 900, True))
    content = Content("a").with_graph(graph("ab", counts=counts), "ab")
    rests = {rest.record_id: rest for found in content.rests().values() for rest in found}
    assert rests["a"] == Rest("a", FROM, 2, 3, is_least=False, is_opened=True)
    assert rest_words(rests["a"], RELATIONSHIPS) == "2 Contacts that you may not see"
    assert rest_words(rests["b"], RELATIONSHIPS) == "900+ links"
    one = Rest("a", TO, 1, 3, is_least=False, is_opened=False)
    assert rest_words(one, RELATIONSHIPS) == "1 more Company"


def test_an_exact_count_is_kept_when_the_record_is_only_glanced_at_again() -> None:
    exact, rough = (
        LinkCount("a", "rel_staff", True, 900, False),
        LinkCount("a", "", True, 900, False),
    )
    content = Content("a").with_graph(graph("ab", counts=(exact,)), "a")
    again = content.with_graph(graph("ab", "bc", counts=(rough,)), "b")
    assert list(again.counts.values()) == [exact]


def test_reading_again_keeps_the_order_and_forgets_what_is_gone() -> None:
    content = Content("a").with_graph(graph("ab", "ac", "cd"), "ac")
    again = content.read_again(graph("dc", "ca", "cd"))
    assert list(again.records) == ["a", "c", "d"]
    assert set(again.links) == {"dc", "ca", "cd"}
    assert again.read_again(graph("dc", "ca", "cd")) == again


def test_a_record_with_two_links_where_one_is_allowed_stands_out() -> None:
    counts = (
        LinkCount("c", "rel_staff", False, 2, False),
        LinkCount("d", "rel_staff", False, 1, False),
    )
    drawing = draw(
        Content("a").with_graph(graph("ac", "bc", "ad", counts=counts), "a"), RELATIONSHIPS
    )
    edges = {edge.id: edge for edge in drawing.edges}
    assert [edges[id_].is_breach for id_ in ("ac", "bc", "ad")] == [True, True, False]
    assert edges["bc"].words == (
        "b → c: Contacts. “c” has several links under “staff”, which allows one."
    )


def test_the_data_of_a_link_is_summed_up() -> None:
    data = {"role": "CEO", "note": "", "since": None, "share": 0.5, "level": 3}
    assert summary(data) == "CEO, 0.5, …"
    assert summary(data, most=9, has_keys=True) == "role: CEO, share: 0.5, level: 3"
    assert (summary(None), summary([1, "x"])) == ("", '[1, "x"]')


def test_what_is_new_stands_apart_near_its_parent_and_moves_nothing() -> None:
    names = [f"n{number}" for number in range(45)]
    sizes = dict.fromkeys(["a", "b", "c", *names, "leaf"], (200.0, 40.0))
    known = {"a": (0.0, 0.0), "b": (500.0, 0.0), "c": (700.0, 90.0)}
    ends = [("a", "b"), ("b", "c"), *(("b", name) for name in names), ("n7", "leaf")]
    placed = places_around(known, sizes, parents_of(sizes, ends, known), "a", 60)
    assert placed.keys() == sizes.keys()
    assert placed.items() >= known.items()
    for (x, y), (u, v) in combinations(placed.values(), 2):
        assert abs(x - u) >= 230 or abs(y - v) >= 70
    assert sum(placed[name][0] > 0 for name in names) > 40

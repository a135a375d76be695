from crm_desktop.domain.field_references import paths_naming
from crm_desktop.domain.impact_nodes import Effect, Group, Kind, Node, total, walk, with_nodes

LINKS = Node("links", Kind.LINK, Effect.GOES, "", Group.LINKS, None)
STRAYS = Node("strays", Kind.LINK, Effect.GOES, "", Group.STRAYS, None)
ROOT = Node("root", Kind.OBJECT, Effect.GOES, "Company", children=(LINKS, STRAYS))


def link(key: str, count: int) -> Node:
    return Node(key, Kind.LINK, Effect.GOES, key, count=count)


def test_what_was_counted_takes_its_place_and_keeps_what_stood_below() -> None:
    sides = (link("from", 2), link("to", 3))
    counted = Node("links", Kind.LINK, Effect.GOES, "", Group.LINKS, 5, children=sides)
    known = with_nodes(ROOT, [counted, Node("root", Kind.OBJECT, Effect.GOES, "Firm")])
    assert [(depth, node.key, node.count) for depth, node in walk(known)] == [
        (0, "root", 1),
        (1, "links", 5),
        (2, "from", 2),
        (2, "to", 3),
        (1, "strays", None),
    ]
    assert known.label == "Firm"
    assert total(known, Kind.LINK, Effect.GOES) == 5


def test_what_is_hardly_ever_there_is_left_out_once_there_is_none() -> None:
    known = with_nodes(ROOT, [Node("strays", Kind.LINK, Effect.GOES, "", Group.STRAYS, 0)])
    assert [node.key for _, node in walk(known)] == ["root", "links"]


def test_ids_are_found_as_texts_and_as_keys_at_any_depth() -> None:
    document = {"a": [{"b": "fld_x"}, "fld_y"], "widths": {"fld_x": 12}, "fld_xx": "fld_xx"}
    found = list(paths_naming(document, {"fld_x"}))
    assert found == [("a", "0", "b"), ("widths", "fld_x")]

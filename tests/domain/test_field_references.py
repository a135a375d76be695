"""Where documents name a field, and what is written there when another one takes its place."""

from crm_desktop.domain.field_references import PlaceEdit, replaced_references


def test_every_place_that_names_the_field_is_found_with_its_path() -> None:
    views = {
        "forms": [{"layout": [{"section": "old", "fields": ["a", "old", "new", 1]}, "old text"]}],
        "tables": [{"sortBy": "old", "filters": [{"field": "old", "value": 1.5}]}],
        "kanbans": "no list",
        "widths": {"a": 1, "old": 2},
        "both": {"new": 5, "old": 2},
    }
    assert replaced_references(views, "old", "new") == [
        PlaceEdit(("forms", "0", "layout", "0", "section"), "old", "new"),
        PlaceEdit(("forms", "0", "layout", "0", "fields"), ["a", "old", "new", 1], ["a", "new", 1]),
        PlaceEdit(("tables", "0", "sortBy"), "old", "new"),
        PlaceEdit(("tables", "0", "filters", "0", "field"), "old", "new"),
        PlaceEdit(("widths",), {"a": 1, "old": 2}, {"a": 1, "new": 2}),
        PlaceEdit(("both",), {"new": 5, "old": 2}, {"new": 5}),
    ]
    assert replaced_references(views, "none", "new") == []

"""The forms of an object: choosing, adding, copying, naming and deleting them."""

import json
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from sqlalchemy import select

from crm_desktop.db.tables import CrmObject
from crm_desktop.domain.errors import Conflict, Invalid
from crm_desktop.services import forms, layout_saving
from crm_desktop.services.forms import FormDraft
from tests.domain.layouts import text_of
from tests.make import Make

ELSEWHERE: list[dict[str, Any]] = [
    {"id": "f1", "name": "Main", "isDefault": True, "tint": 1.50, "layout": [
        {"section": "Top", "fields": ["fld_name", "fld_stage"]},
        {"section": "Rest", "fields": ["fld_amount"]},
    ]},
    {"odd": True},
    {"name": "Short", "layout": [
        {"section": "Money", "fields": ["fld_amount"]},
        {"section": "Who", "fields": ["fld_name", "fld_stage"]},
    ]},
]  # fmt: skip


@pytest.fixture
def deal(make: Make) -> str:
    deal = make.object("deal", fields=["name", "stage", "amount"])
    make.sql(
        "UPDATE objects SET views = CAST(:views AS jsonb)",
        views=json.dumps({"forms": ELSEWHERE, "tables": []}),
    )
    return deal


def stored(make: Make) -> layout_saving.StoredLayout:
    with make.database.read(make.admin) as session:
        return layout_saving.load_layout(session, "obj_deal")


def change(make: Make, act: Callable[..., None], *args: object) -> None:
    with make.database.write(make.admin) as session:
        act(session, "obj_deal", *args)


def names(make: Make) -> list[str]:
    return [f"{each.name}{'!' * each.is_shown}" for each in stored(make).forms]


def test_another_form_is_shown_and_the_order_of_the_fields_follows(make: Make, deal: str) -> None:
    assert text_of(stored(make).layout) == "Top: name stage | Rest: amount"
    change(make, forms.show_form, stored(make).forms[1])
    assert names(make) == ["Main", "Short!"]
    assert text_of(stored(make).layout) == "Money: amount | Who: name stage"
    assert make.layout_of(deal) == ["fld_amount", "fld_name", "fld_stage"]
    views = make.value(select(CrmObject.views))
    assert views["forms"][1] == {"odd": True}
    assert views["forms"][0] == {**ELSEWHERE[0], "isDefault": False}


def test_forms_are_added_copied_renamed_and_deleted(make: Make, deal: str) -> None:
    change(make, forms.add_form, FormDraft(name="Flat"))
    assert text_of(stored(make).layout) == ": name stage amount"
    assert names(make) == ["Main", "Short", "Flat!"]
    change(make, forms.duplicate_form, stored(make).forms[0], FormDraft(name="Main 2"))
    assert text_of(stored(make).layout) == "Top: name stage | Rest: amount"
    assert make.value(select(CrmObject.views))["forms"][-1]["tint"] == 1.5
    change(make, forms.rename_form, stored(make).forms[1], FormDraft(name="Quick"))
    for number in (3, 0):
        change(make, forms.delete_form, stored(make).forms[number])
    assert names(make) == ["Quick!", "Flat"]
    assert make.layout_of(deal) == ["fld_amount", "fld_name", "fld_stage"]


def test_what_others_did_to_a_form_meanwhile_is_not_undone(make: Make, deal: str) -> None:
    main, short = stored(make).forms
    change(make, forms.rename_form, main, FormDraft(name="Theirs"))
    with pytest.raises(Conflict):
        change(make, forms.rename_form, main, FormDraft(name="Mine"))
    with pytest.raises(Invalid):
        change(make, forms.rename_form, short, FormDraft(name="Theirs"))
    change(make, forms.delete_form, main)
    gone: list[Callable[[], None]] = [
        partial(change, make, forms.delete_form, main),
        partial(change, make, forms.show_form, main),
        partial(change, make, forms.duplicate_form, main, FormDraft(name="Copy")),
    ]
    for act in gone:
        with pytest.raises(Conflict):
            act()

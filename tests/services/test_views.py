"""Saved views: the contract's shape, what it cannot say, and what other programs do to both."""

import json
import os
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import psycopg
import pytest

from crm_desktop.db.database import Database
from crm_desktop.domain.access import Actor
from crm_desktop.domain.errors import Conflict, Forbidden, Invalid, NotFound
from crm_desktop.domain.filters import Condition, Group, Grouping, LinkCondition, Sort
from crm_desktop.domain.views import TableView, ViewSettings
from crm_desktop.services import objects, views
from crm_desktop.services.views import SavedView, ViewDraft, ViewList
from tests.conftest import new_database
from tests.make import Make

WON = Condition("fld_stage", "equals", "won")
NESTED = (Group("any", (WON, Condition("fld_name", "contains", "a"))),)
RICH = ViewSettings(
    columns=("fld_name", "fld_stage"),
    filters=(WON,),
    sort=(Sort("fld_stage", descending=True), Sort("fld_name")),
    widths={"fld_name": 240},
    frozen=1,
    summaries={"fld_stage": "filled"},
    grouping=Grouping("fld_stage", descending=True, unit="month"),
    density="compact",
)
# As another program writes it, with keys that we know nothing of.
THEIRS = {
    "id": "view_7",
    "name": "Open deals",
    "columns": ["fld_name"],
    "filters": [{"field": "fld_stage", "operator": "equals", "value": "open", "label": "Stage"}],
    "sortBy": "fld_name",
    "sortOrder": "DESC",
    "pageSize": 1.50,
    "color": {"accent": "#123456"},
}


def views_of(database: Database, actor: Actor, object_id: str) -> ViewList:
    with database.read(actor) as session:
        return views.list_views(session, object_id)


def the(database: Database, actor: Actor, object_id: str, id_: str) -> TableView:
    return next(v for v in views_of(database, actor, object_id).views if v.id == id_)


def names(database: Database, actor: Actor, object_id: str) -> list[str]:
    return [view.name for view in views_of(database, actor, object_id).views]


def stored(database: Database, object_id: str = "obj_deal") -> Any:
    """Return `views.tables` as its JSON text, so that the scale of numbers can be seen."""
    with database.engine.connect() as connection:
        statement = "SELECT CAST(views -> 'tables' AS text) FROM objects WHERE id = %s"
        return connection.exec_driver_sql(statement, (object_id,)).scalar_one()


def elsewhere(database: Database, path: str, value: Any) -> None:
    """Change `views` as another program does, meanwhile."""
    statement = "UPDATE objects SET views = jsonb_set(views, CAST(%s AS text[]), %s)"
    with database.engine.begin() as connection:
        connection.exec_driver_sql(statement, (path, json.dumps(value)))


def create(
    database: Database, actor: Actor, name: str, settings: ViewSettings, object_id: str = "obj_deal"
) -> SavedView:
    with database.write(actor) as session:
        return views.create_view(session, object_id, ViewDraft(name=name), settings)


def deal(make: Make, *tables: Any) -> str:
    return make.object("deal", ["name", "stage"], views={"forms": [], "tables": list(tables)})


def test_a_view_comes_back_as_it_was_saved_and_its_entry_has_the_contract_s_shape(
    database: Database, make: Make
) -> None:
    object_id = deal(make)

    saved = create(database, make.admin, "  Won  ", RICH)

    assert saved.left_out == ""
    view = the(database, make.admin, object_id, saved.id)
    assert (view.name, view.settings, view.problem) == ("Won", RICH, "")
    assert json.loads(stored(database)) == [
        {
            "id": saved.id,
            "name": "Won",
            "columns": ["fld_name", "fld_stage"],
            "filters": [{"field": "fld_stage", "operator": "equals", "value": "won"}],
            "sortBy": "fld_stage",
            "sortOrder": "desc",
        }
    ]


def test_what_other_programs_keep_in_a_view_stays_as_it_was_written(
    database: Database, make: Make
) -> None:
    object_id = deal(make, THEIRS, {**THEIRS, "id": "view_8", "name": "Other"})
    before = json.loads(stored(database))
    view = the(database, make.admin, object_id, "view_7")
    settings = ViewSettings(
        ("fld_name", "fld_stage"), view.settings.filters, (Sort("fld_name", True),), frozen=1
    )

    with database.write(make.admin) as session:
        views.update_view(session, object_id, view, settings)

    before[0]["columns"] = ["fld_name", "fld_stage"]
    assert json.loads(stored(database)) == before
    assert '"pageSize": 1.5' in stored(database)
    assert the(database, make.admin, object_id, "view_7").settings == settings


def test_two_programs_change_one_view_and_both_stand_unless_it_is_the_same_key(
    database: Database, make: Make
) -> None:
    object_id = deal(make, THEIRS)
    view = the(database, make.admin, object_id, "view_7")
    elsewhere(database, "{tables,0,name}", "Renamed")
    elsewhere(database, "{tables,0,filters,0,label}", "Phase")

    with database.write(make.admin) as session:
        settings = replace(view.settings, columns=("fld_stage",))
        views.update_view(session, object_id, view, settings)

    now = the(database, make.admin, object_id, "view_7")
    assert (now.name, now.settings.columns) == ("Renamed", ("fld_stage",))
    assert now.entry["filters"][0]["label"] == "Phase"
    with pytest.raises(Conflict), database.write(make.admin) as session:
        views.rename_view(session, object_id, view, ViewDraft(name="Mine"))
    with pytest.raises(Conflict), database.write(make.admin) as session:
        views.update_view(session, object_id, view, ViewSettings(("fld_name", "fld_stage")))
    with pytest.raises(Conflict), database.write(make.admin) as session:
        views.delete_view(session, object_id, view)
    assert the(database, make.admin, object_id, "view_7") == now


def test_a_view_that_another_program_moved_is_still_the_one_that_is_changed(
    database: Database, make: Make
) -> None:
    object_id = deal(make, THEIRS)
    view = the(database, make.admin, object_id, "view_7")
    elsewhere(database, "{tables}", [{"id": "view_1", "name": "First"}, THEIRS])

    with database.write(make.admin) as session:
        views.rename_view(session, object_id, view, ViewDraft(name="Mine"))

    assert names(database, make.admin, object_id) == ["First", "Mine"]


def test_views_of_wrong_shapes_are_shown_as_far_as_they_make_sense_and_stay(
    database: Database, make: Make
) -> None:
    odd = [
        {"id": "view_1", "columns": [3, "fld_name"], "filters": "stage = won", "sortBy": 5},
        {"name": "Without id", "columns": {"a": 1}},
        "nonsense",
        {"id": "view_1", "name": "Twice"},
        {"id": "view_2", "name": ["x"], "filters": [{"field": 1}], "sortOrder": "up"},
    ]
    object_id = deal(make, *odd)

    first, nameless, twice, last = views_of(database, make.admin, object_id).views

    assert (first.name, first.settings.columns) == (views.UNTITLED, ("fld_name",))
    assert "cannot be read" in first.problem
    assert [bool(view.lock) for view in (first, nameless, twice, last)] == [
        False,
        True,
        True,
        False,
    ]
    for view in (nameless, twice):
        with pytest.raises(Invalid), database.write(make.admin) as session:
            views.delete_view(session, object_id, view)
    with database.write(make.admin) as session:
        views.rename_view(session, object_id, first, ViewDraft(name="Mended"))
    assert json.loads(stored(database)) == [{**odd[0], "name": "Mended"}, *odd[1:]]  # type: ignore[dict-item]


@pytest.mark.parametrize("tables", [None, "missing", {"a": 1}])
def test_a_list_of_views_that_is_none_is_made_or_left_alone(
    database: Database, make: Make, tables: Any
) -> None:
    inside = {} if tables == "missing" else {"tables": tables}
    object_id = make.object("deal", ["name"], views={"forms": [1], **inside})

    if isinstance(tables, dict):
        with pytest.raises(Invalid):
            create(database, make.admin, "Mine", ViewSettings())
        assert json.loads(stored(database)) == tables
    else:
        create(database, make.admin, "Mine", ViewSettings())
        assert names(database, make.admin, object_id) == ["Mine"]


def test_a_filter_that_the_contract_cannot_hold_is_kept_in_our_schema_alone(
    database: Database, make: Make
) -> None:
    object_id = deal(make, THEIRS)
    linked = (*NESTED, LinkCondition("rel_1", is_from=True))
    saved = create(database, make.admin, "Nested", ViewSettings(filters=linked, frozen=1))
    assert json.loads(stored(database)) == [THEIRS]
    view = the(database, make.admin, object_id, saved.id)
    assert view.is_only_here
    assert view.settings == ViewSettings(filters=linked, frozen=1)

    theirs = the(database, make.admin, object_id, "view_7")
    with database.write(make.admin) as session:
        views.update_view(session, object_id, theirs, ViewSettings(filters=NESTED))
        views.update_view(session, object_id, view, ViewSettings(filters=(WON,)))

    assert [each["id"] for each in json.loads(stored(database))] == [saved.id]
    moved = the(database, make.admin, object_id, "view_7")
    assert moved.is_only_here
    assert moved.entry["color"] == THEIRS["color"]
    with database.write(make.admin) as session:
        views.update_view(session, object_id, moved, theirs.settings)
    back = json.loads(stored(database))[1]
    assert (back["color"], back["pageSize"]) == (THEIRS["color"], THEIRS["pageSize"])


def test_views_are_renamed_duplicated_ordered_and_deleted(database: Database, make: Make) -> None:
    object_id = deal(make, THEIRS)
    nested = create(database, make.admin, "Nested", ViewSettings(filters=NESTED))
    theirs = the(database, make.admin, object_id, "view_7")
    with database.write(make.admin) as session:
        copy = views.duplicate_view(session, object_id, theirs, ViewDraft(name="Copy"))
        views.rename_view(
            session, object_id, the(database, make.admin, object_id, nested.id),
            ViewDraft(name="Deep"),
        )  # fmt: skip

    assert names(database, make.admin, object_id) == ["Open deals", "Copy", "Deep"]
    assert the(database, make.admin, object_id, copy.id).entry["color"] == THEIRS["color"]
    with database.write(make.admin) as session:
        views.reorder_views(session, object_id, [copy.id, nested.id, "view_7"])
    assert names(database, make.admin, object_id) == ["Copy", "Deep", "Open deals"]
    with pytest.raises(Conflict), database.write(make.admin) as session:
        views.reorder_views(session, object_id, [copy.id, nested.id])
    with pytest.raises(Invalid), database.write(make.admin) as session:
        views.rename_view(session, object_id, theirs, ViewDraft(name="DEEP"))
    with database.write(make.admin) as session:
        views.delete_view(session, object_id, theirs)
        views.delete_view(session, object_id, the(database, make.admin, object_id, nested.id))
    assert names(database, make.admin, object_id) == ["Copy"]
    with pytest.raises(NotFound), database.write(make.admin) as session:
        views.delete_view(session, object_id, theirs)


def test_one_view_at_most_is_the_default_and_another_program_s_mark_counts(
    database: Database, make: Make
) -> None:
    object_id = deal(make, THEIRS, {"id": "view_8", "name": "Marked", "isDefault": True})
    assert the(database, make.admin, object_id, "view_8").is_default
    for id_ in ("view_7", "view_8", "view_7"):
        with database.write(make.admin) as session:
            views.set_default_view(session, object_id, id_)
        found = views_of(database, make.admin, object_id).views
        assert [view.id for view in found if view.is_default] == [id_]
    with pytest.raises(NotFound), database.write(make.admin) as session:
        views.set_default_view(session, object_id, "view_0")


def test_what_belonged_to_a_view_that_is_gone_is_taken_out(database: Database, make: Make) -> None:
    object_id = deal(make)
    create(database, make.admin, "Won", RICH)
    create(database, make.admin, "Nested", ViewSettings(filters=NESTED, frozen=1))
    elsewhere(database, "{tables}", [])
    kept = "SELECT count(*) FROM crm_desktop.table_views"

    create(database, make.admin, "Other", ViewSettings(frozen=1))

    with database.engine.connect() as connection:
        assert connection.exec_driver_sql(kept).scalar_one() == 2
    with database.write(make.admin) as session:
        objects.delete_object(session, object_id, objects.get_object(session, object_id).version)
    with database.engine.connect() as connection:
        assert connection.exec_driver_sql(kept).scalar_one() == 0


@pytest.fixture(params=["declined", "no right"])
def limited(request: pytest.FixtureRequest, server: str) -> Iterator[Database]:
    """Give a database whose owner declined our schema, or where the login has no right on it."""
    is_declined = request.param == "declined"
    with new_database(server, "crm_core" if is_declined else "crm_template") as url:
        role = f"guest_of_views_{os.getpid()}"
        with psycopg.connect(url) as connection:
            connection.execute(f"CREATE ROLE {role}")
            connection.execute(f"GRANT ALL ON ALL TABLES IN SCHEMA public TO {role}")
        database = Database.at(url + ("&" if "?" in url else "?") + f"options=-c%20role%3D{role}")
        yield database
        database.close()
        with psycopg.connect(url) as connection:
            connection.execute(f"DROP OWNED BY {role}")
            connection.execute(f"DROP ROLE {role}")


def test_without_our_schema_views_work_as_far_as_the_contract_goes_and_the_rest_is_named(
    limited: Database, actor: Actor
) -> None:
    object_id = deal(Make(limited, actor), THEIRS)
    assert "schema “crm_desktop”" in views_of(limited, actor, object_id).limit

    saved = create(limited, actor, "Won", RICH)

    assert "widths of columns" in saved.left_out
    assert the(limited, actor, object_id, saved.id).settings == ViewSettings(
        RICH.columns, RICH.filters, RICH.sort[:1]
    )
    with pytest.raises(Invalid, match="crm_desktop"):
        create(limited, actor, "Nested", ViewSettings(filters=NESTED))
    with pytest.raises(Invalid, match="crm_desktop"), limited.write(actor) as session:
        views.set_default_view(session, object_id, saved.id)
    with limited.write(actor) as session:
        views.reorder_views(session, object_id, [saved.id, "view_7"])
        views.delete_view(session, object_id, the(limited, actor, object_id, "view_7"))
    assert names(limited, actor, object_id) == ["Won"]


def test_who_may_not_edit_objects_sees_views_and_changes_none(
    database: Database, make: Make
) -> None:
    object_id = deal(make, THEIRS)
    with pytest.raises(Forbidden):
        create(database, make.guest(), "Mine", ViewSettings(), object_id)

"""Diagrams: the same picture for everybody, moved by several people at once."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import psycopg
import pytest

from crm_desktop.db.database import Database
from crm_desktop.domain.access import Actor
from crm_desktop.domain.changes import Change, Topic
from crm_desktop.domain.errors import Forbidden, Invalid, NotFound, Unavailable
from crm_desktop.services import diagrams
from crm_desktop.services.diagrams import FIRST_ID, DiagramDraft, DiagramList, Places
from tests.conftest import new_database
from tests.make import Make

CHART = DiagramDraft(name="Sales")


def listed(database: Database, make: Make) -> DiagramList:
    with database.read(make.admin) as session:
        return diagrams.list_diagrams(session)


def places(database: Database, make: Make, diagram_id: str = FIRST_ID) -> Places:
    with database.read(make.admin) as session:
        return diagrams.open_diagram(session, diagram_id)[2]


def place(database: Database, make: Make, moved: Places, others: Places | None = None) -> None:
    with database.write(make.admin) as session:
        diagrams.place_nodes(session, FIRST_ID, moved, others or {})


def test_a_diagram_is_there_before_anybody_made_one(database: Database, make: Make) -> None:
    found = listed(database, make)
    assert [(each.id, each.name) for each in found.diagrams] == [(FIRST_ID, "Schema")]
    assert found.limit == ""
    assert places(database, make) == {}


def test_two_people_who_move_different_nodes_both_win(
    database: Database, make: Make, in_another_thread: Callable[..., Any]
) -> None:
    place(database, make, {"obj_a": (0, 0)}, {"obj_b": (10, 0), "obj_c": (20, 0)})

    with database.write(make.admin) as session:
        diagrams.place_nodes(session, FIRST_ID, {"obj_a": (1, 1)})
        in_another_thread(partial(place, database, make, {"obj_b": (2, 2)})).result()

    assert places(database, make) == {"obj_a": (1, 1), "obj_b": (2, 2), "obj_c": (20, 0)}


def test_what_nobody_moved_never_takes_the_place_of_what_somebody_did(
    database: Database, make: Make
) -> None:
    arranged = {"obj_a": (0.0, 0.0), "obj_b": (10.0, 0.0)}
    place(database, make, {"obj_a": (5, 5)}, arranged)
    place(database, make, {"obj_b": (7, 7)}, arranged)  # had not heard of the first move
    assert places(database, make) == {"obj_a": (5, 5), "obj_b": (7, 7)}


def test_a_diagram_is_made_renamed_copied_and_deleted(database: Database, make: Make) -> None:
    with database.write(make.admin) as session:
        sales = diagrams.create_diagram(session, CHART, {"fields": "all"}, {"obj_a": (3, 4)})
        assert session.changes == {Change(Topic.DIAGRAMS, sales)}
    with database.write(make.admin) as session:
        copy = diagrams.duplicate_diagram(session, sales, DiagramDraft(name="Copy"))
        diagrams.rename_diagram(session, FIRST_ID, DiagramDraft(name="Everything"))
        diagrams.edit_settings(session, sales, {"depth": 2})
    found = listed(database, make)
    assert [each.name for each in found.diagrams] == ["Everything", "Sales", "Copy"]
    assert found.named(sales).settings == {"fields": "all", "depth": 2}
    assert found.named(copy).settings == {"fields": "all"}
    assert places(database, make, copy) == {"obj_a": (3, 4)}

    with database.write(make.admin) as session:
        diagrams.delete_diagram(session, sales)

    assert [each.name for each in listed(database, make).diagrams] == ["Everything", "Copy"]
    with pytest.raises(NotFound), database.write(make.admin) as session:
        diagrams.place_nodes(session, sales, {"obj_a": (0, 0)})


def test_a_name_that_is_taken_and_the_end_of_the_first_diagram_are_refused(
    database: Database, make: Make
) -> None:
    with database.write(make.admin) as session:
        diagrams.create_diagram(session, CHART, {}, {})
    for call in (
        partial(diagrams.create_diagram, draft=DiagramDraft(name="sALES"), settings={}, places={}),
        partial(diagrams.rename_diagram, diagram_id=FIRST_ID, draft=CHART),
        partial(diagrams.delete_diagram, diagram_id=FIRST_ID),
        partial(diagrams.place_nodes, diagram_id=FIRST_ID, places={"a": (float("nan"), 0)}),
    ):
        with pytest.raises(Invalid), database.write(make.admin) as session:
            call(session)


def test_who_may_not_read_or_arrange_is_refused(database: Database, make: Make) -> None:
    with pytest.raises(Forbidden), database.read(make.guest()) as session:
        diagrams.open_diagram(session, FIRST_ID)
    with pytest.raises(Forbidden), database.write(make.guest()) as session:
        diagrams.place_nodes(session, FIRST_ID, {"obj_a": (0, 0)})


@pytest.fixture(params=["declined", "half"])
def limited(request: pytest.FixtureRequest, server: str) -> Iterator[Database]:
    """Give a database whose owner declined our schema, or where an older program made it."""
    template = "crm_core" if request.param == "declined" else "crm_template"
    with new_database(server, template) as url:
        if request.param == "half":
            with psycopg.connect(url) as connection:
                connection.execute("DROP TABLE crm_desktop.diagram_positions")
        database = Database.at(url)
        yield database
        database.close()


def test_without_our_schema_there_is_one_diagram_and_it_says_what_is_not_kept(
    limited: Database, actor: Actor
) -> None:
    make = Make(limited, actor)
    found = listed(limited, make)
    assert len(found.diagrams) == 1
    assert "crm_desktop" in found.limit
    assert places(limited, make) == {}
    with pytest.raises(Unavailable, match="Diagrams cannot be kept"):
        place(limited, make, {"obj_a": (0, 0)})

"""The delete tree on screen: read in steps, travelled and copied by keys, exported, stopped."""

import csv
import io
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from pytestqt.modeltest import ModelTester
from pytestqt.qtbot import QtBot
from sqlalchemy import text

from crm_desktop.db.database import ReadSession
from crm_desktop.domain.errors import Unavailable
from crm_desktop.domain.impact_nodes import Counted, Effect, Group, Kind, Node, Outline, Part
from crm_desktop.gui.dialogs.delete_dialog import DeleteDialog
from crm_desktop.gui.dialogs.deletions import deletion_of_relationship
from crm_desktop.gui.impact.exporting import as_csv, save
from crm_desktop.gui.impact.impact_dialog import ImpactDialog
from crm_desktop.gui.impact.studies import Study, study_of_object
from crm_desktop.gui.impact.tree_model import COUNT, EFFECT, WHAT, ImpactModel
from crm_desktop.gui.pages.objects import ObjectsPage
from crm_desktop.gui.pages.records import RecordsPage
from crm_desktop.gui.tasks import Tasks
from crm_desktop.services import relationships
from tests.gui.asking import open_dialog, press, shown
from tests.gui.test_accessible_names import nameless
from tests.gui.windows import wait_until_idle
from tests.make import Make

CONTROL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
SPOKEN = Qt.ItemDataRole.AccessibleTextRole
LINKS = Node("links", Kind.LINK, Effect.GOES, "", Group.LINKS, None)
ROOT = Node(
    "root",
    Kind.OBJECT,
    Effect.GOES,
    "=Company",
    id="obj_company",
    children=(
        Node("records", Kind.RECORD, Effect.GOES, "", Group.RECORDS, 1200, children=(LINKS,)),
        Node("app", Kind.APPLICATION, Effect.NAMES, "Sales", places=("objects", "menu / items")),
    ),
)


def lines(model: ImpactModel) -> list[tuple[str, str, str]]:
    """Return what every line says, from top to bottom."""
    found, waiting = [], [model.index(0, 0)]
    while waiting:
        index = waiting.pop(0)
        if not index.isValid():
            continue
        found.append(
            tuple(str(index.siblingAtColumn(each).data()) for each in (WHAT, COUNT, EFFECT))
        )
        waiting[:0] = [model.index(row, 0, index) for row in range(model.rowCount(index))]
    return found  # type: ignore[return-value]  # three of them each


@pytest.fixture
def company(make: Make) -> str:
    """Make an object with records, links, one of them wrong, and an application that names it."""
    company, contact = make.object("company", ["name"]), make.object("contact", ["name"])
    make.field("employer", "reference", config={"targetObjectId": company})
    make.attach(contact, "employer")
    works, knows = make.relationship(company, contact), make.relationship(contact, contact)
    acme, apex = make.records(company, 2)
    ann = make.record(contact, {"fld_name": "Ann", "fld_employer": acme})
    make.link(works, acme, ann)
    make.link(knows, ann, apex)
    make.application("sales", label="Sales", config={"objects": [company]})
    return company


def test_the_model_keeps_its_place_when_counts_arrive(
    qtbot: QtBot, qtmodeltester: ModelTester
) -> None:
    model = ImpactModel()
    qtmodeltester.check(model)
    model.set_tree(ROOT, is_counting=True)
    assert lines(model) == [
        ("=Company", "1", "goes"),
        ("Records", "1,200", "goes"),
        ("Links", "…", "goes"),
        ("Sales", "1", "stays, still names it"),
    ]
    held = model.index_of("app")
    assert held.data(SPOKEN) == "Sales, 1, stays, still names it, objects, menu / items"

    more = Node("more", Kind.RELATIONSHIP, Effect.GOES, "Works")
    model.set_tree(replace(ROOT, children=(more, *ROOT.children)), is_counting=False)
    assert lines(model)[3] == ("Links", "not counted", "goes")
    assert model.index_of("app").row() == 2
    model.set_tree(replace(ROOT, children=()), is_counting=False)
    assert model.rowCount(model.index(0, 0)) == 0


def test_ctrl_shift_i_shows_what_depends_on_an_object_and_deletes_nothing(
    qtbot: QtBot, tasks: Tasks, make: Make, company: str, tmp_path: Path
) -> None:
    page = shown(qtbot, ObjectsPage(tasks))
    page.select(company)
    wait_until_idle(qtbot, tasks)
    qtbot.keyClick(page.grid, Qt.Key.Key_I, CONTROL | SHIFT)
    dialog = open_dialog(qtbot, ImpactDialog)
    wait_until_idle(qtbot, tasks)
    assert nameless(dialog) == []
    panel = dialog.panel
    assert lines(panel.model) == [
        ("Company", "1", "goes"),
        ("Records", "2", "goes"),
        ("Links under relationships of other objects", "1", "goes"),
        ("contact_contact (Contact → Contact)", "1", "goes"),
        ("Relationships", "1", "goes"),
        ("company_contact", "1", "goes"),
        ("Links", "1", "goes"),
        ("Layout", "1", "goes, the fields stay"),
        ("Name", "1", "goes"),
        ("References", "1", "has nothing to point at"),
        ("Employer", "1", "has nothing to point at"),
        ("Records with a value", "1", "stays, points at nothing"),
        ("Contacts", "1", "stays, points at nothing"),
        ("Applications", "1", "stays, still names it"),
        ("Sales", "1", "stays, still names it"),
    ]
    qtbot.keyClick(panel.tree, Qt.Key.Key_Home)
    qtbot.keyClick(panel.tree, Qt.Key.Key_Down, SHIFT)
    qtbot.keyClick(panel.tree, Qt.Key.Key_C, CONTROL)
    assert QGuiApplication.clipboard().text() == "Company: 1, goes\n  Records: 2, goes\n"

    for ending, start in (("csv", "level,kind"), ("txt", "Company: 1"), ("json", "{")):
        file = tmp_path / f"tree.{ending}"
        panel.export_to(str(file))
        wait_until_idle(qtbot, tasks)
        assert file.read_text(encoding="utf-8").startswith(start)
    read = json.loads((tmp_path / "tree.json").read_text(encoding="utf-8"))
    assert [each["count"] for each in read["children"]] == [2, 1, 1, 1, 1]
    panel.export_to(str(tmp_path / "nowhere" / "tree.csv"))
    qtbot.waitUntil(lambda: "could not be written" in dialog.problem.text())
    press(qtbot, dialog.close_button)
    wait_until_idle(qtbot, tasks)
    assert page.model.rowCount() == 2


def test_a_tree_of_selected_records_is_shown_before_they_are_deleted(
    qtbot: QtBot, tasks: Tasks, company: str
) -> None:
    page = shown(qtbot, RecordsPage(tasks, company))
    wait_until_idle(qtbot, tasks)
    page.grid.selectAll()
    expected = [
        ("Records", "2", "goes"),
        ("Links", "2", "goes"),
        ("company_contact (Company → Contact)", "1", "goes"),
        ("contact_contact (Contact → Contact)", "1", "goes"),
        ("References", "1", "stays, points at nothing"),
        ("Employer", "1", "stays, points at nothing"),
        ("Contacts", "1", "stays, points at nothing"),
    ]
    page.impact_action.trigger()
    shows = open_dialog(qtbot, ImpactDialog)
    qtbot.waitUntil(lambda: lines(shows.panel.model) == expected)
    shows.reject()
    page.delete_action.trigger()
    asks = open_dialog(qtbot, DeleteDialog)
    panel = asks.panel
    assert panel is not None
    qtbot.waitUntil(lambda: lines(panel.model) == expected)
    assert asks.submit.text() == "Delete 2"
    asks.reject()


def test_deleting_an_object_says_which_links_go_beside_those_of_its_relationships(
    qtbot: QtBot, tasks: Tasks, company: str
) -> None:
    page = shown(qtbot, ObjectsPage(tasks))
    page.select(company)
    wait_until_idle(qtbot, tasks)
    page.delete_current()
    dialog = open_dialog(qtbot, DeleteDialog)
    qtbot.waitUntil(lambda: "which some program attached wrongly" in dialog.effects.text())
    assert dialog.effects.text().split("\n")[:2] == [
        "Also deletes 2 records, 1 relationship and 1 link.",
        "Also 1 link of other objects' relationships, which some program attached wrongly.",
    ]
    dialog.reject()


def study(count_part: Callable[..., tuple[Node, ...]]) -> Study:
    root = Node("root", Kind.OBJECT, Effect.GOES, "Company", children=(LINKS,))
    return Study(
        lambda _: Outline(root, (Part("links"),)), lambda _: Counted("facts", ()), count_part
    )


def test_what_was_stopped_or_failed_is_not_counted_and_says_so(qtbot: QtBot, tasks: Tasks) -> None:
    def sleep(session: ReadSession, part: Part) -> tuple[Node, ...]:
        session.execute(text("SELECT pg_sleep(60)"))
        return ()

    def fail(_: ReadSession, part: Part) -> tuple[Node, ...]:
        raise Unavailable("This took too long.")

    dialog = shown(qtbot, ImpactDialog(tasks, "it", study(sleep)))
    panel = dialog.panel
    qtbot.waitUntil(panel.stop_button.isVisible)
    assert lines(panel.model)[1] == ("Links", "…", "goes")
    press(qtbot, panel.stop_button)
    assert lines(panel.model)[1] == ("Links", "not counted", "goes")
    assert panel.status.text() == "Some of it was not counted."
    assert panel.stop_button.isHidden()

    panel.start(study(fail))
    qtbot.waitUntil(lambda: panel.status.text() == "Some of it was not counted.")


def test_closing_the_dialog_stops_the_counting(qtbot: QtBot, tasks: Tasks) -> None:
    def sleep(session: ReadSession, part: Part) -> tuple[Node, ...]:
        session.execute(text("SELECT pg_sleep(60)"))
        return ()

    dialog = shown(qtbot, ImpactDialog(tasks, "it", study(sleep)))
    qtbot.waitUntil(dialog.panel.stop_button.isVisible)
    dialog.reject()
    qtbot.waitUntil(lambda: not tasks.is_busy)


def test_a_subject_that_is_gone_says_so(qtbot: QtBot, tasks: Tasks) -> None:
    dialog = shown(qtbot, ImpactDialog(tasks, "it", study_of_object("obj_gone")))
    qtbot.waitUntil(lambda: dialog.problem.text() == "This object no longer exists.")
    assert not dialog.panel.export_button.isEnabled()


def test_in_production_the_name_of_a_definition_must_be_typed(
    qtbot: QtBot, tasks: Tasks, company: str
) -> None:
    page = shown(qtbot, ObjectsPage(tasks))
    with tasks._database.read(tasks.actor) as session:  # type: ignore[union-attr]  # it is open
        works = relationships.get_relationship(session, "rel_company_contact")
    page.setProperty("is_production", True)
    dialog = shown(qtbot, DeleteDialog(tasks, deletion_of_relationship(works), page))
    wait_until_idle(qtbot, tasks)
    assert not dialog.submit.isEnabled()
    qtbot.keyClicks(dialog.typed, "company_contact")
    assert dialog.submit.isEnabled()
    dialog.reject()


def test_no_cell_of_an_export_is_a_formula(tmp_path: Path) -> None:
    rows = list(csv.reader(io.StringIO(as_csv(ROOT))))
    assert rows[1] == ["0", "object", "'=Company", "1", "goes", "", "obj_company"]
    assert rows[3] == ["2", "link", "Links", "", "goes", "", ""]
    save(tmp_path / "tree.csv", ROOT)
    assert (tmp_path / "tree.csv").read_bytes().count(b"\r\n") == len(rows)

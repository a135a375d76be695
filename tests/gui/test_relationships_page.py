"""The page of relationships, and the dialog that reads them aloud."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLineEdit, QWidget
from pytestqt.modeltest import ModelTester
from pytestqt.qtbot import QtBot
from sqlalchemy import select

from crm_desktop.db.database import Database
from crm_desktop.db.tables import Relationship
from crm_desktop.domain.cardinality import with_article
from crm_desktop.domain.changes import Change, Topic
from crm_desktop.gui.dialogs.crowded_list import CrowdedList
from crm_desktop.gui.dialogs.delete_dialog import DeleteDialog
from crm_desktop.gui.dialogs.relationship_dialog import LINK_DATA, RelationshipDialog
from crm_desktop.gui.models.relationships import sentences
from crm_desktop.gui.pages.relationships import RelationshipsPage
from crm_desktop.gui.tasks import Tasks
from crm_desktop.gui.widgets.buttons import SmallLink
from crm_desktop.gui.widgets.elided_label import ElidedLabel, TextLabel
from crm_desktop.services import link_schemas
from crm_desktop.services.link_schemas import LinkKey
from tests.gui.asking import open_dialog, press, shown
from tests.make import Make

SINCE = LinkKey("since", "Since", "date")
ACCOUNT, DEAL = ("Account", "Accounts"), ("Deal", "Deals")


@pytest.fixture
def page(qtbot: QtBot, tasks: Tasks, make: Make) -> RelationshipsPage:
    account, deal = make.object("account"), make.object("deal")
    made = make.relationship(account, deal, "1:N")
    make.link(made, make.record(account), make.record(deal))
    page = shown(qtbot, RelationshipsPage(tasks))
    qtbot.waitUntil(lambda: page.model.rowCount() == 1)
    return page


def choose(dialog: RelationshipDialog, start: str, type_: str, end: str) -> None:
    for name, value in (("from_object_id", start), ("type", type_), ("to_object_id", end)):
        dialog.inputs[name].show(value)


@pytest.mark.parametrize(
    ("type_", "first", "second"),
    [
        ("1:N", "An Account has many Deals.", "A Deal has one Account."),
        ("N:1", "An Account has one Deal.", "A Deal has many Accounts."),
        ("lookup", "An Account has one Deal.", "A Deal has many Accounts."),
        ("N:N", "An Account has many Deals.", "A Deal has many Accounts."),
        ("odd", "An Account has many Deals.", "A Deal has many Accounts."),
    ],
)
def test_a_relationship_reads_aloud_in_both_directions(type_: str, first: str, second: str) -> None:
    assert sentences(type_, ACCOUNT, DEAL) == (first, second)


def test_the_two_sides_of_an_object_related_to_itself_are_told_apart() -> None:
    assert sentences("1:N", ACCOUNT, ACCOUNT, ("Subsidiaries", "Parent")) == (
        "An Account has many Accounts as “Subsidiaries”.",
        "An Account has one Account as “Parent”.",
    )
    assert sentences("N:N", DEAL, DEAL)[1] == "A Deal has many Deals as “from”."


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("Hour", "an Hour"), ("User", "a User"), ("Unit", "a Unit"), ("SMS", "an SMS"),
        ("URL", "a URL"), ("European site", "a European site"), ("8D report", "an 8D report"),
        ("Invoice", "an Invoice"), ("Umbrella", "an Umbrella"),
        ("Uninvoiced item", "an Uninvoiced item"),
        ("договор", "a договор"), ("", "a "),
    ],
)  # fmt: skip
def test_words_have_the_article_that_they_are_spoken_with(words: str, said: str) -> None:
    assert with_article(words) == said


def test_relationships_are_listed_with_both_ends(
    qtbot: QtBot, page: RelationshipsPage, make: Make, qtmodeltester: ModelTester
) -> None:
    qtmodeltester.check(page.model)
    row = [str(page.model.index(0, column).data()) for column in range(5)]
    assert row == ["Account", "1:N", "Deal", "account_deal", "one to many"]
    qtbot.waitUntil(lambda: page.model.index(0, 5).data() == "1")
    make.link("rel_account_deal", make.record("obj_account"), make.record("obj_deal"))
    page._tasks.changed.emit(frozenset({Change(Topic.LINKS, "rel_account_deal")}))
    qtbot.waitUntil(lambda: page.model.index(0, 5).data() == "2")


def test_the_dialog_reads_what_is_chosen_and_creates_it(
    qtbot: QtBot, page: RelationshipsPage, make: Make
) -> None:
    press(qtbot, page.new_button)
    dialog = open_dialog(qtbot, RelationshipDialog)
    qtbot.waitUntil(lambda: dialog.start.count() == 2)
    choose(dialog, "obj_deal", "N:N", "obj_account")
    assert "A Deal has many Accounts." in dialog.reading.text()

    with qtbot.waitSignal(dialog.stored):
        press(qtbot, dialog.submit)

    qtbot.waitUntil(lambda: page.model.rowCount() == 2)
    assert "deal_account" in {row.name for row in page.model.rows}


def test_a_relationship_without_its_objects_is_refused_at_both(
    qtbot: QtBot, page: RelationshipsPage, make: Make
) -> None:
    press(qtbot, page.new_button)
    dialog = open_dialog(qtbot, RelationshipDialog)
    qtbot.waitUntil(lambda: dialog.start.count() == 2)

    press(qtbot, dialog.submit)

    assert dialog.row("from_object_id").problem.text() == "Choose an object."
    assert dialog.row("to_object_id").problem.text()
    assert make.count(Relationship) == 1
    dialog.reject()


def test_other_objects_are_refused_while_there_are_links(
    qtbot: QtBot, page: RelationshipsPage
) -> None:
    page.edit_current()
    dialog = open_dialog(qtbot, RelationshipDialog)
    qtbot.waitUntil(lambda: dialog.start.count() == 2)
    dialog.inputs["to_object_id"].show("obj_account")

    press(qtbot, dialog.submit)

    problem = dialog.row("from_object_id").problem
    qtbot.waitUntil(lambda: "links under this relationship" in problem.text())
    assert dialog.end.currentData() == "obj_account"
    dialog.reject()
    press(qtbot, dialog.discard_button)


def test_a_type_of_another_program_is_shown_and_kept(
    qtbot: QtBot, page: RelationshipsPage, make: Make
) -> None:
    made = make.relationship("obj_deal", "obj_account", "lookup", id="rel_lookup")
    page.refresh()
    qtbot.waitUntil(lambda: page.model.rowCount() == 2)
    page.select(made)
    page.edit_current()
    dialog = open_dialog(qtbot, RelationshipDialog)
    assert dialog.kind.currentData() == "lookup"
    dialog.inputs["from_label"].show("Account of the deal")

    with qtbot.waitSignal(dialog.stored):
        press(qtbot, dialog.submit)

    stored = select(Relationship.type).where(Relationship.id == made)
    assert make.value(stored) == "lookup"


def test_deleting_counts_the_links_that_go(qtbot: QtBot, page: RelationshipsPage) -> None:
    page.delete_current()
    dialog = open_dialog(qtbot, DeleteDialog)
    qtbot.waitUntil(lambda: "1 link;" in dialog.effects.text())

    press(qtbot, dialog.submit)

    qtbot.waitUntil(lambda: page.model.rowCount() == 0)
    assert page.grid._empty is not None
    assert page.grid._empty.button.text() == "New relationship"


def edited(qtbot: QtBot, page: RelationshipsPage) -> RelationshipDialog:
    page.edit_current()
    dialog = open_dialog(qtbot, RelationshipDialog)
    qtbot.waitUntil(dialog.schema.isEnabled)
    return dialog


def keys_of(database: Database, make: Make) -> tuple[LinkKey, ...]:
    with database.read(make.admin) as session:
        return link_schemas.get_link_schema(session, "rel_account_deal")


def save_keys(database: Database, make: Make, *keys: LinkKey) -> None:
    before = keys_of(database, make)
    with database.write(make.admin) as session:
        link_schemas.save_link_schema(session, "rel_account_deal", keys, before)


def test_a_narrower_type_lists_the_records_that_would_break_it_before_it_is_refused(
    qtbot: QtBot, page: RelationshipsPage, make: Make
) -> None:
    wide = make.relationship("obj_deal", "obj_account", "N:N")
    orion = make.record("obj_account", {"n": "Orion"})
    for _ in range(3):
        make.link(wide, make.record("obj_deal"), orion)
    page.refresh()
    qtbot.waitUntil(lambda: page.model.rowCount() == 2)
    page.select(wide)
    dialog = edited(qtbot, page)
    assert dialog.crowded.isHidden()
    dialog.inputs["type"].show("1:N")
    qtbot.waitUntil(lambda: dialog.crowded.model.rowCount() == 1)
    assert "1 record has several links" in dialog.crowded.sentence.text()
    row = [dialog.crowded.model.index(0, column).data() for column in range(2)]
    assert row == ["Orion", "3"]
    with qtbot.waitSignal(page.open_requested) as opened:
        dialog.crowded.view.setCurrentIndex(dialog.crowded.model.index(0, 0))
        qtbot.keyClick(dialog.crowded.view, Qt.Key.Key_Return)
    assert opened.args == [f"record:{orion}"]

    press(qtbot, dialog.submit)

    qtbot.waitUntil(lambda: "several links" in dialog.row("type").problem.text())
    dialog.inputs["type"].show("N:N")
    assert dialog.crowded.isHidden()
    dialog.reject()


def test_the_direction_is_swapped_only_where_there_are_no_links(
    qtbot: QtBot, page: RelationshipsPage, make: Make
) -> None:
    dialog = edited(qtbot, page)
    assert not dialog.swap.isEnabled()
    dialog.reject()
    make.sql("DELETE FROM relationship_records")
    make.sql("UPDATE relationships SET type = 'N:1', from_label = 'Buys'")
    page.refresh()
    qtbot.waitUntil(lambda: page.model.rows[0].summary.type == "N:1")
    dialog = edited(qtbot, page)
    assert dialog.kind.currentText() == "N:1  many to one"

    press(qtbot, dialog.swap)
    with qtbot.waitSignal(dialog.stored):
        press(qtbot, dialog.submit)

    columns = (Relationship.from_object_id, Relationship.type, Relationship.to_label)
    stored = [make.value(select(column)) for column in columns]
    assert stored == ["obj_deal", "1:N", "Buys"]


def test_keys_of_link_data_are_proposed_typed_and_stored_with_the_relationship(
    qtbot: QtBot, page: RelationshipsPage, make: Make, database: Database
) -> None:
    make.sql('UPDATE relationship_records SET relationship_metadata = \'{"since": "soon"}\'')
    dialog = edited(qtbot, page)
    dialog.tabs.setCurrentIndex(LINK_DATA)
    schema = dialog.schema
    qtbot.waitUntil(lambda: bool(schema.proposals.offers.findChildren(SmallLink)))
    press(qtbot, schema.proposals.offers.findChildren(SmallLink)[0])
    assert schema.model.keys == (LinkKey("since", "Since"),)
    schema.model.setData(schema.model.index(0, 2), "date")
    qtbot.waitUntil(lambda: "1 link breaks its rules" in schema.impact.sentence.text())
    schema.view.setFocus()
    schema.view.setCurrentIndex(schema.model.index(0, 3))
    qtbot.keyClick(schema.view, Qt.Key.Key_Space)
    qtbot.keyClick(schema.view, Qt.Key.Key_Insert)
    schema.model.setData(schema.model.index(1, 0), "since")

    press(qtbot, dialog.submit)

    qtbot.waitUntil(lambda: "two keys named “since”" in schema.problem.text())
    schema.model.setData(schema.model.index(1, 0), "note")
    qtbot.keyClick(schema.view, Qt.Key.Key_Up, Qt.KeyboardModifier.AltModifier)
    with qtbot.waitSignal(dialog.stored):
        press(qtbot, dialog.submit)
    assert keys_of(database, make) == (
        LinkKey("note", ""),
        LinkKey("since", "Since", "date", {}, is_required=True),
    )
    qtbot.waitUntil(lambda: page.model.index(0, 8).data() == "note, Since")


def test_keys_can_be_defined_under_a_name_that_nobody_could_give_here(
    qtbot: QtBot, page: RelationshipsPage, make: Make, database: Database
) -> None:
    long = "X" * 10_000
    make.sql("UPDATE relationships SET name = 'two' || chr(10) || 'lines', to_label = :x", x=long)
    page.refresh()
    qtbot.waitUntil(lambda: "two" in str(page.model.index(0, 3).data()))
    page.grid.setCurrentIndex(page.model.index(0, 0))
    dialog = edited(qtbot, page)
    dialog.tabs.setCurrentIndex(LINK_DATA)
    qtbot.keyClick(dialog.schema.view, Qt.Key.Key_Insert)
    dialog.schema.model.setData(dialog.schema.model.index(0, 0), "role")
    with qtbot.waitSignal(dialog.stored):
        press(qtbot, dialog.submit)
    assert keys_of(database, make) == (LinkKey("role", ""),)


def test_two_people_who_edit_the_keys_both_keep_what_does_not_meet(
    qtbot: QtBot, page: RelationshipsPage, make: Make, database: Database
) -> None:
    save_keys(database, make, SINCE, LinkKey("role", "Role"))
    dialog = edited(qtbot, page)
    dialog.tabs.setCurrentIndex(LINK_DATA)
    model = dialog.schema.model
    model.setData(model.index(0, 1), "Mine")
    save_keys(database, make, LinkKey("since", "Theirs"), LinkKey("role", "Job"), LinkKey("x", ""))

    press(qtbot, dialog.submit)

    qtbot.waitUntil(dialog.reload_button.isVisible)
    press(qtbot, dialog.reload_button)
    qtbot.waitUntil(lambda: "“since”" in dialog.schema.problem.text())
    assert [key.label for key in model.keys] == ["Mine", "Job", ""]
    with qtbot.waitSignal(dialog.stored):
        press(qtbot, dialog.submit)
    assert [key.title for key in keys_of(database, make)] == ["Mine", "Job", "x"]


def test_rules_that_cannot_be_read_keep_their_key_current(
    qtbot: QtBot, page: RelationshipsPage, make: Make, database: Database
) -> None:
    save_keys(database, make, LinkKey("share", "", "number"), SINCE)
    dialog = edited(qtbot, page)
    dialog.tabs.setCurrentIndex(LINK_DATA)
    schema = dialog.schema
    boxes = {line.accessibleName(): line for line in schema.config.findChildren(QLineEdit)}
    least = next(line for name, line in boxes.items() if "Smallest" in name)
    least.setText("many")
    least.textEdited.emit("many")
    schema.view.setCurrentIndex(schema.model.index(1, 0))
    qtbot.waitUntil(lambda: schema.view.currentIndex().row() == 0)
    assert least.text() == "many"
    least.setText("3")
    least.textEdited.emit("3")
    schema.view.setCurrentIndex(schema.model.index(1, 0))
    assert schema.model.keys[0].config == {"min": 3}
    dialog.done(0)


def test_without_our_schema_it_is_said_why_keys_cannot_be_kept(
    qtbot: QtBot, page: RelationshipsPage, make: Make
) -> None:
    make.sql("DROP TABLE crm_desktop.link_schemas")
    page.refresh()
    dialog = edited(qtbot, page)
    dialog.tabs.setCurrentIndex(LINK_DATA)
    assert "schema “crm_desktop”" in dialog.schema.limit.text()
    assert not dialog.schema.add_button.isEnabled()
    dialog.inputs["from_label"].show("Sales")
    with qtbot.waitSignal(dialog.stored):
        press(qtbot, dialog.submit)


def test_beside_the_list_stands_what_is_known_of_a_relationship(
    qtbot: QtBot, page: RelationshipsPage, make: Make, database: Database
) -> None:
    save_keys(database, make, SINCE)
    orion = make.record("obj_deal", {"n": "Orion"})
    for _ in range(2):
        make.link("rel_account_deal", make.record("obj_account"), orion)
    view = """{"tables": [{"id": "v", "name": "Ours", "x": "rel_account_deal"}]}"""
    make.sql("UPDATE objects SET views = CAST(:v AS jsonb) WHERE id = 'obj_deal'", v=view)
    page.refresh()
    details = page.details
    qtbot.waitUntil(lambda: "1.5 on average, at most 2, in 2 linked records" in said(details))
    qtbot.waitUntil(lambda: bool(details.findChildren(CrowdedList)))
    crowded = details.findChildren(CrowdedList)[0]
    qtbot.waitUntil(lambda: crowded.model.rowCount() == 1)
    assert "A Deal has one Account." in said(details)
    links = [link for link in details.findChildren(SmallLink) if "Ours" in link.text()]
    with qtbot.waitSignal(page.open_requested) as opened:
        press(qtbot, links[0])
    assert opened.args == ["records:obj_deal"]


def said(widget: QWidget) -> str:
    found = widget.findChildren(TextLabel) + widget.findChildren(ElidedLabel)
    return "\n".join(label.text() for label in found)

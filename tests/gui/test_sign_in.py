"""From the first paint to a database: starting, asking, signing in, failing and trying again."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from pydantic import SecretStr
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot
from sqlalchemy import text
from typing_extensions import override

from crm_desktop.db.database import Database, WriteSession
from crm_desktop.domain.access import Actor
from crm_desktop.domain.errors import Unavailable, UpgradeNeeded
from crm_desktop.gui.dialogs.connect import ChosenConnection, ConnectDialog
from crm_desktop.gui.dialogs.sign_in import FirstUserDialog, SignInDialog
from crm_desktop.gui.jobs import Progress
from crm_desktop.gui.main_window import MainWindow
from crm_desktop.gui.startup import Ready, Source, Startup
from crm_desktop.gui.tasks import Tasks
from crm_desktop.opening import DatabaseOpener
from crm_desktop.services import users
from tests.gui.windows import make_object, make_window, titles, wait_until_idle

PASSWORD = "correct horse"  # noqa: S105 - a test's own


class LocalOpener(DatabaseOpener):
    """The real opener, with the test's database in place of an embedded server."""

    def __init__(self, home: Path, url: str) -> None:
        super().__init__(home)
        self.url = url
        self.problem: Unavailable | None = None

    @override
    def open(
        self, source: Source, *, extend: bool, may_upgrade: bool, tell: Callable[[str], None]
    ) -> Ready:
        if self.problem is not None:
            self._may_preload.set()
            raise self.problem
        return super().open(source, extend=extend, may_upgrade=may_upgrade, tell=tell)

    @override
    def local_url(self, tell: Callable[[str], None]) -> str:
        return self.url

    @override
    def load_sample(self, session: WriteSession, on_progress: Progress) -> object:
        on_progress(1, 1)
        from crm_desktop.services import objects

        return objects.create_object(session, objects.ObjectDraft(label="Sample"))


class OlderOpener(LocalOpener):
    """The workspace was made by an older version, and the disk has no room for a backup."""

    @override
    def open(
        self, source: Source, *, extend: bool, may_upgrade: bool, tell: Callable[[str], None]
    ) -> Ready:
        self._may_preload.set()
        raise UpgradeNeeded("This database was made by an older CRM Desktop.")

    @override
    def back_up_before_update(self, source: Source, on_progress: Progress) -> Path:
        raise Unavailable("The disk has no room for the backup.")


@pytest.fixture
def opener(home: Path, database_url: str) -> LocalOpener:
    return LocalOpener(home, database_url)


@pytest.fixture
def window(qtbot: QtBot, qapp: QApplication, home: Path) -> Iterator[MainWindow]:
    tasks = Tasks()
    window = make_window(qtbot, tasks, home)
    yield window
    wait_until_idle(qtbot, tasks)
    tasks.close()
    tasks.deleteLater()


def dialog_of(qtbot: QtBot, window: MainWindow) -> SignInDialog:
    qtbot.waitUntil(lambda: window.findChild(SignInDialog) is not None, timeout=10_000)
    dialog = window.findChild(SignInDialog)
    assert dialog is not None
    return dialog


def sign_in(qtbot: QtBot, dialog: SignInDialog, email: str, password: str) -> None:
    dialog.email.setText(email)
    dialog.password.setText(password)
    qtbot.mouseClick(dialog.sign_in, Qt.MouseButton.LeftButton)


def make_user(database: Database, actor: Actor) -> None:
    draft = users.UserDraft(email="ada@example.com", full_name="Ada", password=SecretStr(PASSWORD))
    with database.write(actor) as session:
        users.create_user(session, draft)


def test_the_local_workspace_opens_as_its_owner_without_typing(
    qtbot: QtBot, window: MainWindow, opener: LocalOpener, database: Database, actor: Actor
) -> None:
    make_object(database, actor, "Deal")
    Startup(window, opener, Source()).begin()
    qtbot.waitUntil(lambda: titles(window) == ["Objects"], timeout=10_000)
    assert window.tasks.actor == actor
    assert window.status.kind.text == "LOCAL"
    assert window.findChild(SignInDialog) is None


def test_an_empty_workspace_offers_sample_data_and_shows_it(
    qtbot: QtBot, window: MainWindow, opener: LocalOpener
) -> None:
    Startup(window, opener, Source()).begin()
    qtbot.waitUntil(window.start_page.sample.isVisible, timeout=10_000)
    qtbot.mouseClick(window.start_page.sample, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: len(window.navigation.groups) == 1, timeout=10_000)
    assert window.is_showing_pages


def test_a_backup_that_fails_before_an_update_says_why_and_asks_again(
    qtbot: QtBot, window: MainWindow, home: Path, database_url: str
) -> None:
    Startup(window, OlderOpener(home, database_url), Source()).begin()
    page = window.start_page
    qtbot.waitUntil(page.save_first.isVisible, timeout=10_000)
    qtbot.mouseClick(page.save_first, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: window.messages.count() == 1, timeout=10_000)
    message = window.messages.message()
    assert message is not None
    assert message.text == "The disk has no room for the backup."
    qtbot.waitUntil(page.save_first.isVisible, timeout=10_000)
    assert page.title.text() == "This workspace has to be updated"


def test_an_empty_workspace_can_be_begun_empty(
    qtbot: QtBot, window: MainWindow, opener: LocalOpener
) -> None:
    Startup(window, opener, Source()).begin()
    qtbot.waitUntil(window.start_page.empty.isVisible, timeout=10_000)
    qtbot.mouseClick(window.start_page.empty, Qt.MouseButton.LeftButton)
    assert window.is_showing_pages


def test_a_start_that_fails_says_why_and_can_be_tried_again(
    qtbot: QtBot, window: MainWindow, opener: LocalOpener, database: Database, actor: Actor
) -> None:
    make_object(database, actor, "Deal")
    opener.problem = Unavailable("The disk is full. Make room, then try again.")
    Startup(window, opener, Source()).begin()
    page = window.start_page
    qtbot.waitUntil(page.retry.isVisible, timeout=10_000)
    assert page.words.text() == "The disk is full. Make room, then try again."
    qtbot.mouseClick(page.copy, Qt.MouseButton.LeftButton)
    assert "The disk is full" in QGuiApplication.clipboard().text()

    opener.problem = None
    qtbot.mouseClick(page.retry, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: titles(window) == ["Objects"], timeout=10_000)


def test_a_server_asks_who_signs_in_and_refuses_in_place(
    qtbot: QtBot, window: MainWindow, opener: LocalOpener, database: Database, actor: Actor
) -> None:
    make_user(database, actor)
    startup = Startup(window, opener, Source(opener.url, "test"))
    startup.begin()
    answer_additions(qtbot, window)
    dialog = dialog_of(qtbot, window)

    sign_in(qtbot, dialog, "ada@example.com", "wrong")
    qtbot.waitUntil(lambda: dialog.password_row.problem.text() != "")
    assert dialog.isVisible()
    assert dialog.email.text() == "ada@example.com"
    assert not window.tasks.is_open

    sign_in(qtbot, dialog, "ada@example.com", PASSWORD)
    qtbot.waitUntil(lambda: titles(window) == ["Objects"], timeout=10_000)
    assert window.tasks.actor.email == "ada@example.com"
    assert window.status.kind.text == "TEST"


def test_a_database_without_users_asks_for_the_first_one(
    qtbot: QtBot, window: MainWindow, opener: LocalOpener, database: Database
) -> None:
    with database.engine.begin() as connection:
        connection.execute(text("DELETE FROM users"))
    Startup(window, opener, Source(opener.url, "test")).begin()
    answer_additions(qtbot, window)
    dialog = dialog_of(qtbot, window)
    assert isinstance(dialog, FirstUserDialog)

    sign_in(qtbot, dialog, "ada@example.com", "short")
    qtbot.waitUntil(lambda: dialog.name_row.problem.text() != "")
    assert dialog.isVisible()
    dialog.name.setText("Ada")
    sign_in(qtbot, dialog, "ada@example.com", PASSWORD)

    qtbot.waitUntil(lambda: titles(window) == ["Objects"], timeout=10_000)
    assert window.tasks.actor.email == "ada@example.com"


def test_the_address_is_remembered_and_the_password_is_not(
    qtbot: QtBot,
    window: MainWindow,
    opener: LocalOpener,
    database: Database,
    actor: Actor,
    home: Path,
) -> None:
    make_user(database, actor)
    Startup(window, opener, Source(opener.url, "test")).begin()
    answer_additions(qtbot, window)
    sign_in(qtbot, dialog_of(qtbot, window), "ada@example.com", PASSWORD)
    qtbot.waitUntil(lambda: window.tasks.is_open, timeout=10_000)
    window.close()

    def kept() -> str:
        files = [file for file in home.rglob("*") if file.is_file()]
        return "".join(file.read_text(errors="replace") for file in files)

    qtbot.waitUntil(lambda: "ada@example.com" in kept())  # settings are written in their own time
    assert PASSWORD not in kept()


def test_whoever_does_not_sign_in_can_go_elsewhere(
    qtbot: QtBot, window: MainWindow, opener: LocalOpener
) -> None:
    Startup(window, opener, Source(opener.url, "test")).begin()
    answer_additions(qtbot, window)
    dialog_of(qtbot, window).reject()
    assert window.start_page.title.text() == "You are not signed in"
    assert window.start_page.local.isVisible()
    assert not window.tasks.is_open


def test_a_foreign_database_is_asked_about_before_anything_is_added(
    qtbot: QtBot, window: MainWindow, opener: LocalOpener, database: Database, actor: Actor
) -> None:
    make_user(database, actor)
    make_foreign(database, actor)
    before = relations(database, actor)
    Startup(window, opener, Source(opener.url, "prod")).begin()
    page = window.start_page
    qtbot.waitUntil(page.accept.isVisible, timeout=10_000)
    assert "belongs to another program" in page.title.text()
    assert relations(database, actor) == before

    qtbot.mouseClick(page.decline, Qt.MouseButton.LeftButton)
    dialog_of(qtbot, window).reject()
    assert relations(database, actor) == before


def test_with_consent_a_foreign_database_gets_what_is_missing(
    qtbot: QtBot, window: MainWindow, opener: LocalOpener, database: Database, actor: Actor
) -> None:
    make_foreign(database, actor)
    before = relations(database, actor)
    Startup(window, opener, Source(opener.url, "prod")).begin()
    qtbot.waitUntil(window.start_page.accept.isVisible, timeout=10_000)
    qtbot.mouseClick(window.start_page.accept, Qt.MouseButton.LeftButton)
    dialog_of(qtbot, window).reject()
    assert set(relations(database, actor)) > set(before)


def test_a_connection_needs_an_address_that_is_one(qtbot: QtBot, window: MainWindow) -> None:
    dialog = ConnectDialog([], window)
    chosen: list[ChosenConnection] = []
    dialog.chosen.connect(chosen.append)
    dialog.open()
    dialog.address.setEditText("db.example")
    qtbot.mouseClick(dialog.connect_button, Qt.MouseButton.LeftButton)
    assert chosen == []
    assert "postgresql://" in dialog.address_row.problem.text()
    dialog.address.setEditText("postgresql://me@db.example/crm")
    dialog.password.setText("secret")
    qtbot.mouseClick(dialog.connect_button, Qt.MouseButton.LeftButton)
    assert chosen == [
        ChosenConnection("postgresql://me@db.example/crm", "secret", "prod", is_kept=True)
    ]


def test_a_kept_connection_has_no_password(opener: LocalOpener) -> None:
    opener.keep_connection(
        ChosenConnection("postgresql://me:hidden@db.example/crm", "secret", "dev", is_kept=True)
    )
    saved = opener.saved_connections()
    assert [(each.url, each.kind) for each in saved] == [("postgresql://me@db.example/crm", "dev")]


def answer_additions(qtbot: QtBot, window: MainWindow) -> None:
    """Decline what is offered to a foreign database, which the test's template is."""
    page = window.start_page
    qtbot.waitUntil(
        lambda: page.decline.isVisible() or window.findChild(SignInDialog) is not None,
        timeout=10_000,
    )
    if page.decline.isVisible():
        qtbot.mouseClick(page.decline, Qt.MouseButton.LeftButton)


def make_foreign(database: Database, actor: Actor) -> None:
    """Give the database a version that this program does not know, and nothing of ours."""
    from sqlalchemy import text

    with database.write(actor) as session:
        for line in FOREIGN:
            session.execute(text(line))


FOREIGN: Sequence[str] = (
    "DROP SCHEMA IF EXISTS crm_desktop CASCADE",
    "UPDATE alembic_version SET version_num = 'elsewhere'",
)


def relations(database: Database, actor: Actor) -> list[str]:
    from sqlalchemy import text

    query = (
        "SELECT oid::regclass::text FROM pg_class WHERE relnamespace::regnamespace::text"
        " IN ('public', 'crm_desktop') ORDER BY 1"
    )
    with database.read(actor) as session:
        return list(session.scalars(text(query)))

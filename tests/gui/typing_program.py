"""A program in which somebody types, to be killed: `python -m tests.gui.typing_program …`."""

import sys
from functools import partial
from pathlib import Path
from uuid import UUID

from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from crm_desktop.db.database import Database
from crm_desktop.db.draft_files import open_drafts
from crm_desktop.domain.access import Actor
from crm_desktop.gui.drafts import Drafts
from crm_desktop.gui.editors.text import LineEditor
from crm_desktop.gui.pages.record import RecordPage
from crm_desktop.gui.tasks import Tasks


def main(url: str, home: str, owner: str, record_id: str, words: str) -> None:
    """Type the words into the field `fld_name` of a record, and say when that was done."""
    app = QApplication([])
    tasks = Tasks(Database.at(url), Actor(UUID(owner), "ada@example.com"))
    drafts = Drafts(tasks, partial(open_drafts, Path(home)))
    drafts.begin("here")
    page = RecordPage(tasks, record_id, drafts=drafts)
    page.show()

    def type_words(_: object) -> None:
        editor = page.panel.form.cells["fld_name"].editor
        if isinstance(editor, LineEditor):
            editor.line.selectAll()
            QTest.keyClicks(editor.line, words)
            sys.stdout.write("typed\n")
            sys.stdout.flush()

    page.panel.loaded.connect(type_words)
    app.exec()


if __name__ == "__main__":
    main(*sys.argv[1:])

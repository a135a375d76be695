"""The pictures of `make screenshots` that show what a list of records can do."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, cast

from PySide6.QtCore import QModelIndex
from PySide6.QtWidgets import QApplication, QLineEdit
from sqlalchemy import text

from crm_desktop.domain.drafts import Draft
from crm_desktop.domain.filters import Condition, Group, Grouping, Sort
from crm_desktop.domain.views import ViewSettings
from crm_desktop.gui.models import cell_saving
from crm_desktop.services import index_advice, views
from crm_desktop.services.views import SavedView, ViewDraft

if TYPE_CHECKING:
    from crm_desktop.db.database import WriteSession
    from crm_desktop.gui.pages.records import RecordsPage
    from scripts.screenshots import Photographer

_IN_PLAY = ("qualified", "proposal", "negotiation")
_WHILE_TAKEN = 60_000  # milliseconds: the mark of a saved cell stays for both pictures


def take_lists(photographer: Photographer, page: RecordsPage) -> None:
    """Take the list of deals with a view, grouped, while it is edited, and what it offers."""
    fields = {field.label: field.id for field in page.model.columns}
    _take_view(photographer, page, fields)
    _take_builder(photographer, page, fields)
    photographer.take_dialog("columns-dialog", page.list.columns.open_dialog)
    _take_groups(photographer, page, fields)
    _take_editing(photographer, page, fields)
    _take_draft(photographer, page, fields)
    _take_indexes(photographer, page, fields)


def _take_view(photographer: Photographer, page: RecordsPage, fields: dict[str, str]) -> None:
    settings = ViewSettings(
        filters=(Condition(fields["Stage"], "is_any_of", _IN_PLAY),),
        sort=(Sort(fields["Amount"], descending=True),),
        frozen=1,
        summaries={fields["Amount"]: "sum", fields["Probability"]: "average"},
    )

    def show(saved: SavedView) -> None:
        page.list.views.show_when_read(saved.id)

    page.list.arrangement.apply(settings)
    photographer.wait()
    call = partial(
        views.create_view,
        object_id=page.object_id,
        draft=ViewDraft(name="Deals in play"),
        settings=settings,
    )
    photographer.window.tasks.write(page, call, show)
    photographer.wait()
    _go_to(page, 4, fields["Amount"])
    bar = page.grid.horizontalScrollBar()
    bar.setValue(min(bar.maximum(), 2))
    photographer.take("records-view")


def _take_builder(photographer: Photographer, page: RecordsPage, fields: dict[str, str]) -> None:
    large = Condition(fields["Amount"], "at_least", 50_000)
    soon = Condition(fields["Close date"], "in_next", (30, "days"))
    parts = (*page.list.filters.parts, Group("any", (large, soon)))
    page.list.filters.set_parts(parts)
    photographer.wait()
    photographer.take_dialog("filter-builder", page.list.filters.open_editor)
    page.list.views.discard()
    photographer.wait()


def _take_groups(photographer: Photographer, page: RecordsPage, fields: dict[str, str]) -> None:
    page.list.views.show("")
    photographer.wait()
    page.list.summaries.choose(fields["Amount"], "sum")
    page.list.groups.group_by(Grouping(fields["Stage"]))
    photographer.wait()
    page.list.groups.toggle(0)
    photographer.wait()
    _go_to(page, 3, fields["Amount"])
    photographer.take("records-grouped")
    page.list.views.discard()
    photographer.wait()


def _take_editing(photographer: Photographer, page: RecordsPage, fields: dict[str, str]) -> None:
    """Take a cell that was saved, one that was refused, and an editor in a third."""
    seconds, cell_saving.SAVED_FOR = cell_saving.SAVED_FOR, _WHILE_TAKEN
    amount = fields["Amount"]
    for row, typed in ((2, "18400"), (5, "about 20")):
        _type_in(photographer, page, _go_to(page, row, amount), typed)
        page.list.editing.editing.commit()
        photographer.wait()
    _type_in(photographer, page, _go_to(page, 8, fields["Deal"]), "Line 4 retrofit")
    photographer.take("editing")
    page.list.editing.editing.cancel()
    page.drop_unsaved()
    cell_saving.SAVED_FOR = seconds
    photographer.wait()


def _type_in(photographer: Photographer, page: RecordsPage, index: QModelIndex, words: str) -> None:
    page.list.editing.editing.begin(index)
    cast("QLineEdit", QApplication.focusWidget()).clear()
    photographer.type(words)


def _go_to(page: RecordsPage, row: int, field_id: str) -> QModelIndex:
    ids = [field.id for field in page.model.columns]
    index = page.model.index(row, ids.index(field_id))
    page.grid.setCurrentIndex(index)
    page.grid.setFocus()
    return index


def _take_draft(photographer: Photographer, page: RecordsPage, fields: dict[str, str]) -> None:
    """Take what is offered after a crash: a draft that another run of the program left."""
    drafts = photographer.window.drafts
    title = str(page.model.index(6, 0).data())
    values = {fields["Amount"]: {"old": None, "new": 20_000}}
    record_id = page.model.id_of(6)
    left = Draft(f"record:{record_id}", page.object_id, record_id, title, values, datetime.now(UTC))
    vars(drafts)["_left_over"][left.key] = left
    drafts.changed.emit()
    photographer.wait()
    photographer.take("drafts")
    drafts.drop(left.key)
    photographer.wait()


def _take_indexes(photographer: Photographer, page: RecordsPage, fields: dict[str, str]) -> None:
    """Take the offer that a slow list makes, asked for here, and the index that comes of it."""
    photographer.window.tasks.write(page, _analyze)
    by_amount = ViewSettings(sort=(Sort(fields["Amount"], descending=True),))
    page.list.arrangement.apply(by_amount)
    photographer.wait()
    fewest, index_advice.FEWEST_RECORDS = index_advice.FEWEST_RECORDS, 1
    page.list.indexes.ask()
    photographer.wait()
    photographer.take("index-offer")
    page.list.indexes.build()
    photographer.wait()
    index_advice.FEWEST_RECORDS = fewest
    photographer.take_page("indexes", "indexes")


def _analyze(session: WriteSession) -> None:
    """Let the server know how many records there are, as it does by itself after a while."""
    session.execute(text("ANALYZE records"))

"""`reorder`: a new order of many fields in one statement, against one UPDATE for each of them.

Both commit in the same way: as they are sent, each statement for itself, which is what a program
without this statement does; and all of them in one transaction, where the other side has no more
to do than 500 round trips on a local socket.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import count
from typing import Any

import psycopg
from sqlalchemy import Engine, event

from bench import many_fields
from bench.measure import Options, Result, in_turns
from bench.workspace import Workspace, new_workspace, running_server
from crm_desktop.db.database import dump_json
from crm_desktop.domain import layout_draft
from crm_desktop.domain.layout_draft import Layout
from crm_desktop.services import layout_saving

FIELDS, ROUNDS = 500, 31
FEWER = 5  # times as few rounds where each UPDATE waits for the disk


def run(options: Options) -> Iterator[Result]:
    fields, rounds = options.rows or FIELDS, options.rounds or ROUNDS
    with running_server() as server, new_workspace(server) as workspace:
        object_id = many_fields.make_object(workspace, fields)
        with psycopg.connect(workspace.url) as connection:
            yield from _measure(workspace, connection, object_id, rounds)


def _measure(
    workspace: Workspace, connection: psycopg.Connection[Any], object_id: str, rounds: int
) -> Iterator[Result]:
    orders = _orders(_load(workspace, object_id))
    statement = _statement_of(workspace, object_id, orders[1])
    _save(workspace, object_id, orders[0])
    one_by_one = _turning(partial(_one_by_one, connection), orders)
    at_once = _turning(partial(_at_once, connection, statement, object_id), orders)
    whole = _turning(_saving(workspace, object_id), orders)
    fields = len(orders[0].ids())
    connection.autocommit = True
    together, each = in_turns(at_once, one_by_one, max(3, rounds // FEWER), warm_up=1)
    yield Result(
        "reorder",
        together * 1000,
        "ms",
        f"{fields} UPDATEs of psycopg, one for each field: {each * 1000:.1f} ms",
        each / together,
        20,
        at_least=True,
    )
    connection.autocommit = False
    together, each = in_turns(at_once, one_by_one, rounds)
    yield Result(
        "reorder, one transaction",
        together * 1000,
        "ms",
        f"{fields} UPDATEs of psycopg in one transaction: {each * 1000:.1f} ms",
        each / together,
        20,
        at_least=True,
    )
    saving, each = in_turns(whole, one_by_one, rounds)
    yield Result(
        "reorder, whole save",
        saving * 1000,
        "ms",
        f"the same: {each * 1000:.1f} ms; this one reads, merges, and writes order and sections",
        each / saving,
        None,
        at_least=True,
    )


def _load(workspace: Workspace, object_id: str) -> Layout:
    with workspace.database.read(workspace.actor) as session:
        return layout_saving.load_layout(session, object_id).layout


def _orders(layout: Layout) -> tuple[Layout, Layout]:
    """Return the layout, and another in which every field of each section moves."""
    other = layout
    for section in layout.sections:
        for entry_id in section.ids():
            other = layout_draft.move(other, [entry_id], section.key, 0)
    return layout, other


def _turning(save: Callable[[Layout], object], orders: Sequence[Layout]) -> Callable[[], object]:
    """Return what saves the one order and then the other, so that each time all rows change."""
    turns = count()
    return lambda: save(orders[next(turns) % 2])


def _save(
    workspace: Workspace, object_id: str, wanted: Layout, base: Layout | None = None
) -> Layout:
    known = base or _load(workspace, object_id)
    with workspace.database.write(workspace.actor) as session:
        return layout_saving.save_layout(session, object_id, known, wanted).stored.layout


def _saving(workspace: Workspace, object_id: str) -> Callable[[Layout], object]:
    """Return what saves on top of what it saved last, as the page does."""
    known = _load(workspace, object_id)

    def save(wanted: Layout) -> None:
        nonlocal known
        known = _save(workspace, object_id, wanted, known)

    return save


def _statement_of(workspace: Workspace, object_id: str, wanted: Layout) -> str:
    """Return the one statement in which saving writes the order."""
    sent: list[str] = []

    def note(_: Any, __: Any, statement: str, *___: Any) -> None:
        sent.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    _save(workspace, object_id, wanted)
    event.remove(Engine, "before_cursor_execute", note)
    writes = [each for each in sent if each.split()[0] in {"UPDATE", "INSERT", "DELETE"}]
    orders = [each for each in writes if "display_order" in each]
    if len(orders) != 1 or len(writes) > 2:  # the form's JSON is the other
        raise RuntimeError(f"{len(writes)} statements were written.")
    return orders[0]


def _at_once(
    connection: psycopg.Connection[Any], statement: str, object_id: str, wanted: Layout
) -> None:
    values = {"ids": dump_json(list(wanted.ids())), "object_id": object_id}
    connection.execute(statement, values)
    connection.commit()


def _one_by_one(connection: psycopg.Connection[Any], wanted: Layout) -> None:
    for place, entry_id in enumerate(wanted.ids()):
        connection.execute(
            "UPDATE object_fields SET display_order = %s WHERE id = %s", (place, entry_id)
        )
    connection.commit()

"""Random edits, pastes, bulk edits, deletions and links: undone one by one they end as begun."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from crm_desktop.db.database import Database, WriteSession
from crm_desktop.domain.access import Actor
from crm_desktop.domain.bulk_changes import Change, Clear, SetTo
from crm_desktop.domain.filters import RecordQuery
from crm_desktop.domain.json_edits import ABSENT, JsonEdit
from crm_desktop.services import bulk_edit, history, links, records
from crm_desktop.services.cell_writes import ANY_VALUE, write_cells
from crm_desktop.services.record_deletion import delete_targets
from crm_desktop.services.record_targets import ChosenRecords, FoundRecords
from crm_desktop.services.records import Edit
from tests.conftest import new_database
from tests.make import Make
from tests.services.test_history import everything

KEYS = ("fld_name", "fld_stage", "fld_amount")
VALUES: dict[str, list[Any]] = {
    "fld_name": [None, "Orion", "Lyra", "ü \u2603 '\"\\", "Vega"],
    "fld_stage": [None, "new", "won"],
    "fld_amount": [None, 0, 12, -3],
}


BEGINNING = """
INSERT INTO records (id, object_id, data, primary_value)
SELECT 'rec_' || kind || n, 'obj_' || kind,
       jsonb_build_object('fld_name', name, 'fld_unknown', ARRAY[n]), name
FROM unnest(ARRAY['Orion', 'Lyra', 'Vega']) WITH ORDINALITY AS names (name, n),
     unnest(ARRAY['deal', 'team']) kind;
INSERT INTO relationship_records
    (id, relationship_id, from_record_id, to_record_id, relationship_metadata)
SELECT 'rrec_' || n, 'rel_team_deal', 'rec_team' || n, 'rec_deal' || n, '{"since": 2020}'
FROM generate_series(1, 3) n
"""


class Workspace:
    """Two objects, some records and links, and a person who does things at random."""

    def __init__(self, database: Database, actor: Actor) -> None:
        self.database, self.actor = database, actor
        self.make = Make(database, actor)
        self.deals = self.make.object("deal", fields=["name", "stage"])
        self.make.attach(self.deals, self.make.field("amount", "number"))
        self.teams = self.make.object("team", fields=["name"])
        self.owns = self.make.relationship(self.teams, self.deals, "1:N")
        self.peers = self.make.relationship(self.deals, self.deals, "N:N")

    def empty(self) -> None:
        tables = ("records", "crm_desktop.history", "crm_desktop.change_sets")
        self.make.sql("; ".join(f"DELETE FROM {name}" for name in tables))
        self.make.sql(BEGINNING)

    def act(self, random: Random) -> None:
        """Do one gesture: one to three calls of services in one transaction."""
        calls = [random.choice(ACTS) for _ in range(random.choice((1, 1, 3)))]
        with self.database.write(self.actor) as session:
            session.describe("gesture")
            for call in calls:
                call(self, session, random)

    def undo(self) -> bool:
        with self.database.read(self.actor) as session:
            found = history.undo_state(session).undo
        if found is not None:
            with self.database.write(self.actor) as session:
                assert history.undo(session, found.id).refusals == ()
        return found is not None

    def redo(self) -> bool:
        with self.database.read(self.actor) as session:
            found = history.undo_state(session).redo
        if found is not None:
            with self.database.write(self.actor) as session:
                assert history.redo(session, found.id).refusals == ()
        return found is not None


def _visible(session: WriteSession, table: str, where: str = "true") -> list[Any]:
    return list(session.execute(text(f"SELECT * FROM {table} WHERE {where} ORDER BY id")))


def create(workspace: Workspace, session: WriteSession, random: Random) -> None:
    values = {key: random.choice(VALUES[key]) for key in KEYS}
    records.create_record(session, workspace.deals, values)


def change(workspace: Workspace, session: WriteSession, random: Random) -> None:
    if rows := _visible(session, "records", "object_id = 'obj_deal'"):
        row = random.choice(rows)
        keys = random.sample(KEYS, random.randint(1, 3))
        edits = {key: Edit(row.data.get(key), random.choice(VALUES[key])) for key in keys}
        records.update_record(session, row.id, edits)


def delete(workspace: Workspace, session: WriteSession, random: Random) -> None:
    if rows := _visible(session, "records"):
        gone = random.sample(rows, min(len(rows), random.randint(1, 3)))
        kinds = {row.object_id for row in gone}
        for kind in kinds:
            ids = tuple(row.id for row in gone if row.object_id == kind)
            delete_targets(session, ChosenRecords(kind, ids), agreed=len(ids))


def change_many(workspace: Workspace, session: WriteSession, random: Random) -> None:
    """Set or empty one field of every deal, by one statement."""
    target = FoundRecords(RecordQuery(workspace.deals))
    value = random.choice(VALUES["fld_amount"])
    changes: dict[str, Change] = {"fld_amount": Clear() if value is None else SetTo(value)}
    rehearsal = bulk_edit.rehearse(session, target, changes)
    bulk_edit.apply_changes(session, target, changes, rehearsal, leaves_out_failing=True)


def change_cells(workspace: Workspace, session: WriteSession, random: Random) -> None:
    """Write cells of several deals at once, as a paste does."""
    rows = _visible(session, "records", "object_id = 'obj_deal'")
    some = random.sample(rows, min(len(rows), random.randint(1, 3)))
    keys = random.sample(KEYS, random.randint(1, 3))
    cells = [
        (row.id, {key: Edit(ANY_VALUE, random.choice(VALUES[key])) for key in keys}) for row in some
    ]
    write_cells(session, workspace.deals, cells)


def link(workspace: Workspace, session: WriteSession, random: Random) -> None:
    taken = "SELECT FROM relationship_records x WHERE x.to_record_id = records.id"
    deals = _visible(session, "records", f"object_id = 'obj_deal' AND NOT EXISTS ({taken})")
    teams = _visible(session, "records", "object_id = 'obj_team'")
    if deals and teams:
        metadata = {"role": random.choice(("CEO", "CTO"))}
        one, other = random.choice(teams), random.choice(deals)
        links.create_link(session, workspace.owns, one.id, other.id, metadata)


def change_link(workspace: Workspace, session: WriteSession, random: Random) -> None:
    if rows := _visible(session, "relationship_records"):
        row = random.choice(rows)
        old = row.relationship_metadata.get("role", ABSENT)
        links.update_link(session, row.id, [JsonEdit(("role",), old, random.choice(("A", "B")))])


def unlink(workspace: Workspace, session: WriteSession, random: Random) -> None:
    if rows := _visible(session, "relationship_records"):
        links.delete_link(session, random.choice(rows).id)


ACTS = (create, change, change, change_many, change_cells, delete, link, change_link, unlink)


@pytest.fixture(scope="module")
def workspace(server: str) -> Iterator[Workspace]:
    with _workspace(server) as made:
        yield made


@contextmanager
def _workspace(server: str) -> Iterator[Workspace]:
    from tests.conftest import ADMIN_ID

    with new_database(server, "crm_template") as url:
        database = Database.at(url)
        yield Workspace(database, Actor(ADMIN_ID, "admin@example.com", "Ada Admin"))
        database.close()


def _check(workspace: Workspace, random: Random, steps: int) -> None:
    """Act, undo and redo at random, then go all the way back, forth, and back again."""
    workspace.empty()
    began = everything(workspace.make)
    moves: list[Callable[[], object]] = [workspace.undo, workspace.redo]
    moves += [partial(workspace.act, random)] * 4
    for _ in range(steps):
        random.choice(moves)()
    ended = everything(workspace.make)
    depth = 0
    while workspace.undo():
        depth += 1
    assert everything(workspace.make) == began
    for _ in range(depth):
        assert workspace.redo()
    assert everything(workspace.make) == ended
    while workspace.undo():
        pass
    assert everything(workspace.make) == began


@pytest.mark.parametrize("block", range(4))
@given(seed=st.integers(0, 2**32), steps=st.integers(1, 4))
@settings(
    max_examples=75,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_any_sequence_ends_where_it_began(
    workspace: Workspace, block: int, seed: int, steps: int
) -> None:
    _check(workspace, Random(4 * seed + block), steps)  # noqa: S311 - sequences, no secrets


@pytest.mark.long
@pytest.mark.parametrize("block", range(20))
def test_ten_thousand_sequences_end_where_they_began(workspace: Workspace, block: int) -> None:
    for seed in range(500):
        random = Random(500 * block + seed)  # noqa: S311 - sequences, no secrets
        _check(workspace, random, random.randint(1, 6))

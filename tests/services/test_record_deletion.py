"""Deleting very many records: counted first, then all or none, and brought back in one step."""

from typing import Any

import pytest
from sqlalchemy import select, text

from crm_desktop.db.database import Database
from crm_desktop.db.tables import Record, RelationshipRecord
from crm_desktop.domain.access import Actor
from crm_desktop.domain.changes import Change, Topic
from crm_desktop.domain.errors import Conflict, Forbidden
from crm_desktop.domain.filters import LinkCondition, RecordQuery
from crm_desktop.services import history, record_deletion
from crm_desktop.services.record_deletion import DeletionImpact, Referrers
from crm_desktop.services.record_targets import ChosenRecords, FoundRecords, RecordTarget
from tests.make import Make


def impact(database: Database, actor: Actor, target: RecordTarget) -> DeletionImpact:
    with database.read(actor) as session:
        return record_deletion.impact_of_deletion(session, target)


def test_links_and_references_that_a_deletion_touches_are_counted_beforehand(
    database: Database, actor: Actor, make: Make
) -> None:
    make.field("boss", "reference", config={"targetObjectId": "obj_contact"})
    make.field("team", "reference", config={"targetObject": "contact", "allowMultiple": True})
    make.field("agent", "lookup", config={"lookupObject": "user"})
    contact = make.object("contact", ["name", "boss", "agent"])
    deal = make.object("deal", ["name", "team"])
    knows = make.relationship(contact, contact)
    ann, bob, eve = make.records(contact, 3)
    for one, other in ((ann, bob), (bob, eve), (eve, eve)):
        make.link(knows, one, other)
    make.record(contact, {"fld_boss": ann, "fld_agent": ann})
    make.record(deal, {"fld_team": [eve, ann, bob]})
    make.record(deal, {"fld_team": {"odd": ann}})
    make.sql("UPDATE records SET data = data || jsonb_build_object('fld_boss', :boss ::text)"
             " WHERE id = :id", boss=bob, id=ann)  # fmt: skip

    found = impact(database, actor, ChosenRecords(contact, (ann, bob, "rec_gone")))

    assert found == DeletionImpact(
        records=2,
        gone=1,
        forbidden=0,
        links=2,
        referrers=(Referrers("Boss", 1), Referrers("Team", 1)),
        can_be_undone=True,
    )


def test_ten_thousand_records_go_with_their_links_and_come_back_in_one_step(
    database: Database, actor: Actor, make: Make
) -> None:
    contact, deal = make.object("contact", ["name"]), make.object("deal", ["name"])
    works = make.relationship(deal, contact)
    make.records(contact, 10_000)
    make.records(deal, 100)
    make.sql("""
        INSERT INTO relationship_records
            (id, relationship_id, from_record_id, to_record_id, relationship_metadata)
        SELECT 'rrec_' || c.id, :works, d.ids[1 + mod(hashtext(c.id) & 65535, 100)], c.id,
               jsonb_build_object('role', c.id)
        FROM records c, (SELECT array_agg(id) AS ids FROM records WHERE object_id = :deal) d
        WHERE c.object_id = :contact""", works=works, deal=deal, contact=contact)  # fmt: skip
    before = everything(make)
    linked = LinkCondition(works, is_from=False)
    target = FoundRecords(RecordQuery(contact, conditions=(linked,)))

    with database.long(actor) as session:
        deleted = record_deletion.delete_targets(session, target, agreed=10_000)
        assert session.changes == {Change(Topic.RECORDS, contact), Change(Topic.LINKS, works)}
    assert (deleted, len(everything(make))) == (10_000, 100)
    with database.read(actor) as session:
        undo = history.undo_state(session).undo
    assert undo is not None
    assert undo.title == "deletion of 10,000 records"
    with database.write(actor) as session:
        report = history.undo(session, undo.id)
    assert (report.records_restored, report.links, report.refused) == (10_000, 10_000, 0)
    assert everything(make) == before


def test_a_deletion_is_refused_whole_when_one_record_must_stay_or_more_are_found(
    database: Database, make: Make
) -> None:
    contact = make.object("contact", ["name"], permissions={"delete": ["owner"]})
    grace = make.actor()
    mine = make.record(contact, {"fld_name": "M"}, created_by=grace.user_id)
    theirs = make.record(contact, {"fld_name": "T"})
    knows = make.relationship(contact, contact)
    make.link(knows, mine, theirs)
    both, one = ChosenRecords(contact, (mine, theirs)), ChosenRecords(contact, (mine,))

    def delete(target: RecordTarget, agreed: int) -> int:
        with database.long(grace) as session:
            return record_deletion.delete_targets(session, target, agreed=agreed)

    assert impact(database, grace, both).forbidden == 1
    with pytest.raises(Forbidden, match="not allowed to delete this record"):
        delete(both, 2)
    with pytest.raises(Conflict, match="2 records now, not 1"):
        delete(FoundRecords(RecordQuery(contact)), 1)
    make.sql("CREATE RULE keep AS ON DELETE TO records DO INSTEAD NOTHING")
    with pytest.raises(Forbidden, match="keeps 1 of these"):
        delete(one, 1)
    assert make.count(RelationshipRecord) == 1
    make.sql("DROP RULE keep ON records")
    assert delete(one, 1) == 1
    assert (make.count(Record), make.count(RelationshipRecord)) == (1, 0)
    with pytest.raises(Forbidden), database.long(make.guest()) as session:
        record_deletion.delete_targets(session, one, agreed=1)


def everything(make: Make) -> dict[str, Any]:
    with make.database.engine.connect() as connection:
        found: dict[str, Any] = {
            row.id: row for row in connection.execute(text(
                "SELECT id, object_id, data::text, primary_value, created_by FROM records"))
        }  # fmt: skip
        links = connection.execute(select(*RelationshipRecord.__table__.c))
        return found | {row.id: tuple(row) for row in links}

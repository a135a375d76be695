"""The doctor finds each breach that the contract allows, and counts it right."""

from typing import Any

import pytest
from sqlalchemy import text

from crm_desktop.db.database import Database
from crm_desktop.domain.access import Actor
from crm_desktop.domain.errors import Cancelled
from crm_desktop.services.doctor import BREACHES, examine_data
from crm_desktop.services.sample import load_sample

BROKEN = {
    "duplicate_attachments": """
        INSERT INTO object_fields SELECT 'ofd_again', object_id, field_id, display_order,
            is_required, is_visible, is_readonly, field_overrides, created_at
        FROM object_fields LIMIT 1
    """,
    "broken_cardinality": """
        INSERT INTO relationship_records (id, relationship_id, from_record_id, to_record_id)
        SELECT 'lnk_again', x.relationship_id, (
            SELECT c.id FROM records c WHERE c.object_id = r.from_object_id
            AND c.id <> x.from_record_id LIMIT 1), x.to_record_id
        FROM relationship_records x JOIN relationships r ON r.id = x.relationship_id
        WHERE r.name = 'company_deals' LIMIT 1
    """,
    "links_to_wrong_object": """
        UPDATE relationship_records SET from_record_id = (
            SELECT r.id FROM records r JOIN objects o ON o.id = r.object_id
            WHERE o.name = 'invoice' LIMIT 1)
        WHERE id = (SELECT x.id FROM relationship_records x
            JOIN relationships r ON r.id = x.relationship_id WHERE r.name = 'deal_products' LIMIT 1)
    """,
    "duplicate_links": """
        INSERT INTO relationship_records (id, relationship_id, from_record_id, to_record_id)
        SELECT 'lnk_again', x.relationship_id, from_record_id, to_record_id
        FROM relationship_records x JOIN relationships r ON r.id = x.relationship_id
        WHERE r.name = 'deal_products' LIMIT 1
    """,
    "stale_primary_values": """
        UPDATE records SET primary_value = NULL WHERE id = (SELECT id FROM records LIMIT 1)
    """,
    "orphan_keys": """
        UPDATE records SET data = data || '{"fld_gone": 1, "fld_system_owner": "x"}'
        WHERE id = (SELECT id FROM records LIMIT 1)
    """,
    "dangling_users": """
        UPDATE records SET updated_by = '00000000-0000-0000-0000-00000000dead'
        WHERE id = (SELECT id FROM records LIMIT 1)
    """,
}


def test_each_breach_is_found_and_nothing_else_is(database: Database, actor: Actor) -> None:
    assert set(BROKEN) == set(BREACHES)
    with database.write(actor) as session:
        load_sample(session)
        assert examine_data(session).is_sound
        for kind, statement in BROKEN.items():
            with session.begin_nested() as undone:
                session.execute(text(statement))
                found: dict[str, Any] = dict(examine_data(session).breaches)
                undone.rollback()
            assert {name: count for name, count in found.items() if count} == {kind: 1}


def test_data_that_is_no_object_is_no_reason_to_fail(database: Database, actor: Actor) -> None:
    with database.write(actor) as session:
        load_sample(session)
        session.execute(
            text("UPDATE records SET data = '[1]' WHERE id = (SELECT min(id) FROM records)")
        )
        assert examine_data(session).breaches["stale_primary_values"] == 1


def test_an_examination_can_be_stopped(database: Database, actor: Actor) -> None:
    with pytest.raises(Cancelled), database.read(actor) as session:
        examine_data(session, lambda _done, _total: False)

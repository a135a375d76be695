"""The sample workspace: whole, valid, the same each time, and only into an empty database."""

from typing import Any

import pytest
from sqlalchemy import text

from crm_desktop.db.database import Database
from crm_desktop.domain.access import Actor
from crm_desktop.domain.errors import Cancelled, Invalid
from crm_desktop.domain.field_types import FIELD_TYPES, validate_record
from crm_desktop.services.applications import list_applications
from crm_desktop.services.doctor import examine_data
from crm_desktop.services.fields import list_fields
from crm_desktop.services.layout_saving import load_layout
from crm_desktop.services.link_data import broken_values
from crm_desktop.services.link_schemas import list_link_schemas
from crm_desktop.services.objects import list_objects
from crm_desktop.services.records import fields_of
from crm_desktop.services.sample import SampleReport, load_sample


def test_the_sample_has_every_field_type_and_valid_records_without_a_breach(
    database: Database, actor: Actor
) -> None:
    with database.write(actor) as session:
        report = load_sample(session)
        assert report == SampleReport(
            objects=8, fields=50, records=2_500, links=4_000, applications=2
        )
        assert {field.type for field in list_fields(session)} == set(FIELD_TYPES)
        for row in list_objects(session):
            fields = fields_of(session, row.id)
            query = text("SELECT data FROM records WHERE object_id = :id")
            problems = [
                validate_record(fields, data) for data in session.scalars(query, {"id": row.id})
            ]
            assert not any(problems), row.name
            assert not load_layout(session, row.id).is_out_of_order, row.name
        schemas = list_link_schemas(session)
        assert sorted(key.name for keys in schemas.values() for key in keys) == ["quantity", "role"]
        assert not any(broken_values(session, id_, keys) for id_, keys in schemas.items())
        found = examine_data(session)
        assert found.is_sound, found.breaches
        assert sum(each.records for each in found.objects) == 2_500
        assert sum(each.count for each in found.links) == 4_000
        applications = list_applications(session)
        assert all(each.object_ids and each.published_at for each in applications)


def test_the_sample_is_the_same_each_time(database: Database, actor: Actor) -> None:
    def load() -> list[Any]:
        with database.write(actor) as session:
            load_sample(session)
            query = "SELECT primary_value FROM records ORDER BY object_id, id"
            values = list(session.scalars(text(query)))
            session.rollback()
            return values

    assert load() == load()


def test_the_sample_is_refused_where_there_is_something_already(
    database: Database, actor: Actor
) -> None:
    with database.write(actor) as session:
        load_sample(session)
    with pytest.raises(Invalid, match="not empty"), database.write(actor) as session:
        load_sample(session)


def test_a_sample_that_is_stopped_leaves_nothing(database: Database, actor: Actor) -> None:
    with pytest.raises(Cancelled), database.write(actor) as session:
        load_sample(session, lambda done, _total: done < 3)
    with database.read(actor) as reading:
        assert list_objects(reading) == []

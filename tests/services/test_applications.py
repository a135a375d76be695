from typing import Any

import pytest
from sqlalchemy import select

from crm_desktop.db.database import Database
from crm_desktop.db.tables import Application
from crm_desktop.domain.access import Actor
from crm_desktop.domain.errors import Conflict, Forbidden, Invalid, NotFound
from crm_desktop.domain.json_edits import json_edits
from crm_desktop.services import applications
from crm_desktop.services.applications import ApplicationDraft, ApplicationSummary
from tests.make import Make


def get(database: Database, actor: Actor, application_id: str) -> ApplicationSummary:
    with database.read(actor) as session:
        return applications.get_application(session, application_id)


def create(database: Database, actor: Actor, name: str, **config: Any) -> str:
    with database.write(actor) as session:
        return applications.create_application(session, ApplicationDraft(name=name), config)


def test_a_new_application_is_a_draft_of_the_objects_chosen(
    database: Database, actor: Actor, make: Make
) -> None:
    company, contact = make.object("company"), make.object("contact")
    made = get(database, actor, create(database, actor, "Sales", objects=[contact, company]))
    assert (made.name, made.title, made.published_at) == ("Sales", "Sales", None)
    assert made.object_ids == (contact, company)
    with database.read(actor) as session:
        assert applications.list_applications(session) == [made]


def test_objects_that_do_not_exist_are_refused_where_they_are_new(
    database: Database, actor: Actor, make: Make
) -> None:
    with pytest.raises(Invalid, match="no longer exists"):
        create(database, actor, "Sales", objects=["obj_x"])
    with pytest.raises(Invalid, match="list of ids"):
        create(database, actor, "Sales", objects="obj_x")
    company = make.object("company")
    old = get(database, actor, make.application(config={"objects": ["obj_gone"]}))
    update(database, actor, old, {"objects": ["obj_gone", company]})
    with pytest.raises(Invalid, match="no longer exists"):
        update(database, actor, get(database, actor, old.id), {"objects": ["obj_new"]})


def update(
    database: Database, actor: Actor, before: ApplicationSummary, config: dict[str, Any]
) -> None:
    with database.write(actor) as session:
        edits = json_edits(before.config, config)
        draft = ApplicationDraft(name=before.name, label="New")
        applications.update_application(session, before.id, before.version, draft, edits)


def test_an_update_writes_changed_paths_of_the_config_only(
    database: Database, actor: Actor, make: Make
) -> None:
    application = make.application()
    stored = '{"theme": {"primaryColor": "#fff", "odd": 1.50}, "navigation": [{"x": 1.0}]}'
    make.sql("UPDATE applications SET config = CAST(:stored AS jsonb)", stored=stored)
    before = get(database, actor, application)
    theme = {**before.config["theme"], "primaryColor": "#000"}
    update(database, actor, before, {**before.config, "theme": theme})
    after = get(database, actor, application)
    assert after.label == "New"
    assert after.config["theme"]["primaryColor"] == "#000"
    assert str(after.config["theme"]["odd"]) == "1.50"
    with pytest.raises(Conflict):
        update(database, actor, before, {})


def test_an_application_is_published_and_withdrawn(
    database: Database, actor: Actor, make: Make
) -> None:
    application = make.application()
    with database.write(actor) as session:
        version = applications.get_application(session, application).version
        applications.publish_application(session, application, version)
    published = get(database, actor, application)
    assert published.published_at is not None
    with database.write(actor) as session:
        applications.withdraw_application(session, application, published.version)
    assert get(database, actor, application).published_at is None


def test_an_application_whose_config_is_odd_is_listed_and_kept(
    database: Database, actor: Actor, make: Make
) -> None:
    make.sql("INSERT INTO applications (id, name, config) VALUES ('app_odd', 'Odd', '[1]')")
    odd = get(database, actor, "app_odd")
    assert odd.object_ids == ()
    edits, draft = json_edits({}, {"objects": []}), ApplicationDraft(name="Odd")
    with pytest.raises(Conflict), database.write(actor) as session:
        applications.update_application(session, odd.id, odd.version, draft, edits)
    assert make.value(select(Application.config)) == [1]


def test_a_deleted_application_leaves_its_objects(
    database: Database, actor: Actor, make: Make
) -> None:
    application = make.application(config={"objects": [make.object("company")]})
    with database.write(actor) as session:
        version = applications.get_application(session, application).version
        applications.delete_application(session, application, version)
    with pytest.raises(NotFound):
        get(database, actor, application)


def test_applications_need_permission(database: Database, make: Make) -> None:
    with pytest.raises(Forbidden):
        create(database, make.guest(), "Sales")

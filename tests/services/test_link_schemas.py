"""Schemas of link data: kept in our schema, checked, proposed from what links hold."""

import os
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import psycopg
import pytest

from crm_desktop.db.database import Database
from crm_desktop.domain.access import Actor
from crm_desktop.domain.changes import Change, Topic
from crm_desktop.domain.errors import Cancelled, Conflict, Forbidden, Invalid, NotFound
from crm_desktop.services import link_data, link_detail, link_schemas, objects, relationships
from crm_desktop.services.link_schemas import LinkKey
from tests.conftest import new_database
from tests.make import Make

ROLES = {"options": [{"value": "ceo", "label": "CEO"}, {"value": "cto", "label": "CTO"}]}
ROLE = LinkKey("role", "Role", "select", ROLES, is_required=True)
SINCE = LinkKey("since", "Since", "date")
SHARE = LinkKey("share", "", "percentage", {"max": Decimal("50.0")})


@pytest.fixture
def works(make: Make) -> str:
    return make.relationship(make.object("company"), make.object("contact"))


def keys_of(database: Database, actor: Actor, relationship_id: str) -> tuple[LinkKey, ...]:
    with database.read(actor) as session:
        return link_schemas.get_link_schema(session, relationship_id)


def save(
    database: Database,
    actor: Actor,
    relationship_id: str,
    keys: list[LinkKey],
    expected: tuple[LinkKey, ...] = (),
) -> set[Change]:
    with database.write(actor) as session:
        link_schemas.save_link_schema(session, relationship_id, keys, expected)
    return session.changes


def rows(database: Database) -> int:
    with database.engine.connect() as connection:
        found = connection.exec_driver_sql("SELECT count(*) FROM crm_desktop.link_schemas")
        return int(found.scalar_one())


def links(make: Make, relationship_id: str, *metadata: Any) -> list[str]:
    ends = [
        make.record(f"obj_{name}", {"fld_name": name.title()}) for name in ("company", "contact")
    ]
    return [make.link(relationship_id, *ends, relationship_metadata=data) for data in metadata]


def test_a_schema_comes_back_as_it_was_saved_and_the_last_key_takes_its_row_out(
    database: Database, actor: Actor, works: str
) -> None:
    assert keys_of(database, actor, works) == ()

    changes = save(database, actor, works, [ROLE, SINCE, SHARE])

    assert changes == {Change(Topic.RELATIONSHIPS, works)}
    assert keys_of(database, actor, works) == (ROLE, SINCE, SHARE)
    with database.read(actor) as session:
        assert link_schemas.list_link_schemas(session) == {works: (ROLE, SINCE, SHARE)}
    save(database, actor, works, [], (ROLE, SINCE, SHARE))
    assert rows(database) == 0


def test_of_two_people_who_edit_a_schema_the_second_is_told(
    database: Database, actor: Actor, works: str
) -> None:
    save(database, actor, works, [ROLE])
    save(database, actor, works, [ROLE, SINCE], (ROLE,))

    with pytest.raises(Conflict, match="Someone else changed the keys"):
        save(database, actor, works, [], (ROLE,))
    with pytest.raises(Conflict):  # 50.0 and 50 are not the same
        save(database, actor, works, [SHARE], (ROLE, LinkKey("since", "Since", "datetime")))

    assert keys_of(database, actor, works) == (ROLE, SINCE)


def test_json_of_another_shape_is_read_as_nothing_and_what_a_later_version_keeps_stays(
    database: Database, actor: Actor, make: Make, works: str
) -> None:
    odd = (
        '[1, {"name": ""}, {"name": 7}, {"name": "a", "type": 3, "config": [], "unit": "kg"},'
        ' {"name": "a", "label": "Twin"}, {"name": "b", "type": "colour", "required": "yes"}]'
    )
    make.sql("INSERT INTO crm_desktop.link_schemas VALUES (:id, CAST(:keys AS jsonb))",
             id=works, keys=odd)  # fmt: skip
    make.sql("INSERT INTO crm_desktop.link_schemas VALUES ('rel_gone', '[{\"name\": \"x\"}]')")

    stored = keys_of(database, actor, works)

    assert stored == (LinkKey("a", ""), LinkKey("b", "", "colour"))
    with database.read(actor) as session:
        assert list(link_schemas.list_link_schemas(session)) == [works]
    save(database, actor, works, [LinkKey("a", "Weight", "number"), stored[1]], stored)
    with database.engine.connect() as connection:
        kept = connection.exec_driver_sql("SELECT keys FROM crm_desktop.link_schemas").scalar_one()
    assert [entry.get("unit") for entry in kept] == ["kg", None]
    assert rows(database) == 1  # that of the relationship that is gone went along
    make.sql("UPDATE crm_desktop.link_schemas SET keys = '{}'")
    assert keys_of(database, actor, works) == ()


def test_what_cannot_be_a_key_is_refused_by_its_place(
    database: Database, actor: Actor, works: str
) -> None:
    keys = [
        LinkKey(" since when? ", "", "date"),
        LinkKey(" ", ""),
        LinkKey("a", "", "file"),
        LinkKey("a", "", "number", {"min": 3, "max": 2}),
        LinkKey("c", "", "select"),
        LinkKey("d\0", ""),
    ]
    with pytest.raises(Invalid) as refused:
        save(database, actor, works, keys)
    assert refused.value.problems == {
        "keys.1.name": "Enter the key.",
        "keys.2.type": "The data of a link cannot be of type “file”.",
        "keys.3.name": "There are two keys named “a”.",
        "keys.3.config": "The smallest number is larger than the largest.",
        "keys.4.config": "Give the choice at least one option.",
        "keys.5.name": "This text has a character that the database cannot store.",
    }
    with pytest.raises(NotFound):
        save(database, actor, "rel_gone", [])
    with pytest.raises(Forbidden):
        save(database, Actor(actor.user_id, permissions=frozenset()), works, [])


def test_metadata_is_checked_by_key_and_unknown_keys_are_nobody_s_business() -> None:
    link_schemas.check_metadata([ROLE, SINCE], {"role": "ceo", "else": {"a": [1]}, "since": None})
    with pytest.raises(Invalid) as refused:
        link_schemas.check_metadata([ROLE, SINCE, SHARE], {"since": "soon", "share": 60})
    assert list(refused.value.problems) == ["role", "since", "share"]
    assert refused.value.problems["share"] == "Enter 50.0 or less."


def test_an_edit_is_checked_in_the_keys_it_touches_and_references_must_exist(
    database: Database, actor: Actor, make: Make, works: str
) -> None:
    by = LinkKey("by", "Introduced by", "reference", {"targetObjectId": "obj_contact"})
    save(database, actor, works, [ROLE, by])
    contact, company = make.record("obj_contact"), make.record("obj_company")
    with database.read(actor) as session:
        for good in ({"by": contact}, {"by": None}, {}, ["odd"]):
            link_schemas.check_edited_metadata(session, works, good, {"by", "other"})
        with pytest.raises(Invalid, match="belongs to another object"):
            link_schemas.check_edited_metadata(session, works, {"by": company}, {"by"})
        with pytest.raises(Invalid) as refused:
            link_schemas.check_link_metadata(session, works, {"by": "rec_none"})
    assert refused.value.problems == {
        "role": "A value is required.",
        "by": "This record does not exist (any more).",
    }


def test_a_schema_goes_with_its_relationship_and_with_an_object_at_its_end(
    database: Database, actor: Actor, make: Make, works: str
) -> None:
    knows = make.relationship("obj_contact", "obj_contact")
    for each in (works, knows):
        save(database, actor, each, [SINCE])
    with database.write(actor) as session:
        version = relationships.get_relationship(session, knows).version
        relationships.delete_relationship(session, knows, version)
    assert rows(database) == 1
    with database.write(actor) as session:
        company = objects.get_object(session, "obj_company")
        objects.delete_object(session, company.id, company.version)
    assert rows(database) == 0


def test_keys_in_use_are_found_with_the_types_that_fit_them(
    database: Database, actor: Actor, make: Make, works: str
) -> None:
    some = [{"role": ("boss", "aide")[n % 2], "since": "2020-01-01", "n": n} for n in range(8)]
    at = "2020-01-01T10:00:00Z"
    odd = {"role": " ", "n": None, "mail": "a@b.example", "at": at, "tags": [1], "": 1, "ok": True}
    links(make, works, *some, odd, {"memo": "a\nb", "mixed": 1}, {"mixed": "x"}, [1], "text")

    with database.read(actor) as session:
        found = link_data.keys_in_use(session, works)
        assert link_data.keys_in_use(session, works, most=5).is_sample

    assert (found.links, found.seen, found.shapeless, found.is_sample) == (13, 13, 2, False)
    uses = {use.name: (use.links, use.type) for use in found.keys}
    assert list(uses)[:3] == ["n", "role", "since"]
    assert uses == {
        "n": (8, "number"), "role": (8, "select"), "since": (8, "date"), "mixed": (2, ""),
        "": (1, "number"), "at": (1, "datetime"), "mail": (1, "email"), "memo": (1, "textarea"),
        "ok": (1, "boolean"), "tags": (1, ""),
    }  # fmt: skip
    assert next(use.kinds for use in found.keys if use.name == "mixed") == {
        "number": 1,
        "string": 1,
    }
    proposed = link_data.proposed_keys(found.keys, [SINCE])
    assert [key.name for key in proposed] == ["n", "role", "at", "mail", "memo", "ok"]
    assert (proposed[1].label, [o["value"] for o in proposed[1].config["options"]]) == (
        "Role",
        ["aide", "boss"],
    )
    assert link_schemas.schema_problems(proposed) == {}


def test_keys_are_proposed_under_words_and_none_without_links(
    database: Database, actor: Actor, works: str
) -> None:
    names = ("since_when", "sinceWhen", "VAT no", "SINCE")
    uses = [link_data.KeyUse(name, 1, {}, "text") for name in names]
    labels = [key.label for key in link_data.proposed_keys(uses)]
    assert labels == ["Since when", "Since when", "VAT no", "SINCE"]
    with database.read(actor) as session:
        assert link_data.keys_in_use(session, works) == link_data.DataInUse(0, 0, 0, ())


def test_values_that_break_a_new_schema_are_counted_and_shown_with_their_links(
    database: Database, actor: Actor, make: Make, works: str
) -> None:
    by = LinkKey("by", "", "reference", {"targetObjectId": "obj_contact"})
    contact = make.record("obj_contact")
    made = links(
        make, works, {"role": "ceo", "by": contact}, {"role": "Boss", "by": "rec_x"},
        {"role": "Boss", "since": "2020-13-01"}, {"role": "", "since": None},
        {"since": "2020-01-01"}, "text",
    )  # fmt: skip
    with database.read(actor) as session:
        broken = link_data.broken_values(session, works, [ROLE, SINCE, SHARE, by])
        assert link_data.broken_values(session, works, []) == []
        with pytest.raises(Cancelled):
            link_data.broken_values(session, works, [ROLE], lambda _done, _total: False)
    assert [(each.name, each.broken, each.lacking) for each in broken] == [
        ("role", 2, 3),
        ("since", 1, 0),
        ("by", 1, 0),
    ]
    (sample,) = broken[0].samples
    assert (sample.value, sample.count, sample.link_id) == ("Boss", 2, made[1])
    assert sample.link_name == "Company → Contact"
    assert broken[2].samples[0].problem == "This record does not exist (any more)."


def test_link_data_of_records_that_may_not_be_read_is_not_told(
    database: Database, actor: Actor, make: Make, works: str
) -> None:
    made = links(make, works, {"role": "secret"})
    make.sql("UPDATE objects SET permissions = '{\"read\": [\"owner\"]}' WHERE id = 'obj_contact'")
    make.sql("UPDATE records SET created_by = NULL")
    with database.read(actor) as session:
        assert link_data.keys_in_use(session, works).keys == ()
        broken = link_data.broken_values(session, works, [LinkKey("role", "", "number")])
    assert (made, broken) == (made, [])


@pytest.fixture
def limited(server: str) -> Iterator[tuple[Database, Database]]:
    """Give a database that has our schema, as a login without a right on it, and one without."""
    role = f"guest_of_links_{os.getpid()}"
    with new_database(server, "crm_template") as url, new_database(server, "crm_core") as bare:
        with psycopg.connect(url) as connection:
            connection.execute(f"CREATE ROLE {role}")
            connection.execute(f"GRANT ALL ON ALL TABLES IN SCHEMA public TO {role}")
        guest = Database.at(url + ("&" if "?" in url else "?") + f"options=-c%20role%3D{role}")
        foreign = Database.at(bare)
        yield guest, foreign
        for database in (guest, foreign):
            database.close()
        with psycopg.connect(url) as connection:
            connection.execute(f"DROP OWNED BY {role}")
            connection.execute(f"DROP ROLE {role}")


def test_without_our_schema_there_are_no_keys_and_it_is_said_why_none_can_be_kept(
    limited: tuple[Database, Database], actor: Actor
) -> None:
    for database in limited:
        make = Make(database, actor)
        works = make.relationship(make.object("company"), make.object("contact"))
        with database.read(actor) as session:
            found = link_schemas.read_link_schema(session, works)
            assert link_schemas.list_link_schemas(session) == {}
            link_schemas.check_link_metadata(session, works, {"role": 1})
        (link,) = links(make, works, {"role": "ceo"})
        with database.read(actor) as session:
            detail = link_detail.get_link(session, link)
        assert (detail.metadata, detail.form.in_use, detail.is_writable) == (
            {"role": "ceo"},
            ("role",),
            True,
        )
        assert detail.form.limit == found.limit
        assert found.keys == ()
        assert "schema “crm_desktop”" in found.limit
        with pytest.raises(Invalid, match=r"cannot be kept: .* schema “crm_desktop”"):
            save(database, actor, works, [ROLE])
        with database.write(actor) as session:
            version = relationships.get_relationship(session, works).version
            relationships.delete_relationship(session, works, version)

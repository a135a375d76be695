"""The links of one record as a list: pages, order, filters, rights, and JSON of any shape."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from crm_desktop.db.database import Database
from crm_desktop.domain.access import Actor
from crm_desktop.domain.cursors import END
from crm_desktop.domain.errors import Invalid, NotFound
from crm_desktop.domain.field_types import EffectiveField
from crm_desktop.domain.filters import Condition, Group, Part, Sort
from crm_desktop.domain.formats import Formats
from crm_desktop.services import link_pages
from crm_desktop.services.link_columns import (
    LINKED,
    LINKED_COLUMN,
    METADATA,
    METADATA_COLUMN,
    NAME,
    NAME_COLUMN,
    free_key,
    key_column,
)
from crm_desktop.services.link_pages import LinkPage, LinkQuery
from crm_desktop.services.records import columns_of
from tests.make import Make

FORMATS = Formats()
ROLE = key_column(free_key("role"))
SHARE = key_column(EffectiveField("share", "share", "Share", "number"))


class Linked:
    """An account with four contacts: by name, role, share, and what else their links say."""

    def __init__(self, make: Make) -> None:
        self.make = make
        make.field("size", "number")
        make.field("boss", "reference")
        self.account = make.object("account", ["name"])
        self.contact = make.object("contact", ["name", "size", "boss"])
        self.works = make.relationship(self.account, self.contact)
        self.orion = make.record(self.account, {"fld_name": "Orion"})
        self.links = [
            self.link("Ilona", {"role": "CEO", "share": 60}, {"fld_size": 3}),
            self.link("Peter", {"role": "Clerk", "share": "many"}, {"fld_size": 1}),
            self.link("Sara", ["not", "an", "object"], {"fld_size": "big"}),
            self.link(None, {"share": 7.5}, {}),
        ]

    def link(self, name: str | None, metadata: Any, data: dict[str, Any]) -> str:
        record = self.make.record(self.contact, {"fld_name": name, **data}, primary_value=name)
        return self.make.link(self.works, self.orion, record, relationship_metadata=metadata)

    def query(self, fields: Sequence[EffectiveField] = ()) -> LinkQuery:
        return LinkQuery(
            self.contact,
            record_id=self.orion,
            relationship_id=self.works,
            is_from=True,
            fields=tuple(fields),
        )


@pytest.fixture
def linked(make: Make) -> Linked:
    return Linked(make)


def read(
    database: Database,
    actor: Actor,
    query: LinkQuery,
    columns: Sequence[EffectiveField] = (NAME_COLUMN,),
    **place: Any,
) -> LinkPage:
    with database.read(actor) as session:
        return link_pages.list_link_page(session, query, columns, FORMATS, **place)


def names(page: LinkPage) -> list[str]:
    return [row.texts[0] for row in page.rows]


def test_a_page_shows_fields_and_keys_of_whatever_shape_in_two_statements(
    database: Database, actor: Actor, linked: Linked, make: Make, statements: list[str]
) -> None:
    boss = make.record(linked.contact, {"fld_name": "The boss"})
    linked.link("Nora", {"role": None}, {"fld_boss": boss})
    with database.read(actor) as session:
        fields = {field.id: field for field in columns_of(session, linked.contact)}
        columns = [
            *(NAME_COLUMN, fields["fld_size"], fields["fld_boss"], ROLE, SHARE, METADATA_COLUMN),
            LINKED_COLUMN,
        ]
        statements.clear()
        page = link_pages.list_link_page(session, linked.query(), columns, FORMATS)
        assert len(statements) == 2

    assert [row.texts[:6] for row in page.rows] == [
        ("Ilona", "3", "", "CEO", "60", "role: CEO, share: 60"),
        ("Peter", "1", "", "Clerk", '"many"', "role: Clerk, share: many"),
        ("Sara", '"big"', "", "", "", '["not", "an", "object"]'),
        ("", "", "", "", "7.5", "share: 7.5"),
        ("Nora", "", "The boss", "", "", "role: null"),
    ]
    assert all(row.texts[6] for row in page.rows)
    assert [row.id for row in page.rows[:4]] == linked.links


def test_pages_follow_each_other_both_ways_in_every_order(
    database: Database, actor: Actor, linked: Linked
) -> None:
    for number in range(12):
        metadata = {"role": f"R{number % 3}", "share": number % 4} if number % 5 else {}
        linked.link(f"C{number % 6}", metadata, {"fld_size": number % 2})
    with database.read(actor) as session:
        size = next(each for each in columns_of(session, linked.contact) if each.id == "fld_size")
    query = linked.query([size, ROLE, SHARE])
    for by in (LINKED, NAME, "fld_size", ROLE.id, SHARE.id):
        for descending in (False, True):
            asked = replace(query, sort=(Sort(by, descending=descending),))
            every = [row.id for row in read(database, actor, asked).rows]
            assert len(set(every)) == 16
            forward, page = [], read(database, actor, asked, limit=5)
            while True:
                forward += [row.id for row in page.rows]
                if page.next is None:
                    break
                page = read(database, actor, asked, limit=5, after=page.next)
            backward: list[str] = []
            page = read(database, actor, asked, limit=5, before=END)
            while True:
                backward[:0] = [row.id for row in page.rows]
                if page.previous is None:
                    break
                page = read(database, actor, asked, limit=5, before=page.previous)
            assert forward == backward == every, by
            with database.read(actor) as session:
                assert link_pages.find_link_row(session, asked, every[9]) == 9
                spans = [(14, 15), (2, 3)]
                ids = link_pages.link_ids_of_rows(session, asked, spans)
                assert ids == [*every[2:4], *every[14:16]]
            assert [row.id for row in read(database, actor, asked, skip=9, limit=2).rows] == (
                every[9:11]
            )


def test_links_are_found_by_name_by_metadata_and_by_fields_whatever_is_stored(
    database: Database, actor: Actor, linked: Linked
) -> None:
    with database.read(actor) as session:
        fields = [*columns_of(session, linked.contact), ROLE, SHARE, LINKED_COLUMN]
    query = linked.query(fields)
    found: dict[str, Part] = {
        "role": Condition(ROLE.id, "equals", "ceo"),
        "share": Condition(SHARE.id, "at_least", 7),
        "no role": Condition(ROLE.id, "is_empty"),
        "size": Condition("fld_size", "at_most", 3),
        "any": Group(
            "any", (Condition(ROLE.id, "equals", "CEO"), Condition("fld_size", "less", 3))
        ),
        "new": Condition(LINKED, "today"),
    }
    expected = {
        "role": ["Ilona"],
        "share": ["Ilona", ""],
        "no role": ["Sara", ""],
        "size": ["Ilona", "Peter"],
        "any": ["Ilona", "Peter"],
        "new": ["Ilona", "Peter", "Sara", ""],
    }
    for name, part in found.items():
        asked = replace(query, conditions=(part,))
        assert names(read(database, actor, asked)) == expected[name], name
        with database.read(actor) as session:
            assert link_pages.count_links_of(session, asked) == len(expected[name])
    assert names(read(database, actor, replace(query, search="eTe"))) == ["Peter"]


def test_what_one_may_not_read_is_left_out_and_names_nothing(
    database: Database, linked: Linked, make: Make
) -> None:
    grace = make.actor()
    make.sql("""UPDATE objects SET permissions = '{"read": ["owner"]}' WHERE id = 'obj_contact'""")
    make.sql("UPDATE records SET created_by = :me WHERE primary_value = 'Peter'", me=grace.user_id)
    query = linked.query([ROLE])
    for asked in (query, replace(query, sort=(Sort(NAME),)), replace(query, search="e")):
        assert names(read(database, grace, asked)) == ["Peter"]
        with database.read(grace) as session:
            assert link_pages.count_links_of(session, asked) == 1
            assert link_pages.find_link_row(session, asked, linked.links[0]) is None

    secret = make.object("secret", ["name"], permissions={"read": []})
    make.sql("UPDATE objects SET permissions = '{}' WHERE id = 'obj_contact'")
    stray = make.record(secret, {"fld_name": "Hidden"})
    make.link(linked.works, linked.orion, stray, relationship_metadata={"role": "Spy"})
    (row,) = (each for each in read(database, grace, query).rows if each.link.record_id == stray)
    assert not row.link.is_readable
    assert row.texts == ("",)


def test_a_record_that_is_gone_or_hidden_has_no_links_to_read(
    database: Database, linked: Linked, make: Make
) -> None:
    grace = make.actor()
    make.sql("""UPDATE objects SET permissions = '{"read": []}' WHERE id = 'obj_account'""")
    with pytest.raises(NotFound):
        read(database, grace, linked.query())
    with pytest.raises(NotFound):
        read(database, grace, replace(linked.query(), record_id="rec_gone"))
    lonely = replace(linked.query(), relationship_id="rel_gone")
    make.sql("UPDATE objects SET permissions = '{}' WHERE id = 'obj_account'")
    assert read(database, grace, lonely).rows == ()


def test_a_sort_by_something_that_is_gone_is_refused(
    database: Database, actor: Actor, linked: Linked
) -> None:
    for gone in ("key:gone", "fld_gone", METADATA):
        with pytest.raises(Invalid):
            read(database, actor, replace(linked.query(), sort=(Sort(gone),)))


def test_links_made_twice_and_links_of_a_record_with_itself_are_all_shown(
    database: Database, actor: Actor, linked: Linked, make: Make
) -> None:
    knows = make.relationship(linked.account, linked.account, id="rel_knows")
    for _ in range(2):
        make.link(knows, linked.orion, linked.orion)
    query = replace(linked.query(), relationship_id=knows, object_id=linked.account)
    for is_from in (True, False):
        assert names(read(database, actor, replace(query, is_from=is_from))) == ["Orion"] * 2

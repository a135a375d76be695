"""The panel of links: what it can show, what it shows, and what is kept of that for colleagues."""

from collections.abc import Mapping
from typing import Any

import pytest
from sqlalchemy import select

from crm_desktop.db.database import Database
from crm_desktop.db.tables import RelationshipRecord
from crm_desktop.domain.access import Actor
from crm_desktop.domain.errors import Conflict, Invalid
from crm_desktop.domain.filters import Sort
from crm_desktop.services import link_lists, link_panels, linked_records
from crm_desktop.services.link_columns import LINKED, METADATA, NAME
from crm_desktop.services.link_panels import LinkPanel
from crm_desktop.services.link_schemas import LinkKey, save_link_schema
from tests.make import Make

KEYS = (LinkKey("role", "Role", is_required=True), LinkKey("share", "Share", "percentage"))


class Side:
    """An account with one link to a contact, and the panel of either."""

    def __init__(self, database: Database, actor: Actor, make: Make) -> None:
        self._database, self._actor = database, actor
        for name in ("size", "score", "rank", "limit"):
            make.field(name, "number")
        self.account = make.object("account", ["name"])
        self.contact = make.object("contact", ["name", "email", "size", "score", "rank", "limit"])
        self.works = make.relationship(self.account, self.contact, "1:N")
        self.orion = make.record(self.account, {"fld_name": "Orion"})
        self.ilona = make.record(self.contact, {"fld_name": "Ilona"})
        self.make = make

    def link(self, metadata: Any) -> str:
        return self.make.link(self.works, self.orion, self.ilona, relationship_metadata=metadata)

    def panel(self, *, is_from: bool = True) -> LinkPanel:
        record_id = self.orion if is_from else self.ilona
        with self._database.read(self._actor) as session:
            return link_panels.get_link_panel(session, record_id, self.works, is_from=is_from)

    def save(self, *columns: str, sort: tuple[Sort, ...] = ()) -> None:
        with self._database.write(self._actor) as session:
            link_panels.save_link_panel(session, self.works, columns, sort, is_from=True)

    def save_keys(self) -> None:
        with self._database.write(self._actor) as session:
            save_link_schema(session, self.works, KEYS, ())

    def create(self, values: Mapping[str, Any], metadata: Mapping[str, Any]) -> str:
        with self._database.write(self._actor) as session:
            return linked_records.create_linked_record(
                session,
                self.contact,
                values,
                self.orion,
                self.works,
                is_from=True,
                metadata=metadata,
            )


@pytest.fixture
def side(database: Database, actor: Actor, make: Make) -> Side:
    return Side(database, actor, make)


def test_a_panel_shows_name_first_fields_and_keys_unless_somebody_chose(side: Side) -> None:
    assert side.panel().shown == (NAME, "fld_email", "fld_size", "fld_score")
    side.link({"note": "VIP", "role": ["odd"]})
    assert side.panel().shown[-1] == METADATA
    assert {"key:note", "key:role", LINKED} <= {column.id for column in side.panel().columns}

    side.save_keys()
    panel = side.panel()
    assert panel.shown[-2:] == ("key:role", "key:share")
    assert panel.limit == ""
    labels = [column.label for column in panel.columns if column.id.startswith("key:")]
    assert labels == ["Role", "Share", "note"]

    side.save("key:share", "fld_gone", sort=(Sort("key:share", descending=True),))
    panel = side.panel()
    assert [column.id for column in panel.chosen(panel.shown)] == [NAME, "key:share"]
    assert panel.sort == (Sort("key:share", descending=True),)
    assert side.panel(is_from=False).sort == ()
    side.save()
    assert side.panel().shown == side.panel().usual


def test_the_default_view_says_which_fields_a_panel_shows(side: Side) -> None:
    side.make.sql(
        """UPDATE objects SET views = '{"tables": [{"id": "v", "name": "All", "columns":
        ["fld_rank", "fld_name", "fld_gone"], "isDefault": true}]}' WHERE id = 'obj_contact'"""
    )
    side.make.sql(
        "INSERT INTO crm_desktop.table_views (object_id, view_id, is_default)"
        " VALUES ('obj_contact', 'v', true)"
    )
    assert side.panel().shown == (NAME, "fld_rank")


@pytest.mark.parametrize("kept", ["[]", '"x"', '{"columns": 3, "sort": [1, {"column": []}]}'])
def test_what_is_kept_in_a_wrong_shape_counts_as_nothing(side: Side, kept: str) -> None:
    side.link(["odd"])
    side.save("fld_rank")
    side.make.sql("UPDATE crm_desktop.link_panels SET settings = CAST(:kept AS jsonb)", kept=kept)
    panel = side.panel()
    assert panel.shown == panel.usual == (NAME, "fld_email", "fld_size", "fld_score", METADATA)
    side.save("fld_rank")
    assert side.panel().shown == ("fld_rank",)


def test_without_our_schema_a_panel_shows_the_usual_and_says_why_no_choice_is_kept(
    side: Side,
) -> None:
    side.save_keys()
    side.make.sql("DROP SCHEMA crm_desktop CASCADE")
    panel = side.panel()
    assert panel.shown == (NAME, "fld_email", "fld_size", "fld_score")
    assert "crm_desktop" in panel.limit
    with pytest.raises(Invalid, match="cannot be kept"):
        side.save("fld_rank")


def test_a_record_and_its_link_are_made_together_or_not_at_all(
    side: Side, database: Database, actor: Actor
) -> None:
    side.save_keys()
    made = side.create({"fld_name": "Nora"}, {"role": "CEO"})
    link = RelationshipRecord
    data = side.make.value(
        select(link.relationship_metadata).where(
            link.from_record_id == side.orion, link.to_record_id == made
        )
    )
    assert data == {"role": "CEO"}

    with pytest.raises(Invalid) as refused:
        side.create({"fld_name": "Nora II"}, {"role": ""})
    assert "role" in refused.value.problems
    with pytest.raises(Invalid) as refused:
        side.create({"fld_size": "big"}, {"role": "CEO"})
    assert "fld_size" in refused.value.problems
    side.make.sql("DELETE FROM relationships")
    with pytest.raises(Exception, match="no longer exists"):
        side.create({"fld_name": "Nora III"}, {"role": "CEO"})
    with database.read(actor) as session:
        assert link_lists.count_related(session, made) == {}


def test_a_record_that_can_belong_to_one_only_is_not_made_for_a_second(
    side: Side, database: Database, actor: Actor
) -> None:
    side.link({})
    with pytest.raises(Conflict, match="Ilona"), database.write(actor) as session:
        linked_records.create_linked_record(
            session, side.account, {"fld_name": "Lyra"}, side.ilona, side.works, is_from=False
        )

import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from functools import partial
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, text

from crm_desktop.db.database import Database, dump_json
from crm_desktop.db.expressions import Parameters, primary_value_sql
from crm_desktop.db.tables import Record
from crm_desktop.domain.access import Actor
from crm_desktop.domain.changes import Change, Topic
from crm_desktop.domain.errors import Cancelled, Conflict, Forbidden, Invalid, NotFound
from crm_desktop.domain.field_types import merge_field, primary_value
from crm_desktop.services import link_lists, records
from crm_desktop.services.records import Edit, RecordDetail
from tests.domain.values import json_values
from tests.make import Make

NOBODY: dict[str, list[str]] = {"read": [], "create": [], "update": [], "delete": []}
OWNERS = {right: ["owner"] for right in NOBODY}


@pytest.fixture
def deal(make: Make) -> str:
    """Make an object with a text, a number, a choice and a date."""
    make.field("amount", "number", config={"min": 0})
    make.field("stage", "select", config={"options": [{"value": "new", "label": "New"}]})
    make.field("due", "date")
    return make.object("deal", fields=["name", "amount", "stage", "due"])


def stored(make: Make, record_id: str) -> dict[str, Any]:
    value = make.value(select(Record.data).where(Record.id == record_id))
    assert isinstance(value, dict)
    return value


def name_of(make: Make, record_id: str) -> Any:
    return make.value(select(Record.primary_value).where(Record.id == record_id))


def create(database: Database, actor: Actor, object_id: str, values: Mapping[str, Any]) -> str:
    with database.write(actor) as session:
        return records.create_record(session, object_id, values)


def update(database: Database, actor: Actor, record_id: str, **edits: Edit) -> None:
    with database.write(actor) as session:
        records.update_record(session, record_id, edits)


def get(database: Database, actor: Actor, record_id: str) -> RecordDetail:
    with database.read(actor) as session:
        return records.get_record(session, record_id)


def test_a_new_record_has_its_values_its_name_and_its_maker(
    database: Database, actor: Actor, make: Make, deal: str
) -> None:
    with database.write(actor) as session:
        record_id = records.create_record(
            session, deal, {"fld_name": "Orion", "fld_amount": Decimal("1.50"), "fld_due": None}
        )
    made = get(database, actor, record_id)

    assert session.changes == {Change(Topic.RECORDS, deal)}
    assert str(made.values["fld_amount"]) == "1.50"
    assert "fld_due" not in stored(make, record_id)
    assert (made.primary_value, made.object_label) == ("Orion", "Deal")
    assert (made.created_by, made.tenant_id) == (actor.user_id, str(actor.user_id))
    assert made.values["fld_system_created_at"].endswith("Z")


def test_a_new_record_gets_defaults_and_an_owner(
    database: Database, actor: Actor, make: Make, deal: str
) -> None:
    overrides = {"default": "new"}
    make.attach(deal, "stage2", field_overrides=overrides, is_readonly=True)
    make.field("system_owner", "lookup", config={"lookupObject": "user"}, is_system_field=True)
    make.attach(deal, "fld_system_owner")

    record_id = create(database, actor, deal, {"fld_name": "Orion"})

    assert stored(make, record_id) == {
        "fld_name": "Orion", "fld_stage2": "new", "fld_system_owner": str(actor.user_id),
    }  # fmt: skip


def test_every_problem_of_a_new_record_is_named(
    database: Database, actor: Actor, make: Make, deal: str
) -> None:
    make.sql("UPDATE object_fields SET is_required = true WHERE field_id = 'fld_name'")

    with pytest.raises(Invalid) as refusal:
        create(database, actor, deal, {"fld_amount": -1, "fld_stage": "old", "fld_due": "soon"})

    assert refusal.value.problems.keys() == {"fld_name", "fld_amount", "fld_stage", "fld_due"}
    assert make.count(Record) == 0


def test_unknown_read_only_and_system_keys_are_refused(
    database: Database, actor: Actor, make: Make, deal: str
) -> None:
    make.sql("UPDATE object_fields SET is_readonly = true WHERE field_id = 'fld_name'")
    make.field("system_created_at", "datetime", is_system_field=True)
    make.attach(deal, "fld_system_created_at")
    values = {"fld_name": "x", "fld_alien": 1, "fld_system_created_at": "2024-01-01T00:00:00Z"}
    record_id = make.record(deal)

    with pytest.raises(Invalid) as refusal:
        create(database, actor, deal, values)
    assert refusal.value.problems.keys() == values.keys()
    with pytest.raises(Invalid) as refusal:
        update(database, actor, record_id, **{key: Edit(None, new) for key, new in values.items()})
    assert refusal.value.problems.keys() == values.keys()


def test_a_reference_must_lead_to_a_record_of_the_right_object_and_a_user(
    database: Database, actor: Actor, make: Make, deal: str
) -> None:
    company, person = make.object("company", ["name"]), make.object("person", ["name"])
    config = {"targetObjectId": company, "allowMultiple": True}
    make.attach(deal, make.field("company", "reference", config=config))
    make.attach(deal, make.field("agent", "lookup", config={"lookupObject": "user"}))
    acme, ada = make.record(company, {"fld_name": "Acme"}), make.record(person)

    for value in (ada, "rec_gone", [acme, ada]):
        with pytest.raises(Invalid) as refusal:
            create(database, actor, deal, {"fld_company": value, "fld_agent": "no user"})
        assert refusal.value.problems.keys() == {"fld_company", "fld_agent"}

    user = str(actor.user_id)
    record_id = create(database, actor, deal, {"fld_company": [acme], "fld_agent": user})
    assert get(database, actor, record_id).names == {acme: "Acme", user: "Ada Admin"}


def test_two_people_who_edit_different_fields_both_win(
    database: Database, actor: Actor, make: Make, deal: str
) -> None:
    record_id = make.record(deal, {"fld_name": "Orion", "fld_amount": 5, "fld_gone": [1]})

    with database.write(actor) as mine:
        records.update_record(mine, record_id, {"fld_amount": Edit(5, 6)})
    update(
        database, actor, record_id, fld_name=Edit("Orion", "Vega"), fld_due=Edit(None, "2024-01-02")
    )

    assert stored(make, record_id) == {
        "fld_name": "Vega", "fld_amount": 6, "fld_gone": [1], "fld_due": "2024-01-02",
    }  # fmt: skip
    assert name_of(make, record_id) == "Vega"


def test_the_same_field_edited_twice_is_a_conflict_that_shows_all_three_values(
    database: Database, actor: Actor, make: Make, deal: str
) -> None:
    record_id = make.record(deal, {"fld_name": "Orion", "fld_amount": 5})
    update(database, actor, record_id, fld_amount=Edit(5, 6))

    with pytest.raises(Conflict) as refusal:
        update(database, actor, record_id, fld_amount=Edit(5, 7), fld_name=Edit("Orion", "Vega"))

    clash = refusal.value.clashes["fld_amount"]
    assert refusal.value.clashes.keys() == {"fld_amount"}
    assert (clash.original, clash.theirs, clash.mine) == (5, 6, 7)
    assert stored(make, record_id) == {"fld_name": "Orion", "fld_amount": 6}


def test_two_sessions_at_once_both_win_in_different_fields_and_clash_in_the_same(
    database: Database,
    actor: Actor,
    make: Make,
    deal: str,
    in_another_thread: Callable[..., Any],
) -> None:
    record_id = make.record(deal, {"fld_name": "Orion", "fld_amount": 5})
    others = partial(update, database, actor, record_id)

    with database.write(actor) as session:
        first = {"fld_name": Edit("Orion", "Vega"), "fld_amount": Edit(5, 6)}
        records.update_record(session, record_id, first)
        second = in_another_thread(partial(others, fld_due=Edit(None, "2024-01-02")))
        second.wait_until_blocked()
    second.result()
    assert stored(make, record_id) == {
        "fld_name": "Vega", "fld_amount": 6, "fld_due": "2024-01-02",
    }  # fmt: skip
    assert name_of(make, record_id) == "Vega"

    with database.write(actor) as session:
        records.update_record(session, record_id, {"fld_amount": Edit(6, 7)})
        second = in_another_thread(partial(others, fld_amount=Edit(6, 8)))
        second.wait_until_blocked()
    with pytest.raises(Conflict):
        second.result()
    assert stored(make, record_id)["fld_amount"] == 7


def test_what_was_not_edited_stays_as_others_stored_it(
    database: Database, actor: Actor, make: Make, deal: str
) -> None:
    odd = '{"fld_name": "a", "fld_amount": "five", "x": 1.500, "y": {"z": [null, 1e3]}, "n": null}'
    record_id = make.record(deal)
    make.sql("UPDATE records SET data = CAST(:odd AS jsonb)", odd=odd)

    update(database, actor, record_id, fld_name=Edit("a", "b"))

    left = make.value(select(text("CAST(data - 'fld_name' AS text)")).select_from(Record))
    assert left == '{"n": null, "x": 1.500, "y": {"z": [null, 1000]}, "fld_amount": "five"}'


def test_a_missing_key_and_null_are_the_same_to_an_edit(
    database: Database, actor: Actor, make: Make, deal: str
) -> None:
    record_id = make.record(deal, {"fld_name": None})

    update(database, actor, record_id, fld_name=Edit(None, "a"), fld_due=Edit(None, "2024-01-01"))
    update(database, actor, record_id, fld_due=Edit("2024-01-01", None))

    assert stored(make, record_id) == {"fld_name": "a"}


def test_an_edit_is_checked_like_a_new_value(
    database: Database, actor: Actor, make: Make, deal: str
) -> None:
    make.sql("UPDATE object_fields SET is_required = true WHERE field_id = 'fld_name'")
    record_id = make.record(deal, {"fld_name": "Orion"})

    with pytest.raises(Invalid) as refusal:
        update(database, actor, record_id, fld_name=Edit("Orion", ""), fld_amount=Edit(None, "6"))

    assert refusal.value.problems.keys() == {"fld_name", "fld_amount"}


def test_an_update_is_one_statement_that_reads_no_document(
    database: Database, actor: Actor, make: Make, deal: str, statements: list[str]
) -> None:
    record_id = make.record(deal, {"fld_name": "Orion"})

    with database.write(actor) as session:
        statements.clear()
        records.update_record(session, record_id, {"fld_name": Edit("Orion", "Vega")})

    writes = [sent for sent in statements if sent.startswith("UPDATE")]
    assert len(writes) == 1
    assert not [sent for sent in statements if re.match(r"SELECT[^(]*records\.data", sent)]
    assert len(statements) <= 5  # who acts, the record, its layout, what to call it, and the write


def test_records_that_are_gone_or_closed_are_refused(
    database: Database, actor: Actor, make: Make, deal: str
) -> None:
    closed = make.object("secret", ["name"], permissions=NOBODY)
    record_id = make.record(closed, {"fld_name": "x"})

    for refusal, id_ in ((NotFound, "rec_gone"), (Forbidden, record_id)):
        with pytest.raises(refusal):
            get(database, actor, id_)
        with pytest.raises(refusal):
            update(database, actor, id_, fld_name=Edit("x", "y"))
    with pytest.raises(Forbidden):
        create(database, actor, closed, {"fld_name": "y"})
    with pytest.raises(NotFound):
        create(database, actor, "obj_gone", {})
    with pytest.raises(Forbidden, match="Nothing was deleted"), database.write(actor) as session:
        records.delete_records(session, [record_id])


def test_owners_reach_their_own_records_only(database: Database, actor: Actor, make: Make) -> None:
    own = make.object("diary", ["name"], permissions=OWNERS)
    grace = make.actor()
    mine = create(database, actor, own, {"fld_name": "mine"})
    hers = create(database, grace, own, {"fld_name": "hers"})
    given = make.record(own, {"fld_system_owner": str(actor.user_id)}, created_by=None)

    assert get(database, actor, mine).can_update
    assert get(database, actor, given).can_delete
    with pytest.raises(Forbidden):
        get(database, actor, hers)
    with pytest.raises(Forbidden), database.write(actor) as session:
        records.delete_records(session, [mine, hers])
    assert make.count(Record) == 3


def test_deleting_records_takes_their_links_along_and_says_what_changed(
    database: Database, actor: Actor, make: Make, deal: str
) -> None:
    one, two, three = make.records(deal, 3)
    relationship = make.relationship(deal, deal)
    make.link(relationship, one, two)

    with database.write(actor) as session:
        deleted = records.delete_records(session, [one, three, "rec_gone"])

    assert deleted == 2
    assert session.changes == {Change(Topic.RECORDS, deal), Change(Topic.LINKS, relationship)}
    with database.read(actor) as reader:
        assert link_lists.count_related(reader, two) == {}


def test_a_record_in_full_takes_the_same_few_statements_however_many_fields(
    database: Database, actor: Actor, make: Make, statements: list[str]
) -> None:
    contact = make.object("contact", ["name"])
    for number in range(12):
        make.attach(contact, make.field(f"friend{number}", "reference"))
    friends = make.records(contact, 12)
    data = {f"fld_friend{number}": friend for number, friend in enumerate(friends)}
    record_id = make.record(contact, data)

    with database.read(actor) as session:
        session.connection()
        statements.clear()
        found = records.get_record(session, record_id)

    assert len(statements) == 3
    author = {str(make.admin.user_id): "Ada Admin"}
    assert found.names == author | {friend: friend for friend in friends}


def test_a_new_first_text_field_renames_all_records_and_tells_how_many(
    database: Database, actor: Actor, make: Make, deal: str
) -> None:
    make.records(deal, 30)
    untouched = make.record(deal, {"fld_name": "a", "fld_code": "x"}, primary_value="x")
    make.sql("UPDATE records SET data = data || '{\"fld_code\": \"K\"}' WHERE primary_value <> 'x'")
    make.attach(deal, "code", display_order=-1)
    progress: list[tuple[int, int]] = []

    def note(done: int, total: int) -> bool:
        progress.append((done, total))
        return True

    with database.long(actor) as session:
        changed = records.refresh_primary_values(session, deal, note)

    assert changed == 30
    assert name_of(make, untouched) == "x"
    assert make.value(select(Record.primary_value).distinct().where(Record.id != untouched)) == "K"
    assert progress[0] == (0, 31)
    assert progress[-1] == (31, 31)


def test_a_stopped_refresh_changes_nothing(
    database: Database, actor: Actor, make: Make, deal: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(records, "BATCH", 2)
    make.records(deal, 5)
    make.sql("UPDATE records SET primary_value = NULL")

    with pytest.raises(Cancelled), database.long(actor) as session:
        records.refresh_primary_values(session, deal, lambda done, _: done < 4)

    assert make.value(select(Record.id).where(Record.primary_value.is_not(None))) is None


blanks = st.text(" \t\n\r\f\v\u00a0", max_size=3)
datas = st.dictionaries(
    st.sampled_from(["fld_1", "fld_2", "fld_3", "fld_4"]),
    json_values | blanks | st.text("aä😀", min_size=250, max_size=260),
)


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=datas)
def test_the_primary_value_is_the_same_in_python_and_in_sql(
    database: Database, data: dict[str, Any]
) -> None:
    types = {"fld_1": "number", "fld_2": "text", "fld_3": "select", "fld_4": "url"}
    fields = [merge_field(id=id_, name=id_, label=id_, type=type_) for id_, type_ in types.items()]
    parameters = Parameters()
    sql = primary_value_sql(parameters, fields, "CAST(:data AS jsonb)")

    with database.engine.connect() as connection:
        in_sql = connection.scalar(
            text(f"SELECT {sql}"), {**parameters.values, "data": dump_json(data)}
        )

    assert in_sql == primary_value(fields, data)

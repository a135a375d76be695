"""JSON in and out of PostgreSQL, and edits of it path by path."""

from decimal import Decimal
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import literal, select
from sqlalchemy.dialects.postgresql import JSONB

from crm_desktop.db.database import Database
from crm_desktop.db.rows import edited_json
from crm_desktop.domain.access import Actor
from crm_desktop.domain.json_edits import json_edits, same_json

texts = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=8)
leaves = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.decimals(allow_nan=False, allow_infinity=False, places=3)
    | texts
)
values = st.recursive(
    leaves,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)
documents = st.dictionaries(texts, values, max_size=4)


def test_json_comes_back_with_its_exact_numbers(database: Database, actor: Actor) -> None:
    numbers = [Decimal("1.50"), 10**30, Decimal("0.1000"), -1, True, None]
    with database.read(actor) as session:
        assert same_json(session.scalar(select(literal(numbers, JSONB()))), numbers)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(documents, documents)
def test_edits_in_the_database_turn_any_document_into_any_other(
    database: Database, actor: Actor, old: dict[str, Any], new: dict[str, Any]
) -> None:
    statement = select(edited_json(literal(old, JSONB()), json_edits(old, new)))
    with database.read(actor) as session:
        assert same_json(session.scalar(statement), new)

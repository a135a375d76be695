"""`picker`: a search among a million records and how they stand, with trigrams and without."""

from collections.abc import Callable, Iterator
from functools import partial
from statistics import median
from typing import Any

import psycopg

from bench.first_page import FORMATS, LIMIT, statements_of
from bench.linked import Linked, linked
from bench.measure import Options, Result, in_turns, seconds
from bench.searching import hidden_index
from crm_desktop.domain.field_types import EffectiveField
from crm_desktop.domain.filters import RecordQuery
from crm_desktop.services import link_candidates, record_query, relationships
from crm_desktop.services.link_candidates import Standing
from crm_desktop.services.relationships import RelationshipSide

ROUNDS = 5
BARS = {"nothing": (20.0, True), "few": (20.0, True), "a fifth": (1.5, False)}
SQL_BAR = 1.5


def run(options: Options) -> Iterator[Result]:
    """Pick contacts for the company that has the most, whose contacts belong to one only."""
    rounds = options.rounds or ROUNDS
    with linked(options.rows) as data:
        read = data.workspace.database.read(data.workspace.actor)
        with read as session:
            sides = relationships.sides_of_object(session, data.objects["company"])
            columns = link_candidates.columns_to_pick_from(session, data.objects["contact"])
        side = next(s for s in sides if s.relationship_id == data.relationships["employs"])
        few = str(max(1, data.counts["contact"] // 81))  # part of some twenty names of a million
        for found, word in (("nothing", "qzxjk"), ("few", few), ("a fifth", "adler")):
            search = partial(_search, data, side, columns, word)
            yield _against_no_trigrams(data, found, search, rounds)
        yield _against_sql(data, partial(_search, data, side, columns, few), 3 * rounds)


def _search(
    data: Linked, side: RelationshipSide, columns: tuple[EffectiveField, ...], word: str
) -> list[Standing]:
    """Read the first page and how its records stand, as the picker does."""
    query = RecordQuery(data.objects["contact"], word)
    with data.workspace.database.read(data.workspace.actor) as session:
        page = record_query.list_page(session, query, columns, FORMATS, limit=LIMIT)
        ids = [row.id for row in page.rows]
        record_id = data.record("company")
        found = link_candidates.standings_of(session, ids, record_id=record_id, side=side)
    return [found[id_] for id_ in ids]


def _against_sql(data: Linked, search: Callable[[], list[Standing]], rounds: int) -> Result:
    statements = statements_of(search)
    with psycopg.connect(data.workspace.url, prepare_threshold=None) as connection:
        peer = partial(_fetch, connection, statements)
        if len(search()) != min(LIMIT, len(peer())):
            raise RuntimeError("The service and its SQL alone do not show the same records.")
        ours_s, peer_s = in_turns(search, peer, rounds)
    return Result(
        "picker, against its SQL",
        ours_s * 1000,
        "ms",
        f"the same SQL in psycopg: {peer_s * 1000:.2f} ms ({data.counts['contact']:,} records)",
        ours_s / peer_s,
        SQL_BAR,
    )


def _against_no_trigrams(
    data: Linked, found: str, search: Callable[[], list[Standing]], rounds: int
) -> Result:
    """Time the search in turns with the index and as if it were not there."""
    with_index, without, answer = [], [], search()
    for number in range(rounds + 1):
        spent = seconds(search)
        with hidden_index(data.workspace):
            if search() != answer:
                raise RuntimeError("Trigrams find other records.")
            spent_without = seconds(search)
        if number:
            with_index.append(spent)
            without.append(spent_without)
    ours, other = median(with_index), median(without)
    bar, is_quicker = BARS[found]
    return Result(
        f"picker, {found}",
        ours * 1000,
        "ms",
        f"without trigrams: {other * 1000:,.0f} ms ({data.counts['contact']:,} records)",
        other / ours if is_quicker else ours / other,
        bar,
        at_least=is_quicker,
    )


def _fetch(
    connection: psycopg.Connection[Any], statements: list[tuple[str, dict[str, Any]]]
) -> list[tuple[Any, ...]]:
    """Fetch all of them in one transaction; the rows of the first are the records."""
    with connection.transaction():
        answers = [connection.execute(*each).fetchall() for each in statements]
    return answers[0]

"""`impact`: what goes with an object of a million records, counted through the definitions."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

from sqlalchemy import text

from bench.linked import Linked, linked
from bench.measure import Options, Result, in_turns, seconds
from crm_desktop.db.database import WriteSession
from crm_desktop.services import impact_tree
from crm_desktop.services.impact_links import count_object, count_strays

ROUNDS = 3
STRAYS = 1_000  # of so many contacts one has a link that is not for contacts

_STRAYS = """
INSERT INTO relationship_records (id, relationship_id, from_record_id, to_record_id)
SELECT 'rrec_stray' || row_number() OVER (), :buys, :company, id FROM (
    SELECT id FROM records WHERE object_id = :contact ORDER BY id LIMIT :number) AS contacts
"""
_JOINED = """
SELECT NULL AS relationship_id, count(*) AS number FROM records WHERE object_id = :contact
UNION ALL
SELECT l.relationship_id, count(*) FROM relationship_records l
JOIN records f ON f.id = l.from_record_id
JOIN records t ON t.id = l.to_record_id
WHERE f.object_id = :contact OR t.object_id = :contact
GROUP BY l.relationship_id
"""


def run(options: Options) -> Iterator[Result]:
    with linked(options.rows) as data, _unchanged(data) as session:
        yield from _measure(session, data, options.rounds or ROUNDS)


@contextmanager
def _unchanged(data: Linked) -> Iterator[WriteSession]:
    """Give a session with some links that a foreign program attached wrongly; all is undone."""
    with data.workspace.database.long(data.workspace.actor) as session:
        point = session.begin_nested()
        wrong = {
            "buys": data.relationships["buys"],
            "company": data.record("company"),
            "contact": data.objects["contact"],
            "number": 1 + data.counts["contact"] // STRAYS,
        }
        session.execute(text(_STRAYS), wrong)
        yield session
        point.rollback()


def _count_joined(session: WriteSession, contact: str) -> int:
    """Ask the same question, records included, with a look at both records of each link."""
    rows = session.execute(text(_JOINED), {"contact": contact}).all()
    return sum(row.number for row in rows if row.relationship_id is not None)


def _measure(session: WriteSession, data: Linked, rounds: int) -> Iterator[Result]:
    contact = data.objects["contact"]
    ours, strays = partial(count_object, session, contact), partial(count_strays, session, contact)
    joined = partial(_count_joined, session, contact)
    counted = sum(ours().links.values()) + sum(strays().values())
    truth = joined()
    spent, plain = in_turns(ours, joined, rounds, warm_up=0)
    size = f"{data.counts['contact']:,} records, {truth:,} links"
    yield Result(
        "impact, times joining",
        spent * 1000,
        "ms",
        f"links joined to records on both sides, {plain * 1000:,.0f} ms ({size})",
        plain / spent,
        20,
        at_least=True,
    )
    yield Result(
        "impact, equal to the truth",
        counted,
        "links",
        f"the links that join such a record, {truth:,}; exactly as many must be counted",
        max(counted, truth) / min(counted, truth),
        1,
    )
    took = seconds(strays)
    yield Result(
        "impact, looking for strays",
        took * 1000,
        "ms",
        f"links joined to records on both sides, {plain * 1000:,.0f} ms",
        took / plain,
        None,
    )
    look = seconds(partial(impact_tree.outline_of_object, session, contact))
    yield Result(
        "impact, first look",
        look * 1000,
        "ms",
        f"the count that follows it, {spent * 1000:,.0f} ms",
        look / spent,
        None,
    )

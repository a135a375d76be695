"""The data that is measured: an object "deal" with ten fields of eight types."""

import csv
import random
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg

from bench.workspace import Workspace
from crm_desktop.services import fields, layouts, objects

NAME = "deal"
STAGES = ("Lead", "Qualified", "Proposal", "Negotiation", "Won", "Lost")
FIELDS: Mapping[str, tuple[str, Mapping[str, Any]]] = {
    "Deal name": ("text", {"maxLength": 200}),
    "Contact email": ("email", {}),
    "Phone": ("phone", {}),
    "Amount": ("currency", {"currency": "EUR", "decimals": 2}),
    "Seats": ("number", {"min": 0}),
    "Probability": ("percentage", {}),
    "Close date": ("date", {}),
    "Last contact": ("datetime", {}),
    "Stage": (
        "select",
        {"options": [{"value": s.lower(), "label": s, "color": "#2D52CF"} for s in STAGES]},
    ),
    "Renewal": ("boolean", {}),
}
"""By label: type and config."""

COMPANIES = ("Orion", "Maple", "Harbour", "Nimbus", "Quartz", "Willow", "Zephyr", "Atlas")
WORDS = ("Renewal", "Expansion", "Pilot", "Migration", "Support", "Licences", "Rollout", "Audit")


def make_object(workspace: Workspace) -> tuple[str, dict[str, str]]:
    """Make the object with its fields; return its id, and the fields' ids by label."""
    with workspace.database.write(workspace.actor) as session:
        draft = objects.ObjectDraft(label="Deal", name=NAME, icon="handshake")
        object_id = objects.create_object(session, draft)
        field_ids = {}
        for label, (field_type, config) in FIELDS.items():
            field_id = fields.create_field(
                session, fields.FieldDraft(label=label, type=field_type), dict(config)
            )
            layouts.attach_field(session, object_id, field_id)
            field_ids[label] = field_id
    return object_id, field_ids


def fill(workspace: Workspace, object_id: str, field_ids: Mapping[str, str], rows: int) -> None:
    """Put this many records into the object with one statement, and let the server count them."""
    parameters = {
        **{_key(label): field_id for label, field_id in field_ids.items()},
        "object_id": object_id,
        "author": workspace.actor.user_id,
        "companies": list(COMPANIES),
        "words": list(WORDS),
        "stages": [stage.lower() for stage in STAGES],
        "rows": rows,
    }
    with psycopg.connect(workspace.url, autocommit=True) as connection:
        connection.execute(_FILL, parameters)
        connection.execute("VACUUM (ANALYZE) records")


def write_csv(file: Path, rows: int) -> None:
    """Write a file that an import maps onto the object by its headers; the same at every run."""
    chance = random.Random(2)  # noqa: S311 - data, no secrets
    moment = datetime(2024, 1, 1, 8, tzinfo=UTC)
    with file.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(FIELDS)
        writer.writerows(_csv_row(chance, number, moment) for number in range(rows))


def _csv_row(chance: random.Random, number: int, moment: datetime) -> list[object]:
    company, word = chance.choice(COMPANIES), chance.choice(WORDS)
    last = moment + timedelta(minutes=chance.randrange(1_000_000))
    return [
        f"{company} {word}, \u00a7{number}",
        f"{company.lower()}.{number}@example.com",
        f"+49 30 {chance.randrange(10**6, 10**7)}",
        f"{chance.randrange(100, 99_999_999) / 100:.2f}",
        chance.randrange(1, 5000),
        chance.randrange(101),
        date(2024, 1, 1) + timedelta(days=chance.randrange(1500)),
        last.isoformat().replace("+00:00", "Z"),
        chance.choice(STAGES),
        chance.choice(("yes", "no")),
    ]


def _key(label: str) -> str:
    return label.lower().replace(" ", "_")


_FILL = """
INSERT INTO records (id, object_id, data, primary_value, created_at, created_by, updated_by,
                     tenant_id)
SELECT 'rec_' || lpad(to_hex(n), 32, '0'), %(object_id)s,
       jsonb_build_object(
         %(deal_name)s::text, name,
         %(contact_email)s::text, lower(company) || '.' || n || '@example.com',
         %(phone)s::text, '+49 30 ' || (1000000 + n * 7 %% 9000000),
         %(amount)s::text, (n::bigint * 7919 %% 99999999) / 100.0,
         %(seats)s::text, n * 31 %% 5000,
         %(probability)s::text, n * 13 %% 101,
         %(close_date)s::text, to_char(date '2024-01-01' + n * 17 %% 1500, 'YYYY-MM-DD'),
         %(last_contact)s::text, to_char(timestamp '2024-01-01' + n * 37 %% 1000000 * minute,
                                               'YYYY-MM-DD"T"HH24:MI:SS"Z"'),
         %(stage)s::text, (%(stages)s::text[])[1 + n * 5 %% 6],
         %(renewal)s::text, n %% 3 = 0),
       name, timestamptz '2024-01-01' + n * interval '1 second',
       %(author)s::uuid, %(author)s::uuid, %(author)s::text
FROM (SELECT n, company, company || ' ' || (%(words)s::text[])[1 + n / 8 %% 8] || ' ' || n AS name
      FROM (SELECT n, (%(companies)s::text[])[1 + n %% 8] AS company
            FROM generate_series(1, %(rows)s::int) AS n) AS numbered) AS named,
     (SELECT interval '1 minute' AS minute) AS units
"""

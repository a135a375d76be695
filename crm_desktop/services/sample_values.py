"""Makes up believable values for the sample workspace: the same ones each time, from no clock."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any
from unicodedata import combining, normalize

from crm_desktop.domain.field_types import moment_json

SEED = 2026
TODAY = date(2026, 6, 30)  # the sample's own
Values = dict[str, Any]


class SampleValues:
    """The values of each record by field name, made in the order in which they are asked for."""

    def __init__(
        self, described: Mapping[str, Any], records: Mapping[str, Sequence[str]], user_id: str
    ) -> None:
        self._random = Random(SEED)  # noqa: S311 - nothing secret
        self._words: Mapping[str, list[str]] = described["words"]
        self._fields: Mapping[str, Any] = described["fields"]
        self._records, self._user_id = records, user_id
        self._makers: Mapping[str, Callable[[int], Values]] = {
            "company": self._company,
            "contact": self._contact,
            "deal": self._deal,
            "product": self._product,
            "ticket": self._ticket,
            "contract": self._contract,
            "activity": self._activity,
            "invoice": self._invoice,
        }

    def of(self, object_name: str, place: int) -> Values:
        """Return the values of the object's `place`-th record, None for empty ones."""
        return self._makers[object_name](place)

    def _company(self, place: int) -> Values:
        firsts, lasts = self._words["company_first"], self._words["company_last"]
        first = firsts[place % len(firsts)]
        last = lasts[(place // len(firsts) + place) % len(lasts)]
        name = f"{first} {last} {self._word('company_forms')}"
        domain = f"{_plain(first)}-{_plain(last)}.example"
        staff = self._random.choice((8, 15, 40, 90, 250, 800, 2400))
        staff += self._random.randrange(staff)
        return {
            "name": name,
            "industry": self._option("industry"),
            "website": f"https://www.{domain}",
            "phone": self._phone(),
            "email": f"office@{domain}",
            "employees": staff,
            "annual_revenue": Decimal(staff * self._random.randrange(90, 260)) * 1000,
            "is_customer": self._random.random() < 0.6,
            "owner": self._user_id if place % 3 else None,
            "founded": self._day(-40_000, -700),
            "address": f"{self._word('streets')} {place % 90 + 1}\n{self._word('cities')}",
            "logo": _file(f"{_plain(first)}.svg", "image/svg+xml", 4_200 + place)
            if place % 4 == 0
            else None,
        }

    def _contact(self, place: int) -> Values:
        first, last = self._word("first_names"), self._word("last_names")
        known = self._random.sample(["en", "de", "fr", "es", "pl"], self._random.randrange(4))
        return {
            "full_name": f"{first} {last}",
            "job_title": self._word("job_titles"),
            "email": f"{_plain(first)}.{_plain(last)}{place}@example.com",
            "phone": self._phone() if place % 5 else None,
            "languages": known or None,
            "newsletter": self._random.random() < 0.4,
            "notes": self._notes(0.3),
        }

    def _deal(self, place: int) -> Values:
        stage = self._option("stage")
        chance = {"lead": 10, "qualified": 25, "proposal": 50, "negotiation": 75, "won": 100}
        contacts = self._records["contact"]
        return {
            "deal_name": f"{self._word('projects')} {self._word('cities')}",
            "stage": stage,
            "amount": self._amount(2_000, 280_000),
            "probability": chance.get(stage, 0),
            "close_date": self._day(-400, 0) if stage in {"won", "lost"} else self._day(1, 200),
            "owner": self._user_id,
            "source": self._option("source"),
            "main_contact": contacts[place % len(contacts)] if place % 4 else None,
            "notes": self._notes(0.4),
        }

    def _product(self, place: int) -> Values:
        firsts, lasts = self._words["product_first"], self._words["product_last"]
        first, last = firsts[place % len(firsts)], lasts[place // len(firsts) % len(lasts)]
        kinds = {"Controller": "controller", "Suite": "licence", "Service": "service"}
        return {
            "product_name": f"{first} {last}",
            "sku": f"{first[:3].upper()}-{1000 + place}",
            "category": kinds.get(last, "sensor"),
            "price": self._amount(20, 4_000),
            "in_stock": self._random.random() < 0.8,
            "photo": _file(f"{_plain(first)}-{_plain(last)}.jpg", "image/jpeg", 90_000 + place)
            if place % 2
            else None,
        }

    def _ticket(self, place: int) -> Values:
        status = self._option("status")
        return {
            "subject": self._word("ticket_subjects"),
            "status": status,
            "priority": self._option("priority"),
            "channel": self._option("channel"),
            "opened_at": self._moment(-300, 0),
            "owner": self._user_id if place % 2 else None,
            "satisfaction": self._random.randint(1, 5) if status == "solved" else None,
            "description": self._notes(0.9),
        }

    def _contract(self, place: int) -> Values:
        starts = TODAY + timedelta(days=self._random.randrange(-1_200, 60))
        number = f"C-{20_100 + place}"
        years = self._random.randint(1, 4)
        return {
            "contract_number": number,
            "amount": self._amount(1_000, 60_000),
            "starts_on": starts.isoformat(),
            "ends_on": (starts + timedelta(days=365 * years - 1)).isoformat(),
            "auto_renew": self._random.random() < 0.5,
            "signed_copy": [_file(f"{number}.pdf", "application/pdf", 180_000 + place)]
            if place % 3
            else None,
        }

    def _activity(self, place: int) -> Values:
        return {
            "subject": self._word("activity_subjects"),
            "kind": self._option("kind"),
            "happened_at": self._moment(-250, 30),
            "minutes": self._random.choice((5, 10, 15, 30, 45, 60, 90)),
            "is_done": place % 6 != 0,
            "notes": self._notes(0.5),
        }

    def _invoice(self, place: int) -> Values:
        issued = TODAY + timedelta(days=self._random.randrange(-500, 0))
        return {
            "invoice_number": f"R-{260_000 + place}",
            "amount": self._amount(300, 20_000),
            "issued_on": issued.isoformat(),
            "due_on": (issued + timedelta(days=30)).isoformat(),
            "is_paid": issued < TODAY - timedelta(days=45) or self._random.random() < 0.3,
        }

    def _word(self, kind: str) -> str:
        return self._random.choice(self._words[kind])

    def _option(self, field_name: str) -> str:
        options = self._fields[field_name][2]["options"]
        return str(self._random.choice(options)["value"])

    def _notes(self, share: float) -> str | None:
        if self._random.random() > share:
            return None
        return "\n".join(self._random.sample(self._words["sentences"], self._random.randint(1, 3)))

    def _phone(self) -> str:
        return f"+49 30 {self._random.randrange(2_000_000, 9_000_000)}"

    def _amount(self, low: int, high: int) -> Decimal:
        return Decimal(self._random.randrange(low, high)) + Decimal(self._random.randrange(20)) / 20

    def _day(self, first: int, last: int) -> str:
        return (TODAY + timedelta(days=self._random.randint(first, last))).isoformat()

    def _moment(self, first: int, last: int) -> str:
        day = datetime(TODAY.year, TODAY.month, TODAY.day, 7, tzinfo=UTC)
        minutes = self._random.randrange(10 * 60)
        return moment_json(day + timedelta(days=self._random.randint(first, last), minutes=minutes))


class SampleLinks:
    """Pairs of records for each relationship, with metadata where people would keep some."""

    def __init__(self, described: Mapping[str, Any], records: Mapping[str, Sequence[str]]) -> None:
        self._random = Random(SEED)  # noqa: S311 - nothing secret
        self._relationships: Mapping[str, Any] = described["relationships"]
        self._records = records

    def of(self, name: str) -> list[tuple[str, str, Values]]:
        start, end, type_, _, _, count = self._relationships[name]
        ones, others = self._records[start], self._records[end]
        if type_ == "N:N":
            return self._many(name, ones, others, count)
        if start == end:  # the first companies are parents of the last ones
            return [(ones[place % 12], others[-1 - place], {}) for place in range(count)]
        return [(self._random.choice(ones), other, {}) for other in others[:count]]

    def _many(
        self, name: str, ones: Sequence[str], others: Sequence[str], count: int
    ) -> list[tuple[str, str, Values]]:
        pairs: dict[tuple[str, str], None] = {}
        while len(pairs) < count:
            pairs[self._random.choice(ones), self._random.choice(others)] = None
        return [(one, other, self._metadata(name)) for one, other in pairs]

    def _metadata(self, name: str) -> Values:
        if name == "deal_products":
            return {"quantity": self._random.randint(1, 40)}
        return {"role": self._random.choice(("Decides", "Advises", "Uses it", "Signs"))}


def _plain(text: str) -> str:
    """Return a text for addresses: lower case, no accents, words joined by hyphens."""
    letters = [letter for letter in normalize("NFKD", text.lower()) if not combining(letter)]
    kept = "".join(letter if letter.isascii() and letter.isalnum() else " " for letter in letters)
    return "-".join(kept.split())


def _file(name: str, type_: str, size: int) -> Values:
    return {"name": name, "size": size, "type": type_, "url": f"https://files.example/{name}"}

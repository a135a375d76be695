"""What commands print: for people, or as JSON for programs; progress only where somebody looks."""

from __future__ import annotations

import codecs
import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from crm_desktop.domain.errors import Unavailable
from crm_desktop.whole_file import WholeFile

if TYPE_CHECKING:
    from crm_desktop.services.doctor import Diagnosis
    from crm_desktop.services.importing import ImportResult
    from crm_desktop.services.link_breaches import LinkBreach

SHOWN_PROBLEMS = 10


def tell_import(result: ImportResult, report: Path | None, *, as_json: bool) -> None:
    names = ("created", "updated", "unchanged", "rejected", "links", "unmatched")
    counts = {name: getattr(result, name) for name in names}
    for header, why in result.skipped.items():
        sys.stderr.write(f"Column “{header}” was left out. {why}\n")
    for problem in result.problems[:SHOWN_PROBLEMS]:
        where = f"Line {problem.line}" + (f", {problem.column}" if problem.column else "")
        sys.stderr.write(f"{where}: {problem.reason}\n")
    if (more := result.rejected + result.unmatched - SHOWN_PROBLEMS) > 0:
        place = f"; all of them are in {report}" if report else ". --report FILE lists all of them"
        sys.stderr.write(f"… and {more:,} more{place}.\n")
    if as_json:
        _say(json.dumps(counts))
        return
    _say(
        f"{result.created:,} created, {result.updated:,} updated, {result.unchanged:,} unchanged, "
        f"{result.rejected:,} rejected; {result.links:,} links, {result.unmatched:,} unmatched."
    )


def tell_diagnosis(
    diagnosis: Diagnosis,
    versions: Mapping[str, str],
    additions: Mapping[str, str],
    missing: Sequence[str],
    *,
    as_json: bool,
) -> None:
    """Print what `doctor` found; `missing` says in sentences what a database lacks."""
    if as_json:
        _say(json.dumps(_as_json(diagnosis, versions, additions, missing)))
        return
    from crm_desktop.services.doctor import BREACHES

    _table("Versions", [(name, value or "none") for name, value in versions.items()])
    _table("Additions", list(additions.items()))
    if missing:
        _say("This database does not have what CRM Desktop needs:")
        for sentence in missing:
            _say(f"  {sentence}")
        return
    _table("Records", [(each.name, f"{each.records:,}") for each in diagnosis.objects])
    links = [
        (f"{link.name} ({link.from_object} → {link.to_object})", f"{link.count:,}")
        for link in diagnosis.links
    ]
    _table("Links", links)
    wrong = [(BREACHES[kind], f"{count:,}") for kind, count in diagnosis.breaches.items() if count]
    _table("Breaches", wrong or [("none", "all is well")])
    if diagnosis.link_breaches:
        _table("The first of these links", [_told(each) for each in diagnosis.link_breaches])


def _told(breach: LinkBreach) -> tuple[str, str]:
    """Say which links break a rule: the relationship and the record, then what it is linked to."""
    more = breach.links - len(breach.others)
    others = ", ".join(breach.others) + (
        f" and {more:,} more" if breach.kind == _MANY and more else ""
    )
    words = {
        _MANY: f"has {breach.links:,} links: {others}",
        "duplicate_links": f"is linked {breach.links:,} times to {others}"
        + ("" if breach.can_be_merged else ", which say different things"),
        "links_to_wrong_object": f"is linked to {others}: one of them is of another object",
    }
    return f"{breach.relationship}: {breach.record}", words[breach.kind]


_MANY = "broken_cardinality"


def _as_json(
    diagnosis: Diagnosis,
    versions: Mapping[str, str],
    additions: Mapping[str, str],
    missing: Sequence[str],
) -> dict[str, object]:
    return {
        "objects": [
            {"id": each.id, "name": each.name, "records": each.records}
            for each in diagnosis.objects
        ],
        "links": [
            {
                "id": link.id,
                "name": link.name,
                "from": link.from_object,
                "to": link.to_object,
                "count": link.count,
            }
            for link in diagnosis.links
        ],
        "breaches": dict(diagnosis.breaches),
        "link_breaches": [asdict(each) for each in diagnosis.link_breaches],
        "versions": dict(versions),
        "additions": dict(additions),
        "missing": list(missing),
    }


def _table(title: str, rows: Sequence[tuple[str, str]]) -> None:
    _say(title)
    width = max((len(name) for name, _ in rows), default=0)
    for name, value in rows:
        _say(f"  {name:<{width}}  {value}")


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")


def progress(title: str) -> Callable[[int, int], bool]:
    """Return a function that shows how far the work is, where somebody looks on."""
    is_watched = sys.stderr is not None and sys.stderr.isatty()
    shown = -1

    def report(done: int, total: int) -> bool:
        nonlocal shown
        percent = 100 * done // total if total else 0
        if is_watched and percent != shown:
            shown = percent
            sys.stderr.write(f"\r{title} {percent} %" + ("\r\033[K" if percent >= 100 else ""))
            sys.stderr.flush()
        return True

    return report


@contextmanager
def written(file: Path | None, *, encoding: str) -> Iterator[Callable[[str], object]]:
    """Give a function that writes; a file is put in its place only when it is whole."""
    if file is None:
        encoder = codecs.getincrementalencoder(encoding)()  # which marks the beginning only
        yield lambda piece: sys.stdout.buffer.write(encoder.encode(piece))
        sys.stdout.buffer.flush()
        return
    whole = WholeFile(file)
    try:
        with whole.draft.open("w", encoding=encoding, newline="") as opened:
            yield opened.write
        whole.publish()
    except OSError as error:
        raise Unavailable(f"{file} cannot be written: {error.strerror or error}.") from error
    finally:
        whole.discard()

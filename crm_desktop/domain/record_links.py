"""Permanent links to records: written, and read with suspicion."""

import re
from urllib.parse import quote, unquote

from crm_desktop.domain.errors import Invalid

SCHEME = "crm-desktop"
MOST_LETTERS = 600
_LINK = re.compile(rf"{SCHEME}://record/((?:[A-Za-z0-9._~-]|%[0-9A-Fa-f]{{2}})+)/?", re.IGNORECASE)
_LONGEST_ID = 200


def link_to_record(record_id: str) -> str:
    """Return the permanent link; it names the record, not the database."""
    return f"{SCHEME}://record/{quote(record_id, safe='')}"


def is_link(text: str) -> bool:
    """Say whether the text means to be a link of this program, right or wrong."""
    return text.strip().casefold().startswith(f"{SCHEME}:")


def record_of_link(text: str) -> str:
    """Return the id of the record that a link names; raises Invalid for anything else."""
    found = _LINK.fullmatch(text.strip()) if len(text) <= MOST_LETTERS else None
    record_id = _decoded(found.group(1)) if found is not None else ""
    if not record_id or len(record_id) > _LONGEST_ID or not record_id.isprintable():
        raise Invalid({"link": f"This is no link to a record. One reads {SCHEME}://record/rec_…"})
    return record_id


def _decoded(quoted: str) -> str:
    try:
        return unquote(quoted, errors="strict").strip()
    except UnicodeDecodeError:
        return ""

"""Ids of our own making: a prefix and the 32 hexadecimal digits of a UUIDv7 (RFC 9562)."""

import os
import threading
import time
from enum import StrEnum


class Prefix(StrEnum):
    FIELD = "fld_"
    OBJECT = "obj_"
    OBJECT_FIELD = "ofd_"
    RECORD = "rec_"
    RELATIONSHIP = "rel_"
    LINK = "rrec_"
    APPLICATION = "app_"


_lock = threading.Lock()
_last = 0


def new_id(prefix: Prefix) -> str:
    """Return an id that sorts after every earlier one made by this process."""
    return f"{prefix.value}{_uuid7():032x}"


def _uuid7() -> int:
    """Return a UUIDv7 whose 12 bits after the version hold the fraction of the millisecond.

    That is method 3 of RFC 9562, section 6.2; the same tick twice is counted up.
    """
    global _last  # noqa: PLW0603 - the order of ids is a fact of the process
    now = time.time_ns()
    milliseconds, rest = divmod(now, 1_000_000)
    ticks = (milliseconds << 12) | (rest * 4096 // 1_000_000)
    with _lock:
        ticks = _last = max(ticks, _last + 1)
    random = int.from_bytes(os.urandom(8), "big") & ((1 << 62) - 1)
    return (ticks >> 12) << 80 | 7 << 76 | (ticks & 0xFFF) << 64 | 0b10 << 62 | random

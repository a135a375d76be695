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
    VIEW = "view_"
    FORM = "form_"
    DIAGRAM = "dgm_"


_VARIANT = dict(zip("0123456789abcdef", "89ab89ab89ab89ab", strict=True))  # 0b10 and 2 more bits
_lock = threading.Lock()
_last = 0


def new_id(prefix: Prefix) -> str:
    """Return an id that sorts after every earlier one made by this process."""
    return f"{prefix.value}{_uuid7(_reserve(1), os.urandom(8)):032x}"


def new_ids(prefix: Prefix, count: int) -> list[str]:
    """Return many ids in ascending order, at a fraction of the cost of one by one."""
    first = _reserve(count)
    random, begin = os.urandom(8 * count).hex(), prefix.value
    tails = (random[place : place + 16] for place in range(0, 16 * count, 16))
    return [  # digit by digit what `_uuid7` makes of the same bytes
        f"{begin}{tick >> 12:012x}7{tick & 0xFFF:03x}{_VARIANT[tail[0]]}{tail[1:]}"
        for tick, tail in enumerate(tails, first)
    ]


def _reserve(count: int) -> int:
    """Return the first of `count` ticks that nobody else in this process gets.

    A tick is a 4096th of a millisecond; the same one twice is counted up.
    """
    global _last  # noqa: PLW0603 - the order of ids is a fact of the process
    milliseconds, rest = divmod(time.time_ns(), 1_000_000)
    ticks = (milliseconds << 12) | (rest * 4096 // 1_000_000)
    with _lock:
        first = max(ticks, _last + 1)
        _last = first + count - 1
    return first


def _uuid7(ticks: int, random: bytes) -> int:
    """Return a UUIDv7 whose 12 bits after the version hold the fraction of the millisecond.

    That is method 3 of RFC 9562, section 6.2.
    """
    tail = int.from_bytes(random, "big") & ((1 << 62) - 1)
    return (ticks >> 12) << 80 | 7 << 76 | (ticks & 0xFFF) << 64 | 0b10 << 62 | tail

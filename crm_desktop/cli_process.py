"""What a command asks of its process: an end in order, and a terminal with sentences only."""

import logging
import signal
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def ending_in_order() -> Iterator[None]:
    """Let a polite end and a closed terminal do what Ctrl+C does, unless they are ignored.

    The embedded server then stops with the command, and no half-written file is left. The driver's
    warnings about a connection that broke are left out: a sentence says it.
    """
    logging.getLogger("psycopg").setLevel(logging.ERROR)
    numbers = [getattr(signal, name, None) for name in ("SIGTERM", "SIGHUP")]
    before = {number: signal.getsignal(number) for number in numbers if number is not None}
    for number, handler in before.items():
        if handler is not signal.SIG_IGN:
            signal.signal(number, signal.default_int_handler)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)

"""Results as values, and fair timing: the two sides of a ratio take turns."""

import gc
import statistics
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True)
class Options:
    """How much to measure; None takes what the benchmark is meant to be run with."""

    rows: int | None = None
    rounds: int | None = None


@dataclass(frozen=True, slots=True)
class Result:
    """One line: what was measured, and how it stands against a peer in the same run.

    `bar` is the limit of `ratio`: from below where more is better (`at_least`), else from above.
    """

    name: str
    value: float
    unit: str
    against: str
    ratio: float
    bar: float | None
    at_least: bool = False

    @property
    def holds(self) -> bool:
        if self.bar is None:
            return True
        return self.ratio >= self.bar if self.at_least else self.ratio <= self.bar

    def as_json(self) -> dict[str, object]:
        shown = asdict(self)
        del shown["at_least"]
        shown["value"], shown["ratio"] = round(self.value, 3), round(self.ratio, 3)
        return {**shown, "holds": self.holds}

    def as_line(self) -> str:
        sign = ">=" if self.at_least else "<="
        bar = "" if self.bar is None else f"  (bar {sign} {self.bar:g})"
        verdict = "ok  " if self.holds else "MISS"
        return (
            f"{verdict} {self.name:<28} {self.value:>12,.1f} {self.unit:<7} "
            f"ratio {self.ratio:5.2f}{bar} against {self.against}"
        )


def seconds(call: Callable[[], object], *, has_garbage_collector: bool = False) -> float:
    """Time one call. The program's window does without automatic collection, a terminal has it."""
    gc.collect()
    if not has_garbage_collector:
        gc.disable()
    try:
        began = time.perf_counter()
        call()
        return time.perf_counter() - began
    finally:
        gc.enable()


def in_turns(
    ours: Callable[[], object], peer: Callable[[], object], rounds: int, warm_up: int = 2
) -> tuple[float, float]:
    """Return the median seconds of both calls, after some rounds that don't count.

    They take turns, and turns at going first: what else the machine does meets both alike.
    """
    times: tuple[list[float], list[float]] = ([], [])
    sides = (ours, peer)
    for number in range(rounds + warm_up):
        for side in (0, 1) if number % 2 else (1, 0):
            spent = seconds(sides[side])
            if number >= warm_up:
                times[side].append(spent)
    return statistics.median(times[0]), statistics.median(times[1])

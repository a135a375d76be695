"""The layout editor under a real mouse: each drag, and the keys that do the same.

Qt's drags do nothing on the platform of the other tests, so a program of its own runs them all.
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.conftest import new_database

TOP = Path(__file__).parents[2]
EIGHT = "f0 f1 f2 f3 f4 f5 f6 f7"
EXPECTED = {
    "one_is_dragged_up": "f0 f3 f1 f2 f4 f5 f6 f7",
    "several_are_dragged_together": "f1 f3 f4 f0 f2 f5 f6 f7",
    "one_is_dragged_into_the_other_section": "f0 f2 f3 f4 f5 f6 f1 f7",
    "one_is_dragged_onto_a_heading": "f7 f0 f1 f2 f3 f4 f5 f6",
    "one_is_dragged_below_everything": "f1 f2 f3 f4 f5 f6 f7 f0",
    "one_comes_from_the_library": "f0 f1 spare f2 f3 f4 f5 f6 f7",
    "several_come_from_the_library": "f0 f1 f2 f3 f4 f5 extra spare f6 f7",
    "one_is_dragged_out": "f0 f1 f2 f3 f5 f6 f7",
    "escape_ends_a_drag": EIGHT,
    "a_copy_is_refused_kindly": EIGHT,
    "a_section_is_dragged": "f5 f6 f7 f0 f1 f2 f3 f4",
    "keys_move_one_up": "f0 f3 f1 f2 f4 f5 f6 f7",
    "keys_move_several_down": "f2 f0 f1 f3 f4 f5 f6 f7",
    "keys_move_one_to_the_top": "f7 f0 f1 f2 f3 f4 f5 f6",
    "keys_move_one_to_the_end": "f1 f2 f3 f4 f5 f6 f7 f0",
    "keys_cut_and_paste_across_sections": "f0 f2 f3 f4 f5 f6 f1 f7",
    "keys_take_one_out": "f0 f1 f2 f3 f5 f6 f7",
    "keys_add_one": "f0 f1 f2 spare f3 f4 f5 f6 f7",
    "typing_a_number_moves_there": "f0 f7 f1 f2 f3 f4 f5 f6",
    "typing_a_neighbour_moves_there": "f1 f2 f3 f4 f5 f6 f0 f7",
    "one_is_dragged_to_the_end_of_two_hundred": " ".join(f"f{n}" for n in [*range(1, 200), 0]),
}
Results = dict[str, dict[str, Any]]


def run_every_scenario(server: str) -> Results:
    """Run them in one program, and return what each left."""
    with new_database(server, "crm_template") as url:
        ran = subprocess.run(
            [sys.executable, "-m", "tests.gui.dragging", url],
            env={**os.environ, "QT_QPA_PLATFORM": "minimal"},
            cwd=TOP, capture_output=True, text=True, check=False, timeout=110,
        )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    lines = [json.loads(line) for line in ran.stdout.splitlines()]
    return {line["name"]: line for line in lines}


def test_the_stored_order_is_what_the_eye_sees_after_every_drag_and_key(server: str) -> None:
    """One test, not one for each: a fixture that all share would run on each worker anew."""
    found = run_every_scenario(server)
    expected = {name: order.split() for name, order in EXPECTED.items()}
    assert {name: line["seen"] for name, line in found.items()} == expected
    assert {name: line["stored"] for name, line in found.items()} == expected
    assert "moved, not copied" in " ".join(found["a_copy_is_refused_kindly"]["refusals"])

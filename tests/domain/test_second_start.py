"""What a second start says to the window that runs: it arrives as it was meant, or not at all."""

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm_desktop.domain.errors import Invalid
from crm_desktop.domain.second_start import Wish, is_wish, line_of, path_of, wish_in

# Whatever bytes a file system has in a name, as Python shows them.
PATHS = st.binary(max_size=200).map(lambda name: os.fsdecode(name.replace(b"\0", b"")))


@given(PATHS)
def test_a_path_arrives_letter_by_letter_in_one_plain_line(name: str) -> None:
    wish = Wish(file=f"/home/ada/{name}.csv")
    line = line_of(wish)
    assert line.isascii()
    assert line.isprintable()
    assert wish_in(f"{line}\n") == wish


@pytest.mark.parametrize("wish", [Wish(), Wish(record_id="rec_1"), Wish(file="/a b/ä.CSV")])
def test_a_wish_reads_back(wish: Wish) -> None:
    assert wish_in(line_of(wish)) == wish


@pytest.mark.parametrize(
    "line", ["", "back", "import /etc/passwd", "import a%00.csv", "import ", "rm -rf /"]
)
def test_anything_else_is_refused(line: str) -> None:
    with pytest.raises(Invalid):
        wish_in(line)


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("people.csv", "people.csv"),
        ("file:///home/ada/my%20people.csv", "/home/ada/my people.csv"),
        ("file:///C:/Users/ada/people.csv", "C:/Users/ada/people.csv"),
    ],
)
def test_a_file_s_address_and_its_path_are_the_same(text: str, path: str) -> None:
    assert path_of(text) == path
    assert is_wish(text)


def test_commands_and_options_are_no_wishes() -> None:
    assert not any(map(is_wish, ["import", "--sample", "objects", "export"]))

"""Cells as TSV and as HTML: what spreadsheets write is read, and what we write comes back."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm_desktop.domain.clipboard import CellBlock, exact_text, read_exact
from crm_desktop.domain.errors import UserError
from crm_desktop.domain.html_tables import HtmlCell, read_html_table, write_html_table
from crm_desktop.domain.tsv import read_tsv, write_tsv

_LETTERS = st.sampled_from(list("ab\"'\t\n ,;=+-@<>&\\/\u00e4\u20ac\U0001f600\u00a0"))
TEXTS = st.text(_LETTERS, max_size=8) | st.text(st.characters(exclude_characters="\r\0"))
TABLES = st.integers(1, 4).flatmap(
    lambda width: st.lists(st.lists(TEXTS, min_size=width, max_size=width), min_size=1, max_size=5)
)


@given(TABLES)
def test_what_is_written_with_tabs_is_read_back(rows: list[list[str]]) -> None:
    assert read_tsv(write_tsv(rows)) == rows
    assert read_tsv(write_tsv(rows).replace("\n", "\r\n")) == [
        [cell.replace("\n", "\r\n") for cell in row] for row in rows
    ]


def test_cells_are_quoted_as_spreadsheets_do() -> None:
    rows = [['say "hi"', 'two\n"lines"', "a\tb", '"quoted"', "=1+1"]]

    assert write_tsv(rows) == 'say "hi"\t"two\n""lines"""\t"a\tb"\t"""quoted"""\t=1+1'


def test_text_of_other_programs_is_read() -> None:
    assert read_tsv("") == []
    assert read_tsv("a\tb\r\nc\r\n") == [["a", "b"], ["c"]]
    assert read_tsv('5" pipe\t"open\n"x" y\t"b"\n') == [['5" pipe', '"open'], ['"x" y', "b"]]
    assert read_tsv('"a\n') == [['"a']]


@given(TABLES)
def test_what_is_written_as_html_is_read_back(rows: list[list[str]]) -> None:
    html = write_html_table(rows, [[None] * len(row) for row in rows])

    assert [[cell.text for cell in row] for row in read_html_table(html)] == rows


@given(st.text())
def test_no_html_is_too_odd_to_be_read(html: str) -> None:
    table = read_html_table(f"<table><tr><td>{html}")
    assert len({len(row) for row in table}) <= 1


def test_hostile_text_stays_text() -> None:
    odd = "</td><script>alert(1)</script>&lt;=cmd|'/c calc'!A1"
    html = write_html_table([[odd]], [[None]])

    assert "<script>" not in html
    assert read_html_table(html) == [[HtmlCell(odd)]]


def test_numbers_are_told_exactly() -> None:
    values = [[Decimal("1234.50"), 7, True]]
    table = read_html_table(write_html_table([["1,234.5", "7 kg", "Yes"]], values))

    assert table == [
        [HtmlCell("1,234.5", Decimal("1234.50")), HtmlCell("7 kg", 7), HtmlCell("Yes")]
    ]


def test_the_fragments_of_excel_and_libreoffice_are_read() -> None:
    excel = """Version:1.0\r\nStartHTML:0000000105\r\n<html xmlns:x="urn:schemas-microsoft-com">
<head><style>td {color:black}</style></head><body><table><!--StartFragment-->
 <col width=64><tr height=20><td class=xl65>Orion<br>\r\n  GmbH</td>
  <td align=right>1.234,50</td></tr>
 <tr><td colspan=2>wide&nbsp;&lt;b&gt;</td></tr><!--EndFragment--></table></body></html>"""
    libreoffice = """<!DOCTYPE html><html><body><table cellspacing="0"><colgroup></colgroup>
<tr><td rowspan=2 align="left" valign=bottom><font face="x">A &amp; B</font></td>
<td sdval="45322" sdnum="1033;1033;MM/DD/YY"><font>01/31/24</font></td></tr>
<tr><td sdval="0.125" sdnum="1033;0;0.0%">12.5%</td></tr>
<tr><td sdval="45322.5" sdnum="1033;0;MM/DD/YYYY HH:MM">x</td>
<td sdval="1234.5" sdnum="1033;">1.234,5</td></tr>
</table><table><tr><td>second</td></tr></table></body></html>"""

    assert [[cell.text for cell in row] for row in read_html_table(excel)] == [
        ["Orion\nGmbH", "1.234,50"], ["wide <b>", ""],
    ]  # fmt: skip
    assert read_html_table(libreoffice) == [
        [HtmlCell("A & B"), HtmlCell("01/31/24", "2024-01-31")],
        [HtmlCell(""), HtmlCell("12.5%", Decimal("12.500"))],
        [HtmlCell("x", "2024-01-31 12:00:00"), HtmlCell("1.234,5", Decimal("1234.5"))],
    ]
    assert read_html_table("<p>no table</p>") == []


def test_a_table_that_claims_endless_cells_is_cut() -> None:
    html = "<table>" + "<tr><td colspan=99999 rowspan=99999>x" * 3

    assert len(read_html_table(html)[0]) <= 3_000


def test_one_long_row_over_many_short_ones_is_refused_instead_of_filling_the_memory() -> None:
    rows = ["\t" * 9_999, *["x"] * 9_999]
    with pytest.raises(UserError, match="10,000 rows of 10,000 columns"):
        CellBlock.of_texts(read_tsv("\n".join(rows)))
    with pytest.raises(UserError, match="10,000 rows of 10,000 columns"):
        read_html_table("<table>" + "<tr>" * 10_000 + "<td>x" * 10_000)


def test_numbers_of_thousands_of_digits_break_no_reader() -> None:
    digits = "9" * 5_000
    ((first, *rest),) = read_html_table(f"<table><tr><td colspan={digits}>x")
    assert (first.text, len(rest)) == ("x", 999)
    assert read_html_table(f"<table><tr><td>&#{digits};") == []
    number = f'{{"version":1,"types":["number"],"values":[[1e{digits}]],"texts":[["x"]]}}'
    assert read_exact(number) is None


def test_the_exact_form_comes_back_exactly_and_nothing_else_is_taken_for_it() -> None:
    block = CellBlock(
        (("1.50", "a\tb"), ("", "x")),
        ((Decimal("1.50"), ["a", {"b": None}]), (None, "x\n\u20ac")),
        ("number", "multiselect"),
    )
    again = read_exact(exact_text(block))

    assert again == block
    assert again is not None
    assert again.values is not None
    assert str(again.values[0][0]) == "1.50"
    short = '{"version": 1, "types": ["text"], "values": [[]], "texts": [["a"]]}'
    later = exact_text(block).replace('"version": 1', '"version": 9')
    for odd in ("", "[]", "{", '{"version": 1}', short, later):
        assert read_exact(odd) is None

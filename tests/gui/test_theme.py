"""The look: contrasts of the tokens, switching at run time, the scale."""

from collections.abc import Iterator

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QFont, QFontMetricsF, QPalette
from PySide6.QtWidgets import QApplication, QCheckBox, QLineEdit
from pytestqt.qtbot import QtBot

from crm_desktop.gui import theme
from crm_desktop.gui.stylesheet import style_sheet
from crm_desktop.gui.theme import Scheme, apply_theme
from crm_desktop.gui.tokens import DARK, LIGHT, Scale, Tokens, choice_color, contrast, mix

BOTH = pytest.mark.parametrize("tokens", [LIGHT, DARK], ids=["light", "dark"])


@pytest.fixture(autouse=True)
def _light_again(qapp: QApplication) -> Iterator[None]:
    yield
    apply_theme(qapp, Scheme.LIGHT)


def backgrounds(tokens: Tokens) -> list[str]:
    return [tokens.window, tokens.surface, tokens.raised]


@BOTH
@pytest.mark.parametrize("name", ["text", "muted", "accent", "success", "warning", "danger"])
def test_every_colour_of_text_reads_well_on_every_background(tokens: Tokens, name: str) -> None:
    color = getattr(tokens, name)

    assert min(contrast(color, under) for under in backgrounds(tokens)) >= 4.5
    assert contrast(color, tokens.selection) >= 4.5


@BOTH
def test_controls_are_recognisable_by_their_border(tokens: Tokens) -> None:
    assert min(contrast(tokens.border_strong, under) for under in backgrounds(tokens)) >= 3


@BOTH
@pytest.mark.parametrize("name", ["accent", "kind_local", "kind_dev", "kind_test", "kind_prod"])
def test_text_on_filled_chips_and_buttons_reads_well(tokens: Tokens, name: str) -> None:
    assert contrast(tokens.accent_text, getattr(tokens, name)) >= 5.8


@BOTH
@pytest.mark.parametrize("color", ["#FFFF00", "#000000", "#FFFFFF", "#FF0000", "#00FF00"])
def test_the_label_of_a_chip_reads_well_whatever_colour_a_customer_chose(
    tokens: Tokens, color: str
) -> None:
    fill = mix(color, tokens.surface, tokens.choice_tint)

    assert contrast(tokens.text, fill) >= 4.5


def test_contrast_agrees_with_the_ends_of_the_scale_of_wcag() -> None:
    assert contrast("#000000", "#FFFFFF") == pytest.approx(21)
    assert contrast("#777777", "#777777") == pytest.approx(1)
    assert contrast(LIGHT.muted, LIGHT.window) == pytest.approx(5.5, abs=0.05)


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("#3b6fe0", "#3B6FE0"),
        ("#abc", "#AABBCC"),
        ("red", "#FF0000"),
        (None, LIGHT.muted),
        ("", LIGHT.muted),
        ("transparent", LIGHT.muted),
        ("url(x)", LIGHT.muted),
        ("#" * 10_000, LIGHT.muted),
    ],
)
def test_a_customers_colour_is_read_or_becomes_muted(value: str | None, shown: str) -> None:
    assert choice_color(value, LIGHT) == shown


def test_switching_the_scheme_recolours_what_is_open(qapp: QApplication, qtbot: QtBot) -> None:
    appearance = apply_theme(qapp, Scheme.LIGHT)
    line = QLineEdit()
    qtbot.addWidget(line)
    line.show()
    was = line.grab().toImage().pixelColor(line.width() // 2, line.height() // 2)

    with qtbot.waitSignal(appearance.theme_changed):
        apply_theme(qapp, Scheme.DARK)

    now = line.grab().toImage().pixelColor(line.width() // 2, line.height() // 2)
    assert (was.name().upper(), now.name().upper()) == (LIGHT.surface, DARK.surface)
    assert theme.theme() is DARK
    assert apply_theme(qapp, Scheme.DARK) is appearance


def test_the_desktops_scheme_is_followed_until_one_is_chosen(qapp: QApplication) -> None:
    appearance = apply_theme(qapp, Scheme.SYSTEM)
    desktop = qapp.styleHints().colorScheme()

    expected = DARK if desktop == Qt.ColorScheme.Dark else LIGHT
    assert appearance.tokens() is expected
    assert theme.theme() is expected


def test_what_cannot_be_used_has_colours_of_its_own(qapp: QApplication) -> None:
    palette = theme.palette_of(LIGHT)

    disabled = palette.color(QPalette.ColorGroup.Disabled, QPalette.ColorRole.Text)
    assert disabled.name().upper() == LIGHT.disabled
    assert palette.color(QPalette.ColorRole.PlaceholderText).name().upper() == LIGHT.muted
    assert palette.color(QPalette.ColorRole.Accent).name().upper() == LIGHT.accent


def test_a_larger_font_makes_everything_larger(qapp: QApplication) -> None:
    font, rows, units = qapp.font(), theme.row_height(), theme.unit()
    larger = QFont(font)
    larger.setPointSizeF(font.pointSizeF() * 2)
    qapp.setFont(larger)
    try:
        assert theme.row_height() >= rows * 1.8
        assert theme.unit() > units
        assert theme.page_font().pointSizeF() == pytest.approx(larger.pointSizeF() * 1.4)
    finally:
        qapp.setFont(font)


def test_digits_in_columns_have_one_width(qapp: QApplication) -> None:
    metrics = QFontMetricsF(theme.number_font())

    assert metrics.horizontalAdvance("1111") == metrics.horizontalAdvance("8888")


@BOTH
def test_the_style_sheet_names_no_view_and_no_item_of_one(tokens: Tokens, tmp_path: str) -> None:
    sheet = style_sheet(tokens, Scale(16), str(tmp_path))

    for name in ("QAbstractItemView", "QTableView", "QTreeView", "QListView", "QWidget", "QFrame"):
        assert name not in sheet
    items = {line.split("::item")[0].strip() for line in sheet.splitlines() if "::item" in line}
    assert items == {"QMenu", "QMenuBar", "QStatusBar"}


def test_a_checked_box_shows_a_tick_on_the_accent_colour(qapp: QApplication, qtbot: QtBot) -> None:
    apply_theme(qapp, Scheme.DARK)
    box = QCheckBox()
    qtbot.addWidget(box)
    box.setChecked(True)
    box.show()

    image = box.grab().toImage()
    colors = [
        image.pixelColor(x, y).name().upper()
        for x in range(image.width())
        for y in range(image.height())
    ]

    assert colors.count(DARK.accent) > 50
    assert DARK.accent_text in colors

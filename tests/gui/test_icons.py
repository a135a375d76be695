"""Icons: found however they are spelled, tinted by the theme, and never worth a crash."""

import gc

import pytest
from PySide6.QtCore import QSize
from PySide6.QtGui import QColor, QIcon, QImage, QPixmap
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from crm_desktop.gui.glyphs import lucide_name
from crm_desktop.gui.icons import EMOJI, icon, object_icon
from crm_desktop.gui.theme import Scheme, apply_theme
from crm_desktop.gui.tokens import DARK, LIGHT

SIZE = QSize(32, 32)


def image_of(shown: QIcon, mode: QIcon.Mode = QIcon.Mode.Normal) -> QImage:
    return shown.pixmap(SIZE, 1.0, mode).toImage().convertToFormat(QImage.Format.Format_ARGB32)


def strongest(image: QImage) -> str:
    """Give the colour of the pixel that is covered most."""
    points = [(x, y) for x in range(image.width()) for y in range(image.height())]
    x, y = max(points, key=lambda point: image.pixelColor(*point).alpha())
    return QColor(image.pixelColor(x, y).rgb()).name().upper()


@pytest.mark.parametrize(
    ("value", "name"),
    [
        ("building", "building"),
        ("Building", "building"),
        (" target ", "target"),
        ("lucide:user", "user"),
        ("lucide-user", "user"),
        ("user-circle", "circle-user"),
        ("UserCircle", "circle-user"),
        ("user_circle", "circle-user"),
        ("UserCircleIcon", "circle-user"),
        ("BarChart3", "chart-column"),
        ("file text", "file-text"),
    ],
)
def test_a_lucide_name_is_found_however_it_is_spelled(value: str, name: str) -> None:
    assert lucide_name(value) == name


@pytest.mark.parametrize("value", ["", " ", "no-such-icon", "x" * 10_000, "<svg/>", "'; --", "a\0"])
def test_what_is_no_name_finds_nothing(value: str) -> None:
    assert lucide_name(value) is None


@pytest.mark.parametrize(
    "value",
    [
        None,
        "",
        "no-such-icon",
        "x" * 10_000,
        "<svg onload='x'/>",
        "../../etc/passwd",
        "\ud800",
        "%s",
    ],
)
def test_an_object_whose_icon_says_nothing_gets_the_neutral_one(
    qapp: QApplication, value: str | None
) -> None:
    assert image_of(object_icon(value)) == image_of(icon("box"))


@pytest.mark.parametrize(
    "text", ["🏢", "❤️", "👍🏽", "👩‍💻", "🇩🇪", "1️⃣", "🏴\U000e0067\U000e0062\U000e007f", "☎"]
)
def test_an_emoji_is_known_as_a_whole(text: str) -> None:
    found = EMOJI.match(text)

    assert found is not None
    assert found.group() == text


@pytest.mark.parametrize("text", ["building", "1", "#", "Ä", "", "→x"])
def test_letters_and_digits_are_no_emoji(text: str) -> None:
    assert EMOJI.match(text) is None


@pytest.mark.parametrize("text", ["❤️", "🏢", "🏢" * 5000])
def test_an_emoji_is_drawn_or_replaced_where_no_font_has_it(qapp: QApplication, text: str) -> None:
    image = image_of(object_icon(text))

    assert any(image.pixelColor(x, y).alpha() for x in range(32) for y in range(32))


def test_the_same_icon_takes_the_colours_of_the_theme_it_is_shown_in(qapp: QApplication) -> None:
    shown, danger = icon("square", "text"), icon("square", "danger")

    apply_theme(qapp, Scheme.DARK)
    dark = strongest(image_of(shown)), strongest(image_of(danger))
    apply_theme(qapp, Scheme.LIGHT)
    light = strongest(image_of(shown)), strongest(image_of(danger))

    assert dark == (DARK.text, DARK.danger)
    assert light == (LIGHT.text, LIGHT.danger)
    assert strongest(image_of(shown, QIcon.Mode.Disabled)) == LIGHT.disabled


def test_icons_are_drawn_sharply_for_each_resolution(qapp: QApplication) -> None:
    double = icon("user").pixmap(SIZE, 2.0)

    assert double.size() == QSize(64, 64)
    assert double.deviceIndependentSize().toSize() == SIZE


def test_icons_survive_copies_and_the_collection_of_garbage(
    qapp: QApplication, qtbot: QtBot
) -> None:
    icons = [icon("user") for _ in range(500)]
    copies = [QIcon(original) for original in icons]
    for copy in copies:
        copy.addPixmap(QPixmap(4, 4))  # detaches: Qt clones the engine
    del icons
    gc.collect()

    assert not any(copy.pixmap(SIZE).isNull() for copy in copies)

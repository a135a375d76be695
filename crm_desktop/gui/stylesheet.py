"""Writes the style sheet of the leaf controls from tokens and scale.

Views and whatever contains them are never named here: an `::item` rule, or a rule on an
ancestor, makes a grid's repaint slower than the delegate's whole work.
"""

from __future__ import annotations

from pathlib import Path
from string import Template

from crm_desktop.gui.glyphs import tinted_svg
from crm_desktop.gui.tokens import Scale, Tokens, mix

_FIELDS = Template("""
QLineEdit, QAbstractSpinBox, QComboBox, QPlainTextEdit, QTextEdit {
  background: $surface; color: $text; border: 1px solid $border_strong;
  border-radius: ${radius}px; padding: 1px ${inside}px;
  selection-background-color: $selected; selection-color: $selection_text;
}
QLineEdit, QAbstractSpinBox, QComboBox { min-height: ${field}px; }
QPlainTextEdit, QTextEdit { padding: ${half}px; }
QLineEdit:focus, QAbstractSpinBox:focus, QComboBox:focus, QPlainTextEdit:focus, QTextEdit:focus,
QComboBox:on {
  border: 2px solid $accent; padding: 0 ${inside_focus}px;
}
QPlainTextEdit:focus, QTextEdit:focus { padding: ${half_focus}px; }
QLineEdit:read-only, QAbstractSpinBox:read-only, QPlainTextEdit:read-only, QTextEdit:read-only {
  background: $window; border-color: $border;
}
QLineEdit:read-only:focus, QPlainTextEdit:read-only:focus, QTextEdit:read-only:focus {
  border-color: $accent;
}
QLineEdit:disabled, QAbstractSpinBox:disabled, QComboBox:disabled, QPlainTextEdit:disabled,
QTextEdit:disabled { background: $window; color: $disabled; border-color: $border; }
QLineEdit[problem="true"], QAbstractSpinBox[problem="true"], QComboBox[problem="true"],
QPlainTextEdit[problem="true"], QTextEdit[problem="true"] { border-color: $danger; }
QLineEdit[look="bare"], QLineEdit[look="bare"]:focus {
  border: none; background: transparent; padding: 0; min-height: 0;
}
QComboBox QLineEdit, QAbstractSpinBox QLineEdit, QComboBox QLineEdit:focus,
QAbstractSpinBox QLineEdit:focus {
  border: none; background: transparent; padding: 0; min-height: 0;
}
QSpinBox QLineEdit, QDoubleSpinBox QLineEdit, QSpinBox QLineEdit:focus,
QDoubleSpinBox QLineEdit:focus { border: 1px solid transparent; padding: 0 ${inside}px; }
QComboBox { padding-right: ${arrow_box}px; combobox-popup: 0; }
QComboBox[muted="true"] { color: $muted; }
QComboBox:focus, QComboBox:on { padding-right: ${arrow_box_focus}px; }
QComboBox::drop-down, QDateEdit::drop-down, QDateTimeEdit::drop-down {
  subcontrol-origin: border; subcontrol-position: center right; width: ${arrow_box}px;
  border: none; background: transparent;
}
QComboBox::down-arrow { image: url($down); width: ${small_icon}px; height: ${small_icon}px; }
QComboBox::down-arrow:disabled { image: url($down_off); }
QAbstractSpinBox::up-button, QAbstractSpinBox::down-button {
  subcontrol-origin: border; width: ${arrow_box}px; border: none; background: transparent;
}
QAbstractSpinBox::up-button { subcontrol-position: top right; margin-top: 2px; }
QAbstractSpinBox::down-button { subcontrol-position: bottom right; margin-bottom: 2px; }
QAbstractSpinBox::up-arrow { image: url($up); width: ${tiny}px; height: ${tiny}px; }
QAbstractSpinBox::down-arrow { image: url($down); width: ${tiny}px; height: ${tiny}px; }
QDateEdit::down-arrow, QDateTimeEdit::down-arrow {
  image: url($calendar); width: ${small_icon}px; height: ${small_icon}px;
}
QAbstractSpinBox::up-arrow:disabled, QAbstractSpinBox::up-arrow:off { image: url($up_off); }
QAbstractSpinBox::down-arrow:disabled, QAbstractSpinBox::down-arrow:off { image: url($down_off); }
""")

_BUTTONS = Template("""
QPushButton {
  background: $surface; color: $text; border: 1px solid $button_border;
  border-radius: ${radius}px; padding: 1px ${button_pad}px; min-height: ${field}px;
}
QMessageBox QPushButton { min-width: ${button_width}px; }
QPushButton:hover { background: $hover; }
QPushButton:pressed, QPushButton:checked { background: $pressed; }
QPushButton:focus { border: 2px solid $accent; padding: 0 ${button_pad_focus}px; }
QPushButton:default, QPushButton[look="primary"] {
  background: $accent; color: $accent_text; border-color: $accent; font-weight: 600;
}
QPushButton:default:hover, QPushButton[look="primary"]:hover { background: $accent_hover; }
QPushButton:default:pressed, QPushButton[look="primary"]:pressed { background: $accent_pressed; }
QPushButton:default:focus, QPushButton[look="primary"]:focus { border-color: $ring_on_accent; }
QPushButton[look="danger"] {
  background: $danger; color: $accent_text; border-color: $danger; font-weight: 600;
}
QPushButton[look="danger"]:hover { background: $danger_hover; }
QPushButton[look="danger"]:focus { border-color: $ring_on_accent; }
QPushButton[look="plain"]:default {
  background: $surface; color: $text; border-color: $border_strong; font-weight: 400;
}
QPushButton[look="plain"]:default:hover { background: $hover; }
QPushButton[look="plain"]:default:focus { border-color: $accent; }
QPushButton:disabled, QPushButton:default:disabled, QPushButton[look]:disabled {
  background: $window; color: $disabled; border-color: $border; font-weight: 400;
}
QPushButton[look="link"], QPushButton[look="link"]:default {
  background: transparent; border: 1px solid transparent; color: $accent; font-weight: 600;
  padding: 1px ${inside}px;
}
QPushButton[look="link"]:hover { text-decoration: underline; }
QPushButton[look="link"]:focus { border: 2px solid $accent; padding: 0 ${inside_focus}px; }
QPushButton[look="link"]:disabled { color: $disabled; }
QPushButton[look="small-link"] {
  background: transparent; border: 1px solid transparent; color: $accent;
  padding: 0; min-height: 0;
}
QPushButton[look="small-link"]:hover { text-decoration: underline; }
QPushButton[look="small-link"]:focus { border: 1px solid $accent; }
QToolButton {
  background: transparent; color: $text; border: 1px solid transparent;
  border-radius: ${radius}px; padding: ${tool_pad}px;
}
QToolButton:hover { background: $hover; }
QToolButton:pressed, QToolButton:open { background: $pressed; }
QToolButton:checked { background: $selection; border-color: $accent; }
QToolButton:focus { border: 2px solid $accent; padding: ${tool_pad_focus}px; }
QToolButton:disabled { color: $disabled; }
QToolButton[look="outlined"] { background: $surface; border-color: $button_border; }
QToolButton[look="outlined"]:hover { background: $hover; }
QToolButton[look="outlined"]:checked { background: $selection; border-color: $accent; }
QToolButton[look="outlined"]:focus { border-color: $accent; }
QToolButton[popupMode="1"], QToolButton[popupMode="2"][toolButtonStyle="2"] {
  padding-right: ${arrow_box}px;
}
QToolButton::menu-button { border: none; width: ${arrow_box}px; }
QToolButton::menu-arrow, QToolButton::menu-indicator {
  image: url($down); width: ${tiny}px; height: ${tiny}px;
}
QToolButton::menu-indicator {
  subcontrol-origin: padding; subcontrol-position: center right; right: ${half}px;
}
QToolButton[toolButtonStyle="0"]::menu-indicator { image: none; }
QPushButton::menu-indicator {
  image: url($down); width: ${small_icon}px; height: ${small_icon}px;
  subcontrol-origin: padding; subcontrol-position: center right; right: ${inside}px;
}
QCheckBox, QRadioButton { spacing: ${inside}px; color: $text; min-height: ${field}px; }
QCheckBox:disabled, QRadioButton:disabled { color: $disabled; }
QCheckBox::indicator, QRadioButton::indicator {
  width: ${box}px; height: ${box}px; background: $surface; border: 1px solid $border_strong;
  margin: 2px;
}
QCheckBox::indicator { border-radius: ${box_radius}px; }
QRadioButton::indicator { border-radius: ${box_round}px; }
QCheckBox::indicator:checked {
  background: $accent; border-color: $accent; image: url($check);
}
QCheckBox::indicator:indeterminate {
  background: $accent; border-color: $accent; image: url($minus);
}
QRadioButton::indicator:checked { border-color: $accent; image: url($dot); }
QCheckBox::indicator:focus, QRadioButton::indicator:focus {
  border: 2px solid $ring; margin: 1px;
}
QCheckBox::indicator:disabled, QRadioButton::indicator:disabled {
  background: $window; border-color: $border;
}
QCheckBox::indicator:checked:disabled { background: $disabled; image: url($check); }
QCheckBox[problem="true"]::indicator { border-color: $danger; }
""")

_REST = Template("""
QProgressBar {
  background: $border; border: none; border-radius: ${bar_radius}px; max-height: ${bar}px;
  min-height: ${bar}px; color: transparent;
}
QProgressBar::chunk { background: $accent; border-radius: ${bar_radius}px; }
QTabBar { qproperty-drawBase: 0; qproperty-expanding: 0; }
QTabBar::tab {
  background: transparent; color: $muted; border: none; border-bottom: 2px solid transparent;
  padding: ${half}px ${inside}px; margin-right: ${inside}px; min-height: ${field}px;
}
QTabBar::tab:selected { color: $text; border-bottom-color: $accent; font-weight: 600; }
QTabBar::tab:hover:!selected { color: $text; }
QTabBar::tab:focus { border-bottom-color: $accent; }
QTabBar::tab:disabled { color: $disabled; }
QTabBar[look="document"]::tab {
  border: none; border-top: 2px solid transparent; border-right: 1px solid $border;
  border-bottom: 1px solid $border; margin: 0; padding: ${half}px ${button_pad}px;
  background: $window;
}
QTabBar[look="document"]::tab:selected {
  background: $surface; border-top-color: $accent; border-bottom-color: $surface;
}
QTabBar[look="document"]::tab:hover:!selected { background: $hover; }
QTabBar::close-button {
  image: url($close); subcontrol-position: right; width: ${small_icon}px; height: ${small_icon}px;
}
QTabBar::close-button:hover { background: $pressed; border-radius: 2px; }
QMenuBar { background: $window; color: $text; border: none; }
QMenuBar::item { background: transparent; padding: ${half}px ${inside}px; border-radius: 3px; }
QMenuBar::item:selected, QMenuBar::item:pressed { background: $selection; }
QMenu {
  background: $raised; color: $text; border: 1px solid $border; padding: ${half}px;
}
QMenu::item {
  padding: ${menu_pad}px ${menu_side}px ${menu_pad}px ${inside}px; border-radius: ${half}px;
}
QMenu::icon { padding-left: ${inside}px; }
QMenu::item:selected { background: $selection; color: $selection_text; }
QMenu::item:disabled { color: $disabled; background: transparent; }
QMenu::separator { height: 1px; background: $border; margin: ${half}px 0; }
QMenu::indicator { width: ${small_icon}px; height: ${small_icon}px; left: ${half}px; }
QMenu::indicator:checked { image: url($tick); }
QMenu::right-arrow { image: url($right); width: ${tiny}px; height: ${tiny}px; }
QToolTip {
  background: $raised; color: $text; border: 1px solid $border; padding: ${half}px;
}
QLabel#qt_msgbox_label { font-weight: 600; min-width: ${message}px; }
QLabel#qt_msgbox_informativelabel { min-width: ${message}px; }
QStatusBar::item { border: none; }
QScrollBar { background: transparent; border: none; }
QScrollBar:vertical { width: ${scroll}px; margin: 0; }
QScrollBar:horizontal { height: ${scroll}px; margin: 0; }
QScrollBar::handle { background: $handle; border-radius: ${scroll_radius}px; margin: 2px; }
QScrollBar::handle:hover, QScrollBar::handle:pressed { background: $border_strong; }
QScrollBar::handle:vertical { min-height: ${grip}px; }
QScrollBar::handle:horizontal { min-width: ${grip}px; }
QScrollBar::add-line, QScrollBar::sub-line { width: 0; height: 0; }
QScrollBar::add-page, QScrollBar::sub-page { background: transparent; }
""")


def style_sheet(tokens: Tokens, scale: Scale, folder: str) -> str:
    """Give the style sheet; the small pictures it shows are written into `folder`."""
    names = _colors(tokens) | _sizes(scale) | _pictures(tokens, Path(folder))
    return "".join(part.substitute(names) for part in (_FIELDS, _BUTTONS, _REST))


def _colors(tokens: Tokens) -> dict[str, object]:
    names = "window surface raised border border_strong text muted accent accent_text selection"
    colors = {name: getattr(tokens, name) for name in names.split()}
    toward = tokens.text
    return colors | {
        "selection_text": tokens.selection_text,
        "danger": tokens.danger,
        "disabled": tokens.disabled,
        "selected": tokens.selection,
        "button_border": mix(tokens.border_strong, tokens.surface, 0.45),
        "hover": mix(toward, tokens.surface, 0.06),
        "pressed": mix(toward, tokens.surface, 0.12),
        "handle": mix(tokens.border_strong, tokens.surface, 0.6),
        "accent_hover": mix(toward, tokens.accent, 0.14),
        "accent_pressed": mix(toward, tokens.accent, 0.26),
        "danger_hover": mix(toward, tokens.danger, 0.14),
        "ring": tokens.text if tokens.is_dark else tokens.accent,
        "ring_on_accent": tokens.text,
    }


def _sizes(scale: Scale) -> dict[str, object]:
    unit, line = scale.unit, scale.line
    box = round(line * 0.875)
    bar = max(4, round(line * 0.4))
    inside = unit * 2
    return {
        "radius": scale.radius,
        "half": unit,
        "half_focus": unit - 1,
        "inside": inside,
        "inside_focus": inside - 1,
        "field": scale.control - 4,
        "button_pad": unit * 3,
        "button_pad_focus": unit * 3 - 1,
        "button_width": round(line * 2.5),
        "tool_pad": unit,
        "tool_pad_focus": unit - 1,
        "arrow_box": round(line * 1.6),
        "arrow_box_focus": round(line * 1.6) - 1,
        "small_icon": round(line * 0.9),
        "tiny": round(line * 0.7),
        "box": box,
        "box_radius": max(2, unit - 1),
        "box_round": box // 2 + 1,
        "bar": bar,
        "bar_radius": bar // 2,
        "menu_pad": round(unit * 1.2),
        "menu_side": round(line * 1.5),
        "scroll": round(line * 0.75),
        "scroll_radius": max(1, round(line * 0.375) - 3),
        "grip": round(line * 2),
        "message": round(line * 20),
    }


def _pictures(tokens: Tokens, folder: Path) -> dict[str, object]:
    glyphs = {
        "check": ("check", tokens.accent_text, 3),
        "minus": ("minus", tokens.accent_text, 3),
        "tick": ("check", tokens.accent, 2),
        "down": ("chevron-down", tokens.muted, 2),
        "down_off": ("chevron-down", tokens.disabled, 2),
        "up": ("chevron-up", tokens.muted, 2),
        "up_off": ("chevron-up", tokens.disabled, 2),
        "right": ("chevron-right", tokens.muted, 2),
        "calendar": ("calendar", tokens.muted, 2),
    }
    theme = "dark" if tokens.is_dark else "light"
    paths: dict[str, object] = {}
    for key, (name, color, width) in glyphs.items():
        svg = tinted_svg(name, color).replace('stroke-width="2"', f'stroke-width="{width}"')
        paths[key] = _write(folder / f"{key}-{theme}.svg", svg)
    air = tinted_svg("x", tokens.muted).replace('"0 0 24 24"', '"-6 -6 36 36"')
    paths["close"] = _write(folder / f"close-{theme}.svg", air)
    paths["dot"] = _write(folder / f"dot-{theme}.svg", _dot(tokens.accent))
    return paths


def _dot(color: str) -> str:
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24">'
        f'<circle cx="12" cy="12" r="7" fill="{color}"/></svg>'
    )


def _write(path: Path, svg: str) -> str:
    path.write_text(svg, encoding="utf-8")
    return f'"{path.as_posix()}"'

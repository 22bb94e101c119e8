"""The look: Fusion with our own colours, light and dark, on a grid of 8 pixels."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QFontDatabase, QGuiApplication, QPalette
from PySide6.QtWidgets import QApplication, QStyleFactory

GRID = 8
FONT_PIXELS = 14
LARGE_PIXELS = 20
_ARROW = (Path(__file__).parents[2] / "resources" / "icons" / "down.svg").as_posix()


class Grade(StrEnum):
    """How an item or a finding is graded; each has a colour and a shape of its own."""

    MAJOR = "major"
    MINOR = "minor"
    OBSERVATION = "observation"
    CONFORMS = "conforms"
    NOT_APPLICABLE = "not_applicable"


@dataclass(frozen=True)
class Colours:
    """One theme. Each text colour has a contrast of 4.5:1 or more on each ground."""

    window: str
    base: str
    raised: str
    text: str
    muted: str
    line: str
    accent: str
    on_accent: str
    selection: str
    notice: str
    on_notice: str
    error: str
    grades: dict[Grade, str]

    @property
    def grounds(self) -> tuple[str, ...]:
        return (self.window, self.base, self.raised, self.selection)


LIGHT = Colours(
    window="#f4f6f7",
    base="#ffffff",
    raised="#e9edef",
    text="#1b2429",
    muted="#4c5960",
    line="#c3ccd1",
    accent="#0b5f73",
    on_accent="#ffffff",
    selection="#d6ebf0",
    notice="#fff2d1",
    on_notice="#4a3500",
    error="#a8201a",
    grades={
        Grade.MAJOR: "#96174f",
        Grade.MINOR: "#814700",
        Grade.OBSERVATION: "#1a55a0",
        Grade.CONFORMS: "#1b6338",
        Grade.NOT_APPLICABLE: "#4c5960",
    },
)
DARK = Colours(
    window="#171d20",
    base="#1e2529",
    raised="#2a3338",
    text="#e7ecee",
    muted="#aab6bc",
    line="#45525a",
    accent="#6cc6da",
    on_accent="#08252c",
    selection="#24434c",
    notice="#453a1d",
    on_notice="#ffe7ad",
    error="#ff9b90",
    grades={
        Grade.MAJOR: "#ff92bf",
        Grade.MINOR: "#f2b765",
        Grade.OBSERVATION: "#93c4ff",
        Grade.CONFORMS: "#82d39f",
        Grade.NOT_APPLICABLE: "#aab6bc",
    },
)


def colours() -> Colours:
    """The colours of the theme that is shown now."""
    return DARK if _is_dark(QGuiApplication.palette()) else LIGHT


def system_is_dark() -> bool:
    """Whether the user's desktop asks for dark windows."""
    return QGuiApplication.styleHints().colorScheme() == Qt.ColorScheme.Dark


def apply(app: QApplication, *, dark: bool) -> None:
    """Show the whole application in one theme; may be called again at any time."""
    chosen = DARK if dark else LIGHT
    app.setStyle(QStyleFactory.create("Fusion"))
    font = QFontDatabase.systemFont(QFontDatabase.SystemFont.GeneralFont)
    font.setPixelSize(FONT_PIXELS)
    app.setFont(font)
    app.setPalette(palette(chosen))
    app.setStyleSheet(style_sheet(chosen))


def palette(chosen: Colours) -> QPalette:
    """The palette of a theme; what cannot be used is muted."""
    made = QPalette()
    role = QPalette.ColorRole
    for where, colour in (
        (role.Window, chosen.window),
        (role.Base, chosen.base),
        (role.AlternateBase, chosen.window),
        (role.Button, chosen.raised),
        (role.ToolTipBase, chosen.raised),
        (role.WindowText, chosen.text),
        (role.Text, chosen.text),
        (role.ButtonText, chosen.text),
        (role.ToolTipText, chosen.text),
        (role.BrightText, chosen.error),
        (role.PlaceholderText, chosen.muted),
        (role.Highlight, chosen.selection),
        (role.HighlightedText, chosen.text),
        (role.Link, chosen.accent),
        (role.LinkVisited, chosen.accent),
        (role.Accent, chosen.accent),
        (role.Mid, chosen.line),
        (role.Midlight, chosen.raised),
        (role.Light, chosen.base),
        (role.Dark, chosen.line),
        (role.Shadow, chosen.line),
    ):
        made.setColor(where, QColor(colour))
    for where in (role.WindowText, role.Text, role.ButtonText):
        made.setColor(QPalette.ColorGroup.Disabled, where, QColor(chosen.muted))
    return made


def style_sheet(chosen: Colours) -> str:
    """The little that a palette cannot say. Widgets opt in by the property `look`."""
    return f"""
    QPushButton {{ padding: 6px 14px; border: 1px solid {chosen.line}; border-radius: 4px;
        background: {chosen.raised}; }}
    QPushButton:hover {{ border-color: {chosen.accent}; }}
    QPushButton:pressed {{ background: {chosen.selection}; }}
    QPushButton:checked {{ background: {chosen.selection}; border-color: {chosen.accent}; }}
    QPushButton:focus {{ border: 2px solid {chosen.accent}; padding: 5px 13px; }}
    QPushButton:disabled {{ color: {chosen.muted}; background: {chosen.window}; }}
    QPushButton[look="main"] {{ background: {chosen.accent}; color: {chosen.on_accent};
        border-color: {chosen.accent}; font-weight: 600; }}
    QPushButton[look="main"]:focus {{ border: 2px solid {chosen.text}; }}
    QPushButton[look="main"]:disabled {{ background: {chosen.raised}; color: {chosen.muted};
        border-color: {chosen.line}; }}
    QPushButton[look="plain"] {{ border-color: transparent; background: transparent; }}
    QPushButton[look="plain"]:hover, QPushButton[look="plain"]:focus {{
        border-color: {chosen.accent}; }}
    {_fields(chosen)}
    QAbstractItemView {{ border: 0; background: {chosen.base}; outline: 0;
        selection-background-color: {chosen.selection}; selection-color: {chosen.text}; }}
    QAbstractItemView:focus {{ border: 1px solid {chosen.accent}; }}
    QAbstractItemView::item {{ padding: 5px 8px; }}
    QHeaderView::section {{ border: 0; border-bottom: 1px solid {chosen.line}; padding: 6px 8px;
        background: {chosen.base}; color: {chosen.muted}; }}
    QTabBar::tab {{ padding: 8px 14px; border: 0; border-bottom: 3px solid transparent;
        color: {chosen.muted}; }}
    QTabBar::tab:selected {{ border-bottom-color: {chosen.accent}; color: {chosen.text}; }}
    QTabBar::tab:focus {{ color: {chosen.accent}; }}
    QTabWidget::pane {{ border: 0; }}
    QProgressBar {{ border: 0; border-radius: 4px; background: {chosen.raised}; height: 8px; }}
    QProgressBar::chunk {{ border-radius: 4px; background: {chosen.accent}; }}
    QSplitter::handle {{ background: {chosen.line}; }}
    QSplitter::handle:horizontal {{ width: 1px; }}
    QSplitter::handle:vertical {{ height: 1px; }}
    QToolTip {{ border: 1px solid {chosen.line}; padding: 4px 6px; background: {chosen.raised};
        color: {chosen.text}; }}
    QLabel[look="title"] {{ font-size: {LARGE_PIXELS}px; font-weight: 600; }}
    QLabel[look="heading"] {{ font-weight: 600; }}
    QLabel[look="muted"] {{ color: {chosen.muted}; }}
    QLabel[look="error"] {{ color: {chosen.error}; font-weight: 600; }}
    QLabel[look="key"] {{ border: 1px solid {chosen.line}; border-radius: 4px; padding: 1px 6px;
        background: {chosen.raised}; }}
    QFrame[look="notice"] {{ background: {chosen.notice}; border: 0; border-radius: 4px; }}
    QFrame[look="notice"] QLabel {{ color: {chosen.on_notice}; }}
    QFrame[look="panel"] {{ background: {chosen.base}; border: 1px solid {chosen.line};
        border-radius: 4px; }}
    QFrame[look="drop"] {{ border: 1px dashed {chosen.muted}; border-radius: 4px; }}
    QFrame[look="drop"][over="true"] {{ border: 2px solid {chosen.accent};
        background: {chosen.selection}; }}
    QFrame[look="navigation"] {{ background: {chosen.raised}; border: 0; }}
    QFrame[look="navigation"] QListWidget {{ background: {chosen.raised}; }}
    QFrame[look="status"] {{ background: {chosen.raised}; border: 0; }}
    """


def _fields(chosen: Colours) -> str:
    return f"""
    QLineEdit, QPlainTextEdit, QTextEdit, QComboBox, QDateEdit {{ padding: 5px 7px;
        border: 1px solid {chosen.line}; border-radius: 4px; background: {chosen.base};
        selection-background-color: {chosen.accent}; selection-color: {chosen.on_accent}; }}
    QLineEdit:focus, QPlainTextEdit:focus, QTextEdit:focus, QComboBox:focus,
    QDateEdit:focus {{ border: 2px solid {chosen.accent}; padding: 4px 6px; }}
    QComboBox::drop-down, QDateEdit::drop-down {{ border: 0; width: 24px; }}
    QComboBox::down-arrow, QDateEdit::down-arrow {{ image: url("{_ARROW}");
        width: 12px; height: 12px; }}
    """


def contrast(one: str, other: str) -> float:
    """The contrast ratio of two colours, 1 to 21 (WCAG 2.2, relative luminance)."""
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(name: str) -> float:
    colour = QColor(name)
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
        for part in (colour.redF(), colour.greenF(), colour.blueF())
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _is_dark(shown: QPalette) -> bool:
    return shown.color(QPalette.ColorRole.Window).lightness() < 128

"""An application in our own look, once for all tests of widgets."""

import os
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication, QWidget

from intact_desktop.qt import theme

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")


@pytest.fixture(params=["light", "dark"])
def themed(qapp: QApplication, request: pytest.FixtureRequest) -> str:
    theme.apply(qapp, dark=request.param == "dark")
    return request.param


@pytest.fixture
def photograph(request: pytest.FixtureRequest):
    """Keep a picture of a widget where INTACT_PICTURES names a folder; else do nothing."""

    def keep(widget: QWidget, name: str) -> None:
        folder = os.environ.get("INTACT_PICTURES")
        if folder:
            widget.grab().save(str(Path(folder) / f"{name}.png"))

    return keep

"""A filled laptop, its workbench, and pictures of pages."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtWidgets import QApplication, QWidget

from intact_core.errors import IntactError
from intact_desktop.qt import theme
from intact_desktop.qt.page import AuditPage, Page
from intact_desktop.qt.tasks import start_lanes
from intact_desktop.qt.workbench import Workbench
from tests.desktop.conftest import MemorySecrets
from tests.desktop.features.filled import Filled, enrolled, fill


@pytest.fixture
def laptop(tmp_path: Path, secrets_store: MemorySecrets) -> Iterator[Filled]:
    made = fill(enrolled(tmp_path, secrets_store))
    yield made
    made.opened.engine.dispose()


@pytest.fixture
def faults() -> Iterator[list[BaseException]]:
    """What went wrong on the lanes without anybody taking care of it; none may be left."""
    found: list[BaseException] = []
    yield found
    if found:
        raise found[0]


@pytest.fixture
def bench(qapp: QApplication, laptop: Filled, faults: list[BaseException]) -> Iterator[Workbench]:
    def show(error: IntactError) -> None:
        faults.append(error)

    lanes = start_lanes(show, faults.append)
    yield Workbench(laptop.opened, lanes)
    assert lanes.close()


@pytest.fixture
def opens(qtbot: Any, laptop: Filled) -> Callable[..., Any]:
    """Show a page of the audit and wait until it has read."""

    def show(page: Page) -> Page:
        qtbot.addWidget(page)
        page.resize(1280, 800)
        with qtbot.waitSignal(page.ready):
            if isinstance(page, AuditPage):
                page.open_audit(laptop.audit_id)
            page.show()
        return page

    return show


@pytest.fixture
def pictured(qapp: QApplication, qtbot: Any) -> Callable[[QWidget, str], None]:
    """Keep a picture in both themes where INTACT_PICTURES names a folder; else do nothing."""

    def keep(widget: QWidget, name: str) -> None:
        folder = os.environ.get("INTACT_PICTURES")
        if not folder:
            return
        for dark in (False, True):
            theme.apply(qapp, dark=dark)
            qtbot.wait(50)
            widget.grab().save(str(Path(folder) / f"{name}-{'dark' if dark else 'light'}.png"))
        theme.apply(qapp, dark=False)

    return keep

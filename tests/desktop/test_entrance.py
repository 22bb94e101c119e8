"""The first stage: a door in sight before what lies behind it is loaded."""

import subprocess
import sys
import threading

import pytest

from intact_desktop.application import Application, Surroundings, door_of
from intact_desktop.entrance import Behind, Entrance
from intact_desktop.sync.gateway import Gateway
from intact_desktop.vault import keys
from tests.desktop.features.filled import PASSPHRASE, Filled, enrolled, fill

HEAVY = (
    "sqlalchemy",
    "alembic",
    "httpx",
    "keyring",
    "cryptography",
    "reportlab",
    "pypdf",
    "pikepdf",
)


class Slow:
    """The second stage, which ends when it is told to, in one way or the other."""

    def __init__(self, laptop: Filled, secrets) -> None:
        self._profile = laptop.opened.profile
        self._around = Surroundings(
            secrets, lambda _: Gateway("http://127.0.0.1:9"), lambda: None, keys.CHEAPEST
        )
        self.may_end = threading.Event()
        self.fault: Exception | None = None
        self.made: Application | None = None

    def __call__(self, entrance: Entrance) -> Behind:
        assert self.may_end.wait(10)
        if self.fault is not None:
            raise self.fault
        return Behind(door_of(self._profile, self._around), lambda: self._make(entrance))

    def _make(self, entrance: Entrance) -> Application:
        self.made = Application(self._profile, self._around, entrance=entrance)
        return self.made


@pytest.fixture
def laptop(tmp_path, secrets_store) -> Filled:
    made = fill(enrolled(tmp_path, secrets_store))
    made.opened.engine.dispose()
    return made


@pytest.fixture
def slow(laptop, secrets_store) -> Slow:
    return Slow(laptop, secrets_store)


@pytest.fixture
def entrance(laptop, slow, qtbot):
    made = Entrance(laptop.opened.profile)
    qtbot.addWidget(made.window)
    made.window.show()
    yield made
    slow.may_end.set()
    made.window.close()


def press(entrance: Entrance) -> None:
    entrance.door.passphrase.setText(PASSPHRASE)
    entrance.door.unlock_button.click()


def test_who_comes_early_waits_with_words_and_then_enters(entrance, slow, qtbot) -> None:
    entrance.load(slow)
    press(entrance)
    assert entrance.door.doorway.words.text() == "Opening…"
    assert not entrance.door.unlock_button.isEnabled()
    assert slow.made is None
    slow.may_end.set()
    qtbot.waitUntil(lambda: slow.made is not None and slow.made.desk is not None, timeout=20_000)
    assert not entrance.window.is_covered
    door = type(entrance.door)
    with qtbot.waitSignal(slow.made.locked):
        slow.made.lock()
    assert door is type(None)
    press(entrance)
    qtbot.waitUntil(lambda: slow.made.desk is not None, timeout=20_000)


@pytest.mark.parametrize("early", [True, False])
def test_a_part_that_is_missing_is_said_and_can_be_tried_again(
    entrance, slow, qtbot, early
) -> None:
    slow.fault = ImportError("libsqlcipher is not there")
    entrance.load(slow)
    error = entrance.door.error
    if early:
        press(entrance)
    slow.may_end.set()
    qtbot.waitUntil(lambda: "could not be loaded" in error.sentence.text())
    assert "libsqlcipher" in error.details.text() or early
    if not early:
        press(entrance)
    qtbot.waitUntil(entrance.door.unlock_button.isEnabled)
    assert error.isVisible()
    assert "could not be loaded" in error.sentence.text()
    assert slow.made is None
    slow.fault = None
    entrance.load(slow)
    press(entrance)
    qtbot.waitUntil(lambda: slow.made is not None and slow.made.desk is not None, timeout=20_000)


def test_a_bug_while_loading_is_said_too(entrance, slow, qtbot) -> None:
    slow.fault = ZeroDivisionError("a bug")
    slow.may_end.set()
    entrance.load(slow)
    qtbot.waitUntil(lambda: "should not" in entrance.door.error.sentence.text())


def test_the_window_closes_while_it_is_loaded(entrance, slow, qtbot) -> None:
    entrance.load(slow)
    threading.Timer(0.1, slow.may_end.set).start()
    entrance.window.close()
    assert slow.made is None


def loaded_by(program: str) -> set[str]:
    """Top packages that a fresh interpreter has loaded after a program."""
    ask = f"import sys\n{program}\nprint(*{{name.partition('.')[0] for name in sys.modules}})"
    done = subprocess.run([sys.executable, "-c", ask], check=True, capture_output=True, text=True)
    return set(done.stdout.splitlines()[-1].split())


def test_the_first_stage_loads_little_and_verifying_no_windows() -> None:
    assert loaded_by("import intact_desktop.entrance, intact_desktop.cli").isdisjoint(HEAVY)
    verify = "from intact_desktop import cli\ncli.main(['verify', 'pyproject.toml'])"
    found = loaded_by(verify)
    assert "pyhanko" in found
    assert found.isdisjoint({"PySide6", "sqlalchemy"})

"""From the start of the process to the first picture: the unlock screen, and a bare window."""

import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.benchmarks.measuring import Figure, Goal

TIMES = 5
BARE = """
from PySide6.QtCore import QEvent, QObject
from PySide6.QtWidgets import QApplication, QLabel
class Ends(QObject):
    def eventFilter(self, watched, event):
        if event.type() == QEvent.Type.Paint:
            app.quit()
        return False
app = QApplication([])
window, ends = QLabel("Intact"), Ends()
window.installEventFilter(ends)
window.resize(1280, 800)
window.show()
app.exec()
"""
OURS = """
import sys
from PySide6.QtCore import QEvent, QObject
from PySide6.QtWidgets import QApplication
class Ends(QObject):
    def eventFilter(self, watched, event):
        if event.type() == QEvent.Type.Paint and type(watched).__name__ == "UnlockPage":
            QApplication.quit()
        return False
ends = Ends()
whole = QApplication.exec
def run(*_):
    QApplication.instance().installEventFilter(ends)
    return whole()
QApplication.exec = run
from intact_desktop.cli import main
main(["--data", sys.argv[1], "--profile", "bench"])
"""
PROFILE = """
import sys
from pathlib import Path
from intact_desktop.settings import Profile
from intact_desktop.vault import keys, vault
vault.create(Profile.at(Path(sys.argv[1]), "bench"), "copper lantern orchard seven", None)
"""


def measure() -> list[Figure]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _run(PROFILE, str(folder))
        ours = min(_run(OURS, str(folder)) for _ in range(TIMES))
        bare = min(_run(BARE) for _ in range(TIMES))
    return [
        Figure(
            "start to the unlock screen", ours, "s", Goal(2, of_ratio=True), bare,
            "a bare PySide6 window", f"process start to first paint, best of {TIMES}",
        )
    ]  # fmt: skip


def _run(program: str, *arguments: str) -> float:
    start = time.perf_counter()
    subprocess.run([sys.executable, "-c", program, *arguments], check=True, capture_output=True)
    return time.perf_counter() - start

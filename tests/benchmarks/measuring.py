"""Figures and how they are taken."""

import os
import platform
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

LIBRARIES = (
    "sqlalchemy",
    "sqlcipher3",
    "PySide6_Essentials",
    "reportlab",
    "Pillow",
    "cryptography",
)


@dataclass(frozen=True)
class Goal:
    """A limit on what was measured, or on its ratio to the baseline."""

    limit: float
    at_least: bool = False
    of_ratio: bool = False

    def words(self, unit: str) -> str:
        sign = "≥" if self.at_least else "≤"
        return f"{sign} {self.limit:g} {'×' if self.of_ratio else unit}"


@dataclass(frozen=True)
class Figure:
    """One thing measured, beside the bare baseline of the same run."""

    what: str
    measured: float
    unit: str
    goal: Goal | None = None
    baseline: float | None = None
    baseline_is: str = ""
    detail: str = ""

    @property
    def ratio(self) -> float | None:
        return self.measured / self.baseline if self.baseline else None

    @property
    def met(self) -> bool | None:
        if self.goal is None:
            return None
        value = self.ratio if self.goal.of_ratio else self.measured
        if value is None:
            return None
        return value >= self.goal.limit if self.goal.at_least else value <= self.goal.limit

    def record(self) -> dict[str, Any]:
        return {
            "what": self.what,
            "measured": round(self.measured, 4),
            "unit": self.unit,
            "baseline": None if self.baseline is None else round(self.baseline, 4),
            "baseline_is": self.baseline_is,
            "ratio": None if self.ratio is None else round(self.ratio, 3),
            "goal": self.goal.words(self.unit) if self.goal else None,
            "met": self.met,
            "detail": self.detail,
        }


class Stopwatch:
    """Seconds spent inside `with watch():`, summed."""

    def __init__(self) -> None:
        self.seconds = 0.0

    @contextmanager
    def __call__(self) -> Iterator[None]:
        start = time.perf_counter()
        try:
            yield
        finally:
            self.seconds += time.perf_counter() - start


def seconds_of(work: Callable[[], object]) -> float:
    """How long one run takes."""
    watch = Stopwatch()
    with watch():
        work()
    return watch.seconds


def median_of(work: Callable[[], object], times: int = 5, warm_up: int = 1) -> float:
    """The median of several runs, in seconds, after some that do not count."""
    for _ in range(warm_up):
        work()
    return statistics.median(seconds_of(work) for _ in range(times))


def percentile(values: Sequence[float], share: float) -> float:
    """The value that `share` of the values do not pass."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def peak_megabytes() -> float:
    """The most memory that this process ever held (resident), where the system tells it."""
    status = Path("/proc/self/status")
    if not status.exists():
        return float("nan")
    lines = status.read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1024


def processor_seconds(process_id: int) -> float:
    """Processor time that a process and its children have used, where the system tells it."""
    if not Path(f"/proc/{process_id}/stat").exists():
        return float("nan")
    times = {process_id: _times(process_id)}
    for path in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            times[int(path.name)] = _times(int(path.name))
    own = [one for pid, one in times.items() if process_id in (pid, one[0])]
    return sum(ticks for _, ticks in own) / os.sysconf("SC_CLK_TCK")


def _times(process_id: int) -> tuple[int, int]:
    """(parent, ticks used)."""
    fields = Path(f"/proc/{process_id}/stat").read_text().rpartition(")")[2].split()
    return int(fields[1]), int(fields[11]) + int(fields[12])


def machine() -> dict[str, Any]:
    """What the figures were taken on."""
    return {
        "system": platform.platform(),
        "processor": _processor(),
        "cores": os.cpu_count(),
        "memory_gb": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9, 1),
        "python": f"{platform.python_version()} of {sys.base_prefix}, {platform.python_compiler()}",
        "load_before": [round(one, 2) for one in os.getloadavg()],
        "libraries": {name: version(name) for name in LIBRARIES},
    }


def _processor() -> str:
    information = Path("/proc/cpuinfo")
    lines = information.read_text().splitlines() if information.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor()

"""`python -m tests.benchmarks [NAME…]`: measure, print a table, write bench.json."""

import json
import sys
import time
from pathlib import Path

from tests.benchmarks.measuring import Figure, machine
from tests.benchmarks.running import apart, run

NAMES = (
    "report",
    "signing",
    "photo",
    "sync_sqlite",
    "sync_postgres",
    "sync_many",
    "sync_large",
    "sync_files",
    "api",
    "starting",
    "desktop",
)
TARGET = Path("bench.json")
WIDTHS = (46, 12, 12, 8, 14, 4)


def main(names: list[str]) -> int:
    unknown = set(names) - set(NAMES)
    if unknown:
        _say(f"There is no benchmark {', '.join(sorted(unknown))}. There are: {', '.join(NAMES)}")
        return 2
    about, start = machine(), time.monotonic()
    _say(f"{about['processor']}, {about['cores']} cores, load before {about['load_before'][0]}")
    _say(_row(("what", "measured", "baseline", "ratio", "goal", "met")))
    figures: list[Figure] = []
    failed: list[str] = []
    for name in names or NAMES:
        try:
            found = apart(run, name)
        except Exception as fault:  # noqa: BLE001  one that fails does not take the others along
            _say(f"{name} FAILED: {fault}")
            failed.append(name)
            continue
        for figure in found:
            _say(_line(figure))
        figures += found
    seconds = round(time.monotonic() - start, 1)
    records = [one.record() for one in figures]
    whole = {"machine": about, "seconds": seconds, "figures": records, "failed": failed}
    TARGET.write_text(json.dumps(whole, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    missed = [one.what for one in figures if one.met is False]
    _say(f"{len(figures)} figures in {seconds} s, {len(missed)} short of the goal; see {TARGET}")
    return 1 if failed else 0


def _line(figure: Figure) -> str:
    ratio = f"{figure.ratio:.2f} ×" if figure.ratio is not None else ""
    goal = figure.goal.words(figure.unit) if figure.goal else ""
    met = {True: "yes", False: "NO", None: ""}[figure.met]
    measured = _number(figure.measured, figure.unit)
    baseline = "" if figure.baseline is None else _number(figure.baseline, figure.unit)
    return _row((figure.what, measured, baseline, ratio, goal, met))


def _number(value: float, unit: str) -> str:
    return f"{value:,.0f} {unit}" if value >= 100 else f"{value:.3g} {unit}"


def _row(cells: tuple[str, ...]) -> str:
    first, *others = zip(cells, WIDTHS, strict=True)
    return " ".join([first[0].ljust(first[1]), *(cell.rjust(width) for cell, width in others)])


def _say(words: str) -> None:
    print(words, flush=True)  # noqa: T201


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

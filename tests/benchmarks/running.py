"""Work in a process of its own: no memory, cache or thread of one part shows in the next."""

import gc
import os
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from importlib import import_module
from multiprocessing import get_context
from typing import Any, TypeVar

from tests.benchmarks.measuring import Figure

T = TypeVar("T")


def apart(work: Callable[..., T], *arguments: Any) -> T:
    """The result of a module's function, computed in a fresh process."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(work, *arguments).result()


def run(name: str) -> list[Figure]:
    """The figures of the benchmark of that name."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    figures: list[Figure] = _module(name).measure()
    return figures


def _module(name: str) -> Any:
    module = import_module(f"tests.benchmarks.{name}")
    collect_seldom()
    return module


def collect_seldom() -> None:
    """About what the application's own collector does (qt/collecting.py)."""
    gc.freeze()
    gc.set_threshold(20_000, 20, 100)

"""Lanes, theme and widgets that know no feature."""

import ctypes
import sys

# PySide 6.12 takes a reference to True too many with each emitted signal. Where Python still
# counts those (before 3.12) the process would abort after some ten thousand signals.
if sys.version_info < (3, 12):
    for _constant in (True, False):
        ctypes.c_ssize_t.from_address(id(_constant)).value += 1 << 40

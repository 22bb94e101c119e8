"""Lanes, theme and widgets that know no feature."""

import ctypes
import sys

# PySide 6.12 gives back one reference too many: to True with each emitted signal, to None with each
# repaint, key, single shot and each None that a model answers. Where Python still counts those
# (before 3.12) the process would abort after some ten thousand of them.
if sys.version_info < (3, 12):
    for _constant in (True, False, None):
        ctypes.c_ssize_t.from_address(id(_constant)).value += 1 << 40

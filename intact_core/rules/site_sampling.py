"""How many sites of a client with several are visited in one audit (IAF MD 1)."""

from dataclasses import dataclass
from math import isqrt

_WEIGHT = {"initial": 10, "surveillance": 6, "recertification": 8}
"""Tenths of the square root of the number of sites."""


@dataclass(frozen=True)
class Sample:
    """Sites beside the central function: how many there are, are visited, and of these by lot.

    The central function itself is visited in every audit and at least once a year.
    """

    sites: int
    visited: int
    at_random: int


def sample_of(sites: int, audit_type: str, *, eligible: bool = True) -> Sample:
    """The sample for `sites` beside the central function.

    Eligible sites do the same under one system; others are all visited, at surveillance three
    in ten of them in each year.
    """
    if sites == 0:
        return Sample(0, 0, 0)
    if not eligible:
        visited = -(-sites * 3 // 10) if audit_type == "surveillance" else sites
        return Sample(sites, visited, 0)
    visited = _rounded_up_root(_WEIGHT[audit_type] ** 2 * sites)
    return Sample(sites, visited, -(-visited // 4))


def _rounded_up_root(hundredfold: int) -> int:
    # The least n with 100 n² not below the square: in whole numbers, so exact.
    root = isqrt(hundredfold)
    tenths = root if root * root == hundredfold else root + 1
    return -(-tenths // 10)

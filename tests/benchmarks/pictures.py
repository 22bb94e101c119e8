"""Photos made by arithmetic: the same bytes on every machine, with detail as a camera gives it."""

import random
from functools import cache
from io import BytesIO

from PIL import Image

_OCTAVES = (500, 125, 30, 8, 3)
"""Pixels from grain to grain."""


@cache
def photo(width: int, height: int, quality: int) -> bytes:
    """A JPEG of that size: noise at several scales, so that it compresses like a photo."""
    chance = random.Random(width * height)
    planes = [_plane(chance, width, height) for _ in range(3)]
    target = BytesIO()
    Image.merge("RGB", planes).save(target, "JPEG", quality=quality)
    return target.getvalue()


def _plane(chance: random.Random, width: int, height: int) -> Image.Image:
    plane = Image.new("L", (width, height), 128)
    for place, pixels in enumerate(_OCTAVES):
        across, down = width // pixels, height // pixels
        grain = Image.frombytes("L", (across, down), chance.randbytes(across * down))
        layer = grain.resize((width, height), Image.Resampling.BICUBIC)
        plane = Image.blend(plane, layer, 0.5 / (place + 1))
    return plane


def numbered(jpeg: bytes, number: int) -> bytes:
    """The same picture as another file: with its number in a comment segment."""
    return jpeg[:2] + b"\xff\xfe\x00\x06" + number.to_bytes(4, "big") + jpeg[2:]

"""Small pictures of evidence, made with limits on what is decoded."""

import io
import threading

from PIL import Image, ImageOps

from intact_core.errors import BadInput

SIDE = 360
MOST_PIXELS = 64_000_000
LARGEST = 40 << 20
DECODED = ("JPEG", "PNG", "GIF", "WEBP")
_AT_ONCE = threading.BoundedSemaphore(2)


def thumbnail(content: bytes) -> bytes:
    """A JPEG of at most 360 pixels a side, upright; raises BadInput for what is no small picture.

    The original is never touched.
    """
    if len(content) > LARGEST:
        raise BadInput("This file is too large for a preview.")
    with _AT_ONCE:
        try:
            with Image.open(io.BytesIO(content), formats=DECODED) as image:
                if image.width * image.height > MOST_PIXELS:
                    raise BadInput("This picture is too large for a preview.")
                return _small(image)
        except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as fault:
            raise BadInput("No preview can be made of this file.", details=str(fault)) from fault


def _small(image: Image.Image) -> bytes:
    image.draft("RGB", (SIDE * 2, SIDE * 2))
    upright = ImageOps.exif_transpose(image).convert("RGB")
    upright.thumbnail((SIDE, SIDE))
    target = io.BytesIO()
    upright.save(target, "JPEG", quality=80)
    return target.getvalue()

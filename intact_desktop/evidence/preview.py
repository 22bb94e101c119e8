"""Small upright pictures of photos: decoded with limits, never from a file on the disk."""

import io
import struct
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import IO

from PIL import Image

THUMBNAIL = (256, 256)
REPORT = (1600, 1600)
MOST_PIXELS = 80_000_000
_QUALITY = {THUMBNAIL: 80, REPORT: 82}
_FORMATS = {
    "image/jpeg": "JPEG",
    "image/png": "PNG",
    "image/gif": "GIF",
    "image/bmp": "BMP",
    "image/tiff": "TIFF",
    "image/webp": "WEBP",
    "image/avif": "AVIF",
    "image/heic": "HEIF",
    "image/heif": "HEIF",
}
_ORIENTATION, _EXIF, _TAKEN, _OFFSET = 0x0112, 0x8769, 0x9003, 0x9011
_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
# A decoder fed with hostile bytes fails in any of these ways, warnings made errors included.
_FAULTS = (
    OSError,
    SyntaxError,
    ValueError,
    TypeError,
    LookupError,
    ArithmeticError,
    AttributeError,
    RuntimeError,
    EOFError,
    MemoryError,
    AssertionError,
    struct.error,
    Warning,
    Image.DecompressionBombError,
)


@dataclass(frozen=True)
class Picture:
    """What was found: size in pixels when upright, EXIF orientation, time, small JPEG.

    `jpeg` is None where the photo cannot be shown, and `warning` says why in a sentence.
    """

    width: int = 0
    height: int = 0
    orientation: int = 1
    taken_at: datetime | None = None
    jpeg: bytes | None = None
    warning: str | None = None


def is_picture(content_type: str) -> bool:
    """Whether content of this type is worth a try."""
    return content_type in _FORMATS


def picture(file: IO[bytes], content_type: str, box: tuple[int, int] = THUMBNAIL) -> Picture:
    """An upright JPEG that fits the box, with what the photo says of itself; never raises.

    A camera that tells no time zone is taken to run on this computer's.
    """
    name = _FORMATS[content_type]
    if name == "HEIF" and name not in Image.OPEN:
        return Picture(warning=_no_decoder())
    try:
        with Image.open(file, formats=[name]) as image:
            return _described(image, box)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        return Picture(warning=_too_large())
    except _FAULTS:
        return Picture(warning=_undecodable())


def _described(image: Image.Image, box: tuple[int, int]) -> Picture:
    orientation, taken_at = _exif(image)
    width, height = image.size
    if orientation >= 5:
        width, height = height, width
    found = Picture(width, height, orientation, taken_at)
    if width * height > MOST_PIXELS:
        return replace(found, warning=_too_large())
    try:
        return replace(found, jpeg=_small(image, orientation, box))
    except _FAULTS:
        return replace(found, warning=_undecodable())


def _small(image: Image.Image, orientation: int, box: tuple[int, int]) -> bytes:
    image.draft("RGB", box)
    flat = _on_white(image)
    flat.thumbnail(box, Image.Resampling.LANCZOS, reducing_gap=None)
    if orientation in _UPRIGHT:
        flat = flat.transpose(_UPRIGHT[orientation])
    out = io.BytesIO()
    flat.save(out, "JPEG", quality=_QUALITY.get(box, 82))
    return out.getvalue()


def _on_white(image: Image.Image) -> Image.Image:
    if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
        layer = image.convert("RGBA")
        white = Image.new("RGBA", layer.size, "white")
        return Image.alpha_composite(white, layer).convert("RGB")
    return image.convert("RGB")


def _exif(image: Image.Image) -> tuple[int, datetime | None]:
    try:
        exif = image.getexif()
        orientation = int(exif.get(_ORIENTATION, 1))
        inner = exif.get_ifd(_EXIF)
        taken_at = _moment(str(inner.get(_TAKEN, "")), str(inner.get(_OFFSET, "")))
    except _FAULTS:
        return 1, None
    return (orientation if orientation in _UPRIGHT else 1), taken_at


def _moment(taken: str, offset: str) -> datetime | None:
    text, zone = taken.strip("\0 "), offset.strip("\0 ")
    try:
        if zone:
            return datetime.strptime(f"{text} {zone}", "%Y:%m:%d %H:%M:%S %z").astimezone(UTC)
        return datetime.strptime(text, "%Y:%m:%d %H:%M:%S").astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _no_decoder() -> str:
    return (
        "This photo is in a format (HEIC) that cannot be shown here. It is kept and sealed as it "
        "is; set the camera to “most compatible” (JPEG) to see pictures in the report."
    )


def _too_large() -> str:
    return (
        f"This photo has more than {MOST_PIXELS // 1_000_000} million pixels, too many to show. "
        "It is kept and sealed as it is, with a placeholder in the report."
    )


def _undecodable() -> str:
    return (
        "This photo is damaged and cannot be shown. It is kept and sealed as it is, with a "
        "placeholder in the report. Take it again if you still can."
    )

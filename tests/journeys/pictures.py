"""Photos for a demo that ships none: drawn here, with a camera's orientation."""

import random
from importlib.resources import files
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

_SCENES = ("Press 4, guard open", "Hold area, no labels", "Gauge G-17, label expired", "WI-22 v2")
_UPRIGHT, _TURNED = 1, 6


def draw_photos(folder: Path) -> list[Path]:
    """A few scenes as JPEG, one of them turned, one cut off in the middle."""
    folder.mkdir(parents=True, exist_ok=True)
    made = []
    for number, scene in enumerate(_SCENES, start=1):
        path = folder / f"IMG_{number:04}.jpg"
        exif = Image.Exif()
        exif[0x0112] = _TURNED if number == 2 else _UPRIGHT
        _scene(scene, number).save(path, "JPEG", quality=88, exif=exif)
        made.append(path)
    broken = folder / "IMG_0005.jpg"
    broken.write_bytes(made[0].read_bytes()[:900])
    return [*made, broken]


def _scene(words: str, seed: int) -> Image.Image:
    chance = random.Random(seed)
    picture = Image.new("RGB", (1600, 1200), (96 + 12 * seed, 104, 112))
    draw = ImageDraw.Draw(picture)
    for _ in range(40):
        x, y = chance.randrange(1600), chance.randrange(200, 1100)
        shade = chance.randrange(60, 200)
        size = (x, y, x + chance.randrange(40, 260), y + chance.randrange(30, 200))
        draw.rectangle(size, fill=(shade, shade, shade + 20), outline=(40, 40, 48))
    font = ImageFont.truetype(str(files("resources") / "fonts" / "NotoSans-Bold.ttf"), 72)
    draw.rectangle((0, 0, 1600, 130), fill=(28, 36, 48))
    draw.text((40, 18), words, fill=(240, 240, 240), font=font)
    return picture

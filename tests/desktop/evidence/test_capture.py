"""Taking evidence: real photos, damaged ones, full disks."""

import hashlib
import io
import resource
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
from PIL import Image

from intact_core.errors import BadInput, StorageFault
from intact_desktop.evidence import content
from intact_desktop.evidence.capture import capture, report_preview, thumbnail
from intact_desktop.evidence.files import Variant


def jpeg(size: tuple[int, int] = (640, 480), **options: object) -> bytes:
    out = io.BytesIO()
    Image.effect_noise(size, 40).convert("RGB").save(out, "JPEG", quality=85, **options)
    return out.getvalue()


def shape(picture: bytes) -> tuple[int, int]:
    with Image.open(io.BytesIO(picture)) as image:
        assert image.format == "JPEG"
        return image.size


def test_every_real_photo_is_kept_to_the_byte(files, audit, shared_photos: Path) -> None:
    shown, told = [], []
    for path in sorted(shared_photos.iterdir()):
        before = path.read_bytes()
        captured = capture(files, audit, path)
        assert captured.sha256 == hashlib.sha256(before).hexdigest()
        assert files.read(audit, captured.sha256) == before == path.read_bytes()
        (shown if captured.decodable else told).append(path.name)
        assert captured.decodable == (captured.warning is None)
        if captured.decodable:
            assert max(shape(captured.thumbnail)) <= 256
            preview = report_preview(files, audit, captured.sha256, captured.content_type)
            assert max(shape(preview)) <= 1600
    assert "HMD_Nokia_8.3_5G_hdr.heif" in told
    assert len(shown) + len(told) == 21
    assert len(shown) >= 17


@pytest.mark.parametrize("name", ["landscape_3", "landscape_6", "portrait_6", "portrait_8"])
def test_photos_stand_upright(files, audit, shared_photos: Path, name: str) -> None:
    captured = capture(files, audit, shared_photos / f"{name}.jpg")
    width, height = shape(captured.thumbnail)
    assert (width > height) == name.startswith("landscape")
    assert (captured.width > captured.height) == (width > height)
    assert captured.orientation == int(name[-1])


@pytest.mark.parametrize("orientation", range(1, 9))
def test_the_sky_is_up_in_all_orientations(files, audit, orientation: int) -> None:
    upright = Image.new("RGB", (400, 300), "green")
    upright.paste("blue", (0, 0, 400, 150))
    upright.paste("red", (0, 0, 60, 60))
    undo = {2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}
    stored = upright
    if orientation > 1:
        stored = upright.transpose(Image.Transpose(undo[orientation]))
    exif = Image.Exif()
    exif[0x0112] = orientation
    out = io.BytesIO()
    stored.save(out, "JPEG", quality=95, exif=exif.tobytes())
    captured = capture(files, audit, out.getvalue())
    with Image.open(io.BytesIO(captured.thumbnail)) as shown:
        assert shown.size == (256, 192)
        red, blue, green = (shown.getpixel(at) for at in ((12, 12), (200, 40), (128, 180)))
    assert red[0] > 200
    assert blue[2] > 200
    assert green[1] > 100 > green[2]


def test_the_time_of_the_photo_is_read(files, audit) -> None:
    exif = Image.Exif()
    inner = exif.get_ifd(0x8769)
    inner[0x9003], inner[0x9011] = "2026:11:20 14:05:00", "+02:00"
    captured = capture(files, audit, jpeg(exif=exif.tobytes()))
    assert captured.taken_at == datetime(2026, 11, 20, 12, 5, tzinfo=UTC)


@pytest.mark.parametrize("taken", ["", "yesterday", "0000:00:00 00:00:00", "9999:99:99 99:99:99"])
def test_a_senseless_time_is_no_time(files, audit, taken: str) -> None:
    exif = Image.Exif()
    exif.get_ifd(0x8769)[0x9003] = taken
    captured = capture(files, audit, jpeg(exif=exif.tobytes()))
    assert captured.taken_at is None
    assert captured.decodable


@pytest.mark.parametrize("kept", [4, 30, 200, 1000, 5000, 20_000])
def test_a_cut_off_photo_is_kept_and_told(files, audit, kept: int) -> None:
    part = jpeg()[:kept]
    captured = capture(files, audit, part)
    assert files.read(audit, captured.sha256) == part
    assert captured.content_type == "image/jpeg"
    assert not captured.decodable
    assert "damaged" in captured.warning
    assert thumbnail(files, audit, captured.sha256, captured.content_type) is None


def test_an_empty_file_is_kept_and_told(files, audit, tmp_path: Path) -> None:
    path = tmp_path / "IMG_0001.jpg"
    path.touch()
    captured = capture(files, audit, path)
    assert (captured.size, captured.content_type) == (0, content.EMPTY)
    assert "0 bytes" in captured.warning
    assert files.read(audit, captured.sha256) == b""


def test_two_hundred_megapixels_are_kept_and_told_at_once(files, audit) -> None:
    out = io.BytesIO()
    Image.new("1", (20_000, 10_000)).save(out, "PNG")
    start = time.perf_counter()
    captured = capture(files, audit, out.getvalue())
    assert time.perf_counter() - start < 1
    assert not captured.decodable
    assert "million pixels" in captured.warning
    assert files.has(audit, captured.sha256)


@pytest.mark.parametrize(("form", "mode"), [("PNG", "RGBA"), ("PNG", "P"), ("TIFF", "L")])
def test_other_formats_are_shown(files, audit, form: str, mode: str) -> None:
    out = io.BytesIO()
    Image.new(mode, (800, 400)).save(out, form)
    captured = capture(files, audit, out.getvalue())
    assert shape(captured.thumbnail) == (256, 128)


def test_transparency_is_white_on_paper(files, audit) -> None:
    out = io.BytesIO()
    Image.new("RGBA", (50, 50), (0, 0, 0, 0)).save(out, "PNG")
    captured = capture(files, audit, out.getvalue())
    with Image.open(io.BytesIO(captured.thumbnail)) as shown:
        assert shown.getpixel((25, 25)) == (255, 255, 255)


@pytest.mark.parametrize(
    ("start", "kind"),
    [
        (b"%PDF-1.7\n", "application/pdf"),
        (b"\0\0\0\x18ftypheic\0\0", "image/heic"),
        (b"\0\0\0\x18ftypmp42\0\0", "video/mp4"),
        (b"RIFF\0\0\0\0WEBPVP8 ", "image/webp"),
        (b"PK\x03\x04" + b"\0" * 26 + b"word/document.xml", None),
        (b"Calibration due;2026-11-01\n", "text/plain"),
        (b"\0\1\2\3\4\5\6\7", content.UNKNOWN),
        ("Prüfprotokoll".encode()[:3], "text/plain"),
    ],
)
def test_the_content_tells_the_kind_and_not_the_name(start: bytes, kind: str | None) -> None:
    expected = kind or "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
    assert content.kind_of(start) == expected


@pytest.mark.parametrize("start", [b"MZ\x90\0", b"\x7fELF\2", b"#!/bin/sh\n"])
def test_programs_are_refused(files, audit, tmp_path: Path, start: bytes) -> None:
    path = tmp_path / "holiday.jpg"
    path.write_bytes(start)
    with pytest.raises(BadInput, match="programs are not taken"):
        capture(files, audit, path)
    assert path.read_bytes() == start


def test_a_missing_file_is_named(files, audit, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"gone\.jpg could not be read"):
        capture(files, audit, tmp_path / "gone.jpg")


def stored(tmp_path: Path) -> list[Path]:
    return [path for path in (tmp_path / "evidence").rglob("*") if path.is_file()]


def test_a_full_disk_leaves_nothing_half(files, audit, tmp_path: Path) -> None:
    before = capture(files, audit, jpeg())
    names = stored(tmp_path)
    source = tmp_path / "large.mov"
    source.write_bytes(b"\0\0\0\x18ftypqt  " + b"x" * 5_000_000)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2_500_000, hard))
    try:
        with pytest.raises(StorageFault, match="Make room"):
            capture(files, audit, source)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert stored(tmp_path) == names
    assert source.stat().st_size == 5_000_012
    assert files.read(audit, before.sha256)
    assert capture(files, audit, source).size == 5_000_012


class Cancelled(Exception):
    pass


def test_cancelling_leaves_nothing(files, audit, tmp_path: Path) -> None:
    seen = []

    def watch(read: int) -> None:
        seen.append(read)
        if read > 2_000_000:
            raise Cancelled

    with pytest.raises(Cancelled):
        capture(files, audit, b"x" * 4_000_000, watch)
    assert seen == [1 << 20, 2 << 20]
    assert stored(tmp_path) == []


def test_a_lost_or_damaged_thumbnail_is_made_again(files, audit) -> None:
    captured = capture(files, audit, jpeg())
    path = files.path(audit, captured.sha256, Variant.THUMBNAIL)
    path.write_bytes(path.read_bytes()[:-1])
    again = thumbnail(files, audit, captured.sha256, captured.content_type)
    assert again == captured.thumbnail
    assert files.read(audit, captured.sha256, Variant.THUMBNAIL) == again

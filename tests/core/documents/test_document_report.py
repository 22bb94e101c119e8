"""The report as a reader and a PDF program see it."""

import re
import subprocess
from io import BytesIO
from shutil import which

import pikepdf
import pytest
from pypdf import PdfReader
from sample_report import FINDINGS, evidence, jpeg, photo, snapshot

from intact_core.documents.audit_report import ReportCancelled, render_report
from intact_core.documents.report_data import Finding, snapshot_sha256, to_json


@pytest.fixture(scope="module")
def report() -> bytes:
    return render_report(snapshot(), photo)


@pytest.fixture(scope="module")
def pages(report: bytes) -> list[str]:
    return [page.extract_text() for page in PdfReader(BytesIO(report)).pages]


def _page_with(pages: list[str], text: str) -> int:
    return next(number for number, page in enumerate(pages) if text in page)


def test_the_same_snapshot_gives_the_same_bytes(report: bytes) -> None:
    assert render_report(snapshot(), photo) == report


def test_it_is_a_sound_pdf(report: bytes) -> None:
    with pikepdf.open(BytesIO(report)) as pdf:
        assert pdf.check_pdf_syntax() == []


def test_summary_and_nonconformities_come_first(pages: list[str]) -> None:
    order = ["1  Summary", "2  Non-conformities", "4  The audit", "6  Checklist", "7  Evidence"]
    found = [_page_with(pages[1:], title) for title in order]
    assert found == sorted(found)
    assert found[0] == 0


def test_every_page_says_which_of_how_many(pages: list[str]) -> None:
    for number, page in enumerate(pages, start=1):
        assert f"Page {number} of {len(pages)}" in page


def test_the_contents_name_the_right_pages(pages: list[str]) -> None:
    for title in ("Non-conformities", "Checklist", "Evidence register", "Signatures"):
        line = re.search(rf"\d+  {title}\n(?:.*\n)?(\d+)\n", pages[0])
        assert line, title
        assert re.search(rf"\d+  {title}", pages[int(line[1]) - 1])


def test_contents_are_links_and_bookmarks(report: bytes) -> None:
    reader = PdfReader(BytesIO(report))
    links = [a.get_object() for a in reader.pages[0]["/Annots"]]
    assert len([link for link in links if link["/Subtype"] == "/Link"]) == 11
    titles = [entry.title for entry in reader.outline if not isinstance(entry, list)]
    assert titles[0] == "1  Summary"
    assert len(titles) == 11


def test_what_9_4_8_asks_for_is_there(pages: list[str]) -> None:
    text = " ".join("\n".join(pages).split())
    wanted = (
        "Lindqvist & Søn Gearworks A/S", "Jo Murray, quality manager", "ISO 9001:2015", "C-7781",
        "Establish whether the management system conforms", "Purchasing was audited on the third",
        "146 found, 140 in the contract", "A second assembly line since November.", "Rie Nakamura",
        "Two torque gauges in hall B", "NC-2026-015", "4 April 2026", "First surveillance after",
        "Document review by shared screen", "September 2026", "An audit looks at a sample.",
    )  # fmt: skip
    assert [words for words in wanted if words not in text] == []


def test_every_hash_stands_in_the_register(pages: list[str]) -> None:
    digits = "".join("".join(pages).split())
    assert all(file.sha256 in digits for file in evidence(10))


def test_only_embedded_fonts_are_used(report: bytes) -> None:
    with pikepdf.open(BytesIO(report)) as pdf:
        fonts = [o for o in pdf.objects if isinstance(o, pikepdf.Dictionary)]
        fonts = [o for o in fonts if o.get("/Type") == pikepdf.Name.Font]
        assert fonts
        for font in fonts:
            assert "NotoSans" in str(font.BaseFont)
            assert "/FontFile2" in font.FontDescriptor


def test_the_audit_is_attached_as_json(report: bytes) -> None:
    with pikepdf.open(BytesIO(report)) as pdf:
        assert pdf.attachments["audit.json"].get_file().read_bytes() == to_json(snapshot())
        assert pdf.Root.AF[0].AFRelationship == pikepdf.Name.Source
        metadata = bytes(pdf.Root.Metadata.read_bytes())
    assert b"Prepared for PDF/A-3b" in metadata
    assert b"pdfaid" not in metadata


def test_hash_of_the_contents_is_printed(pages: list[str]) -> None:
    assert snapshot_sha256(snapshot()) in "".join(pages[-1].split())


def test_photos_are_embedded_once_and_as_they_are(report: bytes) -> None:
    with pikepdf.open(BytesIO(report)) as pdf:
        images = [o for o in pdf.objects if isinstance(o, pikepdf.Stream)]
        images = [o for o in images if o.get("/Subtype") == pikepdf.Name.Image]
        raw = [image.read_raw_bytes() for image in images]
    assert len(raw) == 9
    assert jpeg(0) in raw


def test_without_a_preview_a_placeholder_with_the_hash_stands(pages: list[str]) -> None:
    page = pages[_page_with(pages, "This photo cannot be decoded")]
    assert any("1 file could not be decoded" in text for text in pages)
    assert "IMG_0006.jpg" in page


@pytest.mark.parametrize("bad", [b"", b"no picture", b"\xff\xd8\xff", jpeg()[:40]])
def test_a_preview_that_is_no_jpeg_becomes_a_placeholder(bad: bytes) -> None:
    pdf = render_report(snapshot(0, 2), lambda _id: bad)
    text = "".join(page.extract_text() for page in PdfReader(BytesIO(pdf)).pages)
    assert "No picture to show here" in text


def test_an_empty_audit_renders_too() -> None:
    bare = snapshot(0, 0, findings=(), attendance=(), team=(), sites=(), expected_signers=(),
                    standards=(), recommendation="", verify_address="", starts_on=None,
                    ends_on=None, distribution=())  # fmt: skip
    text = "".join(
        page.extract_text()
        for page in PdfReader(BytesIO(render_report(bare, lambda _id: None))).pages
    )
    assert "No non-conformity was found in the sample examined." in text
    assert "No checklist was used in this audit." in text


HOSTILE = "<b>&amp; </para> <img src='x'/> \x00\x07 \u202e end" + "x" * 400


def test_texts_are_shown_as_written_and_never_read_as_markup() -> None:
    finding = Finding("f", "NC-1", "major", HOSTILE, HOSTILE, HOSTILE, HOSTILE, (HOSTILE,))
    hostile = snapshot(0, 0, findings=(finding,), client_name=HOSTILE, scope=HOSTILE,
                       objectives=HOSTILE, justification=HOSTILE)  # fmt: skip
    reader = PdfReader(BytesIO(render_report(hostile, photo)))
    text = "".join("".join(page.extract_text().split()) for page in reader.pages)
    assert "<b>&amp;</para><imgsrc='x'/>" in text


def test_texts_longer_than_a_page_go_on_over_the_next() -> None:
    long = "\n".join(f"Line {number} of what was seen." for number in range(300))
    finding = Finding("f", "NC-1", "major", "8.7", "Kept.", long, long)
    items = snapshot(3).items
    noted = tuple(type(item)(item.id, "8.7", "T", "Q", "major", long) for item in items)
    reader = PdfReader(
        BytesIO(render_report(snapshot(0, 0, findings=(finding,), items=noted), photo))
    )
    text = "".join(page.extract_text() for page in reader.pages)
    assert text.count("Line 299 of what was seen.") == 2 + len(noted)


def test_progress_reaches_its_end() -> None:
    seen: list[tuple[int, int]] = []
    render_report(snapshot(60, 4), photo, progress=lambda done, total: seen.append((done, total)))
    assert len(seen) > 3
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)
    assert len({total for _, total in seen}) == 1


def test_it_can_be_stopped() -> None:
    answers = iter([False, True])
    with pytest.raises(ReportCancelled):
        render_report(snapshot(200, 0), photo, cancelled=lambda: next(answers))


def test_a_whole_catalog_of_items_renders() -> None:
    pdf = render_report(snapshot(1795, 0), photo)
    text = "".join(page.extract_text() for page in PdfReader(BytesIO(pdf)).pages[-5:])
    assert "11  Signatures" in text
    assert len(PdfReader(BytesIO(pdf)).pages) > 100


def test_severities_that_are_not_graded_stand_in_section_three() -> None:
    concern = Finding("f", "AOC-1", "concern", "9.3", "Reviewed.", "The review is due in May.")
    pdf = render_report(snapshot(0, 0, findings=(*FINDINGS, concern)), photo)
    pages = [page.extract_text() for page in PdfReader(BytesIO(pdf)).pages]
    text = "".join(pages[1:])
    third = text.index("3  Observations and opportunities")
    assert "AOC-1" not in text[:third]
    assert third < text.index("AOC-1") < text.index("4  The audit")


@pytest.mark.skipif(not which("pdftoppm"), reason="poppler-utils is not installed")
def test_poppler_draws_every_page(report: bytes, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("pages")
    (folder / "report.pdf").write_bytes(report)
    done = subprocess.run(
        ["pdftoppm", "-r", "20", "-png", "report.pdf", "page"],
        cwd=folder, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stderr == ""
    assert len(list(folder.glob("page-*.png"))) == len(PdfReader(BytesIO(report)).pages)

"""What is added to a rendered PDF before it is signed: attachment, metadata, signature fields."""

import zlib
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from io import BytesIO

import pikepdf
from PIL import ImageCms

from intact_core.documents.signature_fields import FieldBox, add_fields

REPORT_ATTACHMENT = "audit.json"
CERTIFICATE_ATTACHMENT = "certificate.json"
PRODUCER = "Intact"


@dataclass(frozen=True)
class Preparation:
    """What the finished file carries: the JSON it was made from, its title and moment (UTC)."""

    attachment_name: str
    attachment: bytes
    attachment_about: str
    title: str
    author: str
    at: datetime


def prepare(
    rendered: bytes,
    preparation: Preparation,
    boxes: list[FieldBox],
    previews: dict[bytes, bytes] | None = None,
) -> bytes:
    """The file ready to sign: the same input gives the same bytes.

    `previews` are the photos by the stub that stands for each; they are taken out as they are used.

    The attachment is the document's source (AFRelationship, ISO 32000-2, 7.11.3), XMP and output
    intent are as PDF/A-3b asks; conformance is not claimed.
    """
    with pikepdf.open(BytesIO(rendered)) as pdf:
        _put_in_photos(pdf, previews or {})
        _attach(pdf, preparation)
        _describe(pdf, preparation)
        _colours(pdf)
        add_fields(pdf, boxes)
        target = BytesIO()
        pdf.save(
            target,
            deterministic_id=True,
            object_stream_mode=pikepdf.ObjectStreamMode.disable,
            compress_streams=False,
            stream_decode_level=pikepdf.StreamDecodeLevel.none,
            min_version="1.7",
        )
    return target.getvalue()


def _put_in_photos(pdf: pikepdf.Pdf, previews: dict[bytes, bytes]) -> None:
    if not previews:
        return
    for item in pdf.objects:
        if isinstance(item, pikepdf.Stream) and item.get("/Subtype") == pikepdf.Name.Image:
            preview = previews.pop(item.read_raw_bytes(), None)
            if preview:
                item.write(preview, filter=pikepdf.Name.DCTDecode)


def _attach(pdf: pikepdf.Pdf, preparation: Preparation) -> None:
    stamp = _pdf_date(preparation.at)
    embedded = pikepdf.Stream(pdf, b"")
    embedded.write(zlib.compress(preparation.attachment, 9), filter=pikepdf.Name.FlateDecode)
    embedded.Type = pikepdf.Name.EmbeddedFile
    embedded.Subtype = pikepdf.Name("/application/json")
    embedded.Params = pikepdf.Dictionary(
        Size=len(preparation.attachment), ModDate=stamp, CreationDate=stamp
    )
    file = pdf.make_indirect(embedded)
    specification = pdf.make_indirect(
        pikepdf.Dictionary(
            Type=pikepdf.Name.Filespec,
            F=pikepdf.String(preparation.attachment_name),
            UF=pikepdf.String(preparation.attachment_name),
            Desc=pikepdf.String(preparation.attachment_about),
            AFRelationship=pikepdf.Name.Source,
            EF=pikepdf.Dictionary(F=file, UF=file),
        )
    )
    names = pikepdf.Array([pikepdf.String(preparation.attachment_name), specification])
    pdf.Root.Names = pikepdf.Dictionary(EmbeddedFiles=pikepdf.Dictionary(Names=names))
    pdf.Root.AF = pikepdf.Array([specification])


def _describe(pdf: pikepdf.Pdf, preparation: Preparation) -> None:
    moment = preparation.at.strftime("%Y-%m-%dT%H:%M:%SZ")
    with pdf.open_metadata(set_pikepdf_as_editor=False, update_docinfo=False) as metadata:
        metadata["dc:title"] = preparation.title
        metadata["dc:creator"] = [preparation.author]
        metadata["dc:description"] = "Prepared for PDF/A-3b"
        metadata["dc:format"] = "application/pdf"
        metadata["xmp:CreateDate"] = moment
        metadata["xmp:ModifyDate"] = moment
        metadata["xmp:CreatorTool"] = PRODUCER
        metadata["pdf:Producer"] = PRODUCER
    information = {
        "/Title": preparation.title,
        "/Author": preparation.author,
        "/Creator": PRODUCER,
        "/Producer": PRODUCER,
        "/CreationDate": _pdf_date(preparation.at),
        "/ModDate": _pdf_date(preparation.at),
    }
    del pdf.trailer["/Info"]
    for name, value in information.items():
        pdf.docinfo[name] = pikepdf.String(value)
    pdf.Root.Lang = pikepdf.String("en")
    pdf.Root.ViewerPreferences = pikepdf.Dictionary(DisplayDocTitle=True)


def _colours(pdf: pikepdf.Pdf) -> None:
    profile = pikepdf.Stream(pdf, _srgb_profile())
    profile.N = 3
    pdf.Root.OutputIntents = pikepdf.Array(
        [
            pikepdf.Dictionary(
                Type=pikepdf.Name.OutputIntent,
                S=pikepdf.Name.GTS_PDFA1,
                OutputConditionIdentifier=pikepdf.String("sRGB"),
                Info=pikepdf.String("sRGB IEC61966-2.1"),
                DestOutputProfile=pdf.make_indirect(profile),
            )
        ]
    )


@cache
def _srgb_profile() -> bytes:
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    # The header's date and id would differ from run to run (ICC.1:2022, 7.2.8 and 7.2.18).
    profile[24:36] = bytes.fromhex("07ea00010001000000000000")
    profile[84:100] = bytes(16)
    return bytes(profile)


def _pdf_date(moment: datetime) -> str:
    return moment.strftime("D:%Y%m%d%H%M%S+00'00'")

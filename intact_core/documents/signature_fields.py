"""Signature fields: made while the document is prepared, all before the first signature."""

from dataclasses import dataclass

import pikepdf

_PRINT_AND_LOCKED = 4 | 128


@dataclass(frozen=True)
class FieldBox:
    """A field's name, its page (from 0) and its rectangle in points (left, bottom, right, top)."""

    name: str
    page: int
    rectangle: tuple[float, float, float, float]


def add_fields(pdf: pikepdf.Pdf, boxes: list[FieldBox]) -> None:
    """Add an empty, visible signature field for each box (ISO 32000-2, 12.7.5.5)."""
    if not boxes:
        return
    fields = pikepdf.Array()
    for box in boxes:
        page = pdf.pages[box.page]
        field = pdf.make_indirect(
            pikepdf.Dictionary(
                Type=pikepdf.Name.Annot,
                Subtype=pikepdf.Name.Widget,
                FT=pikepdf.Name.Sig,
                T=pikepdf.String(box.name),
                Rect=pikepdf.Array([round(side, 2) for side in box.rectangle]),
                F=_PRINT_AND_LOCKED,
                P=page.obj,
            )
        )
        if "/Annots" not in page.obj:
            page.obj.Annots = pikepdf.Array()
        page.obj.Annots.append(field)
        fields.append(field)
    pdf.Root.AcroForm = pdf.make_indirect(pikepdf.Dictionary(Fields=fields, SigFlags=3))

"""QR codes (ISO/IEC 18004) as drawings."""

from reportlab.graphics.barcode.qr import QrCodeWidget
from reportlab.graphics.shapes import Drawing

from intact_core.documents.style import INK


def qr_drawing(text: str, side: float) -> Drawing:
    """The text as a QR code, error correction level M, `side` points wide."""
    widget = QrCodeWidget(text, barLevel="M", barBorder=0, barFillColor=INK)
    widget.barWidth = widget.barHeight = side
    drawing = Drawing(side, side)
    drawing.add(widget)
    return drawing

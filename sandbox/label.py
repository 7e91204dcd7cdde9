"""The return label: a one-page PDF with the return's number and the warehouse, and nothing about the customer."""

WAREHOUSE = ("Returns Department", "1 Warehouse Road", "Springfield")


def draw_label(return_id: str) -> bytes:
    """Return a minimal valid PDF of one A6 page; `return_id` is plain ASCII without brackets."""
    lines = (f"RETURN {return_id}", *WAREHOUSE)
    text = " T* ".join(f"({line}) Tj" for line in lines)
    drawing = f"BT /F1 16 Tf 20 TL 30 360 Td {text} ET".encode()
    objects = (
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 298 420] /Contents 4 0 R"
        b" /Resources << /Font << /F1 << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(drawing), drawing),
    )
    page = bytearray(b"%PDF-1.4\n")
    starts = []
    for number, content in enumerate(objects, start=1):
        starts.append(len(page))
        page += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = len(page)
    page += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    page += b"".join(b"%010d 00000 n \n" % start for start in starts)
    page += b"trailer << /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, table)
    return bytes(page)

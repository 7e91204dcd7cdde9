"""PDFs: pages, what repeats on them, and the ones that hold no text."""

import pytest
from reportlab.platypus import Flowable, Paragraph

from activities.parsers.files import parse
from policies.documents import BlockKind, Parsed, Unreadable
from policies.releases import Finding
from tests.activities import policy_files
from tests.activities.policy_files import STYLES


def read(data: bytes) -> Parsed:
    return parse("returns.pdf", data, b"effective_from: 2026-01-01", "2026-11")


def refused(data: bytes) -> Finding:
    with pytest.raises(Unreadable) as error:
        read(data)
    return error.value.finding


def test_blocks_know_their_page_and_headers_and_footers_are_dropped() -> None:
    found = read(policy_files.pdf(pages=4)).blocks
    assert [(block.text, block.page) for block in found if block.kind is BlockKind.HEADING] == [
        ("Returns", 1), ("Window", 1), ("Never returned", 1), ("Chapter b", 2), ("Chapter c", 3), ("Chapter d", 4),
    ]  # fmt: skip
    assert not [block for block in found if "Northwind Ltd" in block.text or "Page" in block.text]


def test_a_table_over_several_pages_is_one_table_with_one_header() -> None:
    rows = [["Article", "Days"], *([f"SKU-{number}", str(number % 30)] for number in range(120))]
    (found,) = read(policy_files.set_in_type([policy_files.grid(rows)])).blocks
    assert found.items == tuple(" | ".join(row) for row in rows)


def test_a_paragraph_goes_on_over_lines_and_pages() -> None:
    text = " ".join(f"word{number}" for number in range(900))
    (found,) = read(policy_files.set_in_type([Paragraph(text, STYLES["BodyText"])])).blocks
    assert found.text == text


def test_bold_lines_of_the_bodys_size_are_headings() -> None:
    story: list[Flowable] = []
    for name in ("Fees", "Time"):
        story.append(Paragraph(f"<b>{name}</b>", STYLES["BodyText"]))
        story.append(
            Paragraph("Nothing, whatever you send <b>back</b> to us, as long as it is ours.", STYLES["BodyText"])
        )
    found = read(policy_files.set_in_type(story)).blocks
    assert [block.text for block in found if block.kind is BlockKind.HEADING] == ["Fees", "Time"]


def test_a_pdf_with_a_password_is_refused() -> None:
    assert refused(policy_files.pdf(password="secret")).kind == "encrypted"


def test_a_scan_is_refused_with_the_way_out() -> None:
    finding = refused(policy_files.scan())
    assert finding.kind == "no_text"
    assert "OCR" in finding.says


def test_a_scanned_page_among_others_is_found() -> None:
    found = read(policy_files.scan(written_pages=2))
    assert [(each.kind, each.where) for each in found.findings] == [("no_text", "p. 3")]
    assert len(found.blocks) == 2


@pytest.mark.parametrize("kept", [9, 200, 1500])
def test_half_a_pdf_is_refused_or_read_but_never_a_traceback(kept: int) -> None:
    assert refused(policy_files.pdf()[:kept]).kind in ("unreadable", "no_text")

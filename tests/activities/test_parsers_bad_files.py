"""Files that cannot be used: each says why, where, and what to do."""

import io
import zipfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from activities.parsers.files import FORMATS, LARGEST, parse
from policies.documents import Parsed, Unreadable
from policies.releases import Finding
from tests.activities import policy_files

DATED = "---\neffective_from: 2026-01-01\n---\n"
GERMAN = "Sie können Artikel innerhalb von dreißig Tagen zurückgeben. Die Rücksendung ist für Sie kostenlos."


def refused(name: str, data: bytes | str, beside: bytes | None = None) -> Finding:
    with pytest.raises(Unreadable) as error:
        parse(name, data.encode() if isinstance(data, str) else data, beside, "2026-11")
    return error.value.finding


def read(name: str, data: bytes | str) -> Parsed:
    return parse(name, data.encode() if isinstance(data, str) else data, None, "2026-11")


def outcome(name: str, data: bytes) -> Parsed | Finding:
    """Blocks or the reason why there are none; anything else a reader raises fails the test."""
    try:
        return read(name, data)
    except Unreadable as error:
        return error.finding


def test_a_file_too_large_is_refused_with_both_numbers() -> None:
    finding = refused("a.md", b"x" * (LARGEST + 1_000_000))
    assert finding.kind == "too_large"
    assert "21.0 MB" in finding.says
    assert "20.0 MB" in finding.says


def test_an_unknown_type_is_refused_with_those_that_are_known() -> None:
    finding = refused("a.xlsx", b"PK\x03\x04")
    assert finding.kind == "unknown_type"
    assert all(suffix in finding.says for suffix in FORMATS)


@pytest.mark.parametrize(
    ("name", "data", "word"),
    [
        ("a.md", policy_files.pdf(), "a PDF"),
        ("a.html", policy_files.word(), "a ZIP archive"),
        ("a.docx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "an old Office file"),
        ("a.pdf", b"# Returns", "something else"),
        ("a.docx", b"# Returns", "something else"),
    ],
)
def test_a_file_that_is_not_what_its_name_says_is_refused(name: str, data: bytes, word: str) -> None:
    assert word in refused(name, data).says


def test_a_word_file_with_a_password_is_refused() -> None:
    locked = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(64) + "EncryptedPackage".encode("utf-16-le")
    assert refused("a.docx", locked).kind == "encrypted"


def test_a_word_file_that_unpacks_without_end_is_refused() -> None:
    assert refused("a.docx", policy_files.bomb(21)).kind == "too_large"


@pytest.mark.parametrize("part", ["word/bomb.bin", "bomb", "word/media.bin"])
def test_a_part_of_any_name_counts_for_a_relation_may_lead_to_it(part: str) -> None:
    file = io.BytesIO(policy_files.word())
    with zipfile.ZipFile(file, "a", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr(part, bytes(21_000_000))
    assert refused("a.docx", file.getvalue()).kind == "too_large"


def test_pictures_in_a_word_file_do_not_count() -> None:
    file = io.BytesIO(policy_files.word())
    with zipfile.ZipFile(file, "a", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("word/media/image1.bmp", bytes(21_000_000))
    assert read("a.docx", file.getvalue()).blocks


@pytest.mark.parametrize("kept", [30, 500, 0.5, 0.99])
def test_half_a_word_file_is_refused(kept: float) -> None:
    whole = policy_files.word()
    assert refused("a.docx", whole[: int(kept * len(whole) if kept < 1 else kept)]).kind == "unreadable"


def test_another_encoding_is_read_and_named_where_it_can_be_told() -> None:
    found = read("a.md", f"{DATED}\n{GERMAN}".encode("cp1252"))
    assert found.blocks[0].text == GERMAN
    assert [each.kind for each in found.findings] == ["wrong_encoding"]
    assert "cp125" in found.findings[0].says


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32"])
def test_a_byte_order_mark_says_the_encoding(encoding: str) -> None:
    found = read("a.md", f"{DATED}\n{GERMAN}".encode(encoding))
    assert (found.blocks[0].text, found.findings) == (GERMAN, ())


def test_a_page_may_declare_its_encoding() -> None:
    found = read("a.html", f'<meta charset="iso-8859-2"><p>Łódź {GERMAN}'.encode("iso-8859-2"))
    assert found.blocks[0].text == f"Łódź {GERMAN}"


@pytest.mark.parametrize("data", [b"\xff\xfe\x00\xd8\x01", b"F\xfcr", b"text\x00text", bytes(range(256)) * 4])
def test_an_encoding_that_cannot_be_told_is_refused(data: bytes) -> None:
    finding = refused("a.txt", data)
    assert finding.kind == "wrong_encoding"
    assert "UTF-8" in finding.says


def test_a_section_without_text_is_found_and_the_rest_is_read() -> None:
    found = read("a.md", f"{DATED}\n# Returns\n\n## Window\n\n## Fees\n\nNone.\n\n### Cards\n\n## Time\n")
    assert [(each.kind, each.where) for each in found.findings] == [
        ("empty_section", "Window"), ("empty_section", "Cards"), ("empty_section", "Time"),
    ]  # fmt: skip


@pytest.mark.parametrize("name", ["a.md", "a.html", "a.csv", "a.json", "a.txt", "a.jsonl"])
def test_a_file_without_text_is_refused(name: str) -> None:
    assert refused(name, {"a.json": "[]"}.get(name, " \n")).kind in ("no_text", "unreadable")


@pytest.mark.parametrize(
    ("front", "line", "word"),
    [
        ("region: EU\nregoin: US\n", 3, "regoin"),
        ("title: Fees\neffective_from: 2026-13-01\n", 1, "month"),
        ("effective_from: 2026-02-01\neffective_to: 2026-01-01\n", 2, "before"),
        ("title: Fees: none\n", 2, "mapping"),
        ("version: 7\n", 2, "version"),
        ("- a list\n", 1, "mapping"),
    ],
)
def test_metadata_that_does_not_fit_is_refused_with_its_line(front: str, line: int, word: str) -> None:
    finding = refused("a.md", f"---\n{front}---\n\nText.")
    assert (finding.kind, finding.stops, finding.source) == ("bad_metadata", True, "a.md")
    assert word in finding.says
    assert f"line {line}: " in finding.says
    assert refused("a.txt", "Text.", front.encode()).source == "a.txt.about.yaml"


def test_of_many_faults_in_metadata_the_first_are_told() -> None:
    front = "".join(f"k{number}: 1\n" for number in range(4_000))
    says = refused("a.md", f"---\n{front}---\n\nText.").says
    assert says.startswith("4,000 faults, the first are line 2: k0: extra inputs are not permitted; line 3: k1: ")
    assert "k20" not in says


def test_metadata_as_long_as_a_document_is_refused() -> None:
    finding = refused("a.txt", "Text.", b"title: " + b"x" * 50_000)
    assert (finding.kind, finding.where) == ("bad_metadata", "line 1")
    assert "more than 50,000 letters" in finding.says


def test_metadata_given_twice_is_refused() -> None:
    finding = refused("a.md", f"{DATED}\nText.", b"region: EU")
    assert finding.kind == "bad_metadata"
    assert "keep one" in finding.says


@pytest.mark.parametrize(
    ("name", "data", "where"),
    [
        ("a.json", '[\n{"question": "A?",\n "answer"}]', "line 3"),
        ("a.json", '[{"question": "A?", "answer": "a"}, {"question": "B?"}]', "entry 2"),
        ("a.json", '["A?"]', "entry 1"),
        ("a.jsonl", '{"question": "A?", "answer": "a"}\n{"question"', "line 2"),
        ("a.json", '[{"question": "A?", "answer": ["a"]}]', "entry 1"),
        ("a.csv", 'question,answer\nA?,"a"b\n', "line 2"),
    ],
)
def test_a_broken_faq_is_refused_with_its_place(name: str, data: str, where: str) -> None:
    finding = refused(name, data)
    assert (finding.kind, finding.where) == ("unreadable", where)


def test_metadata_in_a_column_is_refused_not_dropped() -> None:
    finding = refused("a.csv", "question,answer,region\nA?,a,EU\nA?,b,US\n")
    assert (finding.kind, finding.where) == ("bad_metadata", "region")


def test_an_answer_without_a_question_is_found() -> None:
    found = read("a.csv", "question,answer\nA?,a\n,b\n")
    assert ("empty_section", "line 3") in [(each.kind, each.where) for each in found.findings]


@pytest.mark.parametrize("name", ["a.json", "a.html", "a.md"])
def test_nesting_without_end_is_read_or_refused(name: str) -> None:
    deep = {"a.json": "[" * 100_000, "a.html": "<div>" * 20_000 + "x", "a.md": ">" * 20_000 + "x"}[name]
    found = outcome(name, deep.encode())
    assert isinstance(found, Finding) or found.blocks


@pytest.mark.parametrize("suffix", FORMATS)
@settings(max_examples=30, deadline=None)
@given(data=st.binary(max_size=300) | st.text(max_size=200).map(str.encode))
def test_no_bytes_make_a_reader_raise_anything_else(suffix: str, data: bytes) -> None:
    for start in (b"", b"%PDF-1.4\n", b"PK\x03\x04"):
        found = outcome(f"a{suffix}", start + data)
        assert isinstance(found, Finding) or found.blocks

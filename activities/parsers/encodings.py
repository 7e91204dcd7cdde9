"""Bytes to text: UTF-8, what a byte order mark or an HTML page declares, else a guess that is reported."""

import codecs
import re

from policies.documents import Unreadable
from policies.releases import Finding

MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
DECLARED = re.compile(rb"<meta[^>]{0,200}charset\s*=\s*[\"']?([\w-]{1,40})", re.IGNORECASE)
# What office programs still write; among more of them short texts are taken for Chinese.
GUESSED = ["cp1252", "cp1250", "cp1251", "cp1253", "cp1254", "cp932", "gb18030", "euc_kr", "big5"]
# A guess holds when the text it gives reads like a language; 0 is none, German and French reach 0.4 in a sentence.
SURE = 0.2
ADVICE = "save the file as UTF-8 and upload it again"


def decode(name: str, data: bytes, declared: bool = False) -> tuple[str, tuple[Finding, ...]]:
    """Give the text and what had to be assumed; `declared`: a `<meta charset>` counts. Raises Unreadable."""
    text, assumed = _decode(data, declared)
    if text is None or "\0" in text:
        says = f"the file is not UTF-8 text, and its encoding cannot be told: {ADVICE}"
        raise Unreadable(Finding(kind="wrong_encoding", source=name, says=says))
    if not assumed:
        return text, ()
    says = f"the file is not UTF-8; it was read as {assumed}. Check the special letters, or {ADVICE}"
    return text, (Finding(kind="wrong_encoding", source=name, says=says),)


def _decode(data: bytes, declared: bool) -> tuple[str | None, str]:
    encoding = next((encoding for mark, encoding in MARKS if data.startswith(mark)), "utf-8")
    if (text := _as(encoding, data)) is not None:
        return text, ""
    if declared and (found := DECLARED.search(data[:4096])) and (text := _as(found[1].decode(), data)) is not None:
        return text, ""
    return _guess(data)


def _as(encoding: str, data: bytes) -> str | None:
    try:
        return data.decode(encoding)
    except (UnicodeError, LookupError):
        return None


def _guess(data: bytes) -> tuple[str | None, str]:
    from charset_normalizer import from_bytes

    best = from_bytes(data, cp_isolation=GUESSED).best()
    return (str(best), best.encoding) if best and best.coherence >= SURE else (None, "")

"""Files parsed in a process of their own: the same blocks, and none that takes the worker along."""

import asyncio
import gc
import os
import signal
import zlib
from pathlib import Path

import pytest

from activities.parsers.apart import ParserApart
from activities.parsers.files import parse
from policies.documents import Unreadable
from policies.releases import Finding
from tests.activities import policy_files

GOOD = ("returns.md", policy_files.MARKDOWN, b"region: EU\neffective_from: 2026-01-01\n", "2026-11")
SECONDS = 60


def swelling(megabytes: int) -> bytes:
    """A PDF of one page that unpacks to so much; every ten of it are the same ten thousand bytes."""
    packing = zlib.compressobj()
    # After a full flush what follows stands for itself, so that one piece may be written again and again.
    head = packing.compress(b"") + packing.flush(zlib.Z_FULL_FLUSH)
    piece = packing.compress(b"0 0 m\n" * 1_666_667) + packing.flush(zlib.Z_FULL_FLUSH)
    packed = head + piece * (megabytes // 10) + b"\x03\x00"
    bodies = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 600 800]/Contents 4 0 R>>",
        b"<</Length %d/Filter/FlateDecode>>stream\n%s\nendstream" % (len(packed), packed),
    ]
    return (
        b"%PDF-1.4\n"
        + b"".join(b"%d 0 obj%s\nendobj\n" % each for each in enumerate(bodies, 1))
        + (b"trailer<</Size 5/Root 1 0 R>>\n%%EOF\n")
    )


async def refused(parser: ParserApart, name: str, data: bytes) -> Finding:
    with pytest.raises(Unreadable) as error:
        await parser.parse(name, data, None, "2026-11")
    return error.value.finding


def children() -> set[int]:
    """The processes this one has started and not yet seen end."""
    return {
        int(child) for task in Path("/proc/self/task").iterdir() for child in (task / "children").read_text().split()
    }


async def test_a_file_is_read_as_it_is_in_this_process() -> None:
    parser = ParserApart(SECONDS)
    assert await parser.parse(*GOOD) == parse(*GOOD)
    for name, data in (("a.xlsx", b"PK\x03\x04"), ("a.pdf", policy_files.scan())):
        with pytest.raises(Unreadable) as error:
            parse(name, data, None, "2026-11")
        assert await refused(parser, name, data) == error.value.finding


async def test_files_that_never_end_leave_no_thread_behind() -> None:
    parser, endless = ParserApart(0.05), swelling(300)
    threads = (os.cpu_count() or 1) + 4
    for _ in range(threads + 1):
        finding = await refused(parser, "a.pdf", endless)
        assert (finding.kind, finding.source) == ("unreadable", "a.pdf")
        assert "time or memory" in finding.says
    assert await asyncio.to_thread(int, "7") == 7


async def test_a_file_that_takes_too_much_memory_is_refused_and_the_next_is_read() -> None:
    parser = ParserApart(SECONDS)
    finding = await refused(parser, "a.pdf", swelling(3_000))
    assert (finding.kind, "time or memory" in finding.says) == ("unreadable", True)
    assert await parser.parse(*GOOD) == parse(*GOOD)


async def test_a_file_that_is_given_up_ends_its_process() -> None:
    before, parser = children(), ParserApart(SECONDS)
    await parser.parse(*GOOD)
    (child,) = children() - before
    reading = asyncio.create_task(parser.parse("a.pdf", swelling(300), None, "2026-11"))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading
    assert child not in children()
    assert await parser.parse(*GOOD) == parse(*GOOD)


async def test_the_process_outlives_a_shutdowns_signals_and_is_replaced_when_it_is_gone() -> None:
    before, parser = children(), ParserApart(SECONDS)
    await parser.parse(*GOOD)
    (first,) = children() - before
    os.kill(first, signal.SIGINT)
    os.kill(first, signal.SIGTERM)
    await parser.parse(*GOOD)
    assert children() - before == {first}
    os.kill(first, signal.SIGKILL)
    assert await parser.parse(*GOOD) == parse(*GOOD)
    (second,) = children() - before
    assert second != first


async def test_the_process_ends_with_its_parser() -> None:
    before, parser = children(), ParserApart(SECONDS)
    await parser.parse(*GOOD)
    (child,) = children() - before
    del parser
    async with asyncio.timeout(SECONDS):
        # The thread that has asked lets go of the process a moment after it has answered.
        while child in children():
            gc.collect()
            await asyncio.sleep(0.01)


async def test_a_text_that_grows_without_end_is_refused() -> None:
    row = "<tr><td colspan=20>" + "x" * 1_000 + "</td></tr>"
    page = f"<table><tr><td>a</td><td>b</td></tr>{row * 4_000}</table>"
    assert (await refused(ParserApart(SECONDS), "a.html", page.encode())).kind == "too_large"

"""The table of a campaign, and one JSON line for each of its runs."""

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from statistics import median

from tests.chaos.campaign import Result
from tests.chaos.cells import Fault
from tests.chaos.checker import Broken

HEAD = ("disturbance", "runs", "settled", "unpaid, told", *map(str, Broken), "off step", "median s", "max s")


def table(results: Sequence[Result]) -> str:
    """Print what happened per disturbance and step, with totals; seconds are from the disturbance to the final word."""
    cells: dict[str, list[Result]] = {}
    for result in results:
        cells.setdefault(str(result.scene.cell), []).append(result)
    rows = [HEAD, *(_row(name, cells[name]) for name in sorted(cells)), _row("all", results)]
    widths = [max(len(row[at]) for row in rows) for at in range(len(HEAD))]
    lines = ["  ".join([row[0].ljust(widths[0]), *map(str.rjust, row[1:], widths[1:])]) for row in rows]
    rule = "-" * len(lines[0])
    return "\n".join([lines[0], rule, *lines[1:-1], rule, lines[-1]])


def violations(results: Iterable[Result]) -> list[str]:
    """Name every broken promise, one line each."""
    return [
        f"{result.scene.cell} [{result.scene.conversation_id}]: {finding.broken}: {finding.why}"
        + (f" ({result.scene.trouble})" if result.scene.trouble else "")
        for result in results
        for finding in result.findings
    ]


def json_lines(results: Iterable[Result], seed: int) -> str:
    return "".join(json.dumps(_record(result, seed), ensure_ascii=False) + "\n" for result in results)


def _row(name: str, results: Sequence[Result]) -> tuple[str, ...]:
    broken = Counter(kind for result in results for kind in {finding.broken for finding in result.findings})
    seconds = [result.scene.final_s for result in results if result.scene.final_s is not None]
    settled = sum(any(refund["status"] == "settled" for refund in result.evidence.refunds) for result in results)
    unpaid = sum(not result.evidence.refunds and result.scene.final is not None for result in results)
    return (
        name,
        *(str(len(results)), str(settled), str(unpaid)),
        *(str(broken[kind]) for kind in Broken),
        str(sum(not result.scene.on_step for result in results)),
        *((f"{median(seconds):.1f}", f"{max(seconds):.1f}") if seconds else ("-", "-")),
    )


def _record(result: Result, seed: int) -> dict[str, object]:
    scene, evidence = result.scene, result.evidence
    kind, step = (
        (f"shop {scene.cell.kind}", scene.cell.door)
        if isinstance(scene.cell, Fault)
        else (f"SIGKILL {scene.cell.part}", scene.cell.step)
    )
    return {
        "seed": seed,
        "disturbance": kind,
        "step": step,
        "on_step": scene.on_step,
        "tenant": scene.case.tenant,
        "conversation": scene.conversation_id,
        "order": scene.case.order_id,
        "paid_minor": scene.case.paid_minor,
        "confirmed": scene.confirmed,
        "ending": result.ending,
        "seconds": scene.final_s and round(scene.final_s, 2),
        "refunds": [[row["refund_id"], row["status"], row["amount_minor"]] for row in evidence.refunds],
        "letters": len(evidence.letters),
        "messages": [[sent.text, sent.status] for sent in evidence.sent],
        "broken": [f"{finding.broken}: {finding.why}" for finding in result.findings],
        "trouble": scene.trouble,
    }

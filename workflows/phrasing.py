"""A reply in better words, where policy lets a model put it so; its worker lets nothing out that is not borne out."""

from itertools import groupby

from activities.inference_asks import Phrased, PhraseReply
from policies.facts import Injection
from policies.placeholders import MASKED, PLACEHOLDER, mask
from policies.prompts import Turned
from policies.verdict import Outcome, Verdict
from workflows import metrics
from workflows.asking import about
from workflows.messages import event_stream
from workflows.turn import Turn


async def put_into_words(turn: Turn) -> None:
    """Replace the longest run of sentences that may be reworded; the sentences themselves stay where a model fails."""
    first, told = _run(turn)
    # Whoever waits to hear what was done hears it at once.
    if not told or turn.acted:
        return
    common = about(turn, "phrase", told)
    if common is None:
        return
    opening = turn.talk.opening
    ask = PhraseReply(
        **common,
        sentences=told,
        names=_names(turn),
        stream=event_stream(opening.tenant, opening.conversation_id),
        after=turn.begins_behind,
        epoch=turn.talk.epoch,
    )
    turn.drafting = True
    phrased = await turn.models.ask("phrase_reply", Phrased, ask, note="reply in words")
    reasons = phrased.reasons or (() if phrased.text else ("empty",))
    version, tenant = turn.bundle.version, turn.caller.tenant
    outcome, rule = (Outcome.DENY, f"reply.{reasons[0]}") if reasons else (Outcome.ALLOW, "reply.borne_out")
    turn.judge(Verdict(outcome=outcome, rule=rule, policy_version=version))
    metrics.count_phrased(tenant, reasons[0] if reasons else "ok")
    if not reasons:
        turn.parts[first : first + len(told)] = [phrased.text]


def remember(turn: Turn) -> None:
    """Keep what both sides wrote for prompts of later turns; words that were not trusted are shown to no model."""
    if not turn.bundle.fleet or not turn.parts or turn.understood.injection is not Injection.ALLOW:
        return
    said = [Turned(who="customer", text=turn.understood.redacted)] if turn.understood.redacted else []
    talk = turn.talk.with_(names=_names(turn))
    turn.talk = talk.hear(*said, Turned(who="assistant", text=_redacted(turn)))


def _redacted(turn: Turn) -> str:
    """Take personal data out of a reply again: an address is offered as it was typed, whatever else stood in it."""
    text = mask("\n".join(turn.parts), _names(turn))
    for datum in sorted(turn.talk.personal, key=lambda datum: -len(datum.value)):
        text = text.replace(datum.value, datum.placeholder)
    return text


def _run(turn: Turn) -> tuple[int, tuple[str, ...]]:
    """Find the longest run of sentences that may be reworded, and where it begins.

    A sentence with personal data in it is told as it is; so are those with names where there are several, as nothing
    would keep a model from putting one in another's place.
    """
    parts = [mask(part, _names(turn)) for part in turn.parts]
    several = len({name for part in parts for name in MASKED.findall(part)}) > 1
    may = [
        part in turn.rewordable and not PLACEHOLDER.search(part) and not (several and MASKED.search(masked))
        for part, masked in zip(turn.parts, parts, strict=True)
    ]
    runs = [[at for at, _ in run] for allowed, run in groupby(enumerate(may), lambda pair: pair[1]) if allowed]
    longest = max(runs, key=len, default=[])
    return (longest[0] if longest else 0), tuple(turn.parts[at] for at in longest)


def _names(turn: Turn) -> tuple[str, ...]:
    """List who signed for parcels, also those of earlier turns: an offer names them again; longer names first."""
    shipments = (shipment for order in turn.orders.values() for shipment in order.shipments)
    names = {*turn.talk.names, *(shipment.signed_by for shipment in shipments if len(shipment.signed_by) > 1)}
    return tuple(sorted(names, key=lambda name: (-len(name), name)))

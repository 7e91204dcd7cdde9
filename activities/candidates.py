"""Which deployments may take a request, in which order, and what it can cost there: pure choice for the gateway."""

from collections.abc import Sequence

from activities.inference_ports import ModelRequest
from policies.fleet import Deployment
from policies.inference import Allowance, CallOutcome, Usage, cost

# UTF-8 bytes of a token: few to be safe about money, about as many as English prose has for an estimate. Bytes, since
# a character takes one in English, two in Greek, three in Hindi and Chinese, and tokens go with that.
DENSE = 3
USUAL = 4
# A server that answered with one of these has not read the prompt, unless a piece came before.
UNREAD: frozenset[CallOutcome] = frozenset({"rejected", "rate_limited", "unavailable", "busy", "open"})


def candidates(fleet: Sequence[Deployment], allowance: Allowance, request: ModelRequest) -> tuple[Deployment, ...]:
    """List who may be asked: tiers as the allowance names them, within each the cheapest first, as written on a tie."""
    fitting = [
        each
        for each in fleet
        if (not allowance.regions or each.region in allowance.regions)
        and size(request) // USUAL + request.most_tokens <= each.context
    ]
    return tuple(
        deployment
        for tier in dict.fromkeys(allowance.tiers)
        for deployment in sorted(
            (each for each in fitting if each.tier == tier), key=lambda each: at_worst(each, request)
        )
    )


def at_worst(deployment: Deployment, request: ModelRequest) -> int:
    """Reckon what a request may cost in billionths of a dollar: a dense prompt, nothing cached, the longest answer.

    The messages alone are counted, at three bytes a token. Not counted are the schema and the marks of a chat template,
    which some servers add to the prompt; and strings of rare signs may take more tokens than that.
    """
    return cost(Usage(prompt=size(request) // DENSE + 1, completion=request.most_tokens), deployment.price)


def estimate(request: ModelRequest, outcome: CallOutcome, pieces: int) -> Usage:
    """Guess what a request used whose server did not say: a token a piece, a prompt token every four bytes of UTF-8."""
    if not pieces and outcome in UNREAD:
        return Usage()
    return Usage(prompt=size(request) // USUAL, completion=pieces)


def size(request: ModelRequest) -> int:
    """Count the bytes of a request's messages."""
    return sum(len(message.content.encode(errors="surrogatepass")) for message in request.messages)

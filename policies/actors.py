"""Who is said to have done something: I, we, the customer, a bank, the carrier, the shop or a person in its team."""

import re
from collections.abc import Collection

# What may stand between who acts and the verb; after a form of "be" the subject suffers what the verb says.
_BETWEEN = (
    r"(?:(?: (?:has|have|had|can|could|will|would|may|might|must|shall|should|did|does|do|not|never|just|now|already"
    r"|also|then|since|still|only|even|both|all|then|always|recently|need to|needs to|ha(?:ve|s) to)"
    r"|['\u2019](?:ve|ll|d)|n['\u2019]t)\b){0,5}[ ,]{0,2}\Z"
)
_NOT_OBJECT = r"(?<!for )(?<!to )(?<!with )(?<!of )(?<!let )(?<!tell )(?<!from )(?<!inform )(?<!give )"
_SUBJECTS = (
    ("i", r"\bi\b"),
    ("we", r"\bwe\b"),
    ("customer", rf"\b{_NOT_OBJECT}you{_BETWEEN}"),
    ("bank", rf"\bbank{_BETWEEN}"),
    ("carrier", rf"\bcarrier{_BETWEEN}"),
    ("shop", rf"\bshop{_BETWEEN}"),
    ("person", rf"\b(?:colleague|team|manager|somebody|someone){_BETWEEN}"),
    ("signer", rf"\b(?-i:[A-ZÄÖÜ])\. (?-i:[A-ZÄÖÜ]{{2,}}){_BETWEEN}"),
)
# Who acts, before a verb that may take "has" or "can".
_VERB = (
    r"(?: (?:has|have|had|can|could|will|would|may|must|did|does|is|was|refunds?|cancels?|hat|haben|kann|können|wird"
    r"|werden|muss|müssen|erstattet|storniert)|['\u2019](?:ve|ll|d))\b"
)
_BY = r"\b(?:by|von|vom|durch)(?: (?:the|our|your|a|an|dem|der|den|einem|einer|unserem|unserer))?"
# Behind a verb: "cancelled on Monday by the carrier".
_AGENTS = (
    ("i", r"(?:me|mich)\b"),
    ("we", r"us\b"),
    ("customer", r"you\b"),
    ("bank", r"\w*bank\b"),
    ("carrier", r"(?:carrier|(?:zustell|paket)dienst)"),
    ("shop", r"shop\b"),
    ("person", r"(?:colleague|team|manager|kolleg)"),
)
_ACTING = (
    ("i", r"\b(?:ich|habe)\b|\bcancell?ed\b[^.;]{0,40}\bfor you\b|\bfür (?-i:Sie) (?:\w+ ){0,3}storniert"),
    ("we", r"\bwir\b|\bdurch uns\b"),
    (
        "customer",
        rf"\b{_NOT_OBJECT}you{_VERB}|\b(?-i:Sie){_VERB}|\b(?:haben|können) (?-i:Sie)\b|\b(?:von|durch) (?-i:Ihnen)\b"
        r"|\bbei (?-i:Ihnen)\b(?=[^.;]{0,40}\beingegangen)",
    ),
    ("bank", rf"\bbank{_VERB}"),
    (
        "carrier",
        rf"\b(?:carrier|(?:zustell|paket)dienst\w*){_VERB}|\bhat der (?:zustell|paket)dienst"
        r"|\b(?:vom|durch den) (?:zustell|paket)dienst|\bbeim (?:zustell|paket)dienst\w*(?=[^.;]{0,40}\beingegangen)",
    ),
    ("shop", rf"\bshop{_VERB}"),
    ("person", rf"\b(?:colleague|team|manager|kolleg\w+){_VERB}"),
    (
        "other_signer",
        r"\bsigned\b[^.;:]{0,40} by (?:the |our )?(?:carrier|shop|us|you)\b|\bsigned for (?:you|us|me)\b"
        r"|\b(?:carrier|shop) (?:was|is|has been) signed"
        r"|\bunterschrieben\b[^.;:]{0,40} vo[nm] (?:zustelldienst|uns|ihnen)\b"
        r"|\bvo[nm] (?:zustelldienst|uns|ihnen)\b[^.;:]{0,40} unterschrieben\b",
    ),
    ("signer", rf"\b[A-Z]\. [A-Z]{{2,}}{_VERB}"),
)
_NAMED = {
    "we": r"\b(?:i|ich|shop)\b",
    "bank": r"\bbank\b",
    "shop": r"\bshop\b",
    "person": r"\b(?:colleague|team|they|jemand|kolleg)",
    "signer": r"\b(?:signed|unterschrieben)\b",
}
_HEARD_FROM = re.compile(r"\b(?:me|mir|us|uns)\b", re.IGNORECASE)
SUBJECTS = tuple((actor, re.compile(pattern, re.IGNORECASE)) for actor, pattern in _SUBJECTS)
FIRST = SUBJECTS[:2]
ACTING = tuple((actor, re.compile(pattern, re.IGNORECASE)) for actor, pattern in _ACTING)
AGENTS = tuple(
    (actor, re.compile(rf"(?:(?! (?:and|was|were|is) )[^.,;:]){{0,40}}{_BY} {agent}", re.IGNORECASE))
    for actor, agent in _AGENTS
)
NAMED = {actor: re.compile(pattern, re.IGNORECASE) for actor, pattern in _NAMED.items()}
# "Cancelled your order": nobody is named, so I am meant.
NOBODY = re.compile(r"\W*(?:(?:just|now|already|successfully|have|and|then)\W+)*\Z", re.IGNORECASE)
OBJECT = re.compile(r" (?:it|this|that|them|your|the|orders?)\b", re.IGNORECASE)
# So far back a subject is looked for.
REACH = 60
# What is done by those whose work it is, whoever was told to do it.
WORK_OF: dict[str, frozenset[str]] = {
    "i": frozenset(),
    "we": frozenset(("received", "packed", "transit", "repay", "back")),
    "customer": frozenset(
        ("sendback", "seen_at_bank", "get", "inform", "answer", "pickup", "left", "know", "find", "proceed", "bought")
    ),
    "carrier": frozenset(("delivered", "transit", "out", "late")),
}
HEARD = frozenset(("inform", "answer"))


def actors_of(clause: str, verbs: Collection[tuple[int, int]] = ()) -> frozenset[str]:
    """Give who acts in a clause, where `verbs` are the places of what it claims."""
    acting = {actor for actor, pattern in ACTING if pattern.search(clause)}
    for start, end in verbs:
        before = clause[max(0, start - REACH) : start]
        acting |= {actor for actor, pattern in SUBJECTS if pattern.search(before)}
        acting |= {actor for actor, pattern in AGENTS if pattern.match(clause, end)}
        if OBJECT.match(clause, end) and NOBODY.match(before):
            acting.add("i")
    if not verbs:
        acting |= {actor for actor, pattern in FIRST if pattern.search(clause)}
    return frozenset(acting)


def named_in(sentence: str) -> frozenset[str]:
    """Give who is named in a sentence of what was told, acting or not; the customer only where he acts."""
    return frozenset(actor for actor, pattern in NAMED.items() if pattern.search(sentence))


def may_do(actor: str, topic: str, acting: frozenset[str], named: frozenset[str], sentence: str) -> bool:
    """Whether a told sentence lets an actor do something: it says so, or names one whose work this is."""
    if actor in acting:
        return True
    if actor in ("i", "we") and topic in HEARD and _HEARD_FROM.search(sentence):
        return True
    return topic in WORK_OF.get(actor, frozenset()) or (actor in named and actor != "carrier")

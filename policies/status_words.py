"""The words by which a reply says what happened, happens or may happen to an order, a refund or a return."""

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Literal, NamedTuple

# seen: reported by a scan on the way; if, open: under a condition, or not known; likely: expected, not promised;
# either: one of two things; must: still to be done; can: offered; coming: announced; done: is so, or has happened.
Mode = Literal["seen", "either", "if", "open", "likely", "must", "can", "coming", "done"]
LANGUAGES = ("en", "de")

# topic, how it is always meant (or "" where the rest of its clause says), and its forms; the first that fits counts.
_CLAIMS: dict[str, tuple[tuple[str, str, str], ...]] = {
    "en": (
        ("back", "", r"(?:come|came|comes|arrived|is|been returned|returned) back (?:to|with|at) us|returned to us"),
        ("left", "", r"(?:left|more|(?<=nothing)) to (?:refund|send back)"),
        ("sendback", "", r"(?:sen[dt]|sending|ship|shipped|bring|post)(?: (?:it|them|this|the \w+|\w+)){0,2}? back"
         r"|(?:to|can|must|you) return(?= )"
         r"|(?:(?<=please )|(?<=to ))send(?! you)|send (?:it|them|the (?:parcel|package|item))(?! to)"),
        ("out", "", r"out for delivery"),
        ("late", "", r"(?:was|were) (?:expected|due|supposed|scheduled)"),
        ("delivered", "likely", r"(?:is |are |was )?(?:currently )?(?:expected|estimated|scheduled|due|expects?)"
         r"(?! (?:delivery|arrival))"),
        ("delivered", "", r"delivered|deliver(?:s|ing)?|arriv(?:e|es|ed|ing)(?! (?:at|in|with|from)\b)"
         r"|reach(?:ed|es)? you|turn(?:ed|s)? up"
         r"|(?<=is )there|(?<=not )there|(?<=it's )there|(?<=be )there|(?<=been )there"),
        ("received", "", r"received|receiv(?:e|es|ing)"),
        ("packed", "", r"pack(?:ed|ing)?"),
        ("pickup", "", r"pick(?:ed|ing)?(?: it| them)? up|collected|collect"),
        ("transit", "", r"on (?:its|the|their|your) way(?! back)(?! to (?!you))"
         r"|in transit|en route|shipped|dispatched|ship|sent out|travel+ing|moving"),
        ("signed", "", r"signed(?: for)?|signature"),
        ("cancelled", "", r"cancel(?:l?ed|l?ing|s)?|cancellation"),
        ("returned", "", r"(?<!be )returned"),
        ("bought", "", r"you(?:'ve| have)? paid|was paid in|paid (?:for|in|with)\b"),
        ("owe", "", r"you(?:'ll| will| must| have to| need to)? pay|charged?|billed"),
        ("repay", "coming", r"refunds(?= what| you\b)"),
        ("repay", "can", r"offer(?=(?: you)?(?: an?| the| \S{1,12}){0,2} refund\b)"),
        ("repay", "", r"refunded|reimburse[ds]?|paid(?: out)?|(?:(?<=can )|(?<=will )|(?<=would )|(?<=could )|(?<='ll )"
         r"|(?<=to )|(?<=then )|(?<=we )|(?<=i )|(?<=shall )|(?<=not )|(?<=may ))(?:refund|reimburse|pay)"
         r"|credit(?:ed)?|money back|moved|transferred|issued?"),
        ("your_approval", "", r"your (?:approval|confirmation)"),
        ("approved", "must", r"(?:wait(?:s|ing)?|awaits?|awaiting|needs?|pending)"
         r"(?=(?: now)?(?: for| on)?(?: \S+){0,3} approval\b)"),
        ("approved", "", r"approv(?:e|ed|es|ing)|agreed?"),
        ("failed", "", r"fail(?:ed|s|ing)?|did not work|declined|rejected"),
        ("recorded", "", r"recorded|registered|logged"),
        ("process", "", r"process(?:ed|es)?"),
        ("works", "", r"in the works|under ?way|in progress|being processed"),
        ("asked", "", r"asked for|requested|submitted|asked (?!me|us)"),
        ("through", "", r"(?:went|gone|go(?:es)?) through"),
        ("told_me", "", r"told (?:me|us)|you (?:said|mentioned|reported)"),
        ("inform", "", r"(?:tell|let|inform|update|notify) you(?: know)?|keep you (?:posted|updated|informed)"
         r"|you(?:'ll| will) hear|hear from (?:me|us)|be in touch"),
        ("pass", "coming", r"passing|handing|forwarding|escalating"),
        ("pass", "", r"pass(?:ed)?(?=(?: [\w']+){0,4} (?:to|on|over|along)\b)|handed"
         r"|hand (?:it|this)|forward(?:ed)?|escalated?"),
        ("answer", "", r"answers?(?: you)?(?= here| by| or|\W*$)|(?:will )?answer you|get back to you|respond|reply"),
        ("care", "", r"tak(?:e|es|ing) care|look(?:s|ing)? after|handl(?:e|es|ing)"),
        ("check", "", r"(?:keep )?check(?:s|ed|ing)?|look(?:s|ed|ing)? (?:into|at|again)"),
        ("try", "", r"(?:keep )?tr(?:y|ying|ies|ied)"),
        ("waits", "", r"wait(?:s|ing)|awaits?|awaiting"),
        ("get", "", r"(?<=you )get|(?<=you'll )get|(?<=you will )(?:get|receive)"),
        ("seen_at_bank", "", r"see(?= it| the (?:money|amount))|shows? up|appears?|visible"),
        ("find", "", r"find|found|see|locate"),
        ("know", "", r"know(?:n)?(?= )"),
        ("open", "", r"open(?:ed|ing)?|set up|start(?:ed)?|creat(?:e|ed)|arranged?"),
        ("give", "", r"gives?|given|gave|provided?|send you|sent you"),
        ("changed", "", r"chang(?:e|ed|es|ing)|updated|corrected"),
        ("goes", "", r"goes(?= to| now to)|go(?= to (?:the|this)\b)"),
        ("made", "", r"made|done|completed?|finished|happened"),
        ("ended", "coming", r"ends"),
        ("ended", "", r"ended|expired|closed|ran out|run out|is over|has passed"),
        ("proceed", "", r"go ahead|went ahead|gone ahead|proceed(?:ed)?|do (?:that|this|it|so)\b(?: for you)?"),
        ("late", "", r"overdue|late\b|delayed|delay"),
        ("damaged", "", r"damaged|broken|defective"),
        ("wrong", "", r"wrong"),
        ("accept", "", r"accept(?:ed)?"),
        ("decide", "", r"decided?"),
        ("stands", "", r"stands|holds|valid"),
    ),
    "de": (
        ("back", "", r"wieder bei uns(?: eingetroffen| angekommen)?|zu uns zurück\w*"),
        ("left", "", r"zu erstatten|zurückzu(?:schicken|senden|geben)"),
        ("sendback", "", r"zurück(?:ge)?(?:schickt|schicken|senden|sandt|sendet|geben|gegeben)|abschicken|absenden"
         r"|(?:schick|send)(?:en|e|t)(?= Sie\b)"),
        ("out", "", r"in Zustellung"),
        ("delivered", "likely", r"erwartet"),
        ("delivered", "", r"zugestellt|zustellen|geliefert|liefern|angekommen|ankommen|ankommt|kommt(?=[^.;]* an\b)"
         r"|da(?= ist| sind)|da sein|bei Ihnen(?= ist| eintrifft| sind)|abgegeben"),
        ("received", "", r"eingegangen|eingeht"),
        ("packed", "", r"verpackt|verpacken"),
        ("pickup", "", r"abgeholt|abholen"),
        ("transit", "", r"unterwegs|auf dem Weg|versandt|versendet|verschickt"),
        ("signed", "", r"unterschrieben|unterzeichnet|unterschrift"),
        ("cancelled", "coming", r"storniere"),
        ("cancelled", "", r"storniert|stornieren|stornierung"),
        ("bought", "", r"bezahlt(?:en?)?"),
        ("repay", "coming", r"erstatte|überweise|erstattet(?= Ihnen)"),
        ("repay", "", r"(?:zurück|rück)?(?:zu)?erstatte(?:n|t)|ausgezahlt|auszahlen|gutgeschrieben|gutschreiben"
         r"|überwiesen|überweisen|zurückgezahlt|geflossen|ausgeführt"),
        ("your_approval", "", r"ihre[rnm]? (?:zustimmung|genehmigung)"),
        ("approved", "must", r"(?:wartet?|warten)(?=(?: \w+){0,2} auf (?:\w+ ){0,2}(?:zustimmung|genehmigung)\b)"),
        ("approved", "", r"genehmigt|genehmigen|zugestimmt|zustimm(?:en|t)|freigegeben"),
        ("failed", "", r"fehlgeschlagen|gescheitert|abgelehnt"),
        ("recorded", "", r"vermerkt|vorgemerkt|erfasst|registriert"),
        ("process", "", r"bearbeitet|bearbeiten"),
        ("works", "", r"in Arbeit"),
        ("asked", "", r"angefordert|beantragt"),
        ("through", "", r"durchgegangen|durchgeht"),
        ("told_me", "", r"mitgeteilt"),
        ("inform", "", r"bescheid|informier(?:e|en|t)|hören|(?:auf dem )?laufenden|melde mich"),
        ("pass", "coming", r"(?:gebe|leite)(?=[^.;]* weiter\b)"),
        ("pass", "", r"weitergegeben|weitergeleitet|weitergeben|weiterleiten|übergeben"),
        ("answer", "", r"antwort(?:en|et)?"),
        ("get", "", r"bekomm(?:en|t|e)|erh(?:alten|ält)"),
        ("care", "", r"kümmer(?:t|n|e)"),
        ("check", "", r"(?:über)?prüf(?:e|en|t)|geprüft|überprüft|nachgesehen|nachsehen"),
        ("try", "", r"versuche[n]?|versucht"),
        ("waits", "", r"wartet|warten|warte"),
        ("seen_at_bank", "", r"sehen|sichtbar"),
        ("find", "", r"finden?|gefunden|sehe"),
        ("know", "", r"weiß"),
        ("open", "coming", r"lege(?=[^.;]* an\b)"),
        ("open", "", r"angelegt|anlegen|eröffnet|eröffnen|erstellt|erstellen"),
        ("give", "", r"(?<!bescheid )geben|gegeben|genannt|schicke ihnen|schenke"),
        ("changed", "", r"geändert|ändern|ändere"),
        ("goes", "", r"geht(?= jetzt| nun)"),
        ("made", "", r"erledigt|erfolgt|unternommen|ausgegangen|getan"),
        ("ended", "", r"abgelaufen|geendet|endete|vorbei"),
        ("proceed", "", r"veranlass(?:en|e|t)|(?:das |es |so )?(?:tun|machen|fortfahren)"),
        ("late", "", r"überfällig|verspätet|verspätung"),
        ("damaged", "", r"beschädigt|defekt"),
        ("wrong", "", r"falsche[nr]?"),
        ("accept", "", r"angenommen|annehmen|nehme"),
        ("decide", "", r"entscheiden|entschieden"),
        ("stands", "", r"gilt"),
    ),
}  # fmt: skip
# Nouns of a topic: they claim nothing by themselves, but say what a date or an amount is about.
_NOUNS = {
    "en": (
        ("delivered", r"deliver(?:y|ies)|arrival"),
        ("repay", r"refunds?|reimbursement|money|amount"),
        ("return", r"returns?"),
        ("approved", r"approval"),
        ("asked", r"requests?"),
    ),
    "de": (
        ("delivered", r"zustellung|lieferung|liefertermin|ankunft"),
        ("repay", r"(?:rück)?erstattung(?:en)?|geld|betrag|rückzahlung"),
        ("return", r"rücksendung(?:en)?|retoure"),
        ("approved", r"zustimmung|genehmigung"),
        ("asked", r"anfrage|anliegen"),
    ),
}  # fmt: skip
# What turns the verbs of a clause into one of the modes; looked for in this order.
_CUES: dict[str, tuple[tuple[Mode, str], ...]] = {
    "en": (
        ("open", r"\bwhether\b"),
        ("if", r"\b(?:if|once(?= (?:it|they|the|this|that|your?|we|i|a)\b)|as soon as|unless"
         r"|when(?! (?:it|they|this|your order) (?:was|were))|until you|before you|until it"
         r"|(?:^|, )should (?:it|they|the|order))\b"),
        ("likely", r"\b(?:expect(?:ed|s)?|estimated|should(?! have)|probably|likely|due to arrive)\b"),
        ("must", r"\b(?:must|ha(?:s|ve)(?: not)? to|needs?(?: to)?|please|make sure|yet to be"
         r"|(?:is|are) (?:still )?to be)\b"),
        ("can", r"\b(?:can(?:not)?|could|may|might|shall|would|want|like|able)\b|\bcan['’]t\b"),
        ("coming", r"\b(?:will|going to|about to)\b|['’]ll\b|\bwon['’]t\b"),
    ),
    "de": (
        ("open", r"\bob\b"),
        ("if", r"\b(?:wenn|falls|sobald|sofern|bis (?:sie|es|der|das)"
         r"|sollten? (?:sie|es|das|die|der|bestellung|ihre))\b"),
        ("likely", r"\b(?:erwartet|voraussichtlich|vermutlich|wahrscheinlich|soll(?:te|en)?(?! ich| wir))\b"),
        ("must", r"\b(?:muss|müssen|müsst?en|bitte)\b"),
        ("can", r"\b(?:kann|können|könnten?|darf|dürfen|möcht\w+|soll ich|sollen wir|lässt|lassen)\b"),
        ("coming", r"\b(?:wird|werden?)\b"),
    ),
}  # fmt: skip
SEEN = re.compile(r"\b(?:last seen|latest|last scan\w*|zuletzt|letzte[rn]? (?:meldung|scan)|neueste)\b", re.IGNORECASE)
# German participles that are also the present tense need an auxiliary to say that something is done.
_AUXILIARY = re.compile(r"\b(?:ha(?:t|be|ben)|wurden?|worden|ist|sind|war(?:en)?|nicht|noch)\b", re.IGNORECASE)
_PRESENT = frozenset(("erstattet", "zurückerstattet", "storniert", "verpackt", "bearbeitet", "verschickt"))
# How these are meant makes no difference: "is taking care", "takes care", "will take care".
MODELESS = frozenset(
    (
        "inform",
        "answer",
        "care",
        "check",
        "find",
        "know",
        "late",
        "works",
        "wrong",
        "stands",
        "get",
        "try",
        "waits",
        "bought",
        "goes",
    )
)


class Mention(NamedTuple):
    """A topic at `start` to `end` of a text; `mode` where the word itself says how it is meant."""

    start: int
    end: int
    topic: str
    mode: str
    claims: bool


def mentions(text: str, language: str) -> Iterator[Mention]:
    """Find the topics of a text, from left to right."""
    pattern, meanings = _table(language)
    for match in pattern.finditer(text):
        topic, mode, claims = meanings[int((match.lastgroup or "t0")[1:])]
        yield Mention(*match.span(), topic, mode, claims)


def cue_of(clause: str, language: str) -> Mode | None:
    """Read how the verbs of a clause are meant; None where nothing but the verb says so."""
    return next((mode for mode, cue in _cues(language) if cue.search(clause)), None)


def present(clause: str, word: str, language: str) -> Mode | None:
    """Read "erstattet" without an auxiliary as announced."""
    if language == "de" and word.casefold() in _PRESENT and not _AUXILIARY.search(clause):
        return "coming"
    return None


@lru_cache(maxsize=4)
def _table(language: str) -> tuple[re.Pattern[str], Sequence[tuple[str, str, bool]]]:
    words = [(topic, mode, True, forms) for topic, mode, forms in _CLAIMS[language]]
    words += [(topic, "", False, forms) for topic, forms in _NOUNS[language]]
    # Inside a word such as "Bestellbestätigung" stands no claim.
    written = "|".join(f"(?P<t{at}>(?:{forms}))(?!\\w)" for at, (*_, forms) in enumerate(words))
    return re.compile(rf"(?<!\w)(?:{written})", re.IGNORECASE), [
        (topic, mode, claims) for topic, mode, claims, _ in words
    ]


@lru_cache(maxsize=4)
def _cues(language: str) -> Sequence[tuple[Mode, re.Pattern[str]]]:
    return [(mode, re.compile(cue, re.IGNORECASE)) for mode, cue in _CUES[language]]

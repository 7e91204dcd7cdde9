"""Words that carry a claim, in English and German: negations, limits, promises, and what means the same."""

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache

from policies.terms import terms_of

# Words of one line mean the same in a shop's policy; the first stands for all. Compared as stems.
_ALIKE = {
    "en": """
        return returned returnable returning sendback giveback
        refund refunded reimburse reimbursed reimbursement moneyback repaid payback
        item article product goods merchandise thing things articles
        parcel package shipment box packet
        buy purchase purchased bought order ordered orders
        deliver delivery delivered shipping ship shipped
        arrive arrival arrived receive received come came get got
        pay paid payment charge charged cost costs fee price
        free gratis complimentary
        exchange swap exchanged swapped exchanging
        cancel cancellation cancelled canceled
        faulty defective defect broken damaged fault faults damage
        postage label
        bank account transfer
        card cards
        window period deadline timeframe time long
        begin start starts begins
        send sent dispatch dispatched
        person somebody someone anybody
        member members customer customers
        tell inform report contact notify raise
        voucher coupon giftcard
        check inspect inspected checked inspection examine examined look looked
        back
        need must require required requires have
        complete completely whole entire full fully entirely
        original
        country countries abroad
    """,
    "de": """
        rückgabe zurückgeben zurückgegeben zurücksenden zurückschicken retoure retourniert rücksendung zurückgesandt
        erstattung erstatten erstattet rückerstattung rückzahlung geld zurückgezahlt
        artikel ware produkt waren sache produkte
        paket sendung päckchen
        bestellung bestellen bestellt kauf kaufen gekauft
        lieferung liefern geliefert versand zustellung zugestellt lieferzeit
        erhalt erhalten ankunft angekommen bekommen ankommt bekommst
        zahlen bezahlen kosten kostet zahlung gebühr preis berechnen versandkosten
        kostenlos gratis kostenfrei frei umsonst
        umtausch umtauschen umgetauscht tauschen
        stornieren storniert stornierung
        defekt beschädigt kaputt fehlerhaft mangelhaft
        frist zeitraum rückgabefrist
        mitglied mitglieder kunde kunden goldmitglieder goldmitglied
        melden mitteilen bescheid
        vollständig komplett ganz ganzen gesamt
        konto bankkonto überweisung
    """,
}
# Phrases that are one word of the tables above.
_PHRASES = (
    (
        re.compile(
            r"\b(?:send|sends|sending|sent|ship|bring|hand|take|taken|give|given|post)(?: \w+){0,3} back\b", re.I
        ),
        " return ",
    ),
    (
        re.compile(r"\b(?:money|amount|sum)(?: \w+){0,2} back\b|\b(?:pay|pays|paid|get)(?: \w+){0,4} back\b", re.I),
        " refund ",
    ),
    (
        re.compile(
            r"\b(?:at|for) no (?:extra )?(?:charge|cost)s?\b|\bwithout (?:any )?(?:charge|cost)s?\b|\bfree of charge\b",
            re.I,
        ),
        " free ",
    ),
    (
        re.compile(
            r"\b(?:costs?|charge|pay) (?:you )?nothing\b|\b(?:do not|don't|never) (?:have to )?pay\b(?! on)", re.I
        ),
        " free ",
    ),
    (re.compile(r"\bgift cards?\b", re.I), " giftcard "),
    (re.compile(r"\be-mail\b", re.I), " email "),
    (re.compile(r"\bohne (?:zusätzliche )?kosten\b", re.I), " kostenlos "),
    (re.compile(r"\b(?:schick|send|gib|geb)\w*(?: \w+){0,6} zurück\b", re.I), " rückgabe "),
    (re.compile(r"\bcan(?:no|['’])t\b", re.I), " can not "),
    (re.compile(r"n['’]t\b", re.I), " not "),
)
# Frames of an answer and words too general to claim anything.
_EMPTY = """
    yes no not only please sorry according policy means mean simply just also you your we us our it there here about so
    then still however but want wish like like would rule rules term terms follow following apply applies say says state
    happy help thank thanks question case concern regard regarding note currently generally usual usually normal
    normally
    date within after before from until up least most more than less over under above below each every per any all
    other others otherwise unless except if make made give given take taken use used go goes put keep kept let
    standard regular general well too once one do does done way day counted count starting him her he she his
    later soon latest earliest end ends last allow allowed permit permitted possible able eligible because since as
    ja nein nicht nur bitte leider laut gemäß richtlinie bedeutet also du dein deine dir dich euch ihr uns unser
    unsere man
    dann aber jedoch hier dort gilt gelten regel regeln nach vor ab bis spätestens mindestens höchstens innerhalb binnen
    über unter je pro jede jeder jedes alle andere anderen sonst außer wenn falls sofern haben hast hat habe machen
    ihre ihren
    möglich können kann kannst könnt darf dürfen denn weil
    gerne es aus als wird werden wurde sein seine auch noch schon diese dieser dieses dass
"""
NOT = re.compile(
    r"\b(?:not|never|neither|nor|nobody|none|nothing|without|cannot|unable|impossible|exclude[sd]?|ineligible|forbidden"
    r"|no(?! later| more than| longer than|\.)|non(?=-)|nicht|kein\w*|nie|niemals|ohne|weder|ausgeschlossen|unmöglich"
    r"|nichts)\b"
    r"|\bun(?=(?:returnable|refundable|available))",
    re.IGNORECASE,
)
LIMIT = re.compile(
    r"\b(?:unless|except(?:ion|ions|ing)?|only(?! takes?)|apart from|other than|provided|as long as|so long as|nur"
    r"|außer|ausgenommen"
    r"|es sei denn|sofern|solange|ausnahmen?|vorausgesetzt|lediglich)\b",
    re.IGNORECASE,
)
LIMITED = re.compile(
    rf"{LIMIT.pattern}|(?<!even )(?<!auch )(?<!selbst )\b(?:if|when|where|just|must|but|however|nobody|no one"
    rf"|exclusively|until|once|wenn|falls|müssen|muss|aber"
    r"|jedoch|ausschließlich|bis|bei|sobald)\b",
    re.IGNORECASE,
)
# What a shop is held to when it is said; each must stand in the clause in one of its forms.
PROMISES = tuple(
    re.compile(rf"\b(?:{forms})\b", re.IGNORECASE)
    for forms in (
        r"free|gratis|complimentary|no (?:extra )?(?:charge|costs?)|without (?:any )?(?:charge|costs?)|nothing"
        r"|kostenlos\w*|kostenfrei\w*"
        r"|umsonst|ohne (?:zusätzliche )?kosten|no postage",
        r"always|at any time|any ?time|whenever|forever|immer|jederzeit|ewig",
        r"guarantee[ds]?|promise[ds]?|garantier\w*|garantie|versprechen|certainly|definitely|garantiert",
        r"(?:in )?full|fully|whole|entire|complete(?:ly)?|everything|voll(?:e[nrms]?|ständig\w*)?|komplett\w*"
        r"|gesamt\w*|ganze?n?",
        r"immediate(?:ly)?|instant(?:ly)?|right away|at once|same day|sofort\w*|umgehend|unverzüglich",
        r"no questions asked|no matter|regardless|whatever|for any reason|any reason|egal"
        r"|ohne (?:angabe von )?gründe\w*|unconditional\w*",
        r"unlimited|lifetime|unbegrenzt\w*|lebenslang\w*|unrestricted",
        r"automatic(?:ally)?|automatisch\w*",
        r"anything|any items?|every items?|all items|everywhere|anywhere|worldwide|all countries|überall\w*"
        r"|weltweit\w*|alles|alle artikel",
        r"every ?one|everybody|all customers|anyone|anybody|jeder|alle kunden",
        r"compensation|bonus|discount|voucher|gift|points|credit|entschädigung|rabatt|gutschein|bonus|gutschrift",
    )
)  # fmt: skip
MINIMUM = re.compile(
    r"(?:from|at least|over|above|more than|minimum(?: of)?|exceed\w*|after|ab|mindestens|über|mehr als|nach)\W*\Z",
    re.I,
)
MAXIMUM = re.compile(
    r"(?:up to|at most|under|below|less than|(?:no|not) (?:more|later|longer) than|within|until|by|before"
    r"|maximum(?: of)?|bis(?: zu)?|höchstens"
    r"|unter|weniger als|innerhalb(?: von)?|binnen|in|spätestens(?: nach)?|maximal)\W*\Z",
    re.I,
)  # fmt: skip
BELOW_THAT = re.compile(r"\b(?P<bound>below|under|over|above) that\b|\bdarunter\b|\bdarüber\b", re.IGNORECASE)
# Who pays: the first group of either names them.
PAYER = re.compile(
    r"\b(?P<before>we|you|wir|sie|du|customers?|receivers?|buyers?|members?|carrier|käufer|kunde"
    r"|empfänger)(?: \w+)? (?:pays?|bears?"
    r"|covers?|zahle?n?t?|trag(?:en|t)|trägt|übernehmen|übernimmt|bezahl\w*)\b"
    r"|\b(?:paid|covered|borne|bezahlt|getragen) (?:by|von|vom) (?:the |dem |der )?(?P<after>us|you|customers?"
    r"|receivers?|buyers?"
    r"|carrier|uns|ihnen|käufer|kunden|empfänger)\b",
    re.IGNORECASE,
)
SHOP = frozenset(("we", "us", "wir", "uns"))
CARRIER = frozenset(("carrier",))
EVEN_IF = re.compile(r"\b(?:even (?:if|when|after|though)|auch (?:wenn|nach)|selbst wenn)\b", re.IGNORECASE)
EARLIER = re.compile(r"\b(?:before|until|till|bis|bevor|vor)\b", re.IGNORECASE)
LATER = re.compile(r"\b(?:after|once|since|from|as soon as|nach|ab|sobald|nachdem|seit)\b", re.IGNORECASE)
# Words that say a number is for some customers or for the rest of them.
CLASSES = re.compile(
    r"\b(?:gold|silver|silber|platinum|platin|premium|plus(?= member)|prime|vip|(?:business|new) (?:customer|client"
    r"|account)|student\w*)",
    re.IGNORECASE,
)
REST = re.compile(
    r"\b(?:most|others?|else|everyone|otherwise|standard|elsewhere|all|generally|normally|meisten|übrigen?"
    r"|andere[nr]?|sonst|alle[nr]?"
    r"|normalerweise)\b",
    re.IGNORECASE,
)
OUTSIDE = re.compile(
    r"\b(?:outside|except|other than|not|unlike|besides|apart from|instead of|außerhalb|außer|statt|nicht)\b",
    re.IGNORECASE,
)


def plain(text: str) -> str:
    """Write phrases that mean one word as that word, and "can't" in full."""
    for phrase, word in _PHRASES:
        text = phrase.sub(word, text)
    return text


def content_of(text: str, language: str = "en") -> list[str]:
    """Give the stems that say something, in their order, each word in the one form its equals share."""
    text = plain(text)
    alike, empty = _tables(language.split("-")[0])
    return [alike.get(term, term) for term in terms_of(text, language) if term not in empty and not term.isdigit()]


@lru_cache(maxsize=8)
def _tables(language: str) -> tuple[dict[str, str], frozenset[str]]:
    alike: dict[str, str] = {}
    for line in _ALIKE.get(language, "").strip().splitlines():
        first, *others = _stems(line.split(), language)
        alike |= {other: first for other in others}
    return alike, frozenset(_stems(_EMPTY.split(), language))


def _stems(words: Iterable[str], language: str) -> Iterator[str]:
    return (term for word in words for term in terms_of(word, language))

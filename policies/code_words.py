"""The words that say what a number is, in the languages customers write, and the codes that stand beside them."""

import re
from collections.abc import Iterator
from functools import lru_cache

from policies.codes import DASHES

CODE = rf"(?=[\w{DASHES}/]{{0,37}}\d{{3}})[^\W_](?:[\w{DASHES}/]{{0,38}}\w)?(?!\w)"
# Texts are evened out first: between two words stands one space.
# "NW 10023", in capitals: a code in two words, unless the first is a word of its own.
TWO_WORDS = (
    r"(?-i:(?!FOR|TO|ON|BY|IN|AT|MY|OF|THE|AND|OR|NOT|HAS|ALL|RS|INR|USD|EUR|GBP|AED|CHF|JPY|AWB|SKU|IT|IST|ES|DE|IS|NO"
    rf"|NR|ID)[A-Z]{{1,4}}(?: |[{DASHES}] | [{DASHES}] ?)\d{{4,12}})(?!\w)"
)
FILLER = (
    r"(?:[ .:,]{0,2}\b(?:number|numbers|num|no|nr|id|ids|code|ref|reference|is|was|are|and|it s|it's|that is|with"
    r"|with the"
    r"|of|called|n[uú]mero|num[eé]ro|nummer|numer|mit|der|die|ist|lautet|mit der|est|es|son|sont|é|e|con|avec|com|de"
    r"|do|n"
    r"|wala|ka|ki|ke|hai)\b){0,5}['\"]? ?[.:=#°º]{0,3} ?['\"]?"
)
OPENING = rf"[(\[<{DASHES}]?[ >]{{0,2}}#? ?['\"]?"
MARK = r"(?:ids?|no|nr|num(?:ber)?s?|nummer[ns]?|ref)?"
ORDER_WORD = (
    rf"(?:ord(?:er)?s?{MARK}|oders?|odrers?|oreders?|roders?|ordrs?|ord[er]s|orrders?|ordders?|ordrer|ordre|orde"
    r"|p(?:ur|ru|u|r)(?:ch|hc|c|h|sh)a?[sc]e?[sd]?|bestell(?:ung(?:en)?|nummer|nr|ing)\w{0,8}|bestelnummer"
    r"|auftrag\w{0,8}"
    r"|commandes?|pedidos?|encomendas?|compras?|ordem|orden|ordin[ei]|kharidari|ऑर्डर|आर्डर)"
)
CARRIER_NAME = (
    r"(?:dhl|ups|fedex|usps|dpd|gls|hermes|evri|royal mail|post(?:nl)?|colissimo|chronopost|correos|correios|ctt|sedex"
    r"|bluedart|blue dart|delhivery|dtdc|ekart|ecom express|xpressbees|india ?post|deutsche post|tnt|aramex|seur|bpost)"
)
PARCEL_WORD = (
    rf"(?:awb{MARK}|air ?waybill|way ?bill|track(?:ing)?{MARK}|parcels?|packages?|shipments?|consignments?|docket"
    r"|sendungs?\w{0,12}|paket\w{0,12}|colis|suivi|env[ií]o|paquetes?|gu[ií]a|rastreio|rastreamento|pacotes?|spedizione"
    rf"|pacco|zending|{CARRIER_NAME})"
)
OTHER_WORD = (
    r"(?:inv(?:oi?c?e?|io?ce|ice)s?|inovices?|bil{1,2}s?|receipts?|tickets?|zip(?: ?code)?|pin ?code|pincode|plz"
    r"|postleitzahl|postal(?: code)?|post"
    r" ?code"
    r"|code postal|c[oó]digo postal|cep|rechnung\w{0,10}|factur[ae]s?|fatura|fattura|phones?|mobile|telefon\w{0,10}"
    r"|t[eé]l[eé]phone|tel[eé]fono|telefone|celular|handy\w{0,8}|whats ?app|(?:call|reach|text|ring|contact)(?: me|"
    r" us)?(?: on| at)?|fax|otp|cvv|pin|password|code is"
    r"|card|karte|carte|tarjeta|cart[aã]o|account|konto|compte|cuenta|conta|iban|customer|kunden\w{0,8}|client|member"
    r"|vouchers?|coupons?|gutschein\w{0,6}|promo|gift ?card|serial|model|imei|pnr|passport|ssn|aadhaa?r|flat"
    r"|apartment|apt"
    r"|suite|house|room|street|item|article|artikel\w{0,8}|product|case|complaint)"
)
DATE = re.compile(r"\d{4}[-/]\d{1,2}[-/]\d{1,2}|\d{1,2}-\d{1,2}-\d{2,4}|\d{1,2}/\d{1,2}/\d{2,4}")
# Groups of three or four digits are one number: "2047 5518 3306"; more digits are numbers of their own.
GROUPED = re.compile(r"(?<!\d)\d{3,4}(?: \d{3,4}){1,5}(?![\w]| \d|[.,]\d)")
LISTED = re.compile(
    rf" ?(?:,|;|&|\+|/|and|und|et|y|e|aur|or|oder|ou|o|en)? ?(?:also |then )?#? ?({CODE})(?![.,]\d)", re.IGNORECASE
)
# "order12346" after "order 12345 and": the word is no part of the code.
WORD_GLUED = re.compile(r"[^\W\d_]{5}")
LOOK_BACK = 60


def beside(word: str, text: str) -> Iterator[tuple[int, int, str]]:
    """Give start, end and text of the codes that follow `word`, all of a list: "orders 12345, 12346 and 12347"."""
    for match in _following(word).finditer(text):
        if DATE.fullmatch(match[1]):
            continue
        grouped = GROUPED.match(text, match.start(1))
        at = grouped.end() if grouped else match.end()
        yield match.start(1), at, text[match.start(1) : at]
        while (more := LISTED.match(text, at)) and _goes_on(match[1], more):
            yield more.start(1), more.end(), more[1]
            at = more.end()


def says(word: str, text: str, at: int) -> bool:
    """Say whether `word` stands just before the code at `at`."""
    return bool(_leading(word).search(text[max(0, at - LOOK_BACK) : at]))


def _goes_on(first: str, more: re.Match[str]) -> bool:
    """Whether what follows a code is one more of its list; "12345, 500 g" and "12345 0049170…" are not."""
    if WORD_GLUED.match(more[1]):
        return False
    separated, like_it = more.start(1) - more.start() > 1, len(more[1]) == len(first)
    return (like_it or (separated and len(more[1]) > 4)) and more[0] != more[1] and not DATE.fullmatch(more[1])


@lru_cache(maxsize=16)
def _following(word: str) -> re.Pattern[str]:
    return re.compile(
        rf"(?<![^\W_])(?:{word})(?:(?=\d)|(?!\w)){FILLER}{OPENING}({CODE}"
        rf"|{TWO_WORDS})(?![.,]\d)",
        re.IGNORECASE,
    )


@lru_cache(maxsize=16)
def _leading(word: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![^\W_])(?:{word})(?:(?=\d)|(?!\w)){FILLER}{OPENING}$", re.IGNORECASE)

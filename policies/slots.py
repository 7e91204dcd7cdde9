"""What a customer names in a message: orders, parcels and articles, found by shape and by the words beside them."""

import re
import unicodedata
from collections.abc import Iterator, Sequence

from policies.amounts import NAMED

DASHES = r"\-‐‑‒–—−"
CODE = rf"(?=[\w{DASHES}/]*\d{{3}})[^\W_](?:[\w{DASHES}/]*\w)?"
FILLER = (
    r"(?:\s+(?:number|numbers|num|no|nr|id|ids|code|is|was|are|and|n[uú]mero|num[eé]ro|nummer|mit|der|n|wala|ka)\b)*"
    r"['\"]?\s*[.:=#°º]*\s*['\"]?"
)
ORDER_WORD = (
    r"(?:orders?|oder|oreder|roder|ordr|purchases?|purhase|bestell(?:ung|nummer|nr)\w*|auftrag\w*|commandes?|pedidos?"
    r"|encomendas?|compras?|ordem)"
)
PARCEL_WORD = (
    r"(?:awb|air\s?waybill|way\s?bill|tracking|parcel|package|shipment|consignment|docket|sendungs?\w*|paket\w*|colis"
    r"|suivi|env[ií]o|paquete|rastreio|pacote)"
)
OTHER_WORD = (
    r"(?:invoice|ticket|zip|pin\s?code|pincode|plz|postal|post\s?code|rechnung\w*|facture|factura|fatura|phone|otp)"
)
SKU = re.compile(rf"\bSKU[\s:{DASHES}]*(?=[A-Z]*\d)[A-Z0-9]+(?:[{DASHES}][A-Z0-9]+)*\b", re.IGNORECASE)
MARKED = re.compile(rf"#\s?({CODE})")
BARE = re.compile(rf"(?<![\w#@.,:/{DASHES}+$€£₹¥])({CODE})(?![\w@%€£₹¥]|[.,]\d)")
# Shapes a number may have when no word says what it is: digits alone, or a few letters and digits as shops print them.
BARE_SHAPE = re.compile(r"\d{5,18}|[A-Z]{1,4}\d{5,12}|[A-Z]{1,4}(?:-\d{2,10}){1,3}", re.IGNORECASE)
DATE = re.compile(r"\d{4}-\d{1,2}-\d{1,2}|\d{1,2}-\d{1,2}-\d{2,4}|\d{1,2}/\d{1,2}/\d{2,4}")
LIMIT = 10


def canonical(order_id: str) -> str:
    """Give the form in which two spellings of one order id are equal: no case, no punctuation, no odd dashes."""
    plain = unicodedata.normalize("NFKC", order_id).casefold()
    return "".join(char for char in plain if char.isalnum())


def order_ids(text: str, own: Sequence[str] = ()) -> tuple[str, ...]:
    """Find the orders a text names: the customer's own spelling where one of `own` is meant, else as typed."""
    text = NAMED.sub(lambda amount: " " * len(amount[0]), unicodedata.normalize("NFKC", text))
    mine = {canonical(order_id): order_id for order_id in own if canonical(order_id)}
    taken = {canonical(code) for code in (*awbs(text), *skus(text))}
    found: dict[str, str] = {}
    for start, typed, sure in sorted(_candidates(text, mine)):
        key = canonical(typed)
        if (sure or key not in taken) and not _is_something_else(text[:start], sure):
            found.setdefault(key, mine.get(key, typed))
    return tuple(found.values())[:LIMIT]


def awbs(text: str) -> tuple[str, ...]:
    """Find parcel numbers: a code beside a word for parcels or tracking."""
    text = unicodedata.normalize("NFKC", text)
    found = (code for _, code in _beside(PARCEL_WORD, text))
    return tuple(dict.fromkeys(code for code in found if not SKU.fullmatch(code)))[:LIMIT]


def skus(text: str) -> tuple[str, ...]:
    """Find article codes, in capitals with plain dashes."""
    text = unicodedata.normalize("NFKC", text)
    codes = (re.sub(rf"[\s:{DASHES}]+", "-", match.group().upper()) for match in SKU.finditer(text))
    return tuple(dict.fromkeys(code if code.startswith("SKU-") else f"SKU-{code[3:]}" for code in codes))[:LIMIT]


def mask(text: str) -> str:
    """Leave out the codes of a text, so that its meaning does not depend on a number."""
    text = SKU.sub("item", unicodedata.normalize("NFKC", text))
    text = MARKED.sub("", text)
    return re.sub(r"\s+", " ", BARE.sub("", text)).strip()


def _candidates(text: str, mine: dict[str, str]) -> Iterator[tuple[int, str, bool]]:
    """Positions and codes that may be order ids; True where the text itself says that this is an order."""
    for start, code in _beside(ORDER_WORD, text):
        yield start, _as_typed(text, start, code), True
    for match in MARKED.finditer(text):
        yield match.start(1), _as_typed(text, match.start(1), match[1]), True
    for match in BARE.finditer(text):
        code = match[1]
        if canonical(code) in mine or (BARE_SHAPE.fullmatch(code) and not DATE.fullmatch(code)):
            yield match.start(1), code, False


def _beside(word: str, text: str) -> Iterator[tuple[int, str]]:
    """Codes that follow `word`, also several of them: "orders 12345, 12346 and 12347"."""
    listed = re.compile(rf"(?:\s*(?:,|&|and|und|et|y|e|aur|or)\s*)#?\s?({CODE})(?![.,]\d)", re.IGNORECASE)
    for match in re.finditer(rf"\b{word}\b{FILLER}[({DASHES}]?\s?({CODE})(?![.,]\d)", text, re.IGNORECASE):
        if not DATE.fullmatch(match[1]):
            yield match.start(1), match[1]
            at = match.end()
            while more := listed.match(text, at):
                yield more.start(1), more[1]
                at = more.end()


def _as_typed(text: str, start: int, code: str) -> str:
    """Keep a '#' that belongs to the id; before plain digits it is only how people write "number"."""
    return f"#{code}" if text[:start].rstrip().endswith("#") and not code.isdigit() else code


def _is_something_else(before: str, sure: bool) -> bool:
    """Say whether the words just before a bare code give it another meaning, such as an invoice or a postcode."""
    word = OTHER_WORD if sure else rf"(?:{OTHER_WORD}|{PARCEL_WORD}|SKU)"
    return bool(re.search(rf"\b{word}\b{FILLER}[({DASHES}]?\s?$", before[-60:], re.IGNORECASE))

"""Take personal data out of a message before anything stores it; order numbers and parcel numbers stay."""

import re

EMAIL = re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@(?:[\w-]{1,63}\.)+[^\W\d_]{2,24}(?![\w-])")
DIGITS = re.compile(r"(?<![\w@])\+?\(?\d(?:[ .\-–/()]{0,3}\d){6,24}(?![\w@])")
# Networks in use: Amex, Diners, JCB, Visa, Mastercard, Discover, Maestro, UnionPay.
CARD = re.compile(
    r"3[47]\d{13}|3(?:0[0-5]|[68]\d)\d{11}|35\d{14}|(?:1800|2131)\d{11}|4\d{12}(?:\d{3}){0,2}|5[1-5]\d{14}|2[2-7]\d{14}"
    r"|6(?:011|4[4-9]\d|5\d\d)\d{12}|(?:5[06-8]|6[37])\d{10,17}|62\d{14,17}"
)
CARD_WORD = re.compile(
    r"(?:card|karte|kreditkarte|carte|tarjeta|cart[ãa]o)(?:\s+(?:number|num|no|nr|is))*\s*[.:#]*\s*$", re.IGNORECASE
)
SHOP_NUMBER = re.compile(
    r"(?:order|oder|ordr|purchase|invoice|awb|waybill|tracking|parcel|package|shipment|consignment|sku|ref|reference"
    r"|bestell\w*|sendung\w*|rechnung\w*|commande|colis|suivi|facture|pedido|encomenda|factura|fatura|env[ií]o)"
    r"(?:\s+(?:number|num|no|nr|id|code|is|n[uú]mero|num[eé]ro|nummer))*\s*[.:#°º-]*\s*$",
    re.IGNORECASE,
)
CALL_ME = re.compile(
    r"(?:phone|mobile|mob|cell|tel|telephone|telefon\w*|handy\w*|t[eé]l[eé]phone|portable|tel[eé]fono|m[oó]vil|telefone"
    r"|celular|whats\s?app|call|ring|text|contact|reach|rappel\w*|ruf\w*|ll[aá]m\w*|lig\w*)\b[^\d@\n]{0,24}$",
    re.IGNORECASE,
)
PHONE_SHAPE = re.compile(
    r"\+[\d .\-–/()]+|\(\d{2,5}\)[\d .\-–]+|\d{3}[ .\-–]\d{3}[ .\-–]\d{4}|1[ .\-]\d{3}[ .\-]\d{3}[ .\-]\d{4}"
)
LOOK_BACK = 48


def redact(text: str) -> str:
    """Replace e-mail addresses, payment cards and phone numbers by `[email]`, `[card]`, `[phone]`."""
    return DIGITS.sub(_judge_digits, EMAIL.sub("[email]", text))


def luhn(digits: str) -> bool:
    """Check the last digit of a card number."""
    doubled = (sum(divmod(2 * int(digit), 10)) for digit in digits[-2::-2])
    return (sum(doubled) + sum(map(int, digits[-1::-2]))) % 10 == 0


def _judge_digits(found: re.Match[str]) -> str:
    written = found.group()
    digits = re.sub(r"\D", "", written)
    before = found.string[max(0, found.start() - LOOK_BACK) : found.start()]
    grouped = len(written) > len(digits)
    # A card is grouped in fours on its face; a number of that look is a card even where an order number should be.
    if SHOP_NUMBER.search(before) and not (grouped and len(digits) >= 15 and luhn(digits)):
        return written
    if len(digits) >= 12 and luhn(digits) and (CARD.fullmatch(digits) or CARD_WORD.search(before)):
        return "[card]"
    looks_like_phone = PHONE_SHAPE.fullmatch(written) or CALL_ME.search(before)
    return "[phone]" if looks_like_phone and 7 <= len(digits) <= 15 else written

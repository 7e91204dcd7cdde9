"""Amounts a customer writes, in minor units; a negative amount stays negative, so that policy can refuse it."""

import re
import unicodedata

from policies.facts import AskedAmount

SIGNS = {
    "$": "USD",
    "US$": "USD",
    "€": "EUR",
    "£": "GBP",
    "₹": "INR",
    "¥": "JPY",
    "R$": "BRL",
    "A$": "AUD",
    "C$": "CAD",
    "円": "JPY",
    "₩": "KRW",
    "₺": "TRY",
}
WORDS = {
    "dollar": "USD", "dollars": "USD", "bucks": "USD", "euro": "EUR", "euros": "EUR", "eur": "EUR", "pound": "GBP",
    "pounds": "GBP", "quid": "GBP", "rupee": "INR", "rupees": "INR", "rupaye": "INR", "rs": "INR", "rs.": "INR",
    "yen": "JPY", "reais": "BRL", "francs": "CHF", "franken": "CHF", "sfr": "CHF", "sfr.": "CHF", "buck": "USD",
    "rupiya": "INR", "rupay": "INR", "rupaiye": "INR", "rupee's": "INR", "rupien": "INR", "rupias": "INR", "रुपये": "INR",
    "रुपए": "INR", "dolares": "USD", "dólares": "USD", "pfund": "GBP", "libras": "GBP", "livres": "GBP",
    "zloty": "PLN", "zł": "PLN",
}  # fmt: skip
CODES = (
    "USD",
    "EUR",
    "GBP",
    "INR",
    "JPY",
    "CHF",
    "CAD",
    "AUD",
    "BRL",
    "MXN",
    "SEK",
    "NOK",
    "DKK",
    "PLN",
    "SGD",
    "AED",
    "KRW",
)
DECIMALS = {"JPY": 0, "KRW": 0}

SIGN = "|".join(re.escape(sign) for sign in sorted(SIGNS, key=len, reverse=True))
NAME = "|".join(sorted((*WORDS, *(code.casefold() for code in CODES)), key=len, reverse=True)).replace(".", r"\.")
# Bounded: "111 111 111 …" must not be read again from each of its groups. "500/-" and "50,-" are whole amounts.
NUMBER = (
    r"(?:\d{1,3}(?:[.,']\d{2,3}){1,5}(?:[.,]\d{1,2})?|\d{1,3}(?: \d{3}){1,4}(?:[.,]\d{1,2})?|\d{1,12}(?:[.,]\d{1,3})?)"
    r"(?!\d)(?:/-|[.,]-{1,2})?"
)
MINUS = r"(?:[-−–]\s?|\bminus\s+|\bnegative\s+)"
NAMED = re.compile(
    rf"(?P<minus>{MINUS})?(?:(?P<before>(?<![^\W\d_])(?:{SIGN}|{NAME})"
    rf"|[$€£₹¥])[ \xa0]?(?P<minus2>{MINUS})?(?P<number>{NUMBER})"
    rf"|(?<![\w.,])(?P<number2>{NUMBER})[ -]?(?P<after>{SIGN}|(?:{NAME})(?!\w)))"
    r"|(?<![\w.,])(?P<indian>\d{1,7})/-(?![\w-])",
    re.IGNORECASE,
)
# Without a currency only two decimals, or a word that asks for money, make a number an amount.
UNNAMED = re.compile(
    rf"(?P<minus>{MINUS})?(?<![\w.,#/-])(?P<number>\d{{1,6}}[.,]\d{{2}})(?![\w.,%/-]*\d|\s?%)"
    rf"|\b(?:refund|refunded|reimburse|pay|credit|give)\s+(?:me\s+)?(?:back\s+)?(?:of\s+|just\s+|only\s+)?"
    rf"(?P<minus2>{MINUS})?(?P<number2>\d{{1,4}})(?![\w%#.,-]*\d)(?!\s*(?:%|percent|items?|pieces?|pairs?|of\b|x\b"
    rf"|days?|orders?))",
    re.IGNORECASE,
)
FRACTION = re.compile(r"[.,](\d{1,2})$")
LIMIT = 10


def amounts(text: str) -> tuple[AskedAmount, ...]:
    """Find amounts in the order written; currency is None where none was named."""
    text = unicodedata.normalize("NFKC", text)
    spans: list[tuple[int, int, AskedAmount]] = []
    for match in NAMED.finditer(text):
        currency = "INR" if match["indian"] else _currency(match["before"] or match["after"])
        number = (match["number"] or match["number2"] or match["indian"]).rstrip("/-,.")
        spans.append(_found(match, number, currency, bool(match["minus"] or match["minus2"])))
    for match in UNNAMED.finditer(text):
        if not any(start < match.end() and match.start() < end for start, end, _ in spans):
            number = match["number"] or match["number2"]
            spans.append(_found(match, number, None, bool(match["minus"] or match["minus2"])))
    return tuple(asked for _, _, asked in sorted(spans, key=lambda span: span[0]))[:LIMIT]


def _found(match: re.Match[str], number: str, currency: str | None, negative: bool) -> tuple[int, int, AskedAmount]:
    minor = _minor(number, DECIMALS.get(currency or "", 2))
    return *match.span(), AskedAmount(minor=-minor if negative else minor, currency=currency, text=match[0].strip())


def _currency(name: str) -> str:
    return SIGNS.get(name.upper()) or WORDS.get(name.casefold()) or name.upper()


def _minor(number: str, decimals: int) -> int:
    """Read "1,234.56", "1.234,56", "1,00,000" and "89.9": a last group of one or two digits is a fraction."""
    fraction = FRACTION.search(number)
    cents = fraction[1].ljust(decimals, "0")[:decimals] if fraction else ""
    whole = number[: fraction.start()] if fraction else number
    return int(re.sub(r"\D", "", whole)) * int(10**decimals) + int(cents or 0)

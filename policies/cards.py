"""Find payment cards: by their network, their length and their check digit, however the digits are grouped."""

import re
from collections.abc import Iterator

from policies.number_words import IN_CODE, SHOP_NUMBER

LOOK = 48
FEWEST, MOST = 12, 19
# Networks in use: Amex, Diners, JCB, Visa, Mastercard, Discover, Maestro, UnionPay, RuPay, Mir, Troy.
CARD = re.compile(
    r"3[47]\d{13}|3(?:0[0-59]|[689]\d)\d{11}|35\d{14}|3(?:088|096|112|158|337)\d{12}|(?:1800|2131)\d{11}|4\d{12}(?:\d{3}){0,2}"
    r"|5[1-5]\d{14}|2[2-7]\d{14}|220[0-4]\d{12,15}|6(?:011|4[4-9]\d|5\d\d)\d{12,15}|(?:5[06-8]|6[37])\d{10,17}|62\d{14,17}"
    r"|6[0-9]\d{14}|8[12]\d{14}|9792\d{12}|0604\d{8}"
)
CARD_WORD = re.compile(
    r"(?:cards?|cc|visa|master\s?card|amex|american\s+express|maestro|discover|rupay|diners|jcb|karten?|kreditkarte|carte|tarjeta"
    r"|cart[ãa]o|carta|kaart|kort|карт\w*|カード|卡号?)(?:[\s.:#=*(,-]|\b(?:number|num|no|nr|is|n[uú]mero|num[eé]ro|nummer|ending|was"
    r"|ist|est|es|é|my|the)\b){0,10}\Z",
    re.IGNORECASE,
)
GIFT = re.compile(
    r"(?:gift|store|loyalty|bonus|member\w*|customer|geschenk|cadeau|regalo)\s?-?\s?\w{4,6}\W", re.IGNORECASE
)
# The groups on the face of a card, with anything short between them; looked for at every group.
FACE = re.compile(
    r"(?<!\d)(?=(\d{4}(?:[^\w]{1,3}\d{4}){3}(?:[^\w]{1,3}\d{3})?(?!\d)|\d{4}[^\w]{1,3}\d{6}[^\w]{1,3}\d{4,5}(?!\d)"
    r"|\d{4}(?:[^\w]{1,3}\d{4}){3}(?!\d)))"
)
RUN = re.compile(r"(?<!\d)\d(?:[ \t.\-/_|·•]{0,3}\d)*")
ENOUGH = re.compile(r"(?:\d\D{0,3}){11}\d")
GROUP = re.compile(r"\d+")


def find(text: str) -> Iterator[tuple[int, int]]:
    """Give the spans of cards; those in the groups of a card's face come first, and spans may overlap."""
    if not ENOUGH.search(text):
        return
    for face in FACE.finditer(text):
        written = face[1]
        shorter = written[: _end_of(written, 16)]
        for form in dict.fromkeys((written, shorter)):
            if _is_card(re.sub(r"\D", "", form)):
                yield face.start(), face.start() + len(form)
                break
    for run in RUN.finditer(text):
        if run.end() - run.start() >= FEWEST:
            yield from _in_run(text, run)


def luhn(digits: str) -> bool:
    """Check the last digit of a card number."""
    doubled = (sum(divmod(2 * int(digit), 10)) for digit in digits[-2::-2])
    return (sum(doubled) + sum(map(int, digits[-1::-2]))) % 10 == 0


def _in_run(text: str, run: re.Match[str]) -> Iterator[tuple[int, int]]:
    """Try every stretch of whole groups that has as many digits as a card, the longest first."""
    groups = [found.span() for found in GROUP.finditer(text, *run.span())]
    digits = GROUP.findall(run[0])
    before = text[max(0, run.start() - LOOK) : run.start()]
    named = bool(CARD_WORD.search(before))
    glued = before[-1:].isalnum() or before.endswith("_")
    shop = bool(SHOP_NUMBER.search(before)) and not named
    if glued and not named:
        return
    in_code = bool(IN_CODE.search(before)) and not named
    first = 0
    while first < len(groups):
        fitting = _fitting(digits, first)
        for last in reversed(fitting):
            joined = "".join(digits[first:last])
            # A short stretch is a card only where nothing else is written beside it: chance hits among short numbers.
            apart = len(joined) >= 15 or last - first == len(groups)
            if (
                apart
                and not _is_code(digits[first:last], shop and first == 0, in_code and first == 0)
                and _stands(joined, named and first == 0)
            ):
                yield groups[first][0], groups[last - 1][1]
                first = last - 1
                break
        else:
            if (
                named
                and first == 0
                and fitting
                and not GIFT.search(before)
                and len("".join(digits[: fitting[-1]])) >= 13
            ):
                yield groups[0][0], groups[fitting[-1] - 1][1]
                return
        first += 1


def _fitting(digits: list[str], first: int) -> list[int]:
    """Give the ends of the stretches from `first` that have the length of a card."""
    ends, length = [], 0
    for last in range(first, len(digits)):
        length += len(digits[last])
        if length > MOST:
            break
        if length >= FEWEST:
            ends.append(last + 1)
    return ends


def _is_code(digits: list[str], shop: bool, in_code: bool) -> bool:
    """Say whether a word or a code before digits makes a shop's number of them; in pieces, a card's are short."""
    long = max(map(len, digits)) > 6
    plain = len(digits) == 1
    return (shop and long) or (in_code and (len(digits[0]) < 15 if plain else long))


def _stands(digits: str, named: bool) -> bool:
    return (named or CARD.fullmatch(digits) is not None) and luhn(digits)


def _is_card(digits: str) -> bool:
    return digits[0] in "2345689" and luhn(digits)


def _end_of(written: str, count: int) -> int:
    """Give where the first `count` digits end."""
    ends = [found.end() for found in re.finditer(r"\d", written)]
    return ends[count - 1] if len(ends) >= count else len(written)

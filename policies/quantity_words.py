"""The words a quantity is written in, in English and German: numbers, units, months, weekdays."""

import re
from decimal import Decimal

from babel.dates import get_day_names, get_month_names

LANGUAGES = ("en", "de")

_DIGITS = {
    "en": "one two three four five six seven eight nine",
    "de": "ein zwei drei vier fünf sechs sieben acht neun",
}
_TEENS = {
    "en": "ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen",
    "de": "zehn elf zwölf dreizehn vierzehn fünfzehn sechzehn siebzehn achtzehn neunzehn",
}
_TENS = {
    "en": "twenty thirty forty fifty sixty seventy eighty ninety",
    "de": "zwanzig dreißig vierzig fünfzig sechzig siebzig achtzig neunzig",
}
# A number only before a unit: "a day", "ein Monat", but not "a label" or "the one you have".
ARTICLES = frozenset(("a", "an", "one", "ein", "eine", "einem", "einen", "einer", "eines"))
HALF = r"half an?|(?:eine[nmrs]?|ein) halbe[nrs]?"
_WHOLE_AND_HALF = {
    "one and a half": "1.5", "two and a half": "2.5", "anderthalb": "1.5", "eineinhalb": "1.5", "zweieinhalb": "2.5",
}  # fmt: skip


def _below_hundred() -> dict[str, int]:
    words: dict[str, int] = {"dreissig": 30, "a dozen": 12, "dozen": 12, "dutzend": 12}
    for language in LANGUAGES:
        digits = {word: value for value, word in enumerate(_DIGITS[language].split(), 1)}
        words |= digits | {word: value for value, word in enumerate(_TEENS[language].split(), 10)}
        for ten, word in enumerate(_TENS[language].split(), 2):
            words[word] = 10 * ten
            for digit, value in digits.items():
                for written in (f"{word}-{digit}", f"{word} {digit}") if language == "en" else (f"{digit}und{word}",):
                    words[written] = 10 * ten + value
    return words


def _spelled() -> dict[str, Decimal]:
    small = _below_hundred()
    words = {word: Decimal(value) for word, value in small.items()} | {word: Decimal(1) for word in ARTICLES}
    for value in range(1, 10):
        english, german = (_DIGITS[language].split()[value - 1] for language in LANGUAGES)
        words |= {f"{english} hundred": Decimal(100 * value), f"{english} thousand": Decimal(1000 * value)}
        words |= {f"{german}hundert": Decimal(100 * value), f"{german}tausend": Decimal(1000 * value)}
    words |= {"a hundred": Decimal(100), "hundert": Decimal(100), "a thousand": Decimal(1000)}
    return words | {word: Decimal(value) for word, value in _WHOLE_AND_HALF.items()}


SPELLED = _spelled()
NUMBER_WORD = "|".join(re.escape(word) for word in sorted(SPELLED, key=len, reverse=True))

# Canonical unit, how many of it one is, and how it is written. Weeks are days, years are months; hours stay hours.
_UNITS = (
    ("working_day", 1, r"(?:working|business|banking)[ -]days?|(?:bank)?(?:arbeits|geschäfts|werk)tag(?:e[ns]?|s)?"),
    ("day", 1, r"(?:calendar )?days?|(?:kalender)?tag(?:e[ns]?|s)?|tägige?[mnrs]?"),
    ("day", 7, r"weeks?|wochen?|wöchige?[mnrs]?"),
    ("day", 14, r"fortnights?"),
    ("month", 1, r"months?|monat(?:e[ns]?|s)?|monatige?[mnrs]?"),
    ("month", 12, r"years?|jahre?[ns]?|jährige?[mnrs]?"),
    ("hour", 1, r"hours?|hrs?|stunden?|stündige?[mnrs]?"),
    ("minute", 1, r"minutes?|mins?|minuten?"),
    ("percent", 1, r"%|per ?cent|prozent"),
    ("gram", 1000, r"kg|kilos?|kilogram(?:me?)?s?"),
    ("gram", 1, r"g|gram(?:me?)?s?"),
    ("pound_weight", 1, r"lbs?"),
    ("metre", 1000, r"km|kilomet(?:er|re)[ns]?"),
    ("metre", 1, r"m|met(?:er|re)[ns]?"),
    ("centimetre", 1, r"cm|centimet(?:er|re)s?|zentimetern?"),
    ("mile", 1, r"miles?"),
    ("litre", 1, r"lit(?:er|re)[ns]?"),
)  # fmt: skip
UNIT = "|".join(f"(?P<u{at}>{written})" for at, (_, _, written) in enumerate(_UNITS))
MEANING = {f"u{at}": (unit, Decimal(factor)) for at, (unit, factor, _) in enumerate(_UNITS)}

MONTHS = {
    name.rstrip(".").casefold(): number
    for language in LANGUAGES
    for width in ("wide", "abbreviated")
    for number, name in get_month_names(width, locale=language).items()
} | {"jänner": 1, "sept": 9}
WEEKDAYS = {
    name.casefold(): number for language in LANGUAGES for number, name in get_day_names("wide", locale=language).items()
} | {"sonnabend": 5}

# After a number that says no unit: "three on a bank account", "one to two, counted from", "gold members have 60."
BARE = re.compile(
    r"\s*(?:\Z|[.,;:!?)\]|/–\n-]|(?:on|in|for|to|at|by|if|when|where|or|and|from|of|with|is|are|was|will|after|before"
    r"|unless"
    r"|otherwise|counted|only|instead|an|auf|bei|für|bis|oder|und|von|ab|mit|ist|sind|wenn|nach|vor|sonst|nur|per"
    r"|once)\b)",
    re.IGNORECASE,
)
BETWEEN = re.compile(r"\s*(?:[-–—/]|,|,? ?(?:to|or|and|up to|bis(?: zu)?|oder|und))\s*", re.IGNORECASE)

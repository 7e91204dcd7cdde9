"""Money, dates and lists as customers read them in their language."""

from collections.abc import Sequence
from datetime import UTC, datetime, tzinfo
from decimal import Decimal
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_datetime
from babel.lists import format_list
from babel.numbers import format_currency, get_currency_precision

from policies.facts import Money

# The month in words, the day first: never mistaken for another day, whoever reads it.
DAY = "d MMMM yyyy"
DAY_IN = {"de": "d. MMMM yyyy", "es": "d 'de' MMMM 'de' yyyy", "pt": "d 'de' MMMM 'de' yyyy"}


# ISO 4217 minor units, 2 where not named. Babel's own count follows customs (no cents for ALL or RSD), banks do not.
NO_DECIMALS = frozenset(
    {
        *("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG"),
        *("RWF", "UGX", "UYI", "VND", "VUV", "XAF", "XOF", "XPF"),
    }
)
THREE_DECIMALS = frozenset(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"))


def money(amount: Money, language: str) -> str:
    """Format minor units with ISO 4217's number of decimals: 8999 USD is `$89.99`, 900 JPY `¥900`."""
    digits = 0 if amount.currency in NO_DECIMALS else 3 if amount.currency in THREE_DECIMALS else 2
    exact = Decimal(amount.minor).scaleb(-digits)
    customary = get_currency_precision(amount.currency) == digits
    return format_currency(exact, amount.currency, locale=_locale(language), currency_digits=customary)


def day(moment: datetime, language: str) -> str:
    return _format(moment, "", language)


def instant(moment: datetime, language: str, zone: str = "UTC") -> str:
    """Name a moment as clocks in a time zone show it, with the zone's short name."""
    where = ZoneInfo(zone)
    return f"{_format(moment, ' HH:mm', language, where)} {moment.astimezone(where).tzname()}"


def listed(items: Sequence[str], language: str) -> str:
    return format_list(items, locale=_locale(language))


def either(items: Sequence[str], language: str) -> str:
    """Join choices with "or"."""
    return format_list(items, style="or", locale=_locale(language))


def _format(moment: datetime, then: str, language: str, zone: tzinfo = UTC) -> str:
    locale = _locale(language)
    return format_datetime(moment, DAY_IN.get(locale.language, DAY) + then, tzinfo=zone, locale=locale)


def _locale(language: str) -> Locale:
    return LOCALES.get(language.split("-")[0], LOCALES["en"])


def _read_now(locale: Locale) -> Locale:
    """Make babel read its files while modules load: workflow code that runs later may not touch a disk."""
    format_datetime(datetime(2026, 1, 1), "EEEE d MMMM yyyy HH:mm", locale=locale)
    format_list(["a", "b"], locale=locale)
    format_list(["a", "b"], style="or", locale=locale)
    format_currency(1, "USD", locale=locale)
    return locale


LOCALES = {language: _read_now(Locale(language)) for language in ("en", "de", "es", "fr", "hi", "pt")}

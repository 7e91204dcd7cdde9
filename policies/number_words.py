"""Words and shapes that say what a number is: a telephone's, a shop's, money, a date; in the languages shops hear."""

import re

NOUN = (
    r"(?:(?:tele|cell)?phone|mobiel|mobile?|mob|cel|cell(?:ular)?|tel|t[eé]l|tel[eé]fon[oe]?|telefon\w*|t[eé]l[eé]phone|telefoon\w*"
    r"|fax|desk(?=\s?:)|landline|festnetz|handy\w*|portable|m[oó]vil|celular|cellulare|telem[oó]vel|fijo|fixe|whats\s?app"
    r"|telegram|viber|sms|hotline|rufnummer|durchwahl|gsm|puhelin\w*|phn|ph|contact|callback|registered"
    r"|тел|телефон\w*|моб\w*|फ़?ोन|मोबाइल|电话|手机|電話|携帯|전화|휴대폰|هاتف|جوال|טלפון)"
)
VERB = (
    r"(?:call\w*|ring\s+(?:me|us)|dial|text|reach|answer\w*\s+(?:at|on)|messages?\s+(?:to|at|on)|rappel\w*|appel\w*|joindre"
    r"|joignable|rufe?n?|rückruf|anruf\w*|erreich\w*|ll[aá]m\w*|marcar?|lig(?:ue|ar|uem?)|chiam\w*|bel\s+(?:me|mij|ons)"
    r"|get\s+(?:hold\s+of\s+)?me|zadzwo\w*|позвон\w*|звон\w*)"
)
LINK = (
    r"(?:[\s:.#=*(\\,’'º°-]|\b(?:me|us|him|her|them|you|sie|ihn|dich|back|on|from|at|to|under|via|by|the|my|his|our|this|numero|num[eé]ro"
    r"|n[uú]mero|numbers?|nummer|num|nbr|no|nr|n|is|it|its|s|am|au|al|a|ao|o|le|la|el|ist|est|es|mich|uns|unter|der|die"
    r"|meine|mon|ma|mi|meu|minha|moi|mir|please|bitte|para|pour|por|em|en|directly|now|anytime|here|in|mijn|op|het|only|other"
    r"|new|office|home|work|personal|private|or|and|und|oder|ou|et|y|i|hai|he|par|pe|karo|kar|do|zu|zur|ein|um|às|às)\b)"
)
# Said straight before it: digits may be written in any way.
BEFORE = re.compile(rf"(?<![^\W\d_])(?:{NOUN}|{VERB}){LINK}{{0,24}}\Z", re.IGNORECASE)
# Said nearby: enough where digits are grouped.
NEAR = re.compile(
    rf"(?<![^\W\d_])(?:{NOUN}|{VERB})\b(?![^\d@\n]{{0,20}}\b(?:about|regarding|concerning|for|re|wegen|zu|sobre|concernant)\b)"
    r"[^\d@\n]{0,24}\Z",
    re.IGNORECASE,
)
# What may be the number of an order as well: enough where digits are grouped, or valid in the tenant's own region.
MY_NUMBER = re.compile(
    rf"\b(?:(?:my|mera|mijn|meine|mi|mon|meu|il\s+mio)\s+(?:new\s+)?|(?:das\s+ist|this\s+is)\s+(?:my|meine)\s+)"
    rf"(?:number|num|no|numero|num[eé]ro|n[uú]mero|nummer|nr){LINK}{{0,12}}\Z",
    re.IGNORECASE,
)
AFTER = re.compile(
    r"[\s(,:\\-]{0,3}(?:is\s+my\s+)?(?:office|fax|mobile?|cell|desk|home|work|tel|phone|telefon|whats\s?app|handy|landline)\b"
    r"(?P<end>\s?(?:number|nr|no)?\s?(?:$|[\n,;.)]))?",
    re.IGNORECASE,
)
SHOP_NUMBER = re.compile(
    r"(?<![^\W\d_])(?:orders?|oder|ordr|ordedr|purchases?|invoices?|bill|awb|waybill|tracking|parcel|package|shipment|consignment|sku|upc|ean|isbn"
    r"|ref|reference|sizes?|qty|quantity|amount|points|gr[oö](?:ss|ß)en?|taille|talla|tamanho|article|item|product|model|serial|imei|voucher|coupon|ticket|case|transaction|txn|payment\s+id"
    r"|bestell\w*|auftrag\w*|sendung\w*|paket\w*|rechnung\w*|artikel\w*|kunden\w*|commande|colis|suivi|facture|article|pedido|compra|encomenda"
    r"|factura|fatura|env[ií]o|ordine|fattura|spedizione|zam[oó]wieni\w*|bestelling|pakket|factuur)"
    r"(?:\s*(?:[.:#=°º'\"(-]|\b(?:number|num|no|nr|id|ids|code|is|n[uú]mero|num[eé]ro|nummer|n|was|and|with|of|the|status)\b)){0,8}\s*\Z",
    re.IGNORECASE,
)
MONEY_BEFORE = re.compile(r"(?:[$€£₹¥]|\b(?:usd|eur|gbp|inr|jpy|chf|rs|brl)\.?)\s?\Z", re.IGNORECASE)
MONEY_AFTER = re.compile(
    r"(?:,\d{1,2})?\s?(?:[€£$₹¥%]|(?:eur|euros?|usd|gbp|inr|jpy|chf|rs|rupees?|dollars?|pounds?|yen|won|pesos|reais|zł|kr)\b)",
    re.IGNORECASE,
)
# Part of a longer code, such as the digits of "NW-10023-4" or "#12345".
IN_CODE = re.compile(r"\w[-_/]?\Z|[A-Z0-9]\.\Z|#\s?\Z")
MASKED = re.compile(r"[*•●xX]{2}[ -]?\Z")
DATE = re.compile(
    r"(?:(?:19|20)\d\d([-./ ])(?:0?[1-9]|1[0-2])\1(?:0?[1-9]|[12]\d|3[01])"
    r"|(?:0?[1-9]|[12]\d|3[01])([-./])(?:0?[1-9]|1[0-2])\2(?:(?:19|20)\d\d|\d\d)"
    r"|(?:0?[1-9]|1[0-2])([-./])(?:0?[1-9]|[12]\d|3[01])\3(?:(?:19|20)\d\d|\d\d)"
    r"|(?:0?[1-9]|[12]\d|3[01]) (?:0?[1-9]|1[0-2]) (?:19|20)\d\d)(?: {1,3}(?:[01]?\d|2[0-3]))?"
)
ADDRESS = re.compile(r"(?:25[0-5]|2[0-4]\d|1?\d?\d)(?:\.(?:25[0-5]|2[0-4]\d|1?\d?\d)){3}")
# Codes of shops and carriers by their shape alone: a UUID, an Amazon order, a parcel of the US mail.
CODE = re.compile(
    r"(?<!\w)(?:[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}|\d{3}-\d{7}-\d{7}|9[1-5]\d\d(?: \d{4}){4} \d\d)(?!\w)",
    re.IGNORECASE,
)
ROUND = re.compile(r"\d{1,3}(?:[ .]\d{3}){1,3}(?<=000)")
YEARS = re.compile(r"(?:19|20)\d\d[ ./-]{1,3}(?:19|20)\d\d")
POSTCODE = re.compile(r"\d{5}-\d{4}")


def is_date(written: str) -> bool:
    """Say whether grouped digits read as a date, with an hour or without."""
    return DATE.fullmatch(written) is not None


def is_something_else(written: str) -> bool:
    """Say whether grouped digits read as a date, years, a round sum, a network address or an American postcode."""
    return any(shape.fullmatch(written) for shape in (DATE, ADDRESS, YEARS, POSTCODE, ROUND))

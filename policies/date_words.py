"""The words that a date begins or is made of, language by language."""

import re

_NUMBERS = {
    "1": "one ein einem einer eine un une uno una um uma een ek",
    "2": "two zwei deux dos dois duas due twee do couple",
    "3": "three drei trois tres três tre drie teen few",
    "4": "four vier quatre cuatro quatro quattro char chaar",
    "5": "five fünf cinq cinco cinque vijf paanch panch",
    "6": "six sechs seis sei zes chhe",
    "7": "seven sieben sept siete sete sette zeven saat",
    "8": "eight acht huit ocho oito otto aath",
    "9": "nine neun neuf nueve nove negen nau",
    "10": "ten zehn dix diez dez dieci tien das",
}
NUMBERS = {word: digits for digits, words in _NUMBERS.items() for word in words.split()}
# Numbers in English alone: in "il y a trois jours" it is a verb.
ARTICLES = {"a": "1", "an": "1"}
# Hindi in Latin script, as no library reads it; "hafte", "mahine" and the days of the week.
TRANSLATED = {
    "kal": "yesterday", "कल": "yesterday", "parso": "2 days ago", "parson": "2 days ago", "aaj": "today", "आज": "today",
    "pichle": "last", "pichhle": "last", "pichli": "last", "agle": "next", "is": "this",
    "din": "days", "hafte": "week", "hafta": "week", "mahine": "month", "saal": "year", "pehle": "ago", "pahle": "ago",
    "somwar": "monday", "somvar": "monday", "mangalwar": "tuesday", "mangalvar": "tuesday", "budhwar": "wednesday",
    "guruwar": "thursday", "shukrawar": "friday", "shukravar": "friday", "shaniwar": "saturday", "raviwar": "sunday",
    "itwar": "sunday", "ko": "",
}  # fmt: skip
_NUMBER = r"(?:\d{1,3}|" + "|".join(sorted((*NUMBERS, *ARTICLES), key=len, reverse=True)) + ")"
_DAYS = {
    "en": "monday|tuesday|wednesday|thursday|friday|saturday|sunday",
    "de": "montag|dienstag|mittwoch|donnerstag|freitag|samstag|sonnabend|sonntag",
    "fr": "lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche",
    "es": "lunes|martes|mi[eé]rcoles|jueves|viernes|s[aá]bado|domingo",
    "pt": "segunda-feira|ter[cç]a-feira|ter[cç]a|quarta-feira|quinta-feira|sexta-feira",
    "it": "luned[iì]|marted[iì]|mercoled[iì]|gioved[iì]|venerd[iì]|domenica",
    "nl": "maandag|dinsdag|woensdag|donderdag|vrijdag|zaterdag|zondag",
}
_MONTHS = {
    "en": "jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?"
    "|nov(?:ember)?|dec(?:ember)?",
    "de": "januar|jänner|februar|märz|april|mai|juni|juli|august|september|oktober|november|dezember",
    "fr": "janvier|février|fevrier|mars|avril|mai|juin|juillet|août|aout|septembre|octobre|novembre|décembre|decembre",
    "es": "enero|febrero|marzo|abril|mayo|junio|julio|agosto|septiembre|setiembre|octubre|noviembre|diciembre",
    "pt": "janeiro|fevereiro|março|abril|maio|junho|julho|agosto|setembro|outubro|novembro|dezembro",
    "it": "gennaio|febbraio|marzo|aprile|maggio|giugno|luglio|agosto|settembre|ottobre|novembre|dicembre",
    "nl": "januari|februari|maart|april|mei|juni|juli|augustus|september|oktober|november|december",
}
_YEAR = r"(?:,? (?:de |del )?20\d\d(?!\w))?"
_RELATIVE = {
    "en": rf"(?:the )?day (?:before yesterday|after tomorrow)|yesterday|today|tomorrow"
    rf"|(?:a )?{_NUMBER} (?:of )?(?:days?|weeks?|months?) (?:ago|back)|in {_NUMBER} (?:days|weeks)"
    rf"|(?:last|this|next|past) (?:week|month|year|{_DAYS['en']})|{_DAYS['en']}",
    "de": rf"vorgestern|gestern|heute|übermorgen|vor {_NUMBER} (?:tag(?:en)?|wochen?|monat(?:en)?)"
    rf"|(?:letzte|vorige|diese|nächste|kommende)[nrms]? (?:woche|monat|jahr|{_DAYS['de']})|{_DAYS['de']}",
    "fr": rf"avant[- ]hier|hier|aujourd'hui|aujourd’hui|demain|il y a {_NUMBER} (?:jours?|semaines?|mois)"
    rf"|(?:la )?semaine (?:dernière|derniere|passée|prochaine)|(?:le )?mois (?:dernier|passé|prochain)"
    rf"|(?:{_DAYS['fr']})(?: (?:dernier|passé|prochain))?",
    "es": rf"anteayer|antier|ayer|hoy|hace {_NUMBER} (?:d[ií]as?|semanas?|mes(?:es)?)"
    rf"|(?:la )?(?:semana (?:pasada|pr[oó]xima)|pr[oó]xima semana)|(?:el )?mes pasado"
    rf"|(?:pasado )?(?:{_DAYS['es']})(?: pasado)?",
    "pt": rf"anteontem|ontem|hoje|amanhã|h[aá] {_NUMBER} (?:dias?|semanas?|m[eê]s(?:es)?)|{_NUMBER} (?:dias?"
    rf"|semanas?) atrás"
    rf"|(?:na )?(?:semana passada|próxima semana)|(?:no )?mês passado|(?:última )?(?:{_DAYS['pt']})(?: passada)?",
    "it": rf"ieri|oggi|domani|{_NUMBER} (?:giorn[io]|settiman[ae]|mes[ei]) fa|(?:la )?settimana scorsa"
    rf"|(?:{_DAYS['it']})(?: scorso)?",
    "nl": rf"eergisteren|gisteren|vandaag|morgen|{_NUMBER} (?:dag(?:en)?|weken|week|maanden) geleden"
    rf"|(?:vorige|afgelopen|volgende) (?:week|maand|{_DAYS['nl']})|{_DAYS['nl']}",
    "hi": rf"kal|parson?|aaj|कल|आज|{_NUMBER} (?:din|hafte|mahine) (?:pehle|pahle)|(?:pichh?l[ei]|agle|is) (?:hafte"
    rf"|mahine)"
    r"|(?:(?:pichh?l[ei]|agle) )?(?:som[wv]ar|mangal[wv]ar|budhwar|guruwar|shukra[wv]ar|shaniwar|raviwar|itwar)",
}


def _absolute(language: str) -> str:
    months = _MONTHS[language]
    day = r"(?:[12]\d|3[01]|0?[1-9])(?:st|nd|rd|th|\.|er|º|°)?"
    no_count = r"(?![\d.,:]\d|\d| ?(?:items?|pieces?|pcs|x)\b)"
    return rf"{day} ?(?:of |de )?(?:{months})\b{_YEAR}|(?:{months}) {day}{no_count}{_YEAR}"


_GROUPS = "|".join(
    rf"(?P<{language}>{relative}{'|' + _absolute(language) if language in _MONTHS else ''})"
    for language, relative in _RELATIVE.items()
)
_DAY, _MONTH = r"(?:[12]\d|3[01]|0?[1-9])", r"(?:0?[1-9]|1[0-2])"
_NUMERIC = (
    rf"20\d\d(?P<iso>[-/]){_MONTH}(?P=iso){_DAY}|{_DAY}(?P<sep>[/.-]){_DAY}(?P=sep)(?:20)?\d\d|{_DAY}/{_DAY}"
    rf"|{_DAY}\.{_MONTH}\.(?!\d)"
)
_END = r"(?![\w/]|[.,-]\d|-[^\W\d_]|\s?(?:%|[$€£₹]))"
CUE = re.compile(rf"(?<![\w#$€£₹/.,-])(?:(?P<numeric>{_NUMERIC})|{_GROUPS}){_END}", re.IGNORECASE)
WEEKDAY = re.compile("|".join(_DAYS.values()), re.IGNORECASE)
LAST = re.compile(
    r"\b(?:last|past|letzte[nrms]?|vorige[nrms]?|dernier|passé|pasado|passada|última|scorso|vorige|afgelopen|this)\b"
)
FUTURE = re.compile(
    r"\b(?:next|in \d|nächste[nrms]?|kommende[nrms]?|prochaine?|pr[oó]xim[ao]|volgende|tomorrow|morgen|agle"
    r"|\w{2,12}(?:ega|egi|enge|unga|oge|aega)|hoga|hogi)\b"
)
SPAN = re.compile(r"week|woche|semaine|semana|settiman|month|monat|mois|mes\b|m[eê]s\b|maand|year|jahr|weken")

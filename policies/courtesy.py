"""What a reply may say without any fact: courtesies, and the words that only hold sentences together."""

import re

from policies.assents import ASSENTS

_GREETING = {
    "en": r"(?:hi|hello|hey|dear customer|good (?:morning|afternoon|evening|day))(?: there)?\b[,!. ]*",
    "de": r"(?:hallo|guten (?:tag|morgen|abend)|liebe kundin|lieber kunde|sehr geehrte damen und herren)\b[,!. ]*",
}
# Whole phrases: a word of them elsewhere is a word like any other.
_PHRASES = {
    "en": (
        r"(?:many )?thank(?:s| you)(?: (?:so|very) much)?(?: again)?(?: for (?:your (?:patience|message|understanding"
        r"|question|request)|reaching out|contacting us|getting in touch|asking|waiting|writing|letting (?:me|us) know"
        r"|being patient|bearing with us|checking in))?(?=\W|$)",
        r"(?:i'?m|i am|we'?re|we are)?(?: (?:so|very|truly|really))? ?sorry(?: (?:about|for) (?:this|that|it"
        r"|(?:the|any|all the) (?:inconvenience|trouble|frustration|confusion|hassle)(?: (?:this|it)"
        r"(?: (?:has|may have))? caused(?: you)?)?))?"
        r"(?: to (?:hear (?:that|this|about this)|(?:tell|inform) you(?: that)?))?(?=\W|$)(?:, but\b)?",
        r"i(?:'m| am) (?:happy|glad|pleased) to (?:tell|inform) you(?: that)?|i can (?:confirm|tell you) that"
        r"|i(?:'d like| would like| wanted| want) to let you know that|i can see that|i hope (?:this|that) helps"
        r"|(?:i|we) (?:really )?appreciate your (?:patience|understanding)",
        r"if there(?:'s| is) anything else (?:i can (?:do|help(?: you)? with)|you need),? (?:please |just )*let me know"
        r"|please (?:don't|do not) hesitate to (?:ask|write|contact us|reach out)"
        r"|(?:how|what) can i (?:help|do for)(?: you)?(?: with)?(?: today)?(?=\W|$)",
        r"(?:i|we|my|our)? ?(?:sincere(?:ly)? )?apolog(?:i[sz]e|ies)(?: for (?:this|that|(?:the|any) (?:inconvenience"
        r"|trouble|frustration|confusion)))?(?=\W|$)",
        r"i (?:completely |fully |totally |do )?(?:understand|see|know) (?:(?:that )?(?:this (?:is|can be|must be)|how)"
        r" (?:very |really |so )?(?:frustrating|disappointing|annoying|upsetting|worrying|important)"
        r"(?: this (?:is|can be|must be))?(?: for you)?|your (?:frustration|concern|disappointment))(?=\W|$)",
        r"(?:i )?understand (?:that )?you (?:would like|want)(?: to have)? a refund(?=\W|$)",
        r"is there anything else (?:i|we) can (?:do|help)(?: (?:you )?with)?(?: for you)?(?: today)?(?=\W|$)",
        r"(?:please )?(?:just )?(?:let me know|feel free to (?:ask|write|reach out|contact us))(?: (?:if|should)"
        r" (?:you have (?:any )?(?:other |further |more )?questions|you need anything else|there is anything else"
        r"(?: i can (?:do|help with))?))?(?=\W*$)",
        r"if you have (?:any )?(?:other |further |more )?questions,? (?:please )?(?:just )?(?:let me know"
        r"|feel free to ask|write to me)(?=\W|$)",
        r"(?:i'?m|i am|we'?re) (?:always )?(?:happy|glad|here) to help(?: you)?(?: with (?:that|this))?(?=\W|$)",
        r"(?:have a (?:great|nice|good|lovely|wonderful) (?:day|evening|weekend)|(?:best|kind|warm) regards|take care"
        r"|best wishes)(?=\W*$)",
        r"(?:here(?:'s| is| are) (?:the|an|your|a quick)(?: latest)? (?:update|status|overview|details|information"
        r"|news)"
        r"(?: (?:on|about|for) (?:your|both|the|these)(?: two)? (?:orders?|parcels?|refunds?))?)(?=\W|$)",
        r"(?:i'?ve|i have|i)(?: just)? (?:checked|looked (?:into|up|at)|had a look at)(?: (?:this|that|it|your order"
        r"|the status|order(?= #)|your parcel))?(?: for you)?(?= and\b|[:,.!]|$| #)",
        r"good news|great news|unfortunately|great question|you'?re welcome",
        r"back(?= to your\b)|shows?(?= (?:that|delivery|as)\b)",
        r"(?:please )?(?:note|be aware|keep in mind) that|you can (?:also )?find"
        r"(?= (?:it|(?:your|the) (?:return )?(?:label|number)|this)\b)",
    ),
    "de": (
        r"(?:vielen|herzlichen|besten) dank(?: für (?:ihre (?:nachricht|geduld|anfrage|rückmeldung|frage)"
        r"|ihr verständnis|das warten))?(?=\W|$)",
        r"danke(?: ihnen| schön)?(?: für (?:ihre (?:nachricht|geduld|anfrage|rückmeldung)|ihr verständnis))?(?=\W|$)",
        r"(?:es|das) tut (?:mir|uns)(?: (?:sehr|wirklich|aufrichtig))? leid(?:, dass)?(?=\W|$)",
        r"(?:ich|wir)? ?(?:bitte|bitten|entschuldige|entschuldigen)(?: (?:mich|uns))?(?: (?:um entschuldigung"
        r"|für (?:die unannehmlichkeiten|die umstände)))(?=\W|$)",
        r"ich (?:kann )?(?:verstehe|verstehen)?(?: gut)?,? ?(?:ihren (?:ärger|unmut)|ihre (?:enttäuschung|sorge"
        r"|frustration)|dass (?:das|dies) (?:ärgerlich|frustrierend|enttäuschend|unangenehm) ist)"
        r"(?: (?:gut )?verstehen)?(?=\W|$)",
        r"kann ich (?:sonst )?(?:noch )?(?:etwas|was)(?: anderes)? (?:sonst )?für sie tun(?=\W|$)",
        r"(?:haben sie|gibt es) (?:noch )?(?:weitere|andere) fragen(?=\W|$)",
        r"(?:bei (?:weiteren )?(?:fragen|rückfragen)|wenn sie (?:noch )?(?:weitere )?fragen haben),? (?:stehe ich "
        r"(?:ihnen )?(?:gerne )?zur verfügung|schreiben sie mir(?: gerne)?|bin ich (?:gerne )?für sie da)(?=\W|$)",
        r"(?:ich )?(?:helfe|bin) (?:ihnen )?(?:gerne|gern)(?: weiter| für sie da)?(?=\W|$)",
        r"(?:einen )?(?:schönen|guten) (?:tag|abend|wochenende)(?: noch)?|(?:mit )?(?:freundlichen|besten|viele[n]?)"
        r" grüßen?(?=\W*$)",
        r"ich habe (?:das |es |gerade |eben )?(?:für sie )?(?:nachgesehen|nachgeschaut|geprüft)(?=\s*[:,.!])",
        r"gute nachrichten|gute neuigkeiten|leider",
        r"ich (?:kann|darf|möchte) ihnen (?:mitteilen|sagen|bestätigen),? dass"
        r"|ich (?:bedaure|bedauere)(?: das)?(?=\W|$)|ich hoffe,? das hilft(?: ihnen)?(?: weiter)?"
        r"|(?:ich |wir )?danken? (?:ihnen )?für ihre geduld"
        r"|wie kann ich ihnen (?:weiter)?helfen(?=\W|$)|was kann ich für sie tun(?=\W|$)",
        r"(?:melden sie sich|schreiben sie mir) (?:gerne|jederzeit)(?: gerne)?(?=\W*$)"
        r"|lassen sie (?:es )?mich (?:gerne )?wissen,? (?:wenn|falls)"
        r" (?:sie (?:noch )?(?:weitere )?fragen haben|ich noch etwas für sie tun kann)",
        r"bitte beachten sie,? dass|finden sie(?= (?:hier|unter|in ihrer bestellbestätigung))"
        r"|sie finden(?= (?:sie|es|ihr etikett)\b)",
    ),
}  # fmt: skip
COURTESY = {
    language: re.compile(
        rf"^[^\w\n]{{0,8}}{_GREETING[language]}|(?<![\w-])(?:{'|'.join(phrases)})(?!\w)", re.IGNORECASE | re.MULTILINE
    )
    for language, phrases in _PHRASES.items()
}
# Words that hold a sentence together, or name the things every reply is about. None of them says what happened.
_NEUTRAL = {
    "en": """
    a about according after again all already also although am an and any anything are as at be because been
    before being both but by came can cannot carrier carrier's case come comes concerning could currently customer
    customers date dates depending despite details did do does doing don e either even first following
    for from further get gets getting go goes going had has have having he her here him his how however i if in indeed
    information into is it item items its itself just know last later latest like ll longer look looks make may
    me mean means meaning might mine moment more my near need needs neither new no nor not note now number of off on
    once one only onto or order orders our out over own parcel parcels package packages shipment shipments please
    products product quick re really regarding report reported reporting reports s said say saying says she shop
    should since so some something status stay still such sure t take taken than that the their them then there
    therefore these they this those though through time to today's too toward towards treat under until up update upon
    us ve very via want was we well were what when where whether which while who whom whose why will with within
    would yes yet you your below right able regards includes include indicates expected estimated likely probably
    unable counts considered classed marked listed shown records record system meanwhile additionally furthermore
    moreover otherwise present containing contains confirmed period far kindly simply summary hear anymore along isn
    wasn aren weren hasn haven hadn doesn didn won wouldn couldn shouldn
    """,
    "de": """
    ab aber alle allem allen aller alles als also am an auch auf aufgrund aus außerdem bei beide beiden beim bereits
    besten bestellung bestellungen bestellnummer bin bis bisher bitte bezüglich da dabei dafür daher damit dann daran
    darauf darin das dass davon dazu dein dem den denn der deren des deshalb dessen die dies diese diesem diesen
    dieser dieses doch dort durch ein eine einem einen einer eines er erst es etwas euch folgende folgenden für gemäß
    gerade genau gibt gegen habe haben hat hatte hatten hier hinter ich ihm ihn ihnen ihr ihre ihrem ihren ihrer ihres
    im in indem ins inzwischen ist ja jedoch jetzt kann kein keine keinem keinen keiner können könnte konnte
    kunde kundin kunden laut lautet e man mehr mein meine meinem meinen meiner meldet mich mir mit möchte
    möchten muss müssen müssten nach nachdem nachricht neben nicht noch nochmals nun nur nummer ob oder ohne paket
    pakete per sagt schon sehr sei seien sein seine seit sendung sendungen sich sie sind so sobald sodass sofern somit
    sondern sonst sowie spätestens stand status stattdessen über um und uns unser unsere unserem unseren unter viel
    vom von vor war waren warum was wegen weil weiter weiterhin welche wenn wer werde werden wie wieder wird wir wo
    worden wurde wurden während zu zudem zum zur zusätzlich zwar derzeit aktuell momentan artikel team shop
    zustelldienst zustelldiensts paketdienst datum stammt vorliegt liegt lässt lassen mal eben hin her dürfen
    voraussichtlich voraussichtliche voraussichtlicher voraussichtliches vorliegen angaben zufolge zustelldienstes
    befindet befinden enthält zurzeit bislang ebenfalls hierzu hierfür anschließend zuerst betrifft vorhanden weitere
    weiteren davor danach sollte sollten soll sollen längstens unseres teams
    """,
}  # fmt: skip
NEUTRAL = {language: frozenset(words.split()) for language, words in _NEUTRAL.items()}
# Words for a thing that told sentences name by another word.
_EQUALS = {
    "en": (
        "photo picture image",
        "label",
        "colleague coworker teammate",
        "bank",
                "window deadline",
        "reference ref",
        "ticket",
        "address",
        "yet far",
        "seen scanned scan spotted",
        "take takes took taken pass last",
        "confirmation",
        "until till",
        "few several couple",
        "email mail",
    ),
    "de": (
        "foto bild",
        "etikett label versandetikett rücksendeetikett",
        "team kollege kollegin kollegen mitarbeiter jemand",
        "bekommen erhalten",
        "dauern dauert",
        "frist zeitraum rückgabefrist",
        "gemacht aufgenommen macht",
        "ticket ticketnummer",
        "referenz referenznummer",
        "zahlungsweg zahlungsart",
        "fall anliegen",
        "email mail",
    ),
}  # fmt: skip
EQUALS = {
    language: {word: frozenset(line.split()) for line in lines for word in line.split()}
    for language, lines in _EQUALS.items()
}


def assents_of(text: str, language: str) -> tuple[str, ...]:
    """Give the words by which a text says yes to what was asked."""
    return tuple(match[0] for match in ASSENTS[language].finditer(_blanked(COURTESY, text, language)))


def without_courtesy(text: str, language: str) -> str:
    """Blank out what is only polite; every other character keeps its place."""
    return _blanked(ASSENTS, _blanked(COURTESY, text, language), language)


def _blanked(patterns: dict[str, re.Pattern[str]], text: str, language: str) -> str:
    return patterns[language].sub(lambda match: " " * len(match[0]), text)

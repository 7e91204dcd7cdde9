"""Why a customer wants money back, told from words; whether it is so, the backend's facts say."""

import re
from collections.abc import Iterator

from policies.codes import even
from policies.facts import ReasonCode

# Between the parts of a saying stand at most three other words.
_GAP = r"(?:[ '’]+[^\W\d_]+){0,3}?[ '’]+"
_THING = (
    r"(?:items?|products?|articles?|things?|one|sizes?|colou?rs?|orders?|parcels?|packages?|models?|pair"
    r"|variants?|version)"
)
_ARRIVE = (
    r"(?:arrived?|receiv\w{1,4}|reciev\w{1,4}|recive\w?|got|get|gotten|came|come|show(?:ed|n)? up|turn(?:ed)?"
    r" up|delivered)"
)
SAYINGS: dict[ReasonCode, tuple[str, ...]] = {
    ReasonCode.DELIVERY_FAILED: (
        r"(?:transporteur|poste)(?: [^\W\d_]+){0,2} (?:égaré|perdu)|(?:correos|paqueter[íi]a|transportista)(?:"
        r" [^\W\d_]+){0,2}"
        r" (?:perdido|perdi[óo]|extravi[óo])|(?:transportadora|ctt|correios)(?: [^\W\d_]+){0,2} perde(?:u|ram)"
        r"|verschollen",
        rf"(?:lost|missing) (?:in|by|during|from){_GAP}(?:transit|post|mail|courier|carrier|shipping)",
        rf"(?:parcel|package|shipment|order|courier){_GAP}(?:lost|misplaced)|lost{_GAP}(?:parcel|package|shipment)",
        r"(?:returned|sent back|going back|return(?:ing)?|back) to (?:the )?(?:sender|seller|warehouse|origin)",
        r"undeliverable|delivery (?:attempt )?failed|failed delivery|could not be delivered|couldn.t be delivered",
        r"(?:paket|sendung|bestellung)"
        + _GAP
        + r"verloren|verloren gegangen|zurück (?:an|zum) (?:den )?absender|unzustellbar",
        r"colis" + _GAP + r"perdu|retour(?:né|nee|née)? à l.exp[ée]diteur|perdu en (?:route|chemin)",
        r"(?:paquete|pedido)"
        + _GAP
        + r"(?:perdido|extraviado)|se (?:ha )?(?:perdi[óo]|perdido|extravi[óo])|devuelto al remitente",
        r"(?:encomenda|pedido|pacote)" + _GAP + r"(?:perdid[ao]|extraviad[ao])|extraviou|devolvid[ao] ao remetente",
        r"kho gaya|kho gya|gum ho gaya|wapas (?:chala|bhej) (?:gaya|diya)|rto ho gaya",
    ),
    ReasonCode.DELIVERY_DISPUTE: (
        r"stolen|stole|signed (?:for )?(?:it )?by|somebody signed|someone signed|(?:left|delivered|gave)(?:"
        r" [^\W\d_]+){0,4} wrong"
        r" (?:address|house|door|person)|(?:dispute|contest) (?:this |the )?delivery",
        r"(?:parcel|package|order)(?: [^\W\d_]+){0,3} (?:is |has )?(?:gone |went )?(?:missing|vanished|disappeared)",
        r"geklaut|gestohlen|nix (?:gekriegt|bekommen)|laut (?:[^\W\d_]+ ){0,4}(?:zugestellt|geliefert|abgegeben)"
        r"|falschen haus",
        r"(?:m.a |a été )volé|volé\w?|(?:suivi|dites|site|affiche|indique)(?: [^\W\d_]+){0,4} livré\w?|mauvaise"
        r" adresse|fausse livraison",
        r"robaron|robado|(?:casa|direcci[óo]n) equivocada|(?:alguien|otra persona) firm[óo]|pone entregado|entrega"
        r" falsa",
        r"roubaram|roubado|(?:casa|morada|endereço) errad[ao]|algu[ée]m assinou|como entregue",
        r"chori|gum|kabhi (?:mila|aaya)(?: hi)? (?:nahi|nhi)|mila (?:hi )?(?:nahi|nhi)|delivered (?:hai|h|mark)|fake"
        r" delivery|galat ghar",
        rf"never{_GAP}?{_ARRIVE}|never {_ARRIVE}|(?:did not|didn.?t|have not|haven.?t|has not|hasn.?t|not|wasn.?t"
        rf"|was not)"
        rf" (?:actually |been )?(?:receiv\w{{1,4}}|reciev\w{{1,4}}|delivered|arrived?|got|get|gotten|come)(?! (?:yet"
        rf"|so far|until))",
        rf"(?:says?|said|marked|shows?|showing|shown|claims?|status){_GAP}delivered",
        r"nothing (?:was delivered|arrived|came|here)|nowhere to be found|no (?:parcel|package) (?:here|came|arrived)",
        r"nie (?:an(?:gekommen)|erhalten|bekommen|geliefert|zugestellt)|(?:nicht|kein\w{0,2})(?: [^\W\d_]+){0,3}"
        r" (?:angekommen"
        r"|erhalten|bekommen|zugestellt|geliefert)|angeblich (?:zugestellt|geliefert)|nichts (?:angekommen|erhalten"
        r"|bekommen)",
        r"jamais(?: [^\W\d_]+){0,2} (?:reçu\w?|recu|arriv\w{1,3}|livr\w{1,3})|(?:pas|rien)(?: [^\W\d_]+){0,2}"
        r" (?:reçu\w?|recu)"
        r"|(?:indiqu|marqu)é\w? (?:comme )?livré\w?|soi-disant livré",
        r"nunca (?:me )?(?:ha )?(?:lleg[óo]|llegado|recib[íi]\w?)|no (?:me )?(?:lo |la )?(?:he |ha )?(?:lleg[óo]"
        r"|llegado"
        r"|recib(?:ido|[íi]))|(?:dice|figura|marcado|aparece)(?: [^\W\d_]+){0,3} entregado",
        r"nunca (?:chegou|recebi)|não (?:me )?(?:o |a )?(?:chegou|recebi|foi entregue)|nao (?:chegou|recebi)"
        r"|(?:diz|consta|marcad[ao])(?: [^\W\d_]+){0,3} entregue",
        r"(?:nahi|nahin|nhi|nai) (?:mila|mili|mile|aaya|aayi|aya|pahu(?:n)?cha)|delivered (?:dikha|bata|likha)",
        r"mai(?: [^\W\d_]+){0,1} (?:arrivato|ricevuto)|non (?:ho |è )?(?:ricevuto|arrivato)|nooit (?:ontvangen"
        r"|aangekomen)",
    ),
    ReasonCode.WRONG_ITEM: (
        r"i (?:had )?(?:ordered|bought)(?: [^\W\d_]+){1,4} (?:and|but)(?: i)? (?:got|received|was sent)|you sent(?:"
        r" me)? (?:a|an|the)"
        r" [^\W\d_]+ (?:instead|not)|(?:someone|somebody) else.s order|two left shoes|not as described|counterfeit",
        r"(?:völlig |ganz )?(?:etwas|was) anderes(?: [^\W\d_]+)? (?:geliefert|geschickt)|bestellt(?:"
        r" [^\W\d_]+){1,3}, (?:gekommen|bekommen)",
        r"j.ai commandé(?: [^\W\d_]+){1,3} et j.ai reçu|ped[íi](?: [^\W\d_]+){1,3} y me lleg[óo]|pedi(?:"
        r" [^\W\d_]+){1,3} e (?:veio|recebi)",
        r"mangwaya tha(?: [^\W\d_]+){1,3} (?:aa|aaya|mila)|kuch aur (?:bhej|aaya|mila)|otra talla|kisi aur ka",
        rf"(?:wrong|incorrect|different|another|someone else.?s){_GAP}?{_THING}|(?:wrong|incorrect|different) {_THING}",
        r"(?:not|isn.t|wasn.t) (?:what|the one|the thing) i (?:have )?(?:ordered|bought|asked)|(?:got|received|sent"
        r"|came)"
        r"(?: [^\W\d_]+){1,5} instead of|(?:sent|got|received) (?:me )?(?:the |a )?wrong",
        r"falsche\w?(?: [^\W\d_]+)? (?:artikel|größe|farbe|ware|produkt|modell|teil|paket|sachen?)|nicht das,? was"
        r" ich bestellt"
        r"|falsch geliefert|etwas anderes (?:bekommen|erhalten)",
        r"(?:mauvais\w?|autre) (?:article|produit|taille|couleur|colis|modèle)|erreur (?:de |d.)(?:article|produit"
        r"|taille|couleur)"
        r"|pas (?:ce que|celui que) j.ai commandé",
        r"(?:art[íi]culo|producto|talla|color|pedido|modelo)(?: [^\W\d_]+)? (?:equivocad[oa]|incorrect[oa]"
        r"|err[óo]ne[oa])"
        r"|no es lo que ped[íi]|otr[oa] (?:producto|art[íi]culo)",
        r"(?:produto|artigo|tamanho|cor|modelo|item)(?: [^\W\d_]+)? (?:errad[oa]|trocad[oa])|não (?:é|foi) o que"
        r" (?:eu )?pedi",
        r"galat (?:saman|samaan|product|item|cheez|size|color|colour|order|maal)|(?:dusra|doosra) (?:saman|product"
        r"|item) (?:aaya|mila)",
        r"(?:articolo|prodotto|taglia) sbagliat[oa]|verkeerde? (?:artikel|product|maat)",
    ),
    ReasonCode.DAMAGED_ITEM: (
        r"in (?:two |a thousand )?pieces|(?:a |the |full of )(?:stain|crack|scratch|dent|hole|tear)s?|come off|came"
        r" off|snapped|chipped",
        r"scherben|ausgelaufen|eingedellt|verbeult|riss|(?:einen|hat) sprung|kratzer|aufgerissen|en panne|en mille"
        r" morceaux|a coulé",
        r"rajad[oa]|hecho pedazos|se derram[óo]|agujero|caducad[oa]|no enciende|trincad[oa]|vazou|avariad[oa]|em"
        r" cacos|não liga",
        r"crack(?: hai| h)|leak ho|tukde|ched hai|phat (?:gaya|gya)|toot (?:gaya|gya)",
        r"broken|broke|damaged?|defect(?:ive|s)?|cracked|shattered|smashed|torn|ripped|scratche[ds]|dented|leak(?:ed"
        r"|ing|s)"
        r"|faulty|crushed|bent|stained|dead on arrival|mouldy|moldy|expired",
        r"(?:not|isn.t|doesn.?t|does not|won.?t|stopped|stops) (?:even )?(?:work\w{0,3}|turn(?:ing)? on"
        r"|switch(?:ing)? on|start)",
        r"kaputt\w{0,2}|beschädigt\w{0,2}|defekt\w{0,2}|zerbrochen\w{0,2}|zerrissen|zerkratzt|zerdrückt|funktioniert"
        r" (?:gar )?nicht",
        r"cassée?s?|abîmée?s?|endommagée?s?|défectueu(?:x|se)|déchirée?|fissurée?|ne (?:marche|fonctionne) (?:pas"
        r"|plus)",
        r"rot[oa]s?|dañad[oa]s?|defectuos[oa]s?|estropead[oa]s?|rayad[oa]|no funciona",
        r"quebrad[oa]s?|danificad[oa]s?|com defeito|estragad[oa]s?|rasgad[oa]|rachad[oa]|não funciona",
        r"toota|tuta|tooti|tuti|phata|fata|kharab|khraab|damage(?:d)? (?:mila|aaya)|(?:kaam|chal) (?:nahi|nhi)"
        r" (?:kar|raha|rahi)",
        r"rott[oa]|danneggiat[oa]|difettos[oa]|kapot|beschadigd",
    ),
    ReasonCode.CUSTOMER_REQUEST: (
        r"chang(?:e|ed) my mind|(?:no longer|don.?t|do not|didn.?t) (?:need|want|like)(?: [^\W\d_]+){0,2} (?:any"
        r" ?more|anymore|it|them)"
        r"|no longer (?:need|want)|any ?more (?:need|want)|by mistake|accidentally ordered|ordered (?:it |this"
        r" )?(?:twice|wrong)",
        r"(?:doesn.?t|don.?t|does not|do not|didn.?t) fit|too (?:small|big|large|tight|loose|long|short)|found (?:it"
        r" |one )?cheaper",
        r"(?:gefällt|gefallen|passt|passen) (?:mir )?(?:gar |doch )?nicht|brauche(?: [^\W\d_]+){0,3} nicht mehr"
        r"|will(?: [^\W\d_]+){0,3} nicht mehr|(?:aus versehen|versehentlich) bestellt|anders überlegt|zu (?:klein"
        r"|groß|eng|weit)",
        r"changé d.avis|(?:plus|pas) besoin|n.en veux plus|ne (?:me )?(?:va|plaît|plait) pas|trop (?:petit|grand)e?s?"
        r"|commandé (?:par erreur|deux fois)",
        r"cambi(?:é|ado) de (?:opinión|idea)|ya no l[oa]s? (?:quiero|necesito)|no me (?:queda|gusta)|ped[íi] por error"
        r"|demasiado (?:pequeñ|grand)\w{1,2}",
        r"mudei de ideia|me arrependi|não (?:quero|preciso) mais|não (?:serviu|serve|gostei)|comprei (?:por engano"
        r"|errado)",
        r"(?:nahi|nahin|nhi) chahiye|(?:man|mann) badal|galti se order|(?:pasand|fit) (?:nahi|nhi)|zarurat (?:nahi"
        r"|nhi)",
        r"cambiato idea|non (?:mi serve|lo voglio) più|van gedachten veranderd|niet meer nodig",
    ),
}
_FOUND = re.compile(
    r"(?<![^\W\d_])(?:"
    + "|".join(f"(?P<{code}>{'|'.join(sayings)})" for code, sayings in SAYINGS.items())
    + r")(?![^\W\d_])",
    re.IGNORECASE,
)
# A "no" shortly before takes it back, within the clause; "not only damaged but …" does not.
_BEFORE = re.compile(
    r"(?:\b(?:not|isn.?t|wasn.?t|aren.?t|weren.?t|never|no|nothing(?: is| was)?|without|nicht|kein\w{0,2}|nie|pas"
    r"|jamais|aucun\w?"
    r"|sans|no est[áa]|nunca|ning[úu]n\w?|sin|não|nao|nem|sem|nahi|nahin|nhi|non|niet|geen)\b"
    r"(?! only| just| nur| bloß| seulement| s[óo]lo| só| solo| alleen| sirf)(?: [^\W\d_]+){0,2}) $",
    re.IGNORECASE,
)
_AFTER = re.compile(r" (?:[^\W\d_]+ )?(?:nahi|nahin|nhi)(?: (?:hai|h|tha|thi|hua))?(?![^\W\d_])", re.IGNORECASE)
_TAKEN_BACK = frozenset({ReasonCode.DAMAGED_ITEM, ReasonCode.WRONG_ITEM, ReasonCode.DELIVERY_FAILED})
# Not here yet is a question of where it is, not yet a dispute.
_NOT_YET = re.compile(
    r"\b(?:yet|still|so far|noch|bisher|encore|todav[íi]a|a[úu]n|ainda|abhi|ancora|nog)\b", re.IGNORECASE
)
# "My refund never arrived" is about money, "I never got an answer" about us.
_NO_PARCEL = (
    r"(?:refund\w{0,4}|money|amount|nota|bank|cash|reimburse\w{0,4}|invoice|bill|receipt|confirmation|e-?mail|mail"
    r"|reply|answer"
    r"|response|code|otp"
    r"|label|call|\w{0,6}erstattung|geld|gutschrift|rechnung|antwort|rembours\w{0,6}|argent|facture|réponse"
    r"|reembolso|dinero"
    r"|factura|respuesta|dinheiro|fatura|resposta|paisa|paise|rimborso|soldi)"
)
_ABOUT_ELSE = re.compile(rf"\b{_NO_PARCEL}\b", re.IGNORECASE)
# A link that does not work is no article.
_NO_ARTICLE = re.compile(
    r"\b(?:links?|lien|enlace|tracking|suivi|seguimiento|(?:web)?site|app|page|code|login|log ?in|password|passwort"
    r"|otp|button"
    r"|voucher|coupon|invoice|id)\b",
    re.IGNORECASE,
)
_WORDS_BEFORE, _WORDS_AFTER = 2, 4
_CLAUSE = re.compile(r"[.,;:!?\n]| but | aber | mais | pero | mas | lekin | magar ")
LOOK_AROUND = 40


def reasons(text: str) -> tuple[ReasonCode, ...]:
    """Name the reasons a text gives, each once, in the order written; "it is not damaged" gives none."""
    return tuple(dict.fromkeys(_given(even(text).replace("’", "'"))))


def _given(text: str) -> Iterator[ReasonCode]:
    for match in _FOUND.finditer(text):
        code = ReasonCode(match.lastgroup or "")
        before = _CLAUSE.split(text[max(0, match.start() - LOOK_AROUND) : match.start()])[-1]
        after = _CLAUSE.split(text[match.end() : match.end() + LOOK_AROUND])[0]
        if code in _TAKEN_BACK and (_BEFORE.search(f" {before.lstrip()}") or _AFTER.match(after)):
            continue
        if code is ReasonCode.DELIVERY_DISPUTE and (
            _NOT_YET.search(f"{before}{match[0]} {after}") or _ABOUT_ELSE.search(_near(before, match[0], after))
        ):
            continue
        if code is ReasonCode.DAMAGED_ITEM and _NO_ARTICLE.search(_near(before, "", "")):
            continue
        yield code


def _near(before: str, said: str, after: str) -> str:
    return " ".join((*before.split()[-_WORDS_BEFORE:], said, *after.split()[:_WORDS_AFTER]))

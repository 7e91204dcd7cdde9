"""Find numbers that a state gave to a person: by their written shape and check digits, or beside the word for them."""

import re
from collections.abc import Iterator
from typing import Protocol

from stdnum.ar import cuit
from stdnum.be import nn
from stdnum.br import cpf
from stdnum.ca import sin
from stdnum.ch import ssn as ahv
from stdnum.cl import rut
from stdnum.cn import ric
from stdnum.cz import rc
from stdnum.de import idnr as steuer_id
from stdnum.dk import cpr
from stdnum.es import dni, nie
from stdnum.fi import hetu
from stdnum.fr import nif as spi
from stdnum.fr import nir
from stdnum.ie import pps
from stdnum.in_ import aadhaar, pan
from stdnum.it import codicefiscale
from stdnum.kr import rrn
from stdnum.mx import curp
from stdnum.nl import bsn
from stdnum.no import fodselsnummer
from stdnum.pt import cc
from stdnum.pt import nif as contribuinte
from stdnum.ro import cnp
from stdnum.se import personnummer
from stdnum.tr import tckimlik
from stdnum.us import itin, ssn
from stdnum.za import idnr as south_african

from policies.number_words import SHOP_NUMBER

LOOK = 48
FEWEST = 5


class Check(Protocol):
    """What the library's modules have in common."""

    def is_valid(self, number: str) -> bool: ...


# A shape that nobody writes by chance, confirmed by the library. Digits without separators stand here only where date
# and check digits together leave less than one chance number in a thousand.
SHAPES: tuple[tuple[str, Check], ...] = (
    (r"\d{3}-\d{2}-\d{4}", ssn),
    (r"9\d{2}-\d{2}-\d{4}", itin),
    (r"\d{4} \d{4} \d{4}|\d{4}-\d{4}-\d{4}", aadhaar),
    (r"[A-Z]{3}P[A-Z]\d{4}[A-Z]", pan),
    (r"\d{2} \d{3} \d{3} \d{3}", steuer_id),
    (r"[1-4] ?\d{2} ?(?:0[1-9]|1[0-2]|[2-4]\d) ?(?:\d{2}|2[AB]) ?\d{3} ?\d{3} ?\d{2}", nir),
    (r"\d{8}-?[A-Z]|\d{2}\.\d{3}\.\d{3}-?[A-Z]", dni),
    (r"[XYZ]-?\d{7}-?[A-Z]", nie),
    (r"\d{3}\.\d{3}\.\d{3}-\d{2}", cpf),
    (r"[A-Z]{6}\d{2}[A-EHLMPRST]\d{2}[A-Z]\d{3}[A-Z]", codicefiscale),
    (r"[A-Z]{3} [A-Z]{3} \d{2}[A-EHLMPRST]\d{2} [A-Z]\d{3}[A-Z]", codicefiscale),
    (r"\d{4}\.\d{2}\.\d{3}", bsn),
    (r"(?:19|20)?\d{6}[-+]\d{4}", personnummer),
    (r"\d{6}-\d{4}", cpr),
    (r"\d{6}[-+A-FU-Y]\d{3}[0-9A-Y]", hetu),
    (r"\d{6} ?\d{5}", fodselsnummer),
    (r"\d{2}\.?\d{2}\.?\d{2}[- ]?\d{3}[. ]?\d{2}", nn),
    (r"\d{17}[\dX]", ric),
    (r"\d{6}-\d{7}", rrn),
    (r"756\.?\d{4}\.?\d{4}\.?\d{2}", ahv),
    (r"\d{6} ?\d{4} ?\d{3}", south_african),
    (r"[1-8]\d{12}", cnp),
    (r"\d{6}/\d{3,4}", rc),
    (r"[A-Z]{4}\d{6}[HMX][A-Z]{5}[A-Z\d]\d", curp),
    (r"\d{1,2}\.\d{3}\.\d{3}-[\dK]", rut),
    (r"2[0347]-\d{8}-\d", cuit),
    (r"\d{8} \d [A-Z]{2}\d", cc),
    (r"\d{7}[A-W][A-IW]", pps),
)
# The British number has no check digit and no module; its shape in pairs says enough.
NINO = re.compile(r"(?!BG|GB|NK|KN|TN|NT|ZZ)[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z] \d{2} \d{2} \d{2} [A-D]")
# A word that means a person's number and nothing else: a mistyped one is personal all the same.
SURE = (
    r"(?:ssn|social\s+security|aadha+r|adhar|uidai|pan\s?card|passport|reisepass|passeport|pasaporte|passaporte|national\s+id\w*"
    r"|national\s+insurance|nino|identity\s+card|id[\s-]?card|personal\s+id\w*|citizen\s+id|driv(?:er'?s?|ing)\s+licen[cs]e"
    r"|f[uü]hrerschein\w*|personalausweis\w*|ausweis\w*|steuer-?\s?id\w*|steuer(?:identifikations)?nummer"
    r"|sozialversicherung\w*|idnr|permis\s+de\s+conduire|carte\s+d'identit[eé]|s[eé]curit[eé]\s+sociale|num[eé]ro\s+de\s+s[eé]cu"
    r"|dni|cpf|curp|bsn|burgerservicenummer|nif|contribuinte|cart[aã]o\s+de\s+cidad[aã]o|codice\s+fiscale|carta\s+d'identit[aà]"
    r"|personnummer|f[oø]dselsnummer|henkil[oö]tunnus|hetu|cpr|pesel|cnp|egn|rodn[eé]\s+[cč][ií]slo|rijksregister\w*|ahv|ppsn?"
    r"|tckn|t\.?c\.?\s+kimlik|medicare|nhs|tax\s+(?:id|file|payer)\w*|taxpayer\s+id\w*|voter\s+id|social\s+insurance"
    r"|c[eé]dula|seguridad\s+social|licencia\s+de\s+conducir|身份证|주민등록번호|マイナンバー)"
)
# Words that mean something else as well: beside them only what their own library confirms counts.
UNSURE: dict[str, tuple[Check, ...]] = {
    "pan": (pan,),
    "nir": (nir,),
    "nie": (nie,),
    "rut": (rut,),
    "sin": (sin,),
    "tin": (ssn, itin, steuer_id, spi, contribuinte),
    "itin": (itin,),
    "rrn": (rrn,),
    "cuit": (cuit,),
    "cuil": (cuit,),
    "kimlik": (tckimlik,),
}
LINK = (
    r"(?:[\s:.#=*(°º'’-]|\b(?:number|numbers|num|no|nr|n|nummer|numero|num[eé]ro|n[uú]mero|id|code|card|carte|is|was|ist|est"
    r"|es|é|e|my|the|mein|meine|mon|ma|mi|meu|hai|it|s|and|und|et|y|hier|here|copy)\b){0,10}"
)
CODE = (
    r"((?:[A-Z]{2,3} ){0,2}(?=[A-Z]{0,6}\d)[A-Z\d]{1,20}(?:[ .\-/](?=[A-Z]{0,6}\d)[A-Z\d]{1,12}){0,6}"
    r"(?:[ -](?-i:[A-HJ-Z])(?![\w'’]))?)(?![A-Z\d])"
)
BESIDE = re.compile(rf"(?<![^\W_])(?:{SURE}|(?P<unsure>{'|'.join(UNSURE)}))(?![^\W_]){LINK}{CODE}", re.IGNORECASE)
START, END = r"(?<![\w.\-/#@+])", r"(?![\w@]|[.\-/]\d| \d)"
COMPILED = tuple((re.compile(f"(?:{shape}){END}", re.IGNORECASE | re.ASCII), check) for shape, check in SHAPES)
ANY_SHAPE = re.compile(f"{START}(?:{'|'.join(shape for shape, _ in SHAPES)}){END}", re.IGNORECASE | re.ASCII)


def find_beside_words(text: str) -> Iterator[tuple[int, int]]:
    """Give the spans of codes that a word calls a personal number."""
    for found in BESIDE.finditer(text):
        code, unsure = found[2], found["unsure"]
        if any(_accepts(check, code) for check in UNSURE[unsure.casefold()]) if unsure else _digits(code) >= FEWEST:
            yield found.span(2)


def find_shaped(text: str) -> Iterator[tuple[int, int]]:
    """Give the spans of what is written as such a number and has the right check digits."""
    yield from (found.span() for found in NINO.finditer(text))
    for perhaps in ANY_SHAPE.finditer(text):
        before = text[max(0, perhaps.start() - LOOK) : perhaps.start()]
        for shape, check in COMPILED:
            found = shape.match(text, perhaps.start())
            if found and _accepts(check, found[0]) and not SHOP_NUMBER.search(before):
                yield found.span()
                break


def _accepts(check: Check, code: str) -> bool:
    """Ask the library; some of its modules stumble over a code whose place of birth their tables do not know."""
    try:
        return check.is_valid(code)
    except LookupError:
        return False


def _digits(code: str) -> int:
    return sum(map(str.isdigit, code))


# The Chinese module reads its tables of places when it is first asked: now, not while a message waits.
_accepts(ric, "11010519491231002X")

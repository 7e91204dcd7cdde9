"""Read a postal address a customer typed in the form we asked for; anything else is asked again, never guessed."""

import re

from policies.frozen import Fact

# "SW1A 1AA", "1234 AB", "LV-1010", "560001"; a word without a digit before a space is a region, as in "VIC 3000".
POSTAL_CODE = re.compile(r"\b(?=[A-Z]{0,4}-?\d)[A-Z0-9]{2,7}(?:[ -][A-Z0-9]{2,4})?\b", re.IGNORECASE)


class PostalAddress(Fact):
    line1: str
    line2: str = ""
    city: str
    region: str = ""
    postal_code: str
    country: str

    def one_line(self) -> str:
        place = " ".join(part for part in (self.region, self.postal_code) if part)
        return ", ".join(part for part in (self.line1, self.line2, self.city, place, self.country) if part)


def parse(text: str) -> PostalAddress | None:
    """Read "street and number, city, [region] postal code, country"; None when a part is missing or too long."""
    parts = [part.strip() for part in re.split(r"[,\n]", text) if part.strip()]
    if len(parts) != 4 or any(len(part) > 100 for part in parts):
        return None
    line1, city, code_part, country = parts
    codes = list(POSTAL_CODE.finditer(code_part))
    if not codes or not any(char.isdigit() for char in line1) or any(char.isdigit() for char in country + city):
        return None
    code = codes[-1].group()
    region = (code_part[: codes[-1].start()] + code_part[codes[-1].end() :]).strip()
    return PostalAddress(line1=line1, city=city, region=region, postal_code=code.upper(), country=country)

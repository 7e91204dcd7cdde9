"""Read the canned replies of every tenant from a folder."""

import re
from collections.abc import Mapping
from pathlib import Path

from policies.canned import CannedReply, parse
from policies.yaml_lines import BadFile

NAME = re.compile(r"([0-9A-Za-z_-]+)\.([a-z]{2,3})\.yaml")
EVERYBODY = "default"
FALLBACK = "en"

Written = Mapping[tuple[str, str], tuple[CannedReply, ...]]


class Canned:
    """Canned replies by tenant and language: a tenant's own stand in place of those for everybody."""

    def __init__(self, written: Written) -> None:
        self._written = written

    def of(self, tenant: str, language: str) -> tuple[CannedReply, ...]:
        """Give a tenant's replies in a language such as "de" or "de-AT", or in English where nobody wrote any."""
        spoken = language.split("-")[0].lower()
        if not any((who, spoken) in self._written for who in (EVERYBODY, tenant)):
            spoken = FALLBACK
        for_all = self._written.get((EVERYBODY, spoken)) or self._written[EVERYBODY, FALLBACK]
        own = self._written.get((tenant, spoken), ())
        return tuple({reply.name: reply for reply in (*for_all, *own)}.values())


def read_canned(folder: Path) -> Canned:
    """Read `default.<language>.yaml` and `<tenant>.<language>.yaml` in `folder`. Raises BadFile."""
    written = {_whose(path): parse(_text(path), str(path)) for path in sorted(folder.glob("*.yaml"))}
    if (EVERYBODY, FALLBACK) not in written:
        path = folder / f"{EVERYBODY}.{FALLBACK}.yaml"
        raise BadFile(str(path), [(1, "English replies for every tenant are missing; they are the fallback")])
    return Canned(written)


def _whose(path: Path) -> tuple[str, str]:
    match = NAME.fullmatch(path.name)
    if not match:
        raise BadFile(str(path), [(1, "canned replies lie in <tenant>.<language>.yaml, such as default.en.yaml")])
    return match[1], match[2]


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise BadFile(str(path), [(1, f"not UTF-8 at byte {error.start}")]) from None
    except OSError as error:
        raise BadFile(str(path), [(1, f"cannot be read: {(error.strerror or str(error)).lower()}")]) from None

"""Placeholders such as "[email_1]": one for each value of a conversation, and the way back inside it."""

import re
from collections.abc import Callable, Sequence

from policies.facts import PersonalDatum, PersonalKind

PLACEHOLDER = re.compile(rf"\[({'|'.join(PersonalKind)})_([1-9]\d?)\]")
MASKED = re.compile(r"\[name_\d+\]")
NAMED = re.compile(r"\[?\bname_(\d+)\]?", re.IGNORECASE)
# What a conversation holds lies in its history, so it is bounded; values beyond go for good, as "[email]".
MOST = 99

Normal = Callable[[PersonalKind, str], str]


def restore(text: str, held: Sequence[PersonalDatum]) -> str:
    """Put the customer's own values back into a reply for that customer; an unknown placeholder stays."""
    values = {datum.placeholder: datum.value for datum in held}
    return PLACEHOLDER.sub(lambda found: values.get(found[0], found[0]), text)


def mask(text: str, names: Sequence[str]) -> str:
    """Put "[name_1]" and so on in place of names of people, which a model does not need."""
    for number, name in enumerate(names, 1):
        text = re.sub(rf"(?<!\w){re.escape(name)}(?!\w)", f"[name_{number}]", text)
    return text


def unmask(text: str, names: Sequence[str]) -> str:
    """Put the names back where `mask` took them out, however a model spelt their placeholders."""
    known = {str(number): name for number, name in enumerate(names, 1)}
    return NAMED.sub(lambda found: known.get(found[1], found[0]), text)


class Ledger:
    """Which value stands behind which placeholder, while one message is redacted."""

    def __init__(self, held: Sequence[PersonalDatum], normal: Normal) -> None:
        """`normal` gives the form in which two spellings of one value are equal."""
        self._normal = normal
        self._held = list(held)
        self._taken = {datum.placeholder for datum in held}
        self._known: dict[PersonalKind, dict[str, str]] = {}
        self._last = {kind: 0 for kind in PersonalKind}

    @property
    def held(self) -> tuple[PersonalDatum, ...]:
        """Everything that was held, then what is new."""
        return tuple(self._held)

    def reserve(self, typed: Sequence[str]) -> None:
        """Keep placeholders that a customer typed from ever standing for something else."""
        for literal in typed:
            if literal not in self._taken:
                self._hold(literal, _kind(literal), literal, literal)

    def literal(self, typed: str) -> str:
        """Give what stands for a placeholder that a customer typed: a value like any other."""
        return self.placeholder(_kind(typed), typed)

    def placeholder(self, kind: PersonalKind, value: str) -> str:
        """Give the placeholder of a value, a new one where it is not held yet."""
        key = self._normal(kind, value)
        known = self._keys(kind)
        if key not in known:
            placeholder = self._next(kind)
            if placeholder is None:
                return f"[{kind}]"
            self._hold(placeholder, kind, value, key)
        return known[key]

    def _keys(self, kind: PersonalKind) -> dict[str, str]:
        """Normalise what is held of one kind, once, and only when such a value turns up."""
        if kind not in self._known:
            same_kind = [datum for datum in self._held if datum.kind is kind]
            # Reversed, so that the oldest placeholder of a value wins.
            self._known[kind] = {self._normal(kind, datum.value): datum.placeholder for datum in reversed(same_kind)}
        return self._known[kind]

    def _hold(self, placeholder: str, kind: PersonalKind, value: str, key: str) -> None:
        self._keys(kind)[key] = placeholder
        self._taken.add(placeholder)
        self._held.append(PersonalDatum(placeholder=placeholder, kind=kind, value=value))

    def _next(self, kind: PersonalKind) -> str | None:
        for number in range(self._last[kind] + 1, MOST + 1):
            self._last[kind] = number
            if (placeholder := f"[{kind}_{number}]") not in self._taken:
                return placeholder
        return None


def _kind(placeholder: str) -> PersonalKind:
    found = PLACEHOLDER.fullmatch(placeholder)
    if found is None:
        raise ValueError(f"not a placeholder: {placeholder}")
    return PersonalKind(found[1])

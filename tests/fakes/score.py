"""The score a double keeps: what was called, which failures were planned, and which of them never happened."""

from collections import defaultdict, deque
from collections.abc import Iterable
from typing import NamedTuple, Self

from activities.errors import Malformed


class Call(NamedTuple):
    method: str
    about: str


class _Planned(NamedTuple):
    error: Exception
    after_commit: bool


class Score:
    """Plan failures and keep count; as a context manager, fail on unexpected calls and on failures nobody met."""

    def __init__(self, methods: Iterable[str]) -> None:
        self.methods = frozenset(methods)
        self.calls: list[Call] = []
        self.unexpected: list[Call] = []
        self._planned: dict[str, deque[_Planned]] = defaultdict(deque)
        self._allowed: frozenset[str] | None = None

    def fail_next(self, method: str, error: Exception, *, after_commit: bool = False) -> None:
        """Let the next call of `method` raise `error`: before anything happened, or after it was committed."""
        assert method in self.methods, f"the port has no {method!r}; it has {sorted(self.methods)}"
        self._planned[method].append(_Planned(error, after_commit))

    def allow_only(self, *methods: str) -> None:
        """From now on, treat any other call as unexpected."""
        unknown = set(methods) - self.methods
        assert not unknown, f"the port has no {sorted(unknown)}; it has {sorted(self.methods)}"
        self._allowed = frozenset(methods)

    def count(self, method: str) -> int:
        return sum(call.method == method for call in self.calls)

    def check(self) -> None:
        """Fail unless every planned failure happened and nothing unexpected was called."""
        unused = [name for name, plans in self._planned.items() for _ in plans]
        assert not unused, f"planned failures that never happened: {unused}"
        assert not self.unexpected, f"unexpected calls: {self.unexpected}"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:
            self.check()

    def _begin(self, method: str, about: str) -> None:
        call = Call(method, about)
        self.calls.append(call)
        if self._allowed is not None and method not in self._allowed:
            self.unexpected.append(call)
            # An AssertionError would be retried by Temporal for ever; this one ends the workflow at once.
            raise Malformed(f"unexpected call: {call}")
        self._raise_planned(method, after_commit=False)

    def _end(self, method: str) -> None:
        self._raise_planned(method, after_commit=True)

    def _raise_planned(self, method: str, *, after_commit: bool) -> None:
        plans = self._planned[method]
        if plans and plans[0].after_commit is after_commit:
            raise plans.popleft().error

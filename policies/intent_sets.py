"""The shipped intents and what single tenants add to them or have otherwise."""

from collections.abc import Iterable, Mapping

from pydantic import Field, ValidationError

from policies.frozen import Fact, Written
from policies.intents import Exemplar, Intent, Language, Playbook, Risk, parse
from policies.yaml_lines import BadFile, faults_of, load, locate

Source = tuple[str, str]


class TenantIntent(Written):
    """A tenant's file: a whole intent, or with `extends: true` exemplars beside the shipped ones of that id.

    What an extending file does not give is inherited; `called` is taken over language by language.
    """

    id: str
    extends: bool = False
    description: str | None = None
    playbook: Playbook | None = None
    risk: Risk | None = None
    explains: tuple[str, ...] | None = None
    background: bool | None = None
    called: dict[Language, str] = Field(default={})
    exemplars: dict[Language, tuple[Exemplar, ...]] = Field(default={})


class IntentSets(Fact):
    """One set of intents for every tenant: its own where it wrote files, the shipped one where not."""

    shipped: tuple[Intent, ...]
    tenants: dict[str, tuple[Intent, ...]] = Field(default={})

    def of(self, tenant: str) -> tuple[Intent, ...]:
        """The intents this tenant's customers may have."""
        return self.tenants.get(tenant, self.shipped)


def gather(files: Iterable[Source], tenants: Mapping[str, Iterable[Source]] | None = None) -> IntentSets:
    """Read (source, text) pairs; ids are unique in a set, and `explains` names its intents. Raises BadFile."""
    shipped: dict[str, Intent] = {}
    sources: dict[str, Source] = {}
    for source, text in files:
        _take(parse(text, source), (source, text), shipped, sources)
    _check_explained(shipped, sources)
    own = {tenant: _overlaid(shipped, given) for tenant, given in (tenants or {}).items()}
    return IntentSets(shipped=tuple(shipped.values()), tenants=own)


def _overlaid(shipped: Mapping[str, Intent], files: Iterable[Source]) -> tuple[Intent, ...]:
    own: dict[str, Intent] = {}
    sources: dict[str, Source] = {}
    for source, text in files:
        _take(_whole(shipped, load(text, TenantIntent, source), (source, text)), (source, text), own, sources)
    together = {**shipped, **own}
    _check_explained(together, sources)
    return tuple(together.values())


def _whole(shipped: Mapping[str, Intent], written: TenantIntent, origin: Source) -> Intent:
    """Fill a tenant's file up to an intent; raises BadFile."""
    source, text = origin
    given = written.model_dump(exclude_none=True, exclude={"extends"})
    if written.extends:
        if written.id not in shipped:
            raise BadFile(source, [(locate(text, ("id",)), f"id: there is no shipped intent {written.id!r} to extend")])
        first = shipped[written.id].model_dump()
        exemplars = {
            language: (*first["exemplars"].get(language, ()), *given["exemplars"].get(language, ()))
            for language in {**first["exemplars"], **given["exemplars"]}
        }
        given = {**first, **given, "called": {**first["called"], **given["called"]}, "exemplars": exemplars}
    try:
        return Intent.model_validate(given)
    except ValidationError as error:
        raise BadFile(source, [(locate(text, loc), reason) for loc, reason in faults_of(error)]) from None


def _take(intent: Intent, origin: Source, intents: dict[str, Intent], sources: dict[str, Source]) -> None:
    if intent.id in intents:
        line = locate(origin[1], ("id",))
        raise BadFile(origin[0], [(line, f"id: {intent.id!r} is already the id of {sources[intent.id][0]}")])
    intents[intent.id] = intent
    sources[intent.id] = origin


def _check_explained(intents: Mapping[str, Intent], sources: Mapping[str, Source]) -> None:
    for name, (source, text) in sources.items():
        for other in intents[name].explains:
            if other not in intents:
                raise BadFile(source, [(locate(text, ("explains",)), f"explains: there is no intent {other!r}")])

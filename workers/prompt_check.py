"""Check that the prompts which policy versions name are there as they were released; one JSON line for each finding."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path

from activities.policy_store import read_version, read_versions
from activities.prompt_files import DIGESTS, read_digests, read_prompts
from policies.bundle import Bundle
from policies.prompts import Prompts
from policies.yaml_lines import BadFile, locate


def survey(instructions: Path, policies: Path) -> Iterator[str]:
    """Give a JSON line for each prompt, with the policy versions that name it. Raises BadFile."""
    known, released = _read(instructions)
    _, versions = read_versions(policies)
    for prompt in known:
        users = sorted(name for name, bundles in versions.items() if prompt.name in _named(bundles))
        about = {"task": prompt.task, "version": prompt.version, "digest": prompt.digest}
        yield _line(**about, released=prompt.name in released, policies=users)


def check(instructions: Path, policies: Path) -> Iterator[tuple[bool, str]]:
    """Check all instructions, then each policy version against them; yield (good, JSON line)."""
    try:
        known, released = _read(instructions)
    except BadFile as bad:
        yield from _refused(bad)
        return
    yield True, _line(file=str(instructions), ok=True, prompts=[prompt.name for prompt in known])
    for folder in sorted(path for path in policies.iterdir() if path.is_dir()):
        try:
            bundles = read_version(folder)
            _compare(folder, bundles, known, instructions / DIGESTS, released)
        except BadFile as bad:
            yield from _refused(bad)
        else:
            yield True, _line(file=str(folder), ok=True, version=folder.name, prompts=sorted(_named(bundles)))


def _compare(
    folder: Path, bundles: Mapping[str, Bundle], known: Prompts, digests: Path, released: Mapping[str, str]
) -> None:
    """Raise BadFile for the tasks whose version is unknown or still a draft."""
    path = folder / "rules.yaml"
    text = path.read_text(encoding="utf-8")
    drafts = {prompt.name: prompt.digest for prompt in known.unreleased(released)}
    there = ", ".join(prompt.name for prompt in known)
    # What stands in the default is met once for each tenant.
    faults: dict[tuple[int, str], None] = {}
    for tenant, bundle in bundles.items():
        for task, version in sorted(bundle.rules.inference.prompts.items()):
            name = f"{task}/{version}"
            if name in released:
                continue
            if name in drafts:
                reason = f'{name} is a draft: add "{name}": "{drafts[name]}" to {digests}'
            else:
                reason = f"there is no prompt {name}; there are: {there}"
            place = ("inference", "prompts", task)
            line = locate(text, ("tenants", tenant, *place), ("default", *place))
            faults[line, reason] = None
    if faults:
        raise BadFile(str(path), list(faults))


def _read(folder: Path) -> tuple[Prompts, Mapping[str, str]]:
    return read_prompts(folder), read_digests(folder)


def _named(bundles: Mapping[str, Bundle]) -> set[str]:
    rules = (bundle.rules.inference for bundle in bundles.values())
    return {f"{task}/{version}" for each in rules for task, version in each.prompts.items()}


def _refused(bad: BadFile) -> Iterator[tuple[bool, str]]:
    for line, reason in bad.faults:
        yield False, _line(file=bad.source, ok=False, line=line, reason=reason)


def _line(**fields: object) -> str:
    return json.dumps(fields, ensure_ascii=False)

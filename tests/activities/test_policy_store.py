"""Which rules run: the version CURRENT names, and the last good one when an edit is broken."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from structlog.testing import capture_logs

import policies
from activities.errors import Rejected, Unavailable
from activities.policy_store import PinPolicy, PolicyStore, read_versions
from policies.bundle import Bundle
from policies.yaml_lines import BadFile

SHIPPED = Path(policies.__file__).parent / "bundles"
OLD, NEW = "2026-11-01", "2026-12-01"
FLEET = """\
version: "1"
deployments:
  - {name: planner, tier: S, base_url: "http://127.0.0.1:8000/v1", model: tiny, price: {input: 0.03, output: 0.15}}
"""


def write(path: Path, text: str) -> None:
    """Save as an editor does: a new file moved into place, so that no reader ever sees half of it."""
    beside = path.with_name(f".{path.name}.new")
    beside.write_text(text, encoding="utf-8")
    os.replace(beside, path)


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    write(path, text.replace(old, new))


def add_version(folder: Path, name: str, offer_minutes: int) -> Path:
    version = folder / name
    shutil.copytree(folder / OLD, version)
    edit(version / "rules.yaml", f'version: "{OLD}"', f'version: "{name}"')
    edit(version / "rules.yaml", "offer_minutes: 15", f"offer_minutes: {offer_minutes}")
    return version


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with the shipped version, English only, that a test may edit."""
    (tmp_path / OLD).mkdir()
    for name in ("rules.yaml", "replies.en.yaml"):
        shutil.copy(SHIPPED / (SHIPPED / "CURRENT").read_text().strip() / name, tmp_path / OLD / name)
    (tmp_path / "CURRENT").write_text(f"{OLD}\n")
    return tmp_path


@pytest.fixture
def store(folder: Path) -> PolicyStore:
    return PolicyStore(folder)


@pytest.fixture
def fleet_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("fleet") / "fleet.yaml"
    path.write_text(FLEET)
    return path


async def pinned(store: PolicyStore, tenant: str = "northwind", version: str | None = None) -> Bundle:
    return await store.pin_policy(PinPolicy(tenant=tenant, version=version))


async def test_a_new_conversation_gets_the_current_version_of_its_tenant(store: PolicyStore) -> None:
    bundle = await pinned(store, "alpenpost")
    assert (bundle.version, bundle.tenant) == (OLD, "alpenpost")
    assert bundle.rules.refunds.window_days["standard"] == 14


async def test_an_unknown_tenant_gets_everybody_elses_rules_under_its_own_name(store: PolicyStore) -> None:
    bundle = await pinned(store, "newcomer")
    assert bundle.tenant == "newcomer"
    assert bundle.rules == (await pinned(store, "*")).rules


async def test_a_pinned_version_that_is_gone_is_waited_for_and_not_replaced_by_another(store: PolicyStore) -> None:
    with pytest.raises(Unavailable, match="put its folder back") as waiting:
        await pinned(store, version="1999-01-01")
    assert not waiting.value.non_retryable


async def test_a_tenant_without_rules_is_rejected_when_nobody_else_has_any(folder: Path) -> None:
    edit(folder / OLD / "rules.yaml", '  "*": {}\n', "")
    store = PolicyStore(folder)
    assert (await pinned(store)).tenant == "northwind"
    with pytest.raises(Rejected):
        await pinned(store, "newcomer")


async def test_a_new_version_waits_until_current_names_it(folder: Path, store: PolicyStore) -> None:
    add_version(folder, NEW, offer_minutes=5)
    assert (await pinned(store)).version == OLD
    assert (await pinned(store, version=NEW)).rules.refunds.offer_minutes == 5
    write(folder / "CURRENT", NEW)
    assert (await pinned(store)).version == NEW


async def test_editing_current_rolls_back_and_pinned_conversations_keep_their_version(folder: Path) -> None:
    add_version(folder, NEW, offer_minutes=5)
    write(folder / "CURRENT", f"{NEW}\n")
    store = PolicyStore(folder)
    assert (await pinned(store)).version == NEW
    write(folder / "CURRENT", f"{OLD}\n")
    assert (await pinned(store)).version == OLD
    assert (await pinned(store, version=NEW)).version == NEW


async def test_a_broken_edit_is_reported_and_the_running_version_stays(folder: Path, store: PolicyStore) -> None:
    rules = folder / OLD / "rules.yaml"
    line = rules.read_text().splitlines().index("    offer_minutes: 15") + 1
    edit(rules, "offer_minutes: 15", "offer_minutes: soon")
    with capture_logs() as logs:
        bundle = await pinned(store)
        await pinned(store)
    assert bundle.rules.refunds.offer_minutes == 15
    (entry,) = logs
    assert entry["log_level"] == "error"
    assert entry["running"] == OLD
    assert entry["faults"].startswith(f"{rules}:{line}: default.refunds.offer_minutes: input should be a valid integer")


BROKEN = {
    "half a file": "refunds: [",
    "empty": "",
    "a list as a key": "? [a]\n: b\n",
    "a key twice": 'version: "1"\nversion: "2"\n',
    "a day there is not": "version: 2026-13-45\n",
    "an alias in itself": "a: &a [*a]\n",
}


@pytest.mark.parametrize("text", BROKEN.values(), ids=BROKEN.keys())
async def test_whatever_is_written_the_running_version_stays(folder: Path, store: PolicyStore, text: str) -> None:
    write(folder / OLD / "rules.yaml", text)
    with capture_logs() as logs:
        assert (await pinned(store)).version == OLD
    assert [entry["log_level"] for entry in logs] == ["error"]
    assert str(folder / OLD / "rules.yaml") in logs[0]["faults"]


async def test_the_next_good_edit_is_taken(folder: Path, store: PolicyStore) -> None:
    rules = folder / OLD / "rules.yaml"
    edit(rules, "offer_minutes: 15", "offer_minutes: soon")
    assert (await pinned(store)).rules.refunds.offer_minutes == 15
    edit(rules, "offer_minutes: soon", "offer_minutes: 7")
    with capture_logs() as logs:
        assert (await pinned(store)).rules.refunds.offer_minutes == 7
    assert logs == [{"event": "policy read", "log_level": "info", "current": OLD, "versions": [OLD]}]


async def test_a_pointer_to_nowhere_is_refused_and_the_running_version_stays(folder: Path, store: PolicyStore) -> None:
    write(folder / "CURRENT", "tomorrow")
    with capture_logs() as logs:
        assert (await pinned(store)).version == OLD
    assert "names version 'tomorrow', but the versions here are: 2026-11-01" in logs[0]["faults"]


async def test_a_broken_new_version_leaves_all_others_running(folder: Path, store: PolicyStore) -> None:
    (add_version(folder, NEW, offer_minutes=5) / "rules.yaml").unlink()
    with capture_logs() as logs:
        assert (await pinned(store)).version == OLD
    assert logs[0]["faults"] == f"{folder / NEW / 'rules.yaml'}:1: file is missing"


def remove(path: Path) -> None:
    path.unlink()


def remove_pointer(folder: Path) -> None:
    remove(folder / "CURRENT")


def remove_rules(folder: Path) -> None:
    (folder / OLD / "rules.yaml").unlink()


def remove_english(folder: Path) -> None:
    (folder / OLD / "replies.en.yaml").unlink()


def write_latin(folder: Path) -> None:
    (folder / OLD / "rules.yaml").write_bytes("# gültig\n".encode("latin-1"))


def rename_version(folder: Path) -> None:
    (folder / OLD).rename(folder / "2027")
    write(folder / "CURRENT", "2027")


def remove_versions(folder: Path) -> None:
    shutil.rmtree(folder / OLD)


def remove_everything(folder: Path) -> None:
    shutil.rmtree(folder)


@pytest.mark.parametrize(
    ("spoil", "source", "reason"),
    [
        (remove_pointer, "CURRENT", "file is missing"),
        (remove_rules, f"{OLD}/rules.yaml", "file is missing"),
        (remove_english, f"{OLD}/replies.en.yaml", "English replies are missing"),
        (write_latin, f"{OLD}/rules.yaml", "not UTF-8 at byte 3"),
        (rename_version, "2027/rules.yaml", "version '2026-11-01' is in a folder named '2027'"),
        (remove_versions, "CURRENT", "the versions here are: none"),
        (remove_everything, "CURRENT", "file is missing"),
    ],
)
def test_a_worker_does_not_start_on_broken_files_and_says_why(
    folder: Path, spoil: object, source: str, reason: str
) -> None:
    assert callable(spoil)
    spoil(folder)
    with pytest.raises(BadFile) as refused:
        PolicyStore(folder)
    assert refused.value.source == str(folder / source)
    assert reason in refused.value.reason


def test_what_is_shipped_can_be_read() -> None:
    current, versions = read_versions(SHIPPED)
    assert set(versions[current]) >= {"*", "northwind", "alpenpost", "kirana"}


async def test_a_conversation_that_begins_now_pins_what_is_deployed_now(folder: Path, fleet_file: Path) -> None:
    store = PolicyStore(folder, fleet_file)
    earlier = await pinned(store)
    (planner,) = earlier.fleet
    assert (planner.name, planner.tier, planner.price.output) == ("planner", "S", 0.15)
    edit(fleet_file, "name: planner", "name: writer")
    with capture_logs() as logs:
        later = await pinned(store)
    assert [each.name for each in later.fleet] == ["writer"]
    assert [each.name for each in earlier.fleet] == ["planner"]
    assert logs == [{"event": "fleet read", "log_level": "info", "version": "1", "deployments": ["writer"]}]


async def test_without_a_fleet_file_nothing_is_deployed(store: PolicyStore) -> None:
    assert (await pinned(store)).fleet == ()


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        pytest.param("tier: S", "tier: XL", ":3: deployments.0.tier: input should be 'S', 'M' or 'L'", id="a fault"),
        pytest.param(FLEET, "deployments: [", ":1: ", id="half a file"),
        pytest.param(FLEET, "", ":1: expected a mapping", id="empty"),
    ],
)
async def test_a_broken_fleet_is_reported_once_and_the_running_one_stays(
    folder: Path, fleet_file: Path, old: str, new: str, reason: str
) -> None:
    store = PolicyStore(folder, fleet_file)
    edit(fleet_file, old, new)
    with capture_logs() as logs:
        assert [each.name for each in (await pinned(store)).fleet] == ["planner"]
        await pinned(store)
    (entry,) = logs
    assert (entry["log_level"], entry["running"]) == ("error", ["planner"])
    assert entry["faults"].startswith(f"{fleet_file}{reason}")


async def test_a_fleet_that_is_gone_is_reported_and_read_again_when_it_is_back(folder: Path, fleet_file: Path) -> None:
    store = PolicyStore(folder, fleet_file)
    remove(fleet_file)
    with capture_logs() as logs:
        assert [each.name for each in (await pinned(store)).fleet] == ["planner"]
    assert [entry["faults"] for entry in logs] == [f"{fleet_file}:1: file is missing"]
    write(fleet_file, FLEET.replace("planner", "writer"))
    assert [each.name for each in (await pinned(store)).fleet] == ["writer"]


async def test_a_broken_fleet_holds_up_no_edit_of_the_rules_and_the_other_way_round(
    folder: Path, fleet_file: Path
) -> None:
    store = PolicyStore(folder, fleet_file)
    edit(fleet_file, "tier: S", "tier: XL")
    edit(folder / OLD / "rules.yaml", "offer_minutes: 15", "offer_minutes: 7")
    assert (await pinned(store)).rules.refunds.offer_minutes == 7
    edit(fleet_file, "tier: XL", "tier: M")
    edit(folder / OLD / "rules.yaml", "offer_minutes: 7", "offer_minutes: soon")
    bundle = await pinned(store)
    assert (bundle.rules.refunds.offer_minutes, bundle.fleet[0].tier) == (7, "M")


def missing(folder: Path) -> Path:
    return folder / "fleet.yaml"


def a_folder(folder: Path) -> Path:
    return folder


def below_a_file(folder: Path) -> Path:
    (folder / "file").touch()
    return folder / "file" / "fleet.yaml"


def a_link_to_itself(folder: Path) -> Path:
    (folder / "loop").symlink_to(folder / "loop")
    return folder / "loop"


def a_name_too_long(folder: Path) -> Path:
    return folder / ("x" * 300)


@pytest.mark.parametrize(
    ("lay", "reason"),
    [
        (missing, "file is missing"),
        (a_folder, "cannot be read: is a directory"),
        (below_a_file, "cannot be read: not a directory"),
        (a_link_to_itself, "cannot be read: too many levels of symbolic links"),
        (a_name_too_long, "cannot be read: file name too long"),
    ],
)
def test_a_worker_says_why_its_fleet_cannot_be_read(
    folder: Path, tmp_path_factory: pytest.TempPathFactory, lay: Callable[[Path], Path], reason: str
) -> None:
    file = lay(tmp_path_factory.mktemp("fleet"))
    with pytest.raises(BadFile) as refused:
        PolicyStore(folder, file)
    assert str(refused.value) == f"{file}:1: {reason}"


def test_a_worker_does_not_start_on_a_broken_fleet(folder: Path, fleet_file: Path) -> None:
    edit(fleet_file, "/v1", "/v2")
    with pytest.raises(BadFile, match=r"fleet\.yaml:3: deployments\.0\.base_url: has to name a host and end in /v1"):
        PolicyStore(folder, fleet_file)

"""Read rule bundles and the fleet from files and pin them; a broken edit never replaces a good one."""

import asyncio
from collections.abc import Iterable
from pathlib import Path

import structlog
from temporalio import activity

from activities.errors import Rejected, Unavailable
from policies import fleet
from policies.bundle import Bundle, parse
from policies.fleet import Fleet
from policies.frozen import Fact
from policies.inference import Deployed
from policies.yaml_lines import BadFile

Fingerprint = tuple[tuple[str, int, int], ...]
ANY_TENANT = "*"
log = structlog.get_logger(__name__)


class PinPolicy(Fact):
    """Ask for a tenant's rules: `version` None means the current one."""

    tenant: str
    version: str | None = None


def read_versions(folder: Path) -> tuple[str, dict[str, dict[str, Bundle]]]:
    """Read every version below `folder`: the current version's name and version → tenant → bundle. Raises BadFile."""
    pointer = folder / "CURRENT"
    current = _text(pointer).strip()
    versions = {path.name: read_version(path) for path in sorted(folder.iterdir()) if path.is_dir()}
    if current not in versions:
        known = ", ".join(versions) or "none"
        raise BadFile(str(pointer), [(1, f"names version {current!r}, but the versions here are: {known}")])
    return current, versions


def read_version(folder: Path) -> dict[str, Bundle]:
    """Read one version's rules and replies; the folder is named after the version. Raises BadFile."""
    rules = _text(folder / "rules.yaml")
    replies = {path.name.split(".")[1]: _text(path) for path in sorted(folder.glob("replies.*.yaml"))}
    bundles = parse(rules, replies, str(folder))
    written = next(iter(bundles.values())).version if bundles else folder.name
    if written != folder.name:
        raise BadFile(str(folder / "rules.yaml"), [(1, f"version {written!r} is in a folder named {folder.name!r}")])
    return bundles


def read_fleet(file: Path) -> Fleet:
    """Read the deployments of language models. Raises BadFile."""
    return fleet.parse(_text(file), str(file))


class PolicyStore:
    """Rule bundles and deployments kept in memory and read again when a file changed; without a file, no fleet."""

    def __init__(self, folder: Path, fleet_file: Path | None = None) -> None:
        self.folder, self.fleet_file = folder, fleet_file
        self.seen, self.fleet_seen = self._fingerprint(), self._fleet_fingerprint()
        # One value, replaced as a whole: a new pointer must never meet the old versions.
        self.held = read_versions(folder)
        self.deployed: tuple[Deployed, ...] = read_fleet(fleet_file).deployed if fleet_file else ()

    @activity.defn(name="pin_policy")
    async def pin_policy(self, ask: PinPolicy) -> Bundle:
        """Return the tenant's bundle with the models deployed now; Rejected("policy_absent") for a tenant without one.

        A pinned version that is gone is Unavailable: its conversations wait until somebody puts it back.
        """
        await asyncio.to_thread(self.refresh)
        current, versions = self.held
        if ask.version and ask.version not in versions:
            raise Unavailable(f"policy version {ask.version} is pinned by conversations: put its folder back")
        tenants = versions[ask.version or current]
        bundle = tenants.get(ask.tenant) or tenants.get(ANY_TENANT)
        if bundle is None:
            raise Rejected(f"no policy {ask.version or current} for this tenant", reason="policy_absent")
        return bundle.model_copy(update={"tenant": ask.tenant, "fleet": self.deployed})

    def refresh(self) -> None:
        """Take edits in, or report them and go on with what runs; rules and fleet each by themselves."""
        self._refresh_rules()
        self._refresh_fleet()

    def _refresh_rules(self) -> None:
        try:
            now = self._fingerprint()
            if now == self.seen:
                return
            self.seen = now
            self.held = read_versions(self.folder)
        except (BadFile, OSError) as error:
            log.error("policy refused, the running version stays", running=self.held[0], faults=str(error))
        else:
            log.info("policy read", current=self.held[0], versions=sorted(self.held[1]))

    def _refresh_fleet(self) -> None:
        try:
            now = self._fleet_fingerprint()
            if self.fleet_file is None or now == self.fleet_seen:
                return
            self.fleet_seen = now
            read = read_fleet(self.fleet_file)
        except BadFile as error:
            log.error("fleet refused, the running one stays", running=_names(self.deployed), faults=str(error))
        else:
            self.deployed = read.deployed
            log.info("fleet read", version=read.version, deployments=_names(self.deployed))

    def _fingerprint(self) -> Fingerprint:
        return _stamps(sorted(path for path in self.folder.rglob("*") if path.is_file()))

    def _fleet_fingerprint(self) -> Fingerprint:
        try:
            return _stamps([self.fleet_file] if self.fleet_file else [])
        except OSError:  # reading it says why
            return ()


def _names(deployed: Iterable[Deployed]) -> list[str]:
    return [each.name for each in deployed]


def _stamps(files: Iterable[Path]) -> Fingerprint:
    stats = ((path, path.stat()) for path in files)
    return tuple((str(path), stat.st_mtime_ns, stat.st_size) for path, stat in stats)


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise BadFile(str(path), [(1, "file is missing")]) from None
    except UnicodeDecodeError as error:
        raise BadFile(str(path), [(1, f"not UTF-8 at byte {error.start}")]) from None
    except OSError as error:
        raise BadFile(str(path), [(1, f"cannot be read: {(error.strerror or str(error)).lower()}")]) from None

"""Read rule bundles from a folder of versions and pin one; a broken edit never replaces a good one."""

import asyncio
from pathlib import Path

import structlog
from temporalio import activity

from activities.errors import Rejected, Unavailable
from policies.bundle import Bundle, parse
from policies.frozen import Fact
from policies.yaml_lines import BadFile

ANY_TENANT = "*"
log = structlog.get_logger(__name__)


class PinPolicy(Fact):
    """Ask for a tenant's rules: `version` None means the current one."""

    tenant: str
    version: str | None = None


def read_versions(folder: Path) -> tuple[str, dict[str, dict[str, Bundle]]]:
    """Read every version below `folder`: the current version's name and version → tenant → bundle. Raises BadFile."""
    versions = {path.name: read_version(path) for path in sorted(folder.iterdir()) if path.is_dir()}
    pointer = folder / "CURRENT"
    current = _text(pointer).strip()
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


class PolicyStore:
    """Rule bundles kept in memory and read again when a file changed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.seen = self._fingerprint()
        # One value, replaced as a whole: a new pointer must never meet the old versions.
        self.held = read_versions(folder)

    @activity.defn(name="pin_policy")
    async def pin_policy(self, ask: PinPolicy) -> Bundle:
        """Return the tenant's bundle; Rejected("policy_absent") for a tenant that has none.

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
        return bundle.model_copy(update={"tenant": ask.tenant})

    def refresh(self) -> None:
        """Take edits in, or report them and go on with what runs."""
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

    def _fingerprint(self) -> tuple[tuple[str, int, int], ...]:
        files = sorted(path for path in self.folder.rglob("*") if path.is_file())
        stats = ((path, path.stat()) for path in files)
        return tuple((str(path), stat.st_mtime_ns, stat.st_size) for path, stat in stats)


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise BadFile(str(path), [(1, "file is missing")]) from None
    except UnicodeDecodeError as error:
        raise BadFile(str(path), [(1, f"not UTF-8 at byte {error.start}")]) from None

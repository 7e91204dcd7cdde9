"""What every start works out anew, vectors of exemplars and heads fitted to them, kept on disk for the next one."""

import hashlib
import tempfile
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import structlog

from activities.encoder import Encoder, Vectors

# What a model makes of this tells it from every other model, and from itself with fewer bits.
PROBE = "where is my parcel"
log = structlog.get_logger(__name__)


def encode_kept(encoder: Encoder, texts: Sequence[str], kept: Path | None) -> Vectors:
    """Embed texts, one row each; only those the file `kept` does not have, which is then written anew."""
    distinct = tuple(dict.fromkeys(texts))
    if kept is None:
        rows = dict(zip(distinct, encoder.encode(distinct), strict=True))
    else:
        model = hashlib.blake2b(encoder.encode([PROBE]).tobytes(), digest_size=8).hexdigest()
        keys = {text: hashlib.blake2b(f"{model} {text}".encode(), digest_size=16).hexdigest() for text in distinct}
        known = _read(kept)
        new = [text for text in distinct if keys[text] not in known]
        known |= dict(zip((keys[text] for text in new), encoder.encode(new), strict=True))
        if new:
            _write(kept, {key: known[key] for key in keys.values()})
        rows = {text: known[keys[text]] for text in distinct}
    return np.stack([rows[text] for text in texts]).astype(np.float32)


def solve_kept(solve: Callable[[], Vectors], given: bytes, kept: Path | None) -> Vectors:
    """Solve, or read from the folder `kept` what was solved before for exactly what is `given`."""
    if kept is None:
        return solve()
    path = kept / f"head-{hashlib.blake2b(given, digest_size=12).hexdigest()}.npz"
    if solved := _read(path):
        return solved["weights"]
    weights = solve()
    _write(path, {"weights": weights})
    return weights


def _read(kept: Path) -> dict[str, Vectors]:
    """Read what is there; a missing or damaged file holds nothing."""
    try:
        with np.load(kept, allow_pickle=False) as file:
            return dict(zip(file["keys"].tolist(), file["rows"], strict=True))
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return {}


def _write(kept: Path, rows: dict[str, Vectors]) -> None:
    """Write a file whole or not at all, whoever else writes it now; a folder that cannot be written is no error."""
    scratch = None
    try:
        kept.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=kept.parent, prefix=kept.stem, suffix=".part", delete=False) as file:
            scratch = Path(file.name)
            np.savez(file, keys=np.array(list(rows)), rows=np.stack(list(rows.values())))
        scratch.replace(kept)
    except OSError as error:
        if scratch is not None:
            scratch.unlink(missing_ok=True)
        log.warning("models.not_kept", path=str(kept), reason=str(error))

"""What embedding and screening a shop's shipped documents brought, kept so that the next first start is quick."""

import hashlib
import tempfile
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import structlog

from activities.ingest_reading import Embedding, Judge
from activities.ports import Embedded
from policies.chunks import Chunk
from policies.facts import Injection
from policies.injection import Screening

log = structlog.get_logger(__name__)


class Kept:
    """An Embedding and a Judge that know some passages of one tenant already, and note the others for `write`."""

    def __init__(self, path: Path, embedding: Embedding, judge: Judge) -> None:
        """`path` belongs to one tenant and one model."""
        self.fingerprint = embedding.fingerprint
        self._path = path
        self._embedding = embedding
        self._judge = judge
        self._known = _read(path)
        self._harmless = {row for row, _ in self._known.values()}
        self._new = False

    def count(self, text: str) -> int:
        return self._embedding.count(text)

    async def embed(self, chunks: Sequence[Chunk]) -> Mapping[str, Embedded]:
        new = [chunk for chunk in chunks if chunk.chunk_id not in self._known]
        for chunk_id, embedded in (await self._embedding.embed(new) if new else {}).items():
            chunk = next(chunk for chunk in new if chunk.chunk_id == chunk_id)
            self._known[chunk_id] = (_hash(chunk.told), embedded)
            self._new = True
        return {chunk.chunk_id: self._known[chunk.chunk_id][1] for chunk in chunks}

    async def screen(self, texts: Sequence[str]) -> Sequence[Screening]:
        new = [text for text in texts if _hash(text) not in self._harmless]
        judged = dict(zip(new, await self._judge.screen(new) if new else (), strict=True))
        return [judged.get(text) or Screening(verdict=Injection.ALLOW, score=0) for text in texts]

    def write(self) -> None:
        """Keep what is known for the next start; a folder that cannot be written is no error."""
        if not self._new:
            return
        ids = sorted(self._known)
        held = [self._known[chunk_id][1] for chunk_id in ids]
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile(dir=self._path.parent, suffix=".part", delete=False) as file:
                np.savez(
                    file,
                    ids=np.array(ids),
                    hashes=np.array([self._known[chunk_id][0] for chunk_id in ids]),
                    vectors=np.concatenate([each.vectors for each in held]),
                    tokens=np.concatenate([each.tokens for each in held]),
                    windows=np.array([len(each.vectors) for each in held]),
                    lengths=np.array([len(each.tokens) for each in held]),
                )
            Path(file.name).replace(self._path)
        except OSError as error:
            log.warning("knowledge.not_kept", path=str(self._path), reason=str(error))


def _read(path: Path) -> dict[str, tuple[str, Embedded]]:
    """Read what is there; a missing or damaged file holds nothing."""
    try:
        with np.load(path, allow_pickle=False) as file:
            vectors = np.split(file["vectors"], np.cumsum(file["windows"])[:-1])
            tokens = np.split(file["tokens"], np.cumsum(file["lengths"])[:-1])
            ids, hashes = file["ids"].tolist(), file["hashes"].tolist()
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return {}
    rows = zip(ids, hashes, vectors, tokens, strict=True)
    return {one: (hashed, Embedded(vectors=own, tokens=words)) for one, hashed, own, words in rows}


def _hash(text: str) -> str:
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()

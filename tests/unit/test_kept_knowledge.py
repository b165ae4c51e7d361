"""The knowledge base by itself: read once, then from the cache; never from a file that is damaged or of other knowledge."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from backspasm.records import kept
from backspasm.records.knowledge import Knowledge


class Folder:
    """A knowledge folder of which the digest is given, with a count of how often it is read."""

    def __init__(self, knowledge: Knowledge) -> None:
        self.digest, self.read, self.knowledge = "a" * 64, 0, knowledge

    def read_knowledge(self, root: Path) -> Knowledge:
        self.read += 1
        return self.knowledge


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, knowledge: Knowledge) -> Folder:
    made = Folder(knowledge)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(kept, "digest_of", lambda root: made.digest)
    monkeypatch.setattr(kept, "read_knowledge", made.read_knowledge)
    return made


def test_knowledge_is_read_once_and_is_the_same_from_the_cache(folder: Folder, tmp_path: Path) -> None:
    said: list[int] = []
    for _ in range(2):
        loaded = kept.load_knowledge(tmp_path, on_read=lambda: said.append(1))
        assert msgspec.msgpack.encode(loaded) == msgspec.msgpack.encode(folder.knowledge)
    assert (folder.read, said) == (1, [1])


def test_other_knowledge_is_read_anew(folder: Folder, tmp_path: Path) -> None:
    kept.load_knowledge(tmp_path)
    folder.digest = "b" * 64
    kept.load_knowledge(tmp_path)
    assert folder.read == 2


@pytest.mark.parametrize("damage", [b"", b"\xc1", msgspec.msgpack.encode({"no": "knowledge"})])
def test_a_damaged_file_is_made_anew(folder: Folder, tmp_path: Path, damage: bytes) -> None:
    kept.load_knowledge(tmp_path)
    (file,) = tmp_path.rglob("*-knowledge.bin")
    whole = file.read_bytes()
    file.write_bytes(damage)
    kept.load_knowledge(tmp_path)
    assert folder.read == 2
    assert file.read_bytes() == whole

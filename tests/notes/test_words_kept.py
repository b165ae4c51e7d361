"""The compiled words are kept on disk: read back they mean the same, and no file is trusted that says something else."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from backspasm import Knowledge
from backspasm.patients.from_note import lexicon, read_note
from backspasm.patients.from_note.compiled import Compiled
from backspasm.patients.from_note.compiling import compile_words
from backspasm.patients.from_note.kept import kept
from backspasm.patients.from_note.lexicon import lexicon_of
from backspasm.patients.from_note.values.find import compiled_values
from backspasm.records.words import Wording

NOTE = "Numb in the saddle area for 3 days. No fever, takes naproxen 500 mg. Quorvaxel."


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache, and a reader that has not read the words yet."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(lexicon, "_COMPILED", [])
    return tmp_path / "backspasm"


def words_file(folder: Path) -> Path:
    (found,) = folder.glob("*-words.bin")
    return found


def not_made(_: Knowledge) -> Compiled:
    raise AssertionError("compiled, though it was kept")


def test_words_read_back_are_those_compiled(folder: Path, knowledge: Knowledge) -> None:
    lexicon_of(knowledge)
    again = kept("words", knowledge, Compiled, not_made)
    assert again == compile_words(knowledge.words, knowledge.findings.values())
    assert len(again.patterns) > 1000


def test_a_note_is_read_the_same_with_kept_words(
    folder: Path, knowledge: Knowledge, monkeypatch: pytest.MonkeyPatch
) -> None:
    compiled = read_note(NOTE, knowledge)
    monkeypatch.setattr(lexicon, "_COMPILED", [])
    monkeypatch.setattr(lexicon, "_compiled", not_made)
    from_disk = read_note(NOTE, knowledge)
    assert from_disk == compiled
    assert "saddle_anaesthesia" in from_disk.present
    assert "fever" in from_disk.absent


@pytest.mark.parametrize("damage", [b"", b"\xc1", b"\x93\x01\x02\x03"], ids=["empty", "no msgpack", "other shape"])
def test_a_damaged_file_is_made_anew(folder: Path, knowledge: Knowledge, damage: bytes) -> None:
    lexicon_of(knowledge)
    whole = words_file(folder).read_bytes()
    words_file(folder).write_bytes(damage)
    lexicon._COMPILED.clear()
    lexicon_of(knowledge)
    assert words_file(folder).read_bytes() == whole


def test_changed_words_are_never_read_from_the_file_of_others(folder: Path, knowledge: Knowledge) -> None:
    """Not even where a program changed them in memory and left the digest of the knowledge as it was."""
    text = "He is quorvaxel."
    assert not read_note(text, knowledge).present
    words = knowledge.words
    more = msgspec.structs.replace(words, wordings=(*words.wordings, Wording(finding="fever", says=("quorvaxel",))))
    changed = msgspec.structs.replace(knowledge, words=more)
    assert changed.digest == knowledge.digest
    assert read_note(text, changed).present == ("fever",)
    assert len(list(folder.glob("*-words.bin"))) == 2


def test_a_cache_that_cannot_be_written_is_no_error(
    tmp_path: Path, knowledge: Knowledge, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("not a folder", encoding="utf-8")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    monkeypatch.setattr(lexicon, "_COMPILED", [])
    assert "fever" in read_note(NOTE, knowledge).absent


def test_no_word_of_a_note_is_kept(folder: Path, knowledge: Knowledge) -> None:
    compiled_values(knowledge)
    read_note(NOTE, knowledge)
    lexicon._COMPILED.clear()
    read_note(NOTE, knowledge)
    files = list(folder.iterdir())
    assert {p.name.rsplit("-", 1)[1] for p in files} == {"words.bin", "values.bin"}
    assert not any(b"quorvaxel" in p.read_bytes().lower() for p in files)

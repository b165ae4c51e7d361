"""Spoils one place of a copy of the knowledge base, so that a check can be seen to find it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from backspasm.records.library import knowledge_folder, read_knowledge
from backspasm.records.problems import KnowledgeError, Problem


def change(path: Path, old: str, new: str) -> None:
    """Put ``new`` in the first place of ``old``, which must be there."""
    text = path.read_text(encoding="utf-8")
    assert old in text, old
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def told_of(folder: Path, *changes: tuple[str, str, str]) -> str:
    """All that is said of a copy of the knowledge base in which these places are spoilt: file, what stands there, what instead."""
    root = folder / "knowledge"
    shutil.copytree(knowledge_folder(), root)
    for file, old, new in changes:
        change(root / file, old, new)
    with pytest.raises(KnowledgeError) as error:
        read_knowledge(root)
    problems: tuple[Problem, ...] = error.value.problems
    return "\n".join(str(p) for p in problems)

"""What is wrong in a knowledge file: where, what, and how to mend it. All problems are reported together."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rapidfuzz import process


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One defect of the knowledge base. ``file`` is relative to the knowledge folder; ``line`` starts at 1."""

    file: str
    line: int
    what: str
    mend: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.what}. Mend: {self.mend}"


class KnowledgeError(Exception):
    """The knowledge base cannot be used; carries every problem found."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(sorted(problems))
        super().__init__(f"{len(self.problems)} problem(s) in the knowledge base")


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word that ``word`` was probably meant to be, or None when nothing is close."""
    found = process.extractOne(word, list(known), score_cutoff=60)
    return None if found is None else str(found[0])


def did_you_mean(word: str, known: Iterable[str], otherwise: str) -> str:
    """A mend for an unknown word: the nearest known one, or ``otherwise``."""
    near = nearest(word, known)
    return otherwise if near is None else f"did you mean {near!r}?"

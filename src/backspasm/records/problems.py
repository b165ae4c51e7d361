"""What is wrong in a knowledge file: where, what, and how to mend it. All problems are reported together."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rapidfuzz import fuzz


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One defect of the knowledge base. ``file`` is relative to the knowledge folder; ``line`` starts at 1, 0: of no line."""

    file: str
    line: int
    what: str
    mend: str

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        return f"{place}: {self.what}. Mend: {self.mend}"


class KnowledgeError(Exception):
    """The knowledge base cannot be used; carries every problem found."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(sorted(problems))
        super().__init__(f"{len(self.problems)} problem(s) in the knowledge base")


#: least likeness, of 100, at which a known word is offered; and likeness of a word of which only the beginning was typed
LIKE, BEGINNING = 60, 85
#: likeness of a known name that holds the word as one of its own words
HOLDS = 0.9


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word that ``word`` was probably meant to be, or None when nothing is close.

    Names are compared letter by letter, word by word in any order, and by the words they share.
    """
    wanted = _spelt(word)
    best = max(((_likeness(wanted, _spelt(k)), k) for k in known), default=(0.0, ""), key=lambda found: found[0])
    return best[1] if best[0] >= LIKE else None


def _likeness(wanted: str, name: str) -> float:
    begun = BEGINNING if len(wanted) > 2 and name.startswith(wanted) else 0
    shared = HOLDS * fuzz.token_set_ratio(wanted, name) if set(wanted.split()) & set(name.split()) else 0
    return max(fuzz.ratio(wanted, name), fuzz.token_sort_ratio(wanted, name), begun, shared)


def _spelt(name: str) -> str:
    return " ".join("".join(c if c.isalnum() else " " for c in name.lower()).split())


def did_you_mean(word: str, known: Iterable[str], otherwise: str) -> str:
    """A mend for an unknown word: the nearest known one, or ``otherwise``."""
    near = nearest(word, known)
    return otherwise if near is None else f"did you mean {near!r}?"

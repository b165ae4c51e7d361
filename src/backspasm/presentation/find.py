"""Finds findings by what a clinician types: names first, then the words that count as them, then what is spelt alike."""

from __future__ import annotations

from dataclasses import dataclass

from rapidfuzz import fuzz, process

from backspasm.presentation import words
from backspasm.records.knowledge import Knowledge

#: rows of a search; and the likeness (0 to 100) from which a misspelt word is taken for another
SHOWN, ALIKE = 8, 80
#: how much less it counts that only a part is alike
PART = 15
#: letters from which on misspellings are guessed
GUESSED_FROM = 4
#: the rank of what does not answer
_NOT = 9


@dataclass(frozen=True)
class Found:
    """One finding. ``through``: the word that was found, where it is not the name."""

    finding: str
    name: str
    ask: str
    measured: bool
    through: str


@dataclass(frozen=True)
class Finder:
    """Every finding with its spellings in lower case, the name first."""

    spellings: tuple[tuple[str, tuple[str, ...]], ...]
    knowledge: Knowledge

    def find(self, text: str, count: int = SHOWN) -> tuple[Found, ...]:
        """The best matches, the best first; none for an empty text."""
        wanted = " ".join(text.lower().split())
        if not wanted:
            return ()
        ranked = []
        for place, (finding, spellings) in enumerate(self.spellings):
            best = min((_rank(wanted, s, i) for i, s in enumerate(spellings)), default=None)
            if best is not None and best[0] < _NOT:
                ranked.append((best[0], len(spellings[best[1]]), place, finding, spellings[best[1]], best[1]))
        if not ranked and len(wanted) >= GUESSED_FROM:
            ranked = self._alike(wanted)
        ranked.sort()
        return tuple(self._found(finding, spelling, i) for _, _, _, finding, spelling, i in ranked[:count])

    def _alike(self, wanted: str) -> list[tuple[int, int, int, str, str, int]]:
        out = []
        for place, (finding, spellings) in enumerate(self.spellings):
            long = [s for s in spellings if len(s) + 1 >= len(wanted)]  # a short word lies in every long one
            for scorer, less in ((fuzz.ratio, 0), (fuzz.partial_ratio, PART)):
                found = process.extractOne(wanted, long, scorer=scorer, score_cutoff=ALIKE)
                if found is not None:
                    spelling, score, _ = found
                    out.append(
                        (less - round(score), len(spelling), place, finding, spelling, spellings.index(spelling))
                    )
                    break
        return out

    def _found(self, finding: str, spelling: str, i: int) -> Found:
        record = self.knowledge.findings[finding]
        through = spelling if i > 0 and spelling != finding.replace("_", " ") else ""
        return Found(
            finding, words.finding_name(finding, self.knowledge), record.ask, record.kind == "measured", through
        )


def _rank(wanted: str, spelling: str, i: int) -> tuple[int, int]:
    """How well a spelling answers: whole, from its start, at the start of its words, anywhere; names before other words."""
    later = 0 if i == 0 else 1
    if spelling == wanted:
        return later, i
    if spelling.startswith(wanted):
        return 2 + later, i
    heads = spelling.split()
    if all(any(h.startswith(w) for h in heads) for w in wanted.split()):
        return 4 + later, i
    if len(wanted) >= GUESSED_FROM and wanted in spelling:
        return 6 + later, i
    return _NOT, i


def finder(knowledge: Knowledge) -> Finder:
    """Compiles the names and words of all findings."""
    rows = []
    for finding, record in knowledge.findings.items():
        name = words.finding_name(finding, knowledge).lower()
        rows.append(
            (finding, tuple(dict.fromkeys((name, finding.replace("_", " "), *map(str.lower, record.counts_as)))))
        )
    return Finder(tuple(rows), knowledge)

"""Headings: which stretch of a note is about what."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain

from backspasm.patients.from_note.spans import Part, Span
from backspasm.records.words import Heading

#: a part that was opened in the middle of a line ends with that line (these: with the sentence)
_BRIEF = frozenset({"family", "allergies"})
_STOP = re.compile(r"[.;](?=\s)")
_END = re.Match.end
#: behind what a heading may stand inside a line, and one in capitals
_SENTENCE = re.compile(r"[.;!?] ")
_LOUD = re.compile(r"[.;\n](?:(?<=\n)| )")


class HeadingFinder:
    """Finds headings with two expressions made from the word lists."""

    def __init__(self, headings: Sequence[Heading]) -> None:
        self.parts: dict[str, Part] = {w.lower(): h.part for h in headings for w in h.words}  # type: ignore[misc]
        self.inline: dict[str, Part] = {w: h.part for h in headings for w in h.inline}  # type: ignore[misc]
        words = "|".join(re.escape(w) for w in sorted(self.parts, key=len, reverse=True))
        at_line = rf"^[ \t*#•\-_]{{0,6}}(?:\d\.\s)?({words})[ \t*_]{{0,4}}(?:\([^()\n]{{0,20}}\))?(?::|\n| - |\Z)"
        self.at_line = re.compile(at_line, re.MULTILINE)
        self.with_colon = re.compile(rf"({words}):")
        loud = "|".join(re.escape(w) for w in sorted(self.inline, key=len, reverse=True))
        self.loud = re.compile(rf"({loud})(?=[ :])")

    def inside(self, lower: str) -> Iterator[re.Match[str]]:
        """Headings with a colon at the start of a sentence; ``lower`` is the note in small letters."""
        return _led(self.with_colon, lower, map(_END, _SENTENCE.finditer(lower)))

    def in_capitals(self, text: str) -> Iterator[re.Match[str]]:
        """Headings without a colon, at the start of a line or a sentence of the note as written."""
        return _led(self.loud, text, chain((0,), map(_END, _LOUD.finditer(text))))

    def parts_of(self, text: str, lower: str) -> tuple[tuple[Span, Part], ...]:
        """The parts in order, without gaps; the text before the first heading is the complaint."""
        starts: dict[int, tuple[int, Part, bool]] = {}
        for m in self.at_line.finditer(lower):
            part = self.parts[m.group(1)]
            own_line = lower[m.end() - 1] == "\n" if m.end() > m.start() else False
            own_line = own_line or lower.startswith("\n", m.end())
            starts[m.start(1)] = (m.end(), part, own_line)
        for m in self.inside(lower):
            starts.setdefault(m.start(1), (m.end(), self.parts[m.group(1)], False))
        for m in self.in_capitals(text):
            starts.setdefault(m.start(1), (m.end(), self.inline[m.group(1)], False))
        out: list[tuple[Span, Part]] = []
        at, part = 0, "complaint"
        places = sorted(starts)
        for k, place in enumerate(places):
            if place > at:
                out.append((Span(at, place), part))
            after, part, own_line = starts[place]
            following = places[k + 1] if k + 1 < len(places) else len(text)
            at = place
            if own_line:
                continue
            ends = [e for e in (_line_end(lower, after),) if e != -1]
            if part in _BRIEF:
                stop = _STOP.search(lower, after, following)
                ends += [stop.end()] if stop else []
            end = min(ends, default=len(text))
            if end < following:
                out.append((Span(at, end), part))
                at, part = end, "examination" if part == "examination" else "complaint"
        if at < len(text) or not out:
            out.append((Span(at, len(text)), part))
        return tuple(out)


def _led(pattern: re.Pattern[str], text: str, places: Iterable[int]) -> Iterator[re.Match[str]]:
    """Matches of a pattern at these places: they are found faster than by a pattern that looks back."""
    last, match_at = 0, pattern.match
    for place in places:
        if place >= last:
            match = match_at(text, place)
            if match is not None:
                last = match.end()
                yield match


def _line_end(lower: str, start: int) -> int:
    """End of the line on which a heading stands; a line that goes on in small letters is one with the next."""
    at = start
    while True:
        at = lower.find("\n", at)
        if at == -1:
            return -1
        if (at - start > 1 and lower[at - 1] in ",-") or (
            lower[at + 1 : at + 2].islower() and lower[at - 1] not in ".:;"
        ):
            at += 1
            continue
        return at

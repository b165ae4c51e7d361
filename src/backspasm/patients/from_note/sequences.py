"""Patterns of several classes: whether their elements follow each other closely enough in a sentence."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence

from backspasm.patients.from_note.kinds import Kind, Match, Pattern, Place

#: counted for a word that no pattern may reach across (but, however), in ``barriers``
HARD = 1000
#: most matches of one pattern in one sentence: keeps absurd text (a thousand times "pain leg") linear
_MOST = 12
#: words more than its gap that may lie between two elements, all of them commas
_COMMAS = 6


class Places(dict[int, list[Place]]):
    """Where the classes stand among the phrases of one sentence, in order; looked up when a pattern asks.

    Args:
        found: the places of the phrases, in order.
        kinds: the kind of each.
        members: the kinds of a class, by number.
    """

    __slots__ = ("_members", "_where", "present")

    def __init__(self, found: Sequence[Place], kinds: Sequence[Kind], members: Mapping[int, frozenset[int]]) -> None:
        where = {kind.index: [place] for kind, place in zip(kinds, found, strict=True)}
        if len(where) < len(kinds):  # a kind stands here more than once
            where = {index: [] for index in where}
            for kind, place in zip(kinds, found, strict=True):
                where[kind.index].append(place)
        self._where = where
        #: the kinds that stand in the sentence
        self.present = frozenset(where)
        self._members = members

    def __missing__(self, c: int) -> list[Place]:
        met = self._members[c] & self.present
        if len(met) == 1:
            (index,) = met
            places = self._where[index]
        else:
            places = [place for index in met for place in self._where[index]]
            places.sort()
        self[c] = places
        return places


def sequences(pattern: Pattern, places: Places, barriers: Sequence[int], out: list[Match]) -> None:
    """Add the matches of a pattern: after each place of its first class the nearest places of the following ones."""
    starts, seconds = places[pattern.first], places[pattern.second]
    if not starts or not seconds or starts[0][1] > seconds[-1][0]:
        return
    gap, commas, more = pattern.gap, pattern.commas, pattern.more
    made = 0
    for first in starts:
        start, end = first
        place = seconds[0]
        if place[0] < end:
            k = bisect_left(seconds, (end,))
            if k == len(seconds):
                continue
            place = seconds[k]
        at = place[0]
        between = at - end
        if between > gap:
            if between > gap + _COMMAS:
                continue
            crossed = barriers[at] - barriers[end]
            if between - crossed > gap or not commas or crossed >= HARD:
                continue
        elif between:
            crossed = barriers[at] - barriers[end]
            if crossed and (not commas or crossed >= HARD):
                continue
        if not more:
            out.append(Match(pattern.rule, start, place[1], (first, place)))
        elif not _goes_on(pattern, (first, place), places, barriers, out):
            continue
        made += 1
        if made == _MOST:
            return


def _goes_on(
    pattern: Pattern, begun: tuple[Place, Place], places: Places, barriers: Sequence[int], out: list[Match]
) -> bool:
    """Add the match that began with the places of the first two classes, if the others follow."""
    parts = [*begun]
    end = begun[1][1]
    for c, gap, commas in pattern.more:
        of = places[c]
        k = bisect_left(of, (end,))
        if k == len(of):
            return False
        place = of[k]
        at = place[0]
        between = at - end
        crossed = barriers[at] - barriers[end]
        if between > gap + _COMMAS or between - crossed > gap or (crossed and (not commas or crossed >= HARD)):
            return False
        parts.append(place)
        end = place[1]
    out.append(Match(pattern.rule, parts[0][0], end, tuple(parts)))
    return True

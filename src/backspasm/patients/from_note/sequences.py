"""Patterns of several classes: whether their elements follow each other closely enough in a sentence."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Sequence

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
        here: the phrases found, in order.
        members: the kinds of a class.
    """

    __slots__ = ("_members", "_present", "_where")

    def __init__(self, here: list[tuple[Place, Kind]], members: Callable[[int], frozenset[int]]) -> None:
        where: dict[int, list[Place]] = {}
        for place, kind in here:
            if kind.index in where:
                where[kind.index].append(place)
            else:
                where[kind.index] = [place]
        self._where = where
        self._present = frozenset(where)
        self._members = members

    def __missing__(self, c: int) -> list[Place]:
        met = self._members(c) & self._present
        if len(met) == 1:
            (index,) = met
            places = self._where[index]
        else:
            places = [place for index in met for place in self._where[index]]
            places.sort()
        self[c] = places
        return places


#: where no pattern asks
NOWHERE = Places([], lambda _: frozenset())


def sequences(
    pattern: Pattern,
    starts: list[Place],
    seconds: list[Place],
    places: Places,
    barriers: Sequence[int],
    out: list[Match],
) -> None:
    """Add the matches of a pattern: after each place of its first class the nearest places of the following ones."""
    elements = pattern.elements
    _, gap, commas = elements[1]
    more = elements[2:]
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
        if between > gap + _COMMAS:
            continue
        crossed = barriers[at] - barriers[end]
        if between - crossed > gap or (crossed and (not commas or crossed >= HARD)):
            continue
        if not more:
            out.append(Match(pattern.rule, start, place[1], (first, place)))
        elif not _goes_on(pattern, (first, place), more, places, barriers, out):
            continue
        made += 1
        if made == _MOST:
            return


def _goes_on(
    pattern: Pattern,
    begun: tuple[Place, Place],
    more: tuple[tuple[int, int, bool], ...],
    places: Places,
    barriers: Sequence[int],
    out: list[Match],
) -> bool:
    """Add the match that began with the places of the first two classes, if the others follow."""
    parts = [*begun]
    end = begun[1][1]
    for c, gap, commas in more:
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

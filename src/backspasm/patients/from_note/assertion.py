"""ConText: what a note says about a finding that it names, by the words around it.

A *cue* has a kind (negation, uncertain, past, family, hypothetical, other person), stands before or after what it
changes, and reaches over a list, within its clause, or to the end of the sentence. A *termination* ends its scope; a
*pseudo-trigger* (``not only``, ``no change in``) takes a cue's force away. After Chapman 2001 (NegEx) and Harkema 2009.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence

from msgspec import Struct

from backspasm.patients.from_note import tokens
from backspasm.patients.from_note.kinds import Match, Place
from backspasm.patients.from_note.spans import Assertion
from backspasm.records.words import Cue

#: words that a cue within a clause reaches at most, and words between a finding and a cue after it
_CLAUSE, _AFTER = 9, 4
#: most words of an item of a list, with the comma before it
_ITEM = 5


#: cues that reach only what stands next to them, and how many words may lie between: ``non-tender``, ``mum diabetic``
_NEXT = {"non": 0, "kin_bare": 1, "asked": 3}
#: kinds of cues that answer what was asked about
_ANSWERS = frozenset({"affirmed", "negation"})
_JUDGING = frozenset({"negation", "uncertain", "past", "family", "hypothetical", "other_person", "affirmed"})


class Verdict(Struct, frozen=True):
    """The assertion, and the places of the words that decided it (empty if none did)."""

    assertion: Assertion
    start: int = 0
    end: int = 0
    cue: str = ""

    @property
    def decided(self) -> bool:
        return self.end > self.start


_PRESENT = Verdict("present")


class CuePlace(Struct, frozen=True):
    cue: Cue
    start: int
    end: int


class Small(Struct, frozen=True):
    """Ids of the small words that scopes look at: *or*, *and*, a bare N, words of denial, *yes* and *no*."""

    links: frozenset[int]
    joins: frozenset[int]
    #: links that are no joins
    stops: frozenset[int]
    letter_n: int
    denials: frozenset[int]
    yes: frozenset[int]
    no: frozenset[int]


class Scopes:
    """The cues of one sentence, and where their scopes end."""

    __slots__ = (
        "box_starts", "cues_of_boxes", "ends", "first", "join_places", "last", "matches", "negations", "others", "pseudo",
        "small", "verdicts", "words",
    )  # fmt: skip

    def __init__(self, matches: Sequence[Match], words: Sequence[int], first: int, last: int, small: Small) -> None:
        self.words, self.first, self.last = words, first, last
        self.small = small
        self.matches: Sequence[Match] | None = matches
        self.verdicts: dict[tuple[int, int, tuple[Place, ...]], Verdict] = {}

    def _prepare(self) -> None:
        """Sort the cues, when something is first asked: most sentences of a long note name no finding."""
        words, first, last = self.words, self.first, self.last
        places = [CuePlace(m.rule.cue, m.start, m.end) for m in self.matches or () if m.rule.cue is not None]
        self.matches = None
        live = _longest(places)
        own = words[first:last]
        self.join_places = (
            [] if self.small.joins.isdisjoint(own) else [i for i, w in enumerate(own, first) if w in self.small.joins]
        )
        boxes = tokens.CHECKED in own or tokens.UNCHECKED in own
        self.cues_of_boxes = _boxes(words, first, last, self.small.yes, self.small.no) if boxes else []
        self.box_starts = [p.start for p in self.cues_of_boxes]
        self.pseudo: list[CuePlace] = []
        #: in the order in which they are asked: of negations the last one that reaches counts, of others the first
        self.negations: list[CuePlace] = []
        self.others: list[CuePlace] = []
        self.ends: list[int] = []
        for p in live:
            kind = p.cue.kind
            if kind == "negation":
                self.negations.append(p)
            elif kind in _JUDGING:
                self.others.append(p)
            elif kind == "pseudo":
                self.pseudo.append(p)
            elif kind == "termination" or (kind == "clause" and self._opens_clause(p)):
                self.ends.append(p.start)
        self.negations.reverse()
        self.ends.sort()

    def _opens_clause(self, place: CuePlace) -> bool:
        """A clause word opens a clause only after a comma, a dash or *and*; a weak one not inside ``no a, b or c``."""
        if place.start <= self.first:
            return False
        before = self.words[place.start - 1]
        if before not in tokens.SEPARATORS and before not in self.small.links:
            return False
        if place.cue.reach == "list":  # weak: an adjective that may as well be an item of the list
            return before not in self.small.joins and not self._joins_after(place.end)
        return True

    def _joins_after(self, place: int) -> bool:
        """Whether *or* or *nor* stands at a place of the sentence or after it."""
        return bool(self.join_places) and self.join_places[-1] >= place

    def _ends_within(self, first: int, last: int) -> bool:
        """Whether a scope ends at one of the words from first to last, both included."""
        ends = self.ends
        if not ends:
            return False
        k = bisect_left(ends, first)
        return k < len(ends) and ends[k] <= last

    def denied(self, match: Match) -> bool:
        """Whether a negation before the match reaches it, whatever else is said of it."""
        if self.matches is not None:
            self._prepare()
        return any(
            p.cue.side == "before" and p.end <= match.start and self._reaches(p, match.start)
            for p in (*self.negations, *(b for b in self.cues_of_boxes if b.cue.kind == "negation"))
        )

    def spoilt(self, match: Match) -> bool:
        """Whether words of normality are taken back by a pseudo-trigger (``no relief from``, ``not settling``)."""
        if self.matches is not None:
            self._prepare()
        return any(
            p.start < match.end
            and (p.end > match.start or self._reaches(p, match.start))
            and p.end - match.start <= _CLAUSE
            for p in self.pseudo
            if p.cue.id == "not_only" or not any(a <= p.start < b for a, b in match.parts)
        )

    def verdict(self, match: Match) -> Verdict:
        """What the sentence says about one match; worked out once for each place."""
        place = match.start, match.end, match.parts
        known = self.verdicts.get(place)
        if known is None:
            if self.matches is not None:
                self._prepare()
            known = self.verdicts[place] = self._verdict(match)
        return known

    def _verdict(self, match: Match) -> Verdict:
        if not (self.negations or self.others or self.cues_of_boxes):
            return _PRESENT
        found: dict[str, CuePlace] = {}
        for place in self.negations:
            if self._counts(place, match):
                found["negation"] = place
                break
        for place in self.others:
            if place.cue.kind not in found and self._counts(place, match):
                found[place.cue.kind] = place
        for place in self.cues_of_boxes:
            kind = place.cue.kind
            if kind == "affirmed" and kind in found:
                continue
            if self._not_of(place, match) and self._box_belongs(place, match):
                return Verdict("present" if kind == "affirmed" else "absent", place.start, place.end)
        for kind in ("hypothetical", "other_person", "family", "uncertain", "negation", "past"):
            if kind in found:
                p = found[kind]
                assertion: Assertion = "absent" if kind == "negation" else kind  # type: ignore[assignment]
                if kind == "uncertain" and "negation" in found and found["negation"].start > p.start:
                    continue
                if p.cue.id == "asked" and (not found.keys().isdisjoint(_ANSWERS) or self._tells(match)):
                    continue
                return Verdict(assertion, p.start, p.end, p.cue.id)
        if "affirmed" in found:
            return Verdict("present", found["affirmed"].start, found["affirmed"].end)
        return Verdict("present")

    def _tells(self, match: Match) -> bool:
        """Whether what was asked about is told by the match itself: "tested for it: positive", "about the bladder: normal"."""
        if match.rule.source in ("denies", "statements"):
            return True
        return any(self.words[k] == tokens.COLON for k in range(match.start, match.end))

    def _not_of(self, place: CuePlace, match: Match) -> bool:
        """Whether a cue is not part of the finding's own words (``cannot pass urine``, ``has not been able to``)."""
        start = place.start
        for a, b in match.parts:
            if a <= start < b:
                return False
        # the negation that a cue shares with the finding is the finding's
        return not (
            start < match.start < place.end
            and any(self.words[k] in self.small.denials for k in range(match.start, place.end))
        )

    def _counts(self, place: CuePlace, match: Match) -> bool:
        """Whether a cue changes what is said of the match."""
        kind = place.cue.kind
        if place.cue.side == "before":
            if place.start >= match.end:
                return False
            inside = match.start < place.start
            if not self._not_of(place, match):
                return False
            if not inside:
                return place.start < match.start and (kind == "hypothetical" or self._reaches(place, match.start))
            if kind not in ("negation", "uncertain") and place.cue.id != "purpose":
                return False
            # "neither codeine nor rest touches it": the pattern has its own negation
            return not (kind == "negation" and any(self.words[a] in self.small.denials for a, _ in match.parts))
        return place.start >= match.end and self._not_of(place, match) and self._reaches_back(place, match.end)

    def _box_belongs(self, place: CuePlace, match: Match) -> bool:
        """The box next to the match, in the order that the line has; a box before *no* or *yes* answers with the word."""
        starts = self.box_starts
        if place.cue.side == "before":
            k = bisect_right(starts, match.start) - 1
            return k >= 0 and starts[k] == place.start
        k = bisect_left(starts, match.end)
        return k < len(starts) and starts[k] == place.start

    def _reaches(self, place: CuePlace, target: int) -> bool:
        reach = place.cue.reach
        if reach == "sentence":
            return True
        near = _NEXT.get(place.cue.id)
        if near is not None and (
            target - place.end > near or any(self.words[k] in tokens.SEPARATORS for k in range(place.end, target))
        ):
            return False
        if place.cue.kind == "negation" and place.end < target and self.words[place.end] == tokens.COMMA:
            return False  # "the photographs do not show, sore when tapped"
        if self._ends_within(place.end, target):
            return False
        words = self.words
        if reach == "clause":
            if target - place.end > _CLAUSE:
                return False
            stops = self.small.stops
            if self._joined(place, target):
                return True
            return not any(
                (words[k] in tokens.SEPARATORS and words[k] != tokens.SLASH) or words[k] in stops
                for k in range(place.end, target)
            )
        if place.cue.kind == "negation" and not self._in_list(place.end, target):
            return False
        # "No, I haven't": an answer, not a negation of what follows
        return not (
            place.start == self.first
            and place.end < self.last
            and words[place.end] == tokens.COMMA
            and place.end - place.start == 1
        )

    def _joined(self, place: CuePlace, target: int) -> bool:
        """Whether commas lead from *not* to the target in a list that goes on with *or*: ``does not smoke, drink or``."""
        if place.cue.kind != "negation":
            return False
        words = self.words
        k = bisect_left(self.ends, place.end)
        stop = self.ends[k] if k < len(self.ends) else self.last
        if target >= stop or any(words[k] == tokens.DASH for k in range(place.end, target)):
            return False
        if any(words[k] in self.small.stops for k in range(place.end, target)):
            return False
        k = bisect_left(self.join_places, stop)  # the last one before the scope ends
        return k > 0 and place.end <= self.join_places[k - 1] <= place.end + _CLAUSE

    def _letter(self, place: CuePlace) -> bool:
        """Whether a cue is a bare N of a form."""
        return self.words[place.start] == self.small.letter_n

    def _in_list(self, start: int, target: int) -> bool:
        """Whether a negation reaches over commas: the finding is an item of a list, not the start of the next statement.

        An item is short, or the list goes on with *or*: ``no fever, weight loss`` but not ``no step, spasm of the
        muscles at both sides``.
        """
        words = self.words
        comma = -1
        for k in range(target - 1, start - 1, -1):
            if words[k] in tokens.SEPARATORS and words[k] != tokens.SLASH:
                comma = k
                break
        if comma < 0:
            return True
        end = target
        while end < self.last and words[end] not in tokens.SEPARATORS and words[end] not in self.small.links:
            end += 1
        if end - comma <= _ITEM:
            return True
        return self._joins_after(start)

    def _reaches_back(self, place: CuePlace, end: int) -> bool:
        between = place.start - end
        if (between > _AFTER and place.cue.reach != "list") or between > 3 * _AFTER:
            return False
        if self._ends_within(end, place.start - 1):
            return False
        words = self.words
        commas = sum(1 for k in range(end, place.start) if words[k] in tokens.SEPARATORS and words[k] != tokens.SLASH)
        if place.cue.id == "no_after":  # a bare "no" belongs to what stands before it only at the end of an item
            following = words[place.end] if place.end < self.last else tokens.STOP
            last_between = words[place.start - 1]
            joined = between == 0 or last_between in (tokens.COLON, tokens.DASH, tokens.COMMA)
            if self._letter(place) and between == 0:
                return True
            if last_between == tokens.COLON and (
                between <= 2 or any(words[k] == tokens.SLASH for k in range(end, place.start))
            ):
                return True
            return joined and between <= 3 and following in (tokens.STOP, tokens.COMMA, tokens.DASH, tokens.SLASH)
        if place.cue.kind in ("affirmed",):
            return between <= 2 and not commas
        if commas and between > _AFTER:
            colon = words[place.start - 1] in (tokens.COLON, tokens.DASH)
            return colon and place.cue.reach == "list"
        if commas and place.cue.kind == "uncertain":  # "amylase 1420, lipase pending": pending is only the lipase
            return words[place.start - 1] in (tokens.COLON, tokens.DASH, tokens.COMMA)
        if commas:
            return words[place.start - 1] in (tokens.COLON, tokens.DASH) or place.cue.kind != "negation"
        return between <= _AFTER + 2


_BOX = {
    (kind, side): Cue(id="box", kind=kind, side=side, reach="list", words=())
    for kind in ("negation", "affirmed")
    for side in ("before", "after")
}


def _boxes(words: Sequence[int], first: int, last: int, yes: frozenset[int], no: frozenset[int]) -> list[CuePlace]:
    """Check boxes as cues. Where a line starts with a box, boxes stand before what they answer, else after it.

    A box next to *yes* or *no* answers with that word if it is checked, and says nothing if it is not.
    """
    boxes = [i for i in range(first, last) if words[i] in (tokens.CHECKED, tokens.UNCHECKED)]
    if not boxes:
        return []
    out: list[CuePlace] = []
    side = "before" if boxes[0] == first else "after"
    before = boxes[0] > first and words[boxes[0] - 1] in yes | no  # "Yes [ ] No [x]"
    for i in boxes:
        checked = words[i] == tokens.CHECKED
        beside = i - 1 if before else i + 1
        word = words[beside] if first <= beside < last else tokens.STOP
        if word in yes or word in no:
            if checked:
                out.append(CuePlace(_BOX["affirmed" if word in yes else "negation", "after"], i, i + 1))
            continue
        out.append(CuePlace(_BOX["affirmed" if checked else "negation", side], i, i + 1))
    return out


def _longest(places: list[CuePlace]) -> list[CuePlace]:
    """Without the cues that lie inside a longer one (a cue before its finding not inside one that follows its own)."""
    if len(places) < 2:
        return places
    places.sort(key=lambda p: (p.start, p.start - p.end))
    out: list[CuePlace] = []
    for p in places:
        start, end = p.start, p.end
        for q in out[-4:]:
            if (
                end <= q.end
                and q.start <= start
                and q.end - q.start > end - start
                and (q.cue.side == p.cue.side or q.cue.kind != "negation")
            ):
                break
        else:
            out.append(p)
    return out

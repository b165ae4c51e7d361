"""ConText: what a note says about a finding that it names, by the words around it.

A *cue* has a kind (negation, uncertain, past, family, hypothetical, other person), stands before or after what it
changes, and reaches over a list, within its clause, or to the end of the sentence. A *termination* ends its scope; a
*pseudo-trigger* (``not only``, ``no change in``) takes a cue's force away. After Chapman 2001 (NegEx) and Harkema 2009.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from backspasm.patients.from_note import tokens
from backspasm.patients.from_note.lexicon import Match
from backspasm.patients.from_note.spans import Assertion
from backspasm.records.words import Cue

#: words that a cue within a clause reaches at most, and words between a finding and a cue after it
_CLAUSE, _AFTER = 9, 4
#: most words of an item of a list, with the comma before it
_ITEM = 5


#: cues that reach only what stands next to them, and how many words may lie between: ``non-tender``, ``mum diabetic``
_NEXT = {"non": 0, "kin_bare": 1}
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


class CuePlace(Struct, frozen=True):
    cue: Cue
    start: int
    end: int


class Scopes:
    """The cues of one sentence, and where their scopes end."""

    def __init__(
        self,
        matches: Sequence[Match],
        words: Sequence[int],
        first: int,
        last: int,
        links: frozenset[int],
        joins: frozenset[int],
        letter_n: int = -2,
        denials: frozenset[int] = frozenset(),
        yes_no: tuple[frozenset[int], frozenset[int]] = (frozenset(), frozenset()),
    ) -> None:
        self.denials = denials
        self.letter_n = letter_n
        places = [
            CuePlace(m.rule.cue, m.start, m.end)
            for m in matches
            if m.rule.cue is not None and not m.rule.cue.kind.startswith("answer_")
        ]
        self.words, self.first, self.last = words, first, last
        self.links, self.joins = links, joins
        live = _longest(places)
        self.cues_of_boxes = _boxes(words, first, last, *yes_no)
        self.pseudo = [p for p in live if p.cue.kind == "pseudo"]
        self.cues = [p for p in live if p.cue.kind in _JUDGING]
        self.cues += self.cues_of_boxes
        self.ends = sorted(p.start for p in live if p.cue.kind == "termination")
        self.ends += [p.start for p in live if p.cue.kind == "clause" and self._opens_clause(p)]
        self.ends.sort()

    def _opens_clause(self, place: CuePlace) -> bool:
        """A clause word opens a clause only after a comma, a dash or *and*; a weak one not inside ``no a, b or c``."""
        if place.start <= self.first:
            return False
        before = self.words[place.start - 1]
        if before not in tokens.SEPARATORS and before not in self.links:
            return False
        if place.cue.reach == "list":  # weak: an adjective that may as well be an item of the list
            return before not in self.joins and not any(w in self.joins for w in self.words[place.end : self.last])
        return True

    def denied(self, match: Match) -> bool:
        """Whether a negation before the match reaches it, whatever else is said of it."""
        return any(
            p.cue.kind == "negation"
            and p.cue.side == "before"
            and p.end <= match.start
            and self._reaches(p, match.start)
            for p in self.cues
        )

    def spoilt(self, match: Match) -> bool:
        """Whether words of normality are taken back by a pseudo-trigger (``no relief from``, ``not settling``)."""
        return any(
            p.start < match.end
            and (p.end > match.start or self._reaches(p, match.start))
            and p.end - match.start <= _CLAUSE
            for p in self.pseudo
            if p.cue.id == "not_only" or not any(a <= p.start < b for a, b in match.parts)
        )

    def verdict(self, match: Match) -> Verdict:
        """What the sentence says about one match."""
        found: dict[str, CuePlace] = {}
        for place in self.cues:
            kind = place.cue.kind
            if kind in found and kind != "negation":
                continue
            if any(a <= place.start < b for a, b in match.parts):
                continue  # part of the finding's own words ("cannot pass urine")
            if place.start < match.start < place.end and any(
                self.words[k] in self.denials for k in range(match.start, place.end)
            ):
                continue  # "has not been able to": the negation that the cue shares with the finding is the finding's
            if place.cue.id == "box":
                if self._box_belongs(place, match):
                    return Verdict("present" if kind == "affirmed" else "absent", place.start, place.end)
                continue
            if place.cue.side == "before":
                inside = match.start < place.start < match.end
                if inside and kind == "negation" and any(self.words[a] in self.denials for a, _ in match.parts):
                    continue  # "neither codeine nor rest touches it": the pattern has its own negation
                if inside and kind not in ("negation", "uncertain") and place.cue.id != "purpose":
                    continue
                if kind == "hypothetical" and place.start < match.start:
                    found[kind] = place
                elif place.start < match.start or inside:
                    if not inside and not self._reaches(place, match.start):
                        continue
                    found[kind] = place
            elif place.start >= match.end and self._reaches_back(place, match.end):
                found[kind] = place
        for kind in ("hypothetical", "other_person", "family", "uncertain", "negation", "past"):
            if kind in found:
                p = found[kind]
                assertion: Assertion = "absent" if kind == "negation" else kind  # type: ignore[assignment]
                if kind == "uncertain" and "negation" in found and found["negation"].start > p.start:
                    continue
                return Verdict(assertion, p.start, p.end, p.cue.id)
        if "affirmed" in found:
            return Verdict("present", found["affirmed"].start, found["affirmed"].end)
        return Verdict("present")

    def _box_belongs(self, place: CuePlace, match: Match) -> bool:
        """The box next to the match, in the order that the line has; a box before *no* or *yes* answers with the word."""
        places = self.cues_of_boxes
        if place.cue.side == "before":
            nearest = max((p.start for p in places if p.start <= match.start), default=-1)
            return nearest == place.start
        after = [p for p in places if p.start >= match.end]
        return bool(after) and after[0].start == place.start

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
        if any(place.end <= p <= target and p > place.start for p in self.ends):
            return False
        words = self.words
        if reach == "clause":
            if target - place.end > _CLAUSE:
                return False
            stops = self.links - self.joins
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
        ends = [p for p in self.ends if p >= place.end]
        stop = ends[0] if ends else self.last
        if target >= stop or any(words[k] == tokens.DASH for k in range(place.end, target)):
            return False
        if any(words[k] in self.links - self.joins for k in range(place.end, target)):
            return False
        joins = [k for k in range(place.end, stop) if words[k] in self.joins]
        return bool(joins) and joins[-1] - place.end <= _CLAUSE

    def _letter(self, place: CuePlace) -> bool:
        """Whether a cue is a bare N of a form."""
        return self.words[place.start] == self.letter_n

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
        while end < self.last and words[end] not in tokens.SEPARATORS and words[end] not in self.links:
            end += 1
        if end - comma <= _ITEM:
            return True
        return any(words[k] in self.joins for k in range(start, self.last))

    def _reaches_back(self, place: CuePlace, end: int) -> bool:
        between = place.start - end
        if (between > _AFTER and place.cue.reach != "list") or between > 3 * _AFTER:
            return False
        if any(end <= p < place.start for p in self.ends):
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
    places.sort(key=lambda p: (p.start, p.start - p.end))
    out: list[CuePlace] = []
    for p in places:
        covered = any(
            q.start <= p.start
            and p.end <= q.end
            and q.end - q.start > p.end - p.start
            and (q.cue.side == p.cue.side or q.cue.kind != "negation")
            for q in out[-4:]
        )
        if not covered:
            out.append(p)
    return out

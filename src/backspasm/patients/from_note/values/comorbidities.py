"""Comorbidities of the vocabulary by their words and abbreviations."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right

from backspasm.patients.from_note.spans import Fact, Span, Time
from backspasm.patients.from_note.values.lexicon import Hit, Lexicon
from backspasm.patients.from_note.values.note import Note
from backspasm.records.knowledge import Knowledge

_CUE = re.compile(
    r"\b(no(?!\.)|not|never|denies|denied|nil|without|family history|fhx?|mother|father|mum|dad|brother|sister|"
    r"wife|husband|\?|possible|query|previous|past|childhood|history of|h/o|hx of|known|pmhx?|risk of|"
    r"if)\b(?![^.;\n]*\b(?:but|just|only|for|has|have)\b)[^.;\n]{0,40}$"
)

_OUTGROWN = re.compile(
    r"\s?,?\s?(as a (?:baby|child|kid|toddler)|in childhood|grew out|outgrown|when (?:he|she|i) was (?:little|"
    r"small|young)|resolved|years ago)\b"
)


_BY_ALLERGY = frozenset({"nsaid_hypersensitivity", "contrast_allergy"})
_NSAIDS = frozenset({"nsaid", "nsaids", "anti-inflammatories", "antiinflammatories"})
_CONTRAST = re.compile(r"contrast|\bdye\b|gadolinium")


def from_allergies(allergies: list[Fact], lexicon: Lexicon) -> list[Fact]:
    """What an allergy says beyond itself: an anti-inflammatory drug or contrast medium that was not tolerated."""
    out: list[Fact] = []
    for allergy in allergies:
        name = str(allergy.value)
        if _CONTRAST.search(name.lower()):
            out.append(Fact("comorbidities", "contrast_allergy", allergy.span, allergy.cue))
            continue
        if name.lower() in lexicon.anti_inflammatory or name.lower() in _NSAIDS:
            out.append(Fact("comorbidities", "nsaid_hypersensitivity", allergy.span, allergy.cue))
    return out


#: characters around the words of an infarction within which its time stands
_TIME_BEFORE, _TIME_BEHIND = 45, 25


def _within(places: list[int], first: int, last: int) -> bool:
    """Whether one of the ordered places lies between two others."""
    i = bisect_left(places, first)
    return i < len(places) and places[i] <= last


def find_comorbidities(
    note: Note, hits: list[Hit], times: list[Time], allergic: list[Fact], knowledge: Knowledge
) -> list[Fact]:
    """Ids of comorbidities with the words that name them; whether they are denied is the caller's to tell."""
    out: list[Fact] = []
    seen: set[tuple[str, int]] = set()
    already = {i: sorted(f.span.start for f in allergic if f.value == i) for i in _BY_ALLERGY}
    moments = [(t.span.start, t.days) for t in times if t.form == "ago"]
    places = [place for place, _ in moments]
    for hit in hits:
        if (hit.id in _BY_ALLERGY) and _within(already.get(hit.id, []), hit.start - 40, hit.end):
            continue
        if (hit.id, hit.start) in seen:
            continue
        seen.add((hit.id, hit.start))
        match = _CUE.search(note.before(hit.start, 44))
        cue = match.group(1) if match is not None else ""
        grown = _OUTGROWN.match(note.low, hit.end)
        if grown is not None and not cue:
            cue = grown.group(1)
        span = Span(hit.start, hit.end)
        out.append(Fact("comorbidities", hit.id, span, cue))
        if hit.id == "ischaemic_heart_disease" and note.low[hit.start : hit.end] in note.said.infarction:
            window = knowledge.number("recent_infarction_window")
            start, end = note.sentence_at(hit.start)
            first, last = max(start, hit.end - _TIME_BEFORE), min(end, hit.end + _TIME_BEHIND)
            near = moments[bisect_left(places, first) : bisect_right(places, last)]
            if any(days <= window for _, days in near):
                out.append(Fact("comorbidities", "recent_myocardial_infarction", span, cue))
        if hit.id == "recent_myocardial_infarction":
            out.append(Fact("comorbidities", "ischaemic_heart_disease", span, cue))
    return out

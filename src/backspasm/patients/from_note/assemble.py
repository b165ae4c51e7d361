"""From hits and values to a patient: contradictions become uncertain, values become findings where the words do."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence

from msgspec import Struct

from backspasm.patients.childhood import is_child
from backspasm.patients.from_note.assertion import Scopes
from backspasm.patients.from_note.document import Document
from backspasm.patients.from_note.facts import facts_of
from backspasm.patients.from_note.hits import Hit
from backspasm.patients.from_note.lexicon import Lexicon
from backspasm.patients.from_note.spans import Span, Time
from backspasm.patients.from_note.values import Values, hypotensive
from backspasm.patients.patient import LEFT_OPEN, Patient, Unread
from backspasm.records.knowledge import Knowledge

#: grades of muscle power on the scale of the Medical Research Council: full power, and the highest that is severe
FULL_POWER, SEVERE_POWER = 5.0, 3.0
WEAK, SEVERE = "motor_weakness", "severe_motor_weakness"

#: a note that denies the first also denies the second: no pain in the legs is none in both
ALSO_ABSENT = (("radicular_leg_pain", "bilateral_leg_pain"),)


#: "not down the leg" says that the pain stays in the back, "no leg pain" that neither leg hurts
_LEGS = re.compile(
    r"\b(?:legs|limbs|les|thighs|calves)\b|\bleg (?:pain|ache|symptom|sx|sign)|\b(?:either|neither) (?:leg|limb)\b"
)


class Assembled(Struct, frozen=True):
    patient: Patient
    hits: tuple[Hit, ...]
    uncertain: tuple[str, ...]


def assemble(
    doc: Document,
    hits: Sequence[Hit],
    scopes: Sequence[Scopes],
    sentences: Sequence[Span],
    values: Values,
    knowledge: Knowledge,
    lexicon: Lexicon,
) -> Assembled:
    """Put a patient together. Whatever the note says, the result has no contradiction that an assessment would refuse."""
    facts = facts_of(doc, values, scopes)
    measured = {q.finding: q.value for q in reversed(values.quantities)}
    if values.duration:
        measured["duration_days"] = values.duration[0].days
    all_hits = [*hits, *_from_values(values, facts.age_years, knowledge)]
    said, uncertain = _decide(all_hits, doc, _sided(knowledge))
    for finding, other in ALSO_ABSENT:
        if said.get(finding) is False and other not in said and other not in uncertain:
            denied = [h for h in all_hits if h.finding == finding and h.assertion == "absent"]
            if any(_LEGS.search(doc.lower, h.start, h.end) for h in denied):
                said[other] = False
    advised = sorted(h.start for h in all_hits if h.assertion == "hypothetical")
    real = {  # "in case of fever above 38.5" measures nothing
        q.finding for q in values.quantities if not _soon_after(q.span.start, advised)
    } | {"duration_days"}
    _follow(said, uncertain, {f: v for f, v in measured.items() if f in real}, knowledge)
    _repair(
        said, uncertain, measured, facts.medications, facts.comorbidities, facts.pregnant, facts.sex, knowledge, lexicon
    )
    order = lexicon.order
    present = tuple(sorted((f for f, a in said.items() if a), key=order.__getitem__))
    absent = tuple(sorted((f for f, a in said.items() if not a), key=order.__getitem__))
    doubtful = tuple(sorted(uncertain, key=order.__getitem__))
    sources: dict[str, list[str]] = {}
    for h in all_hits:
        if h.answer is not None and said.get(h.finding) is (h.answer == "present"):
            words = " ".join(doc.text[h.start : h.end].split())
            known = sources.setdefault(h.finding, [])
            if words not in known:
                known.append(words)
    for q in values.quantities:
        sources.setdefault(q.finding, []).append(" ".join(doc.text[q.span.start : q.span.end].split()))
    if values.duration:
        span = values.duration[0].span
        sources["duration_days"] = [" ".join(doc.text[span.start : span.end].split())]
    weeks = facts.pregnancy_weeks
    patient = Patient(
        age_years=facts.age_years,
        sex=facts.sex,
        setting=facts.setting,
        present=present,
        absent=absent,
        measured=dict(sorted(measured.items(), key=lambda pair: order[pair[0]])),
        days_ago=_days_ago(all_hits, said, values, sentences, knowledge),
        medications=facts.medications,
        allergies=facts.allergies,
        comorbidities=facts.comorbidities,
        pregnant=facts.pregnant,
        pregnancy_weeks=weeks,
        sources={f: tuple(w) for f, w in sources.items()},
        unread=tuple(Unread(f"finding {f}", LEFT_OPEN) for f in doubtful)
        + tuple(Unread(f"allergy {a}", "prescribing is not checked in this version") for a in facts.allergies),
    )
    return Assembled(patient, tuple(sorted(all_hits, key=lambda h: (h.start, h.end))), doubtful)


#: characters between an advised finding and the number that belongs to it
_NEAR = 25
NOT_RELIEVED, NO_IMPROVEMENT = "not_relieved_by_conservative_care", "no_improvement_after_4_weeks"


def _soon_after(place: int, starts: list[int]) -> bool:
    """Whether one of the places, which are in order, lies at a place or less than ``_NEAR`` characters before it."""
    k = bisect_right(starts, place)
    return k > 0 and place - starts[k - 1] < _NEAR


def _follow(said: dict[str, bool], uncertain: set[str], measured: dict[str, float], knowledge: Knowledge) -> None:
    """What a number says although the words do not: fever from a temperature; care that failed for four weeks."""
    for link in knowledge.links:
        value = measured.get(link.finding)
        if value is None or link.threshold is None or value < knowledge.number(link.threshold):
            continue
        if link.other in said or link.other in uncertain:
            continue
        failed = link.other == NO_IMPROVEMENT and said.get(NOT_RELIEVED) is True
        if link.kind == "at_least_implies" or (link.kind == "below_excludes" and failed):
            said[link.other] = True


def _from_values(values: Values, age: float | None, knowledge: Knowledge) -> list[Hit]:
    """Findings that a number says: a grade of power, a low pressure, a weight that has fallen."""
    out = []
    for p in values.power:
        where = ("", "power", "examination")
        if p.grade >= FULL_POWER:
            out.append(Hit(WEAK, "absent", p.span.start, p.span.end, *where, 1))
        else:
            out.append(Hit(WEAK, "present", p.span.start, p.span.end, *where))
            if p.grade <= SEVERE_POWER:
                out.append(Hit(SEVERE, "present", p.span.start, p.span.end, *where))
    for w in values.weights:
        # a child who weighs less than before fails to gain
        share = 0.0 if is_child(age, knowledge) else knowledge.number("weight_loss_share")
        if w.now < w.before * (1 - share):
            out.append(Hit("weight_loss", "present", w.span.start, w.span.end, "", "weights", "complaint"))
    for b in values.pressures:
        if hypotensive(b.systolic, age, knowledge):
            out.append(Hit("hypotension", "present", b.span.start, b.span.end, "", "pressure", "examination"))
    return out


#: the other side, or a part of the whole, may well be normal
_SIDE = re.compile(r"\b(?:left|right|l|r|lt|rt|except|apart|otherwise|other)\b")


#: unless the normal answer was given for all of it
_WHOLE = re.compile(r"\b(?:both|bilateral|bilaterally|all|throughout|b/l)\b")


def _sided(knowledge: Knowledge) -> frozenset[str]:
    """Findings of one side or one muscle: normal on the right says nothing against abnormal on the left."""
    index = knowledge.index.findings
    return frozenset(f for section in ("neurological", "examination") for f in index.get(section, ()))


#: findings of which one part is enough: "coughing is fine" does not contradict "hurts sitting"
_EITHER_OF = {
    "worse_with_cough_or_sitting": re.compile(
        r"\b(?:(?P<cough>cough|sneez|strain|laugh)|(?P<sit>sit|sat\b|chair|driv|desk))"
    )
}


def _same_part(own: Sequence[Hit], doc: Document) -> bool:
    """Whether what is affirmed and what is denied of a finding of two parts is the same part, or may be."""
    parts: dict[str, set[str]] = {"present": set(), "absent": set()}
    for h in own:
        if h.assertion in parts:
            named = {m.lastgroup or "" for m in _EITHER_OF[h.finding].finditer(doc.lower, h.start, h.end)}
            parts[h.assertion].update(named or {"cough", "sit"})
    return bool(parts["present"] & parts["absent"])


def _decide(hits: Sequence[Hit], doc: Document, sided: frozenset[str]) -> tuple[dict[str, bool], set[str]]:
    """One answer for each finding. A statement about several findings yields to what is said of one of them."""
    by: dict[str, list[Hit]] = {}
    for h in hits:
        if h.assertion in ("present", "absent", "uncertain"):
            by.setdefault(h.finding, []).append(h)
    said: dict[str, bool] = {}
    uncertain: set[str] = set()
    for finding, own in by.items():
        strongest = max(h.strength for h in own)
        votes = {h.assertion for h in own if h.strength == strongest}
        if len(votes) == 2 and "uncertain" in votes:
            # asked with doubt and answered elsewhere: the answer stands
            votes.discard("uncertain")
        if {"present", "absent"} <= votes and finding in sided:
            ends = [h for h in own if h.assertion in ("present", "absent")]
            absent = [h for h in own if h.assertion == "absent"]
            whole = all(_WHOLE.search(doc.lower, h.start, min(len(doc.lower), h.end + 15)) for h in absent)
            if not whole and any(_SIDE.search(doc.lower[max(0, h.start - 30) : h.end + 40]) for h in ends):
                votes = {"present"}
        if {"present", "absent"} <= votes and finding in _EITHER_OF and not _same_part(own, doc):
            votes = {"present"}
        if len(votes) == 1 and "uncertain" not in votes:
            said[finding] = votes == {"present"}
        else:
            uncertain.add(finding)
    return said, uncertain


def _repair(
    said: dict[str, bool],
    uncertain: set[str],
    measured: dict[str, float],
    medications: Sequence[str],
    comorbidities: Sequence[str],
    pregnant: bool | None,
    sex: str,
    knowledge: Knowledge,
    lexicon: Lexicon,
) -> None:
    """Take back answers that contradict each other by the links of the knowledge base, medicines, comorbidities or sex.

    An assessment refuses contradictory answers; a note that contradicts itself must still be read.
    """
    if sex == "male" and said.get("pregnancy"):
        _doubt("pregnancy", said, uncertain)
    implied: set[str] = set()
    for name in medications:
        implied.update(lexicon.implied_by(name))
    for c in comorbidities:
        implied.update(knowledge.comorbidities[c].implies)
    if pregnant is not None and ("pregnancy" in said or "pregnancy" not in uncertain):
        said["pregnancy"] = pregnant
    for finding in implied:
        if said.get(finding) is False:
            said[finding] = True
    if WEAK in said and said[WEAK] is False and said.get(SEVERE):
        said[WEAK] = True
    if said.get(SEVERE) and WEAK not in said:
        said[WEAK] = True
        uncertain.discard(WEAK)
    for _ in range(len(knowledge.links)):
        changed = False
        for link in knowledge.links:
            a, b = said.get(link.finding), said.get(link.other)
            value = measured.get(link.finding)
            threshold = None if link.threshold is None else knowledge.number(link.threshold)
            if link.kind == "implies" and a is True and b is False:
                _doubt(link.other, said, uncertain)
                said.pop(link.finding, None)
                uncertain.add(link.finding)
                changed = True
            elif link.kind == "excludes" and a is True and b is True:
                _doubt(link.other, said, uncertain)
                _doubt(link.finding, said, uncertain)
                changed = True
            elif value is not None and threshold is not None:
                over = value >= threshold
                if link.kind == "at_least_implies" and over and b is False:
                    said[link.other] = True  # the number says it; what was asked or found then was another moment
                elif link.kind == "below_excludes" and not over and b is True:
                    _doubt(link.other, said, uncertain)
                    changed = True
        if not changed:
            return


def _doubt(finding: str, said: dict[str, bool], uncertain: set[str]) -> None:
    said.pop(finding, None)
    uncertain.add(finding)


def _days_ago(
    hits: Sequence[Hit], said: dict[str, bool], values: Values, sentences: Sequence[Span], knowledge: Knowledge
) -> dict[str, float]:
    """Moments that belong to events (findings with a time window) in the same sentence."""
    if not values.times:
        return {}
    starts = [s.start for s in sentences]
    used = {t.span for t in values.duration[:1]}
    out: dict[str, float] = {}
    ago: dict[int, list[Time]] = {}
    for t in values.times:
        if t.form == "ago":
            ago.setdefault(bisect_right(starts, t.span.start) - 1, []).append(t)
    if not ago:
        return out
    named: dict[int, set[str]] = {}
    for h in hits:
        named.setdefault(bisect_right(starts, h.start) - 1, set()).add(h.finding)
    for h in hits:
        record = knowledge.findings[h.finding]
        if record.time is None or not said.get(h.finding) or h.assertion != "present" or h.finding in out:
            continue
        here = bisect_right(starts, h.start) - 1
        alone = len(named[here]) == 1
        near = [t for t in ago.get(here, ()) if alone or t.span not in used]
        if near:
            best = min(near, key=lambda t: abs(t.span.start - h.start))
            out[h.finding] = best.days
    return out

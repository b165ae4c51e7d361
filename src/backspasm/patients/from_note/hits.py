"""Hits: the findings that a note names, each with the words, the cue and the rule that decided what it says of them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal

from msgspec import Struct, structs

from backspasm.patients.from_note import tokens
from backspasm.patients.from_note.assertion import Scopes, Verdict
from backspasm.patients.from_note.counting import counted
from backspasm.patients.from_note.document import Document, Sentence
from backspasm.patients.from_note.exceptions import excepted
from backspasm.patients.from_note.kinds import Match
from backspasm.patients.from_note.lexicon import Lexicon
from backspasm.patients.from_note.matching import Found
from backspasm.patients.from_note.sentences import Worked, alone
from backspasm.patients.from_note.sequences import HARD
from backspasm.patients.from_note.spans import Assertion
from backspasm.records.knowledge import Knowledge

#: findings of these sections of the index hold for a life, not for this illness: what is past counts
LASTING_SECTIONS = ("risk", "spondyloarthritis", "imaging")
#: what is examined or measured is so now, even in a line that began with the past history
FOUND_SECTIONS = ("examination", "laboratory")
LASTING = frozenset(
    {"previous_episodes", "family_history_spondyloarthritis", "spinal_deformity"}
    | {"insidious_onset", "sudden_onset", "overexertion", "improper_lifting", "sudden_movement"}  # "four months ago"
)
FAMILY = "family_history_spondyloarthritis"
WEAK, REPORTED_WEAK = "motor_weakness", "reported_leg_weakness"
#: diseases that make a family history when a relative has them
FAMILIAL = frozenset({"uveitis", "psoriasis", "inflammatory_bowel_disease", "hla_b27"})


class Hit(Struct, frozen=True):
    """One finding named at one place.

    ``strength``  2 said of this finding, 1 by a sentence about several (``neuro NAD``)
    """

    finding: str
    assertion: Assertion
    start: int
    end: int
    cue: str
    rule: str
    section: str
    strength: int = 2

    @property
    def answer(self) -> Literal["present", "absent"] | None:
        return self.assertion if self.assertion in ("present", "absent") else None


def find_hits(doc: Document, lexicon: Lexicon) -> tuple[list[Hit], list[Scopes]]:
    """All hits of a note in order of the text, and the cues of each sentence. Questions get the answers that follow."""
    kinds = _kinds(lexicon.knowledge)
    out: list[Hit] = []
    waiting: list[_Asked] = []
    every: list[Scopes] = []
    barriers = _barriers(doc, lexicon)
    worked = Worked(lexicon)
    for sentence in doc.sentences:
        first, last = sentence.first, sentence.last
        found, scopes = worked.out(doc.words[first:last], barriers[first : last + 1])
        every.append(scopes)
        if waiting and not (sentence.asks and sentence.turn == waiting[-1].turn and sentence.turn > 0):
            waiting = _answered(waiting, *alone(doc, sentence), found, out)
        if not found.named:
            continue
        own, s = alone(doc, sentence)
        judged = _other_side(own, s, _judged(own, s, found, scopes, kinds), kinds)
        judged = excepted(own, judged)
        if sentence.asks:
            waiting += [_Asked(h, v, sentence.turn, first) for h, v in judged]
        else:
            out += [h for h, _ in judged]
    return _longest(out), every


def _longest(hits: list[Hit]) -> list[Hit]:
    """In order, without those that a longer one of the same finding holds and contradicts (``control`` in ``control ok``)."""
    hits.sort(key=lambda h: (h.start, -h.end))
    last: dict[str, Hit] = {}
    out: list[Hit] = []
    for h in hits:
        holder = last.get(h.finding)
        if holder is not None and h.end <= holder.end:
            if h.assertion != holder.assertion and (h.start, h.end) != (holder.start, holder.end):
                continue
        else:
            last[h.finding] = h
        out.append(h)
    return out


class _Asked(Struct, frozen=True):
    """A hit inside a question, what the question's own words make of it, and the turn in which it was asked."""

    hit: Hit
    denied: bool
    turn: int
    question: int


class _Kinds(Struct, frozen=True):
    """Findings that hold for a life, that only an examiner or a laboratory finds, that a picture shows, and events."""

    lasting: frozenset[str]
    found: frozenset[str]
    pictures: frozenset[str] = frozenset()
    events: frozenset[str] = frozenset()


_KINDS: list[tuple[Knowledge, _Kinds]] = []


def _kinds(knowledge: Knowledge) -> _Kinds:
    for known, kinds in _KINDS:
        if known is knowledge:
            return kinds
    index = knowledge.index.findings
    timed = {f.id for f in knowledge.findings.values() if f.time is not None}
    lasting = LASTING | timed | {f for section in LASTING_SECTIONS for f in index.get(section, ())}
    found = frozenset(f for section in FOUND_SECTIONS for f in index.get(section, ()))
    kinds = _Kinds(lasting, found, frozenset(index.get("imaging", ())), frozenset(timed))
    _KINDS.append((knowledge, kinds))
    del _KINDS[:-2]
    return kinds


#: how many words after *not only* its *but* may stand
_NOT_ONLY = 10


def _barriers(doc: Document, lexicon: Lexicon) -> list[int]:
    """For each word the separators before it, so that a gap of a pattern can be tested for commas at once."""
    out = [0]
    count = 0
    hard, only = lexicon.hard, lexicon.only
    soft = -1  # "not only in the foot but ..." goes on with the same thing
    for i, word in enumerate(doc.words):
        if word == tokens.COMMA or word == tokens.DASH:
            count += 1
        elif word in only:
            soft = i + _NOT_ONLY
        elif word in hard:
            count += 1 if i <= soft else HARD
        out.append(count)
    return out


def _judged(doc: Document, s: Sentence, matched: Found, scopes: Scopes, kinds: _Kinds) -> list[tuple[Hit, bool]]:
    """Hits of one sentence, each with whether its words were denied."""
    out: list[tuple[Hit, bool]] = []
    seen: set[tuple[str, int, int, str]] = set()
    for m in counted(matched):
        rule = m.rule
        verdict = scopes.verdict(m)
        decided = verdict.end > verdict.start
        normal = rule.source in ("denies", "statements")
        if normal and not decided and scopes.spoilt(m):
            continue
        start, end = doc.starts[m.start], doc.ends[m.end - 1]
        cue = doc.text[doc.starts[verdict.start] : doc.ends[verdict.end - 1]] if decided else ""
        if verdict.assertion == "absent" and verdict.start >= m.end and _twice(doc, m, start, end, cue):
            verdict = Verdict("present")
        if verdict.assertion in ("family", "other_person") and _but_not_the_patient(doc, m, s):
            verdict = Verdict("absent", verdict.start, verdict.end)
        if verdict.assertion == "family" and _tells(doc, verdict, m, scopes):
            verdict = Verdict("absent" if scopes.denied(m) else "present")
        present = rule.present
        for number, finding in enumerate(present + rule.absent):
            says = number < len(present)
            if normal and verdict.assertion == "absent" and _new_item(doc, verdict, m):
                verdict = Verdict("present")
            assertion = _assertion(m, verdict, says, finding, kinds, s, cue.lower())
            if assertion is None:
                continue
            if verdict.cue == "kin_bare" and finding not in kinds.lasting and not _of_kin(verdict, m, s):
                assertion = "present" if says and not scopes.denied(m) else "absent"  # "helped dad carry a fridge"
            target = finding
            if finding == REPORTED_WEAK and assertion == "absent":
                target = WEAK  # who denies weakness denies more than what is felt
            if assertion == "family" and finding in FAMILIAL:
                target, assertion = FAMILY, "absent" if scopes.denied(m) else "present"
            elif assertion == "family" and finding == FAMILY:
                if rule.source in ("mention", "denies") and not scopes.denied(m):
                    continue
                assertion = "absent" if scopes.denied(m) else "present"
            key = (target, start, end, assertion)
            if key in seen:
                continue
            seen.add(key)
            strength = 1 if rule.kind == "statement" or (target != finding and target == WEAK) else 2
            hit = Hit(target, assertion, start, end, cue, rule.source, s.part, strength)
            out.append((hit, verdict.assertion == "absent"))
    return out


#: what follows a normal finding when the other side is not normal: ``negative on the left, positive on the right``
_OTHER_SIDE = re.compile(
    r"[^.;\n]{0,12}\b(?:left|right|l|r)\b[ ,\-]{1,3}(?:but |and )?(?:positive|\+ve|pos)\b[^.;,\n]{0,30}\b(?:left|right|l|r)\b"
    r"|[^.;\n]{0,12}\b(?:left|right|l|r)\b[ ,\-]{1,3}(?:but |and )?(?:left|right|l|r)\b ?(?:side )?(?:is |was )?(?:positive|\+ve|pos)\b"
)


def _other_side(doc: Document, s: Sentence, found: list[tuple[Hit, bool]], kinds: _Kinds) -> list[tuple[Hit, bool]]:
    """An examined sign that is absent on one side and, without being named again, present on the other."""
    end = doc.ends[s.last - 1]
    return [
        (structs.replace(h, assertion="present"), denied)
        if h.assertion == "absent" and h.finding in kinds.found and _OTHER_SIDE.match(doc.lower, h.end, end)
        else (h, denied)
        for h, denied in found
    ]


#: an ellipsis that denies of the patient what was said of somebody else: ``her partner injects but she never has``
_NOT_SHE = re.compile(
    r"[\s,;.\-]*(?:but |and |though |although )?(?:he|she|i|they|the patient|pt|patient) (?:himself |herself |myself )?"
    r"(?:(?:is|was|has|does|did|do|have|am)(?: not|n't| never)|never|isn't|hasn't|doesn't|didn't|don't|haven't|wasn't)"
    r"(?: has| does| did| have| had| is| been)?\s*(?:[.;,\n]|$)"
)


#: a test that was positive is not made negative by the result of the next: ``SLR positive and crossed SLR negative``
_POSITIVE, _NEGATIVE = re.compile(r"\b(?:positive|pos)\b|\+ve"), re.compile(r"(?:(?:all|both) )?(?:negative|neg|-ve)")


def _twice(doc: Document, match: Match, start: int, end: int, cue: str) -> bool:
    """Whether a match has a result of its own, so that a negative one after it belongs to something else."""
    return (
        match.rule.source in ("says", "counts_as")
        and _NEGATIVE.fullmatch(cue.lower()) is not None
        and _POSITIVE.search(doc.lower, start, end) is not None
    )


def _but_not_the_patient(doc: Document, match: Match, s: Sentence) -> bool:
    return _NOT_SHE.match(doc.lower, doc.ends[match.end - 1]) is not None


#: what makes a relative one who tells of the patient: ``Mum denies any injury``, ``parents not aware of a fall``
_TELLING = re.compile(
    r"\s+(?:(?:also|has|have|had|does|do|did|is|are|was|were|both)(?:n't)? ){0,2}(?:not )?"
    r"(?:den(?:y|ies|ied)|(?:un)?aware|seen|saw|witnessed|noticed|notices|recalls?|remembers?|knows? of)\b"
)


def _tells(doc: Document, verdict: Verdict, match: Match, scopes: Scopes) -> bool:
    """Whether the relative of a cue speaks of the patient, and no other relative is named after that."""
    return _TELLING.match(doc.lower, doc.ends[verdict.end - 1]) is not None and not any(
        verdict.end <= p.start < match.end and p.cue.kind == "family" for p in scopes.others
    )


def _of_kin(verdict: Verdict, match: Match, s: Sentence) -> bool:
    """Whether a sentence opens with a relative and goes on at once with the finding: ``Brother paralysed since a crash``."""
    return verdict.start == s.first and match.start == verdict.end


def _new_item(doc: Document, verdict: Verdict, match: Match) -> bool:
    """Whether words of normality are a statement of their own after a denied one: ``no weight loss, apyrexial``."""
    return verdict.decided and tokens.COMMA in doc.words[verdict.end : match.start]


#: an event of so long ago that it belongs to no pain of today
_LONG_AGO = re.compile(r"\b(?:19|20)\d\d\b|\by(?:ea)?rs? (?:ago|back)\b|\bchild|\bteen|\bschool\b|\byoung")


def _assertion(
    match: Match, verdict: Verdict, says: bool, finding: str, kinds: _Kinds, s: Sentence, cue: str
) -> Assertion | None:
    """What the note says of the finding. None: nothing can be taken from it."""
    said = verdict.assertion
    lasting = finding in kinds.lasting
    if s.part == "allergies":
        return None
    if said in ("hypothetical", "other_person"):
        return said
    if said == "family" or (s.part == "family" and match.rule.name not in _OWN_WORDS):
        return "family"
    if match.rule.source == "name":
        return "uncertain" if said == "uncertain" else None
    if match.rule.source == "mention":
        return "absent" if said == "absent" else None
    if match.rule.source == "denies" or match.rule.kind == "statement":
        trouble = match.rule.kind == "statement" and _TROUBLE in match.rule.source
        if said == "past":
            return "absent" if lasting else None  # "ex-smoker (1988)"
        if said == "uncertain":
            return "uncertain"
        if trouble:
            if s.asks and said == "present":
                return "present"  # waits for the answer
            return "absent" if said == "absent" else None
        return None if said == "absent" else "absent"
    if said == "past":
        if finding in kinds.events and says and _LONG_AGO.search(cue):
            return "past"
        return ("present" if says else "absent") if lasting else "past"
    if said in ("uncertain", "absent"):
        return said
    if not lasting and s.part == "past" and finding not in kinds.found:
        return "past"
    if (s.part == "plan" and (not lasting or finding in kinds.pictures)) or s.orders:
        return "hypothetical"
    return "present"


#: a question whether somebody still can, so that *no* says that it is lost: ``Can you feel it when you wipe?``
_ABLE = re.compile(r"\b(?:feel|feels|can|able|tell|knows?)\b")

_OWN_WORDS = frozenset({FAMILY})
_TROUBLE = "trouble"


def _answered(
    waiting: list[_Asked],
    doc: Document,
    s: Sentence,
    found: Found,
    out: list[Hit],
) -> list[_Asked]:
    """Give the hits of a question the answer that this sentence opens with; unanswered ones are dropped."""
    answer = _answer(s, found.answers)
    if answer is None:
        # the answer may stand after a first sentence of the same turn ("Hm. No."), but not after another question
        return waiting if not s.asks and s.last - s.first <= 2 else []
    if answer == "answer_unsure":
        for asked in waiting:
            h = asked.hit
            out.append(Hit(h.finding, "uncertain", h.start, h.end, _words(doc, s, 3), "answer", h.section, h.strength))
        return []
    meant = [a for a in waiting if a.hit.rule != "trouble"]
    findings = {a.hit.finding for a in meant}
    alone = {q for q in {a.question for a in meant} if len({a.hit.finding for a in meant if a.question == q}) == 1}
    named = {m.rule.name for m in found.named if m.rule.kind == "finding"}
    for asked in waiting:
        h = asked.hit
        if h.rule in ("trouble", "mention"):
            if answer == "answer_no":
                out.append(Hit(h.finding, "absent", h.start, h.end, _words(doc, s, 2), "answer", h.section, 1))
            continue
        if answer == "answer_no":
            if h.finding in named:
                continue  # the answer speaks of it itself
            assertion: Assertion = "present" if h.rule == "denies" else "absent"
            if h.rule == "denies" and not asked.denied and not _ABLE.search(doc.lower, h.start, h.end):
                continue  # "Passing water normally?" "No." leaves open what is wrong
            said = WEAK if h.finding == REPORTED_WEAK and assertion == "absent" else h.finding
            out.append(Hit(said, assertion, h.start, h.end, _words(doc, s, 2), "answer", h.section, h.strength))
        elif h.rule in ("denies", "statements"):
            out.append(Hit(h.finding, "absent", h.start, h.end, _words(doc, s, 2), "answer", h.section, h.strength))
        elif asked.question in alone:
            out.append(Hit(h.finding, "present", h.start, h.end, _words(doc, s, 2), "answer", h.section, h.strength))
        elif not findings & named:
            out.append(Hit(h.finding, "uncertain", h.start, h.end, _words(doc, s, 2), "answer", h.section, h.strength))
    return []


def _answer(s: Sentence, matches: Sequence[Match]) -> str | None:
    """Kind of the answer with which a sentence opens: the longest of those that start at its first words."""
    best: tuple[int, str] | None = None
    for m in matches:
        cue = m.rule.cue
        if cue is None or m.start > s.first + 2:
            continue
        rank = (m.end - m.start) - 10 * (m.start - s.first)
        if best is None or rank > best[0] or (rank == best[0] and cue.kind == "answer_unsure"):
            best = (rank, cue.kind)
    return best[1] if best else None


def _words(doc: Document, s: Sentence, count: int) -> str:
    last = min(s.last, s.first + count)
    return doc.text[doc.starts[s.first] : doc.ends[last - 1]]

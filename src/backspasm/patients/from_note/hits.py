"""Hits: the findings that a note names, each with the words, the cue and the rule that decided what it says of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import msgspec
from msgspec import Struct

from backspasm.patients.from_note import tokens
from backspasm.patients.from_note.assertion import Scopes, Verdict
from backspasm.patients.from_note.document import Document, Sentence
from backspasm.patients.from_note.lexicon import HARD, Lexicon, Match
from backspasm.patients.from_note.spans import Assertion

#: findings of these sections of the index hold for a life, not for this illness: what is past counts
LASTING_SECTIONS = ("risk", "spondyloarthritis", "imaging")
LASTING = frozenset({"previous_episodes", "family_history_spondyloarthritis", "spinal_deformity"})
FAMILY = "family_history_spondyloarthritis"
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
    lasting = _lasting(lexicon)
    out: list[Hit] = []
    waiting: list[_Asked] = []
    every: list[Scopes] = []
    barriers = _barriers(doc, lexicon)
    question: Sentence | None = None
    for sentence in doc.sentences:
        matches = lexicon.matches(doc.words, sentence.first, sentence.last, barriers)
        scopes = Scopes(matches, doc.words, sentence.first, sentence.last, lexicon)
        every.append(scopes)
        if waiting and not (sentence.asks and sentence.turn == waiting[-1].turn and sentence.turn > 0):
            waiting = _answered(waiting, doc, sentence, matches, scopes, lexicon, out)
        found = _judged(doc, sentence, matches, scopes, lasting)
        if question is not None and not sentence.asks:
            out += _across(doc, question, sentence, lexicon, barriers, lasting)
        question = sentence if sentence.asks and sentence.last - sentence.first <= _SHORT_QUESTION else None
        if sentence.asks:
            waiting += [_Asked(h, v, sentence.turn, sentence.first) for h, v in found]
        else:
            out += [h for h, _ in found]
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


#: words of a question that is read together with its answer
_SHORT_QUESTION, _LONG_ANSWER = 14, 30


def _across(
    doc: Document, question: Sentence, answer: Sentence, lexicon: Lexicon, barriers: list[int], lasting: frozenset[str]
) -> list[Hit]:
    """What question and answer say only together: ``What makes it worse? Bending.``, ``Bladder? Fine.``"""
    last = min(answer.last, answer.first + _LONG_ANSWER)
    both = msgspec.structs.replace(answer, first=question.first, last=last)
    matches = lexicon.matches(doc.words, both.first, both.last, barriers)
    scopes = Scopes(matches, doc.words, both.first, both.last, lexicon)
    joined = [m for m in matches if m.rule.kind == "block" or m.start < answer.first < m.end]
    return [h for h, _ in _judged(doc, both, joined, scopes, lasting)]


class _Asked(Struct, frozen=True):
    """A hit inside a question, what the question's own words make of it, and the turn in which it was asked."""

    hit: Hit
    denied: bool
    turn: int
    question: int


def _lasting(lexicon: Lexicon) -> frozenset[str]:
    index = lexicon.knowledge.index.findings
    timed = {f.id for f in lexicon.knowledge.findings.values() if f.time is not None}
    return LASTING | timed | {f for section in LASTING_SECTIONS for f in index.get(section, ())}


def _barriers(doc: Document, lexicon: Lexicon) -> list[int]:
    """For each word the separators before it, so that a gap of a pattern can be tested for commas at once."""
    out = [0]
    count = 0
    hard = lexicon.hard
    for word in doc.words:
        if word == tokens.COMMA or word == tokens.DASH:
            count += 1
        elif word in hard:
            count += HARD
        out.append(count)
    return out


def _judged(
    doc: Document, s: Sentence, matches: Sequence[Match], scopes: Scopes, lasting: frozenset[str]
) -> list[tuple[Hit, bool]]:
    """Hits of one sentence, each with whether its words were denied."""
    blocks = [m for m in matches if m.rule.kind == "block"]
    out: list[tuple[Hit, bool]] = []
    seen: set[tuple[str, int, int, str]] = set()
    for m in _widest(matches):
        kind = m.rule.kind
        name = m.rule.name
        if _blocked(m, blocks, name):
            continue
        verdict = scopes.verdict(m)
        if m.rule.source in ("denies", "statements") and not verdict.decided and scopes.spoilt(m):
            continue
        start, end = doc.starts[m.start], doc.ends[m.end - 1]
        cue = doc.text[doc.starts[verdict.start] : doc.ends[verdict.end - 1]] if verdict.decided else ""
        for finding, says in (*((f, True) for f in m.rule.present), *((f, False) for f in m.rule.absent)):
            assertion = _assertion(m, verdict, says, finding in lasting, s)
            if assertion is None:
                continue
            target = finding
            if assertion == "family" and m.rule.source == "mention" and not scopes.denied(m):
                continue
            if assertion == "family" and finding in FAMILIAL:
                target, assertion = FAMILY, "absent" if scopes.denied(m) else "present"
            elif assertion == "family" and finding == FAMILY:
                assertion = "absent" if scopes.denied(m) else "present"
            key = (target, start, end, assertion)
            if key in seen:
                continue
            seen.add(key)
            strength = 1 if kind == "statement" else 2
            hit = Hit(target, assertion, start, end, cue, m.rule.source, s.part, strength)
            out.append((hit, verdict.assertion == "absent"))
    return out


def _widest(matches: Sequence[Match]) -> list[Match]:
    """Findings and statements, without those that lie inside another one of the same rule."""
    by: dict[tuple[str, str], list[Match]] = {}
    for m in matches:
        if m.rule.kind == "finding" or m.rule.kind == "statement":
            source = m.rule.source
            by.setdefault((m.rule.name, "says" if source == "counts_as" else source), []).append(m)
    out: list[Match] = []
    for own in by.values():
        if len(own) == 1:
            out += own
            continue
        own.sort(key=lambda m: (m.start, -m.end))
        last = -1
        for m in own:
            if m.end > last:
                out.append(m)
                last = m.end
    return out


def _blocked(match: Match, blocks: Sequence[Match], name: str) -> bool:
    """Whether words that do not count for the finding overlap the match.

    A longer phrase wins over a block inside it (``never smoked`` denies smoking, though ``smoked`` alone is blocked).
    """
    denies = match.rule.source in ("denies", "mention", "statements", "trouble")
    for b in blocks:
        if b.rule.name != name or b.start >= match.end or match.start >= b.end:
            continue
        inside = match.start <= b.start and b.end <= match.end
        if inside and (denies or _says_more(match, b)):
            continue
        return True
    return False


def _says_more(match: Match, block: Match) -> bool:
    """Whether the match itself uses the words of the block, and others."""
    used = sum(b - a for a, b in match.parts)
    if used <= block.end - block.start:
        return False
    if block.end - block.start == 1:
        return True
    return all(any(a <= i < b for a, b in match.parts) for i in range(block.start, block.end))


def _assertion(match: Match, verdict: Verdict, says: bool, lasting: bool, s: Sentence) -> Assertion | None:
    """What the note says of the finding. None: nothing can be taken from it."""
    said = verdict.assertion
    if s.part == "allergies":
        return None
    if said in ("hypothetical", "other_person"):
        return said
    if said == "family" or (s.part == "family" and match.rule.name not in _OWN_WORDS):
        return "family"
    if s.asks and match.rule.source in ("mention", "trouble"):
        return "absent" if said == "absent" else "present"  # waits for the answer
    if match.rule.source == "mention":  # a bare name: "Steroids: Y"
        return "absent" if said == "absent" else "present" if verdict.decided and said == "present" else None
    if match.rule.source == "denies" or match.rule.kind == "statement":
        trouble = match.rule.kind == "statement" and _TROUBLE in match.rule.source
        if said == "past":
            return None
        if said == "uncertain":
            return "uncertain"
        if trouble:
            return "absent" if said == "absent" else None
        return None if said == "absent" else "absent"
    if said == "past":
        return ("present" if says else "absent") if lasting else "past"
    if said in ("uncertain", "absent"):
        return said
    if not lasting and s.part == "past":
        return "past"
    if s.part == "plan" and not lasting:
        return "hypothetical"
    return "present"


_OWN_WORDS = frozenset({FAMILY})
_TROUBLE = "trouble"


def _answered(
    waiting: list[_Asked],
    doc: Document,
    s: Sentence,
    matches: Sequence[Match],
    scopes: Scopes,
    lexicon: Lexicon,
    out: list[Hit],
) -> list[_Asked]:
    """Give the hits of a question the answer that this sentence opens with; unanswered ones are dropped."""
    answer = _answer(s, matches)
    if answer is None:
        # the answer may stand after a first sentence of the same turn ("Hm. No."), but not after another question
        return waiting if not s.asks and s.last - s.first <= 2 else []
    if answer == "answer_unsure":
        for asked in waiting:
            h = asked.hit
            out.append(Hit(h.finding, "uncertain", h.start, h.end, _words(doc, s, 3), "answer", h.section, h.strength))
        return []
    findings = {a.hit.finding for a in waiting}
    alone = {q for q in {a.question for a in waiting} if len({a.hit.finding for a in waiting if a.question == q}) == 1}
    named = {m.rule.name for m in matches if m.rule.kind == "finding"}
    for asked in waiting:
        h = asked.hit
        if h.rule == "trouble" or (h.rule == "mention" and asked.question not in alone):
            if answer == "answer_no":
                out.append(Hit(h.finding, "absent", h.start, h.end, _words(doc, s, 2), "answer", h.section, 1))
            continue
        if answer == "answer_no":
            if h.finding in named:
                continue  # the answer speaks of it itself
            assertion: Assertion = "present" if h.rule == "denies" else "absent"
            if h.rule == "denies" and not asked.denied:
                continue  # "Passing water normally?" "No." leaves open what is wrong
            out.append(Hit(h.finding, assertion, h.start, h.end, _words(doc, s, 2), "answer", h.section, h.strength))
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
        if cue is None or not cue.kind.startswith("answer_") or m.start > s.first + 2:
            continue
        rank = (m.end - m.start) - 10 * (m.start - s.first)
        if best is None or rank > best[0] or (rank == best[0] and cue.kind == "answer_unsure"):
            best = (rank, cue.kind)
    return best[1] if best else None


def _words(doc: Document, s: Sentence, count: int) -> str:
    last = min(s.last, s.first + count)
    return doc.text[doc.starts[s.first] : doc.ends[last - 1]]

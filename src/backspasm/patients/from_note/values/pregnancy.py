"""Pregnancy and its weeks."""

from __future__ import annotations

import re

from backspasm.patients.from_note.spans import Fact, Span
from backspasm.patients.from_note.values.note import Note, word_set
from backspasm.patients.from_note.values.numbers import COUNT, value_of

_N = rf"(?:[0-9]{{1,2}}|{COUNT})"
_WEEKS = re.compile(
    rf"(?<![0-9./])(?P<n>{_N})(?:\s?\+\s?[0-6])?[\s\-]{{0,2}}(?:weeks?|wks?|w|/40)(?:'s|"
    rf"s')?(?:\s?\+\s?[0-6])?[\s\-]{{0,2}}(?:pregnant|gestation|gestational|gravid|preg\b|gone\b|along\b|"
    rf"expecting\b|into (?:her|my|the) pregnancy|of (?:pregnancy|gestation)|antenatal|in (?:her|my) (?:first|"
    rf"second|third|fourth) pregnancy)"
    rf"|\bhow (?:far (?:along|gone)|"
    rf"many weeks)\b[^?\n]{{0,24}}\?\s{{0,2}}(?:[a-z.' ]{{1,20}}:)?\s{{0,2}}(?:(?:i'm|im|i am|about|just|nearly|"
    rf"over|at|around)\s){{0,3}}(?P<n5>{_N})(?:\s?\+\s?[0-6])?\s?(?:weeks?|wks?|w\b|/40)"
    rf"|\b(?:pregnant|pregnancy|gravid|gestation|antenatal|g[0-9]{{1,2}}\s?p[0-9]{{1,2}}(?:\+[0-9])?|primip|"
    rf"primigravida|multip)\b[\s:,(\-]{{0,3}}(?:(?:at|now|is|currently|about|approx|around|of|lady|woman|mother|"
    rf"and|edd|in week|week)\s){{0,3}}(?P<n2>{_N})(?:\s?\+\s?[0-6])?[\s\-]{{0,2}}(?:weeks?|wks?|w\b|/40)"
    rf"|(?<![0-9./])(?P<n3>[0-9]{{1,2}})(?:\s?\+\s?[0-6])?\s?/\s?40(?![0-9/])|\b(?:in )?week "
    rf"(?P<n4>[0-9]{{1,2}}) of (?:her |my |the )?pregnancy"
)
_MONTHS = re.compile(
    rf"(?<![0-9./])(?P<n>{_N})[\s\-]{{0,2}}(?:months?|mths?)[\s\-](?:pregnant|gone|into (?:her|my|the) pregnancy)"
)
_NEGATIVE = re.compile(
    r"\b(?:not (?:currently |now )?pregnant|isn'?t pregnant|not currently pregnant|denies (?:being pregnant|"
    r"pregnancy|any chance of pregnancy|possibility of pregnancy)|pregnancy (?:test|tests)[\s:(\-]{0,3}(?:is |"
    r"was |today |done |came back |urine |in (?:ed|clinic) ){0,3}(?:negative|neg\b|-ve|\(-\))|negative (?:urine "
    r")?pregnancy test|neg(?:ative)? (?:upt|hcg|bhcg|β-?hcg|beta[ -]?hcg|urine hcg)|(?:upt|urine hcg|u-?hcg|"
    r"beta[ -]?hcg|bhcg|hcg|preg test)[\s:(\-]{0,3}(?:is |was |today ){0,2}(?:negative|neg\b|-ve|\(-\))|no "
    r"(?:chance|possibility) of (?:pregnancy|being pregnant)|could not be pregnant|couldn'?t be pregnant|can'?t "
    r"be pregnant|(?:pregnant|pregnancy)\s?[:=?]\s?(?:no|n|nil|not|negative|none)\b|pregnant: no|(?:pregnant|"
    r"pregnancy)\b[^?:\n]{0,25}[?:]\s{0,3}(?:[a-z. ]{1,20}:)?\s{0,2}(?:(?:the |my |hcg |urine )?test(?:s| was| "
    r"is| came back)? ?(?:neg(?:ative)?|-ve)|no\b|n\b|nope|none|nah|never|definitely not|no way|i can'?t be|"
    r"not\b|neg(?:ative)?\b)|no pregnancy\b(?! complications))"
)
_POSITIVE = re.compile(
    r"\b(?:pregnant|pregnancy test[\s:(\-]{0,3}(?:is |was |today ){0,2}(?:positive|pos\b|\+ve)|positive "
    r"pregnancy test|(?:upt|hcg|bhcg|beta[ -]?hcg)[\s:(\-]{0,3}(?:is |was ){0,2}(?:positive|pos\b|\+ve)|i'?m "
    r"expecting\b(?! (?:a call|to|you|an?  ))|(?:she is|she's|i am|wife of|is) expecting (?:a baby|her|my|our|"
    r"twins|in|again)|expecting (?:a baby|her first|her second|my first|my second|our first|our second|twins)|"
    r"current pregnancy|this pregnancy|(?:first|second|third|1st|2nd|3rd) trimester|(?:pregnant|"
    r"pregnancy)\s?[:=]\s?(?:yes|y)\b)"
)
_NOT_NOW = re.compile(
    r"\b(?:was|when|were|been|last time|while|whilst|previous(?:ly)?|during (?:her|my) (?:last|first|previous|"
    r"second)|since|before|after|trying to (?:get|become)|get|gets|becoming|become|could be|might be|may be|"
    r"possibly|if|\?|whether|are you|is she|any chance|not|never|wife|girlfriend|sister|daughter|partner|friend|"
    r"colleague|no longer|isn't|unless|avoid|risk)\b[^.;\n]{0,22}$|\?\s?$|not known to be $|non-?$"
)
_OTHER = re.compile(
    r"\b(?:wife|girlfriend|sister|daughter|partner|friend|colleague|mother|born|baby|delivered|delivery|at birth|"
    r"premature|prem|c-?section|nvd|svd)\b[^.;\n]{0,30}$"
)
_OTHER_BEHIND = re.compile(
    r"\s(?:[a-z]+ )?(?:(?:grand|step)?daughter|wife|sister|partner|girlfriend|niece|friend|colleague|women|people|relatives?|neighbou?r|"
    r"mother|cousin|visitors?|family members?)\b"
)
#: how often, or how long ago: earlier pregnancies
_EARLIER_BEHIND = re.compile(r"\s(?:once|twice|thrice|[a-z0-9]{1,9} times|[a-z0-9]{1,9} years (?:ago|back))\b")
_WORDS = word_set(
    "pregnant pregnancy expecting gestation gestational gravid preg upt hcg bhcg trimester "
    "antenatal primip multip primigravida"
)
#: characters around a word of pregnancy within which its weeks and its denial stand
_AROUND = 90
#: one of these stands in each match of the patterns above (or weeks of 40, or G2P1), which is not longer than this
_PIECES = word_set("preg gestation gravid antenatal primip multip gone along expecting trimester hcg upt")
_LONGEST = 200
_OF_FORTY = re.compile(r"/\s?40")
_ALONG = frozenset({"gone", "along"})
_WEEK_WORDS = frozenset({"weeks", "wks", "months"})


#: any words of denial near the word itself
_NO_BEFORE = re.compile(
    r"\b(?:not|isn'?t|no|never|denies|denied|negative for|can'?t be|cannot be|couldn'?t be|excluded?|rules? out|"
    r"ruled out|aren'?t|non)\b(?! (?:sure|certain|known|idea|tested|complications))[^.;\n?]{0,20}$"
)
_NO_BEHIND = re.compile(
    r"^(?:cy|t)?\b[^.;\n]{0,32}?\b(?:neg(?:ative)?|excluded|ruled out|unlikely|denied|impossible)\b|^(?:cy|"
    r"t)?\s?(?:test|hcg|urine)?[\s:?=\-]{0,3}(?:-ve|\(-\)|no\b|n\b|nil\b)"
)
_PREG = re.compile("preg")
_PREGNANT = re.compile(r"\b(?:pregnan|preg\b)")
_NO_PAST = re.compile(
    r"\b(?:never been|problems?|complications?|issues?|trouble|change|trying|before|previous|last|during|since|"
    r"after|in|trauma|hiv|test in)\b[^.;\n?]{0,16}$"
)


def _denied(note: Note) -> re.Match[str] | None:
    """ "not pregnant", "pregnancy test done, negative" in other words than those of the list."""
    for near in _PREG.finditer(note.low):
        match = _PREGNANT.match(note.low, near.start())
        if match is None:
            continue
        before = note.before(match.start(), 32)
        if _NO_PAST.search(before) or note.part_at(match.start()) in ("family", "past"):
            continue
        if _NO_BEFORE.search(before) or _NO_BEHIND.search(note.low[match.end() : match.end() + 44]):
            return match
    return None


def find_pregnancy(note: Note, most_weeks: float) -> tuple[list[Fact], list[Span]]:
    """Whether the patient is pregnant now and for how many weeks; and the places of such weeks, which are no durations."""
    low = note.low
    slash = "/40" in low or "/ 40" in low
    if (
        not slash
        and note.words.isdisjoint(_WORDS)
        and (note.words.isdisjoint(_ALONG) or note.words.isdisjoint(_WEEK_WORDS))
        and not {"g", "p"} <= note.words
    ):
        return [], []
    begin, end_of = 0, len(low)
    if not slash:  # only the stretch that holds the words needs to be looked at
        named = note.tokens_of(_WORDS | _ALONG | {"g", "p"})
        begin, end_of = max(0, named[0][1] - _AROUND), min(len(low), named[-1][2] + _AROUND)
    also = [m.start() for m in _OF_FORTY.finditer(low)] + [
        start for _, start, _ in note.tokens_of(frozenset({"g", "many"}))
    ]
    near = [
        (max(a, begin), min(b, end_of)) for a, b in note.around(_PIECES, _LONGEST, also) if b > begin and a < end_of
    ]
    facts: list[Fact] = []
    spans: list[Span] = []
    weeks: tuple[float, int, int] | None = None
    for match in note.matches_in(_WEEKS, near):
        group = next(g for g in ("n", "n2", "n3", "n4", "n5") if match.group(g))
        number = value_of(match.group(group))
        if number is None or not 1 <= number <= most_weeks:
            continue
        spans.append(Span(match.start(), match.end()))
        before = note.before(match.start(), 50)
        behind = low[match.end() : match.end() + 30]
        if (
            _OTHER.search(before)
            or re.search(r"\bborn (?:at )?$|\bdelivered (?:at )?$", before)
            or re.match(r"[^.;\n]{0,10}\b(?:delivery|c-section|section|birth|premature|baby)\b", behind)
        ):
            continue
        if _NOT_NOW.search(before[-34:]) and group not in ("n3", "n5"):
            continue
        if group == "n3" and re.search(
            r"(?:pain|score|power|power|hads|phq|odi|back|oswestry|[a-z]{2,}\s?(?:score|scale))[\s:=]{0,2}$", before
        ):
            continue
        weeks = (number, match.start(), match.end())
        break
    if weeks is None:
        for match in note.matches_in(_MONTHS, near):
            number = value_of(match.group("n"))
            if number is not None and 1 <= number <= 10 and not _OTHER.search(note.before(match.start(), 50)):
                # a calendar month has 365.25 / 12 / 7 weeks
                weeks = (round(number * 365.25 / 84, 1), match.start(), match.end())
                spans.append(Span(match.start(), match.end()))
                break
    no = next(note.matches_in(_NEGATIVE, near), None) or _denied(note)
    if weeks is not None:
        number, start, end = weeks
        span, cue = Span(start, end), note.text[start:end]
        return [Fact("pregnant", True, span, cue), Fact("pregnancy_weeks", number, span, cue)], spans
    if no is not None:
        facts.append(Fact("pregnant", False, Span(no.start(), no.end()), note.text[no.start() : no.end()]))
        return facts, spans
    for match in note.matches_in(_POSITIVE, near):
        before = note.before(match.start(), 46)
        behind = low[match.end() : match.end() + 3]
        if (
            _NOT_NOW.search(before)
            or behind.lstrip().startswith("?")
            or _OTHER_BEHIND.match(low, match.end())
            or _EARLIER_BEHIND.match(low, match.end())
            or (note.part_at(match.start()) in ("family", "past", "plan"))
        ):
            continue
        facts.append(Fact("pregnant", True, Span(match.start(), match.end()), note.text[match.start() : match.end()]))
        break
    return facts, spans

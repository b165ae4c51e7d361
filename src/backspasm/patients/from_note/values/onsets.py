"""Where two times of a note make one duration: a flare of an old complaint, and a pain that began later than its cause."""

from __future__ import annotations

import re
from itertools import pairwise

from backspasm.patients.from_note.spans import Span, Time
from backspasm.patients.from_note.values.note import Note

#: for so many days or longer, what comes and goes is an old complaint, and its flare the present episode
_OLD = 365.0
_COMES_AND_GOES = re.compile(
    r"\b(?:on (?:and|&|\+) off|off (?:and|&|\+) on|on/off|on-and-off|intermittent(?:ly)?|recurrent|grumbling|"
    r"niggl[a-z]*|now and (?:then|again)|"
    r"comes and goes|came and went|chronic|long[- ]?standing|background|usual)\b"
)
_FLARE_BEFORE = re.compile(
    r"\b(?:(?:much|far|lot|lots|way|significantly|suddenly|really|acutely|severely) (?:worse|worsened)|flare[a-z]*(?: up)?|flared|"
    r"acute(?:ly)?(?: on chronic)?|exacerbat[a-z]*|severe|terrible|unbearable|different|"
    r"now (?:daily|constant(?:ly)?|continuous(?:ly)?|every day|all the time|there all the time))\b[^.;]{0,24}$"
)
_FLARE_BEHIND = re.compile(
    r"[\s,]{0,2}(?:or so |it |it's |has |is |have |been |got ){0,4}(?:much|far|a lot|way|significantly|really) worse\b"
)
_LATER = re.compile(r"\s?(?:later|afterwards|after that|thereafter|after (?:it|the (?:accident|fall|injury|crash)))\b")
_BEGAN = re.compile(
    r"\b(?:start(?:ed|ing)?|began|begun|came on|come on|developed|appeared|set in|first noticed)\b[^.;]{0,24}$"
)
_PAIN = re.compile(r"\b(?:pain|ache|aching|hurt|sore|sciatica|stiff|spasm|back|symptoms?)")
#: characters between the event and the later beginning
_NEAR = 160


def flare(note: Note, times: list[Time], best: list[Time]) -> Time | None:
    """ "On and off for years, much worse last 4 days" is an episode of four days."""
    for old in best[:1] or times:
        span = old.span
        if old.days < _OLD or not _COMES_AND_GOES.search(
            note.before(span.start, 60) + " | " + note.after(span.end, 30)
        ):
            continue
        for time in times:
            if time.days < old.days and span.end < time.span.start < span.end + _NEAR:
                before, behind = note.before(time.span.start, 50), note.after(time.span.end, 40)
                if _FLARE_BEFORE.search(before) or _FLARE_BEHIND.match(behind):
                    return time
    return None


def later_onset(note: Note, times: list[Time]) -> Time | None:
    """ "A crash six months ago. The pain started a few weeks later" has lasted the difference."""
    for event, later in pairwise(times):
        if event.form != "ago" or later.form != "length" or not 0 < later.days < event.days:
            continue
        if later.span.start - event.span.end > _NEAR or not _LATER.match(note.low, later.span.end):
            continue
        before = note.before(later.span.start, 80)
        if _BEGAN.search(before) and _PAIN.search(before):
            return Time(event.days - later.days, "ago", Span(event.span.start, later.span.end))
    return None

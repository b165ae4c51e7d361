"""Where the patient is seen, if the note says so plainly."""

from __future__ import annotations

import re

from backspasm.patients.from_note.spans import Fact, Span
from backspasm.patients.from_note.values.lexicon import Hit
from backspasm.patients.from_note.values.note import Note

#: the place is one of another time, a plan or an advice
_ELSEWHERE = re.compile(
    r"\b(?:if|return|go|goes|went|attend(?:ed|s)? (?:the )?(?:local )?|call|ring|sent|send|sending|"
    r"transfer(?:red)?|refer(?:red|ral|ring)?|discharged|last|previous(?:ly)?|advised|advise|told|straight|back|"
    r"yesterday|ago|follow[ -]?up|arrange|arranged|book(?:ed)?|via|awaiting|waiting|under|needs?|should|will|"
    r"admission|visited|visits?|safety[ -]?net(?:ted)?|999|never|need)\b[^.;\n]{0,36}$"
)
_HERE = re.compile(
    r"\b(?:seen|reviewed|presents?|presented|presenting|attends|arrived|brought|here|today|came|comes|walked|"
    r"assessed|attendance|arrives|self-?presents|in)\b[^.;\n]{0,40}$"
)
_TITLE = 160


def find_setting(note: Note, hits: list[Hit]) -> list[Fact]:
    """At most one setting: the title of the note goes before its body."""
    best: tuple[float, Hit] | None = None
    for order, hit in enumerate(hits[:40]):
        before = note.before(hit.start, 50)
        line = note.low.rfind("\n", 0, hit.start) + 1
        heading = hit.start < _TITLE and not note.low[line : hit.start].strip(" :-*#(").strip() and line < _TITLE
        weight = 0.0
        if hit.start == 0 or heading:
            weight += 3.0
        elif hit.start < _TITLE:
            weight += 1.4 if line == 0 else 1.0
        if _HERE.search(before):
            weight += 1.6
        if _ELSEWHERE.search(before) and hit.start != 0:
            weight -= 2.5
        if note.part_at(hit.start) in ("plan", "past", "family", "social", "medication"):
            weight -= 2.0
        weight -= 0.05 * order
        if weight >= 1.0 and (best is None or weight > best[0]):
            best = (weight, hit)
    if best is None:
        return []
    hit = best[1]
    return [Fact("setting", hit.id, Span(hit.start, hit.end), note.text[hit.start : hit.end])]

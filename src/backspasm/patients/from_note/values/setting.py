"""Where the patient is seen: as the note says, or as its kind of note shows (a reply to a referral, a line of vital signs)."""

from __future__ import annotations

import re

from backspasm.patients.from_note.spans import Fact, Span
from backspasm.patients.from_note.values.lexicon import Hit
from backspasm.patients.from_note.values.note import Note
from backspasm.patients.from_note.values.setting_signs import setting_by_signs

#: the place is one of another time, a plan or an advice
_ELSEWHERE = re.compile(
    r"\b(?:if|return|go|goes|went|attend(?:ed|s)? (?:the )?(?:local )?|call|ring|sent|send|sending|"
    r"transfer(?:red)?|refer(?:red|ral|ring)?|discharged|last|previous(?:ly)?|advised|advise|told|straight|back|"
    r"yesterday|ago|follow[ -]?up|arrange|arranged|book(?:ed)?|via|awaiting|waiting|under|needs?|should|will|"
    r"admission|dear|fao|attn|attention of|visited|visits?|safety[ -]?net(?:ted)?|999|never|need)\b[^.;\n]{0,36}$"
)
_ADDRESSED = re.compile(r"\W*(?:to|for)(?: the| our| my)? ")
_HERE = re.compile(
    r"\b(?:seen|reviewed|presents?|presented|presenting|attends|arrived|brought|here|today|came|comes|walked|"
    r"assessed|attendance|arrives|self-?presents|in)\b[^.;\n]{0,40}$"
)
#: contacts that are counted, not the one at hand: "ED x2"
_COUNTED = re.compile(r"\s?x\s?[0-9]")
#: "no ED", "saddle ok, ED denied": erectile dysfunction and no place
_DENIED = re.compile(r"\b(?:no|nil|denies|without|new)(?: new)?\s$")
_ANSWERED = re.compile(r"\s?(?::\s?)?(?:no\b|nil\b|none\b|denie[ds]\b|-ve)")
_TITLE = 160

_REPLY = re.compile(
    r"\bthank(?:s| you)(?: very much| so much)? for (?:referring|sending|asking (?:me|us) to see|your (?:kind )?"
    r"(?:referral|letter))|\b(?:kindly referred|was (?:sent|referred) (?:to (?:me|us|the clinic) )?(?:with|by)|"
    r"referred (?:to (?:me|us|the clinic) )?with)\b|^seen (?:as an extra|in clinic)|\bi reviewed (?:this|him|her)\b"
)
_REPLY_WORDS = frozenset({"thank", "thanks", "kindly", "was", "referred", "seen", "i"})
#: what nurses of an emergency department write down of everybody, each with the words that it begins with
_VITALS = (
    (re.compile(r"\b(?:hr|pulse|p)\s?:?\s?[0-9]{2,3}\b"), frozenset({"hr", "pulse", "p"})),
    (re.compile(r"\brr\s?:?\s?[0-9]{1,2}\b"), frozenset({"rr"})),
    (re.compile(r"\b(?:sats?|spo2|o2)\s?:?\s?[0-9]{2,3}\b"), frozenset({"sat", "sats", "spo", "o"})),
    (re.compile(r"\bbp\s?:?\s?[0-9]{2,3}/[0-9]{2,3}\b"), frozenset({"bp"})),
    (
        re.compile(r"\b(?:t|temp|temperature)\s?:?\s?(?:3[4-9]|4[0-2]|9[5-9]|10[0-6])(?:\.[0-9])?\b"),
        frozenset({"t", "temp", "temperature"}),
    ),
    (re.compile(r"\b(?:gcs|news2?|pews)\s?:?\s?[0-9]"), frozenset({"gcs", "news", "pews"})),
)
#: of these kinds of vital signs a set of an emergency department has so many
_FULL_SET = 3
_EXAMINED = re.compile(r"\b(?:o/e|on exam\w*|exam(?:ination)?|slr|obs|bp|pmh|c/o|hx|tender(?:ness)?|reflexes)\b")
_TURNS = re.compile(r"^\s*(?:dr|doctor|gp|nurse|clinician|patient|pt|caller|parent|mum)\b[a-z. ]{0,12}:", re.MULTILINE)


def find_setting(note: Note, hits: list[Hit], young: bool = False) -> list[Fact]:
    """At most one setting: what the title says goes before its body, and both before the kind of the note.

    Args:
        young: whether the patient is so young that a clinic is one for children whatever it writes; adolescents are sent to
            clinics of either kind.
    """
    return _said(note, hits) or _of_its_kind(note, young or note.holds(_OF_CHILDREN))


#: what only those write who see children
_OF_CHILDREN = re.compile(r"\b(?:pa?ediatr[a-z]*|paeds?|peds|centiles?|percentile)\b")


def _of_its_kind(note: Note, child: bool) -> list[Fact]:
    low = note.low
    reply = next(note.led_matches(_REPLY, _REPLY_WORDS), None)
    if reply is not None:
        return [_fact(note, "paediatric_clinic" if child else "spine_clinic", reply)]
    vitals = [m for m in (next(note.led_matches(v, words), None) for v, words in _VITALS) if m is not None]
    hot_and_fast = any(low[m.start()] == "t" for m in vitals) and any(low[m.start()] in "hp" for m in vitals)
    signs = setting_by_signs(note, len(vitals), hot_and_fast, _ELSEWHERE)
    if signs is not None and signs[0] == "spine_clinic" and child:
        signs = "paediatric_clinic", signs[1]
    if signs is not None and signs[0] != "primary_care":
        return [_fact(note, *signs)]
    if len(vitals) >= _FULL_SET:
        return [_fact(note, "emergency", vitals[0])]
    if signs is not None:
        return [_fact(note, *signs)]
    own = next(note.led_matches(_OWN_WORDS, _OWN_FIRST), None)
    if own is not None and _EXAMINED.search(low) is None and _TURNS.search(low) is None:
        return [_fact(note, "community", own)]
    return []


#: a patient or a parent writes
_OWN_WORDS = re.compile(
    r"\b(?:my (?:lower |low |upper |mid |middle |bad )?back|my (?:little |young )?(?:son|daughter|boy|girl|lad|child|baby)|"
    r"i(?:'m| am) (?:a |an )?[0-9]{1,2}\b|i(?:'ve| have) (?:had|got|been|hurt)|should i\b|do i need|i(?:'m| am) writing|"
    r"(?:mum|mom|mam|dad|mother|father|gran|nan|grandma|grandad|granddad|grandmother|grandfather) (?:of|"
    r"to) [a-z]+,? (?:who is |aged? )?[0-9])"
)


_OWN_FIRST = frozenset(
    {
        "my",
        "i",
        "should",
        "do",
        "mum",
        "mom",
        "mam",
        "dad",
        "mother",
        "father",
        "gran",
        "nan",
        "grandma",
        "grandad",
        "granddad",
        "grandmother",
        "grandfather",
    }
)


def _alone(note: Note, hit: Hit) -> bool:
    """Whether the place is all that its sentence says: "Walk-in clinic." """
    start, end = note.sentence_at(hit.start)
    return not note.low[start : hit.start].strip(" -:*") and not note.low[hit.end : end].strip(" .-:*\n")


def _fact(note: Note, setting: str, match: re.Match[str]) -> Fact:
    return Fact("setting", setting, Span(match.start(), match.end()), note.text[match.start() : match.end()])


def _said(note: Note, hits: list[Hit]) -> list[Fact]:
    """The setting that the note names."""
    best: tuple[float, Hit] | None = None
    for order, hit in enumerate(hits[:40]):
        before = note.before(hit.start, 50)
        if _COUNTED.match(note.low, hit.end) or _DENIED.search(before) or _ANSWERED.match(note.low, hit.end):
            continue
        line = note.low.rfind("\n", 0, hit.start) + 1
        heading = hit.start < _TITLE and not note.low[line : hit.start].strip(" :-*#(").strip() and line < _TITLE
        weight = 0.0
        if hit.start == 0 or heading:
            weight += 3.0
        elif hit.start < _TITLE:
            weight += 1.4 if line == 0 else 1.0
        if _HERE.search(before) or _alone(note, hit):
            weight += 1.6
        if _ADDRESSED.fullmatch(note.low, 0, hit.start):  # "To the practice nurse: ..."
            weight -= 5.0
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

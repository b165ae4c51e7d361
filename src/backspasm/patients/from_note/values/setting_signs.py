"""The kind of place by what such places write: no sign decides alone, and where two places are meant none is told.

The weights order signs of one note; they are no probabilities. A setting needs ``_ENOUGH`` and a lead over every other.
"""

from __future__ import annotations

import re

from backspasm.patients.from_note.values.note import Note

#: characters of the beginning in which a note shows its kind: who calls whom stands first
_OPENING = 110
#: characters in which other signs are looked for
_LOOKED_AT = 6000
_ENOUGH = 2.0

Sign = tuple[str, float, re.Pattern[str]]

_OPENERS: tuple[Sign, ...] = (
    (
        "emergency",
        3.0,
        re.compile(r"^\W*(?:ambulance (?:sheet|handover|record|crew|service)|paramedic|ems\b|pre-?hospital|hems\b|pat card)"),
    ),
    ("emergency", 2.0, re.compile(r"\b(?:bib|biba|bibems|brought in by|brought by (?:ambulance|ems|police))\b")),
    (
        "community",
        2.0,
        re.compile(
            r"\b(?:tel(?:ephone)?\.? (?:triage|assess\w*|call|consult\w*|r/v|review|encounter|appt|appointment|f/u|contact)|phone "
            r"(?:note|call|triage|r/v|review|consult\w*|contact|appt|appointment|encounter|assess\w*)|call[- ]?back|caller|"
            r"(?:out[- ]of[- ]hours|ooh|111|triage|nurse|video|carer'?s?|inbound|incoming) call|call (?:from|re|summary|handler|log)|"
            r"advice line|help ?line|(?:portal|patient|online|secure|app) message|online (?:consult\w*|form|request)|"
            r"e-?consult|(?:wife|husband|mother|father|mum|mom|dad|daughter|son|partner|parent|carer|neighbou?r|gran|patient|pt|she|he) "
            r"(?:is )?(?:phon(?:ing|es|ed)|rang|rings|ringing|calling|calls|on the (?:phone|line))|"
            r"sent from my|subject:)"
        ),
    ),
    (
        "community",
        2.0,
        re.compile(
            r"^\W*(?:re )?(?:(?:community|district|school|occupational health|practice) (?:nurse|physio\w*|matron|midwife)"
            r"(?: (?:note|visit|call|review))?|health visitor|(?:ot|physio|nurse|gp|dr|doctor'?s?)? ?home visit|house call|"
            r"domiciliary|(?:care|nursing|residential) home (?:visit|round|call)|domestic visit)"
        ),
    ),
    (
        "primary_care",
        2.0,
        re.compile(
            r"^\W*(?:seen (?:in|at) )?(?:walk[- ]?in\b|(?:np|pa|fnp|fcp|anp|pcp|gp|gpst[0-9]?|f2f|same[- ]day) "
            r"(?:visit|appt|appointment|f2f|clinic|note|entry|review|consult\w*)|f2f\b|surgery\b(?! )|in surgery|seen in surgery|"
            r"(?:family|general) (?:practice|medicine)|(?:college|student|campus|university) health|urgent care|minor illness|"
            r"health (?:centre|center)|medical (?:centre|center)|extended (?:hours|access))"
        ),
    ),
    (
        "spine_clinic",
        2.0,
        re.compile(
            r"\b(?:rheum\w*|ortho\w*|neurosurg\w*|spinal|spine|msk|pain|scoliosis)\.? (?:clinic|opd|out-?patients?|new patient|"
            r"f/u|follow[- ]up|team clinic|review clinic|service)\b"
        ),
    ),
    (
        "paediatric_clinic",
        2.0,
        re.compile(
            r"\b(?:paed\w*|ped(?:iatric)?s?|children'?s) (?:clinic|opd|out-?patients?|new patient|f/u|follow[- ]up|"
            r"rheum\w*|ortho\w*)\b"
        ),
    ),
)  # fmt: skip

_SIGNS: tuple[Sign, ...] = (
    (
        "emergency",
        2.0,
        re.compile(
            r"\b(?:trauma (?:team|call)|log[- ]?roll(?:ed)?|spinal precautions|primary survey|cubicle|(?:in|at) triage|"
            r"triage (?:cat\w*|nurse|note|level)|seen (?:in|by) ed\b|in (?:the )?dept\b|in (?:the )?department\b|"
            r"pre-?alert|fast[- ]tracked?|resus|on arrival (?:to|at|in)|ambulance crew reports?|paramedics report)\b"
        ),
    ),
    (
        "emergency",
        1.0,
        re.compile(
            r"\b(?:ibuprofen|paracetamol|tylenol|acetaminophen|morphine|codeine|analgesia|entonox|toradol|ketorolac|fentanyl|"
            r"penthrox) (?:iv |im |po )?given\b|\bgiven (?:iv |im |po )?(?:morphine|paracetamol|ibuprofen|analgesia|fentanyl|entonox|"
            r"toradol|ketorolac)\b|\bcannulat\w*|\biv access\b|\bbloods sent\b|\bvbg\b|\blactate\b|"
            r"\bcollar (?:and|on|in situ)\b|\b(?:c|hard)[- ]collar\b"
        ),
    ),
    ("primary_care", 1.2, re.compile(r"(?:\bo/e\b|\bon exam(?:ination)?\b)")),
    (
        "primary_care",
        1.0,
        re.compile(
            r"\bsafety[- ]?net\w*|\b(?:rv|r/v|review) (?:in )?(?:[0-9]|prn|sos|if)|\b(?:fit|sick) note\b|\bmed ?3\b|"
            r"\brefer(?:red)? (?:to )?(?:physio|msk)\b|\bphysio (?:ref|referral)\b|\bself[- ]?refer\w*|\bbloods (?:requested|arranged|"
            r"ordered)\b|\bvia sdec\b|\bto sdec\b|\bfollow[- ]?up (?:prn|as needed)|\brtc (?:if|prn|[0-9])|\brepeat (?:rx|script)\b"
        ),
    ),
    ("primary_care", 0.8, re.compile(r"^\W*[0-9]{1,3}\s?(?:y(?:o|rs?)?\s?)?[fm]\b")),
    ("primary_care", 0.5, re.compile(r"\b(?:no pmhx?|pmhx?:? (?:nil|none|nad)|no (?:regular )?meds|nil pmh|prev(?:iously)? well)\b")),
    (
        "spine_clinic",
        2.0,
        re.compile(
            r"\byou (?:kindly|recently) (?:sent|referred|asked|arranged|saw)\b|\bthank you for (?:this|your) (?:kind |recent )?(?:referral|"
            r"letter)\b|\byour (?:kind )?referral\b|\bwhom you referred\b|\bpleasure to (?:meet|see|review)\b"
        ),
    ),
)  # fmt: skip


def setting_by_signs(
    note: Note, vitals: int, measured_hot_and_fast: bool, elsewhere: re.Pattern[str]
) -> tuple[str, re.Match[str]] | None:
    """The place that the signs of a note agree on, and the first sign of it; None where they are few or at odds.

    Args:
        vitals: how many kinds of vital signs the note gives.
        measured_hot_and_fast: whether temperature and pulse are among them, as nurses at a front door take them.
        elsewhere: words before a place of another time, a plan or an advice.
    """
    low = note.low
    end = min(len(low), _LOOKED_AT)
    opening = min(end, _OPENING)
    weight: dict[str, float] = {}
    first: dict[str, re.Match[str]] = {}
    for signs, until in ((_OPENERS, opening), (_SIGNS, end)):
        for place, worth, pattern in signs:
            match = pattern.search(low, 0, until)
            if match is not None and not (signs is _OPENERS and elsewhere.search(note.before(match.start(), 50))):
                weight[place] = weight.get(place, 0.0) + worth
                first.setdefault(place, match)
    if measured_hot_and_fast:
        weight["emergency"] = weight.get("emergency", 0.0) + 1.0
        weight["primary_care"] = weight.get("primary_care", 0.0) - 1.0
    elif vitals > 1:
        weight["primary_care"] = weight.get("primary_care", 0.0) - 0.5
    ranked = sorted(weight.items(), key=lambda pair: -pair[1])
    if not ranked or ranked[0][1] < _ENOUGH or (len(ranked) > 1 and ranked[0][1] - ranked[1][1] < 0.5):
        return None
    return (ranked[0][0], first[ranked[0][0]]) if ranked[0][0] in first else None

"""Words for ids and numbers. Everything that a person reads is worded here."""

from __future__ import annotations

from math import inf

from backspasm.patients.answers import Answers, Item
from backspasm.records.knowledge import Knowledge
from backspasm.records.units import plain_unit

URGENCY = {
    "emergency": ("EMERGENCY", "now, by ambulance or in the emergency department"),
    "same_day": ("SAME DAY", "specialist assessment or imaging today"),
    "urgent": ("URGENT", "within two weeks"),
    "routine": ("ROUTINE", "planned appointment, no time pressure"),
    "self_care": ("SELF-CARE", "no appointment needed; tell what would be a reason to come back"),
}

GROUP = {
    "infection": "infection of the spine",
    "malignancy": "cancer",
    "compression": "compression of the cauda equina or cord",
    "fracture": "fracture",
    "aortic": "aortic emergency",
}

DISCLAIMER = "Decision support for professionals, not a certified medical device. It does not replace an examination."


def plain(identifier: str) -> str:
    """An id as words."""
    return identifier.replace("_", " ")


def cause_name(cause: str, knowledge: Knowledge) -> str:
    record = knowledge.causes.get(cause) or knowledge.complications.get(cause)
    return record.name if record else plain(cause)


def finding_name(finding: str, knowledge: Knowledge) -> str:
    record = knowledge.findings.get(finding)
    return record.name if record and record.name else plain(finding)


def place_name(place: tuple[str, str], knowledge: Knowledge) -> str:
    """A rate of a finding or complication, given a cause or complication, as a question."""
    what, given = place
    name = cause_name(what, knowledge) if what in knowledge.complications else finding_name(what, knowledge)
    return f"{cause_name(given, knowledge)}: how common is {lower_first(name)}?"


def lower_first(name: str) -> str:
    """A name inside a sentence; an abbreviation (MRI, HLA-B27, C-reactive) stays as it is."""
    return name if name[1:2].isupper() or name[1:2] == "-" else name[:1].lower() + name[1:]


def chance(p: float) -> str:
    """A probability as a clinician says it: per cent, or one in so many where it is small."""
    if p >= 0.995:
        return "over 99 %"
    if p >= 0.0095:
        return f"{100 * p:.0f} %"
    if p >= 0.00095:
        return f"{1000 * p:.0f} in 1,000"
    if p >= 0.000095:
        return f"{10000 * p:.0f} in 10,000"
    return "under 1 in 10,000"


def span(low: float, high: float) -> str:
    """An interval in per cent."""
    return f"{_percent(low)}–{_percent(high)} %"


def _percent(p: float) -> str:
    value = 100 * p
    if 99 < value < 99.95:
        return f"{value:.1f}"
    if value < 0.1:
        return "<0.1"
    return f"{value:.1f}" if value < 1 else f"{value:.0f}"


def ratio(value: float) -> str:
    """A likelihood ratio: times more or less likely."""
    if value == inf or value > 9999:
        return "× over 9,999"
    if value >= 10:
        return f"× {value:.0f}"
    if value >= 0.1:
        return f"× {value:.1f}" if value >= 1 else f"× {value:.2f}"
    return f"× {value:.3f}" if value >= 0.001 else "× under 0.001"


def answer(item: Item, knowledge: Knowledge) -> str:
    """An answer as words: finding with its value, or that it is not there."""
    name = finding_name(item.finding, knowledge)
    if item.kind == "value" and item.value is not None:
        return measured(item.finding, item.value, knowledge)
    if item.kind == "without":
        return f"{name}, not severe"
    if item.kind in {"present", "present_given", "present_after"}:
        return name
    return absent(name)


#: how a name that is no noun is denied, by its first word
DENIED = {"worse": "not {}", "relieved": "not {}", "no": "not so: {}", "not": "not so: {}"}


def absent(name: str) -> str:
    """That a finding is not there, as one would say it: no fever, not worse with movement, MRI not normal."""
    first, _, rest = name.partition(" ")
    if first == "Normal":
        return f"{rest[:1].upper()}{rest[1:]} not normal"
    if first == "Improves":
        return f"does not improve {rest}"
    return DENIED.get(first.lower(), "no {}").format(lower_first(name))


def measured(finding: str, value: float, knowledge: Knowledge, *, exact: bool = False) -> str:
    """A measured finding with its value and unit as a clinician writes them; ``exact`` keeps every decimal."""
    unit = plain_unit(knowledge.findings[finding].unit)
    shown = f"{value:g}" if exact else number(value)
    return f"{finding_name(finding, knowledge)} {shown} {unit}".strip()


def number(value: float) -> str:
    """A measured value as a clinician writes it: at most one decimal, more only for small values."""
    return f"{value:.0f}" if abs(value) >= 1000 else f"{round(value, 1):g}" if abs(value) >= 1 else f"{value:.2g}"


def said(finding: str, answers: Answers, knowledge: Knowledge) -> str:
    """A finding with its answer, as far as it is known."""
    name = finding_name(finding, knowledge)
    if finding in answers.measured:
        return answer(Item("value", finding, value=answers.measured[finding]), knowledge)
    return answer(Item("absent", finding), knowledge) if finding in answers.absent else name


def patient_line(age: float | None, sex: str, setting: str | None) -> str:
    """Who the patient is, in one line."""
    if age is None:
        who = "age unknown"
    elif age < 2:
        who = f"{round(age * 12)} months old"
    else:
        who = f"{int(age)} years old"
    where = plain(setting) if setting else "setting not stated"
    return f"{who}, {sex if sex != 'unknown' else 'sex not stated'}, {where}"

"""What an assessment was told, with the words of the note or the resources of the record that said it."""

from __future__ import annotations

from collections.abc import Iterator

from backspasm.patients.patient import Patient, shortened
from backspasm.presentation import words
from backspasm.records.knowledge import Knowledge

#: words behind one finding that are shown, and their length before they are cut
WORDS, LONG = 2, 48
#: how a reader names a finding that its input leaves open
_OPEN = "finding "


def told(p: Patient, knowledge: Knowledge) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """What was understood, by kind: (kind, its entries); nothing where the input was a case, which is itself the list."""
    if not p.sources:
        return ()
    rows = [
        ("patient", (words.patient_line(p.age_years, p.sex, p.setting),)),
        *((label, tuple(_named(f, p, knowledge) for f in ids)) for label, ids in _answers(p)),
        ("left open", left_open(p, knowledge)),
        ("measured", tuple(words.measured(f, v, knowledge) + _by(f, p) for f, v in p.measured.items())),
        *((label, tuple(entries)) for label, entries in other_rows(p, knowledge)),
    ]
    return tuple(row for row in rows if row[1])


def left_open(p: Patient, knowledge: Knowledge) -> tuple[str, ...]:
    """Names of the findings on which the input is in doubt or contradicts itself: to be asked again."""
    ids = (u.what.removeprefix(_OPEN) for u in p.unread if u.what.startswith(_OPEN))
    return tuple(words.finding_name(f, knowledge) for f in ids if f in knowledge.findings)


def other_rows(p: Patient, knowledge: Knowledge) -> Iterator[tuple[str, list[str]]]:
    """What is neither finding nor value: moments, medicines and the like."""
    if p.days_ago:
        yield "days ago", [f"{words.finding_name(f, knowledge)} {d:g}" for f, d in p.days_ago.items()]
    for label, names in (("medicines", p.medications), ("allergies", p.allergies), ("conditions", p.comorbidities)):
        if names:
            yield label, list(names)
    if p.pregnant is not None:
        weeks = f", week {p.pregnancy_weeks:g}" if p.pregnancy_weeks else ""
        yield "pregnant", [("yes" if p.pregnant else "no") + weeks]


def _answers(p: Patient) -> tuple[tuple[str, tuple[str, ...]], ...]:
    return ("present", p.present), ("absent", p.absent)


def _named(finding: str, p: Patient, knowledge: Knowledge) -> str:
    return words.finding_name(finding, knowledge) + _by(finding, p)


def _by(finding: str, p: Patient) -> str:
    """The first words that said it, in quotes; none that could steer a terminal."""
    said = dict.fromkeys(shortened(s, LONG) for s in p.sources.get(finding, ()))
    return " " + ", ".join(f"“{s}”" for s in [*said][:WORDS]) if said else ""

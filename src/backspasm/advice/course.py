"""From an assessment's answers and differential to the course that the cycle expects."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from backspasm.cycle.candidates import Situation
from backspasm.cycle.one_patient import DRAWS, SEED, Expected, Option, expected_course
from backspasm.cycle.prescription import read_prescriptions
from backspasm.patients.patient import InputError, Patient
from backspasm.records.knowledge import Knowledge
from backspasm.records.problems import nearest

#: what the course in an assessment shows, days; and its draws at most, as many as a simulation takes by itself
DAYS = (0.0, 1.0, 2.0, 3.0, 5.0, 7.0, 10.0, 14.0, 21.0, 28.0, 42.0, 84.0)
MOST_DRAWS = DRAWS
#: points of pain on 0-100 for one on 0-10
POINTS = 10
COMPLICATION = "self_sustaining_spasm"


def days_until(last: int) -> list[float]:
    """The days that a simulation shows: every day of the first week, then ever fewer, and the last."""
    return [
        float(d)
        for d in range(last + 1)
        if d <= 7 or d == last or d in (10, 14) or (d % 7 == 0 and d <= 42) or d % 14 == 0
    ]


def situation_of(patient: Patient, causes: Mapping[str, float], knowledge: Knowledge) -> Situation:
    """What the cycle needs to know.

    Args:
        patient: whose pain intensity, duration, age and diseases count.
        causes: probability of each cause.
        knowledge: for the classes of causes.
    """
    cycle = knowledge.cycle
    classes = {c.id: sum(causes.get(cause, 0.0) for cause in c.causes) for c in cycle.classes.values()}
    pain = patient.measured.get("pain_intensity")
    age = patient.age_years
    old = age is not None and age >= cycle.slow_from_age.value
    return Situation(
        classes=classes,
        pain=None if pain is None else pain * POINTS,
        days=patient.measured.get("duration_days"),
        slow=old or bool(set(patient.comorbidities) & set(cycle.slow_with)),
        adult=None if age is None else age >= knowledge.table("age_groups")["adult"],
        emergency=patient.setting == "emergency",
    )


def usual_options(knowledge: Knowledge) -> tuple[Option, ...]:
    """The options that the records name."""
    return options_of(tuple(knowledge.cycle.options), knowledge)


def options_of(texts: Sequence[str], knowledge: Knowledge) -> tuple[Option, ...]:
    """Options by name (``nsaid``) or as a prescription in words.

    Raises:
        InputError: for what is neither.
    """
    cycle = knowledge.cycle
    out = []
    for text in texts:
        named = cycle.options.get(text.strip())
        if named is None and not any(c.isdigit() for c in text):
            near = nearest(text, cycle.options)
            mend = f"did you mean {near!r}?" if near else f"name one of {', '.join(cycle.options)}"
            mend += " (or write a prescription, such as 'naproxen 500 mg twice a day for 10 days')"
            raise InputError.one("option", text, "no option of this name", mend)
        words = named.prescription if named else text
        prescribed = read_prescriptions(words, cycle.drugs, cycle.as_needed_pain.value)
        out.append(Option(named.id if named else text.strip(), prescribed))
    if len({o.id for o in out}) < len(out):
        raise InputError.one("option", ", ".join(texts), "an option is given twice", "name each once")
    return tuple(out)


def course_of(
    patient: Patient,
    causes: Mapping[str, float],
    knowledge: Knowledge,
    options: Sequence[Option] | None = None,
    days: Sequence[float] = DAYS,
    draws: int = DRAWS,
    seed: int = SEED,
) -> Expected | None:
    """The course to expect under each option (default: the usual ones); None where the pain is not of the back."""
    chosen = usual_options(knowledge) if options is None else options
    return expected_course(situation_of(patient, causes, knowledge), chosen, knowledge.cycle, days, draws, seed)

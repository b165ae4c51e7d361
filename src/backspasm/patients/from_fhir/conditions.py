"""Conditions: problems and diagnoses of the patient, as they stood at the encounter."""

from __future__ import annotations

from msgspec import Struct

from backspasm.patients.childhood import is_child
from backspasm.patients.from_fhir.bundle import Found
from backspasm.patients.from_fhir.identity import addresses_of
from backspasm.patients.from_fhir.ledger import Context, Ledger, Said, Value, add
from backspasm.patients.from_fhir.moments import Moment, first_of, moment_of
from backspasm.patients.from_fhir.structs import Condition
from backspasm.patients.from_fhir.terms import Match, codes, is_family_history, short_code
from backspasm.patients.from_fhir.visit import references_of
from backspasm.patients.from_fhir.windows import LASTING, STATES, is_dated

#: verification states in which nobody claims or suspects the diagnosis
DENIED = frozenset({"entered-in-error", "refuted"})
#: clinicalStatus of something that is over
OVER = frozenset({"resolved", "inactive", "remission"})
#: verificationStatus of something that may not be there
UNSURE = frozenset({"differential", "provisional", "unconfirmed"})
#: findings that a diagnosis of today must not count as: they speak of something before it
ABOUT_THE_PAST = frozenset({"previous_fragility_fracture", "previous_episodes", "recent_infection"})
#: comorbidities that go on limiting treatment after they are over
LASTING_COMORBIDITIES = frozenset(
    {
        "ischaemic_heart_disease", "stroke", "peptic_ulcer", "gastrointestinal_bleed", "nsaid_hypersensitivity",
        "urinary_retention_history", "contrast_allergy", "heart_failure", "arrhythmia_or_heart_block",
    }
)  # fmt: skip
RECENT_INFARCTION, OLD_INFARCTION = "recent_myocardial_infarction", "ischaemic_heart_disease"


class Problem(Struct, frozen=True):
    """A condition with its name and the dates that matter. ``began`` and ``ended`` are days before the encounter."""

    reference: str
    condition: Condition
    onset: Moment | None
    recorded: Moment | None
    began: float | None
    ended: float | None
    over: bool
    here: bool

    @property
    def when(self) -> Moment | None:
        return self.recorded or self.onset


def read_condition(condition: Condition, found: Found, context: Context, ledger: Ledger) -> Problem | None:
    """Enter what a condition says; it is returned if it is back pain, for the search of the onset."""
    problem = _problem(condition, found, context)
    if ledger.skip_future("Condition", context, condition.encounter, problem.recorded, problem.onset):
        return None
    return read_problem(problem, context, ledger)


def read_problem(problem: Problem, context: Context, ledger: Ledger) -> Problem | None:
    """As read_condition, for a condition that was known at the encounter and whose dates are worked out."""
    condition, reference = problem.condition, problem.reference
    verification = codes(condition.verification_status)
    if "entered-in-error" in verification:
        ledger.leave(reference, "entered in error")
        return None
    if is_family_history(condition.code):
        _family(problem, context, ledger)
        return None
    if "refuted" in verification:
        _refuted(problem, context, ledger)
        return None
    if verification & UNSURE:
        state = f"{sorted(verification & UNSURE)[0]} ({short_code(condition.code)})"
        ledger.leave(reference, f"{state}: not confirmed, so not taken as a finding")
        return None
    matches = context.terms.of(condition.code)
    is_pain = context.back.is_symptom(condition.code)
    if not matches and not is_pain:
        ledger.count("Condition", "codes that no finding or comorbidity has", short_code(condition.code))
        return None
    caused = _note_diagnosis(problem, matches, is_pain, context, ledger)
    for match in matches:
        if match.kind == "finding":
            _finding(match.id, problem, caused, context, ledger)
        elif match.kind == "comorbidity":
            _comorbidity(match.id, problem, context, ledger)
    return problem if is_pain else None


def _problem(condition: Condition, found: Found, context: Context) -> Problem:
    visit = context.visit
    onset = first_of(condition.onset_date_time, condition.onset_period.start if condition.onset_period else None)
    recorded = moment_of(condition.recorded_date)
    period = condition.abatement_period
    end = first_of(condition.abatement_date_time, period.end if period else None)
    began = visit.days_before(onset or recorded)
    if end is not None:
        # what ended after the visit was still there at the visit, whatever its status says today
        over = visit.until is None or not end.after(visit.until)
        over = over and not (visit.holds(condition.encounter) and visit.days_before(end) == 0)
        ended = visit.days_before(end) if over else 0.0
    else:
        over, ended = is_closed(condition), None
        # the diagnosis of this very visit is of this visit, even if it was closed since
        over = over and not visit.holds(condition.encounter)
    named = references_of(visit.encounter) if visit.encounter else frozenset()
    here = visit.holds(condition.encounter) or bool(addresses_of(found) & named)
    return Problem(found.reference, condition, onset, recorded, began, ended if over else 0.0, over, here)


def is_closed(condition: Condition) -> bool:
    """Whether a condition says that it is over without saying since when."""
    vague = condition.abatement_string is not None or condition.abatement_age is not None
    return vague or bool(codes(condition.clinical_status) & OVER)


def _note_diagnosis(
    problem: Problem, matches: tuple[Match, ...], is_pain: bool, context: Context, ledger: Ledger
) -> bool:
    """Write down a diagnosis that is one of our causes or complications; True where it is one of today."""
    names = [
        record.name
        for m in matches
        if (record := context.knowledge.causes.get(m.id) or context.knowledge.complications.get(m.id)) is not None
        and m.kind in ("cause", "complication")
    ]
    if not names or is_pain:
        return False
    which = f"{', '.join(names)} ({problem.reference}, {'over by then' if problem.over else 'not over'})"
    ledger.note(f"recorded diagnosis: {which}; a diagnosis is not counted as a finding")
    return not problem.over


def _finding(finding: str, problem: Problem, caused: bool, context: Context, ledger: Ledger) -> None:
    if context.knowledge.findings[finding].kind != "boolean" or not _tells(finding, context):
        return
    if finding == "previous_episodes" and context.back.is_symptom(problem.condition.code):
        return  # whether this back pain is an earlier one is for measured_onset to say
    said = Said(True, problem.reference, problem.when)
    if is_dated(finding, context):
        said = Said(True, problem.reference, problem.when, problem.began, _ended(finding, problem, context))
    if finding in LASTING:
        # today's diagnosis is no history of itself; a cancer, a brittle bone or a crash it stays
        if not (caused and finding in ABOUT_THE_PAST):
            ledger.say(finding, said)
    elif problem.over:
        ledger.count("Condition", "over by the encounter; not a finding of today", short_code(problem.condition.code))
    elif caused and finding not in STATES:
        return
    elif finding == "pregnancy":
        _pregnancy(problem, said, context, ledger)
    elif finding in STATES or _of_today(problem, context):
        ledger.say(finding, said)
    else:
        ledger.leave(problem.reference, f"{finding} recorded {problem.began:g} days before and never closed: ask again")


def _ended(finding: str, problem: Problem, context: Context) -> float | None:
    """An infection of long ago that nobody closed is taken to have ended soon after it began."""
    stale = problem.began is not None and problem.began > context.number("observation_window_general")
    return (
        problem.began
        if finding == "recent_infection" and stale and not (problem.over or problem.here)
        else problem.ended
    )


def _tells(finding: str, context: Context) -> bool:
    """A diagnosis is no picture: an aneurysm on the problem list was not seen today. A child's signs are a child's."""
    sections = context.knowledge.index.findings
    grown = is_child(context.age_years, context.knowledge) is False
    return finding not in sections.get("imaging", ()) and not (grown and finding in sections.get("child", ()))


def _of_today(problem: Problem, context: Context) -> bool:
    """A symptom on a problem list is often forgotten there: it counts if it is of this visit, recent or undated."""
    return problem.here or problem.began is None or problem.began <= context.number("observation_window_general")


def _pregnancy(problem: Problem, said: Said, context: Context, ledger: Ledger) -> None:
    if problem.began is not None and problem.began > context.number("pregnancy_window"):
        ledger.leave(problem.reference, "a pregnancy that must be over by now and was never closed: ask again")
    else:
        ledger.say("pregnancy", said)


def _comorbidity(name: str, problem: Problem, context: Context, ledger: Ledger) -> None:
    window = context.number("recent_infarction_window")
    if name == RECENT_INFARCTION and (problem.began is None or problem.began > window):
        name = OLD_INFARCTION
    if problem.over and name not in (*LASTING_COMORBIDITIES, RECENT_INFARCTION):
        ledger.count(
            "Condition", "over by the encounter; not a comorbidity of today", short_code(problem.condition.code)
        )
        return
    if problem.over:
        ledger.note(f"{name} is recorded as over ({problem.reference}); kept, since it still limits treatment")
    add(ledger.comorbidities, name, problem.reference)


def _family(problem: Problem, context: Context, ledger: Ledger) -> None:
    if "family_history_spondyloarthritis" in context.terms.findings(problem.condition.code):
        ledger.say("family_history_spondyloarthritis", Said(True, problem.reference, problem.when))
    else:
        ledger.leave(problem.reference, f"family history ({short_code(problem.condition.code)}): not the patient's own")


def _refuted(problem: Problem, context: Context, ledger: Ledger) -> None:
    """Refuted means looked for and not there; but one cancer or fracture refuted does not refute all others."""
    ledger.note(f"refuted: {problem.reference} ({short_code(problem.condition.code)})")
    recent = problem.here or (problem.began is not None and problem.began <= context.number("observation_window_acute"))
    matches = context.terms.of(problem.condition.code)
    if not recent or any(m.kind in ("cause", "complication") for m in matches):
        return
    for match in matches:
        if match.kind != "finding" or match.id in LASTING or not _tells(match.id, context):
            continue
        if context.knowledge.findings[match.id].kind == "boolean":
            ledger.say(match.id, Said(False, problem.reference, problem.when))


def measured_onset(problems: list[Problem], context: Context, ledger: Ledger) -> None:
    """How long the pain lasts, from the condition that the encounter is about; and whether there were episodes."""
    current = [p for p in problems if not p.over]
    pool = [p for p in current if p.here] or current
    dated = [(p.onset.key, i) for i, p in enumerate(pool) if p.onset is not None]
    if dated:
        _duration(pool[max(dated)[1]], current, context, ledger)
    elif pool:
        ledger.note(f"{pool[-1].reference} has no onset: how long the pain lasts is not known")
    for problem in problems:
        if problem.over:
            ledger.say("previous_episodes", Said(True, problem.reference, problem.when, problem.began, problem.ended))


def _duration(chosen: Problem, current: list[Problem], context: Context, ledger: Ledger) -> None:
    days = context.visit.days_before(chosen.onset)
    if days is None:
        return
    if context.back.is_chronic(chosen.condition.code):
        # a chronic pain is often recorded anew at each visit, dated by that visit: the first is nearest to its onset
        same = [p for p in current if context.back.is_chronic(p.condition.code) and p.onset is not None]
        days = max(d for p in same if (d := context.visit.days_before(p.onset)) is not None)
        if days < context.number("chronic_pain_days"):
            ledger.note(f"{chosen.reference} is a chronic pain dated by its recording: how long it lasts is not known")
            return
    if chosen.onset is not None and chosen.onset.partial:
        ledger.note(f"the onset of {chosen.reference} is only known as a month or year; its middle was taken")
    ledger.measure("duration_days", Value(days, chosen.reference, chosen.when))

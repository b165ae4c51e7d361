"""Safe prescribing: for every treatment what this patient's medicines, allergies, diseases, age and pregnancy say against it.

Rules are records (``treatments/prescribing_rules``) and hold no negation: more that is known against a treatment never
makes its verdict milder. What was not asked makes no verdict; it stands in ``not_checked``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Literal

from msgspec import Struct

from backspasm.advice.kidney import Kidney, kidney_function
from backspasm.patients.answers import Answers
from backspasm.patients.medicines import Allergy, find_allergy, find_medicines, taken
from backspasm.patients.patient import Patient
from backspasm.records.knowledge import Knowledge
from backspasm.records.treatment_types import Hazard, PatientCondition, PrescribingRule, Strength, Verdict

ITSELF = "itself"
#: treatments that each rule is about, by digest of the knowledge: the same for every patient
_REACH: dict[str, dict[str, tuple[str, ...]]] = {}


class Reason(Struct, frozen=True):
    """One rule that holds, with what of the patient made it hold."""

    rule: str
    verdict: Verdict
    strength: Strength
    because: str
    met: tuple[str, ...]
    sources: tuple[str, ...]


class TreatmentVerdict(Struct, frozen=True):
    """A treatment that must not be given, or only with care; the strictest reason first."""

    treatment: str
    verdict: Verdict
    reasons: tuple[Reason, ...]

    @property
    def because(self) -> str:
        """All reasons in words, each once."""
        return " ".join(dict.fromkeys(r.because for r in self.reasons))

    @property
    def sources(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(s for r in self.reasons for s in r.sources))


class NotChecked(Struct, frozen=True):
    """A hazard that could not be checked, why, and the treatments that it bears on."""

    hazard: Hazard | Literal["weight", "duration"]
    what: str
    treatments: tuple[str, ...] = ()


class PatientFacts(Struct, frozen=True):
    """What rules of prescribing look at."""

    patient: Patient
    answers: Answers
    taken: dict[str, str]
    allergies: tuple[Allergy, ...]
    kidney: Kidney
    pregnant: bool | None
    weeks: float | None


def patient_facts(patient: Patient, answers: Answers, knowledge: Knowledge) -> PatientFacts:
    """Look up what is known of a patient once, for all rules."""
    pregnant = True if "pregnancy" in answers.present else False if "pregnancy" in answers.absent else None
    return PatientFacts(
        patient=patient,
        answers=answers,
        taken=taken(patient.medications, knowledge),
        allergies=tuple(find_allergy(name, knowledge) for name in patient.allergies),
        kidney=kidney_function(patient, knowledge),
        pregnant=pregnant,
        weeks=patient.pregnancy_weeks if pregnant else None,
    )


def verdicts(facts: PatientFacts, knowledge: Knowledge) -> dict[str, TreatmentVerdict]:
    """Every treatment against which at least one rule speaks, in canonical order."""
    reasons: dict[str, list[Reason]] = {}
    for rule in knowledge.prescribing.values():
        itself = about_itself(rule.when)  # most conditions say nothing of the treatment, so they are judged once
        shared = None if itself else holds(rule.when, facts, "", knowledge)
        for treatment in concerned(rule, knowledge):
            met = holds(rule.when, facts, treatment, knowledge) if itself else shared
            if met is not None:
                reason = Reason(rule.id, rule.verdict, rule.strength, rule.because, met, rule.sources)
                reasons.setdefault(treatment, []).append(reason)
    order: dict[str, int] = {
        s: i for i, s in enumerate(("contraindicated", "advised_against", "caution", "lower_dose"))
    }
    out = {}
    for treatment in knowledge.index.treatment_ids:
        found = sorted(reasons.get(treatment, ()), key=lambda r: order[r.strength])
        if found:
            out[treatment] = TreatmentVerdict(treatment, found[0].verdict, tuple(found))
    return out


def concerned(rule: PrescribingRule, knowledge: Knowledge) -> tuple[str, ...]:
    """Treatments that a rule is about, by name or by the classes of their medicines."""
    reach = _REACH.get(knowledge.digest)
    if reach is None:
        reach = {r.id: _concerned(r, knowledge) for r in knowledge.prescribing.values()}
        _REACH.clear()
        _REACH[knowledge.digest] = reach
    return reach[rule.id]


def _concerned(rule: PrescribingRule, knowledge: Knowledge) -> tuple[str, ...]:
    wanted = set(rule.classes)
    out = []
    for treatment in knowledge.treatments.values():
        classes = {c for m in treatment.medicines for c in knowledge.medicines[m].classes}
        if treatment.id not in rule.except_treatments and (treatment.id in rule.treatments or wanted & classes):
            out.append(treatment.id)
    return tuple(out)


def about_itself(condition: PatientCondition) -> bool:
    """Whether the condition depends on the treatment: it names it, or a class that must not match it."""
    if condition.medicine is not None or condition.allergy == ITSELF:
        return True
    return any(about_itself(c) for c in (*condition.all_of, *condition.any_of))


def holds(
    condition: PatientCondition, facts: PatientFacts, treatment: str, knowledge: Knowledge
) -> tuple[str, ...] | None:
    """What of the patient makes the condition hold, in words; None where it does not. Unknown makes nothing hold."""
    if condition.all_of or condition.any_of:
        parts = [holds(c, facts, treatment, knowledge) for c in condition.all_of or condition.any_of]
        met = [p for p in parts if p is not None]
        enough = len(met) == len(parts) if condition.all_of else bool(met)
        return tuple(dict.fromkeys(w for p in met for w in p)) if enough else None
    words = _words(condition, facts, treatment, knowledge)
    return words or None


def _words(c: PatientCondition, facts: PatientFacts, treatment: str, knowledge: Knowledge) -> tuple[str, ...]:
    patient = facts.patient
    if c.finding is not None:
        name = knowledge.findings[c.finding].name or c.finding.replace("_", " ")
        return (name,) if c.finding in facts.answers.present else ()
    if c.measured is not None:
        return _measured(c, facts, knowledge)
    if c.comorbidity is not None:
        return (knowledge.comorbidities[c.comorbidity].name,) if c.comorbidity in patient.comorbidities else ()
    if c.medicine is not None:
        return _taken(c.medicine, c.other_than, facts, treatment, knowledge)
    if c.allergy is not None:
        return _allergic(c.allergy, facts, treatment, knowledge)
    if c.egfr_below is not None:
        value = facts.kidney.egfr
        return (facts.kidney.says,) if value is not None and value < knowledge.number_at(c.egfr_below) else ()
    if c.age_under is not None or c.age_from is not None:
        return _aged(c, patient.age_years, knowledge)
    if c.pregnant or c.pregnant_from_week is not None:
        return _pregnant(c, facts, knowledge)
    raise ValueError("a condition of prescribing without a field")  # the schema refuses it


def _measured(c: PatientCondition, facts: PatientFacts, knowledge: Knowledge) -> tuple[str, ...]:
    value = facts.answers.measured.get(c.measured or "")
    if value is None:
        return ()
    enough = c.at_least is None or value >= knowledge.number_at(c.at_least)
    little = c.at_most is None or value <= knowledge.number_at(c.at_most)
    name = knowledge.findings[c.measured or ""].name or (c.measured or "").replace("_", " ")
    return (f"{name} {value:g}",) if enough and little else ()


def _aged(c: PatientCondition, age: float | None, knowledge: Knowledge) -> tuple[str, ...]:
    if age is None:
        return ()
    young = c.age_under is not None and age < knowledge.number_at(c.age_under)
    old = c.age_from is not None and age >= knowledge.number_at(c.age_from)
    return (f"age {age:g}",) if young or old else ()


def _pregnant(c: PatientCondition, facts: PatientFacts, knowledge: Knowledge) -> tuple[str, ...]:
    if not facts.pregnant:
        return ()
    if c.pregnant_from_week is None:
        return ("pregnant",)
    if facts.weeks is None:  # the safe reading: it may be late
        return ("pregnant, week not stated, taken as late",)
    late = facts.weeks >= knowledge.number_at(c.pregnant_from_week)
    return (f"pregnant, week {facts.weeks:g}",) if late else ()


def _taken(
    wanted: str, other_than: tuple[str, ...], facts: PatientFacts, treatment: str, knowledge: Knowledge
) -> tuple[str, ...]:
    own = knowledge.treatments[treatment].medicines if treatment in knowledge.treatments else ()
    out = []
    for ingredient, name in facts.taken.items():
        record = knowledge.medicines[ingredient]
        if wanted == ITSELF:
            matches = ingredient in own
        else:
            matches = ingredient == wanted or (
                wanted in record.classes and ingredient not in own and ingredient not in other_than
            )
        if matches:
            plain = ingredient.replace("_", " ")
            out.append(f"takes {name}" if plain in name.lower() else f"takes {name} ({plain})")
    return tuple(out)


def _allergic(wanted: str, facts: PatientFacts, treatment: str, knowledge: Knowledge) -> tuple[str, ...]:
    own = set(knowledge.treatments[treatment].medicines) if treatment in knowledge.treatments else set()
    # a gel holds the drug of its tablet: an allergy to the one is one to the other
    own |= {m.removesuffix("_topical") for m in own}
    return tuple(
        f"allergy to {a.name}"
        for a in facts.allergies
        if (own & set(a.medicines) if wanted == ITSELF else wanted in a.medicines or wanted in a.classes)
    )


# --- what could not be checked -------------------------------------------------------------------------------------


def not_checked(
    facts: PatientFacts, knowledge: Knowledge, treatments: Iterable[str], already: dict[str, TreatmentVerdict]
) -> tuple[NotChecked, ...]:
    """Hazards that are unknown for this patient and bear on the treatments; those already to be avoided are left out."""
    wanted = [t for t in treatments if t not in already or already[t].verdict != "avoid"]
    bears = _bearing(wanted, knowledge)
    out = []
    for hazard, what in _unknown(facts, knowledge):
        on = tuple(t for t in wanted if t in bears.get(hazard, ()))
        if on or hazard in {"medicines", "allergy", "age"}:
            out.append(NotChecked(hazard, what, on))
    unasked = _unasked(facts, knowledge, wanted)
    if unasked:
        names = ", ".join(knowledge.findings[f].name or f.replace("_", " ") for f in unasked)
        out.append(NotChecked("findings", f"not asked: {names}", tuple(t for t in wanted if t in bears["findings"])))
    young = facts.patient.age_years is None or facts.patient.age_years < knowledge.number("child_under")
    drugs = tuple(t for t in wanted if knowledge.treatments[t].kind == "drug")
    if young and drugs:
        out.append(NotChecked("weight", "weight is not known, and doses of children go by it", drugs))
    return tuple(out)


def _bearing(treatments: Iterable[str], knowledge: Knowledge) -> dict[Hazard, set[str]]:
    wanted = set(treatments)
    out: dict[Hazard, set[str]] = {}
    for rule in knowledge.prescribing.values():
        out.setdefault(rule.hazard, set()).update(wanted.intersection(concerned(rule, knowledge)))
    return out


def _unasked(facts: PatientFacts, knowledge: Knowledge, treatments: Iterable[str]) -> tuple[str, ...]:
    """Yes-or-no findings that rules about these treatments look at and that nobody asked for."""
    wanted = set(treatments)
    looked_at: set[str] = set()
    for rule in knowledge.prescribing.values():
        if rule.hazard == "findings" and wanted.intersection(concerned(rule, knowledge)):
            looked_at.update(_findings(rule.when))
    results = {*knowledge.index.findings.get("imaging", ()), *knowledge.index.findings.get("laboratory", ())}
    return tuple(
        f for f in knowledge.index.finding_ids if f in looked_at and f not in results and not facts.answers.asked(f)
    )


def _findings(condition: PatientCondition) -> Iterator[str]:
    if condition.finding is not None and condition.finding != "pregnancy":
        yield condition.finding
    for part in (*condition.all_of, *condition.any_of):
        yield from _findings(part)


def _unknown(facts: PatientFacts, knowledge: Knowledge) -> Iterator[tuple[Hazard, str]]:
    """Every hazard that is unknown, with the reason."""
    patient = facts.patient
    if patient.age_years is None:
        yield "age", "the age is not known: limits of age were not checked"
    if not patient.allergies and "allergies" not in patient.stated:
        yield "allergy", "allergies were not stated"
    for allergy in facts.allergies:
        if not allergy.known:
            yield "allergy", f"allergy {allergy.name}: not recognised"
    if not patient.medications and "medications" not in patient.stated:
        yield "medicines", "the medication list was not stated: interactions were not checked"
    for name in patient.medications:
        if not find_medicines(name, knowledge):
            yield "medicines", f"medication {name}: not recognised, so its interactions were not checked"
    if not patient.comorbidities and "comorbidities" not in patient.stated:
        yield "comorbidities", "other diseases were not stated"
    if not facts.kidney.known:
        yield "kidney", f"kidney function: {facts.kidney.says}"
    if _may_be_pregnant(patient, knowledge):
        if facts.pregnant is None:
            yield "pregnancy", "pregnancy was not asked"
        if facts.pregnant and facts.weeks is None:
            yield "pregnancy", "the week of pregnancy is not known: taken as late"
        listed = bool(patient.comorbidities) or "comorbidities" in patient.stated
        if not listed:
            yield "breastfeeding", "breastfeeding was not asked"
        if not facts.pregnant and not listed and not _contraceptive(facts, knowledge):
            yield "contraception", "contraception was not asked"


def _may_be_pregnant(patient: Patient, knowledge: Knowledge) -> bool:
    """Female or of unknown sex, and of an age (or of unknown age) at which pregnancy is possible."""
    if patient.sex == "male":
        return False
    low, high = knowledge.number("fertile_age_from"), knowledge.number("fertile_age_to")
    return patient.age_years is None or low <= patient.age_years < high


def _contraceptive(facts: PatientFacts, knowledge: Knowledge) -> bool:
    return any("hormonal_contraceptive" in knowledge.medicines[m].classes for m in facts.taken)

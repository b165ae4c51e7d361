"""Allergies, procedures, reports and the family: what else a record tells."""

from __future__ import annotations

from backspasm.patients.from_fhir.imaging import seen
from backspasm.patients.from_fhir.ledger import Context, Ledger, Said, add
from backspasm.patients.from_fhir.medications import name_of
from backspasm.patients.from_fhir.moments import Moment, first_of
from backspasm.patients.from_fhir.structs import (
    AllergyIntolerance,
    Concept,
    DiagnosticReport,
    FamilyMemberHistory,
    Procedure,
)
from backspasm.patients.from_fhir.terms import codes, short_code, words
from backspasm.patients.from_fhir.windows import in_time, is_dated

#: SNOMED CT: no known allergy, no known drug, food, environmental allergy
NO_ALLERGY = frozenset({"716186003", "409137002", "429625007", "428607008"})
NO_DRUG_ALLERGY_WORDS = frozenset(
    {"no known allergy", "no known allergies", "no known drug allergy", "no known drug allergies"}
)
#: those of them that speak of medicines: a food or an environment says nothing about drugs
NO_DRUG_ALLERGY = frozenset({"716186003", "409137002"})
SPONDYLOARTHRITIS = frozenset({"axial_spondyloarthritis", "enthesitis_related_arthritis"})
#: what an operation does to the patient for good: a transplant needs immunosuppression for life
FOR_GOOD = frozenset({"immunosuppression"})
#: an allergy to one of these is the comorbidity, whichever way the substance is coded
NSAIDS = frozenset({"nsaid", "topical_nsaid"})
NSAID_ALLERGY = "nsaid_hypersensitivity"
FAMILY_FINDING = "family_history_spondyloarthritis"


def read_allergy(reference: str, allergy: AllergyIntolerance, context: Context, ledger: Ledger) -> None:
    """Enter an allergy, unless it is refuted, a mistake, outgrown, or the statement that there is none."""
    recorded, onset = first_of(allergy.recorded_date), first_of(allergy.onset_date_time)
    if ledger.skip_future("AllergyIntolerance", context, allergy.encounter, recorded, onset):
        return
    refused = codes(allergy.verification_status) & {"refuted", "entered-in-error"}
    over = codes(allergy.clinical_status) & {"inactive", "resolved"}
    if refused or over:
        ledger.leave(reference, f"allergy is {sorted(refused or over)[0]}")
        return
    if codes(allergy.code) & NO_ALLERGY or any(t.startswith("no known") for t in words(allergy.code)):
        ledger.note(f"no known allergy, says {reference}")
        said = words(allergy.code)
        if codes(allergy.code) & NO_DRUG_ALLERGY or any(t in NO_DRUG_ALLERGY_WORDS for t in said):
            ledger.no_known_allergy = True
        return
    name = name_of(allergy.code, context)
    if name is None:
        ledger.leave(reference, "names no substance that can be read")
        return
    if codes(allergy.verification_status) & {"unconfirmed", "presumed"}:
        ledger.note(f"{reference}: the allergy is not confirmed; kept")
    add(ledger.allergies, name, reference)
    for match in context.terms.of(allergy.code):
        if match.kind == "comorbidity":
            add(ledger.comorbidities, match.id, reference)
    medicine = context.knowledge.medicines.get(name)
    if medicine is not None and NSAIDS & set(medicine.classes):
        add(ledger.comorbidities, NSAID_ALLERGY, reference)


def read_procedure(reference: str, procedure: Procedure, context: Context, ledger: Ledger) -> None:
    """Enter what a procedure that was done means: an injection into the spine, a dialysis."""
    period = procedure.performed_period
    when = first_of(procedure.performed_date_time, period.end if period else None, period.start if period else None)
    matches = context.terms.of(procedure.code)
    if not matches or ledger.skip_future("Procedure", context, procedure.encounter, when):
        return
    if procedure.status not in {None, "completed", "in-progress"}:
        ledger.leave(reference, f"procedure {procedure.status} ({short_code(procedure.code)}): not done")
        return
    if when is None and context.visit.holds(procedure.encounter):
        when = context.visit.start
    days = context.visit.days_before(when)
    for match in matches:
        if match.kind == "comorbidity":
            add(ledger.comorbidities, match.id, reference)
        elif match.kind == "finding" and context.knowledge.findings[match.id].kind == "boolean":
            if is_dated(match.id, context):
                ledger.say(match.id, Said(True, reference, when, days, days))
            elif match.id in FOR_GOOD or in_time(match.id, True, when, context, ledger):
                ledger.say(match.id, Said(True, reference, when))


def read_report(reference: str, report: DiagnosticReport, context: Context, ledger: Ledger) -> None:
    """Enter the coded conclusions of a report; its words are not read, and that is said."""
    period = report.effective_period
    when = first_of(report.effective_date_time, period.end if period else None, report.issued)
    known = any(context.terms.of(c) or seen(report.code, c, ()) for c in report.conclusion_code)
    told = bool(report.conclusion or report.presented_form)
    if not known and not told:
        return
    if ledger.skip_future("DiagnosticReport", context, report.encounter, when, first_of(report.issued)):
        return
    if report.status in {"entered-in-error", "cancelled", "registered"}:
        ledger.count("DiagnosticReport", f"status {report.status}: not a result")
        return
    if told:
        ledger.count("DiagnosticReport", "its text (conclusion, attachment) is not read")
    if known and report.status in {"preliminary", "partial"}:
        ledger.note(f"{reference} is {report.status}; used as it is")
    for conclusion in report.conclusion_code:
        _conclude(conclusion, report.code, reference, when, context, ledger)


def _conclude(
    conclusion: Concept, study: Concept | None, reference: str, when: Moment | None, context: Context, ledger: Ledger
) -> None:
    """One coded conclusion: an imaging finding by what the picture was taken with, a laboratory finding by its code."""
    matches = context.terms.of(conclusion)
    tested = context.knowledge.index.findings.get("laboratory", ())
    results = [m.id for m in matches if m.kind == "finding" and m.id in tested]
    answers = seen(study, conclusion, matches) | dict.fromkeys(results, True)
    for finding, present in answers.items():
        if context.knowledge.findings[finding].kind == "boolean" and in_time(finding, present, when, context, ledger):
            ledger.say(finding, Said(present, reference, when))
    for match in matches:
        if match.kind in ("cause", "complication"):
            ledger.note(
                f"conclusion of {reference}: {match.id.replace('_', ' ')}; no finding but what the picture shows"
            )


def read_family(reference: str, family: FamilyMemberHistory, context: Context, ledger: Ledger) -> None:
    """Of the family only spondyloarthritis is asked; whatever else relatives have is not the patient's."""
    if ledger.skip_future("FamilyMemberHistory", context, None, first_of(family.date)):
        return
    if family.status not in {None, "completed", "partial"}:
        ledger.leave(reference, f"status {family.status}")
        return
    for condition in family.condition:
        matches = context.terms.of(condition.code)
        if any((m.kind == "cause" and m.id in SPONDYLOARTHRITIS) or m.id == FAMILY_FINDING for m in matches):
            ledger.say(FAMILY_FINDING, Said(True, reference, first_of(family.date)))
        else:
            ledger.count("FamilyMemberHistory", "a disease of relatives, not the patient's", short_code(condition.code))

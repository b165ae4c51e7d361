"""Makes the Patient from what was settled."""

from __future__ import annotations

from msgspec.structs import replace

from backspasm.patients.from_fhir.identity import Owner
from backspasm.patients.from_fhir.ledger import Context, Ledger
from backspasm.patients.from_fhir.own import LISTS
from backspasm.patients.from_fhir.person import sex_of
from backspasm.patients.from_fhir.reconcile import reconcile
from backspasm.patients.from_fhir.setting import setting_of
from backspasm.patients.from_fhir.settle import Settled, newest_index, settle
from backspasm.patients.patient import Patient, Sex


def compose(owner: Owner, context: Context, ledger: Ledger) -> Patient:
    """The patient, free of contradictions."""
    sex, setting = sex_of(owner), setting_of(context.visit.encounter, context.knowledge.index.settings)
    asked = context.person
    if asked is not None:
        sex = asked.sex if sex == "unknown" else sex
        setting = asked.setting or setting  # answered to our question, where the encounter is only read as one
    _no_pregnant_men(sex, ledger)
    settled = settle(context, ledger)
    pregnant = _pregnant(settled)
    patient = Patient(
        age_years=context.age_years,
        sex=sex,
        setting=setting,
        present=tuple(f for f in settled.present if f != "pregnancy"),
        absent=tuple(f for f in settled.absent if f != "pregnancy"),
        measured=settled.measured,
        days_ago=settled.days_ago,
        medications=tuple(ledger.medications),
        allergies=tuple(ledger.allergies),
        comorbidities=tuple(c for c in context.knowledge.index.comorbidities if c in ledger.comorbidities),
        pregnant=pregnant,
        pregnancy_weeks=_weeks(ledger) if pregnant else None,
        stated=_stated(ledger),
        sources=_sources(owner, settled, ledger, context, sex),
    )
    patient = reconcile(patient, context.knowledge)
    kept = {*patient.present, *patient.absent, *patient.measured, "age_years", "sex", "pregnancy"}
    sources = {key: references for key, references in patient.sources.items() if key in kept or ":" in key}
    return replace(patient, sources=sources, notes=(*ledger.notes, *patient.notes), unread=ledger.all_unread())


def _pregnant(settled: Settled) -> bool | None:
    """Pregnancy is a field of its own, from which the finding is derived."""
    if "pregnancy" in settled.present:
        return True
    return False if "pregnancy" in settled.absent else None


def _weeks(ledger: Ledger) -> float | None:
    values = ledger.pregnancy_weeks
    return values[newest_index(values)].value if values else None


def _no_pregnant_men(sex: Sex, ledger: Ledger) -> None:
    if sex != "male":
        return
    for said in ledger.said.pop("pregnancy", []):
        if said.present:
            ledger.leave(said.reference, "pregnancy of a male patient: one of the two must be wrong; not used")


def _stated(ledger: Ledger) -> tuple[str, ...]:
    """Lists that were asked for."""
    stated = ledger.stated | ({"allergies"} if ledger.no_known_allergy else set())
    return tuple(name for name in LISTS if name in stated)


def _sources(owner: Owner, settled: Settled, ledger: Ledger, context: Context, sex: Sex) -> dict[str, tuple[str, ...]]:
    sources = dict(settled.sources)
    response = context.person.reference if context.person is not None else owner.reference
    if context.age_years is not None:
        sources["age_years"] = (owner.reference if owner.resource.birth_date else response,)
    if sex != "unknown":
        sources["sex"] = (owner.reference if sex_of(owner) == sex else response,)
    sources |= {f"medications:{name}": tuple(refs) for name, refs in ledger.medications.items()}
    sources |= {f"allergies:{name}": tuple(refs) for name, refs in ledger.allergies.items()}
    sources |= {f"comorbidities:{name}": tuple(refs) for name, refs in ledger.comorbidities.items()}
    return sources

"""The typical patient: every parameter and every drug at the value of its record."""

from __future__ import annotations

import msgspec
import numpy as np

from backspasm.cycle.drugs import kinetics_of, treatment_of
from backspasm.cycle.model import NEEDED, Patients, patients_of
from backspasm.cycle.pharmacokinetics import Kinetics
from backspasm.cycle.prescription import read_prescriptions
from backspasm.cycle.sbml import sbml
from backspasm.cycle.treatment import NONE, Treatment
from backspasm.records.cycle_types import CycleDrug, CycleRecords, Number


def typical_patient(cycle: CycleRecords) -> Patients:
    """One patient."""
    return patients_of(1, {name: cycle.parameters[name].value for name in NEEDED})


def typical_treatment(cycle: CycleRecords, text: str | None) -> tuple[Treatment, tuple[Kinetics, ...]]:
    """The doses of a prescription, all taken, by the typical patient.

    Raises:
        InputError: where the prescription is not understood.
    """
    if text is None:
        return NONE, ()
    prescribed = read_prescriptions(text, cycle.drugs, cycle.as_needed_pain.value)
    alike = _alike(cycle)
    treatment = treatment_of(prescribed, alike, 1, 0, adherence=1.0)
    rng = np.random.default_rng(0)  # of no effect: nothing differs between patients
    return treatment, tuple(kinetics_of(alike.drugs[d.drug], 1, rng) for d in treatment.drugs)


def typical_sbml(cycle: CycleRecords, prescription: str | None) -> bytes:
    """The typical patient's model, with the doses of a prescription, as SBML."""
    treatment, kinetics = typical_treatment(cycle, prescription)
    return sbml(treatment, kinetics, typical_patient(cycle))


def _alike(cycle: CycleRecords) -> CycleRecords:
    """The records without differences between patients in how drugs are handled."""

    def without(number: Number | None) -> Number | None:
        return None if number is None else msgspec.structs.replace(number, cv=None, sd=0.0)

    def same(drug: CycleDrug) -> CycleDrug:
        kinetics = {
            name: without(getattr(drug, name))
            for name in ("bioavailable", "absorption_per_hour", "clearance", "volume")
        }
        effect = msgspec.structs.replace(drug.effect, ec50=without(drug.effect.ec50))
        calm = drug.sedation and msgspec.structs.replace(drug.sedation, ec50=without(drug.sedation.ec50))
        return msgspec.structs.replace(drug, **kinetics, effect=effect, sedation=calm)

    return msgspec.structs.replace(cycle, drugs={name: same(drug) for name, drug in cycle.drugs.items()})

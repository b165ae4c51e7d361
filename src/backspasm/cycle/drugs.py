"""From prescriptions and the drugs' records to what the engines take: kinetics of n patients, doses, who takes them."""

from __future__ import annotations

import math
import zlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from backspasm.cycle.model import Array
from backspasm.cycle.pharmacokinetics import Kinetics, exponentials
from backspasm.cycle.prescription import HOURS, Prescription
from backspasm.cycle.treatment import ALWAYS, Dosing, Treatment
from backspasm.records.cycle_types import CycleDrug, CycleRecords, Number


def treatment_of(
    prescriptions: Sequence[Prescription],
    cycle: CycleRecords,
    count: int,
    seed: int,
    *,
    adherence: ArrayLike | None = None,
    slow: ArrayLike = False,
) -> Treatment:
    """The treatment of ``count`` patients who differ in kinetics, in sensitivity, and in which doses they forget.

    The chance of a drug depends on ``seed`` and its name only: a patient handles naproxen alike in every arm.

    Args:
        prescriptions: what is prescribed; several of one drug are joined.
        cycle: the records.
        count: n.
        seed: of the chance.
        adherence: share of offered doses that is taken, a number or (n,); default that of the records.
        slow: who eliminates slowly (old age, liver disease), a truth value or (n,).

    Raises:
        KeyError: for a drug that has no record.
    """
    takes = np.broadcast_to(np.asarray(cycle.adherence.value if adherence is None else adherence, np.float64), (count,))
    drugs = dict.fromkeys(p.drug for p in prescriptions)
    return Treatment(
        tuple(
            _dosing(cycle.drugs[drug], [p for p in prescriptions if p.drug == drug], count, seed, takes, slow)
            for drug in drugs
        )
    )


def kinetics_of(drug: CycleDrug, count: int, rng: np.random.Generator, slow: ArrayLike = False) -> Kinetics:
    """Kinetics of ``count`` patients, per day."""
    absorption = drawn(drug.absorption_per_hour, count, rng) * HOURS
    clearance = drawn(drug.clearance, count, rng) * HOURS
    volume = drawn(drug.volume, count, rng)
    bioavailable = np.minimum(drawn(drug.bioavailable, count, rng), 1.0)
    if drug.slow_elimination is not None:
        clearance = np.where(slow, clearance * drug.slow_elimination.value, clearance)
    none = np.zeros(count)
    out, back = none, none
    if drug.peripheral is not None:
        between = drug.peripheral.clearance.value * HOURS
        out, back = between / volume, np.full(count, between / drug.peripheral.volume.value)
    site = none if drug.site_per_hour is None else np.full(count, drug.site_per_hour.value * HOURS)
    tolerance = none if drug.tolerance_per_hour is None else np.full(count, drug.tolerance_per_hour.value * HOURS)
    return Kinetics(absorption, clearance / volume, bioavailable, volume, out, back, site, tolerance)


def drawn(number: Number, count: int, rng: np.random.Generator) -> Array:
    """Values of patients, (count,); always as many random numbers, so that records without spread don't shift others."""
    z = rng.standard_normal(count)
    sd = number.sd if number.sd is not None else math.sqrt(math.log1p((number.cv or 0.0) ** 2))
    values: Array = number.value * np.exp(sd * z)
    return values


def _dosing(
    drug: CycleDrug, prescriptions: Sequence[Prescription], count: int, seed: int, adherence: Array, slow: ArrayLike
) -> Dosing:
    rng = np.random.default_rng([seed, zlib.crc32(drug.id.encode())])
    kinetics = kinetics_of(drug, count, rng, slow)
    effect = drug.effect
    ec50 = drawn(effect.ec50, count, rng)
    sleepy = drug.sedation
    sedation_ec50 = np.full(count, np.inf) if sleepy is None else drawn(sleepy.ec50, count, rng)
    days = np.concatenate([p.dose_days for p in prescriptions])
    amounts = np.concatenate([np.full(len(p.dose_days), p.dose_mg * drug.per_mg.value) for p in prescriptions])
    needed = np.concatenate(
        [np.full(len(p.dose_days), ALWAYS if p.as_needed is None else p.as_needed) for p in prescriptions]
    )
    order = np.argsort(days, kind="stable")
    return Dosing(
        drug=drug.id,
        acts=drug.acts,
        answer=exponentials(kinetics),
        ec50=ec50,
        steepness=np.full(count, effect.steepness.value),
        most=np.full(count, effect.most.value),
        sedation_ec50=sedation_ec50,
        sedation_steepness=np.full(count, sleepy.steepness.value if sleepy else 1.0),
        tolerance_size=np.full(count, sleepy.tolerance.value if sleepy else 0.0),
        days=days[order],
        amounts=amounts[order],
        pain_at_least=needed[order],
        takes=rng.random((len(days), count)) < adherence,
    )

"""A protocol made ready to run: prescriptions understood, days laid out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from backspasm.cycle.model import Array, Indices
from backspasm.cycle.outputs import Observation, observation
from backspasm.cycle.prescription import HOURS, Prescription, read_prescriptions
from backspasm.patients.patient import InputError, InputProblem
from backspasm.records.cycle_types import CycleRecords
from backspasm.records.trial_types import TrialProtocol

#: hours after a dose at which drowsiness is looked at: levels of all drugs of the records peak about then
LOOKED_AT = (1, 2, 4)


@dataclass(frozen=True, eq=False)
class Plan:
    """``prescriptions`` of each arm, with the rescue drug; ``days`` (t,) simulated; ``visits`` (1 + v,) and ``course`` (d,)
    are indices into them: entry and the visits, and whole days."""

    protocol: TrialProtocol
    cycle: CycleRecords
    observation: Observation
    prescriptions: Mapping[str, tuple[Prescription, ...]]
    days: Array
    visits: Indices
    course: Indices

    @property
    def last(self) -> float:
        return self.protocol.visits[-1]


def plan_of(protocol: TrialProtocol, cycle: CycleRecords) -> Plan:
    """The plan of a protocol that has been checked.

    Raises:
        InputError: with every prescription that is not understood; the field is its key, ``arms.0.prescription``.
    """
    problems: list[InputProblem] = []

    def understood(field: str, text: str | None) -> tuple[Prescription, ...]:
        if text is None:
            return ()
        try:
            return read_prescriptions(text, cycle.drugs, cycle.as_needed_pain.value)
        except InputError as error:
            problems.extend(InputProblem(field, p.value, p.what, p.mend) for p in error.problems)
            return ()

    rescue = understood("rescue", protocol.rescue)
    given = {a.id: understood(f"arms.{i}.prescription", a.prescription) + rescue for i, a in enumerate(protocol.arms)}
    if problems:
        raise InputError(problems)
    last = protocol.visits[-1]
    whole = np.arange(np.floor(last) + 1)
    entry_and_visits = np.array([0.0, *protocol.visits])
    days = np.unique(np.concatenate([whole, entry_and_visits, _after_doses(protocol, given, cycle, last)]))
    return Plan(
        protocol=protocol,
        cycle=cycle,
        observation=observation(cycle),
        prescriptions=given,
        days=days,
        visits=np.searchsorted(days, entry_and_visits).astype(np.intp),
        course=np.searchsorted(days, whole).astype(np.intp),
    )


def _after_doses(
    protocol: TrialProtocol, given: Mapping[str, tuple[Prescription, ...]], cycle: CycleRecords, last: float
) -> Array:
    """Days on which drowsiness must be looked at, where the trial asks for it: some hours after each dose that sedates."""
    if not any(o.measure == "drowsy" for o in protocol.outcomes):
        return np.empty(0)
    doses = [p.dose_days for drugs in given.values() for p in drugs if cycle.drugs[p.drug].sedation is not None]
    if not doses:
        return np.empty(0)
    after: Array = np.unique(np.concatenate(doses))[:, None] + np.array(LOOKED_AT) / HOURS
    return after[after < last]

"""What a study is worth to patients: whose urgency or leading causes change when it is left out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from msgspec import Struct

from backspasm.advice.verdict import Verdict, question, verdict
from backspasm.inference.model import Model
from backspasm.inference.refitting import Refitter
from backspasm.patients.patient import Patient

Progress = Callable[[int, int, str], None]


class PatientImpact(Struct, frozen=True):
    """One patient with and without the study."""

    patient: str
    before: Verdict
    after: Verdict


class Impact(Struct, frozen=True):
    """``left_out`` is a study or a study's fact; ``cells`` the cells of the model that rested on it."""

    left_out: str
    cells: tuple[str, ...]
    red_flags: tuple[str, ...]
    patients: tuple[PatientImpact, ...]

    @property
    def changed(self) -> tuple[PatientImpact, ...]:
        """Those whose urgency or leading causes change, urgency first, then by the size of the change."""
        return changed(self.patients)


def changed(patients: Iterable[PatientImpact]) -> tuple[PatientImpact, ...]:
    """Those whose urgency or leading causes change, urgency first, then by the size of the change."""
    found = [p for p in patients if not p.before.agrees(p.after)]
    return tuple(sorted(found, key=lambda p: (p.before.level == p.after.level, -p.before.shift(p.after))))


def impact(
    left_out: str, patients: Mapping[str, Patient], model: Model, progress: Progress = lambda *_: None
) -> Impact:
    """Assess every patient with the model as it is and without the study (or its fact).

    Safety rules that cite the study still hold: whether a rule stands is for its curators to decide.

    Raises:
        InputError: where a patient's answers contradict each other.
    """
    without = Refitter(model).without({left_out})
    rows = []
    for i, (name, patient) in enumerate(patients.items()):
        progress(i, len(patients), name)
        asked = question(patient, model)
        rows.append(PatientImpact(name, verdict(asked, model), verdict(asked, without)))
    progress(len(patients), len(patients), "done")
    return Impact(left_out, cells_resting_on(left_out, model), _rules_citing(left_out, model), tuple(rows))


def cells_resting_on(identifier: str, model: Model) -> tuple[str, ...]:
    """Keys of the cells that a study (or one of its facts) feeds, base rates included."""

    def named(facts: tuple[str, ...]) -> bool:
        return any(address == identifier or address.startswith(f"{identifier}/") for address in facts)

    cells = [key for key, backing in model.parameters.backing.items() if named(backing.facts)]
    return (*cells, *(f"base rate|{key}" for key, facts in model.parameters.base.facts.items() if named(facts)))


def _rules_citing(identifier: str, model: Model) -> tuple[str, ...]:
    return tuple(
        rule.id
        for rule in model.knowledge.red_flags.values()
        if any(s == identifier or s.startswith(f"{identifier}/") for s in rule.sources)
    )

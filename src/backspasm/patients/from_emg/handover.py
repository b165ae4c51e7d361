"""What the assessment is given: two measurements, alone or added to a case."""

from __future__ import annotations

from typing import Any

from backspasm.patients.from_case import impossible
from backspasm.patients.from_emg.analyse import Analysis
from backspasm.patients.patient import InputError, InputProblem
from backspasm.records.knowledge import Knowledge


def handed_over(analysis: Analysis, knowledge: Knowledge) -> dict[str, float]:
    """The findings of the vocabulary that the recording answers, in its units.

    Raises:
        InputError: where a value is impossible, which a wrong unit makes it.
    """
    problems = []
    for name, value in analysis.measured.items():
        problem = impossible(name, value, knowledge)
        if problem is not None:
            mend = "check the unit of the recording (--unit), its channels and its phases"
            problems.append(InputProblem(problem.field, problem.value, problem.what, mend))
    if problems:
        raise InputError(problems)
    return analysis.measured


def case_with(measured: dict[str, float], case: dict[str, Any]) -> dict[str, Any]:
    """A case with the measurements added.

    Raises:
        InputError: where the recording gave nothing, or the case has one of the measurements already.
    """
    if not measured:
        what = "gave neither activity at rest nor a flexion-relaxation ratio"
        raise InputError.one("FILE", "", what, "see `--format terminal` for the reasons; give --marks or --angle")
    have = case.get("measured") or {}
    twice = [name for name in measured if isinstance(have, dict) and name in have]
    if twice:
        raise InputError.one(
            f"measured.{twice[0]}",
            have[twice[0]],
            "is in the case already",
            "take it out of the case, or leave the recording out",
        )
    return {**case, "measured": {**have, **measured}}

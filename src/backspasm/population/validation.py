"""Runs the validations that were asked for."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from backspasm.inference.model import Model
from backspasm.patients.patient import InputError
from backspasm.population.calibration import calibrate
from backspasm.population.case_scores import read_known_cases, score_cases
from backspasm.population.dependence import PAIRS, dependence
from backspasm.population.rule_validation import validate_rules
from backspasm.population.rules import not_on_file, read_rules
from backspasm.population.validation_text import Validation

#: patients drawn for each rule, worlds drawn for the calibration, and patients for that of the fixed set
RULE_PATIENTS = 200_000
WORLDS = 200
FIXED_PATIENTS = 5_000

Bar = Callable[[str, int], AbstractContextManager[Callable[[int], None]]]


@dataclass(frozen=True)
class Request:
    """What to validate on. ``count``: patients for each rule, or worlds of the calibration; None for the defaults."""

    rules: Path | None
    cases: Path | None
    calibration: bool
    count: int | None
    seed: int
    dependence: bool = False


def validated(request: Request, model: Model, bar: Bar) -> Validation:
    """Run what was asked for, all inputs being read before anything long begins.

    Raises:
        KnowledgeError: with every problem of the rules.
        InputError: with every problem of the cases, or where a file cannot be read.
    """
    if request.count is not None and request.count < 1:
        raise InputError.one("n", request.count, "is too few", "give a whole number, 1 or more, or leave it out")
    knowledge = model.knowledge
    rules = None if request.rules is None else read_rules(_readable(request.rules, "rules"), knowledge)
    cases = None if request.cases is None else read_known_cases(_readable(request.cases, "cases"), knowledge)
    rules_found = cases_found = calibration = None
    if rules is not None:
        with bar("rules", len(rules)) as advance:
            count = request.count or RULE_PATIENTS
            rules_found = validate_rules(rules, model, count, request.seed, progress=lambda _: advance(1))
    if cases is not None:
        with bar("cases", len(cases)) as advance:
            cases_found = score_cases(cases, model, advance)
    if request.calibration:
        worlds = request.count if request.count and rules is None else WORLDS
        with bar("worlds", worlds) as advance:
            calibration = calibrate(model, worlds, request.seed, FIXED_PATIENTS, progress=advance)
    dependence_found = None
    if request.dependence:
        with bar("pairs", len(PAIRS)) as advance:
            dependence_found = dependence(model, request.seed, advance)
    remarks = () if rules is None else not_on_file(rules, knowledge)
    return Validation(rules_found, cases_found, calibration, dependence_found, remarks)


def _readable(path: Path, what: str) -> Path:
    try:
        with path.open("rb") as file:
            file.read(1)
    except OSError as error:
        fault = error.strerror or type(error).__name__
        raise InputError.one(f"--{what}", str(path), f"cannot be read ({fault})", "check the path") from None
    return path

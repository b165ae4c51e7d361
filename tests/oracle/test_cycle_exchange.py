"""The exported model, run by libroadrunner (CVODE), against this project's simulator; and the files that others read.

``BACKSPASM_SBML_PATIENTS=100`` (``make cycle``) runs a hundred patients through each treatment.
"""

from __future__ import annotations

import csv
import os
import zlib

import numpy as np
import pytest
import yaml

from backspasm import Knowledge
from backspasm.cycle.drugs import kinetics_of, treatment_of
from backspasm.cycle.engine import simulate
from backspasm.cycle.mathml import mathml
from backspasm.cycle.petab import petab
from backspasm.cycle.population import population
from backspasm.cycle.prescription import read_prescriptions
from backspasm.cycle.sbml import sbml, values_of
from backspasm.cycle.treatment import NONE
from backspasm.cycle.typical import typical_patient, typical_sbml, typical_treatment

PATIENTS = int(os.environ.get("BACKSPASM_SBML_PATIENTS", "20"))
TREATMENTS = (
    "",
    "naproxen 500 mg twice a day for 10 days",
    "ibuprofen 400 mg three times a day for 7 days; cyclobenzaprine 5 mg three times a day for 7 days",
    "tizanidine 4 mg three times a day as needed (pain 40) for 7 days",
    "thiocolchicoside 8 mg twice a day for 7 days; diclofenac 50 mg three times a day for 7 days",
)
#: largest difference that is agreement, points of pain of 100
AGREES = 0.01
#: the same at the default steps, whose own error is larger in a few patients with a strong loop
COARSE = 0.05


@pytest.mark.parametrize("text", TREATMENTS)
def test_libroadrunner_gives_the_same_pain_over_twelve_weeks(text: str, knowledge: Knowledge) -> None:
    roadrunner = pytest.importorskip("roadrunner")
    cycle, seed = knowledge.cycle, 11
    p = population(cycle, PATIENTS, np.random.default_rng(seed), horizon=84)
    prescribed = read_prescriptions(text, cycle.drugs, 40) if text else ()
    treatment = treatment_of(prescribed, cycle, PATIENTS, seed)
    kinetics = tuple(
        kinetics_of(cycle.drugs[d.drug], PATIENTS, np.random.default_rng([seed, zlib.crc32(d.drug.encode())]))
        for d in treatment.drugs
    )
    flares = p.flare_days.shape[1]
    document = sbml(treatment, kinetics, p, flares)
    runner = roadrunner.RoadRunner(document.decode())
    runner.integrator.relative_tolerance = 1e-8
    runner.integrator.maximum_time_step = 0.25
    runner.timeCourseSelections = ["time", "pain"]
    # a moment before each whole day: at the very moment of a flare it is a matter of convention which side is meant
    days = np.concatenate([[0.0], np.arange(1, 85) - 0.005])
    pain = np.empty((len(days), PATIENTS))
    for i in range(PATIENTS):
        runner.resetAll()
        for name, value in values_of(treatment, kinetics, p, i, flares).items():
            runner[name] = value
        runner.reset()
        runner.integrator.absolute_tolerance = [1e-8] * document.count(b"<rateRule")
        pain[:, i] = np.asarray(runner.simulate(times=days.tolist()))[:, 1]
    default = float(np.abs(simulate(p, treatment, days).pain - pain).max())
    finer = simulate(p, treatment, days, fine=0.125 / 24, share=0.05, longest=0.25)
    worst = float(np.abs(finer.pain - pain).max())
    print(
        f"{text or 'untreated'}: {PATIENTS} patients, largest difference {worst:.4f} points; default steps {default:.4f}"
    )
    assert worst < AGREES
    assert default < COARSE


def test_the_typical_patient_is_exported_as_simulated(knowledge: Knowledge) -> None:
    roadrunner = pytest.importorskip("roadrunner")
    text = TREATMENTS[2]
    runner = roadrunner.RoadRunner(typical_sbml(knowledge.cycle, text).decode())
    runner.integrator.maximum_time_step = 0.25
    runner.timeCourseSelections = ["time", "pain", "activity"]
    days = np.linspace(0, 28, 57)
    found = np.asarray(runner.simulate(times=days.tolist()))
    treatment, _ = typical_treatment(knowledge.cycle, text)
    run = simulate(typical_patient(knowledge.cycle), treatment, days)
    np.testing.assert_allclose(run.pain[:, 0], found[:, 1], atol=0.02)
    np.testing.assert_allclose(run.activity[:, 0], found[:, 2], atol=0.02)


def test_the_file_is_valid_sbml(knowledge: Knowledge) -> None:
    libsbml = pytest.importorskip("libsbml")
    document = libsbml.readSBMLFromString(typical_sbml(knowledge.cycle, TREATMENTS[3]).decode())
    document.setConsistencyChecks(libsbml.LIBSBML_CAT_UNITS_CONSISTENCY, False)
    document.checkConsistency()
    faults = [document.getError(i).getMessage() for i in range(document.getNumErrors())]
    assert faults == []


def test_the_same_model_gives_the_same_bytes(knowledge: Knowledge) -> None:
    assert typical_sbml(knowledge.cycle, None) == typical_sbml(knowledge.cycle, None)
    assert sbml(NONE, (), typical_patient(knowledge.cycle)) == typical_sbml(knowledge.cycle, None)


def test_what_has_no_counterpart_in_mathml_is_refused() -> None:
    assert mathml("-x ** 2 if x > 0 else time").find("piecewise") is not None
    with pytest.raises(ValueError, match="no MathML"):
        mathml("f(x)")


def test_the_petab_problem_names_what_its_files_hold(knowledge: Knowledge) -> None:
    files = petab(knowledge)
    problem = yaml.safe_load(files["problem.yaml"])
    (one,) = problem["problems"]
    named = {problem["parameter_file"], *(name for key in one for name in one[key])}
    assert named == set(files) - {"problem.yaml"}

    def rows(name: str) -> list[dict[str, str]]:
        return list(csv.DictReader(files[name].decode().splitlines(), delimiter="\t"))

    parameters = {r["parameterId"] for r in rows("parameters.tsv")}
    model = files["model.xml"].decode()
    assert all(f'id="{name}"' in model for name in parameters)
    for r in rows("parameters.tsv"):
        assert float(r["lowerBound"]) < float(r["nominalValue"]) < float(r["upperBound"])
    measured = {float(r["time"]): float(r["measurement"]) for r in rows("measurements.tsv")}
    assert measured == {0: 52, 42: 23, 182: 12, 364: 6}
    (observable,) = rows("observables.tsv")
    assert {r["observableId"] for r in rows("measurements.tsv")} == {observable["observableId"]}
    assert "not the population fit" in rows("conditions.tsv")[0]["conditionName"]

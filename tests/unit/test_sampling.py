"""Are virtual patients drawn from the very distribution that the engine assesses them with?"""

from __future__ import annotations

import os

import numpy as np
import pytest

from backspasm import InputError, Model, from_case
from backspasm.inference.likelihood import scale_ends, transformed
from backspasm.inference.logit_normal import Array
from backspasm.inference.numbers import JointDraws, age_group
from backspasm.inference.posterior import terms_of
from backspasm.inference.sampling import marginal
from backspasm.inference.single_draw import SingleDraw
from backspasm.inference.strata import strata_of
from backspasm.patients.answers import answers_of
from backspasm.population.calibration import assessed, z_of_shares
from backspasm.population.cohort import Cohort, Wanted
from backspasm.population.reliability import reliability

#: patients of the calibration test; a larger number tells finer
PATIENTS = int(os.environ.get("BACKSPASM_CALIBRATION_PATIENTS", "4000"))
#: standard errors that a right model passes in all but one of some ten thousand comparisons
FAR = 4.5
ADULT = Wanted(setting="emergency", age_from=30, age_to=40, sex="male", seed=11)
CHILD = Wanted(setting="referred", age_from=5, age_to=10, sex="female", answered=1.0, seed=12)


@pytest.mark.parametrize("wanted", [ADULT, CHILD], ids=["adult, a third asked", "child, all asked"])
def test_the_mean_posterior_is_the_share_of_every_cause(wanted: Wanted, model: Model) -> None:
    probability, truth = assessed(Cohort(wanted, model), PATIENTS)
    assert np.abs(z_of_shares(probability, truth)).max() < FAR
    for b in reliability(probability, truth):
        spread = np.sqrt(b.predicted * (1 - b.predicted) * b.count)
        assert abs(b.observed - b.predicted) * b.count < FAR * max(spread, 1), b


def expected_rates(cohort: Cohort) -> Array:
    """How often the engine's likelihood has every boolean finding in the cohort's one stratum, (F,)."""
    model, numbers = cohort.model, cohort.sampler.world.numbers
    (stratum,) = cohort.strata
    age = age_group(model.parameters, stratum)
    shares = terms_of((), numbers, model.layout, stratum.setting, age, model.knowledge).log_shares
    base = np.exp(numbers.log_base(stratum))
    out = []
    for finding in model.parameters.booleans:
        group, p = marginal(numbers, model.layout, finding, stratum.setting, age, model.knowledge)
        of_cause = p[:, 0] if group is None else (p * np.exp(shares[group])).sum(axis=1)
        out.append(base @ of_cause)
    return np.array(out)


@pytest.mark.parametrize("world", ["fixed set", "one joint draw"])
def test_every_finding_is_as_common_as_the_engine_has_it(world: str, model: Model) -> None:
    numbers = None if world == "fixed set" else SingleDraw(JointDraws(model.parameters, 3), 2)
    cohort = Cohort(ADULT, model, numbers)
    expected = expected_rates(cohort)
    count = 60_000
    seen = np.mean([p.drawn.present.mean(axis=0) for p in cohort.stretches(count, 10_000)], axis=0)
    z = (seen - expected) / np.sqrt(np.maximum(expected * (1 - expected) / count, 1 / count**2))
    assert dict(zip(model.parameters.booleans, np.round(z, 1), strict=True)) == pytest.approx(
        dict.fromkeys(model.parameters.booleans, 0), abs=FAR
    )


def test_measured_values_follow_the_normal_cut_at_what_is_possible(model: Model) -> None:
    from scipy.stats import kstest, truncnorm

    cohort = Cohort(Wanted(setting="emergency", age_from=30, age_to=40, sex="male", causes=("renal_colic",)), model)
    patients = cohort.patients(0, 4000)
    for m, measured in enumerate(model.parameters.measured):
        if model.parameters.measured_drivers[m]:
            continue
        c = model.parameters.causes.index("renal_colic")
        mean, sd = (part[c, 0] for part in model.means.value(measured, 2))
        low, high = scale_ends(measured, model.means, model.knowledge)
        y = np.array([transformed(measured, v, model.means, model.knowledge) for v in patients.drawn.values[:, m]])
        fit = kstest(y, truncnorm((low - mean) / sd, (high - mean) / sd, mean, sd).cdf)
        assert fit.statistic < 0.04, measured


def test_a_patient_depends_on_seed_and_number_only(model: Model) -> None:
    whole = Cohort(Wanted(seed=5), model)
    parts = Cohort(Wanted(seed=5), model)
    at_once = list(whole.cases(whole.patients(0, 300)))
    in_parts = [case for p in parts.stretches(300, chunk=37) for case in parts.cases(p)]
    other = Cohort(Wanted(seed=6), model)
    assert at_once == in_parts
    assert at_once != list(other.cases(other.patients(0, 300)))


def test_every_patient_is_accepted_and_nothing_asked_is_lost(model: Model) -> None:
    """No case is refused as impossible or contradictory, even where everything is asked."""
    cohort = Cohort(Wanted(answered=1.0, seed=3), model)
    for case in cohort.cases(cohort.patients(0, 400)):
        patient = from_case(case, model.knowledge)
        found = answers_of(patient, model.knowledge)
        assert len(strata_of(patient, model.knowledge)) == 1
        assert {*patient.present, *patient.absent, *patient.measured} <= {
            *found.present,
            *found.absent,
            *found.measured,
        }


def test_linked_findings_never_contradict_each_other(model: Model) -> None:
    cohort = Cohort(Wanted(seed=4), model)
    drawn = cohort.patients(0, 20_000).drawn
    there = dict(zip(model.parameters.booleans, drawn.present.T, strict=True))
    values = dict(zip(model.parameters.measured, drawn.values.T, strict=True))
    for link in model.knowledge.links:
        if link.kind == "implies":
            assert not (there[link.finding] & ~there[link.other]).any(), link.id
        elif link.kind == "excludes":
            assert not (there[link.finding] & there[link.other]).any(), link.id
        elif link.kind == "below_excludes":
            young = values[link.finding] < model.knowledge.number(link.threshold or "")
            assert not (there[link.other] & young).any(), link.id


def test_only_what_was_wanted_is_drawn(model: Model) -> None:
    wanted = Wanted("primary_care", 4, 12, "female", ("discitis", "leukaemia"), answered=0.0)
    cohort = Cohort(wanted, model)
    patients = cohort.patients(0, 500)
    assert {model.parameters.causes[c] for c in patients.drawn.cause} == {"discitis", "leukaemia"}
    assert 4 <= patients.age_years.min() <= patients.age_years.max() < 12
    for case in cohort.cases(patients):
        assert (case["sex"], case["setting"]) == ("female", "primary_care")
        assert case["present"] == case["absent"] == []
        assert case["measured"] == {}


def test_ages_and_sexes_are_those_of_presenters(model: Model) -> None:
    cohort = Cohort(Wanted(setting="emergency"), model)
    bands = np.array([s.band for s in cohort.strata])[cohort.patients(0, 40_000).drawn.stratum]
    shares = model.knowledge.tables("presenter_ages")["emergency"]
    for band, share in shares.items():
        assert (bands == band).mean() == pytest.approx(share / sum(shares.values()), abs=0.012), band


@pytest.mark.parametrize(
    ("wanted", "field", "mend"),
    [
        (Wanted(setting="emergancy"), "setting", "did you mean 'emergency'?"),
        (Wanted(causes=("discits",)), "cause", "did you mean 'discitis'?"),
        (Wanted(answered=1.5), "answered", "give a number from 0 to 1, such as 0.4"),
        (Wanted(sex="f"), "sex", "use male or female, or leave it out for both"),
        (Wanted(age_from=50, age_to=40), "age-to", "give more than 50"),
        (Wanted(age_from=200), "age", "widen --age-from and --age-to"),
        (Wanted(draw=1000), "draw", "give a number from 0 to 999"),
    ],
)
def test_what_cannot_be_drawn_is_refused_with_a_mend(wanted: Wanted, field: str, mend: str, model: Model) -> None:
    with pytest.raises(InputError) as refused:
        Cohort(wanted, model)
    (problem,) = refused.value.problems
    assert (problem.field, problem.mend) == (field, mend)

"""Are errors that causes share drawn as shared, and does one place differ from the average of places?"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from backspasm import Model
from backspasm.inference.numbers import JointDraws
from backspasm.inference.special import logit
from backspasm.inference.strata import Stratum
from backspasm.population.rule_accuracy import accuracy
from backspasm.population.rules import Clause, Rule

MANY = 2_000


@pytest.fixture(scope="module")
def drawn(model: Model) -> JointDraws:
    return JointDraws(model.parameters, MANY)


def standard(drawn: JointDraws, finding: str, group: int = 2) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    """A finding's drawn rates as standard normals, (draws, C)."""
    p = drawn.parameters
    f = p.booleans.index(finding)
    return (logit(drawn.rate(finding, group)) - p.rate_mean[group, :, f]) / p.rate_sd[group, :, f]


def test_each_rate_keeps_its_own_distribution(drawn: JointDraws) -> None:
    z = standard(drawn, "morning_stiffness")
    assert np.abs(z.mean(axis=0)).max() < 5 / np.sqrt(MANY)
    assert np.abs(z.std(axis=0) - 1).max() < 5 / np.sqrt(2 * MANY)


def test_errors_go_together_within_a_kind_of_causes_and_not_between_kinds(drawn: JointDraws) -> None:
    kinds = np.array(drawn.parameters.kinds)
    same, other = [], []
    for finding in ("morning_stiffness", "weight_loss", "night_pain"):
        correlation = np.asarray(np.corrcoef(standard(drawn, finding).T))
        pair = ~np.eye(len(kinds), dtype=bool)
        same.append(correlation[pair & (kinds[:, None] == kinds)].mean())
        other.append(correlation[kinds[:, None] != kinds].mean())
    assert np.mean(same) == pytest.approx(drawn.parameters.error_in_kind, abs=0.04)
    assert np.mean(other) == pytest.approx(0, abs=0.04)


def test_findings_are_drawn_apart(drawn: JointDraws) -> None:
    one, other = standard(drawn, "morning_stiffness"), standard(drawn, "weight_loss")
    assert abs(np.corrcoef(one[:, 0], other[:, 0])[0, 1]) < 5 / np.sqrt(MANY)


def test_one_place_differs_from_the_average_of_places(drawn: JointDraws) -> None:
    base = drawn.parameters.base
    s = drawn.parameters.settings.index("primary_care")
    adult = drawn._log_share(s, 1)
    expected = np.diag(base.covariance[s, 1]) + base.place_sd**2
    assert np.abs(adult.var(axis=0) / expected - 1).max() < 6 * np.sqrt(2 / MANY)


def test_the_fixed_base_rates_do_not_know_places(model: Model) -> None:
    """A spread that is the same for every cause changes no expected share."""
    p = model.parameters
    stratum = Stratum("primary_care", "40-49", "female", 1.0)
    s, band = p.settings.index("primary_care"), p.ages.bands.index("40-49")
    spread = np.diag(p.base.covariance[s, 1]) + p.base.place_sd**2 + p.base.profile_sd[band] ** 2
    mean = p.base.log_share[s, 1] + spread / 2
    weights = np.exp(p.base.log_weights(mean, 1, band, "female"))
    assert np.exp(model.means.log_base(stratum)) == pytest.approx(weights / weights.sum())


def test_a_rate_over_ordinary_causes_is_less_sure_than_if_errors_were_independent(model: Model) -> None:
    rule = Rule(
        "r", "s", ("axial_spondyloarthritis",), {}, Clause(finding="morning_stiffness"),
        comparator=("muscle_strain", "nonspecific_back_pain", "disc_herniation"), setting="spine_clinic", age_years=(18, 50),
    )  # fmt: skip
    widths = []
    for shared in (0.0, model.parameters.error_in_kind):
        joint = JointDraws(replace(model.parameters, error_in_kind=shared), 500)
        found = accuracy(rule, rule.clause, joint, model)
        widths.append(float(np.ptp(np.quantile(found.others_positive / found.others, (0.05, 0.95)))))
    assert widths[1] > 1.1 * widths[0]

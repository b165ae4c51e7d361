"""Pooled sensitivity and specificity against published bivariate meta-analyses, and the model's own rates against those of back pain."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from backspasm import Model
from backspasm.inference.bivariate import Joint, Pair, update_both
from backspasm.inference.logit_normal import LogitNormal, from_counts
from backspasm.inference.numbers import JointDraws
from backspasm.inference.special import expit
from backspasm.population.rule_accuracy import accuracy
from backspasm.population.rules import Clause, Rule

TABLE = yaml.safe_load((Path(__file__).parent / "meta_analyses.yaml").read_text(encoding="utf-8"))
META = {m["id"]: m for m in TABLE["meta_analyses"]}
SIGNS = {s["id"]: s for s in TABLE["back_pain"]}
SILENT = LogitNormal(0.0, 10.0)
Z95 = 1.96


def pooled(record: dict[str, Any], model: Model) -> Joint:
    pairs = [Pair(from_counts(tp, tp + fn), from_counts(fp, fp + tn)) for tp, fn, fp, tn in record["rows"]]
    return update_both(SILENT, SILENT, pairs, model.knowledge.number("heterogeneity_scale"))


@pytest.mark.parametrize("name", [n for n, m in META.items() if "sensitivity" in m])
def test_pooled_rates_are_those_published(name: str, model: Model) -> None:
    record, found = META[name], pooled(META[name], model)
    for i, key in enumerate(("sensitivity", "false_alarms")):
        said = record[key]
        assert float(expit(found.mean[i])) == pytest.approx(said["value"], abs=0.02)
        for end, sign in (("low", -1), ("high", 1)):
            if end in said:
                ours = float(expit(found.mean[i] + sign * Z95 * found.mean_sd[i]))
                assert ours == pytest.approx(said[end], abs=0.04), (key, end)
    for ours, theirs in zip(found.deviation, record.get("deviation", ()), strict=False):
        assert ours == pytest.approx(theirs, rel=0.15)
    if "correlation" in record:  # a flat prior of the correlation holds it back from its end
        assert record["correlation"] - 0.2 < found.correlation < record["correlation"]


@pytest.mark.parametrize("name", [n for n, m in META.items() if "log_odds" in m])
def test_pooled_log_odds_are_those_published(name: str, model: Model) -> None:
    found = pooled(META[name], model)
    for i, key in enumerate(("sensitivity", "false_alarms")):
        assert found.mean[i] == pytest.approx(META[name]["log_odds"][key], abs=0.1)


@pytest.mark.parametrize("name", list(SIGNS))
def test_the_models_rate_holds_the_published_one_or_says_why_not(name: str, model: Model) -> None:
    sign = SIGNS[name]
    rule = Rule(
        id=name,
        source=sign["source"],
        target=tuple(sign["target"]),
        published={},
        clause=Clause(finding=sign["finding"]),
        setting=sign["setting"],
        age_years=(18, 95),
    )
    drawn = accuracy(rule, rule.clause, JointDraws(model.parameters, 200), model).of("sensitivity")
    low, high = np.quantile(drawn, (0.05, 0.95))
    inside = low <= sign.get("high", sign["published"]) and sign.get("low", sign["published"]) <= high
    assert inside or sign.get("differs"), f"{name}: {low:.2f} to {high:.2f}, published {sign['published']}"

"""Are the published rules kept here read, put to the model without their own study, and answered as `docs/validation.md` says?

Quick: the rules of a study that is on file need a fit without it and are run by `make rules`.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from backspasm import Model
from backspasm.inference.numbers import JointDraws
from backspasm.population.rule_accuracy import accuracy
from backspasm.population.rule_validation import Interval, overlaps, study_interval
from backspasm.population.rules import Rule, own_studies, read_rules

FILE = Path(__file__).with_name("rules.yaml")


@pytest.fixture(scope="module")
def rules(model: Model) -> tuple[Rule, ...]:
    return read_rules(FILE, model.knowledge)


def test_every_rule_names_a_study_and_leaves_it_out_where_it_is_on_file(rules: tuple[Rule, ...], model: Model) -> None:
    assert len(rules) >= 5
    for rule in rules:
        study = rule.id.split("_")[0]
        assert (study in model.knowledge.studies) == bool(own_studies(rule, model.knowledge)), rule.id


def test_two_of_four_inflammatory_answers_agree_where_the_study_is_not_on_file(
    rules: tuple[Rule, ...], model: Model
) -> None:
    (rule,) = [r for r in rules if r.id == "rudwaleit2006_two_of_four"]
    found = accuracy(rule, rule.clause, JointDraws(model.parameters, 400), model)
    for measure, figure in rule.published.items():
        ordered = sorted(found.of(measure).tolist())
        mine = Interval(ordered[200], ordered[20], ordered[379])
        assert overlaps(mine, study_interval(figure)), (measure, mine)

"""Do the probabilities of all possible answers to linked questions add up to 1 in every state?"""

from __future__ import annotations

import numpy as np
import pytest

from backspasm import Model
from backspasm.inference.likelihood import log_item, scale_ends
from backspasm.inference.logit_normal import Array
from backspasm.patients.answers import Item

EVERYWHERE = [("emergency", 2), ("paediatric_clinic", 0)]


def probability(model: Model, setting: str, age: int, *items: Item) -> Array:
    """Probability of the items together in every state, (C, N)."""
    logs = [log_item(i, model.means, model.layout, setting, age, model.knowledge) for i in items]
    out: Array = np.exp(sum(log for _, log in logs))
    return out


@pytest.mark.parametrize(("setting", "age"), EVERYWHERE)
def test_a_contained_finding(model: Model, setting: str, age: int) -> None:
    for link in model.knowledge.links:
        if link.kind == "implies":
            both = probability(model, setting, age, Item("present", link.finding))
            outer = probability(model, setting, age, Item("without", link.other, given=link.finding))
            neither = probability(model, setting, age, Item("absent", link.other))
            inner_absent = probability(model, setting, age, Item("absent", link.finding))
            assert both + outer + neither == pytest.approx(1, abs=1e-9), link.id
            assert outer + neither == pytest.approx(inner_absent, abs=1e-9), link.id


@pytest.mark.parametrize(("setting", "age"), EVERYWHERE)
def test_findings_that_exclude_each_other(model: Model, setting: str, age: int) -> None:
    for link in model.knowledge.links:
        if link.kind == "excludes":
            one = probability(model, setting, age, Item("present", link.finding))
            other = probability(model, setting, age, Item("present", link.other))
            denied = Item("absent", link.finding), Item("absent_given", link.other, given=link.finding)
            assert one + other + probability(model, setting, age, *denied) == pytest.approx(1, abs=1e-9), link.id


@pytest.mark.parametrize(("setting", "age"), EVERYWHERE)
def test_two_abnormalities_of_one_scan(model: Model, setting: str, age: int) -> None:
    scan, seen = "mri_normal", ("mri_infection", "mri_tumour")
    total = probability(model, setting, age, Item("present", scan))
    for kinds in [("present_given", "absent_given"), ("absent_given", "present_given")]:
        for first in kinds:
            items = [Item("absent", scan), Item(first, seen[0], given=scan), Item(kinds[0], seen[1], given=scan)]
            total = total + probability(model, setting, age, *items)
    assert total == pytest.approx(1, abs=1e-9)


def test_a_measured_value(model: Model) -> None:
    for measured in model.parameters.measured:
        low, high = scale_ends(measured, model.means, model.knowledge)
        grid = np.linspace(low, high, 4001)
        density = np.stack([probability(model, "emergency", 2, Item("value", measured, value=float(y))) for y in grid])
        area = np.trapezoid(density, grid, axis=0)
        assert area == pytest.approx(1, abs=0.02), measured

"""Every vignette gets the advice that its clinicians expect."""

from __future__ import annotations

import pytest

from backspasm import Model, assess, from_case
from backspasm.patients.gathered import vignette_patients
from backspasm.records.library import knowledge_folder

IDS = sorted(p.stem for p in (knowledge_folder() / "vignettes").glob("*.yaml"))


@pytest.mark.parametrize("name", IDS)
def test_a_vignette_gets_the_advice_expected(name: str, model: Model) -> None:
    vignette = model.knowledge.vignettes[name]
    result = assess(from_case(vignette.case, model.knowledge), model, draws=20)
    assert result.urgency.level in vignette.expected.urgency
    assert result.differential[0].cause in vignette.expected.leading
    assert set(vignette.expected.must_not_miss) <= {entry.group for entry in result.must_not_miss}


def test_all_vignettes_can_be_read_as_patients(model: Model) -> None:
    assert len(vignette_patients(model.knowledge)) == len(IDS)

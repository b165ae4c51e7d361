"""What must hold for every virtual trial, whatever the parameters are."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest

from backspasm import Knowledge
from backspasm.cycle.trial.result import Side, TrialResult
from backspasm.cycle.trial.run import run_trial
from backspasm.records.cycle_types import CycleRecords
from backspasm.records.trial_types import TrialProtocol

SMALL = {"pool": 400, "worlds": 4, "replicates": 300}
#: doses lie at nodes of the grid, so arms of different doses are stepped differently: that much may part them
STEPS = 1e-3


def run(p: TrialProtocol, cycle: CycleRecords, **other: int) -> TrialResult:
    return run_trial(p, cycle, **{**SMALL, **other})


@pytest.fixture(scope="module")
def with_spasm(knowledge: Knowledge) -> TrialProtocol:
    return knowledge.trials["borenstein1990"]


def without_effect(cycle: CycleRecords, drug: str) -> CycleRecords:
    """The records with a drug that does nothing: neither relaxes nor sedates."""
    record = cycle.drugs[drug]
    nothing = msgspec.structs.replace(record.effect.most, value=0.0)
    idle = msgspec.structs.replace(record, effect=msgspec.structs.replace(record.effect, most=nothing), sedation=None)
    return msgspec.structs.replace(cycle, drugs={**cycle.drugs, drug: idle})


def test_a_drug_without_effect_changes_nothing_in_anybody(knowledge: Knowledge, with_spasm: TrialProtocol) -> None:
    found = run(with_spasm, without_effect(knowledge.cycle, "cyclobenzaprine"))
    for side in (found.loop, found.rival):
        for c in side.contrasts:
            assert c.expected == pytest.approx(0, abs=STEPS)
            assert c.range == pytest.approx((0, 0), abs=STEPS)
            assert c.shows_better + c.shows_worse < 0.12  # what chance alone shows at p < 0.05, in 300 trials
            assert c.trial.low <= c.trial.value <= c.trial.high


def test_without_the_loop_a_pure_relaxant_leaves_everybodys_pain_alone(
    knowledge: Knowledge, with_spasm: TrialProtocol
) -> None:
    found = run(with_spasm, knowledge.cycle)
    pains = [c for c in found.rival.contrasts if c.outcome == "pain"]
    assert [c.expected for c in pains] == pytest.approx([0] * len(pains), abs=STEPS)
    assert [c.range for c in pains] == [pytest.approx((0, 0), abs=STEPS)] * len(pains)
    one, other = (found.rival.arms[a].course for a in ("naproxen", "both"))
    np.testing.assert_allclose(one.pain, other.pain, atol=STEPS)
    assert other.spasm[-1] < one.spasm[-1]  # less spasm all the same
    assert all(c.expected < 0 for c in found.loop.contrasts if c.outcome == "pain")


def test_a_loop_of_no_gain_is_the_rival(knowledge: Knowledge, with_spasm: TrialProtocol) -> None:
    who = msgspec.structs.replace(with_spasm.population, typical={"return_gain": 1e-12}, spread={"return_gain": 0.0})
    found = run(msgspec.structs.replace(with_spasm, population=who), knowledge.cycle)
    for c, rival in zip(found.loop.contrasts, found.rival.contrasts, strict=True):
        assert c.expected == pytest.approx(rival.expected, abs=1e-6)
        assert c.trial.value == pytest.approx(rival.trial.value, abs=1e-6)
        assert found.told_apart(c).named_rightly == pytest.approx(0.5, abs=1e-3)


def test_more_patients_give_narrower_intervals_and_more_power(knowledge: Knowledge, with_spasm: TrialProtocol) -> None:
    few, many = (run(with_spasm, knowledge.cycle, size=n) for n in (25, 150))
    for c, larger in zip(few.loop.contrasts, many.loop.contrasts, strict=True):
        assert larger.trial.high - larger.trial.low < c.trial.high - c.trial.low
        assert larger.results[1] - larger.results[0] < c.results[1] - c.results[0]
        assert larger.result_sd == pytest.approx(c.result_sd * (25 / 150) ** 0.5, rel=0.2)
    assert powers(many.loop, "spasm") > powers(few.loop, "spasm")


def powers(side: Side, outcome: str) -> float:
    return sum(c.shows_better for c in side.contrasts if c.outcome == outcome)


def test_trials_end_around_what_is_expected_and_ranges_hold_it(knowledge: Knowledge) -> None:
    for p in knowledge.trials.values():
        found = run(p, knowledge.cycle)
        for side in (found.loop, found.rival):
            for c in side.contrasts:
                assert c.range[0] <= c.expected <= c.range[1]
                middle = (c.results[0] + c.results[1]) / 2
                assert middle == pytest.approx(c.expected, abs=0.6 * c.result_sd + STEPS)
                assert 0 <= c.shows_better + c.shows_worse <= 1


def test_a_stronger_loop_gives_a_relaxant_more_to_do(knowledge: Knowledge, with_spasm: TrialProtocol) -> None:
    def effect(gain: float) -> float:
        who = msgspec.structs.replace(with_spasm.population, typical={"return_gain": gain})
        found = run(msgspec.structs.replace(with_spasm, population=who), knowledge.cycle)
        return found.loop.contrast("both", "naproxen", "pain", 7).expected

    weak, strong = effect(0.1), effect(0.6)
    assert strong < weak < 0

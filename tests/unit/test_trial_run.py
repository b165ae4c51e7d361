"""A virtual trial does what its protocol says: who enters, who gets what, what is measured."""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np
import pytest

from backspasm import InputError, Knowledge
from backspasm.cycle.model import drive_from_pain, settled
from backspasm.cycle.trial.courses import outcome_of, under
from backspasm.cycle.trial.people import CRITERIA, screen
from backspasm.cycle.trial.plan import Plan, plan_of
from backspasm.cycle.trial.result import TrialResult
from backspasm.cycle.trial.run import run_trial
from backspasm.records.trial_types import TrialOutcome, TrialProtocol

PROTOCOL: dict[str, Any] = {
    "id": "mine",
    "name": "A relaxant",
    "question": "Does it help?",
    "blinding": "double",
    "population": {
        "setting": "primary_care",
        "causes": {"soft_tissue": 0.8, "disc": 0.2},
        "days_since_onset": {"start": 1, "end": 30},
        "pain": {"median": 55},
    },
    "eligibility": {"days": {"at_most": 14}, "pain": {"at_least": 40, "at_most": 80}, "spasm": {"at_least": 5}},
    "arms": [
        {"id": "placebo", "name": "placebo", "n": 30},
        {
            "id": "relaxant",
            "name": "a relaxant",
            "n": 40,
            "prescription": "tizanidine 4 mg three times a day for 5 days",
        },
    ],
    "visits": [2, 7],
    "outcomes": [
        {"id": "pain", "name": "Pain", "measure": "pain"},
        {"id": "change", "name": "Change", "measure": "pain", "taken_as": "change"},
        {"id": "spasm", "name": "Spasm", "measure": "spasm"},
        {"id": "halved", "name": "Halved", "measure": "pain", "taken_as": "share", "fall": 50},
        {"id": "drowsy", "name": "Drowsy", "measure": "drowsy"},
    ],
    "primary": {"outcome": "pain", "day": 7},
}


def protocol(**other: Any) -> TrialProtocol:
    return msgspec.convert({**PROTOCOL, **other}, TrialProtocol)


def small(p: TrialProtocol, knowledge: Knowledge, **other: Any) -> TrialResult:
    return run_trial(p, knowledge.cycle, **{"pool": 300, "worlds": 3, "replicates": 100, "seed": 5, **other})


@pytest.fixture(scope="module")
def plan(knowledge: Knowledge) -> Plan:
    return plan_of(protocol(), knowledge.cycle)


def test_only_the_eligible_enter_and_everybody_asked_is_accounted_for(plan: Plan, knowledge: Knowledge) -> None:
    for people in screen(plan, 200, seed=3):
        who = people.eligible
        assert len(who) >= 200
        assert np.all(people.days[who] <= 14)
        assert np.all((people.pain[who] >= 40) & (people.pain[who] <= 80))
        assert np.all(people.spasm[who] >= 5)
        out = people.failed == CRITERIA.index("spasm")
        assert out.any()
        assert np.all(people.spasm[out] < 5)
        assert np.all(people.days[out] <= 14)  # a later criterion is asked only where the earlier ones hold
    result = small(protocol(), knowledge)
    for flow in (result.loop.flow, result.rival.flow):
        assert flow.screened == flow.eligible + sum(flow.excluded.values())
        assert flow.eligible == sum(flow.randomised.values())
        assert flow.randomised == {"placebo": 30, "relaxant": 40}


def test_the_same_people_come_with_the_loop_and_without_it_and_are_as_ill(plan: Plan) -> None:
    loop, rival = screen(plan, 200, seed=3)
    np.testing.assert_array_equal(loop.days, rival.days)
    np.testing.assert_array_equal(loop.patients.healing_days, rival.patients.healing_days)
    assert not rival.patients.return_gain.any()
    assert loop.patients.return_gain.any()
    assert np.median(loop.pain) == pytest.approx(55, abs=3)
    assert np.median(rival.pain) == pytest.approx(55, abs=3)


def test_the_typical_patient_has_the_pain_asked_for(knowledge: Knowledge) -> None:
    still = {name: 0.0 for name, p in knowledge.cycle.parameters.items() if p.between.kind != "none"}
    p = protocol(population={**PROTOCOL["population"], "spread": still, "causes": {"soft_tissue": 1}})
    for people in screen(plan_of(p, knowledge.cycle), 1, seed=1):
        patients = people.patients
        drive, _, _ = settled(patients.injury, patients.central, patients)
        np.testing.assert_allclose(drive, drive_from_pain(np.array(55.0)), rtol=1e-6)


def test_the_rival_s_patients_are_as_ill_where_the_protocol_gives_no_pain(knowledge: Knowledge) -> None:
    """Else the loop would look needed, merely because without it everybody had less pain."""
    who = {name: value for name, value in PROTOCOL["population"].items() if name != "pain"}
    loop, rival = screen(plan_of(protocol(population=who), knowledge.cycle), 500, seed=2)
    assert np.median(rival.pain) == pytest.approx(np.median(loop.pain), abs=1)
    assert np.all(rival.patients.injury >= loop.patients.injury)


def test_nobody_eligible_is_refused_in_words(knowledge: Knowledge) -> None:
    p = protocol(eligibility={"spasm": {"at_least": 99}})
    with pytest.raises(InputError, match=r"eligibility \(mine\): only 0 of 100,000 patients asked may enter"):
        small(p, knowledge)


def test_a_prescription_that_is_not_understood_names_its_key(knowledge: Knowledge) -> None:
    arms = [PROTOCOL["arms"][0], {**PROTOCOL["arms"][1], "prescription": "tizanidin 4 mg tid for 5 days"}]
    with pytest.raises(InputError) as error:
        plan_of(protocol(arms=arms, rescue="ibuprofen 400 mg"), knowledge.cycle)
    said = {p.field: p for p in error.value.problems}
    assert "did you mean 'tizanidine'" in said["arms.1.prescription"].mend
    assert "rescue" in said


def test_outcomes_are_taken_as_the_protocol_says() -> None:
    values = {"pain": np.array([[60.0, 40.0, 0.0], [30.0, 30.0, 0.0]])}

    def outcome(**other: Any) -> list[float]:
        o = TrialOutcome(id="o", name="o", measure="pain", **other)
        return [float(x) for x in outcome_of(o, values)[0]]

    assert outcome() == [30, 30, 0]
    assert outcome(taken_as="change") == [-30, -10, 0]
    assert outcome(taken_as="share", at_most=20) == [0, 0, 1]
    assert outcome(taken_as="share", at_least=30) == [1, 1, 0]
    assert outcome(taken_as="share", fall=50) == [1, 0, 0]  # from nothing nobody can fall


def test_adherence_rescue_and_expectation_act(knowledge: Knowledge) -> None:
    placebo, relaxant = PROTOCOL["arms"]
    half = protocol(arms=[placebo, {**relaxant, "adherence": 0.5}])
    doses = {p.id: small(p, knowledge).loop.arms["relaxant"].doses["tizanidine"] for p in (half,)}
    assert doses["mine"] == pytest.approx(7.5, abs=0.3)
    rescued = small(protocol(rescue="ibuprofen 400 mg three times a day as needed (pain 50) for 7 days"), knowledge)
    taken = rescued.loop.arms["placebo"].doses["ibuprofen"]
    assert 3 < taken < 18
    assert (
        rescued.loop.arms["placebo"].course.pain[-1] < small(protocol(), knowledge).loop.arms["placebo"].course.pain[-1]
    )
    hopeful = small(protocol(arms=[placebo, {**placebo, "id": "hope", "expectation": 6}]), knowledge)
    found = hopeful.loop.contrast("hope", "placebo", "pain", 7)
    assert -6 <= found.expected < -4.5  # those who have recovered cannot rate lower than 0
    assert hopeful.loop.contrast("hope", "placebo", "spasm", 7).expected == 0


def test_a_relaxant_makes_drowsy_and_drowsy_patients_stay_counted(knowledge: Knowledge) -> None:
    result = small(protocol(), knowledge, size=200, pool=800)
    early, late = (result.loop.arms["relaxant"].visits["drowsy"][i].mean for i in range(2))
    assert early <= late
    assert result.loop.arms["placebo"].visits["drowsy"][0].mean == pytest.approx(0.1, abs=0.06)
    assert result.loop.contrast("relaxant", "placebo", "drowsy", 7).shows_worse > 0.8


def test_the_seed_decides_and_nothing_else(knowledge: Knowledge) -> None:
    one = small(protocol(), knowledge)
    assert small(protocol(), knowledge) == one
    assert small(protocol(), knowledge, seed=6) != one


def test_a_trial_may_be_larger_than_the_pool(knowledge: Knowledge) -> None:
    result = small(protocol(), knowledge, size=250, pool=100)
    assert result.pool == 500
    assert result.loop.flow.randomised == {"placebo": 250, "relaxant": 250}


def test_every_patient_brings_the_same_chance_into_each_arm(plan: Plan) -> None:
    """Two arms of the same drugs give every patient the same course, rating and drowsiness."""
    people = screen(plan, 100, seed=3).loop
    who = people.eligible[:100]
    arm = plan.protocol.arm("relaxant")
    one, other = (under(arm, plan, people, who, 3) for _ in range(2))
    for name, values in one.values.items():
        np.testing.assert_array_equal(values, other.values[name])


def test_lasting_causes_recover_less(knowledge: Knowledge) -> None:
    who = {**PROTOCOL["population"], "days_since_onset": {"end": 5}}
    healing = protocol(
        population={**who, "causes": {"soft_tissue": 1}},
        eligibility={},
        visits=[28],
        primary={"outcome": "pain", "day": 28},
    )
    lasting = protocol(
        population={**who, "causes": {"stenosis": 1}},
        eligibility={},
        visits=[28],
        primary={"outcome": "pain", "day": 28},
    )
    first, second = (small(p, knowledge).loop.arms["placebo"].course.pain[-1] for p in (healing, lasting))
    assert second > first + 5


def test_where_trials_end_is_counted_whole(knowledge: Knowledge) -> None:
    """Of means and of shares, whose results lie on a lattice that bins must not cut."""
    for outcome in ("pain", "halved"):
        result = small(protocol(primary={"outcome": outcome, "day": 7}), knowledge, size=20)
        assert sum(result.ends.loop) == sum(result.ends.rival) == 100
        c = result.primary
        middles = result.ends.low + (np.arange(len(result.ends.loop)) + 0.5) * result.ends.width
        mean = float(np.average(middles, weights=result.ends.loop))
        assert mean == pytest.approx(c.expected, abs=0.5 * c.result_sd)
        if outcome == "halved":
            steps = result.ends.width * 20
            assert steps == pytest.approx(round(steps))

"""What is worked out ahead gives what is worked out on the way, and what is remembered stays within its bound."""

from __future__ import annotations

import numpy as np
import pytest

from backspasm import Knowledge
from backspasm.advice.course import DAYS, usual_options
from backspasm.cycle.candidates import Situation, candidates, systematic
from backspasm.cycle.drugs import treatment_of
from backspasm.cycle.engine import simulate
from backspasm.cycle.foreseen import foresee
from backspasm.cycle.grid import grid_of
from backspasm.cycle.one_patient import FINE, LONGEST, SEED, _joined, _repeated
from backspasm.cycle.persistence import persistence_number
from backspasm.cycle.prescription import read_prescriptions
from backspasm.cycle.remembered import Remembered
from backspasm.cycle.side_by_side import fits, simulate_foreseen
from backspasm.cycle.treatment import Treatment

DRAWS = 40
SITUATIONS = (
    Situation({"soft_tissue": 1.0}, pain=60, days=3),
    Situation({"infection_or_malignancy": 0.5, "disc": 0.5}, pain=80, days=40, emergency=True),
)


@pytest.mark.parametrize("situation", SITUATIONS)
def test_drugs_foreseen_act_as_drugs_on_the_way(knowledge: Knowledge, situation: Situation) -> None:
    cycle, days, options = knowledge.cycle, np.array(DAYS), usual_options(knowledge)
    found = [candidates(situation, cycle, SEED, loop=loop) for loop in (True, False)]
    chosen = [c.patients.taken(systematic(c.weights, DRAWS)) for c in found]
    joined = _joined(options, cycle, DRAWS, SEED, False)
    way = simulate(_repeated(chosen, len(options)), joined, days, fine=FINE, longest=LONGEST)
    both = chosen[0].joined(chosen[1])
    arms = [treatment_of(o.prescriptions, cycle, DRAWS, SEED) for o in options]
    grid = grid_of(days, joined, both.flare_days, FINE, longest=LONGEST)
    seen = foresee(arms, grid, DRAWS)
    assert seen is not None
    ahead = simulate_foreseen(both, seen)
    assert fits(both)
    for name in ("pain", "activity", "drowsiness"):
        np.testing.assert_allclose(getattr(ahead, name), getattr(way, name), rtol=1e-10, atol=1e-10, err_msg=name)


def test_patients_without_central_gain_go_the_general_way(knowledge: Knowledge) -> None:
    found = candidates(SITUATIONS[0], knowledge.cycle, SEED).patients
    assert fits(found)
    assert not fits(found.but(central_gain=0.0))
    assert not fits(found.but(cox_on_metabolites=0.5))


def test_doses_that_wait_for_pain_are_not_foreseen(knowledge: Knowledge) -> None:
    text = "naproxen 500 mg twice a day as needed (pain 40) for 5 days"
    treatment = treatment_of(read_prescriptions(text, knowledge.cycle.drugs, 40), knowledge.cycle, DRAWS, SEED)
    grid = grid_of(np.array(DAYS), treatment, np.empty((1, 0)), FINE)
    assert foresee([treatment], grid, DRAWS) is None
    assert foresee([Treatment()], grid, DRAWS) is not None


def test_the_persistence_number_kept_is_that_of_the_candidates(knowledge: Knowledge) -> None:
    for situation in SITUATIONS:
        for loop in (True, False):
            found = candidates(situation, knowledge.cycle, SEED, loop=loop)
            np.testing.assert_array_equal(found.persistence, persistence_number(found.patients))


def test_what_is_remembered_is_made_once_and_the_oldest_goes() -> None:
    made: list[int] = []

    def make(value: int) -> int:
        made.append(value)
        return value

    kept, records = Remembered[int](2), object()
    assert [kept.get(records, key, lambda key=key: make(key)) for key in (1, 1, 2, 1, 3, 2)] == [1, 1, 2, 1, 3, 2]  # type: ignore[misc]
    assert made == [1, 2, 3, 2]
    assert len(kept) == 2
    assert kept.get(object(), 2, lambda: 9) == 9  # of other records nothing is known

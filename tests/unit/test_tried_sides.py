"""Whoever the patient: what does a disputed rate come to under each side, and whose advice would be another?"""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from backspasm import Model
from backspasm.advice.disputes import curated, disputed
from backspasm.advice.impact import Impact, PatientImpact
from backspasm.advice.tried_sides import Trials, Tried
from backspasm.advice.verdict import Verdict, question, verdict
from backspasm.inference.cell_evidence import cell_evidence
from backspasm.inference.refitting import Refitter
from backspasm.patients.gathered import patients_on_file
from backspasm.presentation.impact import print_impact
from backspasm.presentation.tried_sides import advice, change
from backspasm.records.types import AgeGroup

FEVER = ("fever", "spinal_epidural_abscess")
NUMB = ("saddle_anaesthesia", "cauda_equina_syndrome")


@pytest.fixture(scope="module")
def trials(model: Model) -> Trials:
    return Trials(patients_on_file(model.knowledge), Refitter(model))


def at(place: tuple[str, str], age: AgeGroup, trials: Trials) -> Tried:
    bearing = disputed(place, age, trials.model.knowledge)
    assert bearing is not None
    return trials.tried(bearing, age)


@pytest.mark.parametrize("place", [FEVER, NUMB])
def test_a_sides_rate_is_that_of_the_model_refitted_to_it(place: tuple[str, str], trials: Trials) -> None:
    tried = at(place, "adult", trials)
    shown = cell_evidence(*place, "adult", trials.refitter).rows[-1]
    assert tried.now == (shown,)
    for side in tried.sides:
        under = trials.refitter.with_only({place}, {*side.facts}, also=tried.bearing.record is not None)
        assert side.rates == (cell_evidence(*place, "adult", Refitter(under)).rows[-1],)
    rarer, commoner = (side.rates[0] for side in tried.sides)
    assert rarer is not None
    assert commoner is not None
    assert (rarer.value or 0) < (shown.value or 0) < (commoner.value or 0)


@pytest.mark.parametrize("place", [FEVER, NUMB])
def test_whoever_was_not_asked_keeps_the_answer_to_the_last_digit(place: tuple[str, str], trials: Trials) -> None:
    tried = at(place, "adult", trials)
    asked = {p.patient for p in tried.sides[0].patients}
    others = {n: p for n, p in patients_on_file(trials.model.knowledge).items() if n not in asked}
    assert asked
    assert others
    side = tried.sides[0]
    under = trials.refitter.with_only({place}, {*side.facts}, also=tried.bearing.record is not None)
    for patient in others.values():
        put = question(patient, trials.model)
        assert verdict(put, trials.model) == verdict(put, under)


def test_the_patients_who_change_are_told_with_what_changes(trials: Trials) -> None:
    tried = at(NUMB, "adult", trials)
    moved = [(s, p) for s in tried.sides for p in s.changed]
    assert moved
    for side, p in moved:
        assert not p.before.agrees(p.after)
        assert f"{len(side.changed)} change" in advice(side)
        assert change(p, trials.model.knowledge).startswith(p.patient)
    calm = [s for s in tried.sides if not s.changed]
    assert all("keep" in advice(s) for s in calm)


def test_a_side_that_says_nothing_of_an_age_gives_no_rate_there(trials: Trials) -> None:
    tried = at(FEVER, "teen", trials)
    silent = next(s for s in tried.sides if s.facts == ("davis2020b/abscess_fever",))
    assert silent.rates == (None,)


def test_every_written_dispute_has_two_sides_that_speak_of_some_age(trials: Trials) -> None:
    knowledge = trials.model.knowledge
    ages: tuple[AgeGroup, ...] = ("adult", "teen", "young_child", "older")
    for record in knowledge.disputes.values():
        if record.kind != "diagnosis":
            continue
        bearing = next(b for age in ages if (b := curated(record, age, knowledge)) is not None)
        tried = trials.tried(bearing, bearing.ages[0])  # type: ignore[arg-type]
        assert sum(any(r is not None for r in s.rates) for s in tried.sides) >= 2, record.id


def test_a_rate_on_which_studies_agree_is_not_disputed(model: Model) -> None:
    assert disputed(("fever", "disc_herniation"), "adult", model.knowledge) is None


def test_a_patient_whose_advice_changes_is_named_whole_with_both_answers(model: Model) -> None:
    def answer(level: str, *causes: str) -> Verdict:
        return Verdict(level, tuple((c, 0.3 - i / 10) for i, c in enumerate(causes)), ())

    name = "vignettes/a_patient_of_a_long_name_that_a_column_would_cut"
    before = answer("urgent", "spinal_metastasis", "osteoporotic_vertebral_fracture", "nonspecific_back_pain")
    after = answer("routine", "nonspecific_back_pain", "osteoporotic_vertebral_fracture", "spinal_metastasis")
    out = io.StringIO()
    console = Console(file=out, width=80, highlight=False)
    print_impact(Impact("deyo1988", ("cell",), (), (PatientImpact(name, before, after),)), model.knowledge, console)
    shown = out.getvalue()
    assert name in shown
    assert [line.split() for line in shown.splitlines() if line.startswith("urgent")] == [["urgent", "routine"]]
    assert "…" not in shown
    assert max(map(len, shown.splitlines())) <= 80

"""Are assessments scored against known answers as the definitions say?"""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest

from backspasm import InputError, Model, assess, from_case
from backspasm.population.case_scores import KnownCase, read_known_cases, score_cases
from backspasm.population.reliability import reliability, wilson

STRAIN = {"age_years": 30, "sex": "male", "setting": "primary_care", "present": ["overexertion", "muscle_spasm"]}
CAUDA = {
    "age_years": 46,
    "sex": "male",
    "setting": "emergency",
    "present": ["saddle_anaesthesia", "urinary_retention", "bilateral_leg_pain"],
}


def known(folder: Path, model: Model, *lines: dict[str, object]) -> tuple[KnownCase, ...]:
    file = folder / "cases.jsonl"
    file.write_text("".join(json.dumps(line) + "\n\n" for line in lines), encoding="utf-8")
    return read_known_cases(file, model.knowledge)


def test_two_cases_scored_by_hand(tmp_path: Path, model: Model) -> None:
    cases = known(
        tmp_path,
        model,
        {"id": "a", "note": "ignored", "case": STRAIN, "gold": {"cause": "muscle_strain", "urgency": "emergency"}},
        {
            "case": CAUDA,
            "gold": {
                "cause": "muscle_strain",
                "also_accept": ["disc_herniation"],
                "urgency": "self_care",
                "must_not_miss": ["cauda_equina_syndrome", "aortic_emergency"],
            },
        },
    )
    scores = score_cases(cases, model)
    first, second = ({h.cause: h.estimate.value for h in assess(c.patient, model, draws=1).differential} for c in cases)
    accepted = second["muscle_strain"] + second["disc_herniation"]
    assert scores.log_score == pytest.approx(-(math.log2(first["muscle_strain"]) + math.log2(accepted)) / 2)
    brier = [sum((p - (c == "muscle_strain")) ** 2 for c, p in found.items()) for found in (first, second)]
    assert scores.brier == pytest.approx(sum(brier) / 2)
    assert (scores.top["1"], scores.strict["1"]) == (1.0, 0.5)
    assert (scores.must_not_miss.hits, scores.must_not_miss.of) == (1, 2)
    assert (scores.emergency_under_triage.hits, scores.emergency_under_triage.of) == (1, 1)
    assert (scores.over_triage.hits, scores.benign_over_triage.hits, scores.benign_over_triage.of) == (1, 1, 1)
    assert (scores.false_compression.hits, scores.false_compression.of) == (0, 1)
    one, other = scores.misses
    assert (one.id, one.faults) == ("a", ("urgency too low",))
    assert other.faults == ("urgency too high", "no warning of aortic emergency")
    assert other.gold_probability == pytest.approx(second["muscle_strain"])
    assert [c for c, _ in other.leading] == list(second)[:3]
    assert other.against == ()  # an accepted cause leads: nothing spoke against the answer


def test_a_case_that_is_answered_as_expected_is_no_miss(tmp_path: Path, model: Model) -> None:
    found = assess(from_case(STRAIN, model.knowledge), model, draws=1)
    gold = {"cause": found.differential[0].cause, "urgency": found.urgency.level}
    assert score_cases(known(tmp_path, model, {"case": STRAIN, "gold": gold}), model).misses == ()


def test_every_fault_of_every_line_is_reported(tmp_path: Path, model: Model) -> None:
    with pytest.raises(InputError) as refused:
        known(
            tmp_path,
            model,
            {"case": {**STRAIN, "present": ["fevr"]}, "gold": {"cause": "muscle_strain", "urgency": "routine"}},
            {"case": STRAIN, "gold": {"cause": "muscle_strian", "urgency": "soon"}},
            {"case": STRAIN},
            {"case": STRAIN, "gold": {"urgency": "routine"}},
        )
    said = "\n".join(str(p) for p in refused.value.problems)
    for part in [
        "cases.jsonl:1: present (fevr)",
        "cases.jsonl:3: gold.cause (muscle_strian): unknown. Mend: did you mean 'muscle_strain'?",
        "cases.jsonl:3: gold.urgency (soon)",
        "cases.jsonl:5: lacks 'gold'",
        "cases.jsonl:7: Object missing required field `cause`",
    ]:
        assert part in said, said


def test_an_empty_file_is_refused(tmp_path: Path, model: Model) -> None:
    with pytest.raises(InputError, match="holds no case"):
        known(tmp_path, model)


def test_probabilities_that_come_true_lie_on_the_line() -> None:
    rng = np.random.default_rng(1)
    p = rng.random(20_000)
    bins = reliability(p, (rng.random(20_000) < p).astype(float))
    assert sum(b.count for b in bins) == 20_000
    for b in bins:
        assert b.low <= b.predicted <= b.high
        spread = np.sqrt(b.predicted * (1 - b.predicted) / b.count)
        assert abs(b.observed - b.predicted) < 4 * spread + 1e-9


def test_wilsons_interval_as_published() -> None:
    """Newcombe RG, Stat Med 1998;17:857-72, table I: 81 of 263 gives 0.2553 to 0.3662; 0 of 20 gives 0 to 0.1611."""
    assert wilson(81, 263) == pytest.approx((0.2553, 0.3662), abs=5e-5)
    assert wilson(0, 20) == pytest.approx((0, 0.1611), abs=5e-5)


def test_another_kind_of_file_is_refused_in_a_few_lines(tmp_path: Path, model: Model) -> None:
    file = tmp_path / "cases.yaml"
    file.write_text("- id: a\n" * 500, encoding="utf-8")
    with pytest.raises(InputError) as refused:
        read_known_cases(file, model.knowledge)
    assert len(refused.value.problems) == 4
    assert "497 more lines" in str(refused.value.problems[-1])

"""Are published rules read strictly, put to the model exactly, and compared fairly with the study?"""

from __future__ import annotations

from pathlib import Path

import msgspec
import numpy as np
import pytest
from matplotlib.figure import Figure as Drawing

from backspasm import KnowledgeError, Model
from backspasm.inference.numbers import JointDraws
from backspasm.population import figures
from backspasm.population.rule_accuracy import accuracy, entangled
from backspasm.population.rule_validation import (
    Interval,
    count_drawn,
    overlaps,
    study_interval,
    validate_rules,
)
from backspasm.population.rules import Clause, Figure, Rule, not_on_file, own_studies, read_rules
from backspasm.population.validation_text import RATIOS, explanation, summary

GOOD = """
- id: fever_or_old
  source: An Author, A Journal 2020;1:2-3
  population: {setting: emergency, age_years: [18, 95]}
  target: [spinal_epidural_abscess, cauda_equina_syndrome]
  comparator: [muscle_strain, nonspecific_back_pain]
  any_of: [{age_over: 65}, fever, {all_of: [iv_drug_use, {count: [rigors, weight_loss, night_pain], at_least: 2}]}]
  published: {sensitivity: {hits: 8, of: 10}, specificity: {value: 0.7, low: 0.6, high: 0.8}}
"""


def rules_of(text: str, folder: Path, model: Model) -> tuple[Rule, ...]:
    file = folder / "rules.yaml"
    file.write_text(text, encoding="utf-8")
    return read_rules(file, model.knowledge)


def test_a_rule_is_read(tmp_path: Path, model: Model) -> None:
    (rule,) = rules_of(GOOD, tmp_path, model)
    assert rule.clause is not None
    assert rule.clause.findings() == ("fever", "iv_drug_use", "rigors", "weight_loss", "night_pain")
    assert (rule.clause.at_least, rule.clause.parts[2].at_least, rule.clause.parts[2].parts[1].at_least) == (1, 2, 2)
    assert (rule.setting, rule.age_years, rule.clause.ages()) == ("emergency", (18, 95), (65.0,))


def test_every_problem_is_reported_at_once_with_line_and_mend(tmp_path: Path, model: Model) -> None:
    text = """
- id: one
  source: s
  population: {setting: emergancy, age_years: [60, 50]}
  target: [discits]
  any_of: [fevr, {all_of: [crp]}, {any_of: [fever], age_over: 3}, {count: [fever]}]
  published: {sensitivity: {hits: 9, of: 8}, specificity: {value: 1.2}, lr_pos: {hits: 1, of: 2}}
- id: one
  source: s
  population: {}
  target: [discitis]
  published: {sensitivity: {}}
"""
    with pytest.raises(KnowledgeError) as refused:
        rules_of(text, tmp_path, model)
    said = [str(p) for p in refused.value.problems]
    for line, what in [
        (4, "unknown setting 'emergancy'. Mend: did you mean 'emergency'?"),
        (4, "ages 60 to 50"),
        (5, "unknown cause or complication 'discits'. Mend: did you mean 'discitis'?"),
        (6, "unknown yes-or-no finding 'fevr'. Mend: did you mean 'fever'?"),
        (6, "crp is a measured value, not a yes-or-no finding"),
        (6, "a part must say one thing, this says any_of and age_over"),
        (6, "count and at_least belong together. Mend: add at_least"),
        (7, "sensitivity: hits are larger than of"),
        (7, "specificity is above 1"),
        (7, "lr_pos is a ratio, not 2 patients"),
        (8, "there are two rules of this id"),
        (8, "has sensitivity but no rule"),
        (12, "sensitivity has neither counts nor a value"),
    ]:
        assert any(p.startswith(f"rules.yaml:{line}: ") and what in p for p in said), (line, what, said)
    assert len(said) == 13


def test_the_form_is_checked_by_the_published_schema(tmp_path: Path, model: Model) -> None:
    with pytest.raises(KnowledgeError) as refused:
        rules_of("- {id: a, source: s, population: {}, targets: [discitis], published: {}}", tmp_path, model)
    said = "\n".join(str(p) for p in refused.value.problems)
    assert "unknown key 'targets'. Mend: did you mean 'target'?" in said
    assert "lacks 'target'" in said


def rule(clause: Clause, target: tuple[str, ...] = ("muscle_strain",), **more: object) -> Rule:
    fields: dict[str, object] = {"setting": "emergency", "age_years": (18.0, 90.0), **more}
    return Rule("r", "s", target, {}, clause, **fields)  # type: ignore[arg-type]


def any_of(*findings: str) -> Clause:
    return Clause(parts=tuple(Clause(finding=f) for f in findings), at_least=1)


@pytest.mark.parametrize(
    "clause",
    [
        any_of("night_pain", "smoking"),
        Clause(parts=(any_of("night_pain", "smoking"), any_of("night_pain", "sensory_loss")), at_least=2),
        any_of("motor_weakness", "severe_motor_weakness", "sensory_loss"),
        any_of("sudden_onset", "insidious_onset"),
        Clause(parts=tuple(Clause(finding=f) for f in ("radiograph_fracture", "radiograph_slip")), at_least=2),
        any_of("no_improvement_after_4_weeks", "saddle_anaesthesia"),
        Clause(
            parts=(
                Clause(age_over=47.0),
                *(Clause(finding=f) for f in ("night_pain", "morning_stiffness", "radicular_leg_pain")),
            ),
            at_least=2,
        ),
    ],
    ids=["plain", "said twice", "contained", "excluding", "of one film", "after four weeks", "count with age"],
)
def test_the_exact_sum_equals_what_is_counted_among_drawn_patients(clause: Clause, model: Model) -> None:
    r = rule(clause, ("disc_herniation", "cauda_equina_syndrome"))
    exact = accuracy(r, clause, model.means, model)
    counted = count_drawn(r, model, 60_000, 9)
    for hits, of, share in [
        (counted.targets, counted.all, exact.targets),
        (counted.targets_positive, counted.targets, exact.targets_positive / exact.targets),
        (counted.others_positive, counted.others, exact.others_positive / exact.others),
    ]:
        p = float(np.squeeze(share))
        assert abs(hits / of - p) < 4.5 * np.sqrt(p * (1 - p) / of) + 1e-6


def test_linked_findings_are_found(model: Model) -> None:
    assert entangled(any_of("night_pain", "smoking"), model.knowledge) == ()
    weak = entangled(any_of("severe_motor_weakness", "motor_weakness", "smoking"), model.knowledge)
    assert weak == ("motor_weakness", "severe_motor_weakness")
    film = entangled(any_of("radiograph_slip", "radiograph_fracture"), model.knowledge)
    assert film == ("radiograph_normal", "radiograph_fracture", "radiograph_slip")


def test_draws_vary_the_accuracy_and_nothing_is_sampled(model: Model) -> None:
    r = rule(any_of("night_pain", "smoking"))
    joint = JointDraws(model.parameters, 40)
    first, again = (accuracy(r, r.clause, joint, model).of("sensitivity") for _ in range(2))
    assert first.shape == (40,)
    assert first.std() > 0.01
    assert np.array_equal(first, again)


def test_the_measures_follow_their_definitions(model: Model) -> None:
    r = rule(any_of("night_pain", "smoking"), comparator=("disc_herniation",))
    a = accuracy(r, r.clause, model.means, model)
    sensitivity, specificity = a.of("sensitivity"), a.of("specificity")
    assert a.of("lr_pos") == pytest.approx(sensitivity / (1 - specificity))
    assert a.of("lr_neg") == pytest.approx((1 - sensitivity) / specificity)
    assert a.of("prevalence") == pytest.approx(a.targets)
    assert a.targets + a.others < 1


def test_the_rules_own_study_is_found_by_name_citation_and_shared_patients(model: Model) -> None:
    studies = model.knowledge.studies
    by_name = rule(any_of("fever"))
    named = Rule("deyo1988_any", "somewhere", ("discitis",), {}, by_name.clause)
    assert "deyo1988" in own_studies(named, model.knowledge)
    cited = Rule("x", "Deyo & Diehl, J Gen Intern Med 1988;3:230-8", ("discitis",), {}, by_name.clause)
    assert "deyo1988" in own_studies(cited, model.knowledge)
    for other in own_studies(cited, model.knowledge):
        assert other == "deyo1988" or studies[other].lineage == studies["deyo1988"].lineage
    excluded = Rule("x", "s", ("discitis",), {}, by_name.clause, excludes=("raison2014",))
    assert own_studies(excluded, model.knowledge) == ("raison2014",)
    assert own_studies(by_name, model.knowledge) == ()


def test_a_study_left_out_is_not_evidence(model: Model) -> None:
    clause = any_of("saddle_anaesthesia")
    kept = Rule("x", "s", ("cauda_equina_syndrome",), {"sensitivity": Figure(value=0.3)}, clause, setting="emergency")
    left = Rule("raison2014_x", "s", kept.target, kept.published, clause, setting="emergency")
    (with_it,), (without,) = (validate_rules((r,), model, 200, 1, draws=20) for r in (kept, left))
    assert (with_it.left_out, without.left_out) == ((), ("raison2014",))
    assert with_it.comparison.model != without.comparison.model
    assert not any(f.startswith("raison2014/") for d in without.drivers for f in d.facts)


def test_the_studys_interval_is_exact(model: Model) -> None:
    """Clopper and Pearson, checked by the tails of the binomial that define it."""
    from scipy.stats import binom

    found = study_interval(Figure(hits=8, of=63))
    assert found.low is not None
    assert found.high is not None
    assert binom.sf(7, 63, found.low) == pytest.approx(0.025)
    assert binom.cdf(8, 63, found.high) == pytest.approx(0.025)
    assert study_interval(Figure(hits=0, of=9)).low == 0
    assert study_interval(Figure(hits=9, of=9)).high == 1
    assert study_interval(Figure(value=0.5, low=0.4, high=0.7)) == Interval(0.5, 0.4, 0.7)


@pytest.mark.parametrize(
    ("study", "agree"),
    [
        (Interval(0.9, 0.5, 0.95), True),
        (Interval(0.9, 0.61, 0.95), False),
        (Interval(0.5, None, None), True),
        (Interval(0.7, None, None), False),
    ],
)
def test_intervals_agree_where_they_meet(study: Interval, agree: bool) -> None:
    assert overlaps(Interval(0.5, 0.4, 0.6), study) is agree


def test_an_age_under_is_the_rest_of_an_age_over(tmp_path: Path, model: Model) -> None:
    def positive(part: str) -> float:
        (rule,) = rules_of(GOOD.replace("{age_over: 65}, fever, {all_of", f"{part}, {{all_of"), tmp_path, model)
        assert rule.clause is not None
        found = accuracy(rule, Clause(parts=rule.clause.parts[:1], at_least=1), model.means, model)
        counted = count_drawn(msgspec.structs.replace(rule, clause=rule.clause.parts[0]), model, 4_000, 1)
        share = float(np.squeeze(found.others_positive / found.others))
        assert counted.others_positive / counted.others == pytest.approx(share, abs=0.04)
        return share

    assert positive("{age_under: 65}") + positive("{age_over: 65}") == pytest.approx(1, abs=1e-9)


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("[iv_drug_use, ", "[esr, iv_drug_use, ", "esr is a measured value, not a yes-or-no finding"),
        ("[rigors, weight_loss,", "[rigors, rigors,", "rigors is named twice side by side. Mend: name it once"),
        ("[18, 95]", "[120, 130]", "nobody of 120 to 130 years presents. Mend: begin below 95"),
        ("at_least: 2", "at_least: two", "is not a whole number. Mend: write a whole number"),
        ("  source: An Author, A Journal 2020;1:2-3\n", "", "fever_or_old lacks 'source'. Mend: add 'source'"),
    ],
)
def test_a_fault_is_named_by_its_rule(before: str, after: str, said: str, tmp_path: Path, model: Model) -> None:
    assert before in GOOD
    with pytest.raises(KnowledgeError) as refused:
        rules_of(GOOD.replace(before, after), tmp_path, model)
    assert any(said in str(p) for p in refused.value.problems), refused.value.problems


def test_what_a_rule_excludes_and_nobody_holds_is_said_and_not_refused(tmp_path: Path, model: Model) -> None:
    text = GOOD.replace("  any_of", "  excludes: [deyo1988, deyo1989, nobody2099]\n  any_of")
    rules = rules_of(text, tmp_path, model)
    assert "deyo1988" in own_studies(rules[0], model.knowledge)
    first, second = not_on_file(rules, model.knowledge)
    assert "excludes deyo1989, which is not on file" in first
    assert "did you mean 'deyo198" in first
    assert "nobody2099" in second


def test_a_prevalence_is_explained_by_the_shares_of_its_causes(tmp_path: Path, model: Model) -> None:
    text = """
- id: serious
  source: s
  population: {setting: primary_care, age_years: [18, 95]}
  target: [spinal_metastasis, multiple_myeloma, discitis]
  published: {prevalence: {value: 0.5}}
"""
    (found,) = validate_rules(rules_of(text, tmp_path, model), model, 200, 1, draws=50)
    assert found.source == "s"
    assert [d.finding for d in found.drivers] == ["spinal_metastasis", "multiple_myeloma", "discitis"]
    assert sum(d.rate.value for d in found.drivers) == pytest.approx(found.comparison.model.value, abs=1e-5)
    assert any(d.facts for d in found.drivers)
    said = explanation(found, model.knowledge)
    assert "the model is too low" in said
    assert "sum of base rates: " in said
    assert "spinal metastasis" in said


def test_the_widest_interval_is_that_of_a_share(tmp_path: Path, model: Model) -> None:
    text = GOOD.replace("published: {", "published: {lr_pos: {value: 3}, ")
    found = validate_rules(rules_of(text, tmp_path, model), model, 200, 1, draws=50)
    widths = [
        (e.comparison.model.high or 0) - (e.comparison.model.low or 0)
        for e in found
        if e.comparison.measure != "lr_pos"
    ]
    assert f"ratios aside: {max(widths):.2f}." in summary(found)
    assert "1 of the studies' figures have no interval" in summary(found)


@pytest.mark.parametrize(
    "published", ["{lr_pos: {value: 0}}", "{lr_neg: {value: 0.5, low: 0.2, high: 0.9}, specificity: {value: 1}}"]
)
def test_ratios_are_drawn_on_a_scale_of_their_own(published: str, tmp_path: Path, model: Model) -> None:
    text = GOOD[: GOOD.index("published")] + f"published: {published}"
    found = validate_rules(rules_of(text, tmp_path, model), model, 200, 1, draws=50)
    drawn = figures._panel  # what is drawn, before it becomes paths
    for kind in {e.comparison.measure in RATIOS for e in found}:
        axes = Drawing().subplots()
        drawn(axes, [e.comparison for e in found if (e.comparison.measure in RATIOS) is kind])
        assert axes.get_xscale() == ("log" if kind else "linear")
        low, high = axes.get_xlim()
        xs = np.concatenate([np.atleast_1d(line.get_xdata()) for line in axes.get_lines()])
        assert ((xs >= low) & (xs <= high)).all()
    assert figures.forest(found).count("<svg") == 1

"""Do the pages and the terminal say what is due now, what to ask and test, and how treatments stand, with their sources?"""

from __future__ import annotations

import io
import re
from itertools import pairwise
from typing import Any

import pytest
from rich.console import Console

from backspasm import Assessment, Model, assess, from_case
from backspasm.advice.due_now import due_now
from backspasm.presentation.effect_plots import effect_plots
from backspasm.presentation.plan_views import plan_view
from backspasm.presentation.report import PARTS, report
from backspasm.presentation.sources import sources_in
from backspasm.presentation.terminal import print_assessment
from backspasm.presentation.treatment_views import treatments_view
from tests.doors.test_pages import Page

CASES: dict[str, dict[str, Any]] = {
    "compressed": {
        "age_years": 46, "sex": "male", "setting": "emergency",
        "present": ["radicular_leg_pain", "saddle_anaesthesia", "urinary_retention", "bilateral_leg_pain"],
        "absent": ["fever"], "measured": {"duration_days": 10}, "medications": ["naproxen"],
    },
    "strain": {
        "age_years": 34, "sex": "male", "setting": "primary_care",
        "present": ["improper_lifting", "muscle_spasm", "pain_worse_with_movement", "sudden_onset"],
        "absent": ["radicular_leg_pain", "saddle_anaesthesia", "fever", "significant_trauma", "history_of_cancer"],
        "measured": {"duration_days": 3},
    },
    "older": {
        "age_years": 78, "sex": "female", "setting": "primary_care",
        "present": ["sudden_onset", "spinal_tenderness", "osteoporosis"], "absent": ["fever", "history_of_cancer"],
        "measured": {"duration_days": 4, "egfr": 28}, "medications": ["apixaban", "ibuprofen"], "allergies": [],
    },
    "nothing": {"age_years": 50},
}  # fmt: skip


class Shown:
    """One patient as assessed and as shown, each page made once."""

    def __init__(self, case: dict[str, Any], model: Model) -> None:
        self.assessment: Assessment = assess(from_case(case, model.knowledge), model, draws=20)
        self.html = report(self.assessment, model).decode()
        self.page = Page(self.html)
        self.markdown = report(self.assessment, model, markdown=True).decode()
        out = io.StringIO()
        print_assessment(self.assessment, model.knowledge, Console(file=out, width=100, highlight=False))
        self.terminal = out.getvalue()

    @property
    def plain_markdown(self) -> str:
        return " ".join(re.sub(r"\\(.)", r"\1", self.markdown).replace("*", "").split())


@pytest.fixture(scope="module")
def shown(model: Model) -> dict[str, Shown]:
    return {name: Shown(case, model) for name, case in CASES.items()}


@pytest.fixture(params=CASES)
def one(request: pytest.FixtureRequest, shown: dict[str, Shown]) -> Shown:
    return shown[request.param]


def test_what_to_do_now_stands_before_the_red_flags(one: Shown) -> None:
    for text in (one.page.text, one.plain_markdown):
        assert text.index("What to do now") < text.index("What to ask and test next")
        assert text.index("What to do now") < text.index("Not to be missed")
    assert one.html.index('id="now"') < one.html.index('id="red-flags"')
    order = ["Red flags", "Not to be missed", "Differential", "What to do now", "What next", "Treatments to consider"]
    places = [one.terminal.index(f"\n{name}") for name in order]
    assert places == sorted(places)


def test_every_section_is_on_the_page_and_in_markdown(one: Shown) -> None:
    for name in ("Tests and imaging", "Pathways", "to come back", "Treatments to consider"):
        assert name in one.page.text
        assert name in one.plain_markdown
    ids = set(one.page.values("id"))
    assert {key for key, _ in PARTS} <= ids


def test_an_emergency_shows_its_tests_and_steps_first(shown: dict[str, Shown], model: Model) -> None:
    one = shown["compressed"]
    due = due_now(one.assessment, model.knowledge)
    assert "mri_lumbar" in {t.test for t in due.tests} or any("mri" in t.test for t in due.tests)
    assert all(s.by_when == "now" for p in due.pathways for s in p.steps)
    first = one.page.text[: one.page.text.index("Red flags", one.page.text.index("Ask first"))]
    for p in due.pathways:
        for step in p.steps:
            assert step.do in first


def test_a_pathway_of_what_is_unlikely_is_not_due_now(one: Shown, model: Model) -> None:
    due = due_now(one.assessment, model.knowledge)
    unlikely = {p.id for p in due.unlikely}
    assert not unlikely & {p.id for p in (*due.pathways, *due.later)}
    least = model.knowledge.number("pathway_probability")
    leading = one.assessment.differential[0].cause
    assert all(p.probability < least and p.id != leading for p in due.unlikely)
    every = [(p.id, s.do) for p in one.assessment.plan.pathways for s in p.steps]
    told = [(p.id, s.do) for part in (due.pathways, due.later, due.unlikely) for p in part for s in p.steps]
    assert sorted(every) == sorted(told)


def test_a_barred_medicine_that_is_taken_is_named_at_the_top(shown: dict[str, Shown], model: Model) -> None:
    one = shown["older"]
    assert [b.name for b in due_now(one.assessment, model.knowledge).barred] == ["ibuprofen"]
    for text in (one.page.text, one.plain_markdown, one.terminal):
        assert re.search("taken, and to avoid", text, re.IGNORECASE)
    assert "Severe kidney disease" in one.page.text[: one.page.text.index("Not to be missed")]
    assert due_now(shown["strain"].assessment, model.knowledge).barred == ()


def test_medicines_by_vein_only_where_an_operation_may_be_near(shown: dict[str, Shown]) -> None:
    assert "by vein" in shown["compressed"].page.text
    assert "by vein" not in shown["older"].page.text
    assert "by vein" not in shown["older"].terminal


def test_both_sides_of_a_disputed_treatment_stand_with_their_trials(shown: dict[str, Shown], model: Model) -> None:
    one = shown["strain"]
    disputes = [model.knowledge.treatment_disputes[d] for d in one.assessment.treatments.disputes]
    assert "relaxant_on_top_of_nsaid" in {d.id for d in disputes}
    for d in disputes:
        for text in (one.page.text, one.plain_markdown):
            assert d.question in text
            assert all(" ".join(s.says.split()) in text for s in d.sides)
            assert d.reading in text
        for side in d.sides:
            assert all(f.partition("/")[0] in one.page.text for f in side.facts)
    plots = [p for p in re.findall(r'<svg class="forest".*?</svg>', one.html, re.DOTALL) if "friedman2018" in p]
    assert plots
    assert any("It adds nothing." in p for p in plots)


def test_trials_are_drawn_where_two_measured_alike_with_intervals(model: Model) -> None:
    facts = ("cashin2021/pain_2_weeks",), ("abdelshaheed2017/pain", "browning2001/global_day_14")
    (plot,) = effect_plots((("small", facts[0]), ("large", facts[1])), "k", model.knowledge, sides=True)
    assert plot.facts == ("cashin2021/pain_2_weeks", "abdelshaheed2017/pain")
    assert "Below 0 the treatment is better." in plot.remark
    assert effect_plots((("small", facts[0]),), "k", model.knowledge) == ()


def test_ratios_are_drawn_on_a_scale_of_ratios(model: Model) -> None:
    (plot,) = effect_plots((("harm", ("li2020/baclofen", "khan2022/baclofen")),), "k", model.knowledge)
    ticks = re.findall(r'class="ft" x="([\d.]+)"[^>]*>([\d.]+)<', plot.plot)
    places = [float(x) for x, _ in ticks]
    assert [float(t) for _, t in ticks] == [2.0**i for i in range(len(ticks))]
    gaps = {round(b - a) for a, b in pairwise(places)}
    assert len(gaps) == 1


def test_a_reason_is_not_told_of_a_treatment_that_it_is_not_about(shown: dict[str, Shown], model: Model) -> None:
    a = shown["older"].assessment
    view = treatments_view(a.treatments, a.urgency.level, model.knowledge)
    names = {t.id: t.name for t in model.knowledge.treatments.values()}
    own = {names[v.treatment]: {r.because for r in v.reasons} for v in a.treatments.avoid}
    for card in (*view.avoid, *view.care):
        for reason in card.reasons:
            about = set(card.names)
            if reason.about.endswith(" only"):
                about = {n for n in card.names if n in reason.about}
            elif reason.about.startswith("not "):
                about = {n for n in card.names if n not in reason.about}
            assert about == {n for n in card.names if reason.because in own[n]}, reason


def test_every_treatment_of_the_advice_is_on_the_page(one: Shown, model: Model) -> None:
    advice = one.assessment.treatments
    named = [c.treatment for c in (*advice.consider, *advice.not_advised)]
    named += [v.treatment for v in advice.avoid] + [h.treatment for h in advice.held_back]
    for treatment in named:
        assert model.knowledge.treatments[treatment].name in one.page.text
        assert model.knowledge.treatments[treatment].name in one.plain_markdown
    for unchecked in advice.not_checked:
        assert unchecked.what.lower() in one.page.text.lower()
        assert unchecked.what in one.plain_markdown


def test_the_bibliography_holds_every_study_of_the_plan_and_of_treatments(one: Shown, model: Model) -> None:
    a, knowledge = one.assessment, model.knowledge
    views = (plan_view(a, knowledge), treatments_view(a.treatments, a.urgency.level, knowledge))
    studies = {s.study.id for s in sources_in(views) if s.study is not None}
    assert studies
    listed = one.page.text[one.page.text.index("Studies behind this answer") :]
    assert [s for s in sorted(studies) if f"{s} " not in listed] == []
    assert [s for s in sorted(studies) if f'<a id="study-{s.replace("_", "-")}">' not in one.markdown] == []


def test_no_anchor_leads_nowhere_and_no_id_twice(one: Shown) -> None:
    ids = one.page.values("id")
    assert len(ids) == len(set(ids))
    inner = {h[1:] for h in one.page.values("href") if h.startswith("#")}
    assert inner <= set(ids)
    marks = set(re.findall(r'<a id="([^"]+)">', one.markdown))
    assert set(re.findall(r"\]\(#([^)]+)\)", one.markdown)) <= marks


def test_a_page_says_none_of_the_words_of_code(one: Shown) -> None:
    for text in (one.page.text, one.plain_markdown, one.terminal):
        assert not re.search(r"\bNone\b(?! (?:among|is proposed))|\bnan\b|\bTrue\b|\bFalse\b|no no ", text)
        assert "within_two_weeks" not in text


def test_the_terminal_says_a_step_once(one: Shown) -> None:
    flat = " ".join(one.terminal.split())
    for p in one.assessment.plan.pathways:
        for step in p.steps:
            others = sum(x.do == step.do for q in one.assessment.plan.pathways for x in q.steps)
            assert flat.count(step.do) <= others


def test_nothing_asked_is_said_and_no_treatment_proposed(shown: dict[str, Shown]) -> None:
    one = shown["nothing"]
    assert "Nothing was asked yet: ask first" in one.page.text
    assert "None is proposed before something was asked." in one.page.text
    assert "None is proposed before something was asked." in one.plain_markdown


def test_hostile_words_in_a_barred_medicine_stay_words(model: Model) -> None:
    words = "ibuprofen <script>alert(1)</script>"
    one = Shown({**CASES["older"], "medications": ["apixaban", words]}, model)
    assert len(due_now(one.assessment, model.knowledge).barred) == 1
    assert "script" not in one.page.tags
    assert "<script>alert(1)</script>" in one.page.text
    assert "<script" not in one.markdown

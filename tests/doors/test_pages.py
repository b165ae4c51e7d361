"""What the pages hold, that nothing in them can run or call out, and that hostile words stay words."""

from __future__ import annotations

import json
import re
from collections import Counter
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from markdown_it import MarkdownIt

from backspasm import Knowledge, Model, Patient, assess, from_case
from backspasm.advice.disputes import disputes_of
from backspasm.inference.presenting import base_rates_of
from backspasm.inference.refitting import Refitter
from backspasm.patients.gathered import patients_on_file
from backspasm.patients.patient import Unread
from backspasm.presentation.explanation import explanation
from backspasm.presentation.explanation_page import explanation_page
from backspasm.presentation.report import dispute_view, report
from backspasm.presentation.views import Evidence
from backspasm.presentation.words import cause_name
from tests.doors.conftest import Run

CASE: dict[str, Any] = {
    "age_years": 46,
    "sex": "male",
    "setting": "emergency",
    "present": ["radicular_leg_pain", "saddle_anaesthesia", "urinary_retention"],
    "absent": ["history_of_cancer", "fever"],
    "measured": {"temperature": 36.7, "duration_days": 10},
    "medications": ["apixaban", "unheardofamab"],
    "allergies": ["naproxen"],
}
HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "</style><script>alert(2)</script>",
    "{{ 7 * 191 }} {% raw %}",
    "'; DROP TABLE patients; --",
    "javascript:alert(3)",
    "a\n\n# heading\n| x | y |\n[link](javascript:alert(4)) <b>bold</b> `code`",
    "\u202eright to left\x1b[31m\x00",
    "&lt;b&gt; &amp;",
)
VOID = {"meta", "br", "hr", "img", "input", "link"}


class Page(HTMLParser):
    """Tags, attributes and text of a page; complains of a tag that is closed wrongly."""

    def __init__(self, source: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.tags: Counter[str] = Counter()
        self.attributes: list[tuple[str, str, str]] = []
        self.words: list[str] = []
        self.feed(source)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags[tag] += 1
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags[tag] += 1
        self.attributes += [(tag, name, value or "") for name, value in attrs]

    def handle_endtag(self, tag: str) -> None:
        assert self.open, f"</{tag}> without its start"
        assert self.open[-1] == tag, f"</{tag}> closes <{self.open[-1]}>"
        self.open.pop()

    def handle_data(self, data: str) -> None:
        if not {"style", "script"} & {*self.open[-1:]}:
            self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())

    def values(self, name: str) -> list[str]:
        return [value for _, attribute, value in self.attributes if attribute == name]


def hostile_patient(knowledge: Knowledge) -> Patient:
    """A patient with hostile words in every field that takes words from outside."""
    base = from_case({**CASE, "medications": [], "allergies": []}, knowledge)
    return Patient(
        age_years=base.age_years,
        sex=base.sex,
        setting=base.setting,
        present=base.present,
        absent=base.absent,
        measured=base.measured,
        medications=(*HOSTILE, *(f"apixaban {text}" for text in HOSTILE)),
        allergies=HOSTILE,
        sources={"fever": HOSTILE},
        notes=HOSTILE,
        unread=tuple(Unread(text, text) for text in HOSTILE),
    )


def as_shown(text: str) -> str:
    """Words from outside as a reader sees them: on one line, what cannot be printed replaced."""
    return " ".join(
        "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in re.sub(r"\s", " ", text)).split()
    )


@pytest.fixture(scope="module")
def page(model: Model) -> Page:
    return Page(report(assess(from_case(CASE, model.knowledge), model, draws=100), model).decode())


@pytest.fixture(scope="module")
def html(model: Model) -> str:
    return report(assess(from_case(CASE, model.knowledge), model, draws=100), model).decode()


# --- what it holds -------------------------------------------------------------------------------------------------


def test_urgency_and_its_reasons_come_first(page: Page) -> None:
    words = page.text
    first = words[: words.index("Red flags")]
    assert "EMERGENCY" in first
    assert "Numb saddle area" in first
    assert "Most probable" in first
    assert "Disc herniation" in first
    assert "46 years old, male, emergency" in first


def test_every_part_of_the_assessment_is_there(page: Page) -> None:
    for heading in (
        "Red flags", "Not to be missed", "Differential", "Complications", "Where studies disagree",
        "Derived, and set aside", "Not assessed", "Studies behind this answer",
    ):  # fmt: skip
        assert heading in page.text
    for label in ("Asked", "Not asked", "Against it", "unheardofamab", "not a certified medical device"):
        assert label in page.text


def test_every_cause_has_its_number_interval_and_steps(page: Page, knowledge: Knowledge) -> None:
    ids = set(page.values("id"))
    for cause in knowledge.causes.values():
        assert cause.name in page.text
        assert f"cause-{cause.id.replace('_', '-')}" in ids
    bars = [title for title in page.words if re.search(r"90 % interval .+–.+ %", title)]
    assert len(bars) >= len(knowledge.causes)
    assert page.tags["table"] > len(knowledge.causes)


def test_what_rests_on_a_study_and_what_is_assumed_wear_different_badges(page: Page) -> None:
    badges = Counter(v for v in page.values("class") if v.startswith("badge"))
    assert badges["badge study"] > 10
    assert badges["badge assumed"] > 10


def test_every_anchor_leads_somewhere_and_no_id_is_used_twice(page: Page) -> None:
    ids = Counter(page.values("id"))
    assert [i for i, n in ids.items() if n > 1] == []
    inner = [href[1:] for href in page.values("href") if href.startswith("#")]
    assert inner
    assert [name for name in inner if name not in ids] == []
    named = [i for value in page.values("aria-labelledby") for i in value.split()]
    assert [name for name in named if name not in ids] == []


def test_every_study_named_is_in_the_bibliography_with_its_citation(page: Page, knowledge: Knowledge) -> None:
    names = {href.removeprefix("#study-") for href in page.values("href") if href.startswith("#study-")}
    by_anchor = {s.id.replace("_", "-"): s for s in knowledge.studies.values()}
    assert len(names) > 20
    for name in names:
        assert " ".join(by_anchor[name].citation.split()) in page.text


def test_several_studies_of_one_rate_are_drawn(html: str) -> None:
    plots = re.findall(r'<svg class="forest".*?</svg>', html, re.DOTALL)
    assert len(plots) > 5
    for plot in plots:
        ElementTree.fromstring(plot)


# --- accessible, and safe ------------------------------------------------------------------------------------------


def test_a_page_needs_nothing_from_elsewhere_and_runs_nothing(page: Page, html: str) -> None:
    assert not {"script", "link", "img", "iframe", "object", "embed", "form", "base"} & set(page.tags)
    assert page.values("src") == []
    assert [name for _, name, _ in page.attributes if name.startswith("on")] == []
    for style in re.findall(r"<style>(.*?)</style>", html, re.DOTALL):
        assert "url(" not in style
        assert "@import" not in style
    assert all(h.startswith(("#", "https://", "http://")) for h in page.values("href"))
    assert any("default-src 'none'" in value for value in page.values("content"))


def test_headings_tables_and_pictures_are_accessible(page: Page, html: str) -> None:
    levels = [int(tag[1]) for tag in re.findall(r"<(h[1-6])", html)]
    assert levels.count(1) == 1
    heads = [a for a in page.attributes if a[0] == "th" and a[1] == "scope"]
    assert len(heads) == page.tags["th"]
    assert page.tags["title"] == page.tags["svg"] + 1  # each picture says itself; one is the page's
    assert ("html", "lang", "en") in page.attributes
    assert page.tags["main"] == 1


def luminance(colour: str) -> float:
    """Relative luminance (WCAG 2.2) of ``#rgb`` or ``#rrggbb``."""
    digits = colour.lstrip("#")
    digits = "".join(2 * d for d in digits) if len(digits) == 3 else digits
    parts = [int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4)]
    r, g, b = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    return 0.2126 * r + 0.7152 * g + 0.0722 * b


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def test_text_has_the_contrast_of_level_aa_in_light_and_dark(html: str) -> None:
    for root in re.findall(r":root\{(color-scheme[^}]*|--ink[^}]*)\}", html)[:2]:
        colour = dict(re.findall(r"--([a-z-]+):(#[0-9a-f]{3,6})", root))
        for ink, ground in (
            ("ink", "page"), ("ink", "panel"), ("soft", "page"), ("soft", "panel"), ("link", "page"),
            ("link", "panel"), ("study-ink", "study"), ("assumed-ink", "assumed"),
        ):  # fmt: skip
            assert contrast(colour[ink], colour[ground]) >= 4.5, (ink, ground)
    levels = re.findall(r"\.(?:emergency|same_day|urgent|routine|self_care)\{background:(#\w+);color:(#\w+)\}", html)
    assert len(levels) == 5
    for ground, ink in levels:
        assert contrast(ground, ink) >= 4.5


def test_hostile_words_stay_words_on_a_page(model: Model) -> None:
    patient = hostile_patient(model.knowledge)
    a = assess(patient, model, draws=20)
    pages = [
        report(a, model).decode(),
        explanation_page(explanation(patient, "disc_herniation", model), patient, model).decode(),
    ]
    for source in pages:
        found = Page(source)
        assert not {"script", "img", "b"} & set(found.tags)
        assert [name for _, name, _ in found.attributes if name.startswith("on")] == []
        assert all(h.startswith(("#", "https://", "http://")) for h in found.values("href"))
        assert not any(c in source for c in ("\x00", "\x1b", "\u202e"))
    words = Page(pages[0]).text
    assert [text for text in HOSTILE if as_shown(text) not in words] == []


def test_hostile_words_stay_words_in_markdown(model: Model) -> None:
    patient = hostile_patient(model.knowledge)
    source = report(assess(patient, model, draws=20), model, markdown=True).decode()
    assert not any(c in source for c in ("\x00", "\x1b", "\u202e"))
    found = Page(MarkdownIt("commonmark", {"html": True}).enable("table").render(source))
    assert not {"script", "img", "b", "style"} & set(found.tags)
    assert [name for _, name, _ in found.attributes if name.startswith("on")] == []
    assert all(h.startswith(("#", "https://", "http://")) for h in found.values("href"))
    assert "heading" not in re.sub(r"<[^>]+>", "", "".join(re.findall(r"^#.*$", source, re.MULTILINE)))
    assert [text for text in HOSTILE if as_shown(text) not in found.text] == []


# --- the commands --------------------------------------------------------------------------------------------------


def given(tmp_path: Path) -> str:
    file = tmp_path / "case.json"
    file.write_text(json.dumps(CASE), encoding="utf-8")
    return str(file)


@pytest.mark.parametrize("form", ["html", "markdown"])
def test_assess_writes_the_same_page_every_time(form: str, run: Run, tmp_path: Path) -> None:
    one, other = (run("assess", given(tmp_path), "--format", form) for _ in range(2))
    assert (one.code, one.err) == (0, "")
    assert one.out == other.out
    assert "EMERGENCY" in one.out


def test_explain_writes_a_page_with_steps_and_without_each_answer(run: Run, tmp_path: Path) -> None:
    done = run("explain", "disc_herniation", given(tmp_path), "--format", "html")
    assert (done.code, done.err) == (0, "")
    found = Page(done.out)
    for words in (
        "Disc herniation",
        "Likelihood ratio",
        "Without it",
        "Saddle anaesthesia",
        "certified medical device",
    ):
        assert words in found.text
    markdown = run("explain", "disc_herniation", given(tmp_path), "--format", "markdown")
    assert markdown.out.startswith("# Disc herniation: ")
    assert "| answer | likelihood ratio |" in markdown.out


@pytest.mark.parametrize(
    "address",
    [
        ("spinal_epidural_abscess/fever",),
        ("fever/spinal_epidural_abscess",),
        ("fever", "--cause", "spinal_epidural_abscess"),
    ],
)
def test_evidence_opens_a_rate_with_all_its_studies(address: tuple[str, ...], run: Run) -> None:
    data = json.loads(run("evidence", *address, "--format", "json").out)
    (cell,) = data["cells"]
    labels = [row["label"] for row in cell["rows"] if row["kind"] == "study"]
    assert {"davis2020b/abscess_fever", "tang2002/fever"} <= set(labels)
    assert cell["disagreement"]["rarer"] == ["davis2020b/abscess_fever"]
    shown = run("evidence", *address)
    assert shown.code == 0
    assert "davis2020b" in shown.out
    assert "◆" in shown.out
    assert "Studies disagree" in " ".join(shown.out.split())
    found = Page(run("evidence", *address, "--format", "html").out)
    assert found.tags["svg"] == 1
    assert "Davis WT" in found.text


def test_evidence_of_a_fact_shows_the_other_studies_of_its_rate(run: Run) -> None:
    done = run("evidence", "davis2020b/abscess_fever")
    assert "tang2002/fever" in done.out
    data = json.loads(run("evidence", "davis2020b/abscess_fever", "--format", "json").out)
    assert [(c["what"], c["given"]) for c in data["cells"]] == [("fever", "spinal_epidural_abscess")]
    assert data["study"]["id"] == "davis2020b"


def test_evidence_depends_on_the_age_that_is_asked(run: Run) -> None:
    def studies(age: str) -> set[str]:
        data = json.loads(run("evidence", "discitis/fever", "--age", age, "--format", "json").out)
        return {row["label"] for row in data["cells"][0]["rows"] if row["kind"] == "study"}

    assert studies("young_child") != studies("adult")


def test_the_report_shows_what_each_side_of_a_dispute_changes(model: Model) -> None:
    seen = {"order": 0, "leading": 0, "complication": 0}
    evidence = Evidence("adult", "emergency", model, Refitter(model))
    for patient in list(patients_on_file(model.knowledge).values())[::3]:
        for i, d in enumerate(disputes_of(assess(patient, model, draws=1), model)):
            for side, shown in zip(d.sides, dispute_view(d, i, evidence).sides, strict=True):
                if side.verdict is None:
                    continue
                names = [cause_name(c, model.knowledge).lower() for c in side.verdict.leading]
                now = dict(d.now.causes)
                if side.verdict.leading != d.now.leading:
                    seen["order"] += 1
                    assert [n for n in names if n in shown.leading.lower()] == names
                for cause, p in side.verdict.causes:
                    if abs(p - now[cause]) >= 0.01:
                        seen["leading"] += 1
                        assert cause_name(cause, model.knowledge).lower() in shown.leading.lower()
                seen["complication"] += bool(shown.complications)
    assert all(seen.values()), seen


def test_the_plots_of_disputes_are_printed(run: Run) -> None:
    page = run("assess", "examples/cauda_equina.yaml", "--format", "html").out
    part = page[page.index('<h2 id="disputes">') :]
    part = part[: part.index("</section>")]
    folded = re.findall(r"<details([^>]*)>(.*?)</details>", part, re.DOTALL)
    with_plots = [attributes for attributes, inside in folded if "<svg" in inside]
    assert with_plots
    assert all('class="print"' in attributes for attributes in with_plots)
    assert "details.print::details-content" in page


def test_evidence_tells_the_answer_under_each_side_of_a_dispute(run: Run) -> None:
    for address in ("fever_in_epidural_abscess", "spinal_epidural_abscess/fever", "davis2020b/abscess_fever"):
        (found,) = json.loads(run("evidence", address, "--format", "json").out)["disputes"]
        assert found["id"] == "fever_in_epidural_abscess"
        seldom, often = (side["rates"][0]["value"] for side in found["sides"])
        assert seldom < found["now"][0]["value"] < often
        assert all(side["patients_asked"] > 0 for side in found["sides"])
        shown = " ".join(run("evidence", address).out.split())
        assert "If one side alone were right" in shown
        assert "Most have no fever on arrival" in shown
        assert f"now: {100 * found['now'][0]['value']:.0f} %" in shown
        page = Page(run("evidence", address, "--format", "html").out).text
        for words in ("The answer under each side", "Half or more have a fever", "example patients asked about it"):
            assert words in page


def test_evidence_opens_a_dispute_on_treatments_with_its_trials(run: Run) -> None:
    shown = run("evidence", "relaxant_on_top_of_nsaid")
    assert shown.code == 0
    assert "friedman2019/disability_baclofen" in shown.out
    assert "no clear difference" in " ".join(shown.out.split())
    page = Page(run("evidence", "relaxant_on_top_of_nsaid", "--format", "html").out)
    assert "How it is read here" in page.text
    assert page.tags["svg"] > 0


def test_evidence_of_a_cause_tells_how_common_it_is_in_each_place(run: Run, model: Model) -> None:
    data = json.loads(run("evidence", "discitis", "--format", "json").out)["cause"]
    rates = {(b["setting"], b["population"]): b for b in data["base_rates"]}
    assert {s for s, _ in rates} == set(model.parameters.settings)
    assert all(0 < b["value"] < 1 and b["low"] <= b["high"] for b in rates.values())
    assert rates["emergency", "child"]["value"] > 10 * rates["emergency", "adult"]["value"]
    for (setting, population), b in rates.items():
        facts = model.parameters.base.facts.get(f"{setting}|{population}|discitis", ())
        assert (tuple(b["facts"]), b["assumed"]) == (facts, not facts)
    studied = next(b for b in rates.values() if b["facts"])
    shown = run("evidence", "discitis").out
    page = Page(run("evidence", "discitis", "--format", "html").out).text
    for text in (shown, page):
        assert studied["facts"][0] in text
        assert "assumed" in text
        assert "fever" in text  # a rate that rests on a study
    assert max(map(len, shown.splitlines())) <= 80


def test_shares_of_all_causes_add_up_in_each_place(model: Model) -> None:
    every = [base_rates_of(cause, model) for cause in model.parameters.causes]
    for place in zip(*every, strict=True):
        assert len({(b.setting, b.population) for b in place}) == 1
        assert sum(b.value for b in place) == pytest.approx(1, abs=1e-9)


def test_evidence_lists_the_disputes(run: Run, knowledge: Knowledge) -> None:
    listed = [d["id"] for d in json.loads(run("evidence", "--format", "json").out)["disputes"]]
    assert listed == [*knowledge.disputes, *knowledge.treatment_disputes]
    assert "fever_in_epidural_abscess" in run("evidence").out


def test_the_page_of_a_treatment_holds_what_the_terminal_does(run: Run) -> None:
    data = json.loads(run("evidence", "naproxen", "--format", "json").out)["treatment"]
    page = Page(run("evidence", "naproxen", "--format", "html").out).text
    assert data["plain"] in page
    for part in (data["uses"], data["rules"]):
        assert part
        assert all(entry["because"] in page for entry in part)
    assert all(fact["fact"].partition("/")[0] in page for fact in data["trials"])


def test_a_measured_rate_fits_a_narrow_terminal_whole(run: Run) -> None:
    data = json.loads(run("evidence", "vertebral_osteomyelitis/crp", "--format", "json").out)
    shown = run("evidence", "vertebral_osteomyelitis/crp").out
    assert max(map(len, shown.splitlines())) <= 80
    assert "…" not in shown
    assert "■" in shown
    left = "".join(line[:33].strip() for line in shown.splitlines())
    for row in data["cells"][0]["rows"]:
        assert row["label"].replace(" ", "") in left.replace(" ", "")


@pytest.mark.parametrize("identifier", [None, "deyo1988", "loss", "heterogeneity_scale", "friedman2015"])
def test_evidence_writes_a_page_for_each_kind_of_address(identifier: str | None, run: Run) -> None:
    done = run("evidence", *([identifier] if identifier else []), "--format", "html")
    assert (done.code, done.err) == (0, "")
    assert (identifier or "deyo1988") in Page(done.out).text


@pytest.mark.parametrize(
    ("address", "mend"),
    [
        (("discitis/feverr",), "did you mean 'fever'"),
        (("fever", "--cause", "discitiss"), "did you mean 'discitis'"),
        (("davis2020bb",), "did you mean 'davis2020b'"),
        (("feverr",), "did you mean 'fever'"),
        (("discits",), "did you mean 'discitis'"),
        (
            ("axial_spondyloarthritis_hla_b27", "--age", "young_child"),
            "no study of axial_spondyloarthritis_hla_b27 speaks of it",
        ),
        (("cauda_equina_syndrome/weight_loss",), "does not drive"),
    ],
)
def test_evidence_refuses_an_unknown_address_with_a_mend(address: tuple[str, ...], mend: str, run: Run) -> None:
    done = run("evidence", *address)
    assert (done.code, done.out) == (2, "")
    assert mend in done.err


def test_impact_lists_every_patient_with_both_answers(run: Run, knowledge: Knowledge) -> None:
    done = run("knowledge", "impact", "deyo1988", "--format", "json")
    assert (done.code, done.err) == (0, "")
    data = json.loads(done.out)
    assert data["left_out"] == "deyo1988"
    names = [r["patient"] for r in data["results"]]
    assert {f"vignettes/{v}" for v in knowledge.vignettes} <= set(names)
    assert "examples/cauda_equina.yaml" in names
    for row in data["results"]:
        assert {"urgency", "leading"} <= set(row["before"])
        assert row["changed"] == (row["patient"] in data["changed"])


def test_impact_names_those_who_would_be_advised_otherwise(run: Run, tmp_path: Path, model: Model) -> None:
    shown = run("knowledge", "impact", "deyo1988", "--patients", str(Path(given(tmp_path)).parent))
    assert shown.code == 0
    assert "1 patients" in shown.out
    assert "history_of_cancer" in shown.out  # the rule that cites it


@pytest.mark.parametrize(
    ("arguments", "mend"),
    [
        (("davis2020bb",), "did you mean 'davis2020b'"),
        (("deyo1988", "--patients", "no/such/folder"), "is not a folder"),
    ],
)
def test_impact_refuses_with_a_mend(arguments: tuple[str, ...], mend: str, run: Run) -> None:
    done = run("knowledge", "impact", *arguments)
    assert (done.code, done.out) == (2, "")
    assert mend in done.err

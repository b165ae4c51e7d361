"""What `cohort` and `validate` write, where, and what they refuse."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from backspasm import Model
from tests.doors.conftest import Run

RULES = """
- id: two_of_three
  source: nobody
  population: {setting: spine_clinic, age_years: [18, 50]}
  target: [axial_spondyloarthritis]
  count: [morning_stiffness, improves_with_exercise, night_pain]
  at_least: 2
  published: {sensitivity: {value: 0.9}, specificity: {hits: 60, of: 90}, lr_pos: {value: 2.8}, prevalence: {value: 0.999}}
"""


def test_a_cohort_is_written_with_its_truth_apart(run: Run, model: Model, tmp_path: Path) -> None:
    options = ("--n", "40", "--seed", "7", "--setting", "emergency")
    done = run("cohort", *options, "--out", str(tmp_path / "a"))
    assert (done.code, done.out) == (0, b"" if isinstance(done.out, bytes) else "")
    lines = (tmp_path / "a" / "records" / "cases.jsonl").read_text(encoding="utf-8").splitlines()
    truth = pq.read_table(tmp_path / "a" / "truth.parquet").to_pylist()
    assert len(lines) == len(truth) == 40
    assert [t["id"] for t in truth[:2]] == ["v00000000", "v00000001"]
    assert set(truth[0]) == {"id", "cause", "complications", "setting", "band", "sex"}
    assert {t["cause"] for t in truth} <= set(model.parameters.causes)
    for line, t in zip(lines, truth, strict=True):
        case = json.loads(line)
        assert "cause" not in line.replace("because", "")
        assert (case["setting"], case["sex"]) == (t["setting"], t["sex"])
    assessed = run("assess", "-", "--format", "json", stdin=lines[0].encode())
    assert assessed.code == 0


def test_the_same_seed_gives_the_same_bytes(run: Run, model: Model, tmp_path: Path) -> None:
    for form, name in (("cases", "cases.jsonl"), ("parquet", "cases.parquet")):
        for folder in ("a", "b"):
            out = str(tmp_path / form / folder)
            assert run("cohort", "--n", "30", "--format", form, "--draw", "4", "--out", out).code == 0
        for file in (f"records/{name}", "truth.parquet"):
            one, other = ((tmp_path / form / folder / file).read_bytes() for folder in ("a", "b"))
            assert one == other, file


def test_parquet_says_the_same_as_cases(run: Run, model: Model, tmp_path: Path) -> None:
    for form in ("cases", "parquet"):
        assert run("cohort", "--n", "25", "--format", form, "--out", str(tmp_path / form)).code == 0
    rows = pq.read_table(tmp_path / "parquet" / "records" / "cases.parquet").to_pylist()
    lines = (tmp_path / "cases" / "records" / "cases.jsonl").read_text(encoding="utf-8").splitlines()
    for row, line in zip(rows, lines, strict=True):
        case = json.loads(line)
        assert [f for f in model.parameters.booleans if row[f] is True] == case["present"]
        assert [f for f in model.parameters.booleans if row[f] is False] == case["absent"]
        assert {m: row[m] for m in model.parameters.measured if row[m] is not None} == case["measured"]
        assert (row["age_years"], row["sex"], row["setting"]) == (case["age_years"], case["sex"], case["setting"])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--n", "5", "--cause", "discits"), "cause (discits): unknown cause. Mend: did you mean 'discitis'?"),
        (("--n", "5", "--setting", "ward"), "setting (ward): unknown."),
        (("--n", "5", "--answered", "2"), "answered (2.0): is not a share"),
        (("--n", "0"), "n (0): is not a number of patients. Mend: give a whole number, 1 or more"),
        (("--n", "5", "--seed", "-1"), "seed (-1): is negative. Mend: give a whole number, 0 or more"),
    ],
)
def test_a_cohort_that_cannot_be_is_refused(
    options: tuple[str, ...], message: str, run: Run, model: Model, tmp_path: Path
) -> None:
    done = run("cohort", *options, "--out", str(tmp_path / "x"))
    assert done.code == 2
    assert message in str(done.err)
    assert not (tmp_path / "x").exists()


def test_a_cohort_is_never_written_over_another(run: Run, model: Model, tmp_path: Path) -> None:
    assert run("cohort", "--n", "3", "--out", str(tmp_path)).code == 0
    before = (tmp_path / "truth.parquet").read_bytes()
    done = run("cohort", "--n", "4", "--out", str(tmp_path))
    assert done.code == 2
    assert "is there already" in str(done.err)
    assert (tmp_path / "truth.parquet").read_bytes() == before


def test_rules_as_json_are_a_fixed_list(run: Run, model: Model, tmp_path: Path) -> None:
    file = tmp_path / "rules.yaml"
    file.write_text(RULES, encoding="utf-8")
    done = run("validate", "--rules", str(file), "--n", "2000", "--format", "json")
    assert done.code == 0
    rows = json.loads(done.out)
    assert [r["measure"] for r in rows] == ["sensitivity", "specificity", "lr_pos", "prevalence"]
    for row in rows:
        assert list(row) == ["id", "measure", "model", "study", "overlap"]
        assert list(row["model"]) == list(row["study"]) == ["value", "low", "high"]
        assert row["model"]["low"] <= row["model"]["high"]
    assert rows[0]["study"] == {"value": 0.9, "low": None, "high": None}
    assert rows[1]["study"]["low"] < 60 / 90 < rows[1]["study"]["high"]
    assert rows[3]["overlap"] is False
    again = run("validate", "--rules", str(file), "--n", "500", "--seed", "9", "--format", "json")
    assert again.out == done.out  # patients drawn only check the sum


def test_rules_on_a_terminal_explain_each_miss(run: Run, model: Model, tmp_path: Path) -> None:
    file = tmp_path / "rules.yaml"
    file.write_text(RULES.replace("value: 0.9}", "value: 0.01}"), encoding="utf-8")
    done = run("validate", "--rules", str(file), "--n", "500")
    text = " ".join(str(done.out).split())
    assert "two_of_three, sensitivity: the model is too high" in text
    assert "without it" in text
    assert "two_of_three, prevalence: the model is too low" in text


def test_one_page_holds_everything(run: Run, model: Model, tmp_path: Path) -> None:
    rules, cases, page = tmp_path / "rules.yaml", tmp_path / "cases.jsonl", tmp_path / "page.html"
    rules.write_text(RULES, encoding="utf-8")
    gold = {"cause": "muscle_strain", "urgency": "self_care"}
    cases.write_text(json.dumps({"case": {"age_years": 30}, "gold": gold}) + "\n", encoding="utf-8")
    done = run(
        "validate", "--rules", str(rules), "--cases", str(cases), "--n", "500", "--format", "json", "--html", str(page)
    )
    assert set(json.loads(done.out)) == {"rules", "cases"}
    text = page.read_text(encoding="utf-8")
    assert text.count("<svg") == text.count("</svg>") == 2
    assert "http" not in text.replace("http://www.w3.org", "").replace("http://purl.org", "").replace(
        "http://creativecommons.org", ""
    ).replace("https://matplotlib.org", "")
    assert "<script" not in text
    html = run("validate", "--rules", str(rules), "--cases", str(cases), "--n", "500", "--format", "html")
    assert str(html.out).strip() == text.strip()


def test_a_report_that_cannot_be_written_is_refused_before_the_work(run: Run, model: Model, tmp_path: Path) -> None:
    file = tmp_path / "rules.yaml"
    file.write_text(RULES, encoding="utf-8")
    for place in (tmp_path / "no" / "page.html", tmp_path):
        done = run("validate", "--rules", str(file), "--n", "999999999", "--html", str(place))
        assert (done.code, done.out) == (2, "")
        assert f"--html ({place}): " in str(done.err)
        assert "Mend: name a file in a folder that exists" in str(done.err)
    kept = tmp_path / "page.html"
    refused = run("validate", "--rules", str(tmp_path / "no.yaml"), "--html", str(kept))
    assert refused.code == 2
    assert not kept.exists()  # nothing half done stays behind
    kept.write_text("of yesterday", encoding="utf-8")
    assert run("validate", "--rules", str(tmp_path / "no.yaml"), "--html", str(kept)).code == 2
    assert kept.read_text(encoding="utf-8") == "of yesterday"


def test_a_table_of_rules_fits_a_narrow_terminal(run: Run, model: Model, tmp_path: Path) -> None:
    file = tmp_path / "rules.yaml"
    long = "somebody_of_a_very_long_name_indeed_2099_any_of_four"
    file.write_text(RULES.replace("two_of_three", long).replace("target", "excludes: [nobody2099]\n  target"), "utf-8")
    done = run("validate", "--rules", str(file), "--n", "500")
    assert max(map(len, str(done.out).splitlines())) <= 80
    assert f"{long}  nobody" in str(done.out)
    assert "nobody2099, which is not on file" in " ".join(str(done.out).split())
    as_data = run("validate", "--rules", str(file), "--n", "500", "--format", "json")
    assert isinstance(json.loads(as_data.out), list)
    assert "nobody2099, which is not on file" in str(as_data.err)


def test_a_case_that_was_missed_is_named_with_what_was_said_instead(run: Run, model: Model, tmp_path: Path) -> None:
    cases, page = tmp_path / "cases.jsonl", tmp_path / "page.html"
    gold = {"cause": "discitis", "urgency": "emergency"}
    line = {"id": "case-7", "case": {"age_years": 30, "absent": ["fever", "night_pain"]}, "gold": gold}
    cases.write_text(json.dumps(line) + "\n", encoding="utf-8")
    text = " ".join(str(run("validate", "--cases", str(cases), "--html", str(page)).out).split())
    for said in (
        "case-7 no accepted cause among the 3 most probable; urgency too low",
        "the gold cause, discitis, has",
    ):
        assert said in text
        assert said.removeprefix("case-7 ") in page.read_text(encoding="utf-8")
    assert "Against it: no " in text


def test_validation_needs_something_to_validate_on(run: Run, model: Model, tmp_path: Path) -> None:
    assert "give --rules FILE, --cases FILE, --calibration or --dependence" in str(run("validate").err)
    done = run("validate", "--rules", str(tmp_path / "no.yaml"))
    assert done.code == 2
    assert "cannot be read (No such file or directory)" in str(done.err)
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text(RULES.replace("night_pain", "nite_pain"), encoding="utf-8")
    done = run("validate", "--rules", str(wrong))
    assert done.code == 2
    assert "wrong.yaml:6: two_of_three: unknown yes-or-no finding 'nite_pain'" in str(done.err)


def test_priorities_rank_pairs_with_their_evidence_and_searches(run: Run) -> None:
    data = json.loads(run("knowledge", "priorities", "--top", "4", "--patients", "34", "--format", "json").out)
    assert len(data["pairs"]) == 4
    assert all(p["effect"] >= 0 and {"facts", "searches", "finding", "cause"} <= p.keys() for p in data["pairs"])

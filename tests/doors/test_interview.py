"""The interview at its doors: words at a terminal, lines of JSON, saved and taken up again."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from backspasm import InputError, Knowledge, cli
from backspasm.patients.typed_value import typed_value

WHO = {"case": {"age_years": 50, "sex": "male", "setting": "primary_care"}}


def run(*options: str, stdin: str = "") -> tuple[int, str]:
    done = CliRunner().invoke(cli.app, ["interview", *options], input=stdin)
    return done.exit_code, done.stdout


def lines(*messages: Any, options: tuple[str, ...] = ()) -> list[dict[str, Any]]:
    code, out = run("--json", *options, stdin="".join(json.dumps(m) + "\n" for m in messages))
    assert code == 0, out
    return [json.loads(line) for line in out.splitlines()]


def test_lines_of_json_ask_who_then_questions_then_leave() -> None:
    who, question, left = lines(WHO, {"command": "quit"})
    assert who["type"] == "patient"
    assert question["type"] == "question"
    assert question["standing"]["urgency"] in {"emergency", "same_day", "urgent", "routine", "self_care"}
    assert all({"finding", "ask", "kind", "value", "why"} <= set(item) for item in question["items"])
    assert left["type"] == "stop"
    assert left["finished"] is False
    assert left["case"]["age_years"] == 50


def test_answers_count_back_takes_them_back_and_faults_are_said() -> None:
    first = lines(WHO)[1]
    names = [item["finding"] for item in first["items"]]
    found = lines(
        WHO,
        {"answers": {names[0]: "maybe"}},
        {"answers": {"no_such": "yes"}},
        {"answers": {names[0]: "yes"}},
        {"command": "why"},
        {"command": "back"},
    )
    kinds = [m["type"] for m in found]
    assert kinds == [
        "patient",
        "question",
        "error",
        "question",
        "error",
        "question",
        "question",
        "why",
        "question",
        "question",
        "stop",
    ]
    assert "Mend" in found[2]["message"]
    assert found[6]["number"] == 2
    assert found[9]["number"] == 1
    assert found[9]["items"] == first["items"]


def test_a_line_that_is_no_json_is_said_and_nothing_is_lost() -> None:
    code, out = run("--json", stdin=json.dumps(WHO) + "\nnot json\n[]\n")
    assert code == 0
    assert [json.loads(line)["type"] for line in out.splitlines()].count("error") == 2


def test_one_by_one_asks_one_finding_at_a_time() -> None:
    assert len(lines(WHO, options=("--one-by-one",))[1]["items"]) == 1


def test_an_interview_is_saved_and_taken_up_where_it_stood(tmp_path: Path) -> None:
    place = tmp_path / "talk.json"
    names = [item["finding"] for item in lines(WHO)[1]["items"]]
    before = lines(WHO, {"answers": dict.fromkeys(names, "no")}, options=("--save", str(place)))
    assert place.stat().st_mode & 0o077 == 0
    after = lines(options=("--resume", str(place)))
    assert after[0] == before[2]


@pytest.mark.parametrize("text", ["", "{}", '{"format": "other"}', "[1]"])
def test_a_file_that_is_no_saved_interview_is_refused(text: str, tmp_path: Path) -> None:
    place = tmp_path / "bad.json"
    place.write_text(text)
    done = CliRunner().invoke(cli.app, ["interview", "--resume", str(place)])
    assert done.exit_code == 2
    assert done.stdout == ""
    assert "Mend" in done.stderr


def test_words_at_a_terminal() -> None:
    code, out = run(stdin="fifty\nm\nprimary care\n50\nm\nprimary care\nwhy\nwhat\nnone\nback\n1 2?\nquit\n")
    assert code == 0
    assert "is not a number" in out
    assert "chance that it changes the urgency" in out
    assert "Not understood" in out
    assert out.count("\n1. ") == 2
    assert "\n2. " in out
    assert "1 questions" in out
    assert "Differential" in out  # the assessment follows


@pytest.mark.parametrize(
    ("text", "finding", "value"),
    [
        ("38.7", "temperature", 38.7),
        ("38,7 °C", "temperature", 38.7),
        ("101.3 F", "temperature", 38.5),
        ("2 weeks", "duration_days", 14),
        ("10", "duration_days", 10),
        ("7/10", "pain_intensity", 7),
        ("11", "pain_intensity", None),
        ("999", "temperature", None),
        ("38 furlongs", "temperature", None),
        ("hot", "temperature", None),
    ],
)
def test_a_typed_value_is_read_with_its_unit_or_refused(
    text: str, finding: str, value: float | None, knowledge: Knowledge
) -> None:
    if value is None:
        with pytest.raises(InputError, match="Mend"):
            typed_value(text, finding, knowledge)
    else:
        assert typed_value(text, finding, knowledge) == pytest.approx(value, abs=1e-4)

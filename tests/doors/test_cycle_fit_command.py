"""What `cycle fit` shows of the stored fit, in every form, and what it refuses."""

from __future__ import annotations

import json
from pathlib import Path

from backspasm import Knowledge
from tests.doors.conftest import Run


def test_the_terminal_shows_every_target_with_the_rival_beside_it(run: Run, knowledge: Knowledge) -> None:
    done = run("cycle", "fit", "--show")
    assert (done.code, done.err) == (0, "")
    words = " ".join(done.out.split())
    for title in (
        "Fitted",
        "Held out",
        "Unknowns",
        "What the data do not tell",
        "Models compared",
        "Profile likelihoods",
    ):
        assert title in words
    assert "without loop" in words
    assert "out of date" not in words
    assert all(len(line) <= 80 for line in done.out.splitlines())


def test_the_json_holds_targets_and_results(run: Run, knowledge: Knowledge) -> None:
    data = json.loads(run("cycle", "fit", "--show", "--format", "json").out)
    assert {t["id"] for t in data["targets"]} == {p["target"] for p in data["fits"][0]["predicted"]}
    assert {f["structure"] for f in data["fits"]} == {s.id for s in knowledge.cycle_plan.structures}
    assert {t["role"] for t in data["targets"]} == {"fitted", "held_out"}
    assert any("Not told" in remark for remark in data["said"])


def test_pages_and_pictures(run: Run, tmp_path: Path) -> None:
    page = run("cycle", "fit", "--show", "--format", "html").out
    assert page.count("<img") == 2
    assert "http" not in page.replace("http-equiv", "")
    assert "not a certified medical device" in page
    text = run("cycle", "fit", "--show", "--format", "markdown").out
    assert text.startswith("# Population fit of the cycle\n\n15 published")
    assert "| with loop" in text
    for form, start in (("png", b"\x89PNG"), ("svg", b"<?xml")):
        out = tmp_path / f"profiles.{form}"
        assert run("cycle", "fit", "--show", "--format", form, "--out", str(out)).code == 0
        assert out.read_bytes().startswith(start)


def test_it_must_be_told_what_to_do(run: Run, tmp_path: Path) -> None:
    done = run("cycle", "fit")
    assert (done.code, done.out) == (2, "")
    assert "--show" in done.err
    file = tmp_path / "a_file"
    file.write_text("x", encoding="utf-8")
    done = run("cycle", "fit", "--out", str(file))
    assert (done.code, done.out) == (2, "")
    assert "Mend" in done.err

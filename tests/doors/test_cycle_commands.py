"""What `simulate` and the `cycle` commands write, and what they refuse."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from typer.testing import CliRunner

from backspasm.cli import app
from tests.doors.conftest import Run

CASE = b'{"age_years": 46, "present": ["improper_lifting", "muscle_spasm"], "measured": {"pain_intensity": 6, "duration_days": 4}}'
ELSEWHERE = b"""{"age_years": 66, "setting": "emergency", "present": ["colicky_flank_pain", "haematuria", "pain_radiating_to_groin",
"ct_ureteric_stone"], "absent": ["muscle_spasm"]}"""


def simulated(run: Run, *options: str) -> dict[str, Any]:
    done = run("simulate", "-", "--format", "json", "--draws", "40", *options, stdin=CASE)
    assert (done.code, done.err) == (0, "")
    data = json.loads(done.out)
    assert isinstance(data, dict)
    return data


def test_the_json_has_the_shape_of_the_contract(run: Run) -> None:
    data = simulated(run)
    assert {"days", "arms", "rival", "persistence_number"} <= set(data)
    assert data["days"][0] == 0
    assert data["days"][-1] == 84
    assert set(data["arms"]) == {"untreated", "nsaid", "relaxant", "both"}
    assert set(data["rival"]) == set(data["arms"])
    for side in ("arms", "rival"):
        for arm in data[side].values():
            for what in ("pain", "spasm", "resting_emg", "flexion_relaxation_ratio"):
                assert set(arm[what]) == {"median", "low", "high"}
                assert all(len(values) == len(data["days"]) for values in arm[what].values())
                for low, median, high in zip(*(arm[what][k] for k in ("low", "median", "high")), strict=True):
                    assert low <= median <= high
    assert {"value", "low", "high", "probability_above_1"} <= set(data["persistence_number"])
    assert any("cannot tell them apart" in remark for remark in data["remarks"])


def test_options_days_and_seed_are_heard(run: Run) -> None:
    data = simulated(
        run, "--option", "relaxant", "-o", "ibuprofen 400 mg tid prn for 5 days", "--days", "30", "--seed", "5"
    )
    assert list(data["arms"]) == ["untreated", "relaxant", "ibuprofen 400 mg tid prn for 5 days"]
    assert data["days"][-1] == 30
    assert "as needed (pain 40)" in data["options"]["ibuprofen 400 mg tid prn for 5 days"]
    assert data != simulated(run, "--option", "relaxant", "--days", "30", "--seed", "6")


def test_the_terminal_shows_the_rival_beside_every_arm(run: Run) -> None:
    done = run("simulate", "-", "--draws", "40", stdin=CASE)
    assert (done.code, done.err) == (0, "")
    lines = done.out.splitlines()
    assert sum("no loop" in line for line in lines) == 4
    assert all(len(line) <= 80 for line in lines)
    words = " ".join(done.out.split())
    assert "Persistence number" in words
    assert "cannot tell them apart" in words


def test_two_processes_write_the_same_bytes_and_load_neither_numba_nor_scipy(tmp_path: Path) -> None:
    code = (
        "import sys; from backspasm import cli; sys.argv = ['backspasm', 'simulate', '-', '--draws', '40', '-f', 'json']\n"
        "try: cli.main()\nexcept SystemExit: pass\n"
        "print(*sorted({m.partition('.')[0] for m in sys.modules}), file=sys.stderr)"
    )
    one, other = (
        subprocess.run([sys.executable, "-c", code], input=CASE, capture_output=True, check=True) for _ in range(2)
    )
    assert one.stdout == other.stdout
    assert not set(one.stderr.decode().split()) & {"numba", "scipy", "matplotlib", "jsonschema", "pyarrow"}


def test_pictures_are_pictures(run: Run, tmp_path: Path) -> None:
    for form, begins in (("png", b"\x89PNG"), ("svg", b"<?xml")):
        out = tmp_path / f"course.{form}"
        done = run("simulate", "-", "--draws", "30", "--format", form, "--out", str(out), stdin=CASE)
        assert (done.code, done.out, done.err) == (0, "", "")
        assert out.read_bytes().startswith(begins)
    result = CliRunner().invoke(app, ["cycle", "map", "--patients", "30", "--format", "svg"], catch_exceptions=False)
    assert result.exit_code == 0
    assert ElementTree.fromstring(result.stdout_bytes).tag.endswith("svg")


@pytest.mark.parametrize(
    ("options", "part"),
    [
        (("--option", "nsaids"), "did you mean 'nsaid'"),
        (("--option", "naproxen 500 mg bid"), "how long"),
        (("--days", "0"), "--days"),
        (("--format", "json", "--out", "/nowhere/at/all.json"), "--out"),
    ],
)
def test_what_is_wrong_is_named_with_its_mend(run: Run, options: tuple[str, ...], part: str) -> None:
    done = run("simulate", "-", "--draws", "20", *options, stdin=CASE)
    assert done.code == 2
    assert done.out == ""
    assert part in " ".join(done.err.split())


def test_pain_from_elsewhere_is_refused_in_words(run: Run) -> None:
    done = run("simulate", "-", stdin=ELSEWHERE)
    assert (done.code, done.out) == (2, "")
    assert "elsewhere than the back" in done.err
    assert ". Mend: " in done.err


def test_export_writes_sbml_and_a_petab_folder(run: Run, tmp_path: Path) -> None:
    done = run("cycle", "export", "--prescription", "naproxen 500 mg twice a day for 2 days")
    assert (done.code, done.err) == (0, "")
    root = ElementTree.fromstring(done.out)
    assert root.tag.endswith("sbml")
    assert sum(e.tag.endswith("}event") for e in root.iter()) == 4
    folder = tmp_path / "petab"
    assert run("cycle", "export", "--format", "petab", "--out", str(folder)).code == 0
    assert (folder / "problem.yaml").exists()
    for wrong, part in (
        (("--format", "petab"), "add --out"),
        (("--prescription", "naproxen"), "prescription"),
        (("--format", "petab", "--out", str(folder), "--prescription", "x"), "leave it out"),
    ):
        refused = run("cycle", "export", *wrong)
        assert refused.code == 2
        assert part in refused.err


def test_the_assessment_shows_the_course_and_hides_it_where_help_is_needed_now(run: Run) -> None:
    data = json.loads(run("assess", "-", "--format", "json", stdin=CASE).out)
    assert set(data["course"]["arms"]) == {"untreated", "nsaid", "relaxant", "both"}
    chance = {c["id"]: c["probability"] for c in data["complications"]}["self_sustaining_spasm"]
    assert chance == data["course"]["persistence_number"]["probability_above_1"]
    assert "no loop" in run("assess", "-", stdin=CASE).out
    for form in ("html", "markdown"):
        page = run("assess", "-", "--format", form, stdin=CASE).out
        assert "Course to expect" in page
        assert "the same without the loop" in page
    acute = b'{"age_years": 46, "present": ["saddle_anaesthesia", "urinary_retention"]}'
    assert "not shown at this urgency" in " ".join(run("assess", "-", stdin=acute).out.split())

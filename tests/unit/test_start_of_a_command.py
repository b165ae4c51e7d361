"""What a command loads and makes before it answers: no more than it needs."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = {"numpy.ma", "scipy", "pyarrow", "numba", "matplotlib", "jsonschema", "pydantic", "polars", "pandas"}

SAID = """
import sys
sys.argv = ["backspasm", *sys.argv[1:]]
from backspasm.cli import app, main
try:
    main()
except SystemExit as end:
    code = end.code
print(*sorted({m for m in sys.modules}), file=sys.stderr)
print("commands", len(app.registered_commands), "groups", len(app.registered_groups), file=sys.stderr)
raise SystemExit(code)
"""


def run(*arguments: str, text: str = "") -> subprocess.CompletedProcess[str]:
    line = [sys.executable, "-c", SAID, *arguments]
    return subprocess.run(line, input=text, capture_output=True, text=True, check=False)


def test_an_assessment_loads_nothing_heavy_and_makes_one_command() -> None:
    done = run("assess", "-", "--format", "json", text='{"age_years": 47, "present": ["fever"]}')
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("{")
    assert not HEAVY & set(done.stderr.split())
    assert "commands 1 groups 0" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("screen", "--help"), "commands 0 groups 1"),
        (("knowledge", "--help"), "commands 0 groups 1"),
        (("leaflet", "--help"), "commands 1 groups 0"),
    ],
)
def test_a_command_of_a_group_and_a_group_are_found(arguments: tuple[str, ...], said: str) -> None:
    done = run(*arguments)
    assert done.returncode == 0
    assert f"Usage: backspasm {arguments[0]}" in " ".join(done.stdout.split())
    assert said in done.stderr


@pytest.mark.parametrize("first", ["--help", "asess", ""])
def test_what_is_no_command_is_answered_with_all(first: str) -> None:
    done = run(first) if first else run()
    text = done.stdout + done.stderr
    assert (
        ("Did you mean 'assess'" in text) if first == "asess" else all(w in text for w in ("assess", "screen", "store"))
    )
    assert int(done.stderr.split()[-1]) > 5

"""What a command loads and makes before it answers: no more than it needs."""

from __future__ import annotations

import subprocess
import sys

import pytest
from typer.main import get_command

from backspasm.cli import app, only

HEAVY = {"numpy.ma", "scipy", "pyarrow", "numba", "matplotlib", "jsonschema", "pydantic", "polars", "pandas"}

SAID = """
import sys
sys.argv = ["backspasm", *sys.argv[1:]]
from backspasm.cli import main
try:
    main()
finally:
    print(*sys.modules, file=sys.stderr)
"""


def run(*arguments: str, text: str = "") -> subprocess.CompletedProcess[str]:
    line = [sys.executable, "-c", SAID, *arguments]
    return subprocess.run(line, input=text, capture_output=True, text=True, check=False)


def commands(name: str) -> set[str]:
    return set(getattr(get_command(only(name)), "commands", {}))


def test_an_assessment_loads_nothing_heavy() -> None:
    done = run("assess", "-", "--format", "json", text='{"age_years": 47, "present": ["fever"]}')
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("{")
    assert "numpy" in done.stderr.split()
    assert not HEAVY & set(done.stderr.split())


def test_a_note_is_read_without_the_model() -> None:
    done = run("read", "-", "--format", "json", text="47F, back pain for 3/52, no fever.")
    assert done.returncode == 0, done.stderr
    assert '"fever"' in done.stdout
    assert not {"numpy", "backspasm.inference"} & set(done.stderr.split())


def test_each_command_is_found_alone() -> None:
    """Commands, commands of a group without a name, and groups; and the whole stays as it was."""
    every = commands("")
    assert {"assess", "screen", "knowledge", "cycle", "store"} <= every
    alone = [name for name in sorted(every) if commands(name) == {name}]
    assert {"assess", "screen", "knowledge", "store"} <= set(alone)
    assert all(name in commands(name) for name in every)
    assert commands("") == every == set(getattr(get_command(app), "commands", {}))


@pytest.mark.parametrize("name", ["--help", "-h", "--version", "asess", ""])
def test_what_is_no_command_leaves_all(name: str) -> None:
    assert only(name) is app


def test_a_misspelt_command_is_answered_with_the_nearest() -> None:
    done = run("asess")
    assert done.returncode == 2
    assert "Did you mean 'assess'" in " ".join(done.stderr.replace("│", " ").split())

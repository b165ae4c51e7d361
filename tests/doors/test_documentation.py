"""What the documentation tells a reader to open, type or run is there: links, paths, commands with their options, examples."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml

from backspasm.cli import app
from tests.doors.conftest import Run

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
README = (ROOT / "README.md").read_text(encoding="utf-8")
#: made when asked for, by a command that the page names
MADE = ("docs/generated/",)
PLACE = re.compile(r"`((?:docs|examples|tests|tools|benchmarks)/[\w./-]+\w/?)`")
LINK = re.compile(r"\]\((?!https?:|mailto:|#)([^)#\s]+)(?:#[^)]*)?\)")
#: a command as it is typed: to the end of the code, the pipe or the line
TYPED = re.compile(r"\bbackspasm ([a-z][^`\n|>;#·]*)")


def commands() -> dict[tuple[str, ...], Any]:
    """Every command by its words."""

    def below(command: Any, words: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
        inner = getattr(command, "commands", None)
        if inner is None:
            yield words, command
            return
        for name, one in inner.items():
            yield from below(one, (*words, name))

    return dict(below(typer.main.get_command(app), ()))


COMMANDS = commands()


def misspelt(text: str) -> list[str]:
    """Commands in a text of which the command or an option does not exist."""
    wrong = []
    for typed in TYPED.findall(text):
        words = typed.split()
        own = next((c for c in (tuple(words[:2]), tuple(words[:1])) if c in COMMANDS), None)
        if own is None:
            if words[0] in {c[0] for c in COMMANDS} and len(words) > 1 and re.fullmatch("[a-z]+", words[1]):
                wrong.append(typed)
            continue
        known = {o for p in COMMANDS[own].params for o in (*p.opts, *p.secondary_opts)} | {"--help"}
        wrong += [f"{typed}: {o}" for o in re.findall(r"(?<![\w'-])--?[a-z][a-z-]*", typed) if o not in known]
    return wrong


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
def test_what_a_page_names_is_there(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    links = [t for t in LINK.findall(text) if not (page.parent / t).exists()]
    places = [t for t in PLACE.findall(text) if not t.startswith(MADE) and not (ROOT / t).exists()]
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    made = [t for t in re.findall(r"`make ([a-z-]+)", text) if t not in targets]
    assert (links, places, made, misspelt(text)) == ([], [], [], [])


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_the_examples_of_the_help_can_be_typed(words: tuple[str, ...]) -> None:
    examples = (COMMANDS[words].epilog or "").split(":", 1)[1]
    assert TYPED.findall(examples)
    for example in re.split(r"\s+·\s+", examples):
        assert misspelt(example) == []
        shlex.split(example)  # quotes are closed


def test_a_wrong_command_would_be_found() -> None:
    assert misspelt("`backspasm assess case.yaml --fromat json`") == ["assess case.yaml --fromat json: --fromat"]
    assert misspelt("`backspasm knowledge chek`") == ["knowledge chek"]


def test_the_readme_has_every_command_once() -> None:
    table = [
        re.findall(r"`([^`]+)`", line.split("|")[1]) for line in README.splitlines() if line.startswith("| `backspasm")
    ]
    told = [
        name.split()[1]
        for row in table
        for name in row
        if name.startswith("backspasm") and name.split()[1] != "knowledge"
    ]
    assert sorted({c[0] for c in COMMANDS} - {"knowledge"}) == sorted(dict.fromkeys(told))
    once = [row[0] for row in table]
    assert len(once) == len(set(once))


def test_the_python_of_the_readme_runs(capsys: pytest.CaptureFixture[str]) -> None:
    (code,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    exec(compile(code, "README.md", "exec"), {})
    assert capsys.readouterr().out.startswith("emergency [")


def test_the_case_of_the_readme_is_assessed(run: Run) -> None:
    (case,) = (c for c in re.findall(r"```yaml\n(.*?)```", README, re.DOTALL) if "age_years" in c)
    assert yaml.safe_load(case)["present"]
    assert run("assess", "-", stdin=case.encode()).code == 0


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_the_help_is_read_in_whole_sentences(run: Run, words: tuple[str, ...]) -> None:
    """No line ends before its paragraph is full, and no bracket is taken for markup."""
    said = run(*words, "--help").out
    text = " ".join(said.replace("│", " ").split())
    command = COMMANDS[words]
    paragraphs = (command.help or "").replace("`", "").split("\n\n")
    for paragraph in paragraphs:
        assert " ".join(paragraph.split()) in text
    for paragraph in paragraphs[1:]:
        lines = [
            line.strip() for line in said.splitlines() if line.strip() and line.strip() in " ".join(paragraph.split())
        ]
        width = max(len(line) for line in said.splitlines())
        assert all(len(one) + len(after.split()[0]) + 3 > width for one, after in pairwise(lines))
    for parameter in command.params:
        named = re.findall(r"\[[a-z]+\]", getattr(parameter, "help", None) or "")
        assert all(bracket in said for bracket in named)

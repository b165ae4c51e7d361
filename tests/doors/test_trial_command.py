"""What `trial` writes, and what it refuses."""

from __future__ import annotations

import io
import json
import re
from pathlib import Path
from xml.etree import ElementTree

import pytest
from rich.console import Console

from backspasm import Knowledge
from backspasm.cycle.trial.run import run_trial
from backspasm.presentation.trial_page import comparison_page
from backspasm.presentation.trial_terminal import print_comparison
from backspasm.records.library import knowledge_folder
from tests.doors.conftest import Outcome, Run

SHIPPED = knowledge_folder() / "cycle" / "trials"
QUICK = ("--replicates", "100")


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fewer patients than usual: these tests are of what is written."""
    monkeypatch.setattr("backspasm.cycle.trial.run.POOL", 250)
    monkeypatch.setattr("backspasm.cycle.trial.run.IN_WORLDS", 4)


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    """A user's protocol: no grounds, nothing published."""
    text = (SHIPPED / "borenstein1990.yaml").read_text(encoding="utf-8")
    path = tmp_path / "mine.yaml"
    path.write_text(text[: text.index("published:")].replace("id: borenstein1990", "id: mine"), encoding="utf-8")
    return path


def done(outcome: Outcome) -> str:
    assert (outcome.code, outcome.err) == (0, "")
    return outcome.out


def test_the_json_is_only_json_and_holds_both_models(run: Run) -> None:
    data = json.loads(done(run("trial", "friedman2015", "--format", "json", "--n", "30", *QUICK)))
    assert data["sizes"] == {"naproxen": 30, "both": 30}
    for side in ("loop", "rival"):
        assert data[side]["flow"]["randomised"] == {"naproxen": 30, "both": 30}
        assert len(data[side]["contrasts"]) == 4
        for c in data[side]["contrasts"]:
            assert c["trial"]["low"] <= c["trial"]["value"] <= c["trial"]["high"]
    assert [p["use"] for p in data["published"]] == ["held_out"] * len(data["published"])
    assert any("could not tell the loop from its rival" in line for line in data["says"])
    assert any("cannot decide between the sides" in line for line in data["says"])
    assert set(data["knowledge"]) == {"version", "digest"}


def test_the_same_seed_gives_the_same_bytes_and_another_others(run: Run, mine: Path) -> None:
    one, again, other = (
        done(run("trial", str(mine), "--format", "json", "--seed", seed, *QUICK)) for seed in ("3", "3", "4")
    )
    assert one == again != other


def test_the_terminal_shows_the_rival_in_every_table(run: Run) -> None:
    out = done(run("trial", "borenstein1990", *QUICK))
    words = " ".join(out.split())
    assert "Who took part" in words
    assert out.count("no loop") >= 3
    assert "no evidence for the loop" in words
    assert "names the right one" in words
    assert all(len(line) <= 80 for line in out.splitlines())


def test_the_page_needs_nothing_else_and_its_pictures_are_well_formed(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "trial.html"
    assert done(run("trial", "friedman2015", "--format", "html", "--out", str(path), *QUICK)) == ""
    page = path.read_text(encoding="utf-8")
    assert "<script" not in page
    assert not re.search(r'(?:src|href)\s*=\s*"(?!#|https?://[^"]+" rel="noreferrer)', page)
    assert not re.search(r"url\((?!#)", page)
    pictures = re.findall(r"<svg.*?</svg>", page, re.DOTALL)
    assert len(pictures) == 4  # courses, differences, published, where trials end
    for picture in pictures:
        ElementTree.fromstring(picture)
    assert re.search(r"Content-Security-Policy", page)
    assert "without the loop" in page


def test_a_page_of_a_users_protocol_escapes_what_it_says(run: Run, mine: Path) -> None:
    text = mine.read_text(encoding="utf-8").replace("name: naproxen,", 'name: "<script>alert(1)</script> | x",')
    mine.write_text(text, encoding="utf-8")
    page = done(run("trial", str(mine), "--format", "html", *QUICK))
    assert "<script>" not in page
    assert "&lt;script&gt;" in page
    sheet = done(run("trial", str(mine), "--format", "markdown", *QUICK))
    assert "<script>" not in sheet
    rows = [line for line in sheet.splitlines() if line.startswith("|")]
    assert rows
    assert all(r.count("|") - r.count("\\|") >= 3 for r in rows)
    assert "does not say where its numbers come from" in " ".join(page.split())


def test_markdown_tables_have_as_many_cells_in_each_row(run: Run) -> None:
    sheet = done(run("trial", "friedman2015", "--format", "markdown", *QUICK))
    blocks = re.findall(r"(?:^\|.*\n)+", sheet, re.MULTILINE)
    assert len(blocks) >= 5
    for block in blocks:
        assert len({line.count("|") - line.count("\\|") for line in block.splitlines()}) == 1, block


def test_all_stand_side_by_side_and_the_list_names_them(run: Run) -> None:
    data = json.loads(done(run("trial", "--compare-all", "--format", "json", "--n", "20", *QUICK)))
    names = [t["id"] for t in data["trials"]]
    assert names == [t["id"] for t in json.loads(done(run("trial", "--list", "--format", "json")))]
    assert len(names) >= 5
    assert any("never saw" in line for line in data["says"])
    listed = done(run("trial", "--list"))
    assert all(name in listed for name in names)


def test_the_comparison_names_every_trial_and_what_was_held_out(knowledge: Knowledge) -> None:
    results = [run_trial(p, knowledge.cycle, size=20, replicates=100) for p in knowledge.trials.values()]
    console = Console(file=io.StringIO(), width=80)
    print_comparison(results, knowledge, console)
    assert isinstance(console.file, io.StringIO)
    terminal = console.file.getvalue()
    assert all(len(line) <= 80 for line in terminal.splitlines())
    sheet, page = (comparison_page(results, knowledge, markdown=m).decode() for m in (True, False))
    for text in (terminal, sheet, page):
        for name in knowledge.trials:
            assert name in text
        words = " ".join(text.split())
        assert "held out" in words
        assert "built in" in words
        assert "cannot say which of the two is stronger" in words  # thiocolchicoside or tizanidine
        assert "None of the trials could tell the loop from its rival" in words
    assert page.count("<svg") == 3 * len(results) + sum(any(p.arms for p in r.protocol.published) for r in results)
    ids = re.findall(r'\sid="([^"]+)"', re.sub(r"<svg.*?</svg>", "", page, flags=re.DOTALL))
    assert len(ids) == len(set(ids))


def test_a_shipped_protocol_is_a_start_for_ones_own(run: Run, tmp_path: Path) -> None:
    text = done(run("trial", "childers2005", "--protocol"))
    path = tmp_path / "own.yaml"
    path.write_text(text.replace("n: 288", "n: 12"), encoding="utf-8")
    data = json.loads(done(run("trial", str(path), "--format", "json", *QUICK)))
    assert data["sizes"]["relaxant"] == 12
    assert done(run("trial", str(path), "--protocol")) == path.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("arguments", "parts"),
    [
        ((), ("PROTOCOL", "--list")),
        (("borenstein1990", "--compare-all"), ("PROTOCOL", "--list")),
        (("borenstein",), ("PROTOCOL (borenstein)", "did you mean 'borenstein1990'")),
        (("nowhere/mine.yaml",), ("PROTOCOL (nowhere/mine.yaml)", "no such file")),
        (("--list", "--format", "html"), ("--list", "--format json")),
        (("--list", "--protocol"), ("--protocol", "name it")),
        (("borenstein1990", "--n", "1"), ("--n",)),
        (("borenstein1990", "--replicates", "3"), ("--replicates",)),
        (("borenstein1990", "--format", "json", "--out", "/nowhere/at/all.json"), ("--out", "Mend")),
    ],
)
def test_what_is_wrong_is_named_with_its_mend(run: Run, arguments: tuple[str, ...], parts: tuple[str, ...]) -> None:
    refused = run("trial", *arguments, *(() if "--replicates" in arguments else QUICK))
    assert (refused.code, refused.out) == (2, "")
    for part in parts:
        assert part in " ".join(refused.err.split()), refused.err


def test_faults_of_a_protocol_name_file_line_and_mend_and_nothing_is_run(run: Run, mine: Path) -> None:
    text = mine.read_text(encoding="utf-8").replace("twice a day for 14 days}", "for 14 days}").replace("open", "opne")
    mine.write_text(text, encoding="utf-8")
    refused = run("trial", str(mine))
    assert (refused.code, refused.out) == (2, "")
    assert "mine.yaml:4: blinding" in refused.err
    mine.write_text(text.replace("opne", "open"), encoding="utf-8")
    refused = run("trial", str(mine))
    assert refused.code == 2
    assert "mine.yaml:15: arms.0.prescription (naproxen 500 mg for 14 days)" in refused.err
    assert "nothing was run" in refused.err


def test_too_few_eligible_is_refused_with_field_and_mend(run: Run, mine: Path) -> None:
    mine.write_text(mine.read_text(encoding="utf-8").replace("at_least: 4", "at_least: 90"), encoding="utf-8")
    refused = run("trial", str(mine))
    assert (refused.code, refused.out) == (2, "")
    assert "eligibility (mine): only 0 of 100,000" in refused.err

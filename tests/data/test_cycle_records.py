"""Faults in the cycle's records are reported with file, line and mend."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from backspasm.records.library import knowledge_folder, read_sources
from tests.data.spoilt import told_of


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the cycle's records only: what the schemas say needs no other file."""
    root = tmp_path_factory.mktemp("knowledge")
    shutil.copytree(knowledge_folder() / "cycle", root / "cycle")
    return root


@pytest.mark.parametrize(
    ("file", "old", "new", "what", "mend"),
    [
        ("parameters.yaml", "identified: weakly", "identified: weekly", "'weekly'", "weakly"),
        ("parameters.yaml", "between: {kind: lognormal, sd: 0.87}", "between: {kind: lognormal}", "lacks 'sd'", "sd"),
        ("drugs.yaml", "acts: nsaid", "acts: opioid", "opioid", "nsaid"),
        ("drugs.yaml", "clearance: {value: 515", "clearnce: {value: 515", "unknown key 'clearnce'", "clearance"),
        ("causes.yaml", "    healing: heals", "    healing: healed", "healed", "heals"),
        ("prescriptions.yaml", "adherence: {value: 0.85", "adherence: {value: much", "is not a number", "number"),
    ],
)
def test_a_fault_of_form(folder: Path, file: str, old: str, new: str, what: str, mend: str) -> None:
    path = folder / "cycle" / file
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    try:
        _, problems = read_sources(folder)
    finally:
        path.write_text(text, encoding="utf-8")
    own = [p for p in problems if p.file == f"cycle/{file}"]
    assert any(what in p.what.replace('"', "'") and mend in p.mend for p in own), own
    assert all(p.line > 1 for p in own)


def test_faults_between_records_are_found_together(tmp_path: Path) -> None:
    said = told_of(
        tmp_path,
        ("cycle/parameters.yaml", "value: 0.216\n    low: 0.0648", "value: 0.7\n    low: 0.0648"),
        ("cycle/parameters.yaml", "sources: [bjornsson2011/residual]", "sources: [bjornsson2011/residul]"),
        ("cycle/parameters.yaml", "- id: flare_size", "- id: flare_sizes"),
        ("cycle/drugs.yaml", "clearance: {value: 515", "clearance: {value: 551"),
        ("cycle/causes.yaml", "causes: [disc_herniation]", "causes: [disc_hernia]"),
    )
    for part in (
        "return_gain: 0.7 lies outside 0.0648..0.419",
        "unknown source 'bjornsson2011/residul'",
        "the model has no parameter 'flare_sizes'",
        "551 differs from 515",
        "unknown cause 'disc_hernia'. Mend: did you mean 'disc_herniation'?",
        "the cause 'disc_herniation' is in no class",
    ):
        assert part in said, said

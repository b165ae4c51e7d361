"""Does the page of performance say what was measured, what was missed and what is only projected?"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch) -> Any:
    """A module of the benchmarks by name; they stand outside the package."""
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    return import_module


@pytest.fixture
def measured(bench: Any) -> Any:
    m, page, machine = bench("measures"), bench("performance_page"), bench("performance_machine")
    rows = (
        m.Row("inference", "a batch", 5.0, "the bare products", 2.0, "µs a patient", 0.6),
        m.Row("inference", "the same network", 2.0, "pyAgrum", 1_000.0, "µs a patient", 300.0),
        m.Row("notes", "a note", 4.0, "edsnlp", 8.0, "ms a note"),
    )
    points = (m.Point("patients", 1_000, 2.0, 3.0, 150.0), m.Point("patients", 10_000, 15.0, 16.0, 151.0))
    found = m.Found(rows[:2], points)
    notes = m.Found(rows[2:], missing=("notes: negspacy is not installed",))
    return page.Measured(machine.this_machine(), m.Asked(), {"inference": found, "notes": notes}, ("service",))


def test_the_page_says_what_was_met_missed_missing_and_failed(bench: Any, measured: Any, tmp_path: Path) -> None:
    said = bench("performance_page").write_page(measured, tmp_path)
    assert said.splitlines() == ["1 of 2 aims met", "  missed: a batch, beside the bare products: 0.40, aim 0.60"]
    page = (tmp_path / "performance.md").read_text(encoding="utf-8")
    assert "| inference | a batch | 5 µs a patient | the bare products | 2 | 0.40 | 0.60 | **missed** |" in page
    assert "|  | the same network | 2 µs a patient | pyAgrum | 1,000 | 500 | 300 | met |" in page
    assert "| notes | a note | 4 ms a note | edsnlp | 8 | 2.00 |  |  |" in page
    assert "- notes: negspacy is not installed" in page
    assert "- service: the benchmark failed in this run" in page
    assert "| 10,000 | 15 | 1,500 | 151 | measured |" in page
    assert "| 10,000,000 | 15,000 | 1,500 | | projected |" in page
    for name in ("performance-ratios.svg", "performance-growth.svg"):
        assert f"pictures/{name}" in page
        assert "<svg" in (tmp_path / "pictures" / name).read_text(encoding="utf-8")


def test_one_part_measured_again_leaves_the_others(bench: Any, measured: Any) -> None:
    m, page = bench("measures"), bench("performance_page")
    again = m.Found((m.Row("notes", "a note", 1.0, "edsnlp", 8.0, "ms a note", 4.0),))
    now = page.Measured(measured.machine, measured.asked, {"notes": again})
    both = page.joined(measured, now, ("inference", "notes", "service"))
    assert [row.ratio for row in both.rows] == [0.4, 500.0, 8.0]
    assert both.earlier == ("inference",)
    assert "- inference: not measured in this run; from an earlier one" in "\n".join(page._page(both))


def test_every_area_has_a_benchmark_that_can_be_called(bench: Any) -> None:
    performance = bench("performance")
    for module in performance.AREAS.values():
        text = (BENCHMARKS / f"{module}.py").read_text(encoding="utf-8")
        assert "def measured(asked: Asked) -> Found:" in text


def test_an_area_that_fails_is_named(bench: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    performance, measures = bench("performance"), bench("measures")
    monkeypatch.setattr(performance, "HERE", tmp_path)
    (tmp_path / "performance.py").write_text("import sys; sys.exit('the disk is full')", encoding="utf-8")
    with pytest.raises(RuntimeError, match="the disk is full"):
        performance._in_its_own_process("notes", measures.Asked())

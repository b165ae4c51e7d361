"""Small exports of virtual patients for tests of screening."""

from __future__ import annotations

from pathlib import Path

from backspasm import Model
from backspasm.population.cohort import Cohort, Wanted
from backspasm.population.synthetic.files import Layout, write_records


def export(model: Model, folder: Path, count: int, seed: int = 3, grouped: bool = False, zipped: bool = False) -> Path:
    """The folder of an export of so many virtual patients."""
    cohort = Cohort(Wanted(seed=seed), model)
    return write_records(cohort, count, folder, Layout(20.0, grouped, zipped)).records


def contents(folder: Path) -> dict[str, bytes]:
    """Every file of a folder with its bytes, by name."""
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}

"""Matrices of inference that are kept on disk are those that would be made, and never those of other knowledge."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from backspasm import Model
from backspasm.inference.log_tables import circumstances, log_tables
from backspasm.inference.many import prepared
from backspasm.inference.many.prepared import decoded, encoded, prepare, tables_of
from backspasm.inference.many.stacked import Tables, stacked_of


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty cache, and nothing remembered before and after."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    forget()
    yield tmp_path / "backspasm"
    forget()


def forget() -> None:
    prepared._on_disk.cache_clear()
    tables_of.cache_clear()


def same(one: Tables, other: Tables) -> bool:
    blocks = zip((one.alone, *one.groups), (other.alone, *other.groups), strict=True)
    names = ("rows", "codes", "measured", "weights", "shares")
    alike = all(np.array_equal(getattr(a, n), getattr(b, n)) for a, b in blocks for n in names)
    return alike and np.array_equal(one.prior, other.prior) and one.log_setting == other.log_setting


def test_kept_matrices_are_those_that_would_be_made(model: Model, cache: Path) -> None:
    prepare(model)
    kept = list(cache.glob("*-tables.npz"))
    assert len(kept) == 1
    forget()
    found = decoded(kept[0].read_bytes())
    assert list(found) == [(setting, age) for setting, age, _ in circumstances(model)]
    for (setting, age), tables in found.items():
        made = stacked_of(log_tables(model, setting, age), len(model.parameters.causes))
        assert same(tables, made)
        assert same(tables_of(model, setting, age), made)
    before = kept[0].stat().st_mtime_ns
    prepare(model)
    assert [p.stat().st_mtime_ns for p in cache.iterdir()] == [before]


def test_a_damaged_file_is_made_anew(model: Model, cache: Path) -> None:
    prepare(model)
    kept = next(cache.glob("*-tables.npz"))
    whole = kept.read_bytes()
    for damaged in (b"", whole[: len(whole) // 2], b"x" * 100):
        kept.write_bytes(damaged)
        forget()
        assert same(tables_of(model, 0, 2), stacked_of(log_tables(model, 0, 2), len(model.parameters.causes)))
        prepare(model)
        assert kept.read_bytes() == whole == encoded(decoded(whole))


def test_other_parameters_never_get_them(model: Model) -> None:
    prepare(model)
    parameters = replace(model.parameters, complication_mean=model.parameters.complication_mean * 0.9)
    other = Model(model.knowledge, parameters)
    assert prepared._on_disk(other) == {}
    assert prepared._on_disk(model) != {}


def test_a_cache_that_cannot_be_written_is_no_error(
    model: Model, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    prepare(model)
    assert tables_of(model, 0, 0).prior.shape[-1] == len(model.parameters.causes)

"""Synthea bundles, where a folder of them is at hand: five against what a person read, all without error and fast."""

from __future__ import annotations

import gzip
import os
import time
from pathlib import Path

import pytest

from backspasm import Model, assess, from_fhir
from tests.doors.records import expectations, seen, unreferenced, wanted

FOLDER = os.environ.get("BACKSPASM_SYNTHEA", "")
EXPECTED = expectations("synthea_expected.yaml")
#: seconds in which a bundle is read and assessed
LIMIT = 2.0

pytestmark = pytest.mark.skipif(not FOLDER, reason="set BACKSPASM_SYNTHEA to a folder of Synthea bundles")


def content(path: Path) -> bytes:
    data = path.read_bytes()
    return gzip.decompress(data) if path.suffix == ".gz" else data


@pytest.mark.parametrize("name", EXPECTED)
def test_bundle_is_read_as_expected(name: str, model: Model) -> None:
    patient = from_fhir(content(Path(FOLDER) / name), model.knowledge)
    assert seen(patient, EXPECTED[name]) == wanted(EXPECTED[name])
    assert unreferenced(patient, model) == []


def test_every_bundle_is_read_and_assessed_in_time(model: Model) -> None:
    sizes: dict[str, int] = {}
    times: dict[str, float] = {}
    for path in sorted(p for p in Path(FOLDER).iterdir() if p.name.endswith((".json", ".json.gz"))):
        data = content(path)
        start = time.perf_counter()
        assess(from_fhir(data, model.knowledge), model)
        sizes[path.name], times[path.name] = len(data), time.perf_counter() - start
    assert sizes
    largest = max(sizes, key=sizes.__getitem__)
    print(f"{len(sizes)} bundles; largest {largest}, {sizes[largest] / 1e6:.1f} MB, {times[largest]:.2f} s")
    assert {name: seconds for name, seconds in times.items() if seconds >= LIMIT} == {}

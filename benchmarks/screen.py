"""Screening beside its limits, as ratios within one run. Run with `make bench` (small) or by itself with more patients.

    benchmarks/screen.py --patients 200000 --jobs 2 --spark

"Only decoding" reads the same lines and decodes them with msgspec into the structs that screening needs. Ratios compare
processor time, which depends less on what else the machine does; the start of the program is taken off.
The peer parses every resource with fhir.resources and asks pyAgrum for the posterior of the same network.
"""

from __future__ import annotations

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("OMP_NUM_THREADS", "1")

import argparse
import importlib
import json
import multiprocessing
import platform
import shutil
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from measures import Asked, Found, Point, Row, Spent, best, say, screened

from backspasm import Model, load
from backspasm.inference.log_tables import log_tables
from backspasm.inference.strata import Stratum
from backspasm.patients.from_fhir.bundle import READ
from backspasm.population.cohort import Cohort, Wanted
from backspasm.population.cohort_files import write_cohort
from backspasm.population.screen.inputs import find_input, lines_of, open_file
from backspasm.population.screen.lines import head_of, type_of
from backspasm.population.screen.partition import BLOCK, Stretch, lines_of_stretch, stretches_of
from backspasm.population.synthetic.files import Layout, write_records

#: patients whom the peer reads
PEER = 5
#: cases drawn for a table; a longer one repeats them
DRAWN = 100_000
#: runs of which the shortest counts
REPEATED = 2
#: rows of the table in one bare product
STEP = 4096
#: of only decoding, at most 1.6 times its time
LIMIT = 1 / 1.6
RECORDS, CASES = "screening records of patients", "probabilities of cases in a table"


def decode(piece: tuple[Path, Stretch]) -> float:
    """Decode the lines of one stretch into structs; returns the processor time in seconds."""
    start = time.process_time()
    place, stretch = piece
    file = find_input(place).files[stretch.source]
    decoders = {name: msgspec.json.Decoder(kind) for name, kind in READ.items()}
    with open_file(file.path, file.codec) as stream:
        for lines in lines_of_stretch(stream, stretch) if file.codec is None else lines_of(stream, BLOCK):
            for line in lines:
                decoder = decoders.get(type_of(line)) if line else None
                if decoder is not None:
                    decoder.decode(line)
    return time.process_time() - start


def decoding(place: Path, jobs: int) -> float:
    """Processor seconds of only decoding, on so many processes."""
    pieces = [(place, s) for s in stretches_of(find_input(place))]
    with multiprocessing.get_context("spawn").Pool(jobs) as pool:
        pool.map(abs, range(jobs))  # started
        return sum(pool.map(decode, pieces, chunksize=1))


def command(place: Path, out: Path, *options: str) -> tuple[float, float, float]:
    """Seconds of a run, its processor seconds (of all its processes), and the peak memory of the first in MB."""
    spent = screened(place, out, *options)
    return spent.clock, spent.processor, spent.memory


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--patients", type=int, default=2_000)
    parser.add_argument("--rows", type=int, default=1_000_000, help="cases of the table")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--spark", action="store_true", help="also on Spark, local[JOBS]")
    asked = parser.parse_args()
    model = load()
    print(
        f"machine: {platform.machine()}, {os.cpu_count()} cores (load {os.getloadavg()[0]:.1f}), "
        f"Python {platform.python_version()}"
    )
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        records(model, root, asked.patients, asked.jobs, asked.spark)
        table(model, root, asked.rows)
        peer(model, root)


def records(model: Model, root: Path, patients: int, jobs: int, spark: bool) -> None:
    """An export of records: against only decoding, grouped and not; memory at N and 5 N."""
    size = 0.0
    tiny = write_records(Cohort(Wanted(), model), 1, root / "tiny", Layout(20.0)).records
    _, begin, _ = command(tiny, root / "out", "--jobs", "1")
    for grouped in (False, True):
        written = write_records(Cohort(Wanted(), model), patients, root / f"g{grouped:d}", Layout(20.0, grouped))
        place, size = written.records, written.size / patients / 1000
        bare = decoding(place, jobs)
        seconds, _, _ = command(place, root / "out", "--jobs", str(jobs))
        _, used, _ = command(place, root / "out", "--jobs", "1")
        used -= begin
        kind = "patient after patient" if grouped else "a file a type"
        print(
            f"{patients:,} patients of {size:.1f} kB, {kind + ':':23}{seconds:8.1f} s on {jobs} processes "
            f"({patients / seconds:,.0f} a second); processor {1000 * used / patients:.2f} ms a patient, "
            f"{used / bare:.1f} times only decoding"
        )
    place = root / "g0" / "records"
    if spark:
        seconds, _, _ = command(place, root / "out", "--engine", "spark", "--master", f"local[{jobs}]")
        local, _, _ = command(place, root / "out", "--jobs", str(jobs))
        print(
            f"the same on Spark, local[{jobs}]:                 {seconds:8.1f} s, {seconds / local:.1f} times the local engine"
        )
    _, _, small = command(place, root / "out", "--jobs", "1")
    more = write_records(Cohort(Wanted(seed=2), model), 5 * patients, root / "more", Layout(20.0)).records
    _, _, large = command(more, root / "out", "--jobs", "1")
    print(
        f"peak memory of a process:                {small:8.0f} MB at {patients:,} patients, {large:.0f} MB at {5 * patients:,}"
    )


def table(model: Model, root: Path, rows: int) -> None:
    """Tables of cases to probabilities, beside the bare matrix products of a dense design: some answers, and few."""
    small = write_cohort(Cohort(Wanted(), model), 2, root / "small", "parquet")[0]
    command(small, root / "out", "--only", "probabilities", "--jobs", "1")  # makes the machine code, once and for all
    for what, answered in (("30 % answered", 0.3), ("10 answers a row", 0.065)):
        cohort = write_cohort(Cohort(Wanted(answered=answered), model), min(rows, DRAWN), root / what, "parquet")[0]
        place = tiled(cohort, rows, root / f"{what}.parquet")
        options = ("--only", "probabilities", "--jobs", "1")
        start = min(command(small, root / "out", *options)[1] for _ in range(REPEATED))
        found = [command(place, root / "out", *options) for _ in range(REPEATED)]
        seconds, memory = min(f[1] for f in found) - start, found[0][2]
        products = bare_products(model) * rows
        print(
            f"{rows:,} cases in Parquet to probabilities, {what + ':':18}{seconds:7.2f} s of a processor and {start:.2f} s to "
            f"start ({rows / seconds:,.0f} a second, {products / seconds:.2f} of the bare products' speed, peak {memory:.0f} MB)"
        )


def tiled(cohort: Path, rows: int, place: Path) -> Path:
    """A table of so many rows: those of the cohort over and over, each time with other names."""
    drawn = pq.read_table(cohort)
    with pq.ParquetWriter(place, drawn.schema) as out:
        for first in range(0, rows, len(drawn)):
            some = drawn.slice(0, min(len(drawn), rows - first))
            names = pa.array([f"t{i:09d}" for i in range(first, first + len(some))])
            out.write_table(some.set_column(0, "id", names))
    return place


def bare_products(model: Model) -> float:
    """Seconds a row of the matrix products alone."""
    tables = log_tables(model, 2, 2)
    rng = np.random.default_rng(2)
    matrices = []
    for block in (tables.alone, *tables.groups):
        columns = sum(len(t) - 1 for t in block.items.values()) + 3 * len(block.values)
        matrices.append((rng.random((STEP, columns)), rng.random((columns, len(block.shares)))))
    return best(lambda: [x @ w for x, w in matrices], 20) / STEP


def peer(model: Model, root: Path) -> None:
    """fhir.resources and pyAgrum on a few patients, beside screening on one process."""
    place = root / "g1" / "records" / "records.ndjson"
    by_patient: dict[str, list[bytes]] = {}
    for line in place.read_bytes().splitlines():
        by_patient.setdefault(head_of(line).patient or "", []).append(line)
    patients = list(by_patient.values())[: PEER + 1][1:]
    _, begin, _ = command(root / "tiny" / "records", root / "out", "--jobs", "1")
    _, seconds, _ = command(root / "g1" / "records", root / "out", "--jobs", "1")
    ours = (seconds - begin) / len(by_patient)
    parsing = best(lambda: parse([line for lines in patients for line in lines]), 2) / PEER
    inferring = best(inference(model), 2)
    print(
        f"fhir.resources and pyAgrum:              {1000 * (parsing + inferring):8.1f} ms a patient ({1000 * parsing:.1f} parsing, "
        f"{1000 * inferring:.1f} inference); screening {1000 * ours:.2f} ms: {(parsing + inferring) / ours:,.0f} times faster"
    )


def parse(lines: Sequence[bytes]) -> None:
    """Every resource by fhir.resources (R4B, the nearest that it has)."""
    for line in lines:
        data = json.loads(line)
        kind: Any = importlib.import_module(f"fhir.resources.R4B.{data['resourceType'].lower()}")
        getattr(kind, data["resourceType"]).model_validate(data)


def inference(model: Model) -> Callable[[], object]:
    """One posterior of the exported network by pyAgrum, with ten answers."""
    from backspasm.presentation.network_file import network_file

    p = model.parameters
    stratum = Stratum(p.settings[2], p.ages.bands[-2], "male")
    gum: Any = importlib.import_module("pyagrum")
    with tempfile.NamedTemporaryFile("w", suffix=".bifxml") as file:
        file.write(network_file(model, stratum))
        file.flush()
        engine = gum.LazyPropagation(gum.loadBN(file.name))
    engine.setTargets({"cause"})
    said = dict.fromkeys(p.booleans[:10], 0)

    def infer() -> None:
        engine.setEvidence(said)
        engine.makeInference()
        engine.posterior("cause")

    return infer


def measured(asked: Asked) -> Found:
    """Screening end to end beside its limits and its peer, and how its cost grows."""
    model = load()
    rows: list[Row] = []
    points: list[Point] = []
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        out = root / "out"
        few = max(1, asked.patients // 10)  # with some patients, so that what is worked out once is part of the start
        tiny = write_records(Cohort(Wanted(), model), few, root / "tiny", Layout(20.0)).records
        begin = min(screened(tiny, out, "--jobs", "1").processor for _ in range(2))
        ours = start = 0.0
        for grouped in (False, True):
            say(f"screening: {asked.patients} patients, {'patient after patient' if grouped else 'a file a type'}")
            written = write_records(
                Cohort(Wanted(), model), asked.patients, root / f"g{grouped:d}", Layout(20.0, grouped)
            )
            size = written.size / asked.patients / 1000
            bare = min(decoding(written.records, 1) for _ in range(2))
            one = screened(written.records, out, "--jobs", "1")
            ours = 1000 * max(one.processor - begin, 1e-3) / (asked.patients - few)
            kind = "each patient's resources together" if grouped else "a file for each type"
            rows.append(
                Row("screening", f"records of {size:.1f} kB, {kind}", ours, "only decoding them",
                    1000 * bare / asked.patients, "ms of a processor a patient", LIMIT)
            )  # fmt: skip
            if not grouped:
                start = begin - few * ours / 1000
                points.append(_point(RECORDS, asked.patients, one, start))
        if asked.spark:
            say("screening: the same on Spark")
            master = f"local[{asked.jobs}]"
            records_, jobs = root / "g0" / "records", str(asked.jobs)
            spark = screened(records_, out, "--engine", "spark", "--master", master)
            local = screened(records_, out, "--jobs", jobs)
            rows.append(
                Row("screening", f"the same, {jobs} processes", local.clock, f"Spark, {master}", spark.clock, "s")
            )
        missing = _beside_peers(model, root, ours, rows)
        for count in _sizes(asked.patients, asked.largest_records):
            say(f"screening: growth, {count:,} patients")
            more = write_records(Cohort(Wanted(seed=2), model), count, root / f"n{count}", Layout(20.0)).records
            points.append(_point(RECORDS, count, screened(more, out, "--jobs", "1"), start))
            shutil.rmtree(root / f"n{count}")
        small, large = points[0].memory, max(points, key=lambda p: p.count)
        assert small is not None
        assert large.memory is not None
        rows.append(
            Row("screening", f"memory of a process, {large.count:,} patients", large.memory, "1.5 GB", 1_500.0, "MB", 1.0,
                f"{small:.0f} MB at {points[0].count:,}")
        )  # fmt: skip
        _tables(model, root, asked, rows, points)
    return Found(tuple(rows), tuple(points), missing)


def _point(series: str, count: int, spent: Spent, begin: float) -> Point:
    return Point(series, count, max(spent.processor - begin, 1e-3), spent.clock, spent.memory)


def _sizes(done: int, largest: int) -> list[int]:
    """Powers of ten above what was measured, up to the largest."""
    return [10**k for k in range(3, 9) if done < 10**k <= largest]


def _beside_peers(model: Model, root: Path, ours: float, rows: list[Row]) -> tuple[str, ...]:
    say("screening: fhir.resources and pyAgrum")
    by_patient: dict[str, list[bytes]] = {}
    for line in (root / "g1" / "records" / "records.ndjson").read_bytes().splitlines():
        by_patient.setdefault(head_of(line).patient or "", []).append(line)
    patients = list(by_patient.values())[1 : PEER + 1]
    try:
        parsing = best(lambda: parse([line for lines in patients for line in lines]), 2) / len(patients)
        inferring = best(inference(model), 2)
    except ImportError as error:
        return (f"screening: {error.name} is not installed",)
    theirs = 1000 * (parsing + inferring)
    what, unit = "records, each patient's resources together", "ms of a processor a patient"
    note = f"{1000 * parsing:.1f} ms parsing, {1000 * inferring:.1f} ms one posterior"
    rows.append(Row("screening", what, ours, "fhir.resources and pyAgrum", theirs, unit, 100.0, note))
    return ()


def _tables(model: Model, root: Path, asked: Asked, rows: list[Row], points: list[Point]) -> None:
    """Tables of cases to probabilities, with some answers and with few: beside the bare products, and how cost grows."""
    say("screening: tables of cases")
    options = ("--only", "probabilities", "--jobs", "1")
    small = write_cohort(Cohort(Wanted(), model), 2, root / "small", "parquet")[0]
    begin = min(screened(small, root / "out", *options).processor for _ in range(1 + REPEATED))
    product = bare_products(model)
    sizes = [10**k for k in range(3, 9) if 10**k <= asked.largest]
    for what, answered in (("30 % answered", 0.3), ("10 answers each", 0.065)):
        drawn = min(asked.largest, DRAWN)
        cohort = write_cohort(Cohort(Wanted(answered=answered), model), drawn, root / what, "parquet")[0]
        found = []
        for count in sizes:
            say(f"screening: a table of {count:,} cases, {what}")
            place = tiled(cohort, count, root / "table.parquet")
            found.append(_point(f"{CASES}, {what}", count, screened(place, root / "out", *options), begin))
            place.unlink()
        points += found
        each = 1e6 * found[-1].seconds / found[-1].count
        note = f"beyond {DRAWN:,} the cases repeat" if found[-1].count > DRAWN else ""
        name = f"{found[-1].count:,} cases in Parquet to probabilities, {what}"
        rows.append(
            Row(
                "screening",
                name,
                each,
                "the bare matrix products",
                1e6 * product,
                "µs of a processor a case",
                0.6,
                note,
            )
        )


if __name__ == "__main__":
    main()

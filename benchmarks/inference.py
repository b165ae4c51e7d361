"""Speed of an assessment, as ratios against limits measured in the same run. Run with `make bench`.

The batch and the bare matrix products run on one thread of BLAS, so that their ratio does not depend on what else the
machine does. "Bare products" are those that a dense design would need, input ready: one column for every item that a
finding can form, times causes x configurations of each group of complications.
"""

from __future__ import annotations

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import importlib
import platform
import resource
import subprocess
import sys
import tempfile
import time
from typing import Any

import numpy as np
from measures import Asked, Found, Row, best, run, say
from screen import bare_products

from backspasm import Model, assess, from_case, load
from backspasm.advice.assessment import differential_of
from backspasm.advice.course import course_of
from backspasm.advice.next_step import next_step
from backspasm.advice.situation import situation_of
from backspasm.inference.batch import score
from backspasm.inference.bins import edges_of
from backspasm.inference.columns import Columns, columns_of, evidence_of, items_of
from backspasm.inference.log_tables import log_tables
from backspasm.inference.network import ABSENT, PRESENT, bin_names
from backspasm.inference.strata import Stratum
from backspasm.presentation.network_file import network_file

CASES = 100_000
FROM_DICTS = 5_000
PYAGRUM_CASES = 200
CASE = {
    "age_years": 47,
    "sex": "male",
    "setting": "emergency",
    "present": ["fever", "spinal_tenderness", "iv_drug_use", "night_pain"],
    "absent": ["significant_trauma", "saddle_anaesthesia", "motor_weakness", "weight_loss", "history_of_cancer"],
    "measured": {"crp": 182, "duration_days": 9, "temperature": 38.7},
}
#: adults in an emergency department: positions of setting and age group
SETTING, AGE = 2, 2


def best_of_commands(line: list[str], times: int, text: bytes = b"") -> tuple[float, float]:
    """Least time that passes until a command has ended, and least processor time, in seconds."""
    passed, used = [], []
    for _ in range(times):
        start, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(line, input=text, capture_output=True, check=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        passed.append(time.perf_counter() - start)
        used.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return min(passed), min(used)


def patients(model: Model, count: int, asked: float, measured: float) -> Columns:
    """Random adults: every finding asked with one probability, present at its rate for a random cause."""
    rng = np.random.default_rng(1)
    p = model.parameters
    cause = rng.integers(0, len(p.causes), count)
    answers = np.where(rng.random((count, len(p.booleans))) < model.means.rates(AGE)[cause], 1, -1).astype(np.int8)
    answers[rng.random(answers.shape) > asked] = 0
    y = p.value_mean[AGE, cause, :, 0] + np.exp(p.value_log_spread[AGE, cause, :, 0]) * rng.standard_normal(
        (count, len(p.measured))
    )
    values = np.where(p.lognormal, np.exp(np.minimum(y, 20)), y)
    values[rng.random(values.shape) > measured] = np.nan
    bands = [i for i, band in enumerate(p.ages.bands) if p.ages.group(band) == "adult"]
    out = Columns(
        np.asfortranarray(answers),
        np.asfortranarray(values),
        np.full(count, SETTING, dtype=np.int8),
        rng.choice(bands, count).astype(np.int8),
        rng.integers(0, 2, count).astype(np.int8),
    )
    linked = [
        i for i, f in enumerate(p.booleans) if any(f in (link.finding, link.other) for link in model.knowledge.links)
    ]
    wrong = np.flatnonzero(evidence_of(out, p, model.knowledge).contradictory)
    out.answers[np.ix_(wrong, np.array(linked))] = 0
    return out


def main() -> None:
    model = load()
    print(
        f"machine: {platform.machine()}, {os.cpu_count()} cores (load {os.getloadavg()[0]:.1f}), "
        f"Python {platform.python_version()}, NumPy {np.__version__}"
    )
    one_patient(model)
    command()
    batch(model)
    against_pyagrum(model)


def one_patient(model: Model) -> None:
    patient = from_case(CASE, model.knowledge)

    def without_draws() -> None:
        model._draws.clear()
        assess(patient, model)

    first = best(without_draws, 5)
    again = best(lambda: assess(patient, model), 20)
    point = best(lambda: assess(patient, model, draws=2), 5)
    print(
        f"one patient in process, 1,000 draws:   {1000 * again:8.1f} ms  (no draw of parameters kept yet: {1000 * first:.1f} ms;"
    )
    print(f"                                                    with 2 draws: {1000 * point:.1f} ms)")
    asked = best(lambda: next_step(situation_of(patient, model)), 10)
    chances = differential_of(patient, model)
    course = best(lambda: course_of(patient, chances, model.knowledge), 10)
    print(
        f"  of it probabilities, intervals, reasons:{1000 * (again - asked - course):7.1f} ms, what to ask next "
        f"{1000 * asked:.1f} ms, the simulated course {1000 * course:.1f} ms"
    )


def command() -> None:
    line = [sys.executable, "-m", "backspasm.cli", "assess", "-", "--format", "json"]
    text = str(CASE).replace("'", '"').encode()
    cold, used = best_of_commands(line, 7, text)
    bare, _ = best_of_commands([sys.executable, "-c", "import numpy"], 7)
    print(
        f"whole command, cold start:             {1000 * cold:8.1f} ms  ({cold / bare:.1f} times importing NumPy alone; "
        f"processor {1000 * used:.0f} ms)"
    )


def batch(model: Model) -> None:
    tables = log_tables(model, SETTING, AGE)
    rng = np.random.default_rng(2)
    step = 4096
    matrices = []
    for block in (tables.alone, *tables.groups):
        columns = sum(len(t) - 1 for t in block.items.values()) + 3 * len(block.values)
        matrices.append((rng.random((step, columns)), rng.random((columns, len(block.shares)))))
    product = best(lambda: [x @ w for x, w in matrices], 20) * CASES / step
    shapes = ", ".join(f"{w.shape[0]} x {w.shape[1]}" for _, w in matrices)
    print(f"bare matrix products, {CASES:,} rows:    {product:8.2f} s   ({shapes})")
    for what, asked, measured in (("a tenth", 0.1, 0.1), ("a third", 1 / 3, 0.3), ("nearly all", 0.95, 0.9)):
        rows = patients(model, CASES, asked, measured)
        derived = best(lambda rows=rows: evidence_of(rows, model.parameters, model.knowledge), 3)  # type: ignore[misc]
        for engine, compiled in (("machine code", True), ("NumPy", False)):
            score(rows, model, compiled)  # makes the machine code, once and for all
            whole = best(lambda rows=rows, compiled=compiled: score(rows, model, compiled), 4)  # type: ignore[misc]
            product = min(product, best(lambda: [x @ w for x, w in matrices], 20) * CASES / step)
            print(
                f"columns to causes, {f'{what} answered, {engine}:':34}{whole:8.2f} s   ({CASES / whole:,.0f} a second, "
                f"{product / whole:.2f} of the bare products' speed; of it derived answers {derived:.2f} s)"
            )
    cases = [CASE | {"age_years": 20 + i % 60} for i in range(FROM_DICTS)]

    def from_dicts() -> None:
        people = [from_case(case, model.knowledge) for case in cases]
        score(columns_of(people, model.parameters, model.knowledge), model)

    dicts = best(from_dicts, 2)
    print(f"case dicts to causes, {FROM_DICTS:,} cases:     {dicts:8.2f} s   ({FROM_DICTS / dicts:,.0f} a second)")


def same_network(model: Model, count: int, few: int) -> tuple[Columns, list[dict[str, str]], Any]:
    """Patients of one stratum, the answers of the first of them for pyAgrum, and pyAgrum with the same network.

    pyAgrum gets measured values as bins, the batch as they are.
    """
    p = model.parameters
    rows = patients(model, count, 1 / 3, 0.3)
    band, sex = int(rows.band[0]), 0
    rows.band[:], rows.sex[:] = band, sex
    stratum = Stratum(p.settings[SETTING], p.ages.bands[band], "male")
    edges = edges_of(model, stratum)
    evidence = evidence_of(rows, p, model.knowledge)
    absent = {"absent", "absent_given", "absent_after"}
    states = [
        (f, [ABSENT if i.kind in absent else PRESENT for i in forms])
        for f, forms in items_of(p, model.knowledge).items()
    ]
    network = []
    for n in range(few):
        said = {f: of[k - 1] for (f, of), k in zip(states, evidence.items[:, n].tolist(), strict=True) if k}
        for m, value in zip(p.measured, rows.measured[n], strict=True):
            if not np.isnan(evidence.values[p.measured.index(m), n]):
                said[m] = bin_names(edges[m])[int(np.searchsorted(edges[m], value, side="right"))]
        network.append(said)
    pyagrum: Any = importlib.import_module("pyagrum")
    with tempfile.NamedTemporaryFile("w", suffix=".bifxml") as file:
        file.write(network_file(model, stratum))
        file.flush()
        engine = pyagrum.LazyPropagation(pyagrum.loadBN(file.name))
    engine.setTargets({"cause"})
    return rows, network, engine


def against_pyagrum(model: Model) -> None:
    rows, network, engine = same_network(model, CASES, PYAGRUM_CASES)

    def infer() -> None:
        for said in network:
            engine.setEvidence(said)
            engine.makeInference()
            engine.posterior("cause")

    theirs = best(infer, 3) / PYAGRUM_CASES
    ours = best(lambda: score(rows, model, compiled=True), 4) / CASES
    print(
        f"pyAgrum, same network, third answered: {1000 * theirs:8.2f} ms a patient (LazyPropagation); "
        f"the batch {1000 * ours:.4f} ms: {theirs / ours:,.0f} times faster"
    )


def measured(asked: Asked) -> Found:
    """Inference beside its limit, its peer and the clock."""
    model = load()
    cases = 20_000 if asked.quick else CASES
    rows: list[Row] = []
    say("inference: the whole command")
    text = str(CASE).replace("'", '"').encode()
    cold = min(run("assess", "-", "--format", "json", text=text).clock for _ in range(2 if asked.quick else 5))
    rows.append(Row("inference", "whole command, cold start", cold, "a limit of 0.8 s", 0.8, "s", 1.0))
    say("inference: one patient")
    patient = from_case(CASE, model.knowledge)
    assess(patient, model)
    one = 1000 * best(lambda: assess(patient, model), 3 if asked.quick else 10)
    rows.append(Row("intervals", "one patient, 1,000 draws", one, "a limit of 50 ms", 50.0, "ms of a processor", 1.0))
    say("inference: many patients")
    product = 1e6 * bare_products(model)
    for what, share, values in (("a tenth", 0.1, 0.1), ("a third", 1 / 3, 0.3), ("nearly all", 0.95, 0.9)):
        people = patients(model, cases, share, values)
        score(people, model, compiled=True)  # makes the machine code, once and for all
        for engine, compiled, aim in (("", True, 0.6), (", NumPy alone", False, None)):
            ours = 1e6 * best(lambda people=people, c=compiled: score(people, model, c), 3) / cases  # type: ignore[misc]
            name = f"many patients, {what} of the findings answered{engine}"
            rows.append(
                Row("inference", name, ours, "the bare matrix products", product, "µs of a processor a patient", aim)
            )
    say("inference: pyAgrum")
    people, network, engine = same_network(model, cases, 40 if asked.quick else PYAGRUM_CASES)

    def infer() -> None:
        for said in network:
            engine.setEvidence(said)
            engine.makeInference()
            engine.posterior("cause")

    theirs = 1e6 * best(infer, 2) / len(network)
    ours = 1e6 * best(lambda: score(people, model, compiled=True), 3) / cases
    rows.append(
        Row("inference", "the same network, a third answered", ours, "pyAgrum", theirs, "µs of a processor a patient", 300.0,
            "LazyPropagation, one patient after the other")
    )  # fmt: skip
    return Found(tuple(rows))


if __name__ == "__main__":
    main()

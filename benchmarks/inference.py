"""Speed of an assessment, as ratios against limits measured in the same run. Run with `make bench`."""

from __future__ import annotations

import os
import platform
import random
import subprocess
import sys
import time
from collections.abc import Callable

import numpy as np

from backspasm import assess, from_case, load
from backspasm.inference.batch import Evidence, design, score, tables
from backspasm.inference.numbers import age_group
from backspasm.inference.strata import Stratum
from backspasm.patients.answers import answers_of

CASES = 100_000
CASE = {
    "age_years": 47,
    "sex": "male",
    "setting": "emergency",
    "present": ["fever", "spinal_tenderness", "iv_drug_use", "night_pain"],
    "absent": ["significant_trauma", "saddle_anaesthesia", "motor_weakness", "weight_loss", "history_of_cancer"],
    "measured": {"crp": 182, "duration_days": 9, "temperature": 38.7},
}


def best(action: Callable[[], object], times: int) -> float:
    """Least of several times, in seconds."""
    out = []
    for _ in range(times):
        start = time.perf_counter()
        action()
        out.append(time.perf_counter() - start)
    return min(out)


def main() -> None:
    model = load()
    patient = from_case(CASE, model.knowledge)
    print(
        f"machine: {platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, NumPy {np.__version__}"
    )

    one = best(lambda: assess(patient, model), 5)
    point = best(lambda: assess(patient, model, draws=2), 5)
    print(f"one patient in process, 1,000 draws:   {1000 * one:8.1f} ms  (with 2 draws {1000 * point:.1f} ms)")

    command = [sys.executable, "-m", "backspasm.cli", "assess", "-", "--format", "json"]
    text = str(CASE).replace("'", '"').encode()
    cold = best(lambda: subprocess.run(command, input=text, capture_output=True, check=True), 3)
    bare = best(lambda: subprocess.run([sys.executable, "-c", "import numpy, scipy.special"], check=True), 3)
    print(
        f"whole command, cold start:             {1000 * cold:8.1f} ms  ({cold / bare:.1f} times importing NumPy and SciPy alone)"
    )

    rng = random.Random(1)
    answers = answers_of(patient, model.knowledge).items
    bands = [b for b in model.parameters.ages.bands if not model.parameters.ages.is_child(b)]
    rows = []
    for _ in range(CASES):
        stratum = Stratum("emergency", rng.choice(bands), rng.choice(["male", "female"]))
        rows.append(Evidence(stratum, tuple(i for i in answers if rng.random() < 0.8)))
    score(rows[:1000], model)
    batch = best(lambda: score(rows, model), 2)
    blocks = tables(model, "emergency", age_group(model.parameters, rows[0].stratum))
    matrices = [(x, b.weights) for x, b in zip(design(rows[:4096], blocks, model), blocks, strict=True)]
    product = best(lambda: [x @ w for x, w in matrices], 5) * CASES / 4096
    print(f"batch of {CASES:,} cases:               {batch:8.2f} s   ({CASES / batch:,.0f} a second)")
    print(
        f"bare matrix products of that shape:    {product:8.2f} s   (the batch runs at {product / batch:.2f} of their speed)"
    )


if __name__ == "__main__":
    main()

"""Virtual records, screened and audited, against their truth: what is found again. `make truth`; arguments: patients, seed."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from backspasm.population.audit.files import parts_of
from backspasm.population.audit.recovered import recovered
from backspasm.records.library import read_knowledge


def main(patients: str = "5000", seed: str = "1") -> None:
    with tempfile.TemporaryDirectory() as folder:
        cohort, screened = Path(folder, "cohort"), Path(folder, "screened")
        _run("cohort", "--n", patients, "--seed", seed, "--format", "ndjson", "--grouped", "--out", str(cohort))
        _run("screen", str(cohort / "records"), "--out", str(screened))
        rows = recovered(parts_of(screened), cohort / "truth.parquet", read_knowledge())
    width = max(len(r.what) for r in rows)
    print(f"Truth recovered from {patients} virtual records (seed {seed}); 95 % intervals (Wilson)")
    for r in rows:
        if r.share is None or r.low is None or r.high is None:
            print(f"{r.what:<{width}}  of nobody")
        else:
            print(f"{r.what:<{width}}  {r.share:6.1%}  {r.low:6.1%} to {r.high:6.1%}  {r.count} of {r.of}")


def _run(*command: str) -> None:
    subprocess.run([sys.executable, "-m", "backspasm.cli", *command], check=True)


if __name__ == "__main__":
    main(*sys.argv[1:])

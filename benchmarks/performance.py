"""All of performance in one run: `make bench`. Writes docs/performance.md, its figures and its numbers as JSON.

    make bench                                                      about ten minutes on two cores
    make bench BENCH="--quick"                                      a minute or two: whether everything runs
    make bench BENCH="--patients 20000 --largest 10000000 --largest-records 200000 --spark"    an hour or more
    benchmarks/performance.py --only screening --only service       parts; the rest of the page stays as it was
    benchmarks/performance.py --page                                the page again from the numbers of the last run

Each benchmark runs in a process of its own beside its peers, so that ratios are those of one run on one machine. What fails is
named, the others go on, and the exit code is 1.
"""

from __future__ import annotations

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("OMP_NUM_THREADS", "1")

import argparse
import importlib
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import msgspec
from measures import Asked, Found, say
from performance_machine import this_machine
from performance_page import Measured, joined, write_page

HERE = Path(__file__).parent
ROOT = HERE.parent
NUMBERS = ROOT / "docs" / "performance.json"
#: name -> the module that measures it, in the order of the page
AREAS = {
    "inference": "inference",
    "notes": "notes",
    "parsing": "parsing",
    "screening": "screen",
    "simulation": "cycle",
    "service": "service",
}


def main() -> int:
    asked, only, page, into = _arguments()
    if into is not None:  # one area, in a process of its own
        found: Found = importlib.import_module(AREAS[only[0]]).measured(asked)
        into.write_bytes(msgspec.json.encode(found))
        return 0
    before = _last_run()
    if page:
        if before is None:
            say(f"{NUMBERS.relative_to(ROOT)} is not there: run `make bench`")
            return 2
        write_page(before, ROOT / "docs")
        return 0
    start, machine = time.monotonic(), this_machine()
    areas: dict[str, Found] = {}
    failed: list[str] = []
    for i, name in enumerate(only or AREAS):
        say(f"[{i + 1}/{len(only or AREAS)}, {time.monotonic() - start:.0f} s] {name}")
        try:
            areas[name] = _in_its_own_process(name, asked)
        except RuntimeError as error:
            failed.append(name)
            say(f"{name} failed: {error}")
    measured = Measured(machine, asked, areas, tuple(failed))
    measured = joined(before, measured, tuple(AREAS)) if only and before is not None else measured
    NUMBERS.write_bytes(msgspec.json.format(msgspec.json.encode(measured), indent=1) + b"\n")
    print(write_page(measured, ROOT / "docs"))
    say(f"docs/performance.md is written, after {time.monotonic() - start:.0f} s")
    return 1 if failed else 0


def _arguments() -> tuple[Asked, list[str], bool, Path | None]:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--quick", action="store_true", help="tiny sizes: whether everything runs; the ratios say little"
    )
    parser.add_argument("--patients", type=int, help="records of one screening (3,000)")
    parser.add_argument(
        "--largest", type=int, help="cases and simulated patients up to which growth is measured (1,000,000)"
    )
    parser.add_argument("--largest-records", type=int, help="the same for patients with records (10,000)")
    parser.add_argument("--seconds", type=float, help="of load on the service, for each kind of request (10)")
    parser.add_argument("--jobs", type=int, default=2, help="processes, where several are measured")
    parser.add_argument("--spark", action="store_true", help="screening on Spark, too")
    parser.add_argument(
        "--only", action="append", choices=tuple(AREAS), help="measure this; may be given several times"
    )
    parser.add_argument("--page", action="store_true", help="measure nothing: write the page from the last numbers")
    parser.add_argument("--peers", default=str(ROOT / ".venv-peers"), help="environment with the peers")
    parser.add_argument("--into", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    usual = (
        Asked(quick=True, patients=100, largest=10_000, largest_records=300, seconds=3.0) if given.quick else Asked()
    )
    said = {
        name: value
        for name in ("patients", "largest", "largest_records", "seconds")
        if (value := getattr(given, name)) is not None
    }
    asked = msgspec.structs.replace(usual, **said, jobs=given.jobs, spark=given.spark, peers=given.peers)
    return asked, given.only or [], given.page, given.into


def _last_run() -> Measured | None:
    try:
        return msgspec.json.decode(NUMBERS.read_bytes(), type=Measured)
    except (OSError, msgspec.DecodeError):
        return None


def _in_its_own_process(name: str, asked: Asked) -> Found:
    """What one benchmark found; what it says goes on to standard error."""
    with tempfile.TemporaryDirectory() as folder:
        into = Path(folder) / "found.json"
        line = [
            sys.executable,
            str(HERE / "performance.py"),
            "--only",
            name,
            "--into",
            str(into),
            "--peers",
            asked.peers,
        ]
        line += ["--patients", str(asked.patients), "--largest", str(asked.largest), "--jobs", str(asked.jobs)]
        line += ["--largest-records", str(asked.largest_records), "--seconds", str(asked.seconds)]
        line += ["--quick"] * asked.quick + ["--spark"] * asked.spark
        with subprocess.Popen(line, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as process:
            assert process.stderr is not None
            told: list[str] = []
            alive = threading.Event()
            threading.Thread(target=_signs_of_life, args=(alive, time.monotonic()), daemon=True).start()
            for said in process.stderr:
                told.append(said.rstrip())
                say("  " + said.rstrip())
            alive.set()
        if process.returncode or not into.exists():
            raise RuntimeError(told[-1] if told else f"exit code {process.returncode}")
        return msgspec.json.decode(into.read_bytes(), type=Found)


def _signs_of_life(over: threading.Event, start: float) -> None:
    while not over.wait(60):
        say(f"  ... {time.monotonic() - start:.0f} s")


if __name__ == "__main__":
    raise SystemExit(main())

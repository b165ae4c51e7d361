"""What a benchmark says: rows that set a time beside a peer or a limit, and points that show how cost grows.

Every ratio is "how many times as fast as what it is set beside" (peer's time / ours), so that more is always better and an aim is
a least ratio: 0.6 of the speed of a bare product, 300 times a peer, 1 for a limit in milliseconds. A row is measured in one
run; its unit says whether processor time or the clock was read.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from msgspec import Struct


class Asked(Struct, frozen=True):
    """How much is measured.

    ``patients``: records of one screening; ``largest``: cases up to which growth is measured, and ``largest_records`` the same
    for patients with records; ``seconds`` of load on the service for each kind of request; ``peers``: folder of the environment
    with the peers.
    """

    quick: bool = False
    patients: int = 3_000
    largest: int = 1_000_000
    largest_records: int = 10_000
    seconds: float = 10.0
    jobs: int = 2
    spark: bool = False
    peers: str = ""


class Row(Struct, frozen=True):
    """One measurement beside a peer or a limit; ``ours`` and ``peer`` are costs in ``unit``."""

    area: str
    what: str
    ours: float
    beside: str
    peer: float
    unit: str
    aim: float | None = None
    note: str = ""

    @property
    def ratio(self) -> float:
        return self.peer / self.ours

    @property
    def met(self) -> bool | None:
        return None if self.aim is None else self.ratio >= self.aim


class Point(Struct, frozen=True):
    """Cost of one size: processor seconds without the start of the program, seconds by the clock, peak memory in MB."""

    series: str
    count: int
    seconds: float
    clock: float
    memory: float | None = None


class Found(Struct, frozen=True):
    """What one benchmark found; ``missing``: peers that are not installed, and why something was not measured."""

    rows: tuple[Row, ...] = ()
    points: tuple[Point, ...] = ()
    missing: tuple[str, ...] = ()


def say(what: str) -> None:
    """Tell the one who waits what is being measured; standard output stays for results."""
    print(what, file=sys.stderr, flush=True)


def best(action: Callable[[], object], times: int) -> float:
    """Least processor time of several runs, in seconds."""
    out = []
    for _ in range(times):
        start = time.process_time()
        action()
        out.append(time.process_time() - start)
    return min(out)


class Spent(Struct, frozen=True):
    """Of a command: seconds by the clock, processor seconds of all its processes, peak memory of the largest in MB."""

    clock: float
    processor: float
    memory: float


def run(*command: str, text: bytes | None = None) -> Spent:
    """Run ``backspasm`` with some arguments.

    Raises:
        SystemExit: it failed; with what it said.
    """
    start = time.perf_counter()
    line = [sys.executable, "-m", "backspasm.cli", *command]
    process = subprocess.Popen(line, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    assert process.stdin is not None
    assert process.stderr is not None
    if text is not None:
        process.stdin.write(text)
    process.stdin.close()
    said = process.stderr.read().decode()
    process.stderr.close()
    _, status, used = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"backspasm {' '.join(command)}\n{said}")
    return Spent(time.perf_counter() - start, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)


def screened(place: Path, out: Path, *options: str) -> Spent:
    """Screen into a folder that is emptied before."""
    shutil.rmtree(out, ignore_errors=True)
    return run("screen", str(place), "--out", str(out), *options)

"""Killed at any moment and started again, `screen` ends with the same bytes."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

from backspasm import Model
from backspasm.population.screen.run import Request, screen
from tests.population_records import contents, export

#: kills in this run; `make kill-test` asks for 50
KILLS = int(os.environ.get("BACKSPASM_KILLS", "3"))
PATIENTS = 100
BUCKET = 200_000


def started(records: Path, out: Path, jobs: int) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "backspasm.cli", "screen", str(records), "--out", str(out), "--jobs", str(jobs)]
    return subprocess.Popen([*command, "--bucket", str(BUCKET / 1_000_000)], stderr=subprocess.PIPE)


def steps_done(out: Path) -> int:
    try:
        return (out / ".screen" / "journal.jsonl").read_bytes().count(b"\n")
    except OSError:
        return 0


def children_of(pid: int) -> list[int]:
    try:
        text = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii")
    except OSError:
        return []
    return [int(word) for word in text.split()]


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def test_the_same_bytes_whenever_it_is_killed(model: Model, tmp_path: Path) -> None:
    records = export(model, tmp_path / "export", PATIENTS, grouped=False)
    screen(Request(records, tmp_path / "whole", bucket=BUCKET), model)
    expected = contents(tmp_path / "whole")
    rng = random.Random(int(os.environ.get("BACKSPASM_KILL_SEED", "1")))
    kills = rounds = 0
    while kills < KILLS:
        out = tmp_path / f"out-{rounds}"
        jobs = 2 if rounds % 3 == 0 else 1
        rounds += 1
        for _ in range(rng.choice([1, 1, 2])):  # some are killed twice
            run = started(records, out, jobs)
            wanted = steps_done(out) + rng.randint(0, 14)
            while run.poll() is None and steps_done(out) < wanted:
                time.sleep(0.002)
            time.sleep(rng.random() * 0.05)
            if run.poll() is not None:
                break  # it was quicker
            workers = children_of(run.pid)
            run.send_signal(signal.SIGKILL)
            run.wait()
            kills += 1
            deadline = time.monotonic() + 10
            while any(map(alive, workers)) and time.monotonic() < deadline:
                time.sleep(0.01)
            assert not any(map(alive, workers)), "a worker outlived its run"
            if run.stderr is not None:
                run.stderr.close()
        last = started(records, out, 1)
        assert last.stderr is not None
        said = last.stderr.read().decode()
        last.stderr.close()
        assert last.wait() == 0, said
        assert contents(out) == expected, f"after kill {kills}"
    assert kills >= KILLS

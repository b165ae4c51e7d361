"""Mutates the notes of the corpus and reads them: no text may raise, and time must grow with the length, not faster.

    make fuzz

A failing note is named by its seed; no text is printed. Then hostile texts are read at growing lengths.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import sys
import time
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

sys.path.insert(0, str(Path(__file__).parent.parent))

from tests.notes.mutated import HOSTILE, SLACK, fault_of, growth, mutated, notes

from backspasm.patients.from_note.lexicon import lexicon_of
from backspasm.records.knowledge import Knowledge
from backspasm.records.library import read_knowledge

#: seconds of the processor that a mutated note (at most 6,000 characters) may take on a busy machine
LONGEST_SECONDS = 2.0
#: so many notes later a run whose messages go into a file says how far it is
SAID_EACH = 2_000
#: the longest hostile texts, characters
LENGTHS = (10_000, 100_000, 1_000_000, 4_000_000)

_knowledge: Knowledge | None = None
_notes: list[str] = []


def start() -> None:
    """Once in each process."""
    global _knowledge
    _knowledge = read_knowledge()
    lexicon_of(_knowledge)
    _notes.extend(notes())


def work(seed: int) -> tuple[str | None, float]:
    """What is wrong with the reading of one mutated note, and the seconds it took."""
    assert _knowledge is not None
    at = time.process_time()
    try:
        fault = fault_of(mutated(seed, _notes), _knowledge)
    except Exception as error:
        fault = str(error)  # says the place in the program, not the text
    took = time.process_time() - at
    if fault is None and took > LONGEST_SECONDS:
        fault = f"took {took:.1f} s"
    return (f"seed {seed}: {fault}" if fault else None), took


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--n", type=int, default=100_000, help="mutated notes to read")
    options.add_argument("--seed", type=int, default=0, help="of the first note")
    options.add_argument("--processes", type=int, default=os.cpu_count())
    options.add_argument("--longest", type=int, default=1_000_000, help="characters of the longest hostile texts")
    given = options.parse_args()
    faults: list[str] = []
    slowest = 0.0
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with (
        multiprocessing.get_context("spawn").Pool(given.processes, start) as pool,
        Progress(*columns, console=Console(stderr=True)) as bar,
    ):
        seeds = range(given.seed, given.seed + given.n)
        task = bar.add_task("mutated notes", total=given.n)
        for done, (fault, took) in enumerate(pool.imap_unordered(work, seeds, chunksize=50), 1):
            slowest = max(slowest, took)
            if fault is not None:
                faults.append(fault)
            bar.advance(task)
            if done % SAID_EACH == 0 and not bar.console.is_terminal:  # a file shows no bar
                print(f"{done:,} of {given.n:,}, {len(faults)} failed", file=sys.stderr, flush=True)
    print(f"{given.n:,} mutated notes: {len(faults)} failed; the slowest took {slowest:.2f} s of the processor")
    for fault in faults[:20]:
        print(f"  {fault}")
    knowledge = read_knowledge()
    lengths = [n for n in LENGTHS if n <= given.longest]
    print(f"{'seconds for characters':28}" + "".join(f"{n:>11,}" for n in lengths) + "   per character, last step")
    slow = []
    for name in HOSTILE:
        steps = [growth(name, n, knowledge, times=1) for n in lengths]
        print(f"{name:28}" + "".join(f"{took:11.3f}" for took, _ in steps) + f"   x {steps[-1][1]:.2f}", flush=True)
        if steps[-1][1] > SLACK and growth(name, lengths[-1], knowledge, times=2)[1] > SLACK:
            slow.append(name)
    print(f"slower than linear: {', '.join(slow) or 'none'}")
    return 1 if faults or slow else 0


if __name__ == "__main__":
    raise SystemExit(main())

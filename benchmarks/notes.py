"""Our reader of notes beside edsnlp and negspacy: the same words, the same notes, one run. Run with `make notes-bench`.

Each reader gets the patterns of our knowledge base: first as plain phrases (a pattern with gaps is spelled out without
them), then with the gaps, as regular expressions for edsnlp and as token patterns for negspacy, as their documentation
offers them. Both get our cues next to their own. The others name findings and judge them; ours also reads values,
times, the person, medicines, parts of the note and dialogue within the time shown.

A speed is that of one thread reading one note at a time: seconds of the processor, for each note the least of several.
"""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(1, str(Path(__file__).parent.parent))

from measures import Asked, Found, Row, say
from notes_words import corpus, generated, word_lists
from tests.notes.different import different

from backspasm.patients.from_note import read_note
from backspasm.patients.from_note.lexicon import lexicon_of
from backspasm.records.knowledge import Knowledge
from backspasm.records.library import read_knowledge

PEERS = Path(__file__).parent.parent / ".venv-peers" / "bin" / "python"
GENERATED = 100
TIMES = 3
#: with gaps the others read twenty notes a second and one: they get a part of the notes, once
FIFTH, FORTIETH = 5, 40


class Run(NamedTuple):
    """A reader with its options, and of the notes each how many-th it reads."""

    name: str
    reader: str
    options: str
    every: int = 1


RUNS = (
    Run("edsnlp, phrases, negation only", "edsnlp", "phrases"),
    Run("edsnlp, phrases, all qualifiers", "edsnlp", "phrases,assertions"),
    Run("edsnlp, all patterns (each 5th note)", "edsnlp", "gaps,assertions", FIFTH),
    Run("negspacy, phrases", "negspacy", "phrases"),
    Run("negspacy, all patterns (each 40th note)", "negspacy", "gaps", FORTIETH),
)


class Result(NamedTuple):
    """Seconds for each note, and what was read as present and absent."""

    seconds: list[float]
    read: list[list[list[str]]]


def ours(notes: Sequence[str], knowledge: Knowledge) -> Result:
    read_note("warm up", knowledge)
    took = [float("inf")] * len(notes)
    read: list[list[list[str]]] = [[] for _ in notes]
    for _ in range(TIMES):
        for i, note in enumerate(notes):
            at = time.process_time()
            reading = read_note(note, knowledge)
            took[i] = min(took[i], time.process_time() - at)
            read[i] = [list(reading.present), list(reading.absent)]
    return Result(took, read)


def theirs(run: Run, words: str, python: Path = PEERS) -> Result | None:
    command = [str(python), str(Path(__file__).parent / "notes_peers.py"), run.reader, run.options, words]
    done = subprocess.run([*command, str(run.every)], capture_output=True, text=True, check=False)
    if done.returncode:
        print(f"{run.name}: {done.stderr.strip().splitlines()[-1:]}", file=sys.stderr)
        return None
    return Result(**json.loads(done.stdout))


def scores(entries: Sequence[dict[str, Any]], read: Sequence[list[list[str]]]) -> str:
    """Precision, recall and F1 over the findings with their answers."""
    right = got = meant = 0
    for entry, lists in zip(entries, read, strict=True):
        for gold, said in zip((entry["present"], entry["absent"]), lists, strict=True):
            right += len(set(gold) & set(said))
            got += len(said)
            meant += len(gold)
    precision, recall = right / max(got, 1), right / max(meant, 1)
    return f"{precision:5.3f} {recall:6.3f} {2 * precision * recall / max(precision + recall, 1e-9):6.3f}"


def main() -> int:
    if not PEERS.exists():
        print("no environment with the other readers: run `make notes-bench`, which makes it", file=sys.stderr)
        return 1
    knowledge = read_knowledge()
    lexicon_of(knowledge)
    own, made = corpus(), generated(GENERATED, knowledge)
    entries = own + made
    notes = [e["note"] for e in entries]
    held_out = [i for i, e in enumerate(own) if e["odd"]]
    results: list[tuple[Run, Result]] = []
    with (
        tempfile.NamedTemporaryFile("w", suffix=".json", encoding="utf-8") as file,
        Progress(
            TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn(), console=Console(stderr=True)
        ) as bar,
    ):
        json.dump({"lists": word_lists(knowledge), "notes": notes, "times": TIMES}, file)
        file.flush()
        task = bar.add_task("ours", total=2 + len(RUNS))
        first = ours(notes, knowledge)
        bar.advance(task)
        for run in RUNS:
            bar.update(task, description=run.name)
            result = theirs(run, file.name)
            if result is not None:
                results.append((run, result))
            bar.advance(task)
        bar.update(task, description="ours again")
        again = ours(notes, knowledge)
        bar.advance(task)
    best = [min(pair) for pair in zip(first.seconds, again.seconds, strict=True)]
    results.insert(0, (Run("ours, everything", "", ""), Result(best, first.read)))
    print(
        f"machine: {platform.machine()}, {os.cpu_count()} cores (load {os.getloadavg()[0]:.1f}), Python "
        f"{platform.python_version()}\n{len(own)} notes of the tests ({len(held_out)} held out from development) and "
        f"{len(made)} generated, {sum(map(len, notes)) // len(notes)} characters on average"
    )
    print(f"{'':42}{'notes/s':>8} {'ours is':>9}   {'held-out notes: P R F1':24}{'generated: P R F1'}")
    for run, result in results:
        at = range(0, len(notes), run.every)
        speed = len(at) / sum(result.seconds)
        faster = sum(result.seconds) / sum(best[i] for i in at)
        print(f"{run.name:42}{speed:8.1f} {faster:8.1f}x   ", end="")
        if run.every == 1:
            line = scores([own[i] for i in held_out], [result.read[i] for i in held_out])
            print(f"{line:24}{scores(made, result.read[len(own) :])}")
        else:
            print(f"all of these: {scores([entries[i] for i in at], result.read)}")
    return 0


def measured(asked: Asked) -> Found:
    """Reading notes beside other readers, and one very long note beside its limit."""
    knowledge = read_knowledge()
    lexicon_of(knowledge)
    entries = corpus()[: 20 if asked.quick else None] + generated(10 if asked.quick else GENERATED, knowledge)
    notes = [e["note"] for e in entries]
    say(f"notes: ours, {len(notes)} notes")
    first = ours(notes, knowledge)
    rows: list[Row] = []
    missing: list[str] = []
    python = Path(asked.peers or PEERS.parents[1]) / "bin" / "python"
    if not python.exists():
        missing.append("note reading: edsnlp and negspacy are not installed")
    found: list[tuple[Run, Result]] = []
    with tempfile.NamedTemporaryFile("w", suffix=".json", encoding="utf-8") as file:
        json.dump({"lists": word_lists(knowledge), "notes": notes, "times": 1 if asked.quick else TIMES}, file)
        file.flush()
        for run in (RUNS[:-1] if asked.quick else RUNS) if python.exists() else ():  # the last one takes minutes
            say(f"notes: {run.name}")
            result = theirs(run, file.name, python)
            if result is None:
                missing.append(f"note reading: {run.name} failed")
            else:
                found.append((run, result))
    again = ours(notes, knowledge)
    best = [min(pair) for pair in zip(first.seconds, again.seconds, strict=True)]
    costs = []
    for run, result in found:
        at = range(0, len(notes), run.every)
        costs.append((sum(result.seconds) / sum(best[i] for i in at), run, result, sum(best[i] for i in at) / len(at)))
    whole = [c for c in costs if "gaps" in c[1].options]
    fastest = min(whole, key=lambda c: c[0], default=None)
    for cost in costs:
        _, run, result, own = cost
        note = "" if cost in whole else "knows only the words without gaps, ours all of them"
        rows.append(
            Row("note reading", "a note, all findings and values", 1000 * own, run.name,
                1000 * sum(result.seconds) / len(result.seconds), "ms a note", 4.0 if cost is fastest else None, note)
        )  # fmt: skip
    say("notes: two of 1 MB")
    long = ("\n\n".join(notes) + "\n\n") * (1_000_000 // sum(map(len, notes)) + 1)
    for name, text in (("sentences repeated", long[:1_000_000]), ("no sentence twice", different(1_000_000))):
        start = time.process_time()
        read_note(text, knowledge)
        took = time.process_time() - start
        rows.append(Row("note reading", f"one note of 1 MB, {name}", took, "a limit of 2 s", 2.0, "s", 1.0))
    return Found(tuple(rows), missing=tuple(missing))


if __name__ == "__main__":
    raise SystemExit(main())

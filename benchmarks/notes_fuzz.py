"""Mutates the notes of the corpus and reads them: no text may raise, and time must grow with the length, not faster.

    .venv/bin/python benchmarks/notes_fuzz.py --n 100000

A failing note is kept in a temporary file, which is named; its text is printed nowhere.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import random
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import yaml

from backspasm.patients.from_note import read_note
from backspasm.patients.from_note.lexicon import lexicon_of
from backspasm.records.knowledge import Knowledge
from backspasm.records.library import read_knowledge

CORPUS = Path(__file__).parent.parent / "tests" / "notes" / "corpus"
PIECES = [
    "no ",
    "not ",
    "\n",
    ". ",
    ", ",
    "?",
    ": ",
    "(",
    "[x]",
    "[ ]",
    "İ",
    "ß",
    "\0",
    "\u202e",
    "4/5",
    "if ",
    "or ",
    " - ",
    "🙂",
]
#: how much longer four times the text may take, per character, before reading is called slower than linear
SLACK = 2.5

_knowledge: Knowledge | None = None
_notes: list[str] = []


def notes() -> list[str]:
    return [e["note"] for p in sorted(CORPUS.glob("*.yaml")) for e in yaml.safe_load(p.read_text(encoding="utf-8"))]


def mutated(text: str, chance: random.Random) -> str:
    """A few random changes: cut, swap, repeat, insert, upper case, lost letters, two notes in one."""
    for _ in range(chance.randint(1, 8)):
        at, to = sorted((chance.randint(0, len(text)), chance.randint(0, len(text))))
        to = min(to, at + 80)
        piece = text[at:to]
        kind = chance.randrange(7)
        if kind == 0:
            text = text[:at] + text[to:]
        elif kind == 1:
            text = text[:at] + piece * chance.randint(2, 5) + text[to:]
        elif kind == 2:
            text = text[:at] + chance.choice(PIECES) + text[at:]
        elif kind == 3:
            text = text[:at] + piece.upper() + text[to:]
        elif kind == 4:
            text = text[:at] + "".join(chance.sample(piece, len(piece))) + text[to:]
        elif kind == 5:
            text = text[:at] + piece.replace(" ", chance.choice(["", "  ", "\n", "/", "-"])) + text[to:]
        else:
            other = chance.choice(_notes)
            text = text[:at] + other[: chance.randint(0, 300)] + text[to:]
    return text[:6000]


def start() -> None:
    """Once in each process."""
    global _knowledge
    _knowledge = read_knowledge()
    lexicon_of(_knowledge)
    _notes.extend(notes())


def work(seed: int) -> str | None:
    """Read a thousandth of a thousand mutated notes; the path of the first that fails."""
    assert _knowledge is not None
    chance = random.Random(seed)
    text = mutated(chance.choice(_notes), chance)
    try:
        reading = read_note(text, _knowledge)
        for hit in reading.hits:
            assert 0 <= hit.start < hit.end <= len(text)
        assert not set(reading.present) & set(reading.absent)
    except Exception as error:
        with tempfile.NamedTemporaryFile("w", suffix=".txt", delete=False, encoding="utf-8") as file:
            file.write(text)
        return f"{type(error).__name__}: {file.name}"
    return None


def growth(knowledge: Knowledge) -> Iterator[tuple[str, float]]:
    """For hostile texts: how much slower a character becomes when the text is four times as long."""
    whole = "\n".join(notes())
    texts = {
        "notes": whole,
        "one sentence": "pain leg numb no fever or " * 4000,
        "commas": "no fever, " * 10000,
        "questions": "Any fever? " * 9000,
        "no spaces": "a" * 100000,
        "brackets": "[x](" * 25000,
        "labels": "Doctor: fever?\nPatient: no\n" * 4000,
        "numbers": "4/5 38.2 " * 10000,
        "new words": " ".join(f"wrd{chr(97 + i % 26)}{i:x}q" for i in range(10000)),
        "lines": "\n" * 100000,
        "dashes": " - " * 30000,
    }
    for name, text in texts.items():
        took = []
        for size in (len(text) // 4, len(text)):
            best = float("inf")
            for _ in range(2):
                at = time.process_time()
                read_note(text[:size], knowledge)
                best = min(best, time.process_time() - at)
            took.append(best / size)
        yield name, took[1] / took[0]


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--n", type=int, default=100_000, help="mutated notes to read")
    options.add_argument("--seed", type=int, default=0)
    options.add_argument("--processes", type=int, default=os.cpu_count())
    given = options.parse_args()
    failed: list[str] = []
    began = time.monotonic()
    with multiprocessing.get_context("spawn").Pool(given.processes, start) as pool:
        seeds = range(given.seed, given.seed + given.n)
        for done, fault in enumerate(pool.imap_unordered(work, seeds, chunksize=100), 1):
            if fault is not None:
                failed.append(fault)
            if done % 500 == 0 or done == given.n:
                share = done / given.n
                bar = "#" * int(40 * share)
                rate = done / (time.monotonic() - began)
                end = "\n" if done == given.n else ""
                print(
                    f"\r[{bar:<40}] {done:,}/{given.n:,}  {rate:,.0f} a second  failed {len(failed)}",
                    end=end,
                    file=sys.stderr,
                )
    knowledge = read_knowledge()
    slow = []
    for name, ratio in growth(knowledge):
        print(f"{name:14} per character x {ratio:.2f} at four times the length")
        if ratio > SLACK:
            slow.append(name)
    for fault in failed[:20]:
        print(fault)
    print(
        f"{given.n:,} notes, {len(failed)} failed; {len(slow)} texts slower than linear{': ' if slow else ''}{', '.join(slow)}"
    )
    return 1 if failed or slow else 0


if __name__ == "__main__":
    raise SystemExit(main())

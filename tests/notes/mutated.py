"""Notes of the corpus with random changes, and hostile texts of any length; shared with ``benchmarks/notes_fuzz.py``."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping

from backspasm.patients.from_note import read_note
from backspasm.records.knowledge import Knowledge
from tests.notes.different import different
from tests.notes.score import corpus

PIECES = [
    "no ", "not ", "\n", ". ", ", ", "?", ": ", "(", "[x]", "[ ]", "İ", "ß", "\0", "\u202e", "4/5", "if ", "or ", " - ",
    "🙂", "pain leg ", "1" * 40, "ſ", "ﬁ", "½", "denies ", "Doctor: ", "PMH: ", "mother ", "\t\t", "  ", "38,5 ", "mg ",
]  # fmt: skip
#: longest note that is mutated
LONGEST = 6000
#: how much longer a character may take in a text four times as long, before reading is called slower than linear
SLACK = 2.0


def notes() -> list[str]:
    return [entry["note"] for entry in corpus()]


def mutated(seed: int, of: list[str]) -> str:
    """One of the notes with a few changes: cut, repeated, inserted, upper case, letters shuffled, two notes in one."""
    chance = random.Random(seed)
    text = chance.choice(of)
    for _ in range(chance.randint(1, 8)):
        at, to = sorted((chance.randint(0, len(text)), chance.randint(0, len(text))))
        to = min(to, at + 80)
        piece = text[at:to]
        kind = chance.randrange(8)
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
        elif kind == 6:
            text = (
                text[:at]
                + chr(chance.choice([chance.randrange(0xD800), chance.randrange(0xE000, 0x11000)]))
                + text[at:]
            )
        else:
            text = text[:at] + chance.choice(of)[: chance.randint(0, 300)] + text[to:]
    return text[:LONGEST]


def fault_of(text: str, knowledge: Knowledge) -> str | None:
    """What is wrong with the reading of a text; None if nothing."""
    reading = read_note(text, knowledge)
    if any(not 0 <= hit.start < hit.end <= len(text) for hit in reading.hits):
        return "a hit lies outside the note"
    if set(reading.uncertain) & {*reading.present, *reading.absent} or set(reading.present) & set(reading.absent):
        return "a finding stands in two lists"
    return None


def _repeated(unit: str) -> Callable[[int], str]:
    return lambda length: (unit * (length // len(unit) + 1))[:length]


def _new_words(length: int) -> str:
    chance = random.Random(2)
    words = ("".join(chance.choices("abcdefghilmnoprstu", k=chance.randint(4, 12))) for _ in range(length // 5))
    return " ".join(words)[:length]


def _letters(length: int) -> str:
    chance = random.Random(3)
    return "".join(chance.choices("abcdef ,.?:\n-[]()1234/", k=length))


#: texts of which each is hard in one way
HOSTILE: Mapping[str, Callable[[int], str]] = {
    "notes": lambda length: _repeated("\n".join(notes()))(length),
    "notes without line breaks": lambda length: _repeated(" ".join(notes()).replace("\n", " "))(length),
    "notes without stops": lambda length: _repeated(
        "".join(c if c.isalnum() else " " for c in " ".join(notes()))
    )(length),
    "no sentence twice": different,
    "one sentence": _repeated("pain leg numb no fever or "),
    "one word": _repeated("a"),
    "only numbers": _repeated("4/5 38.2 7 120/80 2019 "),
    "one number": _repeated("7"),
    "only punctuation": _repeated(".,;:-?!()[]/ "),
    "only signs": _repeated("[x](+)(-)☐*•|"),
    "negations": _repeated("no denies not without never "),
    "negated list": _repeated("no fever, "),
    "questions": _repeated("Any fever? "),
    "nested": lambda length: "(" * (length // 2) + ")" * (length // 2),
    "nested questions": _repeated("if he says (she said [no "),
    "dialogue": _repeated("Doctor: fever?\nPatient: no\n"),
    "labels": _repeated("PMH: "),
    "lines": _repeated("\n"),
    "blanks": _repeated(" "),
    "columns": _repeated("fever   no    "),
    "dashes": _repeated(" - "),
    "new words": _new_words,
    "chance letters": _letters,
    "allergies": _repeated("allergies: penicillin, "),
    "medicines": _repeated("meds: ibuprofen 200mg and "),
    "ages": _repeated("47M 82F aged 3 years old "),
    "times": _repeated("since Monday for 3/52, 2 years ago "),
    "scores": _repeated("pain 7/10 out of ten? "),
    "kin": _repeated("mother has fever but she "),
    "misspelt": _repeated("fevre numbnes saddel incontinense weaknes "),
}  # fmt: skip


def growth(name: str, length: int, knowledge: Knowledge, times: int = 2) -> tuple[float, float]:
    """Seconds to read a hostile text, and how much longer a character takes in it than in one of a quarter's length."""
    text = HOSTILE[name](length)
    took = []
    for part in (text[: len(text) // 4], text):
        best = float("inf")
        for _ in range(times):
            at = time.process_time()
            read_note(part, knowledge)
            best = min(best, time.process_time() - at)
        took.append(best)
    return took[1], took[1] / max(took[0], 1e-4) / 4

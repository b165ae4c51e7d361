"""Marks: who stood, bent and came up when, as somebody noted it."""

from __future__ import annotations

import csv
import math
from collections.abc import Sequence
from pathlib import Path

from backspasm.patients.from_emg.recording import PHASE_NAMES, Mark, PhaseName
from backspasm.patients.patient import InputError
from backspasm.records.problems import did_you_mean

#: other words for the phases
WORDS: dict[str, PhaseName] = {
    **{p: p for p in PHASE_NAMES},
    "standing": "rest",
    "resting": "rest",
    "upright": "rest",
    "bending": "flexion",
    "forward flexion": "flexion",
    "full flexion": "full_flexion",
    "fullflexion": "full_flexion",
    "full-flexion": "full_flexion",
    "maximum voluntary flexion": "full_flexion",
    "mvf": "full_flexion",
    "re-extension": "extension",
    "reextension": "extension",
    "return": "extension",
}


def marks_of_annotations(starts: Sequence[float], lengths: Sequence[float], texts: Sequence[str]) -> tuple[Mark, ...]:
    """Annotations whose text is a phase; others are left alone. One without a length lasts until the next."""
    found = sorted(
        (float(s), float(n), WORDS[t.strip().lower()])
        for s, n, t in zip(starts, lengths, texts, strict=True)
        if t.strip().lower() in WORDS
    )
    out = []
    for i, (start, length, phase) in enumerate(found):
        if length <= 0:
            length = found[i + 1][0] - start if i + 1 < len(found) else 0.0
        if length > 0:
            out.append(Mark(start, start + length, phase))
    return tuple(out)


def read_marks(given: str, seconds: float) -> tuple[Mark, ...]:
    """Marks from ``flexion=4-7,full_flexion=7-11`` or from a CSV file with the columns phase, start, end (seconds).

    Raises:
        InputError: naming the mark and the mend.
    """
    if "=" in given:
        rows = [_pair(part) for part in given.split(",") if part.strip()]
    else:
        rows = _file(Path(given))
    out = [_mark(phase, start, end, seconds) for phase, start, end in rows]
    if not out:
        raise InputError.one("--marks", given, "names no phase", "write flexion=4-7,full_flexion=7-11,extension=11-14")
    for one, other in zip(sorted(out)[:-1], sorted(out)[1:], strict=True):
        if other.start < one.end - 1e-9:
            value = f"{one.phase} {one.start:g}-{one.end:g} and {other.phase} {other.start:g}-{other.end:g}"
            raise InputError.one("--marks", value, "overlap", "let one end before the other begins")
    return tuple(sorted(out))


def _pair(part: str) -> tuple[str, str, str]:
    phase, _, times = part.partition("=")
    start, _, end = times.strip().partition("-")
    return phase, start, end


def _file(path: Path) -> list[tuple[str, str, str]]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(line for line in file if not line.startswith("#"))
            rows = [{str(k).strip().lower(): str(v or "") for k, v in row.items()} for row in reader]
    except OSError as error:
        what = f"cannot be read ({error.strerror or type(error).__name__})"
        raise InputError.one(
            "--marks", str(path), what, "check the path, or write flexion=4-7,full_flexion=7-11,..."
        ) from None
    except UnicodeDecodeError:
        raise InputError.one(
            "--marks", str(path), "is not text", "save it as CSV with the columns phase,start,end"
        ) from None
    lacking = [c for c in ("phase", "start", "end") if rows and c not in rows[0]]
    if lacking:
        raise InputError.one("--marks", str(path), f"lacks the column {lacking[0]!r}", "its header is: phase,start,end")
    return [(r["phase"], r["start"], r["end"]) for r in rows]


def _mark(phase: str, start: str, end: str, seconds: float) -> Mark:
    name = WORDS.get(phase.strip().lower())
    if name is None:
        mend = did_you_mean(phase, PHASE_NAMES, f"use one of {', '.join(PHASE_NAMES)}")
        raise InputError.one("--marks", phase, "unknown phase", mend)
    try:
        first, last = float(start), float(end)
    except ValueError:
        raise InputError.one(
            f"--marks {name}", f"{start}-{end}", "are not two times", f"write {name}=4-7, in seconds"
        ) from None
    if not (math.isfinite(first) and 0 <= first < last):
        raise InputError.one(
            f"--marks {name}", f"{start}-{end}", "is no stretch of time", "write the start before the end"
        )
    if last > seconds + 0.5:
        what = f"ends after the recording ({seconds:.1f} s)"
        raise InputError.one(f"--marks {name}", f"{start}-{end}", what, "count seconds from the start of the recording")
    return Mark(first, min(last, seconds), name)

"""The one function behind every engine: a batch of records or cases in, a batch of assessments and problems out.

It is pure: the same batch, knowledge and options give the same rows, whoever calls it and however rows are cut into batches.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

import msgspec
import numpy as np
import pyarrow as pa

from backspasm.inference.model import Model
from backspasm.patients.answers import answers_of
from backspasm.patients.from_case import from_case
from backspasm.patients.from_fhir import record_of_bundle
from backspasm.patients.from_fhir.record import reader_of
from backspasm.patients.patient import InputError
from backspasm.patients.reading import decoded
from backspasm.population.follow_up import FollowUp
from backspasm.population.screen.compare import Comparison
from backspasm.population.screen.front import Left, lines_of_patients, plain_of_batch
from backspasm.population.screen.records import (
    Asked,
    Encountered,
    Line,
    Problem,
    encountered,
    later_in_bundle,
    record_from_lines,
)
from backspasm.population.screen.rows import Rows, assessed_rows, record_batch
from backspasm.population.screen.seen import Seen, joined, seen_of, take

#: encounters that are assessed at once: enough that each step runs over many, few enough to need little memory
AT_ONCE = 4_096


class Assessed(msgspec.Struct, frozen=True):
    """Columns of some encounters, in the order of the patients, and what could not be read of them and others.

    ``alone``: how many patients were read one by one, by the reason.
    """

    rows: Rows
    problems: list[Problem]
    alone: dict[str, int] = {}

    @property
    def batch(self) -> pa.RecordBatch:
        """Rows of ``schemas.OUT``: encounters, then problems."""
        return record_batch(self.rows, self.problems)


def assessed(batch: pa.RecordBatch, asked: Asked, model: Model, comparison: Comparison | None = None) -> pa.RecordBatch:
    """Assess a batch.

    Args:
        batch: rows of ``schemas.RECORDS`` or of ``schemas.CASES``.
        comparison: also tell whose urgency changes under another knowledge.

    Returns:
        Rows of ``schemas.OUT``: encounters in the order of the patients, then problems. Nothing in the data raises.
    """
    seen, problems, _ = seen_in(batch, asked, model)
    return record_batch(assessed_rows(seen, model, comparison), problems)


def assess_batches(
    batches: Iterable[pa.RecordBatch], asked: Asked, model: Model, comparison: Comparison | None = None
) -> Iterator[Assessed]:
    """The same for many batches, however small: their encounters are assessed some thousand at once."""
    waiting: list[Seen] = []
    problems: list[Problem] = []
    alone = Counter[str]()
    count = 0
    for batch in batches:
        seen, own, reasons = seen_in(batch, asked, model)
        waiting.append(seen)
        problems += own
        alone.update(reasons)
        count += len(seen) + len(own)
        if count >= AT_ONCE:
            yield from _some(joined(waiting), problems, alone, model, comparison)
            waiting, problems, alone, count = [], [], Counter(), 0
    if count or alone:
        yield from _some(joined(waiting), problems, alone, model, comparison)


def _some(
    seen: Seen, problems: list[Problem], alone: dict[str, int], model: Model, comparison: Comparison | None
) -> Iterator[Assessed]:
    """So many at once, that memory does not grow with a batch that holds more."""
    for start in range(0, max(len(seen), 1), AT_ONCE):
        own = seen if len(seen) <= AT_ONCE else take(seen, np.arange(start, min(start + AT_ONCE, len(seen))))
        rows = assessed_rows(own, model, comparison)
        yield Assessed(rows, problems, dict(alone)) if not start else Assessed(rows, [])


#: why a patient is read alone: it is a Bundle, the records hold what only the whole reader understands, or (with the kind of
#: the fault) reading many at once failed
BUNDLE, NOT_PLAIN, FAULT = "bundle", "not_plain", "fault:"


def seen_in(batch: pa.RecordBatch, asked: Asked, model: Model) -> tuple[Seen, list[Problem], dict[str, int]]:
    """The encounters of a batch that are asked for, what could not be read, and how many patients were read alone, and why."""
    problems: list[Problem] = []
    if "lines" not in batch.schema.names:
        return seen_of(list(_from_cases(batch, model, problems)), model), problems, {}
    fault: str | None = None
    try:
        plain, order, left = plain_of_batch(batch, asked, model)
    except Exception as error:  # a fault of ours: everybody is read alone, which finds and lists whose record it is
        fault = FAULT + type(error).__name__  # its words may hold what the record says, and stay out
        everybody = zip(batch.column("patient").to_pylist(), lines_of_patients(batch), strict=True)
        left = [(i, name, lines) for i, (name, lines) in enumerate(everybody)]
        plain, order = seen_of([], model), np.zeros(0, dtype=np.int64)
    if not left:
        return plain, problems, {}
    reasons = Counter(fault or (BUNDLE if _is_bundle(lines) else NOT_PLAIN) for _, _, lines in left)
    alone = list(_read_alone(left, asked, model, problems))
    seen = joined([plain, seen_of([e for _, e in alone], model)])
    places = np.concatenate([order, np.array([i for i, _ in alone], dtype=np.int64)])
    return take(seen, np.argsort(places, kind="stable")), problems, dict(reasons)


def _read_alone(
    left: Iterable[Left], asked: Asked, model: Model, problems: list[Problem]
) -> Iterator[tuple[int, Encountered]]:
    """Encounters of patients who are read one by one, each with the place of the patient in the batch."""
    reader = reader_of(model.knowledge)
    for place, patient, lines in left:
        own: list[Problem] = []
        try:
            if _is_bundle(lines):
                seen = list(_from_bundle(lines[0], asked, model, own))
            else:
                found = record_from_lines(patient, lines, own)
                seen = [] if found is None else list(encountered(*found, asked, reader))
        except Exception as error:  # a fault of ours in one record must not stop the millions after it; it is listed
            first = lines[0]
            what = f"internal fault ({type(error).__name__}): this patient was not assessed"
            seen, own = [], [*own, Problem(first.source, first.line, f"about Patient/{patient}", what)]
        yield from ((place, e) for e in seen)
        problems += own


def _is_bundle(lines: list[Line]) -> bool:
    return bool(lines) and lines[0].line == 0


def _from_bundle(line: Line, asked: Asked, model: Model, problems: list[Problem]) -> Iterator[Encountered]:
    try:
        record = record_of_bundle(decoded(line.data).encode())
    except InputError as error:
        problems += [Problem(line.source, 0, p.field, p.what) for p in error.problems]
        return
    problems += [Problem(line.source, 0, u.what, u.why) for u in record.unread if u.why.startswith("malformed")]
    yield from encountered(record, later_in_bundle(line.data), asked, reader_of(model.knowledge))


def _from_cases(batch: pa.RecordBatch, model: Model, problems: list[Problem]) -> Iterator[Encountered]:
    for row in batch.to_pylist():
        source, line, name = row["source"], row["line"], row["patient"]
        try:
            patient = from_case(msgspec.json.decode(row["case"]), model.knowledge)
            answers_of(patient, model.knowledge)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            problems.append(Problem(source, line, str(name or ""), f"not valid JSON: {error}"))
        except InputError as error:
            # the value stays out: it is the patient's
            problems += [Problem(source, line, p.field, f"{p.what}. Mend: {p.mend}") for p in error.problems]
        else:
            encounter = row["encounter"]
            place = str(encounter) if encounter is not None else None
            yield Encountered(str(name), patient, place, None, None, None, FollowUp(), None)

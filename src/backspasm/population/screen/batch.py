"""The one function behind every engine: a batch of records or cases in, a batch of assessments and problems out.

It is pure: the same batch, knowledge and options give the same rows, whoever calls it and however rows are cut into batches.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from backspasm.inference.model import Model
from backspasm.patients.answers import answers_of
from backspasm.patients.from_case import from_case
from backspasm.patients.from_fhir import record_of_bundle
from backspasm.patients.from_fhir.record import reader_of
from backspasm.patients.patient import InputError
from backspasm.patients.reading import decoded
from backspasm.population.follow_up import FollowUp
from backspasm.population.screen.compare import Comparison
from backspasm.population.screen.records import (
    Asked,
    Encountered,
    Line,
    Problem,
    encountered,
    later_in_bundle,
    record_from_lines,
)
from backspasm.population.screen.rows import assessed_rows, record_batch


def assessed(batch: pa.RecordBatch, asked: Asked, model: Model, comparison: Comparison | None = None) -> pa.RecordBatch:
    """Assess a batch.

    Args:
        batch: rows of ``schemas.RECORDS`` or of ``schemas.CASES``.
        comparison: also tell whose urgency changes under another knowledge.

    Returns:
        Rows of ``schemas.OUT``: encounters in the order of the patients, then problems. Nothing in the data raises.
    """
    problems: list[Problem] = []
    if "lines" in batch.schema.names:
        seen = list(_from_records(batch, asked, model, problems))
    else:
        seen = list(_from_cases(batch, model, problems))
    return record_batch(assessed_rows(seen, model, comparison), problems)


def _from_records(batch: pa.RecordBatch, asked: Asked, model: Model, problems: list[Problem]) -> Iterator[Encountered]:
    reader = reader_of(model.knowledge)
    for patient, lines in zip(batch.column("patient").to_pylist(), _lines(batch), strict=True):
        own: list[Problem] = []
        try:
            if lines and lines[0].line == 0:
                seen = list(_from_bundle(lines[0], asked, model, own))
            else:
                found = record_from_lines(patient, lines, own)
                seen = [] if found is None else list(encountered(*found, asked, reader))
        except Exception as error:  # a fault of ours in one record must not stop the millions after it; it is listed
            first = lines[0]
            what = f"internal fault ({type(error).__name__}): this patient was not assessed"
            seen, own = [], [*own, Problem(first.source, first.line, f"about Patient/{patient}", what)]
        yield from seen
        problems += own


def _lines(batch: pa.RecordBatch) -> Iterator[list[Line]]:
    """The lines of each patient."""
    column = batch.column("lines")
    values = column.flatten()
    source, number, data = (values.field(name).to_pylist() for name in ("source", "line", "data"))
    start = 0
    for count in pc.list_value_length(column).to_pylist():
        end = start + count
        yield [Line(*each) for each in zip(source[start:end], number[start:end], data[start:end], strict=True)]
        start = end


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

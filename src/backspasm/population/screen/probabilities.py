"""Tables of millions of cases: the probability of every cause and nothing else, from columns to columns.

No case becomes an object. What is refused is what ``from_case`` refuses of the columns that are read here.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from backspasm.inference.batch import score
from backspasm.inference.columns import SEXES, UNKNOWN, Columns, Flags
from backspasm.inference.logit_normal import Array
from backspasm.inference.model import Model
from backspasm.patients.patient import InputError
from backspasm.population.screen.inputs import File
from backspasm.population.screen.records import Problem
from backspasm.population.screen.tables import ENCOUNTER, NAMES, Table

#: rows of one batch: each setting and age group in it makes its own tables, so that many rows must share them
ROWS = 262_144
PERSON = ("age_years", "sex", "setting")


def check_for_probabilities(file: File, model: Model) -> None:
    """Refuse what this way cannot read: lists of medicines and the like say things about findings that it would lose.

    Raises:
        InputError: not Parquet, or a column that is not read here.
    """
    if not file.path.lower().endswith(".parquet"):
        mend = "give the table as Parquet, or leave out --only"
        raise InputError.one("--only probabilities", file.name, "reads tables in Parquet", mend)
    with pq.ParquetFile(file.path) as table:
        schema = table.schema_arrow
    for field in schema:
        finding = model.knowledge.findings.get(field.name)
        if finding is None and field.name not in {*NAMES, ENCOUNTER, *PERSON}:
            mend = "drop the column, or leave out --only"
            raise InputError.one("--only probabilities", field.name, "is a column that it does not read", mend)
        if finding is not None and finding.kind == "boolean" and not pa.types.is_boolean(field.type):
            mend = "give the column as true and false"
            raise InputError.one(f"INPUT {file.name}, column", field.name, f"is {field.type}, not yes or no", mend)


def out_schema(model: Model) -> pa.Schema:
    """Columns of the output: names, the most probable cause, its probability, then every cause."""
    fixed = [("patient", pa.string()), ("encounter", pa.string()), ("top_cause", pa.dictionary(pa.int8(), pa.string()))]
    causes = [(cause, pa.float32()) for cause in model.parameters.causes]
    return pa.schema([*fixed, ("top_probability", pa.float64()), *causes])


def probability_batches(table: Table, file: File, model: Model, problems: list[Problem]) -> Iterator[pa.RecordBatch]:
    """Probabilities of one group of rows of a Parquet file; rows that cannot be assessed are listed instead."""
    with pq.ParquetFile(file.path) as source:
        group = table.group or 0
        before = sum(source.metadata.row_group(g).num_rows for g in range(group))
        for batch in source.iter_batches(batch_size=ROWS, row_groups=[group]):
            yield probabilities(batch, model, problems, table.source, before)
            before += batch.num_rows


def probabilities(
    batch: pa.RecordBatch, model: Model, problems: list[Problem], source: int = 0, before: int = 0
) -> pa.RecordBatch:
    """Probabilities of a batch: Arrow in, Arrow out.

    Args:
        before: rows of the file before this batch, to name rows by.
    """
    columns, wrong = columns_of_batch(batch, model)
    found = score(columns, model)
    for what, where in (*wrong.items(), ("answers that contradict each other", found.contradictory)):
        problems += [Problem(source, before + i + 1, "", what) for i in np.flatnonzero(where).tolist()]
    bad = found.contradictory.copy()
    for where in wrong.values():
        bad |= where
    names = _names(batch, before)
    encounter = batch.column(ENCOUNTER) if ENCOUNTER in batch.schema.names else pa.nulls(len(names), pa.string())
    causes = found.causes
    if bad.any():
        kept = np.flatnonzero(~bad)
        names, encounter, causes = names.take(pa.array(kept)), encounter.take(pa.array(kept)), causes[kept]
    best = causes.argmax(axis=1)
    named = pa.DictionaryArray.from_arrays(pa.array(best.astype(np.int8)), pa.array(model.parameters.causes))
    each = np.ascontiguousarray(causes.T, dtype=np.float32)
    top = np.take_along_axis(causes, best[:, None], axis=1)[:, 0]
    arrays = [names.cast(pa.string()), encounter.cast(pa.string()), named, pa.array(top), *(pa.array(c) for c in each)]
    return pa.record_batch(arrays, schema=out_schema(model))


def columns_of_batch(batch: pa.RecordBatch, model: Model) -> tuple[Columns, dict[str, Flags]]:
    """The columns that inference wants, and which rows hold what is refused, by what is wrong with them."""
    p, n = model.parameters, batch.num_rows
    given = set(batch.schema.names)
    answers = np.zeros((len(p.booleans), n), dtype=np.int8)
    for i, finding in enumerate(p.booleans):
        if finding in given:
            _answers(batch.column(finding), answers[i])
    measured = np.full((len(p.measured), n), np.nan)
    wrong: dict[str, Flags] = {}
    for i, finding in enumerate(p.measured):
        if finding in given and batch.column(finding).null_count < n:
            measured[i] = _numbers(batch.column(finding))
            low, high = _plausible(model)[finding]
            outside = (measured[i] < low) | (measured[i] > high)
            if outside.any():
                wrong[f"measured.{finding}: is impossible (expected {low:g} to {high:g})"] = outside
                measured[i, outside] = np.nan
    age = _numbers(batch.column("age_years")) if "age_years" in given else np.full(n, np.nan)
    number = model.knowledge.number
    outside = (age < number("age_years_lowest")) | (age > number("age_years_highest"))
    if outside.any():
        wrong["age_years: is impossible"] = outside
    starts = np.array(p.ages.starts)
    band = (np.searchsorted(starts, np.where(np.isnan(age), starts[0], age), side="right") - 1).clip(0)
    band = np.where(np.isnan(age), UNKNOWN, band).astype(np.int8)
    setting = _positions(batch, "setting", p.settings, (), wrong)
    sex = _positions(batch, "sex", SEXES, ("unknown",), wrong)
    return Columns(answers.T, measured.T, setting, band, sex), wrong


@lru_cache(maxsize=2)
def _plausible(model: Model) -> dict[str, tuple[float, float]]:
    """Lowest and highest value that the body can have, in the unit of the finding."""
    out = {}
    for name in model.parameters.measured:
        ends = model.knowledge.findings[name].plausible
        low, high = (-np.inf, np.inf) if ends is None else (model.knowledge.number(end) for end in ends)
        out[name] = (low, high)
    return out


def _answers(column: pa.Array, out: np.ndarray[tuple[int], np.dtype[np.int8]]) -> None:
    """1 present, -1 absent, 0 not asked, straight from the bits of the column."""
    n, start = len(column), column.offset
    if column.null_count == n:
        return
    valid, bits = column.buffers()
    end = start + n
    yes = np.unpackbits(np.frombuffer(bits, np.uint8, count=(end + 7) // 8), bitorder="little")[start:end]
    np.multiply(yes.view(np.int8), 2, out=out)
    out -= 1
    if valid is not None:
        out *= np.unpackbits(np.frombuffer(valid, np.uint8, count=(end + 7) // 8), bitorder="little")[start:end].view(
            np.int8
        )


def _numbers(column: pa.Array) -> Array:
    """Values with NaN for null."""
    out: Array = pc.fill_null(column.cast(pa.float64()), np.nan).to_numpy(zero_copy_only=False)
    return out


def _positions(
    batch: pa.RecordBatch, name: str, known: Sequence[str], unknown: Sequence[str], wrong: dict[str, Flags]
) -> np.ndarray[tuple[int], np.dtype[np.int8]]:
    """Places of words in a list, -1 where they are unknown."""
    if name not in batch.schema.names:
        return np.full(batch.num_rows, UNKNOWN, dtype=np.int8)
    column = batch.column(name).cast(pa.string())
    found = pc.index_in(column, pa.array(known, pa.string()))
    place: np.ndarray[tuple[int], np.dtype[np.int8]] = (
        pc.fill_null(found, UNKNOWN).to_numpy(zero_copy_only=False).astype(np.int8)
    )
    said = pc.is_valid(column).to_numpy(zero_copy_only=False)
    if (said & (place == UNKNOWN)).any():
        other = pc.is_in(column, pa.array(unknown, pa.string())).to_numpy(zero_copy_only=False)
        lost = said & (place == UNKNOWN) & ~other
        if lost.any():
            wrong[f"{name}: unknown (known are {', '.join(known)})"] = lost
    return place


def _names(batch: pa.RecordBatch, before: int) -> pa.Array:
    name = next((n for n in NAMES if n in batch.schema.names), None)
    if name is not None:
        return batch.column(name)
    return pa.array([f"line-{before + i + 1}" for i in range(batch.num_rows)], pa.string())

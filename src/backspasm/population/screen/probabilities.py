"""Tables of millions of cases: the probability of every cause and nothing else, from columns to columns.

No case becomes an object. What is refused is what ``from_case`` refuses of the columns that are read here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from backspasm.inference.batch import machine_code
from backspasm.inference.columns import SEXES, UNKNOWN, Columns, Flags
from backspasm.inference.logit_normal import Array
from backspasm.inference.many.leading import leading
from backspasm.inference.model import Model
from backspasm.patients.patient import InputError
from backspasm.population.screen.inputs import File
from backspasm.population.screen.records import Problem
from backspasm.population.screen.tables import ENCOUNTER, NAMES, Table

#: rows of one batch for machine code: few enough to stay near the processor
ROWS = 65_536
#: and for NumPy: each setting and age group in a batch makes its own tables, so that many rows must share them
ROWS_OF_NUMPY = 262_144
#: rows of one step, whose output is one file
STEP = 262_144
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
        wanted = "text" if finding is None else finding.kind
        if field.name == "age_years":
            wanted = "measured"
        if not (pa.types.is_null(field.type) or _FITS[wanted](field.type)):
            where = f"INPUT {file.name}, column"
            raise InputError.one(
                where, field.name, f"is {field.type}, not {_SAYS[wanted]}", f"give it as {_SAYS[wanted]}"
            )


def _is_number(kind: pa.DataType) -> bool:
    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind))


def _is_text(kind: pa.DataType) -> bool:
    """Text, or what is written as text without loss, such as a number that names a patient."""
    inner = kind.value_type if pa.types.is_dictionary(kind) else kind
    return bool(pa.types.is_string(inner) or pa.types.is_large_string(inner) or pa.types.is_integer(inner))


_FITS = {"boolean": pa.types.is_boolean, "measured": _is_number, "text": _is_text}
_SAYS = {"boolean": "yes or no", "measured": "a number", "text": "text"}


def out_schema(model: Model) -> pa.Schema:
    """Columns of the output: names, the most probable cause, its probability, then every cause."""
    fixed = [("patient", pa.string()), ("encounter", pa.string()), ("top_cause", pa.dictionary(pa.int8(), pa.string()))]
    numbers = [("top_probability", pa.float64()), *((cause, pa.float32()) for cause in model.parameters.causes)]
    # a number is always there, and a column that says so is written in half the time
    return pa.schema([*fixed, *(pa.field(name, kind, nullable=False) for name, kind in numbers)])


def gathered(tables: Sequence[Table], files: Sequence[File], rows: int = STEP) -> tuple[Table, ...]:
    """Small groups of rows of a Parquet file as one step: findings that few answered share their work only among many."""
    out: list[Table] = []
    held = 0
    for table in tables:
        group = table.group or 0
        count = metadata_of(files[table.source]).row_group(group).num_rows
        last = out[-1] if out else None
        if last is not None and last.source == table.source and held + count <= rows:
            out[-1] = Table(last.source, last.group, last.groups + 1)
            held += count
        else:
            out.append(table)
            held = count
    return tuple(out)


def metadata_of(file: File) -> pq.FileMetaData:
    """Where the parts of a Parquet file are: read once, since of a file of thousands of groups it takes a second."""
    return _metadata(file.path, file.size)


@lru_cache(maxsize=2)
def _metadata(path: str, size: int) -> pq.FileMetaData:
    return pq.read_metadata(path)


def probability_batches(table: Table, file: File, model: Model, problems: list[Problem]) -> Iterator[pa.RecordBatch]:
    """Probabilities of some groups of rows of a Parquet file; rows that cannot be assessed are listed instead."""
    metadata = metadata_of(file)
    first = table.group or 0
    groups = range(first, min(first + table.groups, metadata.num_row_groups))
    before = sum(metadata.row_group(g).num_rows for g in range(first))
    rows = ROWS if machine_code(None) is not None else ROWS_OF_NUMPY
    with pq.ParquetFile(file.path, metadata=metadata, read_dictionary=_words(metadata)) as source:
        wanted = _not_empty(metadata, groups, source.schema_arrow.names)
        for batch in source.iter_batches(rows, row_groups=[*groups], columns=wanted, use_threads=False):
            yield probabilities(batch, model, problems, table.source, before)
            before += batch.num_rows


def _words(metadata: pq.FileMetaData) -> list[str]:
    """Columns of a few words: read as positions in a list of them."""
    schema = metadata.schema.to_arrow_schema()
    return [name for name in ("sex", "setting") if name in schema.names and pa.types.is_string(schema.field(name).type)]


def _not_empty(metadata: pq.FileMetaData, groups: Iterable[int], names: Sequence[str]) -> list[str]:
    """Columns in which anything is said, by what the file tells of itself. One is always left: it tells how many rows."""
    empty = set(range(1, len(names)))
    for g in groups:
        group = metadata.row_group(g)
        for i in tuple(empty):
            statistics = group.column(i).statistics
            if statistics is None or not statistics.has_null_count or statistics.null_count < group.num_rows:
                empty.discard(i)
    return [name for i, name in enumerate(names) if i not in empty]


def probabilities(
    batch: pa.RecordBatch, model: Model, problems: list[Problem], source: int = 0, before: int = 0
) -> pa.RecordBatch:
    """Probabilities of a batch: Arrow in, Arrow out.

    Args:
        before: rows of the file before this batch, to name rows by.
    """
    columns, wrong = columns_of_batch(batch, model)
    found = leading(columns, model)
    for what, where in (*wrong.items(), ("answers that contradict each other", found.contradictory)):
        problems += [Problem(source, before + i + 1, "", what) for i in np.flatnonzero(where).tolist()]
    bad = found.contradictory.copy()
    for where in wrong.values():
        bad |= where
    names = _names(batch, before)
    encounter = batch.column(ENCOUNTER) if ENCOUNTER in batch.schema.names else pa.nulls(len(names), pa.string())
    best, top, causes = found.best, found.top, found.causes
    if bad.any():
        kept = np.flatnonzero(~bad)
        names, encounter = names.take(pa.array(kept)), encounter.take(pa.array(kept))
        best, top, causes = best[kept], top[kept], causes[:, kept]
    named = pa.DictionaryArray.from_arrays(pa.array(best), pa.array(model.parameters.causes))
    arrays = [names, encounter.cast(pa.string()), named, pa.array(top), *(pa.array(c) for c in causes)]
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
            column = batch.column(finding)
            measured[i] = _numbers(column)
            low, high = _plausible(model)[finding]
            least, most = pc.min_max(column).as_py().values()
            if least < low or most > high:
                outside = (measured[i] < low) | (measured[i] > high)
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
    out: Array = column.cast(pa.float64()).to_numpy(zero_copy_only=False)
    return out


def _positions(
    batch: pa.RecordBatch, name: str, known: Sequence[str], unknown: Sequence[str], wrong: dict[str, Flags]
) -> np.ndarray[tuple[int], np.dtype[np.int8]]:
    """Places of words in a list, -1 where they are unknown."""
    if name not in batch.schema.names:
        return np.full(batch.num_rows, UNKNOWN, dtype=np.int8)
    column = batch.column(name)
    if not pa.types.is_dictionary(column.type):
        column = column.cast(pa.string()).dictionary_encode()
    words = column.dictionary.to_pylist()
    # the last place stands for nothing said
    of_word = np.array([known.index(w) if w in known else UNKNOWN for w in words] + [UNKNOWN], dtype=np.int8)
    said = pc.fill_null(column.indices.cast(pa.int64()), len(words)).to_numpy(zero_copy_only=False)
    lost = [i for i, w in enumerate(words) if w is not None and w not in {*known, *unknown}]
    where = np.isin(said, lost) if lost else np.zeros(0, dtype=bool)
    if where.any():
        wrong[f"{name}: unknown (known are {', '.join(known)})"] = where
    place: np.ndarray[tuple[int], np.dtype[np.int8]] = of_word[said]
    return place


def _names(batch: pa.RecordBatch, before: int) -> pa.Array:
    """Names of the patients; a row without one is named by its number."""
    own = [batch.column(name).cast(pa.string()) for name in NAMES if name in batch.schema.names]
    if own and not own[0].null_count:
        return own[0]
    lines = pa.array([f"line-{before + i + 1}" for i in range(batch.num_rows)], pa.string())
    return pc.coalesce(*own, lines)

"""The steps of a run, each a pure function of the input that leaves whole files behind; any process may do any step."""

from __future__ import annotations

import gc
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from msgspec import Struct

from backspasm.inference.model import Model, load
from backspasm.population.screen.batch import assess_batches
from backspasm.population.screen.compare import Comparison
from backspasm.population.screen.deletions import deletions_of
from backspasm.population.screen.files import digest_of_file, write_atomically
from backspasm.population.screen.gather import bucket_batches, bundle_batches
from backspasm.population.screen.grouped import GroupedReader
from backspasm.population.screen.inputs import File, Input
from backspasm.population.screen.parquet import write_file, write_rows
from backspasm.population.screen.partition import Sorted, Stretch, sort_stretch
from backspasm.population.screen.probabilities import out_schema, probability_batches
from backspasm.population.screen.records import Asked, Problem
from backspasm.population.screen.rows import Rows
from backspasm.population.screen.schemas import ASSESSED, CHANGES, PROBLEM
from backspasm.population.screen.tables import Table, case_batches

#: numbers that the writer of Parquet takes at a time
WRITTEN_TOGETHER = 65_536


class Job(Struct, frozen=True):
    """What every step needs: the input, what is asked, the working folder, the knowledge folder, and the buckets."""

    given: Input
    asked: Asked
    work: str
    knowledge: str
    buckets: int
    compare: str | None = None
    only_probabilities: bool = False

    @property
    def folder(self) -> Path:
        return Path(self.work)


class SortStretch(Struct, frozen=True, tag=True):
    stretch: Stretch

    @property
    def name(self) -> str:
        return self.stretch.name


def _part(number: int) -> str:
    return f"part-{number:06d}"


class AssessBucket(Struct, frozen=True, tag=True):
    """``parts``: for each part of each sorted stretch, its file and what to add to its line numbers."""

    bucket: int
    parts: tuple[tuple[str, int], ...]

    @property
    def name(self) -> str:
        return _part(self.bucket)


class AssessStretch(Struct, frozen=True, tag=True):
    number: int
    stretch: Stretch

    @property
    def name(self) -> str:
        return _part(self.number)


class AssessBundles(Struct, frozen=True, tag=True):
    number: int
    first: int
    last: int

    @property
    def name(self) -> str:
        return _part(self.number)


class AssessTable(Struct, frozen=True, tag=True):
    number: int
    table: Table

    @property
    def name(self) -> str:
        return _part(self.number)


class WriteFile(Struct, frozen=True, tag=True):
    """``parts``: names of the steps whose rows make the file, in order."""

    number: int
    parts: tuple[str, ...]

    @property
    def name(self) -> str:
        return f"file-{self.number:06d}"


Step = SortStretch | AssessBucket | AssessStretch | AssessBundles | AssessTable | WriteFile


class Written(Struct, frozen=True):
    """The digest of a file of assessments."""

    digest: str


class Part(Struct, frozen=True):
    """What an assessing step came to. ``lines``: of a stretch, whose problems are numbered from its start. ``digest``: of
    a part that is a file of the output by itself. ``deleted``: lines that are not read because the export names their
    resource or patient as deleted. ``alone``: patients who were read one by one, by the reason.
    """

    rows: int
    patients: int
    problems: int
    digest: str = ""
    lines: int = 0
    types: dict[str, int] = {}
    urgency: dict[str, int] = {}
    changed: int = 0
    deleted: int = 0
    alone: dict[str, int] = {}


_MODELS: dict[str, Model] = {}


def model_of(job: Job) -> Model:
    """The model of the job's knowledge, loaded once in each process."""
    model = _MODELS.get(job.knowledge)
    if model is None:
        _MODELS.clear()
        model = _MODELS[job.knowledge] = load(Path(job.knowledge))
        gc.freeze()  # the knowledge is hundreds of thousands of values that never go: don't look through them again
    return model


_COMPARISONS: dict[tuple[str, str], Comparison] = {}


def comparison_of(job: Job) -> Comparison | None:
    """The comparison with the other knowledge, if one is asked for."""
    if job.compare is None:
        return None
    key = (job.knowledge, job.compare)
    if key not in _COMPARISONS:
        _COMPARISONS.clear()
        _COMPARISONS[key] = Comparison(model_of(job), load(Path(job.compare)))
    return _COMPARISONS[key]


def do(step: Step, job: Job) -> Any:
    """Do one step; what it came to as plain data, for the journal."""
    if isinstance(step, SortStretch):
        file, deletions = job.given.files[step.stretch.source], deletions_of(job.given)
        found: Sorted | Part | Written = sort_stretch(step.stretch, file, job.buckets, job.folder, deletions)
    elif isinstance(step, WriteFile):
        parts = [job.folder / f"{name}.arrow" for name in step.parts]
        found = Written(write_file(job.folder / f"{step.name}.parquet", parts))
    else:
        found = _assess(step, job)
    return msgspec.to_builtins(found)


def _assess(step: AssessBucket | AssessStretch | AssessBundles | AssessTable, job: Job) -> Part:
    files = job.given.files
    if isinstance(step, AssessBucket):
        parts = [(job.folder / name, before) for name, before in step.parts]
        return write_part(step.name, bucket_batches(parts, step.bucket), job)
    if isinstance(step, AssessStretch):
        reader = GroupedReader(step.stretch, files[step.stretch.source], deletions_of(job.given))
        return write_part(step.name, reader.batches(), job, reader)
    if isinstance(step, AssessBundles):
        own = list(enumerate(files))[step.first : step.last]
        return write_part(step.name, bundle_batches(own), job)
    file = files[step.table.source]
    if job.only_probabilities:
        return write_probabilities(step.name, step.table, file, job)
    return write_part(step.name, case_batches(step.table, file, model_of(job).knowledge), job)


def write_part(name: str, batches: Iterable[pa.RecordBatch], job: Job, reader: GroupedReader | None = None) -> Part:
    """Assess batches into ``NAME.arrow`` and, where there are problems, ``NAME-problems.parquet``."""
    model, comparison = model_of(job), comparison_of(job)
    changed = [CHANGES.empty_table()]
    rows = patients = 0
    urgency: Counter[str] = Counter()
    alone = Counter[str]()
    problems: list[Problem] = []

    def counted() -> Iterator[pa.RecordBatch]:
        nonlocal patients
        for batch in batches:
            patients += batch.num_rows
            yield batch

    def found() -> Iterator[pa.RecordBatch]:
        nonlocal rows
        for some in assess_batches(counted(), job.asked, model, comparison):
            problems.extend(some.problems)
            alone.update(some.alone)
            batch = pa.record_batch([some.rows[column] for column in ASSESSED.names], schema=ASSESSED)
            rows += batch.num_rows
            levels, counts = pc.value_counts(batch.column("urgency")).flatten()
            urgency.update(dict(zip(levels.to_pylist(), counts.to_pylist(), strict=True)))
            if comparison is not None:
                changed.append(change_table(some.rows))
            yield batch

    write_rows(job.folder / f"{name}.arrow", found())
    differing = pa.concat_tables(changed)
    if comparison is not None:
        write_atomically(job.folder / f"{name}-changes.parquet", lambda path: pq.write_table(differing, path))
    problems += reader.problems if reader else ()
    write_problems(job.folder / f"{name}-problems.parquet", problems)
    return Part(
        rows=rows,
        patients=patients,
        problems=len(problems),
        lines=reader.lines if reader else 0,
        types=dict(sorted(reader.types.items())) if reader else {},
        urgency=dict(sorted(urgency.items())),
        changed=differing.num_rows,
        deleted=reader.deleted if reader else 0,
        alone=dict(sorted(alone.items())),
    )


def write_problems(place: Path, problems: Sequence[Problem]) -> None:
    """The problems of a part; no file where there are none."""
    if not problems:
        return
    listed = pa.array([msgspec.to_builtins(p) for p in problems], PROBLEM)
    table = pa.table(listed.flatten(), schema=pa.schema(list(PROBLEM)))
    write_atomically(place, lambda path: pq.write_table(table, path, compression="zstd"))


def write_probabilities(name: str, table: Table, file: File, job: Job) -> Part:
    """Probabilities alone into ``NAME.parquet``; no row of it is ever an object."""
    model, problems = model_of(job), list[Problem]()
    rows = 0

    def write(path: Path) -> None:
        nonlocal rows
        # every number differs from every other: neither a dictionary nor statistics nor compression pays
        options = {"use_dictionary": ["top_cause"], "compression": "none", "write_statistics": False}
        options["write_batch_size"] = WRITTEN_TOGETHER
        with pq.ParquetWriter(path, out_schema(model), **options) as out:
            for batch in probability_batches(table, file, model, problems):
                rows += batch.num_rows
                out.write_batch(batch)

    place = job.folder / f"{name}.parquet"
    write_atomically(place, write)
    write_problems(job.folder / f"{name}-problems.parquet", problems)
    return Part(rows=rows, patients=rows, problems=len(problems), digest=digest_of_file(place))


def change_table(rows: Rows) -> pa.Table:
    """Encounters whose urgency changes, with both sides."""
    sides = ("urgency", "top_cause", "top_probability")
    found = pa.table({name: rows[name] for name in ("patient", "encounter", *sides, "change")})
    own = found.filter(found.column("change").is_valid())
    other = own.column("change")
    columns = [own.column("patient"), own.column("encounter")]
    columns += [column for name in sides for column in (own.column(name), pc.struct_field(other, name))]
    return pa.table([*columns, pc.struct_field(other, "because")], schema=CHANGES)

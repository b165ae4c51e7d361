"""The same screening on Spark: the batch function of ``batch`` under ``mapInArrow``, records brought together by patient.

Executors read the input files themselves, so every one of them must see the input under the same path. Needs the extra
``spark`` and Java 17.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import pyarrow as pa

from backspasm.inference.model import Model
from backspasm.patients.patient import InputError
from backspasm.population.output_folder import made
from backspasm.population.screen import finish
from backspasm.population.screen.batch import assess_batches
from backspasm.population.screen.deletions import Deletions, deletions_of
from backspasm.population.screen.gather import PATIENTS, bundle_batches, records_batch, with_shared
from backspasm.population.screen.inputs import Input, find_input, lines_of, open_file, unreadable
from backspasm.population.screen.lines import SHARED, WANTED, head_of
from backspasm.population.screen.partition import BLOCK, Stretch, lines_of_stretch, stretches_of
from backspasm.population.screen.records import Problem
from backspasm.population.screen.rows import record_batch
from backspasm.population.screen.run import Request
from backspasm.population.screen.schemas import OUT
from backspasm.population.screen.steps import Job, model_of
from backspasm.population.screen.tables import Table, case_batches, tables_of
from backspasm.records.library import knowledge_folder

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

Batches = Iterator[pa.RecordBatch]
#: what the first pass makes of a line: whose it is, where it stands, and what is wrong with it
LINES = "key string, source int, start long, line long, data binary, shared string, resource string, reason string"
_LINES = pa.schema(
    [
        ("key", pa.string()),
        ("source", pa.int32()),
        ("start", pa.int64()),
        ("line", pa.int64()),
        ("data", pa.binary()),
        ("shared", pa.string()),
        ("resource", pa.string()),
        ("reason", pa.string()),
    ]
)
#: lines in one batch of the first pass
AT_A_TIME = 10_000

_Shared = dict[bytes, tuple[int, int, bytes]]


def screen_on_spark(request: Request, master: str | None, model: Model) -> finish.Summary:
    """Screen a population on Spark.

    Args:
        master: URL of the cluster, such as ``local[2]``; None for the one that the environment configures.

    Raises:
        InputError: as ``run.screen`` does; or Spark is not there.
    """
    given = find_input(request.place, request.grouped)
    tables = tables_of(given, model.knowledge) if given.kind == "cases" else ()
    if request.out.exists() and (not request.out.is_dir() or any(request.out.iterdir())):
        raise InputError.one("--out", str(request.out), "is not empty", "name a new folder")
    session = _session(master)
    job = Job(given, request.asked, "", str(knowledge_folder().resolve()), 1)
    try:
        found = _assessed(session, job, tables)
        return _written(found, job, model, request.out)
    finally:
        session.stop()


def _session(master: str | None) -> SparkSession:
    try:
        from pyspark.sql import SparkSession
    except ImportError:
        what, mend = "needs Spark, which is not installed", "pip install 'backspasm[spark]', with Java 17"
        raise InputError.one("--engine", "spark", what, mend) from None
    builder = SparkSession.builder.appName("backspasm screen").config("spark.ui.showConsoleProgress", "false")
    builder = builder.config("spark.sql.execution.arrow.maxRecordsPerBatch", str(AT_A_TIME))
    builder = builder.config("spark.ui.enabled", "false").config("spark.log.level", "ERROR")
    if master is not None and master.startswith("local"):  # a cluster says itself which Python its executors run
        os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    try:
        return (builder.master(master) if master else builder).getOrCreate()
    except Exception as error:  # Spark raises its own, of many kinds, where Java or the cluster is missing
        what, mend = f"could not be started ({type(error).__name__})", "check Java 17 and the cluster's address"
        raise InputError.one("--master", master or "", what, mend) from None


def _assessed(session: SparkSession, job: Job, tables: tuple[Table, ...]) -> DataFrame:
    """One row for each encounter and problem, as the schema ``OUT``."""
    from pyspark.sql.pandas.types import from_arrow_schema

    out = from_arrow_schema(OUT)
    parts = max(session.sparkContext.defaultParallelism, -(-job.given.text // 64_000_000))
    session.conf.set("spark.sql.shuffle.partitions", str(parts))
    if job.given.kind == "cases":
        pieces = [(msgspec.json.encode(t),) for t in tables]
        return _spread(session, pieces, parts).mapInArrow(_CaseWork(job), out)
    if job.given.kind == "bundles":
        pieces = [(msgspec.json.encode(i),) for i in range(len(job.given.files))]
        return _spread(session, pieces, parts).mapInArrow(_BundleWork(job), out)
    stretches = _spread(session, [(msgspec.json.encode(s),) for s in stretches_of(job.given)], parts)
    counted = stretches.mapInArrow(_CountWork(job), "source int, start long, lines long").collect()
    before = _before({(r["source"], r["start"]): r["lines"] for r in counted})
    lines = stretches.mapInArrow(_LineWork(job, before), LINES).persist()
    shared: _Shared = {
        r["shared"].encode(): (r["source"], r["line"], bytes(r["data"]))
        for r in lines.filter("shared is not null").sort("source", "start", "line").collect()
    }
    own = lines.filter("key is not null").repartition(parts, "key")
    own = own.sortWithinPartitions("key", "source", "start", "line")
    wrong = lines.filter("reason is not null").mapInArrow(_problem_rows, out)
    found = own.mapInArrow(_RecordWork(job, shared), out).unionByName(wrong)
    if not job.given.deletions:
        return found
    return found.unionByName(_spread(session, [(b"",)], 1).mapInArrow(_DeletionWork(job), out))


def _spread(session: SparkSession, pieces: list[tuple[bytes]], parts: int) -> DataFrame:
    return session.createDataFrame(pieces, "piece binary").repartition(min(parts, max(1, len(pieces))))


def _before(lines: dict[tuple[int, int], int]) -> dict[tuple[int, int], int]:
    """Lines of each file before each of its stretches."""
    out: dict[tuple[int, int], int] = {}
    count, last = 0, -1
    for source, start in sorted(lines):
        count = 0 if source != last else count
        out[source, start] = count
        count, last = count + lines[source, start], source
    return out


def _pieces(batches: Iterable[pa.RecordBatch], kind: Any) -> Iterator[Any]:
    for batch in batches:
        for piece in batch.column("piece").to_pylist():
            yield msgspec.json.decode(piece, type=kind)


class _Work(msgspec.Struct, frozen=True):
    """What is sent to the executors."""

    job: Job

    @property
    def given(self) -> Input:
        return self.job.given


class _CaseWork(_Work, frozen=True):
    def __call__(self, batches: Batches) -> Batches:
        model = model_of(self.job)
        for table in _pieces(batches, Table):
            batches = case_batches(table, self.given.files[table.source], model.knowledge)
            yield from (a.batch for a in assess_batches(batches, self.job.asked, model))


class _BundleWork(_Work, frozen=True):
    def __call__(self, batches: Batches) -> Batches:
        model = model_of(self.job)
        own = ((i, self.given.files[i]) for i in _pieces(batches, int))
        yield from (a.batch for a in assess_batches(bundle_batches(own), self.job.asked, model))


class _DeletionWork(_Work, frozen=True):
    """What of the deletions could not be read."""

    def __call__(self, batches: Batches) -> Batches:
        for _ in batches:
            deletions = deletions_of(self.given)
            yield record_batch({}, [] if deletions is None else list(deletions.problems))


class _CountWork(_Work, frozen=True):
    def __call__(self, batches: Batches) -> Batches:
        for stretch in _pieces(batches, Stretch):
            file = self.given.files[stretch.source]
            count = 0
            if file.codec is None and file.size > stretch.end:  # of the last one nobody needs the number
                count = sum(len(lines) for lines in _stretch_lines(stretch, self.given))
            yield pa.record_batch(
                [pa.array([stretch.source], pa.int32()), pa.array([stretch.start]), pa.array([count])],
                names=["source", "start", "lines"],
            )


class _LineWork(_Work, frozen=True):
    before: dict[tuple[int, int], int]

    def __call__(self, batches: Batches) -> Batches:
        for stretch in _pieces(batches, Stretch):
            number = self.before[stretch.source, stretch.start]
            rows: list[tuple[Any, ...]] = []
            deletions = deletions_of(self.given)
            try:
                for lines in _stretch_lines(stretch, self.given):
                    for data in lines:
                        number += 1
                        row = _line_row(data, deletions)
                        if row is not None:
                            rows.append((row[0], stretch.source, stretch.start, number, *row[1:]))
                    if len(rows) >= AT_A_TIME:
                        yield _line_batch(rows)
                        rows = []
            except (OSError, EOFError) as error:
                what = unreadable(error)
                rows.append((None, stretch.source, stretch.start, 0, None, None, "", what))
            if rows:
                yield _line_batch(rows)


def _stretch_lines(stretch: Stretch, given: Input) -> Iterator[list[bytes]]:
    file = given.files[stretch.source]
    with open_file(file.path, file.codec) as stream:
        yield from lines_of(stream, BLOCK) if file.codec is not None else lines_of_stretch(stream, stretch)


def _line_row(
    data: bytes, deletions: Deletions | None
) -> tuple[str | None, bytes | None, str | None, str | None, str | None] | None:
    """Key, data, name of what is shared, and resource and reason of what is wrong; None for what is not read."""
    if not data or data.isspace():
        return None
    head = head_of(data)
    if head.reason is not None and head.patient is None:
        return None, None, None, head.name, head.reason
    if head.type not in WANTED or (deletions is not None and deletions.name(head.type, head.id, head.patient)):
        return None
    if head.patient is not None:
        return head.patient, data, None, None, None
    return (None, data, head.name, None, None) if head.type in SHARED else None


def _line_batch(rows: list[tuple[Any, ...]]) -> pa.RecordBatch:
    columns = zip(*rows, strict=True)
    return pa.record_batch([pa.array(c, f.type) for c, f in zip(columns, _LINES, strict=True)], schema=_LINES)


class _RecordWork(_Work, frozen=True):
    shared: _Shared

    def __call__(self, batches: Batches) -> Batches:
        """Lines come sorted by patient, and those of one patient to one partition."""
        yield from (a.batch for a in assess_batches(self._records(batches), self.job.asked, model_of(self.job)))

    def _records(self, batches: Batches) -> Batches:
        rows: list[tuple[str, list[tuple[int, int, bytes]]]] = []
        for key, lines in _grouped(batches):
            rows.append((key, with_shared(lines, self.shared)))
            if len(rows) == PATIENTS:
                yield records_batch(rows)
                rows = []
        if rows:
            yield records_batch(rows)


def _grouped(batches: Batches) -> Iterator[tuple[str, list[tuple[int, int, bytes]]]]:
    last: str | None = None
    own: list[tuple[int, int, bytes]] = []
    for batch in batches:
        columns = (batch.column(n).to_pylist() for n in ("key", "source", "line", "data"))
        for key, source, line, data in zip(*columns, strict=True):
            if key != last:
                if last is not None:
                    yield last, own
                last, own = key, []
            own.append((source, line, data))
    if last is not None:
        yield last, own


def _problem_rows(batches: Batches) -> Batches:
    for batch in batches:
        columns = (batch.column(n).to_pylist() for n in ("source", "line", "resource", "reason"))
        yield record_batch({}, [Problem(*row) for row in zip(*columns, strict=True)])


def _written(found: DataFrame, job: Job, model: Model, out: Path) -> finish.Summary:
    """Write what Spark writes, partitions, and beside them the problems, the dictionary and the manifest."""
    from pyspark.sql import functions as f

    found = found.persist()
    made(out, out)
    found.filter("problem is null").drop("problem", "change").write.parquet((out / "assessments").resolve().as_uri())
    names = f.create_map(*[x for i, file in enumerate(job.given.all_files) for x in (f.lit(i), f.lit(file.name))])
    problems = found.filter("problem is not null").select("problem.*")
    problems = problems.select(names[f.col("source")].alias("file"), "line", "resource", "reason").sort("file", "line")
    problems.write.parquet((out / "problems.parquet").resolve().as_uri())
    by_level = found.filter("problem is null").groupBy("urgency").count().collect()
    counts = {row["urgency"]: row["count"] for row in by_level}
    patients = found.filter("problem is null").select("patient").distinct().count()
    levels = {u: counts[u] for u in model.knowledge.index.urgency if u in counts}
    listed = found.filter("problem is not null").count()
    deleted = finish.deleted_in(job)
    summary = finish.Summary("assessments", patients, sum(levels.values()), listed, levels, deleted=deleted)
    finish.write_words(summary, job, model, out, run="spark", resources={}, files={})
    return summary

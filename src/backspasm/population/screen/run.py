"""A screening run: plans the steps, lets processes do them, and goes on where a killed run stopped."""

from __future__ import annotations

import fcntl
import hashlib
import multiprocessing
import multiprocessing.connection
import os
import shutil
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from backspasm.inference.many.prepared import prepare
from backspasm.inference.model import Model
from backspasm.patients.patient import InputError
from backspasm.population.output_folder import made
from backspasm.population.screen import finish
from backspasm.population.screen.files import Journal, write_atomically
from backspasm.population.screen.inputs import Input, find_input
from backspasm.population.screen.parquet import files_of
from backspasm.population.screen.partition import BUCKET, STRETCH, Sorted, stretches_of
from backspasm.population.screen.probabilities import check_for_probabilities, gathered
from backspasm.population.screen.records import Asked
from backspasm.population.screen.steps import (
    AssessBucket,
    AssessBundles,
    AssessStretch,
    AssessTable,
    Job,
    Part,
    SortStretch,
    Step,
    WriteFile,
    Written,
    do,
)
from backspasm.population.screen.tables import tables_of
from backspasm.records.library import digest_of, knowledge_folder, package_version

#: the folder of a run that is not finished
WORK = ".screen"
#: Bundles that one step assesses
BUNDLES = 256


class Request(Struct, frozen=True):
    """What to screen, where to write, and how many processes work at a time."""

    place: Path
    out: Path
    asked: Asked = Asked()
    grouped: bool = False
    jobs: int = 1
    bucket: int = BUCKET
    compare: Path | None = None
    only_probabilities: bool = False


class Moved(Struct, frozen=True):
    """How far a run is: bytes of input worked through and to work through, and what came of them."""

    bytes: int
    total: int
    patients: int
    rows: int
    problems: int


Progress = Callable[[Moved], None]


def screen(request: Request, model: Model, progress: Progress = lambda _: None) -> finish.Summary:
    """Screen a population; what was done by a run that was killed is not done again.

    Args:
        model: of the knowledge that assesses; other processes load it by the same folder.

    Raises:
        InputError: an input that cannot be screened, or an output folder that holds something else.
    """
    given = find_input(request.place, request.grouped)
    tables_of(given, model.knowledge) if given.kind == "cases" else ()
    if request.only_probabilities:
        for file in given.files:
            check_for_probabilities(file, model)
    identity = _identity(given, request, model)
    done = finish.finished(request.out, identity)
    if done is not None:
        shutil.rmtree(request.out / WORK, ignore_errors=True)
        return done
    work = _claim(request.out, identity)
    with _locked(work):
        job = Job(
            given=given,
            asked=request.asked,
            work=str(work),
            knowledge=str(knowledge_folder().resolve()),
            buckets=max(1, -(-given.text // request.bucket)),
            only_probabilities=request.only_probabilities,
            compare=str(request.compare.resolve()) if request.compare is not None else None,
        )
        if not request.only_probabilities:
            prepare(model)
        run = _Run(job, request.jobs, Journal(work / "journal.jsonl"), progress)
        summary = run.through(model, request.out, identity)
    shutil.rmtree(work, ignore_errors=True)
    return summary


def _identity(given: Input, request: Request, model: Model) -> str:
    """Changes with everything that the output depends on."""
    parts: list[Any] = [
        msgspec.to_builtins(given),
        msgspec.to_builtins(request.asked),
        request.bucket,
        request.only_probabilities,
        STRETCH,
        model.knowledge.digest,
        digest_of(request.compare) if request.compare is not None else None,
        package_version(),
    ]
    return hashlib.sha256(msgspec.json.encode(parts)).hexdigest()


def _claim(out: Path, identity: str) -> Path:
    """The working folder of this run in an output folder that is new, empty, or holds this run unfinished."""
    work = out / WORK
    if out.exists() and not out.is_dir():
        raise InputError.one("--out", str(out), "is a file", "name a folder")
    plan = work / "plan"
    if plan.exists():
        if plan.read_text(encoding="utf-8") != identity:
            what = "holds an unfinished run of another input, other options or other knowledge"
            raise InputError.one("--out", str(out), what, f"finish that run, remove {work}, or name another folder")
        return work
    if out.exists() and any(p.name != WORK for p in out.iterdir()):
        raise InputError.one("--out", str(out), "is not empty", "name a new folder")
    made(work, out)
    write_atomically(plan, lambda path: path.write_text(identity, encoding="utf-8"))
    return work


@contextmanager
def _locked(work: Path) -> Iterator[None]:
    """Two runs at once would do each other's steps."""
    with (work / "lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            what, mend = "is being written by another run", "wait for it, or name another folder"
            raise InputError.one("--out", str(work.parent), what, mend) from None
        yield


class _Run:
    def __init__(self, job: Job, jobs: int, journal: Journal, progress: Progress) -> None:
        self.job, self.jobs, self.journal, self._progress = job, jobs, journal, progress
        self._bytes = self._patients = self._rows = self._problems = 0
        self._total = job.given.text * (2 if self._sorts else 1)

    @property
    def _sorts(self) -> bool:
        return self.job.given.kind == "records" and not self.job.given.grouped

    def through(self, model: Model, out: Path, identity: str) -> finish.Summary:
        """All steps, then the files that a reader wants."""
        sorting: list[Step] = [SortStretch(s) for s in stretches_of(self.job.given)] if self._sorts else []
        for entry in self.journal.done.values():  # of a run that was killed
            self._count(entry)
        self._all(sorting)
        found = [msgspec.convert(self.journal.done[s.name], Sorted) for s in sorting]
        assessing = self._assessing(sorting, found, model)
        self._all(assessing)
        parts = [(s, msgspec.convert(self.journal.done[s.name], Part)) for s in assessing]
        return finish.finish(self.job, found, parts, self._files(parts), model, out, identity)

    def _files(self, parts: Sequence[tuple[Step, Part]]) -> list[tuple[Path, str]]:
        """The files of assessments in the working folder, each with its digest."""
        if self.job.only_probabilities:  # millions of numbers are not written twice
            return [(self.job.folder / f"{step.name}.parquet", part.digest) for step, part in parts]
        names = [step.name for step, _ in parts]
        each = enumerate(files_of([part.rows for _, part in parts]))
        writing = [WriteFile(i, tuple(names[own.start : own.stop])) for i, own in each]
        self._all(writing, text=0)
        done = [msgspec.convert(self.journal.done[step.name], Written) for step in writing]
        return [(self.job.folder / f"{step.name}.parquet", w.digest) for step, w in zip(writing, done, strict=True)]

    def _assessing(self, sorting: Sequence[Step], found: Sequence[Sorted], model: Model) -> list[Step]:
        given = self.job.given
        if given.kind == "bundles":
            starts = range(0, len(given.files), BUNDLES)
            return [AssessBundles(i, a, min(a + BUNDLES, len(given.files))) for i, a in enumerate(starts)]
        if given.kind == "cases":
            tables = tables_of(given, model.knowledge)
            if self.job.only_probabilities:
                tables = gathered(tables, given.files)
            return [AssessTable(i, t) for i, t in enumerate(tables)]
        if given.grouped:
            return [AssessStretch(i, s) for i, s in enumerate(stretches_of(given))]
        parts: list[tuple[str, int]] = []
        before: dict[int, int] = {}
        for step, sorted_ in zip(sorting, found, strict=True):
            assert isinstance(step, SortStretch)
            start = before.get(step.stretch.source, 0)
            parts += [(f"{step.name}-{p:04d}.arrow", start) for p in range(sorted_.parts)]
            before[step.stretch.source] = start + sorted_.lines
        return [AssessBucket(b, tuple(parts)) for b in range(self.job.buckets)]

    def _all(self, steps: Sequence[Step], text: int | None = None) -> None:
        """Do the steps that are not done yet; ``text``: bytes of input that they work through, by default all."""
        left = [s for s in steps if s.name not in self.journal.done]
        share = (self.job.given.text if text is None else text) / max(1, len(steps))
        self._bytes += round(share * (len(steps) - len(left)))
        if self.jobs == 1 or len(left) <= 1:
            for step in left:
                self._note(step, do(step, self.job), share)
            return
        context = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(self.jobs, mp_context=context, initializer=_die_with_parent) as pool:
            waiting: dict[Future[Any], Step] = {}
            queue = iter(left)
            while True:
                for step in islice(queue, 2 * self.jobs - len(waiting)):
                    waiting[pool.submit(do, step, self.job)] = step
                if not waiting:
                    return
                for future in wait(waiting, return_when=FIRST_COMPLETED).done:
                    self._note(waiting.pop(future), future.result(), share)

    def _note(self, step: Step, found: Any, share: float) -> None:
        self.journal.add(step.name, found)
        self._bytes += round(share)
        self._count(found)

    def _count(self, found: dict[str, Any]) -> None:
        self._patients += found.get("patients", 0)
        self._rows += found.get("rows", 0)
        problems = found.get("problems", 0)
        self._problems += problems if isinstance(problems, int) else len(problems)
        self._progress(Moved(self._bytes, self._total, self._patients, self._rows, self._problems))


def _die_with_parent() -> None:
    """A worker whose run was killed must not go on alone."""
    parent = multiprocessing.parent_process()
    assert parent is not None

    def watch() -> None:
        multiprocessing.connection.wait([parent.sentinel])
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()

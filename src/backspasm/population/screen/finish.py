"""The end of a run: assessments, problems, data dictionary and manifest, the same bytes however the run was cut up."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from msgspec import Struct

from backspasm.inference.model import Model
from backspasm.population.screen.deletions import deletions_of
from backspasm.population.screen.files import digest_of_file, write_atomically
from backspasm.population.screen.inputs import File
from backspasm.population.screen.partition import Sorted, stretches_of
from backspasm.population.screen.records import Problem
from backspasm.population.screen.schemas import (
    CHANGE_COLUMNS,
    CHANGES,
    COLUMNS,
    LATER,
    PROBLEM,
    PROBLEM_COLUMNS,
    PROBLEMS,
)
from backspasm.population.screen.steps import AssessStretch, Job, Part, Step
from backspasm.presentation.json_bytes import json_bytes

MANIFEST = "manifest.json"


class Summary(Struct, frozen=True):
    """What a run came to. ``assessments``: the file, or the folder of partitions. ``again``: it was finished before.

    ``deleted``: resources that the export names as deleted. ``read_alone``: patients who were read one by one and not many at
    once, by the reason (``batch.seen_in``); None where that was not counted.
    """

    assessments: str
    patients: int
    encounters: int
    problems: int
    urgency: dict[str, int]
    changed: int | None = None
    again: bool = False
    deleted: int = 0
    read_alone: dict[str, int] | None = None


def finished(out: Path, identity: str) -> Summary | None:
    """The summary of a run that was finished before, if it was this one."""
    try:
        manifest = msgspec.json.decode((out / MANIFEST).read_bytes())
        kept = manifest["summary"] if manifest.get("run") == identity else None
    except (OSError, msgspec.DecodeError, KeyError, TypeError, AttributeError):
        return None
    return None if kept is None else msgspec.convert(kept | {"again": True}, Summary)


def finish(
    job: Job,
    found: Sequence[Sorted],
    parts: Sequence[tuple[Step, Part]],
    made: Sequence[tuple[Path, str]],
    model: Model,
    out: Path,
    identity: str,
) -> Summary:
    """Bring everything into the output folder; the manifest comes last and says that all is there.

    Args:
        made: files of assessments in the working folder, each with its digest.
    """
    rows = sum(p.rows for _, p in parts)
    one = len(made) == 1 and not job.only_probabilities
    name = "assessments.parquet" if one else "assessments"
    digests = _moved(made, out, name, one)
    problems = _problems(job, found, parts)
    _write_problems(problems, out)
    urgency: Counter[str] = Counter()
    types: Counter[str] = Counter()
    for _, part in parts:
        urgency.update(part.urgency)
        types.update(part.types)
    for sorted_ in found:
        types.update(sorted_.types)
    levels = [u for u in model.knowledge.index.urgency if u in urgency]
    count = pq.read_metadata(out / "problems.parquet").num_rows
    changed = None if job.compare is None else _changes(job, parts, out / "changes.parquet")
    struck = sum(sorted_.deleted for sorted_ in found) + sum(part.deleted for _, part in parts)
    patients, by_level = sum(p.patients for _, p in parts), {u: urgency[u] for u in levels}
    alone = sum((Counter(part.alone) for _, part in parts), Counter[str]())
    read_alone = dict(sorted(alone.items()))
    summary = Summary(name, patients, rows, count, by_level, changed, deleted=deleted_in(job), read_alone=read_alone)
    if changed is not None:
        digests["changes.parquet"] = digest_of_file(out / "changes.parquet")
    files = digests | {"problems.parquet": digest_of_file(out / "problems.parquet")}
    write_words(summary, job, model, out, identity, dict(sorted(types.items())), files, struck)
    return summary


def deleted_in(job: Job) -> int:
    """Number of resources that the input names as deleted."""
    deletions = deletions_of(job.given)
    return sum(deletions.types.values()) if deletions is not None else 0


def write_words(
    summary: Summary,
    job: Job,
    model: Model,
    out: Path,
    run: str,
    resources: dict[str, int],
    files: dict[str, str],
    struck: int | None = None,
) -> None:
    """Data dictionary and, last of all, the manifest. ``struck``: lines not read because of deletions, where counted."""
    write_atomically(out / "DICTIONARY.md", lambda path: path.write_text(dictionary(), encoding="utf-8"))
    write_atomically(out / "dictionary.json", lambda path: path.write_bytes(json_bytes(dictionary_data())))
    manifest = {
        "run": run,
        "summary": msgspec.to_builtins(summary),
        "input": [{"name": f.name, "bytes": f.size} for f in job.given.files],
        "passed_over": list(job.given.passed_over),
        "kind": job.given.kind,
        "encounters": job.asked.which,
        "as_of": job.asked.as_of,
        "resources": resources,
        "knowledge": {"version": model.knowledge.version, "digest": model.knowledge.digest},
        "files": files,
    }
    deletions = deletions_of(job.given)
    if deletions is not None:
        manifest["deletions"] = {
            "files": [{"name": f.name, "bytes": f.size} for f in job.given.deletions],
            "resources": deletions.types,
            "lines_not_read": struck,
        }
    write_atomically(out / MANIFEST, lambda path: path.write_bytes(json_bytes(manifest)))


def _moved(made: Sequence[tuple[Path, str]], out: Path, name: str, one: bool) -> dict[str, str]:
    """Move the files of assessments to where they belong, as one file or a folder of partitions; their digests."""
    names = [name] if one else [f"{name}/part-{i:06d}.parquet" for i in range(len(made))]
    for (file, _), own in zip(made, names, strict=True):
        place = out / own
        place.parent.mkdir(exist_ok=True)
        if file.exists():  # else it was moved before the run was killed
            file.replace(place)
    return {own: digest for (_, digest), own in zip(made, names, strict=True)}


def _changes(job: Job, parts: Sequence[tuple[Step, Part]], place: Path) -> int:
    """Whose urgency changes; the number of encounters."""

    def write(path: Path) -> None:
        with pq.ParquetWriter(path, CHANGES, compression="zstd") as out:
            for step, part in parts:
                if part.changed:
                    out.write_table(pq.read_table(job.folder / f"{step.name}-changes.parquet"))

    write_atomically(place, write)
    return sum(part.changed for _, part in parts)


# --- problems ------------------------------------------------------------------------------------------------------


def _problems(job: Job, found: Sequence[Sorted], parts: Sequence[tuple[Step, Part]]) -> Iterator[pa.Table]:
    """All problems: of deletions, then those of sorting in the order of the input, then those of each part."""
    deletions = deletions_of(job.given)
    if deletions is not None:
        yield _table(_listed(deletions.problems), 0, job.given.all_files)
    before: Counter[int] = Counter()
    for sorted_, source in zip(found, _sources(job), strict=True):
        yield _table(_listed(sorted_.problems), before[source], job.given.files)
        before[source] += sorted_.lines
    for step, part in parts:
        start = 0
        if isinstance(step, AssessStretch):
            start = before[step.stretch.source]
            before[step.stretch.source] += part.lines
        if part.problems:
            yield _table(pq.read_table(job.folder / f"{step.name}-problems.parquet"), start, job.given.files)


def _sources(job: Job) -> list[int]:
    sorts = job.given.kind == "records" and not job.given.grouped
    return [s.source for s in stretches_of(job.given)] if sorts else []


def _listed(problems: Sequence[Problem]) -> pa.Table:
    listed = pa.array([msgspec.to_builtins(p) for p in problems], PROBLEM)
    return pa.Table.from_arrays(listed.flatten(), schema=pa.schema(list(PROBLEM)))


def _table(problems: pa.Table, start: int, files: Sequence[File]) -> pa.Table:
    """Problems of a part, with the names of the files, and lines counted from the start of the file; 0 stays 0."""
    line = problems.column("line")
    columns = [
        pa.array([f.name for f in files], pa.string()).take(problems.column("source")),
        pc.if_else(pc.equal(line, 0), line, pc.add(line, start)),
        problems.column("resource"),
        problems.column("reason"),
    ]
    return pa.Table.from_arrays(columns, schema=PROBLEMS)


def _write_problems(tables: Iterator[pa.Table], out: Path) -> None:
    def write(path: Path) -> None:
        with pq.ParquetWriter(path, PROBLEMS, compression="zstd") as file:
            for table in tables:
                if table.num_rows:
                    file.write_table(table)

    write_atomically(out / "problems.parquet", write)


# --- data dictionary -------------------------------------------------------------------------------------------------


def dictionary_data() -> dict[str, Any]:
    """Every column of both tables: name, type, what it says."""
    return {
        "assessments": [
            {"column": name, "type": str(kind), "says": says, "known_at_the_encounter": name not in LATER}
            for name, kind, says in COLUMNS
        ],
        "problems": [
            {"column": name, "type": str(PROBLEMS.field(name).type), "says": says} for name, says in PROBLEM_COLUMNS
        ],
        "changes": [
            {"column": name, "type": str(CHANGES.field(name).type), "says": says} for name, says in CHANGE_COLUMNS
        ],
    }


def dictionary() -> str:
    """The same for people."""
    lines = [
        "# Data dictionary",
        "",
        "## Assessments",
        "",
        "One row is one encounter, assessed with what was known then. Columns marked *later* look at what the record holds",
        "after the encounter; they serve audits and no assessment.",
        "",
        "| column | type | says |",
        "|---|---|---|",
    ]
    for entry in dictionary_data()["assessments"]:
        later = "" if entry["known_at_the_encounter"] else "*later*: "
        lines.append(f"| `{entry['column']}` | {entry['type']} | {later}{entry['says']} |")
    for title, name in (("Problems", "problems"), ("Changes (of a comparison)", "changes")):
        lines += ["", f"## {title}", "", "| column | type | says |", "|---|---|---|"]
        lines += [f"| `{e['column']}` | {e['type']} | {e['says']} |" for e in dictionary_data()[name]]
    lines += ["", "Decision support for professionals, not a certified medical device.", ""]
    return "\n".join(lines)

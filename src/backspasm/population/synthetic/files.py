"""Writes virtual records as a Bulk Data export, streamed; the truth goes to a file of its own."""

from __future__ import annotations

import gzip
import io
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import IO

import msgspec
import pyarrow.parquet as pq
from msgspec import Struct

from backspasm.patients.patient import InputError
from backspasm.population.cohort import Cohort
from backspasm.population.output_folder import made
from backspasm.population.synthetic.record import KILO, Line, record_of
from backspasm.population.synthetic.resources import Json, reference
from backspasm.population.synthetic.story import Story, story_of
from backspasm.population.synthetic.truth import SCHEMA, state_of, truth_table
from backspasm.population.synthetic.visit import group_name, site_name
from backspasm.population.synthetic.world import World, coins, world_of

#: patients held at a time: their records are some tens of MB
CHUNK = 1_024
#: resources of all patients in one file, patient after patient
GROUPED = "records"


class Layout(Struct, frozen=True):
    """How the records are written. ``kilobytes``: mean size of a record, in kB."""

    kilobytes: float
    grouped: bool = False
    gzip: bool = False


class Written(Struct, frozen=True):
    """What was written: places, resources of each type, and bytes of JSON before any compression."""

    records: Path
    truth: Path
    resources: dict[str, int]
    size: int


def write_records(
    cohort: Cohort,
    count: int,
    folder: Path,
    layout: Layout,
    progress: Callable[[int], None] | None = None,
    chunk: int = CHUNK,
) -> Written:
    """Write ``count`` patients to ``folder/records`` (a file a resource type, or one grouped by patient) and ``truth.parquet``.

    A patient's record depends on the seed and the patient's number alone. ``records/manifest.json`` lists the files as a
    Bulk Data export does.

    Raises:
        InputError: where no patients are asked for, the size is impossible, or the folder holds a cohort already or cannot be made.
    """
    if count < 1:
        raise InputError.one("n", count, "is not a number of patients", "give a whole number, 1 or more")
    if not layout.kilobytes > 0:
        raise InputError.one("kilobytes", layout.kilobytes, "is not a size", "give a size above 0, such as 20")
    records, truth = folder / "records", folder / "truth.parquet"
    for place in (records, truth):
        if place.exists():
            raise InputError.one("out", str(place), "is there already", "name a new folder, or remove the old one")
    made(records, folder)
    world = world_of(cohort.model.knowledge, cohort.wanted.seed)
    with _Files(records, layout) as files, pq.ParquetWriter(truth, SCHEMA) as truths:
        files.write([(site["resourceType"], msgspec.json.encode(site)) for site in _sites(world)])
        for start in range(0, count, chunk):
            patients = cohort.patients(start, min(chunk, count - start))
            stories: list[Story] = []
            encounters: list[str] = []
            for i, drawn in enumerate(cohort.cases(patients)):
                rng = coins(world.seed, start + i)
                cause = cohort.model.parameters.causes[patients.drawn.cause[i]]
                stories.append(story_of(start + i, drawn, cause, world, rng))
                encounter, lines = record_of(stories[-1], world, rng, layout.kilobytes)
                encounters.append(encounter)
                files.write(lines)
                if progress is not None:
                    progress(1)
            truths.write_table(truth_table(patients, state_of(patients, cohort), stories, encounters, cohort, world))
    _manifest(records, files)
    return Written(records, truth, dict(sorted(files.count.items())), files.size)


def summary(written: Written, count: int) -> str:
    """One line on what was written."""
    resources = sum(written.resources.values())
    return f"{count} patients, {resources} resources, {written.size / count / KILO:.1f} kB a patient on average"


class _Files:
    """Open files by name: of a resource type, or of all."""

    def __init__(self, folder: Path, layout: Layout) -> None:
        self._folder, self._layout = folder, layout
        self._stack = ExitStack()
        self._open: dict[str, IO[bytes]] = {}
        self.count: Counter[str] = Counter()
        self.lines: Counter[str] = Counter()
        self.size = 0

    def __enter__(self) -> _Files:
        return self

    def __exit__(self, *error: object) -> None:
        self._stack.close()

    def write(self, lines: list[Line]) -> None:
        for kind, line in lines:
            name = GROUPED if self._layout.grouped and kind not in {"Organization", "PractitionerRole"} else kind
            file = self._open.get(name) or self._new(name)
            file.write(line)
            file.write(b"\n")
            self.count[kind] += 1
            self.lines[name] += 1
            self.size += len(line) + 1

    def path(self, name: str) -> Path:
        return self._folder / f"{name}.ndjson{'.gz' if self._layout.gzip else ''}"

    def _new(self, name: str) -> IO[bytes]:
        plain: IO[bytes] = self._stack.enter_context(self.path(name).open("wb"))
        if self._layout.gzip:  # without name and time in the header, so that the same records are the same bytes
            zipped = gzip.GzipFile(filename="", mode="wb", fileobj=plain, mtime=0)
            self._stack.enter_context(zipped)
            plain = self._stack.enter_context(io.BufferedWriter(zipped))
        self._open[name] = plain
        return plain


def _sites(world: World) -> Iterator[Json]:
    for site in range(round(world.practice["sites"])):
        name = site_name(site)
        yield {"resourceType": "Organization", "id": name, "active": True, "name": f"Virtual clinic {site + 1}"}
        for group in range(round(world.practice["groups"])):
            yield {
                "resourceType": "PractitionerRole",
                "id": f"{name}-{group_name(group)}",
                "active": True,
                "organization": reference("Organization", name),
            }


def _manifest(records: Path, files: _Files) -> None:
    output = [
        {"type": name, "url": files.path(name).name, "count": count}
        for name, count in sorted(files.lines.items())
        if name != GROUPED
    ]
    if GROUPED in files.lines:  # no single type: listed by its file alone
        output.append({"url": files.path(GROUPED).name, "count": files.lines[GROUPED]})
    manifest = {
        "request": "backspasm cohort --format ndjson",
        "requiresAccessToken": False,
        "output": output,
        "error": [],
    }
    if GROUPED in files.lines:  # the word of Bulk Data for: each patient's resources stand together
        manifest["outputOrganizedBy"] = "Patient"
    records.joinpath("manifest.json").write_bytes(msgspec.json.format(msgspec.json.encode(manifest), indent=1) + b"\n")

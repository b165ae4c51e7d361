"""What is screened: the files of an export, of a folder of Bundles, or of a table of cases, found out by themselves."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, Literal

import msgspec
import pyarrow as pa
from msgspec import Struct

from backspasm.patients.patient import InputError

Kind = Literal["records", "bundles", "cases"]
#: ending of a compressed file -> the codec, and how much larger its text is about: to plan the buckets
CODECS = {".gz": ("gzip", 8), ".zst": ("zstd", 8)}
#: beginnings of file names that hold no records: reports of the export itself
NOT_RECORDS = ("manifest", "error", DELETED := "deleted", "log", "outcome", ".", "_")
ENDINGS = ".ndjson, .jsonl, .json (each also .gz, .zst), .parquet or .csv"


class File(Struct, frozen=True):
    """One input file; ``name`` is relative to the input. ``size`` in bytes as stored, ``text`` about as decompressed."""

    name: str
    path: str
    size: int
    changed: int
    codec: str | None = None

    @property
    def text(self) -> int:
        return self.size * next((times for codec, times in CODECS.values() if codec == self.codec), 1)


class Input(Struct, frozen=True):
    """All that is screened. ``grouped``: the lines of each patient stand together. ``passed_over``: files not read.

    ``deletions``: files that name deleted resources; counted after ``files`` where a file is told by its position.
    """

    kind: Kind
    files: tuple[File, ...]
    grouped: bool = False
    passed_over: tuple[str, ...] = ()
    deletions: tuple[File, ...] = ()

    @property
    def all_files(self) -> tuple[File, ...]:
        return self.files + self.deletions

    @property
    def text(self) -> int:
        return sum(file.text for file in self.files)


def find_input(place: Path, grouped: bool = False) -> Input:
    """The files to screen.

    Raises:
        InputError: nothing is there, or nothing that can be screened.
    """
    if not place.exists():
        raise InputError.one("INPUT", str(place), "does not exist", "name a folder or a file")
    if place.is_file():
        kind = _kind(place)
        if kind is None:
            raise InputError.one("INPUT", str(place), "is of no kind that can be screened", f"give {ENDINGS}")
        return Input(kind, (_file(place, place.parent),), grouped)
    by_kind: dict[Kind, list[File]] = {}
    passed_over: list[str] = []
    deletions: list[File] = []
    manifest = _manifest(place)
    named_deleted = {one.url.rsplit("/", 1)[-1].split("?")[0] for one in manifest.deleted}
    for path in sorted(p for p in place.rglob("*") if p.is_file()):
        name = path.relative_to(place).as_posix()
        parts = name.lower().split("/")
        told = any(part.startswith(NOT_RECORDS) for part in parts)
        says = path.name in named_deleted or any(part.startswith(DELETED) for part in parts)
        found = None if told else _kind(path)
        if _has_lines(path) and (says or (found == "records" and _deletes(path))):
            deletions.append(_file(path, place))
        elif found is None:
            passed_over.append(name)
        else:
            by_kind.setdefault(found, []).append(_file(path, place))
    if not by_kind:
        raise InputError.one(
            "INPUT", str(place), "holds nothing that can be screened", f"give files ending in {ENDINGS}"
        )
    if len(by_kind) > 1:
        names = " and ".join(f"{files[0].name} ({kind})" for kind, files in by_kind.items())
        raise InputError.one("INPUT", str(place), f"mixes kinds: {names}", "screen each kind by itself")
    ((kind, files),) = by_kind.items()
    if kind != "records":
        passed_over, deletions = sorted(passed_over + [file.name for file in deletions]), []
    together = grouped or manifest.output_organized_by == "Patient"
    return Input(kind, tuple(files), together, tuple(passed_over), tuple(deletions))


def _file(path: Path, root: Path) -> File:
    stat = path.stat()
    codec = CODECS.get(path.suffix.lower(), (None, 1))[0]
    return File(path.relative_to(root).as_posix(), str(path.resolve()), stat.st_size, stat.st_mtime_ns, codec)


def _has_lines(path: Path) -> bool:
    name = path.name.lower()
    for ending in CODECS:
        name = name.removesuffix(ending)
    return name.endswith((".ndjson", ".jsonl"))


class _Asked(Struct):
    method: str | None = None


class _DeletedEntry(Struct):
    request: _Asked | None = None


class _DeletingBundle(Struct):
    resourceType: str  # noqa: N815 (the name in FHIR)
    entry: tuple[_DeletedEntry, ...] = ()


def _deletes(path: Path) -> bool:
    """Whether the first line is a Bundle that asks to delete: a file of deletions, whatever its name."""
    try:
        with open_file(str(path), CODECS.get(path.suffix.lower(), (None, 1))[0]) as stream:
            first = msgspec.json.decode(next(iter(stream), b""), type=_DeletingBundle)
    except (OSError, EOFError, msgspec.DecodeError, RecursionError):
        return False
    asked = [entry.request for entry in first.entry if entry.request is not None]
    return first.resourceType == "Bundle" and any(one.method == "DELETE" for one in asked)


def _kind(path: Path) -> Kind | None:
    """What a file holds, by its ending, and for JSON lines by its first line."""
    name = path.name.lower()
    for ending in CODECS:
        name = name.removesuffix(ending)
    ending = name.rsplit(".", 1)[-1] if "." in name else ""
    if ending in {"parquet", "csv"}:
        return "cases" if name == path.name.lower() else None
    if ending == "json":
        return "bundles"
    if ending not in {"ndjson", "jsonl"}:
        return None
    return "records" if _is_resource(path) else "cases"


class _Glance(Struct):
    resourceType: str | None = None  # noqa: N815 (the name in FHIR)
    age_years: Any = msgspec.UNSET
    case: Any = None


def _is_resource(path: Path) -> bool:
    """Whether lines are resources rather than cases; lines that tell nothing are taken for resources, and listed."""
    try:
        with open_file(str(path), CODECS.get(path.suffix.lower(), (None, 1))[0]) as stream:
            for line, _ in zip(stream, range(100), strict=False):
                try:
                    glance = msgspec.json.decode(line, type=_Glance)
                except (msgspec.DecodeError, RecursionError):
                    continue
                if glance.resourceType is not None:
                    return True
                if glance.age_years is not msgspec.UNSET or glance.case is not None:
                    return False
    except (OSError, EOFError):
        return True  # what is wrong with the file is told when it is read
    return True


class _Listed(Struct):
    url: str = ""


class _Manifest(Struct, rename="camel"):
    """Of a Bulk Data export: whether each patient's resources stand together, and the files of deletions."""

    output_organized_by: str | None = None
    deleted: tuple[_Listed, ...] = ()


def _manifest(place: Path) -> _Manifest:
    try:
        return msgspec.json.decode((place / "manifest.json").read_bytes(), type=_Manifest)
    except (OSError, msgspec.DecodeError):
        return _Manifest()


def open_file(path: str, codec: str | None) -> BinaryIO:
    """A file as a stream of its text."""
    if codec is None:
        return open(path, "rb")  # noqa: PTH123 (the caller closes it)
    raw = pa.OSFile(path, "rb")
    return pa.CompressedInputStream(raw, codec)  # type: ignore[no-any-return]


def unreadable(error: Exception) -> str:
    """Why the rest of a file is missing."""
    return f"the file cannot be read further: {type(error).__name__}"


def lines_of(stream: BinaryIO, block: int) -> Iterator[list[bytes]]:
    """Lines of a stream, a block of so many bytes at a time; the last line may lack its end."""
    rest = b""
    while True:
        data = stream.read(block)
        if not data:
            break
        pieces = (rest + data).split(b"\n")
        rest = pieces.pop()
        yield pieces
    if rest:
        yield [rest]

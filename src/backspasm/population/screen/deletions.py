"""Deletions of a Bulk Data export: resources that it names as deleted are not read, and deleted patients are not assessed.

A file of deletions holds a Bundle a line; each entry asks to delete one resource, ``DELETE Patient/123`` (HL7 FHIR Bulk Data
Access, ``deleted`` in the manifest). Every process reads the files by itself and keeps 16 bytes for each resource named.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any

import msgspec
import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from backspasm.population.screen.heads import Heads
from backspasm.population.screen.inputs import File, Input, lines_of, open_file, unreadable
from backspasm.population.screen.lines import KINDS
from backspasm.population.screen.records import Problem
from backspasm.population.screen.resource_types import R4

BLOCK = 1_000_000
_DIGEST = 16


class _Request(Struct):
    method: Any = None
    url: Any = None


class _Entry(Struct):
    request: _Request | None = None


class _Bundle(Struct, rename="camel"):
    resource_type: str
    entry: tuple[_Entry, ...] = ()


class _Named(Struct, gc=False):
    id: str | None = None


_BUNDLE = msgspec.json.Decoder(_Bundle)
_ID = msgspec.json.Decoder(_Named)


class Deletions(Struct, frozen=True):
    """Which resources are named as deleted: their digests in order, their number by type, and what could not be read."""

    digests: NDArray[np.bytes_]
    types: dict[str, int]
    problems: tuple[Problem, ...]

    def names(self, resources: Sequence[bytes]) -> NDArray[np.bool_]:
        """Which of some resources (``Patient/123``, in UTF-8) are named."""
        own = np.array([_digest(name) for name in resources], f"S{_DIGEST}")
        if not len(self.digests):
            return np.zeros(len(own), bool)
        at = np.minimum(np.searchsorted(self.digests, own), len(self.digests) - 1)
        return np.asarray(self.digests[at] == own)

    def name(self, kind: str, own: str, patient: str | None) -> bool:
        """Whether a resource, or the patient whom it is about, is named."""
        said = [f"{kind}/{own}".encode(), *([] if patient is None else [f"Patient/{patient}".encode()])]
        return bool(self.names(said).any())

    def applied(
        self, text: bytes, heads: Heads, patients: Sequence[bytes], first: int = 0, end: int | None = None
    ) -> tuple[Heads, int]:
        """The heads of a text without what was deleted, and how many lines would have been read.

        Args:
            first, end: the lines that are looked at; the others stay as they are.
        """
        of_patient = np.append(self.names([b"Patient/" + key for key in patients]), False)
        gone = of_patient[np.maximum(heads.owner, -1)]  # -1: about no patient
        concerned = [KINDS.index(kind) for kind in self.types if kind in KINDS and kind != "Patient"]
        ours = np.zeros(len(gone), bool)
        ours[first:end] = True
        lines = np.flatnonzero(np.isin(heads.kind, concerned) & ~gone & ours).tolist()
        gone[lines] = self.names([_name(text, heads, line) for line in lines])
        gone &= ours
        named = self.names([name.encode() for name in heads.shared.values()]).tolist()
        lost = {line for line, is_named in zip(heads.shared, named, strict=True) if is_named and ours[line]}
        count = int(np.count_nonzero(gone & (heads.kind >= 0))) + len(lost)
        left = {line: name for line, name in heads.shared.items() if line not in lost}
        kind = np.where(gone, np.int8(-1), heads.kind)
        return msgspec.structs.replace(heads, kind=kind, shared=left), count


def _name(text: bytes, heads: Heads, line: int) -> bytes:
    kind = KINDS[heads.kind[line]]
    try:
        own = _ID.decode(text[heads.at[line] : heads.at[line + 1]]).id
    except (msgspec.DecodeError, RecursionError):
        own = None  # the decoder of its type lists it
    return f"{kind}/{own or ''}".encode()


def deletions_of(given: Input) -> Deletions | None:
    """What an input names as deleted; None where nothing is."""
    return _read(given.deletions, len(given.files)) if given.deletions else None


@lru_cache(maxsize=1)
def _read(files: tuple[File, ...], first: int) -> Deletions:
    found: set[bytes] = set()
    types: dict[str, int] = {}
    problems: list[Problem] = []
    for source, file in enumerate(files, first):
        for name in _named(file, source, problems):
            digest = _digest(name.encode())
            if digest not in found:
                found.add(digest)
                kind = name.split("/")[0]
                types[kind] = types.get(kind, 0) + 1
    return Deletions(np.sort(np.array(list(found), f"S{_DIGEST}")), dict(sorted(types.items())), tuple(problems))


def _digest(name: bytes) -> bytes:
    return hashlib.blake2b(name, digest_size=_DIGEST).digest()


def _named(file: File, source: int, problems: list[Problem]) -> Iterator[str]:
    """Resources that a file names as deleted, as ``Patient/123``; what cannot be read is listed."""
    number = 0
    try:
        with open_file(file.path, file.codec) as stream:
            for lines in lines_of(stream, BLOCK):
                for data in lines:
                    number += 1
                    if data and not data.isspace():
                        yield from _of_line(data, source, number, problems)
    except (OSError, EOFError) as error:
        problems.append(Problem(source, number, "", unreadable(error)))


def _of_line(data: bytes, source: int, line: int, problems: list[Problem]) -> Iterator[str]:
    try:
        bundle = _BUNDLE.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        problems.append(Problem(source, line, "", f"not a Bundle of deletions, nothing was deleted: {error}"))
        return
    if bundle.resource_type != "Bundle":
        kind = bundle.resource_type if bundle.resource_type in R4 else ""
        problems.append(Problem(source, line, kind, "not a Bundle of deletions: nothing was deleted"))
        return
    for i, entry in enumerate(bundle.entry):
        asked = entry.request or _Request()
        name = _address(asked.url)
        if asked.method == "DELETE" and name is not None:
            yield name
            continue
        what = "its method is not DELETE" if asked.method != "DELETE" else "its url names no single resource"
        problems.append(Problem(source, line, f"Bundle.entry[{i}]", f"{what}: nothing was deleted"))


def _address(url: object) -> str | None:
    """``Patient/123`` of a request's url; None where it searches, or is something else."""
    if not isinstance(url, str) or "?" in url:
        return None
    parts = url.split("/_history/")[0].rstrip("/").split("/")
    return "/".join(parts[-2:]) if len(parts) > 1 and parts[-2] in R4 and parts[-1] else None

"""Files that appear whole or not at all, and a journal that survives being killed."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

#: bytes read at a time for a digest
PIECE = 1 << 20


def write_atomically(place: Path, write: Callable[[Path], object]) -> None:
    """Let ``write`` make a file beside the place, bring it to the disk, and move it there in one step."""
    temporary = place.with_name(f".{place.name}.{os.getpid()}.tmp")
    write(temporary)
    with temporary.open("rb+") as file:
        os.fsync(file.fileno())
    temporary.replace(place)


def digest_of_file(place: Path) -> str:
    """SHA-256 of the bytes."""
    total = hashlib.sha256()
    with place.open("rb") as file:
        while piece := file.read(PIECE):
            total.update(piece)
    return total.hexdigest()


class Journal:
    """Names of the steps that are done, each with what it came to. A line that was cut short by a kill does not count."""

    def __init__(self, place: Path) -> None:
        self._place = place
        self.done: dict[str, Any] = {}
        if place.exists():
            data = place.read_bytes()
            whole = data[: data.rfind(b"\n") + 1]
            if len(whole) != len(data):
                with place.open("rb+") as file:
                    file.truncate(len(whole))
            for line in whole.splitlines():
                entry = msgspec.json.decode(line)
                self.done[entry["step"]] = entry["found"]

    def add(self, step: str, found: Any) -> None:
        """Note that a step is done; on the disk before this returns."""
        with self._place.open("ab") as file:
            file.write(msgspec.json.encode({"step": step, "found": found}) + b"\n")
            file.flush()
            os.fsync(file.fileno())
        self.done[step] = found

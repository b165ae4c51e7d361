"""The folder in which is kept, between commands, what was worked out from the knowledge. Holds knowledge, never a patient."""

from __future__ import annotations

import hashlib
import os
import tempfile
from functools import cache
from pathlib import Path

from backspasm.records.library import package_version


def cache_folder() -> Path:
    """``$XDG_CACHE_HOME/backspasm``, by default ``~/.cache/backspasm``."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "backspasm"


@cache
def digest_of_code(*packages: str) -> str:
    """Changes with the version and with the code of these parts of the program (``patients/from_note``).

    Put into the name of a file, it sees to it that what other code has kept is never read.
    """
    root = Path(__file__).parent.parent
    total = hashlib.sha256(package_version().encode())
    for path in sorted(path for package in packages for path in root.joinpath(package).glob("*.py")):
        total.update(path.read_bytes())
    return total.hexdigest()[:12]


def keep(place: Path, data: bytes) -> None:
    """Write a file, whole or not at all; a cache that cannot be written is not an error."""
    made: Path | None = None
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=place.parent, delete=False) as file:
            made = Path(file.name)
            file.write(data)
        made.replace(place)
    except OSError:
        if made is not None:
            made.unlink(missing_ok=True)

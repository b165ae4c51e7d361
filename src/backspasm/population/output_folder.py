"""The folder that a command writes to."""

from __future__ import annotations

from pathlib import Path

from backspasm.patients.patient import InputError


def made(place: Path, out: Path) -> Path:
    """Make a folder with all above it, and give it back.

    Args:
        out: what the caller named with ``--out``; ``place`` is this folder or lies in it.

    Raises:
        InputError: where it cannot be made: a file is in the way, or the place may not be written to.
    """
    try:
        place.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        what = f"cannot be made ({error.strerror or type(error).__name__})"
        raise InputError.one("--out", str(out), what, "name a folder that may be written to") from None
    return place

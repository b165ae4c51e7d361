"""Where the store's files lie, readable by their owner only."""

from __future__ import annotations

import os
from pathlib import Path

from backspasm.patients.patient import InputError


def data_folder() -> Path:
    """``$XDG_DATA_HOME/backspasm``, by default ``~/.local/share/backspasm`` (XDG Base Directory Specification)."""
    named = os.environ.get("XDG_DATA_HOME", "")
    base = Path(named) if Path(named).is_absolute() else Path.home() / ".local/share"
    return base / "backspasm"


def private_file(path: Path, content: bytes = b"") -> None:
    """Make the file with its folder if it is not there, for its owner alone; leave it as it is otherwise.

    Raises:
        InputError: where it cannot be made.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        if path.exists():
            return
        # complete under a name of its own first: who starts at the same time sees the whole file or none
        fresh = path.with_name(f".{path.name}.{os.getpid()}")
        handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        try:
            os.write(handle, content)
        finally:
            os.close(handle)
        try:
            os.link(fresh, path)
        except FileExistsError:
            pass
        finally:
            fresh.unlink()
    except OSError as error:
        what = f"cannot be made ({error.strerror or type(error).__name__})"
        raise InputError.one("store", str(path), what, "name a folder that can be written, in [store] url") from None

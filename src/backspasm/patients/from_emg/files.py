"""Opens a recording, whatever kind of file it is, and says what is wrong with one that cannot be read."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from types import ModuleType

from backspasm.patients.from_emg.recording import Mark, Trace
from backspasm.patients.patient import InputError

#: largest file that is read, bytes: an hour of 16 channels at 4 kHz as text
LARGEST = 2_000_000_000


@dataclass(frozen=True, slots=True)
class Opened:
    """Everything of a file: traces in their own units and at their own rates, and marks that it holds itself."""

    traces: tuple[Trace, ...]
    marks: tuple[Mark, ...] = ()
    synthetic: bool = False


def open_file(path: Path, rate_hz: float | None = None, unit: str | None = None) -> Opened:
    """Read EDF or BDF, HDF5, or text in columns, told apart by their first bytes.

    ``rate_hz`` and ``unit`` are what the caller says of a file that doesn't say it itself.

    Raises:
        InputError: naming the file, the field, the value and the mend.
    """
    head = _head(path)
    if head[:8] == b"\x89HDF\r\n\x1a\n":
        from backspasm.patients.from_emg.read_hdf5 import read_hdf5

        return read_hdf5(path, rate_hz, unit)
    if head[:8] == b"0       " or head[:8] == b"\xffBIOSEMI":
        from backspasm.patients.from_emg.read_edf import read_edf

        return read_edf(path)
    if b"\0" in head or path.suffix.lower() in {".edf", ".bdf", ".h5", ".hdf5"}:
        what = "is no EDF, BDF, HDF5 or text file, or its beginning is damaged"
        raise InputError.one("FILE", str(path), what, "export the recording again as EDF, HDF5 or CSV")
    from backspasm.patients.from_emg.read_text import read_text

    return read_text(path, rate_hz, unit)


def _head(path: Path) -> bytes:
    if path.is_dir():
        raise InputError.one("FILE", str(path), "is a directory", "name one recording")
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            head = file.read(256)
    except FileNotFoundError:
        raise InputError.one("FILE", str(path), "does not exist", "check the path") from None
    except OSError as error:
        what = f"cannot be read ({error.strerror or type(error).__name__})"
        raise InputError.one("FILE", str(path), what, "check its permissions") from None
    if size == 0:
        raise InputError.one("FILE", str(path), "is empty", "export the recording again")
    if size > LARGEST:
        raise InputError.one("FILE", str(path), f"is larger than {LARGEST // 1_000_000} MB", "cut it to the test")
    return head


def extra(name: str, for_what: str) -> ModuleType:
    """A library of the extra ``emg``. Raises InputError with the command that installs it."""
    try:
        return import_module(name)
    except ImportError:
        mend = "pip install 'backspasm[emg]', or export the recording as CSV"
        raise InputError.one("FILE", for_what, f"needs {name}, which is not installed", mend) from None


@contextmanager
def reading(path: Path, kind: str) -> Iterator[None]:
    """Turns whatever a library says of a damaged file into a clear refusal."""
    try:
        yield
    except InputError:
        raise
    except (OSError, ValueError, KeyError, TypeError, IndexError, RuntimeError) as error:
        said = " ".join(str(error).split())[:160]
        what = f"cannot be read as {kind} ({said or type(error).__name__}); it may be cut short or damaged"
        raise InputError.one("FILE", str(path), what, "copy or export the recording again") from None

"""How the C library keeps memory that was freed."""

from __future__ import annotations

import ctypes
import sys

#: `M_ARENA_MAX` of glibc's `mallopt(3)`
_ARENA_MAX = -8
#: arenas of one process
ARENAS = 2


def few_arenas() -> None:
    """Let all threads share two arenas (glibc only; elsewhere nothing is done).

    By default each thread gets an arena of its own and keeps what was freed in it. Arrays of some megabytes, made and dropped in
    several threads, would make the process nearly twice as large as what it holds.
    """
    if sys.platform == "linux":
        mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
        if mallopt is not None:
            mallopt(_ARENA_MAX, ARENAS)

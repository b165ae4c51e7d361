"""Work during which Python looks for no garbage in cycles."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def not_collecting() -> Iterator[None]:
    """Leave the collector of cycles off: the words make none, and walking all knowledge costs a tenth of a long note.

    It is left as it was found. Of several threads the one that switched it off switches it on.
    """
    if not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.enable()

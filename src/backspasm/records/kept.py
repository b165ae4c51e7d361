"""The checked knowledge base by itself, kept on disk: a command that only reads words needs no model and no arrays."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import msgspec

from backspasm.records.cache import cache_folder, digest_of_code, keep
from backspasm.records.knowledge import Knowledge
from backspasm.records.library import digest_of, knowledge_folder, read_knowledge


def load_knowledge(root: Path | None = None, on_read: Callable[[], None] | None = None) -> Knowledge:
    """A knowledge base from the cache where it is there, else read, checked and kept.

    Args:
        root: the knowledge folder; default the one that ships, or ``BACKSPASM_KNOWLEDGE``.
        on_read: called before the files are read (which takes seconds), so that a command can say so.

    Raises:
        KnowledgeError: with every problem of the knowledge base.
    """
    root = root or knowledge_folder()
    place = cache_folder() / f"{digest_of(root)[:24]}-{digest_of_code('records')}-knowledge.bin"
    try:
        return msgspec.msgpack.decode(place.read_bytes(), type=Knowledge)
    except (OSError, msgspec.MsgspecError):  # absent, damaged or of another shape: read anew
        pass
    if on_read is not None:
        on_read()
    knowledge = read_knowledge(root)
    keep(place, msgspec.msgpack.encode(knowledge))
    return knowledge

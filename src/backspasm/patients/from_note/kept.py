"""What was compiled from the words of a knowledge base, kept on disk beside the fitted model: no note, knowledge only."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import TypeVar

import msgspec

from backspasm.records.cache import cache_folder, digest_of_code, keep
from backspasm.records.knowledge import Knowledge

T = TypeVar("T")

#: the code that compiles, and the types that are kept
_CODE = ("patients/from_note", "patients/from_note/values", "patients", "records")


def kept(name: str, knowledge: Knowledge, of: type[T], make: Callable[[Knowledge], T]) -> T:
    """What ``make`` makes of the words: from the cache where it is there, else made and kept.

    The file is named by the words themselves, not by the digest of the knowledge, which says nothing of a value that a
    program has changed. A damaged file, or one of another shape, is made anew.
    """
    place = cache_folder() / f"{_digest_of_words(knowledge)}-{digest_of_code(*_CODE)}-{name}.bin"
    try:
        return msgspec.msgpack.decode(place.read_bytes(), type=of)
    except (OSError, msgspec.MsgspecError):
        pass
    made = make(knowledge)
    keep(place, msgspec.msgpack.encode(made))
    return made


def _digest_of_words(knowledge: Knowledge) -> str:
    """SHA-256 of every record from which the reader of notes takes words."""
    of = (knowledge.words, knowledge.findings, knowledge.comorbidities, knowledge.medicines)
    return hashlib.sha256(msgspec.msgpack.encode(of)).hexdigest()[:24]

"""Heads that are told by their first bytes alone, for all lines of a text at once.

Most servers begin a resource with its type and id, and many go on with its subject. Where the bytes are just that, nothing
is decoded here: whether the rest is sound is for the decoder of the type to say. Every other line is left to ``heads``.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from backspasm.population.screen.lines import SHARED, WANTED

Integers = NDArray[np.int64]

_BEGIN = b'{"resourceType":"%s","id":"'
_TYPE = re.compile(rb'\{"resourceType":"([A-Za-z]+)","id":"')
_OWNER = b'","%s":{"reference":"Patient/'
#: types that name their patient under ``patient``; the others that are read do so under ``subject``
_BY_PATIENT = frozenset({"AllergyIntolerance", "FamilyMemberHistory"})
#: types whose lines belong to a patient and are decoded later on
_PLAIN = tuple(sorted(WANTED - SHARED))
#: bytes in which the end of an id is looked for: most are no longer than a UUID; FHIR allows 64 characters
_NEAR, _FAR = 40, 72
#: bytes of an id that are compared with the one before, and of what follows it if it is shorter
_GLANCE = 40
#: bytes that a plain head can take
_ROOM = 500
#: lines by which the types of a text are guessed
_SAMPLE = 50
_QUOTE, _BACKSLASH = ord('"'), ord("\\")


class Plain(Struct, frozen=True):
    """Plain lines of one type: their places among those given, and whose they are: some lines of one, some of the next.

    Patients are named by their ids as written there; the same one can come again.
    """

    type: str
    lines: Integers
    patients: list[bytes]
    counts: Integers


def plain_heads(text: bytes, begin: Integers) -> Iterator[Plain]:
    """The plain ones of the lines of a text that begin at some places. Those near its end are never among them."""
    left = np.arange(np.searchsorted(begin, len(text) - _ROOM, "right"))
    for kind in _likely(text, begin):
        start = _BEGIN % kind.encode()
        same = _says(text, begin[left], start)
        lines = left[same]
        if len(lines):
            left = left[~same]
            yield _of_type(text, begin, lines, kind, len(start))
        if not len(left):
            return


def _likely(text: bytes, begin: Integers) -> Iterator[str]:
    """The plain types, those first that a few lines show; none where they show none."""
    some = begin[:: max(1, len(begin) // _SAMPLE)].tolist()
    seen = Counter(match.group(1).decode() for at in some if (match := _TYPE.match(text, at)))
    if not seen.keys() & set(_PLAIN):
        return
    yield from (kind for kind, _ in seen.most_common() if kind in _PLAIN)
    yield from (kind for kind in _PLAIN if kind not in seen)


def _of_type(text: bytes, begin: Integers, lines: Integers, kind: str, skip: int) -> Plain:
    start = begin[lines] + skip
    end, sound = _end_of_string(text, start)
    if kind != "Patient":
        literal = _OWNER % (b"patient" if kind in _BY_PATIENT else b"subject")
        sound &= _says(text, end, literal)
        start = end + len(literal)
        end, whole = _end_of_string(text, start)
        sound &= whole
    if not sound.all():
        lines, start, end = lines[sound], start[sound], end[sound]
    first = np.flatnonzero(_differ(text, start, end))
    ids = [text[a:b] for a, b in zip(start[first].tolist(), end[first].tolist(), strict=True)]
    return Plain(kind, lines, ids, np.diff(first, append=len(lines)))


def _differ(text: bytes, start: Integers, end: Integers) -> NDArray[np.bool_]:
    """Whether each of some strings is another than the one before it, or cannot be told from it at a glance."""
    words = np.ndarray((len(text) - _GLANCE + 1,), f"V{_GLANCE}", text, strides=(1,))[start]
    parts = words.view(np.uint64).reshape(len(start), _GLANCE // 8)
    out = np.ones(len(start), bool)
    if len(start) > 1:
        length = end - start
        out[1:] = (length[1:] != length[:-1]) | (length[1:] > _GLANCE)
        for i in range(parts.shape[1]):
            out[1:] |= parts[1:, i] != parts[:-1, i]
    return out


def _says(text: bytes, at: Integers, words: bytes) -> NDArray[np.bool_]:
    """Whether the text has these words at each of some places."""
    size = len(words)
    every = np.ndarray((len(text) - size + 1,), f"S{size}", text, strides=(1,))
    return np.asarray(every[at] == words)


def _end_of_string(text: bytes, start: Integers) -> tuple[Integers, NDArray[np.bool_]]:
    """Where the strings end that begin at some places, and whether they are short, not empty and without escapes."""
    length, escaped = _quote(text, start, _NEAR)
    if not length.all():
        length, escaped = _quote(text, start, _FAR)
    return start + length, (length > 0) & ~escaped


def _quote(text: bytes, start: Integers, reach: int) -> tuple[Integers, NDArray[np.bool_]]:
    """How far the first quotation mark is from each of some places (0: not in reach), and whether an escape is near."""
    every = np.ndarray((len(text) - reach + 1,), f"V{reach}", text, strides=(1,))
    near = every[start].view(np.uint8).reshape(len(start), reach)
    escaped = near == _BACKSLASH
    return (near == _QUOTE).argmax(1), escaped.any(1) if escaped.any() else np.zeros(len(start), bool)

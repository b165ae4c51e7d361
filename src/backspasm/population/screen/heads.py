"""The heads of many lines at once: the same as ``lines.head_of`` says of each, at a fraction of its cost.

A block of sound lines is decoded in one call; what that leaves open (another owner than a patient, a mistake) is asked of
``head_of``, line by line.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
import numpy as np
import pyarrow as pa
from msgspec import Struct
from numpy.typing import NDArray

from backspasm.patients.from_fhir.bundle import READ
from backspasm.population.screen.lines import KINDS, SHARED, WANTED, Strict, head_of, patient_key
from backspasm.population.screen.plain import plain_heads
from backspasm.population.screen.resource_types import R4

Integers = NDArray[np.int64]

#: bytes of text whose lines are told, or decoded, in one call; and those in which line ends are looked for in one
AT_ONCE = 4_000_000
_SEARCHED = 1_000_000
#: share of lines up to which they are decoded one by one
MIXED = 0.1
#: instead of a patient's number: the line is about nobody, or about what is not a patient
NOBODY, SOMEONE_ELSE = -1, -2
_TYPES = tuple(sorted(R4))
_NUMBER = {name: i for i, name in enumerate(_TYPES)}
_UNKNOWN = len(_TYPES)
_PATIENT = _NUMBER["Patient"]
#: by type, and last for an unknown one: its place in KINDS or -1, whether patients share it, whether it must be about one
_KIND = np.array([*(KINDS.index(t) if t in WANTED else -1 for t in _TYPES), -1], np.int8)
_SHARED = np.array([*(t in SHARED for t in _TYPES), False])
_OWNED = np.array([*(t in READ and t not in SHARED for t in _TYPES), True])
_STRICT = msgspec.json.Decoder(Strict)
_REFUSED = Strict("")
#: bytes that are looked at together
_WORD = 8
_NEWLINE, _OPEN, _CLOSE, _RETURN = (ord(c) for c in "\n{}\r")


class Fault(Struct, frozen=True):
    """A line that is listed and not read: its number in the text (from 0), its resource, and why."""

    index: int
    resource: str
    reason: str


class Heads(Struct, frozen=True):
    """What the lines of a text are, in arrays of one entry a line.

    ``at``: where each begins, and the end of the text; ``type``: a number of its type; ``kind``: place in ``KINDS``, -1 where
    the line is not read; ``owner``: number of its patient among ``Owners``, or negative; ``shared``: line -> name of what
    patients share; ``others``: line -> type that FHIR does not know.
    """

    at: Integers
    type: NDArray[np.int16]
    kind: NDArray[np.int8]
    owner: Integers
    shared: dict[int, str]
    others: dict[int, str]
    faults: list[Fault]

    def types(self, first: int = 0, end: int | None = None) -> dict[str, int]:
        """Number of lines of each type, among all or some."""
        counts = np.bincount(self.type[first:end], minlength=_UNKNOWN + 1)
        out = {_TYPES[i]: int(counts[i]) for i in np.flatnonzero(counts[:_UNKNOWN])}
        for line, name in self.others.items():
            if first <= line and (end is None or line < end):
                out[name] = out.get(name, 0) + 1
        return out


class Owners:
    """Patients by number, in the order in which they come up. How they are referred to is remembered."""

    def __init__(self) -> None:
        self._by_key: dict[bytes, int] = {}
        self._by_reference: dict[str | None, int] = {None: NOBODY}

    @property
    def keys(self) -> list[bytes]:
        return list(self._by_key)

    def of_key(self, key: str) -> int:
        """The number of a patient."""
        return self._by_key.setdefault(key.encode(), len(self._by_key))

    def of_references(self, references: list[str | None]) -> Integers:
        """The numbers of those whom references mean."""
        for new in set(references).difference(self._by_reference):
            key = None if new is None else patient_key(new)
            self._by_reference[new] = SOMEONE_ELSE if key is None else self.of_key(key)
        return np.fromiter(map(self._by_reference.__getitem__, references), np.int64, len(references))

    def of_ids(self, ids: list[bytes]) -> Integers:
        """The same for what stands behind ``Patient/`` in references, in UTF-8."""
        known = self._by_key
        try:
            return np.fromiter(map(known.__getitem__, ids), np.int64, len(ids))
        except KeyError:
            pass
        if b"/" in b"".join(ids):  # an older version of the patient, or no patient at all
            return self.of_references([f"Patient/{one.decode()}" for one in ids])
        for new in dict.fromkeys(ids):
            known.setdefault(new, len(known))
        return np.fromiter(map(known.__getitem__, ids), np.int64, len(ids))


def heads_of(text: bytes, owners: Owners) -> Heads:
    """The heads of a text of whole lines, the last one with its newline too."""
    at = line_starts(text)
    ascii_only = text.isascii()
    pieces = [_piece(text, at[a : b + 1], a, owners, ascii_only) for a, b in _cuts(at)]
    if len(pieces) == 1:
        return pieces[0]
    return Heads(
        at,
        np.concatenate([p.type for p in pieces]) if pieces else np.empty(0, np.int16),
        np.concatenate([p.kind for p in pieces]) if pieces else np.empty(0, np.int8),
        np.concatenate([p.owner for p in pieces]) if pieces else np.empty(0, np.int64),
        {line: name for p in pieces for line, name in p.shared.items()},
        {line: name for p in pieces for line, name in p.others.items()},
        [fault for p in pieces for fault in p.faults],
    )


def lines_as_arrow(text: bytes, at: Integers) -> pa.LargeBinaryArray:
    """The lines of a text as an Arrow array, without a copy."""
    return pa.LargeBinaryArray.from_buffers(
        pa.large_binary(), len(at) - 1, [None, pa.py_buffer(at), pa.py_buffer(text)]
    )


def line_starts(text: bytes) -> Integers:
    """Where each line of a text begins, and where the last one ends."""
    data = np.frombuffer(text, np.uint8)
    found = [np.zeros(1, np.int64)]
    for first in range(0, len(text), _SEARCHED):
        found.append(_newlines(data[first : first + _SEARCHED]) + (first + 1))
    return np.concatenate(found)


def _newlines(data: NDArray[np.uint8]) -> Integers:
    is_end = data == _NEWLINE
    whole = len(data) // _WORD * _WORD
    words = np.flatnonzero(is_end[:whole].view(np.uint64) != 0)  # few words of eight bytes hold a newline
    inside = is_end[:whole].reshape(-1, _WORD)[words]
    if whole != len(data) or np.count_nonzero(inside) != len(words):
        return np.flatnonzero(is_end)
    return np.asarray(words * _WORD + inside.argmax(1))


def _cuts(at: Integers) -> Iterator[tuple[int, int]]:
    """Ranges of lines of about ``AT_ONCE`` bytes."""
    first, lines = 0, len(at) - 1
    while first < lines:
        last = min(lines, max(first + 1, int(np.searchsorted(at, at[first] + AT_ONCE, "right")) - 1))
        yield first, last
        first = last


def _piece(text: bytes, at: Integers, first: int, owners: Owners, ascii_only: bool) -> Heads:
    """The heads of some lines; the first of them is line ``first`` of the text."""
    there = np.flatnonzero(np.diff(at) > 1)
    size = len(at) - 1
    types, owner = np.full(size, _UNKNOWN, np.int16), np.full(size, NOBODY, np.int64)
    sound = ascii_only or is_utf8(text[at[0] : at[-1]])
    left = _plain(text, at, there, types, owner, owners) if sound else there
    found = _decoded_at_once(text, at, there) if sound and len(left) == len(there) else None
    if found is None:
        left, found = _decoded_each(text, at, left)
    types[left] = [_NUMBER.get(head.resource_type, _UNKNOWN) for head in found]
    owner[left] = owners.of_references(
        [None if (who := head.subject or head.patient) is None else who.reference for head in found]
    )
    shared: dict[int, str] = {}
    others: dict[int, str] = {}
    faults: list[Fault] = []
    for line, head in _those(types == _PATIENT, left, found):
        owner[line] = owners.of_key(head.id) if head.id else SOMEONE_ELSE
    for line, head in _those(_SHARED[types] & (owner == NOBODY), left, found):
        shared[first + line] = f"{head.resource_type}/{head.id}" if head.id else head.resource_type
    for line in np.flatnonzero(
        (types == _UNKNOWN) | (owner == SOMEONE_ELSE) | ((owner == NOBODY) & _OWNED[types])
    ).tolist():
        data = text[at[line] : at[line + 1] - 1]
        if not data or data.isspace():
            continue
        told = head_of(data)
        types[line] = _NUMBER.get(told.type, _UNKNOWN)
        owner[line] = NOBODY if told.patient is None else owners.of_key(told.patient)
        if told.type not in R4 and told.type:
            others[first + line] = told.type
        if told.reason is not None:
            faults.append(Fault(first + line, told.name, told.reason))
        elif told.patient is None and told.type in SHARED:
            shared[first + line] = told.name
    kind = _KIND[types]
    kind[owner == NOBODY] = -1
    return Heads(at, types, kind, owner, shared, others, faults)


def _plain(
    text: bytes, at: Integers, there: Integers, types: NDArray[np.int16], owner: Integers, owners: Owners
) -> Integers:
    """Enter the plain lines, if they are nearly all of those that are there; the lines that are left."""
    plain = list(plain_heads(text, at[there]))
    left = np.ones(len(there), bool)
    for one in plain:
        left[one.lines] = False
    if np.count_nonzero(left) > MIXED * len(left):
        return there  # decoding all of them in one call is quicker than some of them one by one
    for one in plain:
        lines = there[one.lines]
        types[lines] = _NUMBER[one.type]
        owner[lines] = np.repeat(owners.of_ids(one.patients), one.counts)
    return there[left]


def _those(mask: NDArray[np.bool_], there: Integers, found: list[Strict]) -> Iterator[tuple[int, Strict]]:
    """Lines of a mask, of those that are not blank, with what was decoded of them."""
    for i in np.flatnonzero(mask[there]).tolist():
        yield int(there[i]), found[i]


def _decoded_at_once(text: bytes, at: Integers, there: Integers) -> list[Strict] | None:
    """All lines decoded in one call; None where one of them cannot be, or it is not certain that each is one object."""
    if not len(there):
        return []
    data = np.frombuffer(text, np.uint8)
    last = at[there + 1] - 2
    last -= data[last] == _RETURN
    # JSON has neither line ends in strings nor an object right behind another: so no object can go over such a line end
    if not ((data[at[there]] == _OPEN) & (data[last] == _CLOSE)).all():
        return None
    try:
        found = _STRICT.decode_lines(memoryview(text)[at[0] : at[-1]])
    except (msgspec.DecodeError, RecursionError):
        return None
    return found if len(found) == len(there) else None


def _decoded_each(text: bytes, at: Integers, there: Integers) -> tuple[Integers, list[Strict]]:
    """Lines that are not blank, each decoded by itself; what is wrong has no type."""
    lines, found = [], []
    for line in there.tolist():
        data = text[at[line] : at[line + 1] - 1]
        if data.isspace():
            continue
        lines.append(line)
        try:
            found.append(_STRICT.decode(data) if is_utf8(data) else _REFUSED)
        except (msgspec.DecodeError, RecursionError):
            found.append(_REFUSED)
    return np.array(lines, np.int64), found


def is_utf8(text: bytes) -> bool:
    """The decoder does not look into what it skips."""
    if text.isascii():
        return True
    whole = pa.LargeStringArray.from_buffers(1, pa.py_buffer(np.array([0, len(text)])), pa.py_buffer(text))
    try:
        whole.validate(full=True)
    except pa.ArrowInvalid:
        return False
    return True

"""The resource type of many lines, told by how most servers begin a resource; the others are asked one by one."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from backspasm.patients.from_fhir.bundle import READ
from backspasm.population.follow_up import TYPES
from backspasm.population.screen.lines import type_of

#: what is read of an export
WANTED = tuple(sorted({*READ, *TYPES}))
_CODE = {name: i for i, name in enumerate(WANTED)}
_BEGIN = b'{"resourceType":"'
#: the beginning of a line that ends with or behind the name of most types
_LENGTH = len(_BEGIN) + len('Observation"')
#: longer names by their beginning, with all of it: of those that begin alike the last
_LONGER = {
    (_BEGIN + name.encode() + b'"')[:_LENGTH]: (_BEGIN + name.encode() + b'"', code)
    for name, code in _CODE.items()
    if len(name) > len("Observation")
}
#: beginnings that are remembered at most: in other writings they hold ids
_MOST = 10_000
_KNOWN: dict[bytes, int] = {}
#: what is not known by its beginning
_ASK = -2


def types_of(data: Sequence[bytes]) -> tuple[NDArray[np.int64], tuple[str, ...]]:
    """For each line the place of its type among the names returned, -1 for types that are not read."""
    known, length = _KNOWN, _LENGTH
    codes = [known.get(line[:length], _ASK) for line in data]
    if _ASK in codes:
        for i, code in enumerate(codes):
            if code == _ASK:
                codes[i] = _asked(data[i])
    return np.array(codes, dtype=np.int64), WANTED


def _asked(line: bytes) -> int:
    begin = line[:_LENGTH]
    longer = _LONGER.get(begin)
    if longer is not None and line.startswith(longer[0]):
        return longer[1]
    code = _CODE.get(type_of(line), -1)
    if begin.startswith(_BEGIN) and b'"' in begin[len(_BEGIN) :]:  # the whole name is in it
        if len(_KNOWN) >= _MOST:
            _KNOWN.clear()
        _KNOWN[begin] = code
    return code

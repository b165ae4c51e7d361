"""The resource type of many lines, told by how most servers begin a resource; the others are asked one by one."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from backspasm.population.screen.lines import KINDS, type_of

_CODE = {name: i for i, name in enumerate(KINDS)}
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


def types_of(data: Sequence[bytes], told: NDArray[np.int64]) -> NDArray[np.int64]:
    """For each line the place of its type in ``KINDS``, -1 for types that are not read.

    Args:
        told: the same as far as it is known; -1 where nobody has looked.
    """
    out = told.copy()
    for i in np.flatnonzero(told < 0).tolist():
        line = data[i]
        code = _KNOWN.get(line[:_LENGTH])
        out[i] = _asked(line) if code is None else code
    return out


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

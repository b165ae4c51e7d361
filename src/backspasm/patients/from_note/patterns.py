"""The small language in which patterns are written, and its compilation into sequences of word classes.

``numb .. {saddle}``   words and classes in this order, up to four words between them, no comma
``pain ... {leg}``     up to eight words between them, commas allowed
``{numb} & {saddle}``  in either order, up to five words between them, no comma
``{a} && {b}``         in either order, anywhere near in the sentence (up to fourteen words, commas allowed)
``(a|b c) d?``         one of several; a word that may be missing
``#``                  any number
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import product

from msgspec import Struct

#: how many words may stand between two elements, and whether a comma may
GAPS: dict[str, tuple[int, bool]] = {"..": (4, False), "...": (8, True), "&": (5, False), "&&": (14, True)}

_PIECE = re.compile(r"\{[a-z_0-9]+\}\??|\([^()]*\)\??|&&|&|\.{2,3}|[^\s()]+")


class Element(Struct, frozen=True):
    """A word class or a phrase, the gap before it in words, and whether that gap may hold a comma."""

    name: str
    gap: int = 0
    commas: bool = False


def parse(pattern: str) -> Iterator[tuple[Element, ...]]:
    """All the sequences that a pattern stands for. Adjacent words become one phrase."""
    alternatives: list[tuple[str, ...]] = []
    for piece in _PIECE.findall(pattern):
        optional = piece.endswith("?") and len(piece) > 1
        alternatives.append((piece[:-1], "") if optional else (piece,))
    for choice in product(*alternatives):
        yield from _sequences([p for p in choice if p])


def _sequences(pieces: list[str]) -> Iterator[tuple[Element, ...]]:
    parts: list[tuple[str, str]] = []  # operator before, name
    operator = ""
    words: list[str] = []

    def flush() -> None:
        nonlocal operator
        if words:
            parts.append((operator, " ".join(words)))
            words.clear()
            operator = ""

    for piece in pieces:
        if piece in GAPS:
            flush()
            operator = piece
        elif piece[0] in "{(":
            flush()
            parts.append((operator, piece))
            operator = ""
        else:
            words.append(piece)
    flush()
    if parts:
        yield _elements(parts)
    if len(parts) > 1 and all(op in ("&", "&&") for op, _ in parts[1:]):
        yield _elements(
            [("", parts[-1][1]), *((op, name) for (op, _), (_, name) in zip(parts[:0:-1], parts[-2::-1], strict=True))]
        )


def _elements(parts: list[tuple[str, str]]) -> tuple[Element, ...]:
    return tuple(Element(name, *GAPS.get(op, (0, False))) for op, name in parts)

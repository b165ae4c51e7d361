"""The words of a knowledge base as they are matched: plain numbers and names, which can be kept in a file.

Phrases stand in a trie over word ids. Phrases of the same classes mean the same, so a phrase is only the number of its
*kind*. A node of the trie is a dictionary from the word that follows to the next node; ``HERE`` leads to the kind of the
phrase that ends there. Where no word follows, the kind itself stands for the node.
"""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from backspasm.patients.from_note.kinds import Rule, StoredKind, StoredPattern
from backspasm.patients.from_note.matching import HERE
from backspasm.patients.from_note.spelling import Spelled


class Compiled(Struct, frozen=True, array_like=True):
    """All words of a knowledge base, compiled.

    ``members``  the kinds of each class
    """

    rules: tuple[Rule, ...]
    patterns: tuple[StoredPattern, ...]
    kinds: tuple[StoredKind, ...]
    members: tuple[tuple[int, ...], ...]
    trie: dict[int, Any]
    spelled: Spelled
    hard: frozenset[int]
    only: frozenset[int]
    joins: frozenset[int]
    links: frozenset[int]
    denials: frozenset[int]
    letter_n: int
    yes: frozenset[int]
    no: frozenset[int]


def leaves(node: dict[int, Any]) -> dict[int, Any]:
    """The trie in its shortest form: a node that no word follows is the kind that ends there."""
    out: dict[int, Any] = {}
    for word, following in node.items():
        if word == HERE:
            out[word] = following
        elif len(following) == 1 and HERE in following:
            out[word] = following[HERE]
        else:
            out[word] = leaves(following)
    return out

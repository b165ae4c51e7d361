"""Exceptions: what a sentence denies in general and affirms in particular."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from backspasm.patients.from_note.document import Document

if TYPE_CHECKING:
    from backspasm.patients.from_note.hits import Hit

#: what takes one thing out of what was denied before it: ``no leg symptoms except for tingling``
_EXCEPTION = re.compile(r"\b(?:except|exception|apart from|aside from|other than|save for|bar)\b")


def excepted(doc: Document, found: list[tuple[Hit, bool]]) -> list[tuple[Hit, bool]]:
    """Without a denial from which the same sentence takes one of its findings out again."""
    denied = {(h.start, h.end): h for h, _ in found if h.assertion == "absent"}
    if not denied:
        return found
    gone: set[tuple[int, int]] = set()
    for h, _ in found:
        if h.assertion != "present":
            continue
        for place, d in denied.items():
            if d.end <= h.start and _EXCEPTION.search(doc.lower, d.end, h.start):
                own = {o.finding for o, _ in found if (o.start, o.end) == place and o.assertion == "absent"}
                if h.finding in own:
                    gone.add(place)
    return [(h, v) for h, v in found if h.assertion != "absent" or (h.start, h.end) not in gone]

"""Which medicines a name means: generic or brand, one or several, with combinations taken apart; and what an allergy means."""

from __future__ import annotations

import re
from typing import Literal

from msgspec import Struct

from backspasm.records.knowledge import Knowledge

_WORD = re.compile(r"[^\W_]+")
#: spellings by digest of the knowledge: made once, since population runs look up names for every patient
_SPELLINGS: dict[tuple[str, str], dict[str, str]] = {}
#: no name has more words: bounds the work for a text of thousands of words
_LONGEST = 8
#: knowledge versions kept, for programs that load several
_KEPT = 4


class Allergy(Struct, frozen=True):
    """What an allergy means: medicines and classes of medicines; ``known`` is false for words that were not recognised."""

    name: str
    medicines: tuple[str, ...]
    classes: tuple[str, ...]
    known: bool


def find_medicines(name: str, knowledge: Knowledge) -> tuple[str, ...]:
    """Ids of every medicine named in a text (``thiocolchicoside + aceclofenac``), longest name first.

    A name within a longer one does not count: ``hydrocortisone cream`` is not hydrocortisone.
    """
    return _named(name, medicine_names(knowledge))


def ingredients(medicine: str, knowledge: Knowledge) -> tuple[str, ...]:
    """What a medicine contains: itself, or the contents of a combination."""
    record = knowledge.medicines.get(medicine)
    return record.contains if record is not None and record.contains else (medicine,)


def taken(names: tuple[str, ...], knowledge: Knowledge) -> dict[str, str]:
    """Ingredient -> the name on the list that holds it, for every recognised medicine."""
    out: dict[str, str] = {}
    for name in names:
        for medicine in find_medicines(name, knowledge):
            for ingredient in ingredients(medicine, knowledge):
                out.setdefault(ingredient, name)
    return out


def find_allergy(name: str, knowledge: Knowledge) -> Allergy:
    """What the name of an allergy means. Known substances that bear on no treatment are known, with nothing in them."""
    found = [i for m in find_medicines(name, knowledge) for i in ingredients(m, knowledge)]
    words = _named(name, _allergen_names(knowledge))
    classes = [c for m in found for c in knowledge.medicines[m].classes]
    classes += [c for word in words for c in knowledge.allergens[word].classes]
    return Allergy(name, tuple(dict.fromkeys(found)), tuple(dict.fromkeys(classes)), bool(found or words))


def medicine_names(knowledge: Knowledge) -> dict[str, str]:
    """Every known spelling to the medicine's id."""
    return _spellings("medicines", knowledge)


def _allergen_names(knowledge: Knowledge) -> dict[str, str]:
    return _spellings("allergens", knowledge)


def _spellings(kind: Literal["medicines", "allergens"], knowledge: Knowledge) -> dict[str, str]:
    key = (kind, knowledge.digest)
    known = _SPELLINGS.get(key)
    if known is None:
        known = {}
        for record in (knowledge.medicines if kind == "medicines" else knowledge.allergens).values():
            for spelling in (record.id, *record.names):
                known.setdefault(_spelling(spelling), record.id)
        while len(_SPELLINGS) >= _KEPT:
            _SPELLINGS.pop(next(iter(_SPELLINGS)))
        _SPELLINGS[key] = known
    return known


def _named(text: str, names: dict[str, str]) -> tuple[str, ...]:
    """Ids whose names occur in the text as whole words, longest first, none within another."""
    words = _WORD.findall(text.lower())
    whole = names.get(" ".join(words))
    if whole is not None:
        return (whole,)
    hits = []
    for start in range(len(words)):
        for end in range(start + 1, min(start + _LONGEST, len(words)) + 1):
            identifier = names.get(" ".join(words[start:end]))
            if identifier is not None:
                hits.append((-len(" ".join(words[start:end])), start, end, identifier))
    used: set[int] = set()
    found: list[str] = []
    for _, start, end, identifier in sorted(hits):
        if used.isdisjoint(range(start, end)):
            used.update(range(start, end))
            found.append(identifier)
    return tuple(dict.fromkeys(found))


def _spelling(name: str) -> str:
    """Words and numbers in lower case with one space between; hyphens, commas, brackets and the like divide words."""
    return " ".join(_WORD.findall(name.lower()))

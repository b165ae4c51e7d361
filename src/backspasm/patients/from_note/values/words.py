"""The words of ``words/values.yaml`` in the forms in which the parts of this package ask for them."""

from __future__ import annotations

from msgspec import Struct

from backspasm.records.words import ValueWords

#: weight of a word as evidence of the sex: titles and nouns weigh more than pronouns
_STRONG, _WEAK, _BODY = 2.5, 1.0, 1.2


class Said(Struct, frozen=True):
    """Sets and tables made once for a knowledge base.

    ``sex`` gives for a word the sex and its weight; ``event_stems`` are beginnings of words of other events.
    """

    allergens: frozenset[str]
    no_allergen: frozenset[str]
    infarction: frozenset[str]
    medicine_endings: tuple[str, ...]
    not_before_dose: frozenset[str]
    relatives: frozenset[str]
    events: frozenset[str]
    event_stems: tuple[str, ...]
    sex: dict[str, tuple[str, float]]


def compile_said(words: ValueWords) -> Said:
    """Every list of the file that is not phrases."""
    sex: dict[str, tuple[str, float]] = {}
    for name, lists in (("female", words.female), ("male", words.male)):
        for group, weight in ((lists.strong, _STRONG), (lists.weak, _WEAK), (lists.body, _BODY)):
            for word in group:
                if " " not in word and "'" not in word:
                    sex[word] = (name, weight)
    return Said(
        allergens=frozenset(words.allergens),
        no_allergen=frozenset(words.no_allergen),
        infarction=frozenset(w.lower() for w in words.infarction),
        medicine_endings=words.medicine_endings,
        not_before_dose=frozenset(words.not_before_dose),
        relatives=frozenset(words.relatives),
        events=frozenset(w for w in words.other_events if not w.endswith("*")),
        event_stems=tuple(w[:-1] for w in words.other_events if w.endswith("*")),
        sex=sex,
    )

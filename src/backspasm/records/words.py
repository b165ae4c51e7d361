"""The frozen records of ``words/``: how notes say what the findings mean. Patterns are explained in docs/knowledge-format.md."""

from __future__ import annotations

from typing import Literal

import msgspec

from backspasm.records.types import Record


class WordClass(Record, frozen=True, kw_only=True):
    """Words that may stand for each other in a pattern, named ``{id}`` there."""

    id: str
    words: tuple[str, ...]


class Wording(Record, frozen=True, kw_only=True):
    """How notes say that one finding is there (``says``) or is not (``denies``); see docs/knowledge-format.md.

    ``names`` are words for what is examined, which say nothing of the result: they only take a doubt (``not tested``).
    """

    finding: str
    says: tuple[str, ...] = ()
    denies: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    not_when: tuple[str, ...] = ()


class Statement(Record, frozen=True, kw_only=True):
    """Words that answer several findings at once; an answer given for one of them outranks it.

    ``normal``: the words themselves say that all is well. ``trouble``: they name a complaint in general (bladder
    problems); denied, it denies every finding of the list; affirmed, it leaves open which one is meant.
    """

    id: str
    kind: Literal["normal", "trouble"] = "normal"
    says: tuple[str, ...]
    absent: tuple[str, ...] = ()
    present: tuple[str, ...] = ()
    not_when: tuple[str, ...] = ()


class Cue(Record, frozen=True, kw_only=True):
    """Words that change what a finding named near them means (ConText: triggers, pseudo-triggers, terminations)."""

    id: str
    kind: Literal[
        "negation", "uncertain", "past", "family", "hypothetical", "other_person", "affirmed", "pseudo", "termination",
        "clause", "answer_yes", "answer_no", "answer_unsure",
    ]  # fmt: skip
    side: Literal["before", "after"] = "before"
    reach: Literal["next", "list", "clause", "sentence"] = "list"
    words: tuple[str, ...]


class Heading(Record, frozen=True, kw_only=True):
    """Headings of one part of a note; ``inline`` ones open the part in running text without a colon."""

    part: str
    words: tuple[str, ...]
    inline: tuple[str, ...] = ()


class Spelling(Record, frozen=True, kw_only=True):
    """Forms that mean the same word, words without weight, and real words that look like a misspelt one."""

    forms: dict[str, tuple[str, ...]]
    fillers: tuple[str, ...]
    not_misspelt: tuple[str, ...] = ()


class SexWords(Record, frozen=True, kw_only=True):
    """``strong`` name a person of that sex, ``weak`` are pronouns, ``body`` are of one sex only."""

    strong: tuple[str, ...] = ()
    weak: tuple[str, ...] = ()
    body: tuple[str, ...] = ()


class ValueWords(Record, frozen=True, kw_only=True):
    """Words in which notes state values and facts; the comments of ``words/values.yaml`` say what each list means."""

    measured: dict[str, tuple[str, ...]] = msgspec.field(default_factory=dict)
    not_measured: tuple[str, ...] = ()
    comorbidities: dict[str, tuple[str, ...]] = msgspec.field(default_factory=dict)
    not_comorbidities: tuple[str, ...] = ()
    infarction: tuple[str, ...] = ()
    more_medicines: tuple[str, ...] = ()
    not_medicines: tuple[str, ...] = ()
    medicine_endings: tuple[str, ...] = ()
    not_before_dose: tuple[str, ...] = ()
    allergens: tuple[str, ...] = ()
    no_allergen: tuple[str, ...] = ()
    female: SexWords = SexWords()
    male: SexWords = SexWords()
    other_events: tuple[str, ...] = ()
    relatives: tuple[str, ...] = ()
    setting: dict[str, tuple[str, ...]] = msgspec.field(default_factory=dict)


class Words(Record, frozen=True, kw_only=True):
    """All that the reader of notes knows about language."""

    classes: tuple[WordClass, ...] = ()
    wordings: tuple[Wording, ...] = ()
    statements: tuple[Statement, ...] = ()
    cues: tuple[Cue, ...] = ()
    headings: tuple[Heading, ...] = ()
    spelling: Spelling = Spelling(forms={}, fillers=())
    values: ValueWords = ValueWords()

"""Phrases by their first word: one pass over the words of a note finds all of them, whatever their number.

A lexicon is compiled once for a knowledge base. Phrases that begin like one of ours and mean something else are entries
too: they win where they are longer, and are then dropped.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from typing import Literal

from msgspec import Struct

from backspasm.patients.from_note.values.note import Note
from backspasm.records.knowledge import Knowledge

Kind = Literal["measured", "medicine", "comorbidity", "setting", "nothing"]
#: measured findings that are not announced by a cue of their own
_WITHOUT_CUE = frozenset({"duration_days"})
_PIECE = re.compile(r"[^\W_]+(?:'[a-z]+)?")
_LETTERS = re.compile(r"[a-z]+")


class Entry(Struct, frozen=True):
    """A phrase. ``rest`` is the pattern of what follows its first word; None if that word is all."""

    kind: Kind
    id: str
    length: int
    capitals: str | None = None
    rest: str | None = None


class Hit(Struct, frozen=True):
    """A phrase found, as places in the note."""

    kind: Kind
    id: str
    start: int
    end: int


class Lexicon(Struct, frozen=True):
    by_first: dict[str, tuple[Entry, ...]]
    #: names of six letters or more, for spelling: first letter -> names
    spellings: dict[str, tuple[str, ...]]
    spelled: dict[str, str]
    common: frozenset[str]
    #: names of anti-inflammatory drugs, of which one hypersensitivity speaks for all
    anti_inflammatory: frozenset[str]
    #: words seen -> the name that is meant by a misspelling, or None
    meant: dict[str, str | None]


def compile_lexicon(knowledge: Knowledge) -> Lexicon:
    """All phrases of the knowledge base and of ``words/values.yaml``."""
    said = knowledge.words.values
    entries: dict[str, dict[tuple[str, str], list[Entry]]] = {}

    def add(kind: Kind, id_: str, phrases: Iterable[str]) -> None:
        for phrase in phrases:
            entry = _entry(kind, id_, phrase)
            if entry is not None:
                first, made = entry
                same = entries.setdefault(first, {}).setdefault((phrase.lower(), made.capitals or ""), [])
                if not same or (same[0].kind == kind == "comorbidity" and all(e.id != id_ for e in same)):
                    same.append(made)

    # of lists that hold the same phrase the first wins; a phrase may mean two comorbidities at once
    add("nothing", "", said.not_comorbidities)
    add("nothing", "", said.not_measured)
    add("nothing", "", (p for p in said.not_medicines if " " in p))
    for finding in knowledge.findings.values():
        if finding.kind == "measured" and finding.id not in _WITHOUT_CUE:
            add("measured", finding.id, said.measured.get(finding.id, ()))
            add("measured", finding.id, (p for p in finding.counts_as if _PIECE.search(p)))
    for comorbidity, phrases in said.comorbidities.items():
        add("comorbidity", comorbidity, phrases)
        add("comorbidity", comorbidity, (knowledge.comorbidities[comorbidity].name,))
    names: dict[str, str] = {}
    for medicine in knowledge.medicines.values():
        for name in (medicine.id.replace("_", " "), *medicine.names):
            names.setdefault(name.lower(), medicine.id)
    for name in said.more_medicines:
        names.setdefault(name.lower(), name)
    for name, medicine_id in list(names.items()):
        if name.startswith(("co ", "co-")):  # co-codamol is also written cocodamol
            names.setdefault("co" + name[3:], medicine_id)
    for name, medicine_id in names.items():
        add("medicine", medicine_id, (name,))
    for setting, phrases in said.setting.items():
        add("setting", setting, phrases)
    for finding in knowledge.findings.values():
        if finding.kind == "measured":
            add("nothing", "", finding.does_not_count_as)
    by_first = {
        first: tuple(sorted((e for same in made.values() for e in same), key=lambda e: -e.length))
        for first, made in entries.items()
    }
    single = {
        name: medicine
        for name, medicine in names.items()
        if len(name) >= _SPELLED and name.isascii() and name.isalpha()
    }
    spellings: dict[str, list[str]] = {}
    for name in single:
        spellings.setdefault(name[0], []).append(name)
    return Lexicon(
        by_first=by_first,
        spellings={letter: tuple(known) for letter, known in spellings.items()},
        spelled=single,
        common=frozenset(w for phrase in said.not_medicines for w in _LETTERS.findall(phrase)),
        anti_inflammatory=frozenset(
            name
            for name, id_ in names.items()
            if id_ in knowledge.medicines and _NSAIDS & set(knowledge.medicines[id_].classes)
        ),
        meant={},
    )


#: classes of medicines
_NSAIDS = frozenset({"nsaid", "salicylate"})
#: only names so long are read in spite of a slip of spelling
_SPELLED = 6


def _entry(kind: Kind, id_: str, phrase: str) -> tuple[str, Entry] | None:
    low = phrase.lower()
    first = _LETTERS.match(low)
    if first is None:
        return None
    capitals = phrase if phrase.isupper() and phrase.isalpha() else None
    rest_text = low[first.end() :]
    pieces = _PIECE.findall(rest_text)
    rest: str | None = None
    if pieces:
        glue = r"[ /\-]{0,3}" if rest_text[:1].isdigit() else r"[\s/\-.,&]{1,3}"
        if rest_text[:1] == "'":
            glue = ""
            pieces = _PIECE.findall(rest_text[1:])
            body = "'?" + r"[\s/\-.,]{1,3}".join(re.escape(p) for p in pieces)
        else:
            body = r"[\s/\-.,]{1,3}".join(re.escape(p).replace("'", "'?") for p in pieces)
        if pieces[-1][-1].isdigit():  # "ca2+" is no beginning of "ca 2016" or "ca 2.6", nor "b12" of "b 125"
            body += r"\+" if low.endswith("+") else r"(?![0-9]|[.,][0-9])"
        rest = glue + body
    return first.group(), Entry(kind, id_, len(low), capitals, rest)


@cache
def _pattern(rest: str) -> re.Pattern[str]:
    """Compiled when its first word first stands in a note: most of some thousand never do."""
    return re.compile(rest)


def find_phrases(note: Note, lexicon: Lexicon) -> list[Hit]:
    """Every phrase of the note in order; of phrases that begin at the same word the longest."""
    by_first = lexicon.by_first
    if note.words.isdisjoint(by_first):
        return []
    low, text = note.low, note.text
    hits: list[Hit] = []
    last = 0
    for word, start, end in note.tokens_of(by_first):
        entries = by_first[word]
        if start < last or (start and low[start - 1].isalnum()):
            continue
        found = 0
        for entry in entries:
            if found and entry.length != found:
                break
            stop = end
            if entry.rest is not None:
                match = _pattern(entry.rest).match(low, end)
                if match is None:
                    continue
                stop = match.end()
            if entry.capitals is not None and text[start:stop] != entry.capitals:
                continue
            if entry.kind != "measured" and stop < len(low) and low[stop].isalnum():
                if not (low[stop] == "s" and (stop + 1 == len(low) or not low[stop + 1].isalnum())):
                    continue
            elif entry.rest is not None and stop < len(low) and low[stop].isalpha() and low[stop - 1].isalpha():
                continue
            if entry.kind != "nothing":
                hits.append(Hit(entry.kind, entry.id, start, stop))
            found, last = entry.length, stop
            if entry.kind != "comorbidity":  # only comorbidities may be two by the same words
                break
    return hits

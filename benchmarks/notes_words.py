"""The word lists of the reader in the forms that other programs take, and notes to compare readers on.

A pattern of one phrase becomes a term; a pattern with gaps becomes a regular expression (edsnlp) or a sequence of
conditions on tokens (spaCy). Cues are given by the kinds that NegEx and ConText know.
"""

from __future__ import annotations

import itertools
import json
import random
import re
from math import prod
from pathlib import Path
from typing import Any

import yaml

from backspasm.patients.from_note.patterns import Element, parse
from backspasm.records.knowledge import Knowledge

CORPUS = Path(__file__).parent.parent / "tests" / "notes" / "corpus"
#: most phrases, and most sequences of tokens, that one pattern may be spelled out to
MOST_PHRASES, MOST_SEQUENCES = 1000, 200
_TOKEN = re.compile(r"\w+|[^\w\s]")


def word_lists(knowledge: Knowledge) -> dict[str, Any]:
    """Terms, regular expressions and token patterns by meaning, and cues by kind.

    The name of a meaning is JSON: the findings that the words affirm, and those that they deny.
    """
    members = {c.id: c.words for c in knowledge.words.classes}

    def phrases(name: str) -> tuple[str, ...]:
        if name.startswith("{"):
            return members.get(name[1:-1], ())
        if name.startswith("("):
            return tuple(p for option in name[1:-1].split("|") for p in phrases(option.strip()))
        return (name,) if name else ()

    terms: dict[str, set[str]] = {}
    regular: dict[str, list[str]] = {}
    sequences: dict[str, list[Any]] = {}
    for present, absent, patterns in _meanings(knowledge):
        meaning = json.dumps([present, absent])
        for elements in (e for pattern in patterns for e in parse(pattern)):
            words = [phrases(e.name) for e in elements]
            if not all(words):
                continue
            if prod(map(len, words)) <= MOST_PHRASES:
                terms.setdefault(meaning, set()).update(" ".join(p) for p in itertools.product(*words))
            if len(elements) > 1:
                regular.setdefault(meaning, []).append(_regular(elements, words))
                sequences.setdefault(meaning, []).extend(_sequences(elements, words))
    return {
        "terms": {meaning: sorted(of) for meaning, of in terms.items()},
        "regular": regular,
        "sequences": sequences,
        "cues": _cues(knowledge),
    }


def _meanings(knowledge: Knowledge) -> list[tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]]:
    out: list[tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]] = []
    for finding in knowledge.findings.values():
        if finding.kind == "boolean":
            out.append(((finding.id,), (), finding.counts_as))
    for w in knowledge.words.wordings:
        out += [((w.finding,), (), w.says), ((), (w.finding,), w.denies)]
    for s in knowledge.words.statements:
        if s.kind == "normal":
            out.append((s.present, s.absent, s.says))
    return out


def _regular(elements: tuple[Element, ...], words: list[tuple[str, ...]]) -> str:
    out = ""
    for element, of in zip(elements, words, strict=True):
        if out:
            between = r"[^\w.;\n]+" if element.commas else r"[^\w,.;\n]+"
            out += rf"(?:{between}[\w']+){{0,{element.gap}}}?{between}"
        longest = sorted(of, key=len, reverse=True)
        out += "(?:" + "|".join(r"\s+".join(re.escape(w) for w in p.split()) for p in longest) + ")"
    return rf"\b{out}\b"


def _sequences(elements: tuple[Element, ...], words: list[tuple[str, ...]]) -> list[list[dict[str, Any]]]:
    choices: list[list[list[dict[str, Any]]]] = []
    for of in words:
        split = [_TOKEN.findall(p.lower()) for p in of]
        single = [t[0] for t in split if len(t) == 1]
        choices.append([[{"LOWER": {"IN": single}}]] if single else [])
        choices[-1] += [[{"LOWER": t} for t in tokens] for tokens in split if len(tokens) > 1]
    if prod(map(len, choices)) > MOST_SEQUENCES:
        return []
    out = []
    for choice in itertools.product(*choices):
        sequence: list[dict[str, Any]] = []
        for element, conditions in zip(elements, choice, strict=True):
            if sequence and element.gap:
                gap: dict[str, Any] = {"OP": f"{{0,{element.gap}}}"}
                sequence.append(gap if element.commas else {"IS_PUNCT": False, **gap})
            sequence += conditions
        out.append(sequence)
    return out


def _cues(knowledge: Knowledge) -> dict[str, list[str]]:
    out: dict[str, list[str]] = {}
    for cue in knowledge.words.cues:
        kind = f"{cue.kind}_{cue.side}" if cue.kind in ("negation", "uncertain") else cue.kind
        out.setdefault(kind, []).extend(w for w in cue.words if "<" not in w and any(c.isalpha() for c in w))
    return out


def corpus() -> list[dict[str, Any]]:
    """The notes of the tests: text, and the findings that are present and absent."""
    return [
        {
            "note": e["note"],
            "present": e["case"].get("present", []),
            "absent": e["case"].get("absent", []),
            "odd": int(e["id"][-1]) % 2 == 1,
        }
        for path in sorted(CORPUS.glob("*.yaml"))
        for e in yaml.safe_load(path.read_text(encoding="utf-8"))
    ]


#: complaints that every reader knows by these words
_NAMED = {
    "fever": "fever", "night sweats": "night_sweats", "weight loss": "weight_loss", "vomiting": "vomiting",
    "haematuria": "haematuria", "headache": "headache", "saddle numbness": "saddle_anaesthesia",
    "urinary incontinence": "urinary_incontinence", "rigors": "rigors", "constipation": "constipation",
    "morning stiffness": "morning_stiffness", "sciatica": "radicular_leg_pain", "dysuria": "dysuria",
}  # fmt: skip
#: sentences with gaps for complaints, and what they say of those
_SAID: tuple[tuple[str, str | None], ...] = (
    ("She has {}.", "present"), ("He reports {} and {}.", "present"), ("Complains of {}.", "present"),
    ("No {}, {} or {}.", "absent"), ("Denies {}.", "absent"), ("There is no {} and no {}.", "absent"),
    ("{}: none.", "absent"), ("{} absent.", "absent"), ("{} was denied.", "absent"), ("Not only {} but also {}.", "present"),
    ("Possible {}.", None), ("Return if {} develops.", None), ("Any {}?", None), ("His mother had {}.", None),
    ("Advised to come back in case of {} or {}.", None),
)  # fmt: skip
_AROUND = (
    "Seen in clinic today.", "Mobility was discussed at length and an exercise sheet was given.", "Works in an office.",
    "The film was reviewed with the team.", "Sleep, diet and mood were reviewed.", "Lives with family.",
    "Back pain came on after gardening.", "Uses a heat pack in the evening.",
)  # fmt: skip


def generated(count: int, knowledge: Knowledge, seed: int = 1) -> list[dict[str, Any]]:
    """Notes made of such sentences; each complaint is named once, so that the answer is known."""
    chance = random.Random(seed)
    named = {words: finding for words, finding in _NAMED.items() if finding in knowledge.findings}
    out = []
    for _ in range(count):
        left = chance.sample(sorted(named), len(named))
        said: dict[str, list[str]] = {"present": [], "absent": []}
        sentences = []
        while left:
            sentence, what = chance.choice(_SAID)
            if sentence.count("{}") > len(left):
                break
            used = [left.pop() for _ in range(sentence.count("{}"))]
            text = sentence.format(*used)
            sentences.append(text[0].upper() + text[1:])
            if what is not None:
                said[what] += [named[u] for u in used]
            if chance.random() < 0.5:
                sentences.append(chance.choice(_AROUND))
        out.append({"note": " ".join(sentences), **said})
    return out

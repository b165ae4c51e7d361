"""Allergies and intolerances, by the name as written."""

from __future__ import annotations

import re

from backspasm.patients.from_note.spans import Fact, Span
from backspasm.patients.from_note.values.lexicon import Hit
from backspasm.patients.from_note.values.note import Note, word_set

_CUE = re.compile(
    r"\b(?P<to>allergic to|allergy to|allergies to|anaphyla(?:xis|ctic) (?:to|with)|intoleran(?:t|ce) (?:of|to)|"
    r"hypersensitiv(?:e|ity) to|(?:comes?|came|brought|brings?) (?:me |him |her )?out in (?:a rash|hives|spots) "
    r"(?:with|from|on|after)|can'?t (?:have|tolerate)|cannot (?:have|tolerate)|(?:rash|hives|urticaria|"
    r"angio-?oedema|lip swelling|swelling|wheez[a-z]+|reaction|reacts?|reacted|bad reaction) (?:with|from|to))\s"
    r"|(?:^|[\n.;|,]|\s-)\s{0,3}(?P<head>(?:known |drug |med(?:ication)? |food )?allergies(?: and intolerances|"
    r"/intolerances)?|allergy|drug allergy|adrs?|all|intolerances?)\s{0,2}[:=\-]\s{0,3}|\ballergies "
    r"(?P<list>include|are|recorded|listed)(?: as)?:?\s"
)
#: "Allergies? Caller: vancomycin."; "Anything you can't have? Pt: Diclofenac"
_ASKED = re.compile(
    r"\b(?P<c>allerg(?:ic|y|ies)|can'?t (?:have|take)|bad reaction)\b[^?\n]{0,40}\?\s{0,3}(?:[a-z.' "
    r"]{1,20}:)?\s{0,2}(?:yes|yeah|just|only|um|oh)?[, ]{0,2}(?=[a-z])"
)
_ASKED_WORDS = frozenset({"allergic", "allergy", "allergies", "can", "cant", "bad"})
#: shorthand without a colon: "Allergy trimethoprim", "Allergic Elastoplast"
_SHORTHAND = re.compile(r"\b(?P<c>allerg(?:ic|y|ies))\s?[:=\-]?\s(?!to\b)(?=(?P<n>[a-z][a-z\-]{2,22}))")
_MEDICINES_ASKED = re.compile(r"\b(?:med|medicine|medicines|meds|medications?|tablets|taking|drugs|age|old)\b[^\n]*$")
_NAME_FIRST = re.compile(
    r"\b(?P<n>[a-z][a-z\-]{2,22}(?: [a-z][a-z\-]{2,16})?)[ \-](?:allerg(?:y|ic|ies)|intoleran(?:ce|t)|"
    r"anaphylaxis)\b(?! to| test| clinic)"
)
_REACTION_BEHIND = re.compile(
    r"\b(?P<n>[a-z][a-z\-]{3,22}) (?:gives?|gave|brings?|brought|causes?|caused|made|makes|sets) (?:me|him|her|"
    r"my|his|a|an)\b[^.;,\n]{0,20}\b(?:rash|hives|swell(?:ing)?|spots|lips|wheezy|wheeze|asthma|anaphylaxis|"
    r"itchy|breathless)\b"
)
#: one of these stands in each such match, which is not longer than this
_IN_REACTION = ("rash", "hives", "swell", "spots", "lips", "wheez", "asthma", "anaphylaxis", "itchy", "breathless")
_LONGEST_REACTION = 150
_DENIED = re.compile(
    r"\b(?:no|not|denies|denied|nil|never|isn'?t|without|any|no known|nkda|are you|you|family|mother|father|if|"
    r"\?)\b[^.;\n]{0,26}$"
)
_ITEM = re.compile(
    r"\s{0,3}(?:(?:and|also|both|the|to|or|plus|some|all|any|possibly)\s)*([a-z0-9][a-z0-9'\-]{1,24}(?: (?!and\b|"
    r"or\b|causes?|caused|which|with|giv|but|as\b|when|makes?|made|since|rash|reaction|-|no\b|he\b|she\b|i\b|"
    r"severe|anaph|mild|it\b|on\b|in\b|was\b|is\b|has\b|so\b|not\b|from\b|that\b|hives|lip|face|itch|stomach|"
    r"nausea|vomit)[a-z0-9][a-z0-9'\-]{1,20}){0,2})\s{0,2}(\([^)\n]{0,60}\)?|(?:-|=|:|->|→)\s?[^,;.\n&]{1,40}|"
    r"(?:causes?|caused|which|giv(?:es|ing)|makes?|made|rash|reaction|anaphylaxis|hives|severe|mild|lip|face|"
    r"stomach|nausea|vomiting|itch|with)\b[^,;.\n&]{0,40})?\s{0,2}(,|/|&|\band\b|\bor\b|;|\+)?"
)
_VAGUE = re.compile(r"\b(?:medications?|medicines?|things|drugs|pills|tablets)$")
_CLAUSE_WORDS = re.compile(
    r"^(?:denies|reports|takes|smokes|lives|pmh|meds|dh|sh|fh|on|nil|he|she|i|it|social|past|family|medication|"
    r"current|works|exam|o/e|no)\b"
)


def find_allergies(note: Note, medicines: list[Hit]) -> list[Fact]:
    """What the patient is allergic to or does not tolerate. "None known" gives nothing."""
    low = note.low
    out: dict[int, Fact] = {}
    names = {low[hit.start : hit.end] for hit in medicines}
    if not note.words.isdisjoint(_WORDS) or ("all" in note.words and ("all:" in low or "all -" in low)):
        windows = _windows(note)
        for match in (m for start, end in windows for m in _CUE.finditer(low, start, end)):
            group = next(g for g in ("to", "head", "list") if match.group(g))
            if group == "to" and _DENIED.search(note.before(match.start(), 40)):
                continue
            if (
                match.group(group) == "all"
                and not note.text[match.start(group) : match.end(group)].istitle()
                and note.text[match.start(group) : match.end(group)] != "ALL"
            ):
                continue
            _items(note, match.end(), low[match.start(group) : match.end(group)].strip(), group != "to", names, out)
        for match in (m for start, end in windows for m in _SHORTHAND.finditer(low, start, end)):
            name = match.group("n")
            if (name in note.said.allergens or name in names) and not _DENIED.search(note.before(match.start(), 12)):
                _items(note, match.end(), match.group("c"), False, names, out)
        for match in (m for start, end in windows for m in _NAME_FIRST.finditer(low, start, end)):
            if _DENIED.search(note.before(match.start("n"), 24)):
                continue
            for name in (match.group("n"), match.group("n").split()[-1]):
                if name in note.said.allergens or name in names:
                    start = match.start("n") + match.group("n").rindex(name)
                    out.setdefault(
                        start,
                        Fact(
                            "allergies",
                            note.text[start : start + len(name)],
                            Span(start, start + len(name)),
                            low[start + len(name) : match.end()].strip(" -"),
                        ),
                    )
                    break
    if "?" in low and not note.words.isdisjoint(_QUESTIONS):
        for match in note.led_matches(_ASKED, _ASKED_WORDS):
            asked = low[max(0, match.start() - 30) : match.start()]
            if not _MEDICINES_ASKED.search(asked):
                _answered(note, match.end(), match.group("c"), names, out)
    if not note.words.isdisjoint(_REACTIONS):
        for match in note.matches_in(_REACTION_BEHIND, note.around(_IN_REACTION, _LONGEST_REACTION)):
            name = match.group("n")
            if name in note.said.allergens or name in names:
                out.setdefault(
                    match.start("n"),
                    Fact(
                        "allergies",
                        note.text[match.start("n") : match.end("n")],
                        Span(match.start("n"), match.end("n")),
                        low[match.end("n") : match.end()].strip(),
                    ),
                )
    return [out[place] for place in sorted(out)]


_QUESTIONS = frozenset({"allergic", "allergy", "allergies", "can", "reaction"})


def _windows(note: Note) -> list[tuple[int, int]]:
    """The stretches of the note around words of allergy, none of them twice."""
    out: list[tuple[int, int]] = []
    for _, start, end in note.tokens_of(_WINDOW_WORDS):
        first, last = max(0, start - 48), min(len(note.low), end + 48)
        if out and first <= out[-1][1]:
            out[-1] = (out[-1][0], last)
        else:
            out.append((first, last))
    return out


def _answered(note: Note, place: int, cue: str, names: set[str], out: dict[int, Fact]) -> None:
    """The answer to a question for allergies: only names that are known, up to its first full stop."""
    match = _ITEM.match(note.low, place)
    if match is None:
        return
    name = match.group(1)
    if (
        name in note.said.allergens
        or name in names
        or name.split()[0] in names
        or name.split()[0] in note.said.allergens
    ):
        _items(note, place, cue, False, names, out)


_WORDS = word_set(
    "allergic allergy allergies anaphylaxis anaphylactic intolerant intolerance intolerances "
    "hypersensitive hypersensitivity rash hives urticaria adr adrs reaction reacts reacted swelling"
)
_WINDOW_WORDS = _WORDS | {"all"}
_REACTIONS = word_set("rash hives swell swelling spots lips wheezy wheeze asthma anaphylaxis itchy breathless")


def _items(note: Note, place: int, cue: str, section: bool, names: set[str], out: dict[int, Fact]) -> None:
    """The names of a list that begins at a place."""
    low = note.low
    for _ in range(12):
        match = _ITEM.match(low, place)
        if match is None:
            return
        start, end = match.span(1)
        name = low[start:end].rstrip(".-'")
        first = name.split()[0]
        if (
            _CLAUSE_WORDS.match(name)
            or (first in note.said.no_allergen and name not in note.said.allergens)
            or _VAGUE.search(name)
        ):
            return
        known = name in note.said.allergens or name in names
        if not known:
            shorter = next(
                (
                    " ".join(name.split()[:k])
                    for k in (2, 1)
                    if " ".join(name.split()[:k]) in note.said.allergens or " ".join(name.split()[:k]) in names
                ),
                None,
            )
            if shorter is not None:
                name, known = shorter, True
        if known or (len(name) >= 4 and len(out) < 30):
            if not known and len(name.split()) > 1 and not section:
                name = name.split()[0] if name.split()[0] in note.said.allergens else name
            out.setdefault(
                start, Fact("allergies", note.text[start : start + len(name)], Span(start, start + len(name)), cue)
            )
        if match.group(3) is None or match.end() <= place:
            return
        place = match.end()
        if match.group(3) in ("and", ",", "&", "+", "/", "or", ";") and not section:
            # "allergic to penicillin, takes ramipril": the list goes on only with a name that is known
            following = _ITEM.match(low, place)
            if following is None:
                return
            name = following.group(1).rstrip(".")
            if not (
                name in note.said.allergens
                or name.split()[0] in note.said.allergens
                or name.split()[0] in names
                or name in names
            ):
                return

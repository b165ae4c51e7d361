"""Sex of the patient: by the weight of the words that say it, of the patient and not of those beside the patient."""

from __future__ import annotations

import re

from backspasm.patients.from_note.spans import Fact, Span
from backspasm.patients.from_note.values.age import speaks_of_self
from backspasm.patients.from_note.values.note import Note, word_set

_SEX_BEHIND = re.compile(
    r"[\s\-/.,]{0,3}(?:(?:years?|yrs?|y|old|o|yo)\b[\s\-/.,]{0,3}){0,2}(?P<s>female|male|f|m|♀|♂)(?![a-z0-9])"
)
_SEX_IN_FRONT = re.compile(r"(?:^|[\s(,:])(?P<s>[fm♀♂]|female|male)[\s/,(:]{0,3}(?:aged? )?$")
_SEX_FIELD = re.compile(r"\b(?:sex|gender)\s?[:=]\s?(?P<s>female|male|f|m)\b|(?P<t>[♀♂])")
_MY_CHILD = re.compile(
    r"\b(?:my|our) (?:[0-9a-z½\-]+[ -]){0,4}?(?P<s>son|daughter|little boy|little girl|boy|girl|lad|grandson|"
    r"granddaughter|husband|wife|mother|father|mum|mom|dad|brother|sister)\b(?P<r>[^.;\n]{0,30})"
)
_FIELD, _MINE = frozenset({"sex", "gender"}), frozenset({"my", "our"})
_FEMALE_SIGNS = frozenset({"f", "female", "♀", "woman", "lady", "girl"})
_AGE_LETTER = re.compile(r"(?<![a-z'])(?P<s>female|male|woman|man|lady|gentleman|girl|boy|[fm♀♂])(?![a-z'])")
_AGE_WORD = re.compile(r"\b(?P<s>female|male|woman|man|lady|gentleman|girl|boy)\b")
_FEMALE_KIN = frozenset({"daughter", "little girl", "girl", "granddaughter", "wife", "mother", "mum", "mom", "sister"})


def find_sex(note: Note, age: list[Fact]) -> list[Fact]:
    """Male or female by weight of evidence; nothing where there is none, or where it is divided."""
    table = note.said.sex
    low = note.low
    if note.words.isdisjoint(table) and not note.numbers and "♀" not in low and "♂" not in low:
        if note.words.isdisjoint(_KIN_OF_NARRATOR) and note.words.isdisjoint(("sex", "gender")):
            return []
    scores = {"female": 0.0, "male": 0.0}
    first: dict[str, tuple[int, int]] = {}

    def count(sex: str, weight: float, start: int, end: int) -> None:
        scores[sex] += weight
        if sex not in first or weight >= 3:
            first.setdefault(sex, (start, end))

    for fact in age:
        place = fact.span.start
        words = low[place : fact.span.end]  # "21m girl": the word goes before the letter, which may be months
        inside = _AGE_WORD.search(words) or _AGE_LETTER.search(words)
        if inside is not None:
            start = place + inside.start("s")
            count(
                "female" if inside.group("s") in _FEMALE_SIGNS else "male", 6.0, start, start + len(inside.group("s"))
            )
            continue
        match = _SEX_BEHIND.match(low, fact.span.end)
        front = _SEX_IN_FRONT.search(low[max(0, place - 12) : place])
        if match is not None:
            count("female" if match.group("s") in _FEMALE_SIGNS else "male", 6.0, match.start("s"), match.end("s"))
        elif front is not None:
            start = max(0, place - 12) + front.start("s")
            count("female" if front.group("s") in _FEMALE_SIGNS else "male", 6.0, start, start + len(front.group("s")))
    if "sex" in note.words or "gender" in note.words or "♀" in low or "♂" in low:
        signs = "♀" in low or "♂" in low
        for match in _SEX_FIELD.finditer(low) if signs else note.led_matches(_SEX_FIELD, _FIELD):
            group = "s" if match.group("s") else "t"
            count(
                "female" if match.group(group) in _FEMALE_SIGNS else "male", 6.0, match.start(group), match.end(group)
            )
    parent = None
    if not note.words.isdisjoint(_KIN_OF_NARRATOR) and ("my" in note.words or "our" in note.words):
        own = speaks_of_self(note)
        for match in note.led_matches(_MY_CHILD, _MINE):
            kin = match.group("s")
            if own:
                continue
            parent = "female" if kin in _FEMALE_KIN else "male"
            count(parent, 5.0, match.start("s"), match.end("s"))
            break
    if not note.words.isdisjoint(table):
        relatives = note.said.relatives
        has_kin = not note.words.isdisjoint(relatives)
        sentence_end, kin_seen = -1, False
        limit = 0
        for word, start, end in note.tokens_of(relatives | table.keys() if has_kin else table):
            known = table.get(word)
            if start >= sentence_end:
                _, sentence_end = note.sentence_at(start)
                kin_seen = False
            if known is None:
                # "her mother says he ..." speaks of the patient; "mother had cancer, she died" does not
                kin_seen = not _REPORTING.match(low[end : end + 14])
                continue
            sex, weight = known
            if kin_seen:
                if weight == 1.0:
                    continue
                weight *= 0.4
            if weight == _STRONG and _NOT_PATIENT.search(low[max(0, start - 12) : start]):
                continue
            if weight == _STRONG and word in relatives and _OF_PATIENT.search(low[max(0, start - 18) : start]):
                continue  # "her grandfather had psoriasis"
            if word in _TITLES and not _is_title(note, word, start, end):
                continue
            count(sex, weight, start, end)
            limit += 1
            if limit > 400:  # enough is known of a very long note
                break
    female, male = scores["female"], scores["male"]
    if max(female, male) < 1.0 or female == male or min(female, male) > 0.72 * max(female, male):
        return []
    sex = "female" if female > male else "male"
    start, end = first[sex]
    return [Fact("sex", sex, Span(start, end), note.text[start:end])]


_KIN_OF_NARRATOR = word_set(
    "son daughter boy girl lad grandson granddaughter husband wife mother father mum mom dad brother sister"
)
_REPORTING = re.compile(
    r"'?s?\s(?:says?|said|reports?|states?|stated|reported|brought|brings|thinks|describes?|noticed|noticing|"
    r"notes|worried|concerned|is worried|tells|told|felt|feels|found|gave|called|has noticed|present|phoned|rang|"
    r"rings|confirms|denies|denied)\b"
)
#: weight of a title or a noun
_STRONG = 2.5
_OF_PATIENT = re.compile(
    r"\b(?:his|her|my|their|our|maternal|paternal|great)[ -](?:maternal |paternal |late |own |great[ -])?$"
)
_NOT_PATIENT = re.compile(r"\b(?:another|other|delivery|post|bin|security|the|fire|repair)\s$(?<!the )")


_TITLES = frozenset({"ms", "miss", "mr"})


def _is_title(note: Note, word: str, start: int, end: int) -> bool:
    """A title stands before a name with a capital; "miss" is also a verb and MS an illness."""
    text = note.text
    if not text[start].isupper() or text[start:end] in ("MS", "MR"):
        return False
    tail = text[end : end + 3].lstrip(". ")
    return bool(tail) and tail[0].isupper()

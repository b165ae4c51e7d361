"""Are the shortcuts of the reader exact? What is looked for only near its words, or cut in one call, is the same as in the whole note."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

import pytest

from backspasm.patients.from_note import tokens
from backspasm.patients.from_note.headings import HeadingFinder
from backspasm.patients.from_note.values import allergies, bladder, child_age, medicines, pregnancy, sex
from backspasm.patients.from_note.values.note import Note, normalised, unwrapped
from backspasm.patients.from_note.values.words import compile_said
from backspasm.records.knowledge import Knowledge
from tests.notes.different import different
from tests.notes.mutated import mutated, notes

#: texts with words glued together, signs and numbers where a shortcut might cut one in two
GLUED = (
    "g2p1 at 34/40, 12wpregnant xpregnant pregabalin gonepre 20/ 40; test negative. Pregnancy test done: negative. hcg: neg",
    "4 months pregnant, G2P1. 21m girl, 4½y boy ½12m girl 3 wk old baby xgirl; my 3 year old son. sex: f gender=m émy son my daughter",
    "pre/post void 610 / 480 ml pre and post 1,234,567 cc preand post 3/4. Penicillin gives me a rash, ibuprofen made her lips swell",
    "Meds: a. DH: b\nRx c; drug history currently: d. home meds\n- e" + " x" * 300 + " medications - f",
)


@pytest.fixture(scope="module")
def texts() -> list[str]:
    every = notes()
    return [*every, *GLUED, *(mutated(seed, every) for seed in range(9_000, 9_100)), different(20_000)]


def spans(found: Iterable[re.Match[str]]) -> list[tuple[int, int]]:
    return [m.span() for m in found]


def near(note: Note) -> Iterator[tuple[re.Pattern[str], list[tuple[int, int]]]]:
    """Each pattern that is tried only in places, and what it finds there."""
    g = [start for _, start, _ in note.tokens_of(frozenset({"g"}))]
    forty = [m.start() for m in pregnancy._OF_FORTY.finditer(note.low)]
    stretches = note.around(pregnancy._PIECES, pregnancy._LONGEST, [*g, *forty])
    for pattern in (pregnancy._WEEKS, pregnancy._MONTHS, pregnancy._NEGATIVE, pregnancy._POSITIVE):
        yield pattern, spans(note.matches_in(pattern, stretches))
    yield (
        pregnancy._PREGNANT,
        [m.span() for p in pregnancy._PREG.finditer(note.low) if (m := pregnancy._PREGNANT.match(note.low, p.start()))],
    )
    yield child_age._BEFORE_CHILD, [(c.start, c.end) for c in child_age.child_ages(note)]
    yield sex._MY_CHILD, spans(note.led_matches(sex._MY_CHILD, sex._MINE))
    if "♀" not in note.low and "♂" not in note.low:
        yield sex._SEX_FIELD, spans(note.led_matches(sex._SEX_FIELD, sex._FIELD))
    for pattern, pieces, longest in (
        (medicines._HEADING, medicines._IN_HEADING, medicines._LONGEST_HEADING),
        (allergies._REACTION_BEHIND, allergies._IN_REACTION, allergies._LONGEST_REACTION),
        (bladder._BOTH, ("post",), bladder._LONGEST),
    ):
        yield pattern, spans(note.matches_in(pattern, note.around(pieces, longest)))


def test_near_its_words_a_pattern_finds_what_it_finds_in_the_whole_note(texts: list[str], knowledge: Knowledge) -> None:
    said = compile_said(knowledge.words.values)
    found: dict[re.Pattern[str], int] = {}
    for number, text in enumerate(texts):
        note = Note(text, (), (), said)
        for pattern, places in near(note):
            assert places == spans(pattern.finditer(note.low)), (number, pattern.pattern[:40])
            found[pattern] = found.get(pattern, 0) + len(places)
    assert all(found.values())


def test_words_are_the_runs_of_small_letters(texts: list[str], knowledge: Knowledge) -> None:
    said = compile_said(knowledge.words.values)
    for text in texts:
        note, low = Note(text, (), (), said), unwrapped(normalised(text))
        words = [(m.group(), *m.span()) for m in re.finditer("[a-z]+", low)]
        assert note.tokens_of(note.words) == words


def test_a_note_is_cut_where_its_tokens_are(texts: list[str]) -> None:
    for text in texts:
        low = tokens.normalise(text)
        pieces = tokens.PIECES.split(low)
        assert "".join(pieces) == low
        assert pieces[1::2] == [m.group() for m in tokens.TOKEN.finditer(low)]


def test_headings_are_those_that_patterns_looking_back_find(texts: list[str], knowledge: Knowledge) -> None:
    finder = HeadingFinder(knowledge.words.headings)
    colon = re.compile(rf"(?<=[.;!?] ){finder.with_colon.pattern}")
    loud = re.compile(rf"(?:(?<=[.;] )|(?<=\n)|\A){finder.loud.pattern}")
    met = 0
    for text in texts:
        low = tokens.normalise(text)
        assert spans(finder.inside(low)) == spans(colon.finditer(low))
        assert spans(finder.in_capitals(text)) == spans(loud.finditer(text))
        met += len(spans(finder.inside(low))) + len(spans(finder.in_capitals(text)))
    assert met


def test_no_sentence_of_the_long_note_comes_back() -> None:
    lines = different(1_000_000).rsplit("\n", 1)[0].replace("\n", " ")
    sentences = [re.sub("[0-9]+", "#", s) for s in re.split(r"(?<=[.?]) (?=[A-Z#])", lines)]
    assert len(sentences) > 10_000
    assert len(set(sentences)) == len(sentences)

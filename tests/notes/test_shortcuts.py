"""What makes reading fast changes nothing: shortcuts find what the long way finds."""

from __future__ import annotations

import re

import pytest

from backspasm import Knowledge
from backspasm.patients.from_note import sentences
from backspasm.patients.from_note.values import age, allergies, pain, power, setting, times, vitals
from backspasm.patients.from_note.values.note import Note
from backspasm.patients.from_note.values.words import compile_said
from tests.notes.conftest import Reader
from tests.notes.mutated import HOSTILE, mutated, notes

#: patterns that are tried only where one of some words stands, and those words
LED = {
    "age": (age._AGED, age._AGED_FIRST),
    "age asked for": (age._ASKED, age._ASKED_FIRST),
    "allergies asked for": (allergies._ASKED, allergies._ASKED_WORDS),
    "scale of pain": (pain._SCALE_FIRST, frozenset({"scale"})),
    "days": (times._DAY, times._DAY_WORDS),
    "pressure": (vitals._PRESSURE, vitals._PRESSURE_WORDS),
    "reply to a referral": (setting._REPLY, setting._REPLY_WORDS),
    "own words": (setting._OWN_WORDS, setting._OWN_FIRST),
    **{f"vital sign {i}": pair for i, pair in enumerate(setting._VITALS)},
}
#: what they are to find at least once, beside the notes
SAID = (
    "Aged 47, just turned 48. Age/sex 47/F. He is aged 8 months. How old are you? 29. Your age? Patient: 31. Allergic to "
    "anything? Yes, penicillin. Can't have aspirin? no. On a scale of 0 to 10 about 7. Day 3 of it, week 2: better. "
    "Thank you for referring him. Kindly referred, was sent to me with it. I reviewed her. Should I worry? Do I need it? "
    "HR 80 pulse: 81 p82 RR 16 sats 98 SpO2 97 O2:96 BP 120/80 T 37.2 temp: 38 GCS 15 NEWS2: 3 PEWS 1. "
    "BP 120/80, blood pressure was 90 over 60, b/p 130/70, SBP 88, systolic bp 99. Power three out of five, five out of 5."
)


@pytest.fixture(scope="module")
def texts() -> list[str]:
    of = notes()
    return [SAID, *of, *(mutated(seed, of) for seed in range(300)), *(make(2_000) for make in HOSTILE.values())]


@pytest.mark.parametrize("name", LED)
def test_a_pattern_is_missed_nowhere(name: str, texts: list[str], knowledge: Knowledge) -> None:
    pattern, first = LED[name]
    said = compile_said(knowledge.words.values)
    found = 0
    for text in texts:
        note = Note(text, (), (), said)
        spans = [m.span() for m in note.led_matches(pattern, first)]
        assert spans == [m.span() for m in pattern.finditer(note.low)]
        found += len(spans)
    assert found > 0


def test_a_count_of_five_in_words_is_missed_nowhere(texts: list[str], knowledge: Knowledge) -> None:
    said = compile_said(knowledge.words.values)
    found = 0
    for text in texts:
        note = Note(text, (), (), said)
        spans = [m.span() for m in note.number_matches(power._WORDS_OF_FIVE)]
        assert spans == [m.span() for m in power._WORDS_OF_FIVE.finditer(note.low)]
        found += len(spans)
    assert found > 0


def test_the_places_of_some_words_are_those_in_the_note(texts: list[str], knowledge: Knowledge) -> None:
    wanted = frozenset({"pain", "no", "the", "leg"})
    said = compile_said(knowledge.words.values)
    for text in texts[:100]:
        note = Note(text, (), (), said)
        assert note.tokens_of(wanted) == [
            (m.group(), *m.span()) for m in re.finditer("[a-z]+", note.low) if m.group() in wanted
        ]


def test_sentences_that_come_again_are_read_as_if_they_were_new(read: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    """A note copied forward, read with and without the memory of its sentences."""
    of = notes()
    copied = ["\n\n".join((of[i], of[i + 1], of[i], of[i])) for i in range(0, len(of) - 1, 8)]
    copied.append(
        "Not only back pain. But fever. " * 3 + "He was not only. But fever. Sore, not only sore but weak. " * 2
    )
    remembered = [read(text) for text in copied]
    monkeypatch.setattr(sentences, "_MOST", 0)
    assert [read(text) for text in copied] == remembered
    assert sum(len(reading.hits) for reading in remembered) > 500

"""What must hold for every note: places quote the note, nothing raises, a negation turns what is in its scope."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backspasm import InputError, Knowledge
from backspasm.patients.answers import answers_of
from backspasm.patients.from_note import Reading
from tests.notes.conftest import Reader
from tests.notes.score import corpus, even

FINDINGS = {
    "fever": "fever",
    "night sweats": "night_sweats",
    "weight loss": "weight_loss",
    "vomiting": "vomiting",
    "haematuria": "haematuria",
    "headache": "headache",
    "saddle numbness": "saddle_anaesthesia",
    "urinary incontinence": "urinary_incontinence",
    "rigors": "rigors",
    "constipation": "constipation",
}
PIECES = [
    "no ", "not ", "denies ", "fever", "pain down the leg", ", ", ". ", "\n", "? ", "?", "Patient: ", "Doctor: ", "Yes. ",
    "[x] ", "[ ] ", "PMH: ", "Plan: ", "FH: ", "power 3/5 ", "T 38.9 ", "İ", "ß", "é", "\u2019", "—", "\0", "{", "(", "((",
    "4/5", "if ", "numb when I wipe", " - ", ": ", "none", "mother has ", "\t", "   ", "🙂", "saddle", "numb", "or ", "and ",
]  # fmt: skip
QUIET = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def check(reading: Reading, text: str) -> None:
    """The places of a reading lie in the text, and its lists do not contradict each other."""
    assert reading.text == text
    for hit in reading.hits:
        assert 0 <= hit.start < hit.end <= len(text)
        assert text[hit.start : hit.end].strip()
        assert hit.cue == "" or hit.cue in text
    assert not set(reading.present) & set(reading.absent)
    assert not set(reading.uncertain) & {*reading.present, *reading.absent}


@QUIET
@given(st.lists(st.sampled_from(PIECES), max_size=30).map("".join))
def test_reading_never_raises_and_quotes_the_note(read: Reader, text: str) -> None:
    check(read(text), text)


@QUIET
@given(st.text(max_size=200))
def test_any_characters_are_read(read: Reader, text: str) -> None:
    check(read(text), text)


@QUIET
@given(st.lists(st.sampled_from(sorted(FINDINGS)), min_size=1, max_size=5, unique=True), st.sampled_from(["or", "nor"]))
def test_a_negation_turns_every_item_of_its_list(read: Reader, names: list[str], join: str) -> None:
    items = ", ".join(names[:-1]) + (f" {join} " if names[:-1] else "") + names[-1]
    wanted = {FINDINGS[n] for n in names}
    plain = read(f"She has {items.replace(f' {join} ', ' and ')}.")
    denied = read(f"She has no {items}.")
    assert wanted <= set(plain.present)
    assert wanted <= set(denied.absent)
    assert not set(denied.present)


CUES = [
    "no",
    "denies",
    "denied",
    "never had",
    "no evidence of",
    "without",
    "negative for",
    "no history of",
    "nil",
    "has not had",
]
ENDS = ["; he has", ". He has", ", but has", " but has", "; however, there is", ". On examination there is"]


@QUIET
@given(
    st.permutations(sorted(FINDINGS)),
    st.integers(0, 3),
    st.integers(1, 4),
    st.integers(1, 3),
    st.sampled_from(CUES),
    st.sampled_from(ENDS),
)
def test_a_cue_turns_what_is_in_its_scope_and_nothing_else(
    read: Reader, names: list[str], before: int, within: int, after: int, cue: str, end: str
) -> None:
    """The same note with and without the cue differs in the findings of its scope, each of them, and in no other."""
    first = names[:before]
    scope = names[before : before + within]
    rest = names[before + within : before + within + after]
    opening = f"She has {' and '.join(first)}. " if first else ""
    listed = ", ".join(scope[:-1]) + (" or " if scope[:-1] else "") + scope[-1]
    ending = f"{end} {' and '.join(rest)}."
    plain = read(f"{opening}There is {listed.replace(' or ', ' and ')}{ending}")
    denied = read(f"{opening}{cue.capitalize()} {listed}{ending}")
    inside = {FINDINGS[n] for n in scope}
    outside = {FINDINGS[n] for n in (*first, *rest)}
    assert inside | outside <= set(plain.present)
    turned = {f for f in plain.present if f not in denied.present}
    assert turned == inside
    assert set(denied.absent) - set(plain.absent) - inside <= {"severe_motor_weakness"}
    assert outside <= set(denied.present)


@QUIET
@given(st.permutations(sorted(FINDINGS)), st.integers(1, 4), st.sampled_from(["not only", "not just", "not merely"]))
def test_a_cue_without_force_turns_nothing(read: Reader, names: list[str], count: int, cue: str) -> None:
    some = names[:count]
    reading = read(f"She has {cue} {' and '.join(some)} but also {names[count]}.")
    assert {FINDINGS[n] for n in (*some, names[count])} <= set(reading.present)
    assert not set(reading.absent)


@QUIET
@given(st.permutations(sorted(FINDINGS)), st.integers(1, 5))
def test_a_negation_ends_at_but(read: Reader, names: list[str], split: int) -> None:
    before, after = names[:split], names[split : split + 2]
    reading = read(f"Denies {' or '.join(before)} but has {' and '.join(after)}.")
    assert {FINDINGS[n] for n in before} <= set(reading.absent)
    assert {FINDINGS[n] for n in after} <= set(reading.present)


@QUIET
@given(st.lists(st.sampled_from(PIECES), max_size=40).map("".join))
def test_no_note_is_refused_because_it_contradicts_itself(read: Reader, knowledge: Knowledge, text: str) -> None:
    patient = read(text).patient
    try:
        answers_of(patient, knowledge)
    except InputError as error:  # pragma: no cover (a failure prints what was refused)
        pytest.fail(f"refused: {error}")


@pytest.mark.parametrize("entry", [e for e in corpus() if even(e)], ids=lambda e: str(e["id"]))
def test_every_note_of_the_corpus_can_be_assessed(read: Reader, knowledge: Knowledge, entry: dict[str, str]) -> None:
    reading = read(entry["note"])
    check(reading, entry["note"])
    answers_of(reading.patient, knowledge)

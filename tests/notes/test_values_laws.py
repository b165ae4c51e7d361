"""What must hold for every note: nothing raises, places quote the note, units agree, the order of sentences is no matter."""

from __future__ import annotations

import random
import time
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backspasm import Knowledge
from backspasm.patients.from_note.spans import Part, Span
from backspasm.patients.from_note.values import Values, find_values, hypotensive

PIECES = (
    "47M", "82F", "my 8 year old son", "LBP 3/7", "since Monday", "T 38.5", "temp 101.2 F", "HR 112", "BP 85/50",
    "CRP 182", "ESR/CRP 88/120",
    "WBC 16,000", "Hb 119", "Ca 12.1", "PVR 350 ml", "no residual", "pain 8/10",
    "power 4+/5", "allergic to penicillin", "Allergies:", "Meds:",
    "naproxen 500 mg", "ibuprophen",
    "CKD 3", "MI 3 weeks ago", "32/40", "not pregnant", "½", "1½ years", "10⁹/L", "İstanbul", "ß", "\u0130", "٣/٧",
    "\n", "\n\n", "; ", ". ", "?", "(", "))", "-", "/", "0", "00/00", "9" * 40, "1,000,000",
    "a " * 30, "she", "he", "°", "😀", "\x00", "\u2028",
)  # fmt: skip
SENTENCES = (
    "CRP 182.", "ESR 90 mm/h.", "Hb 119 g/L.", "T 38.5.", "HR 112.", "PVR 350 ml.", "WCC 16.0.", "Ca 3.1 mmol/L.",
    "eGFR 55.", "creatinine 88 umol/L.",
    "plt 410.", "Pain 7/10.",
)  # fmt: skip
note = st.one_of(
    st.text(max_size=300), st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=6)), max_size=40).map(" ".join)
)
quick = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
PARTS: tuple[Part, ...] = ("complaint", "history", "past", "medication", "family", "examination", "laboratory", "plan")


def _spans(values: Values) -> list[Span]:
    return [
        *(q.span for q in values.quantities),
        *(t.span for t in (*values.times, *values.duration)),
        *(f.span for f in values.facts),
        *(p.span for p in values.power),
        *(p.span for p in values.pressures),
    ]


@quick
@given(text=note)
def test_no_text_raises_and_every_place_quotes_the_note(text: str, knowledge: Knowledge) -> None:
    values = find_values(text, [], [], knowledge)
    for span in _spans(values):
        assert 0 <= span.start < span.end <= len(text)
        assert text[span.start : span.end].strip()
    for fact in values.facts:
        if fact.field in ("medications", "allergies"):
            assert fact.value == text[fact.span.start : fact.span.end]


@quick
@given(text=note, cuts=st.lists(st.integers(0, 400), max_size=8), seed=st.integers(0, 99))
def test_sections_and_sentences_of_any_kind_do_not_raise(
    text: str, cuts: list[int], seed: int, knowledge: Knowledge
) -> None:
    rng = random.Random(seed)
    edges = sorted({min(c, len(text)) for c in cuts})
    spans = [Span(a, b) for a, b in pairwise(edges)]
    parts = [(span, rng.choice(PARTS)) for span in spans]
    for span in _spans(find_values(text, parts, spans, knowledge)):
        assert 0 <= span.start < span.end <= len(text)


@quick
@given(text=note)
def test_the_same_note_always_reads_the_same(text: str, knowledge: Knowledge) -> None:
    assert find_values(text, [], [], knowledge) == find_values(text, [], [], knowledge)


@quick
@given(text=note)
def test_every_value_is_one_that_a_body_can_have(text: str, knowledge: Knowledge) -> None:
    for quantity in find_values(text, [], [], knowledge).quantities:
        bounds = knowledge.findings[quantity.finding].plausible
        assert bounds is not None
        low, high = (knowledge.number(name) for name in bounds)
        assert low <= quantity.value <= high


@quick
@given(order=st.permutations(SENTENCES))
def test_the_order_of_sentences_does_not_change_the_values(order: list[str], knowledge: Knowledge) -> None:
    found = find_values(" ".join(order), [], [], knowledge).quantities
    usual = find_values(" ".join(SENTENCES), [], [], knowledge).quantities
    assert sorted((q.finding, q.value) for q in found) == sorted((q.finding, q.value) for q in usual)
    assert len(usual) == len(SENTENCES)


def _value(text: str, knowledge: Knowledge) -> float:
    (quantity,) = find_values(text, [], [], knowledge).quantities
    return quantity.value


@quick
@given(tenths=st.integers(340, 420))
def test_celsius_and_fahrenheit_agree(tenths: int, knowledge: Knowledge) -> None:
    celsius = tenths / 10
    fahrenheit = celsius * 9 / 5 + 32
    assert _value(f"T {celsius:.1f} C", knowledge) == pytest.approx(celsius)
    assert _value(f"T {fahrenheit:.2f} F", knowledge) == pytest.approx(celsius, abs=0.01)
    assert _value(f"T {celsius:.1f}", knowledge) == pytest.approx(_value(f"T {fahrenheit:.2f}", knowledge), abs=0.01)


@quick
@given(tenths=st.integers(60, 180))
def test_units_of_haemoglobin_agree(tenths: int, knowledge: Knowledge) -> None:
    assert _value(f"Hb {tenths} g/L", knowledge) == pytest.approx(_value(f"Hb {tenths / 10} g/dL", knowledge))
    assert _value(f"Hb {tenths}", knowledge) == pytest.approx(_value(f"Hb {tenths / 10}", knowledge))


@quick
@given(whole=st.integers(2, 60))
def test_units_of_counts_and_protein_agree(whole: int, knowledge: Knowledge) -> None:
    assert _value(f"WBC {whole},000", knowledge) == _value(f"WBC {whole} x10^9/L", knowledge) == whole
    assert _value(f"CRP {whole} mg/dL", knowledge) == _value(f"CRP {whole * 10} mg/L", knowledge)


@quick
@given(number=st.integers(2, 11), unit=st.sampled_from([("7", "days"), ("52", "weeks"), ("12", "months")]))
def test_british_shorthand_and_words_agree(number: int, unit: tuple[str, str], knowledge: Knowledge) -> None:
    short, words = f"LBP {number}/{unit[0]}.", f"LBP for {number} {unit[1]}."
    first, second = (find_values(t, [], [], knowledge).duration[0].days for t in (short, words))
    assert first == second


def test_hypotension_depends_on_the_age(knowledge: Knowledge) -> None:
    assert hypotensive(85, 40, knowledge) is True
    assert hypotensive(95, 40, knowledge) is False
    assert hypotensive(85, 3, knowledge) is False
    assert hypotensive(60, None, knowledge) is True
    assert hypotensive(80, None, knowledge) is None


@pytest.mark.parametrize(
    "piece",
    [
        " ".join((*SENTENCES, *PIECES)) + "\n",
        "a ",
        "3 ",
        "3/",
        "pain ",
        "my ",
        "of ",
        "allergic to ",
        "1-",
        "no ",
        "(",
        "\n",
        "he ",
        "on ",
        "x,",
        "years ",
    ],
)
def test_a_very_long_note_is_read(piece: str, knowledge: Knowledge) -> None:
    begun = time.monotonic()
    find_values(piece * (100_000 // len(piece)), [], [], knowledge)
    assert time.monotonic() - begun < 20  # a guard against runaway patterns, far above what it takes

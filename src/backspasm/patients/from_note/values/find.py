"""One pass over a note for its values and plain facts."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from backspasm.patients.from_note.kept import kept
from backspasm.patients.from_note.spans import Fact, Part, Span
from backspasm.patients.from_note.values.age import find_age
from backspasm.patients.from_note.values.allergies import find_allergies
from backspasm.patients.from_note.values.bladder import find_residual
from backspasm.patients.from_note.values.comorbidities import find_comorbidities, from_allergies
from backspasm.patients.from_note.values.duration import durations
from backspasm.patients.from_note.values.laboratory import find_laboratory
from backspasm.patients.from_note.values.lexicon import Hit, Lexicon, compile_lexicon, find_phrases
from backspasm.patients.from_note.values.medicines import find_medicines
from backspasm.patients.from_note.values.note import Note, Taken
from backspasm.patients.from_note.values.pain import find_pain
from backspasm.patients.from_note.values.power import find_power
from backspasm.patients.from_note.values.pregnancy import find_pregnancy
from backspasm.patients.from_note.values.results import Values
from backspasm.patients.from_note.values.setting import find_setting
from backspasm.patients.from_note.values.sex import find_sex
from backspasm.patients.from_note.values.times import find_times
from backspasm.patients.from_note.values.units import Scale, scale_of
from backspasm.patients.from_note.values.vitals import find_heart_rate, find_pressures, find_temperature
from backspasm.patients.from_note.values.weights import find_weights
from backspasm.patients.from_note.values.words import Said, compile_said
from backspasm.records.knowledge import Knowledge

_LATEST_STUDY_UNKNOWN = 2000


class _Compiled(Struct, frozen=True):
    """What is made once for a knowledge base."""

    knowledge: Knowledge
    lexicon: Lexicon
    said: Said
    scales: dict[str, Scale]
    age: tuple[float, float]
    pregnancy_weeks: float
    latest_year: int


#: the knowledge base read last, with what was compiled for it (the value holds the key alive, so that ids stay its own)
_compiled: dict[int, _Compiled] = {}
_OWN = frozenset({"temperature", "heart_rate", "post_void_residual", "pain_intensity"})


def find_values(
    text: str, parts: Sequence[tuple[Span, Part]], sentences: Sequence[Span], knowledge: Knowledge
) -> Values:
    """Measured values, times, the duration of the present pain, person, medicines and the like.

    Args:
        text: the note as written; all offsets are those of this text.
        parts: stretches of the note with their section; may be empty.
        sentences: the sentences in order; may be empty (then lines and full stops divide).

    Never raises for any text; takes time in proportion to its length.
    """
    made = _compiled.get(id(knowledge))
    if made is None:
        if len(_compiled) > 8:
            _compiled.clear()
        made = _compiled[id(knowledge)] = compiled_values(knowledge)
    note = Note(text, parts, sentences, made.said)
    by_kind: dict[str, list[Hit]] = {}
    for hit in find_phrases(note, made.lexicon):
        key = hit.kind if hit.kind != "measured" or hit.id not in _OWN else hit.id
        by_kind.setdefault(key, []).append(hit)
    scales = made.scales

    quantities = find_laboratory(note, by_kind.get("measured", []), scales)
    quantities += find_temperature(note, by_kind.get("temperature", []), scales["temperature"])
    quantities += find_heart_rate(note, by_kind.get("heart_rate", []), scales["heart_rate"])
    quantities += find_residual(note, by_kind.get("post_void_residual", []), scales["post_void_residual"])
    quantities += find_pain(note, by_kind.get("pain_intensity", []), scales["pain_intensity"])
    quantities.sort(key=lambda q: q.span.start)

    age, age_spans = find_age(note, *made.age)
    pregnancy, pregnancy_spans = find_pregnancy(note, made.pregnancy_weeks)
    sex = find_sex(note, age)
    if sex and sex[0].value == "male" and pregnancy:
        pregnancy = []
    times = find_times(note, [*age_spans, *pregnancy_spans], made.latest_year)
    allergies = find_allergies(note, by_kind.get("medicine", []))
    listed = Taken((a.span.start, a.span.end) for a in allergies)
    medicines = [
        m for m in find_medicines(note, by_kind.get("medicine", []), made.lexicon) if m.span.start not in listed
    ]
    young = bool(age) and float(age[0].value) < knowledge.table("age_groups")["teen"]
    facts: list[Fact] = [
        *age,
        *sex,
        *find_setting(note, by_kind.get("setting", []), young),
        *pregnancy,
        *medicines,
        *allergies,
    ]
    allergic = from_allergies(allergies, made.lexicon)
    facts += allergic
    facts += find_comorbidities(note, by_kind.get("comorbidity", []), times, allergic, knowledge)
    return Values(
        quantities=tuple(quantities),
        times=tuple(times),
        duration=tuple(durations(note, times)),
        facts=tuple(facts),
        power=tuple(find_power(note)),
        pressures=tuple(find_pressures(note, knowledge)),
        weights=tuple(find_weights(note)),
    )


def compiled_values(knowledge: Knowledge) -> _Compiled:
    """What reading values needs of a knowledge base; its phrases come from the cache where they are there."""
    years = [study.year for study in knowledge.studies.values() if study.year is not None]
    return _Compiled(
        knowledge=knowledge,
        lexicon=kept("values", knowledge, Lexicon, compile_lexicon),
        said=compile_said(knowledge.words.values),
        scales={f.id: scale_of(f, knowledge) for f in knowledge.findings.values() if f.kind == "measured"},
        age=(knowledge.number("age_years_lowest"), knowledge.number("age_years_highest")),
        pregnancy_weeks=knowledge.number("pregnancy_weeks_highest"),
        latest_year=max(years, default=_LATEST_STUDY_UNKNOWN),
    )

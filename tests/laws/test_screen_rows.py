"""Rows made of arrays say what is said of one patient alone, however the patients are cut into batches."""

from __future__ import annotations

import random
from datetime import date

import msgspec
import numpy as np
import pyarrow as pa
import pytest

from backspasm import InputError, Model, Patient
from backspasm.advice.many.crowd import crowd_of
from backspasm.advice.many.investigations import advised_tests, imaging_tests
from backspasm.advice.many.triage import triage as triage_many
from backspasm.advice.prescribing import patient_facts
from backspasm.advice.taken_medicines import taken_verdicts
from backspasm.advice.triage import triage
from backspasm.patients.answers import answers_of
from backspasm.population.follow_up import FollowUp
from backspasm.population.screen import batch as batches
from backspasm.population.screen.batch import assess_batches, assessed
from backspasm.population.screen.records import Asked, Encountered, Problem
from backspasm.population.screen.rows import assessed_rows, record_batch
from backspasm.population.screen.schemas import ASSESSED, CASES, OUT
from backspasm.population.screen.seen import joined, seen_of, take
from tests.conftest import random_patients

COUNT = 260


def with_lists(patient: Patient, rng: random.Random, model: Model) -> Patient:
    """The same with medicines, allergies, diseases, pregnancy and creatinine, as far as they don't contradict it."""
    knowledge = model.knowledge
    medicines = sorted(knowledge.medicines)
    pregnant = rng.choice([None, None, True, False]) if patient.sex != "male" else None
    changed = msgspec.structs.replace(
        patient,
        medications=tuple(rng.sample([*medicines, "no such medicine"], rng.choice([0, 1, 2, 6]))),
        allergies=tuple(rng.sample([*medicines, *sorted(knowledge.allergens)], rng.choice([0, 0, 1, 3]))),
        comorbidities=tuple(rng.sample(knowledge.index.comorbidities, rng.choice([0, 0, 1, 3]))),
        pregnant=pregnant,
        pregnancy_weeks=rng.choice([None, 8.0, 22.0, 36.0]) if pregnant else None,
        measured=patient.measured | ({"creatinine": rng.uniform(30, 500)} if rng.random() < 0.4 else {}),
    )
    try:
        answers_of(changed, knowledge)
    except InputError:
        return patient
    return changed


@pytest.fixture(scope="module")
def encounters(model: Model) -> list[Encountered]:
    rng = random.Random(23)
    patients = [with_lists(p, rng, model) for p in random_patients(COUNT, 21, model.knowledge)]
    later = FollowUp(2.0, ("ct", "mri"), None, 2.0)
    day = date(2026, 3, 1)
    return [
        Encountered(f"p{i}", p, f"e{i}" if i % 3 else None, day if i % 2 else None, "Organization/a", None,
                    later if i % 5 == 0 else FollowUp(), float(i))
        for i, p in enumerate(patients)
    ]  # fmt: skip


@pytest.fixture(scope="module")
def whole(encounters: list[Encountered], model: Model) -> pa.RecordBatch:
    return record_batch(assessed_rows(seen_of(encounters, model), model), [])


def test_a_row_is_what_is_said_of_the_patient_alone(
    encounters: list[Encountered], whole: pa.RecordBatch, model: Model
) -> None:
    names = model.parameters.causes
    for seen, row in zip(encounters, whole.to_pylist(), strict=True):
        patient, one = seen.patient, triage(seen.patient, model)
        ranking = np.argsort(-one.found.causes, kind="stable")[:5]
        assert (row["urgency"], row["floor"]) == (one.level, one.floor)
        assert row["red_flags"] == [f.rule.id for f in one.red_flags]
        assert row["causes"] == [names[i] for i in ranking]
        assert row["probabilities"] == one.found.causes[ranking].round(6).tolist()
        assert (row["top_cause"], row["top_probability"]) == (row["causes"][0], row["probabilities"][0])
        assert row["must_not_miss"] == [e.group for e in one.must_not_miss]
        assert row["must_not_miss_probability"] == [round(e.probability, 6) for e in one.must_not_miss]
        assert row["must_not_miss_asked"] == [list(e.asked) for e in one.must_not_miss]
        assert row["must_not_miss_not_asked"] == [list(e.not_asked) for e in one.must_not_miss]
        assert (row["age_years"], row["sex"], row["setting"]) == (patient.age_years, patient.sex, patient.setting)
        assert (row["patient"], row["encounter"], row["start"]) == (seen.patient_id, seen.encounter, seen.start)
        assert row["imaged_with"] == list(seen.later.imaged_with)
        assert row["knowledge_digest"] == model.knowledge.digest
        assert row["change"] is None
        assert row["problem"] is None


def test_medicines_are_judged_as_those_of_one_patient(
    encounters: list[Encountered], whole: pa.RecordBatch, model: Model
) -> None:
    knowledge = model.knowledge
    said = {"avoid": 0, "caution": 0}
    for seen, row in zip(encounters, whole.to_pylist(), strict=True):
        facts = patient_facts(seen.patient, answers_of(seen.patient, knowledge), knowledge)
        for verdict in said:
            taken = [t.verdict for t in taken_verdicts(facts, knowledge) if t.verdict.verdict == verdict]
            expected = [f"{v.treatment}:{r.rule}" for v in taken for r in v.reasons if r.verdict == verdict]
            assert row[verdict] == expected, (seen.patient_id, verdict)
            said[verdict] += len(expected)
    assert min(said.values()) > 20  # else the comparison says little


def test_images_alone_are_advised_as_among_all_tests(encounters: list[Encountered], model: Model) -> None:
    crowd = crowd_of([e.patient for e in encounters], model)
    found = triage_many(crowd)
    pictures = imaging_tests(model)
    some, every = advised_tests(crowd, found, pictures), advised_tests(crowd, found)
    for i in range(len(encounters)):
        assert some[i] == tuple(t for t in every[i] if t.test in pictures)


def test_rows_do_not_depend_on_how_patients_are_cut_joined_or_ordered(
    encounters: list[Encountered], whole: pa.RecordBatch, model: Model
) -> None:
    for size in (1, 7, 100):
        parts = [seen_of(encounters[i : i + size], model) for i in range(0, COUNT, size)]
        if size > 1:
            rows = [record_batch(assessed_rows(p, model), []) for p in parts]
            assert pa.Table.from_batches(rows).combine_chunks().to_batches()[0].equals(whole)
        assert record_batch(assessed_rows(joined(parts), model), []).equals(whole)
    order = np.random.default_rng(1).permutation(COUNT)
    mixed = record_batch(assessed_rows(take(seen_of(encounters, model), order), model), [])
    assert mixed.equals(whole.take(pa.array(order)))
    mixed.validate(full=True)


def test_the_patient_at_a_place_stays_the_same_patient(encounters: list[Encountered], model: Model) -> None:
    parts = joined([seen_of(encounters[:3], model), seen_of([], model), seen_of(encounters[3:10], model)])
    assert [parts.people.patient_at(i) for i in range(10)] == [e.patient for e in encounters[:10]]
    assert take(parts, np.array([8, 1])).people.patient_at(0) == encounters[8].patient


def test_no_encounter_gives_no_row(model: Model) -> None:
    empty = record_batch(assessed_rows(seen_of([], model), model), [])
    assert (empty.num_rows, empty.schema) == (0, OUT)
    problem = Problem(0, 4, "Observation/1", "malformed: x")
    only = record_batch(assessed_rows(seen_of([], model), model), [problem])
    assert only.column("problem").to_pylist() == [msgspec.to_builtins(problem)]
    assert record_batch({}, [problem]).equals(only)


def cases(numbers: range) -> pa.RecordBatch:
    """Cases of a table; every fourth cannot be read."""
    texts = [b'{"age_years": 40, "present": ["fever"]}' if i % 4 else b'{"age_years": -3}' for i in numbers]
    columns = [[f"p{i}" for i in numbers], [None] * len(texts), [0] * len(texts), list(numbers), texts]
    return pa.record_batch([pa.array(c, f.type) for c, f in zip(columns, CASES, strict=True)], schema=CASES)


def test_small_batches_are_assessed_together_and_large_ones_in_pieces(
    model: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = [cases(range(i, i + size)) for i, size in ((1, 2), (3, 0), (3, 9), (12, 40), (52, 1))]
    alone = [assessed(b, Asked(), model) for b in given]
    expected = [row for batch in alone for row in batch.to_pylist()]
    sizes = {}
    for at_once in (1, 8, 4_096):
        monkeypatch.setattr(batches, "AT_ONCE", at_once)
        found = list(assess_batches(given, Asked(), model))
        rows = [row for some in found for row in some.batch.to_pylist()]
        for kind in ("urgency", "problem"):
            assert [r for r in rows if r[kind] is not None] == [r for r in expected if r[kind] is not None]
        sizes[at_once] = [len(some.rows["patient"]) for some in found]
    assert sizes[4_096] == [39]
    assert max(sizes[8]) == 8
    assert ASSESSED.names == OUT.names[: len(ASSESSED)]

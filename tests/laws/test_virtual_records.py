"""Virtual records hold exactly their case, whatever stands around it, however they are written; and they are valid FHIR."""

from __future__ import annotations

import gzip
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

import fhirkit
import msgspec
import pyarrow.parquet as pq
import pytest

from backspasm import InputError, Knowledge, Model, Patient, load
from backspasm.advice.red_flags import fired_rules
from backspasm.patients.answers import answers_of
from backspasm.patients.from_fhir import from_fhir
from backspasm.population.cohort import Cohort, Wanted
from backspasm.population.synthetic.files import Layout, write_records
from backspasm.population.synthetic.record import Line, bundle_of, record_of
from backspasm.population.synthetic.story import Story, story_of
from backspasm.population.synthetic.world import coins, world_of

#: patients of the laws; enough for every way of recording and every list
COUNT = 150


@cache
def records(seed: int = 11, count: int = COUNT, kilobytes: float = 12.0) -> tuple[tuple[Story, list[Line]], ...]:
    model = load()
    cohort, world = Cohort(Wanted(seed=seed), model), world_of(model.knowledge, seed)
    patients = cohort.patients(0, count)
    out = []
    for i, case in enumerate(cohort.cases(patients)):
        rng = coins(seed, i)
        story = story_of(i, case, model.parameters.causes[patients.drawn.cause[i]], world, rng)
        out.append((story, record_of(story, world, rng, kilobytes)[1]))
    return tuple(out)


def known(p: Patient) -> dict[str, Any]:
    """What is known of a patient, with pregnancy in one place."""
    status = True if "pregnancy" in p.present else False if "pregnancy" in p.absent else p.pregnant
    return {
        "age": p.age_years,
        "sex": p.sex,
        "setting": p.setting,
        "present": set(p.present) - {"pregnancy"},
        "absent": set(p.absent) - {"pregnancy"},
        "pregnant": status,
        "measured": p.measured,
        "days_ago": p.days_ago,
        "medications": set(p.medications),
        "allergies": set(p.allergies),
        "no allergy": "allergies" in p.stated and not p.allergies,
        "comorbidities": set(p.comorbidities),
    }


def test_the_reader_of_records_finds_exactly_the_case(knowledge: Knowledge) -> None:
    for story, lines in records():
        assert known(from_fhir(bundle_of(lines), knowledge)) == known(story.patient), story.id


def test_the_law_has_something_to_find() -> None:
    """Every kind of fact occurs among the patients of the law, in several kinds of resources."""
    seen: Counter[str] = Counter()
    for story, lines in records():
        facts = known(story.patient)
        seen.update(name for name, value in facts.items() if value)
        seen.update({kind for kind, _ in lines})
    wanted = {
        "days_ago", "medications", "allergies", "no allergy", "comorbidities", "measured", "Condition", "Observation",
        "QuestionnaireResponse", "MedicationRequest", "MedicationStatement", "AllergyIntolerance", "DiagnosticReport",
        "ServiceRequest", "Procedure", "Immunization", "Encounter",
    }  # fmt: skip
    assert wanted <= set(seen)


def test_what_comes_later_would_change_the_case_if_it_were_read(knowledge: Knowledge) -> None:
    """The record tells more after the encounter: read at a later date, most patients are others."""
    changed = 0
    for story, lines in records()[:40]:
        later = [
            (kind, line.replace(story.start.date().isoformat().encode(), b"2029-01-01"))
            if kind == "Encounter" and story.start.date().isoformat().encode() in line and b"Back pain" in line
            else (kind, line)
            for kind, line in lines
        ]
        changed += known(from_fhir(bundle_of(later), knowledge)) != known(story.patient)
    assert changed > 30


def test_every_resource_is_valid_fhir() -> None:
    found = Counter(
        str(issue)
        for _, lines in records(seed=12, count=200, kilobytes=8)
        for _, line in lines
        for issue in fhirkit.validate(msgspec.json.decode(line))
    )
    assert found == {}


def test_ids_are_unique_and_references_lead_somewhere(tmp_path: Path, model: Model) -> None:
    write_records(Cohort(Wanted(seed=4), model), 20, tmp_path / "c", Layout(8, grouped=False))
    resources = [
        msgspec.json.decode(line)
        for path in (tmp_path / "c" / "records").glob("*.ndjson")
        for line in path.read_bytes().splitlines()
    ]
    names = Counter(f"{r['resourceType']}/{r['id']}" for r in resources)
    assert max(names.values()) == 1

    def named(value: Any) -> set[str]:
        if isinstance(value, dict):
            own = {value["reference"]} if isinstance(value.get("reference"), str) else set()
            return own.union(*map(named, value.values()))
        return set().union(*map(named, value)) if isinstance(value, list) else set()

    assert {reference for r in resources for reference in named(r)} <= set(names)


def test_rules_tried_by_finding_are_the_rules_that_hold(knowledge: Knowledge) -> None:
    for story, _ in records():
        assert story.fired == fired_rules(story.patient, answers_of(story.patient, knowledge), knowledge)


def test_a_patient_depends_on_seed_and_number_alone(tmp_path: Path, model: Model) -> None:
    cohort = Cohort(Wanted(seed=5), model)
    whole = write_records(cohort, 23, tmp_path / "whole", Layout(10), chunk=23)
    write_records(cohort, 23, tmp_path / "pieces", Layout(10), chunk=4)
    write_records(cohort, 9, tmp_path / "fewer", Layout(10))
    for path in sorted(whole.records.iterdir()):
        other = (tmp_path / "pieces" / "records" / path.name).read_bytes()
        assert path.read_bytes() == other
        fewer = tmp_path / "fewer" / "records" / path.name
        if path.suffix == ".ndjson" and fewer.exists():
            assert path.read_bytes().startswith(fewer.read_bytes())
    assert pq.read_table(whole.truth) == pq.read_table(tmp_path / "pieces" / "truth.parquet")
    write_records(Cohort(Wanted(seed=6), model), 23, tmp_path / "other", Layout(10))
    assert (tmp_path / "other" / "records" / "Patient.ndjson").read_bytes() != (
        whole.records / "Patient.ndjson"
    ).read_bytes()


def test_grouped_and_compressed_hold_the_same_lines(tmp_path: Path, model: Model) -> None:
    cohort = Cohort(Wanted(seed=5), model)
    plain = write_records(cohort, 12, tmp_path / "plain", Layout(10))
    grouped = write_records(cohort, 12, tmp_path / "grouped", Layout(10, grouped=True, gzip=True))
    lines = sorted(line for path in plain.records.glob("*.ndjson") for line in path.read_bytes().splitlines())
    zipped = [gzip.decompress(path.read_bytes()).splitlines() for path in sorted(grouped.records.glob("*.gz"))]
    assert sorted(line for part in zipped for line in part) == lines
    owners = [
        msgspec.json.decode(line).get("subject", {}).get("reference", "")
        for line in gzip.decompress((grouped.records / "records.ndjson.gz").read_bytes()).splitlines()
    ]
    told = [owner for owner in owners if owner]
    starts = [owner for i, owner in enumerate(told) if i == 0 or told[i - 1] != owner]
    assert len(starts) == len(set(starts)) == 12  # the lines of a patient stand together
    assert grouped.size == plain.size == sum(len(line) + 1 for line in lines)


@pytest.mark.parametrize("kilobytes", [20.0, 35.0])
def test_records_have_the_size_asked_for_on_average(kilobytes: float) -> None:
    sizes = [sum(len(line) + 1 for _, line in lines) for _, lines in records(13, 150, kilobytes)]
    assert sum(sizes) / len(sizes) == pytest.approx(kilobytes * 1000, rel=0.1)


def test_impossible_wishes_are_refused(tmp_path: Path, model: Model) -> None:
    cohort = Cohort(Wanted(), model)
    with pytest.raises(InputError, match="1 or more"):
        write_records(cohort, 0, tmp_path / "a", Layout(20))
    with pytest.raises(InputError, match="above 0"):
        write_records(cohort, 1, tmp_path / "a", Layout(0))
    assert not (tmp_path / "a").exists()
    (tmp_path / "records").mkdir()
    with pytest.raises(InputError, match="there already"):
        write_records(cohort, 1, tmp_path, Layout(20))

"""What an audit counts, which cells it hides, and what it reads of the time after an encounter."""

from __future__ import annotations

import itertools
import random
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from backspasm import InputError, Knowledge
from backspasm.patients.from_fhir.moments import moment_of
from backspasm.population.audit.files import audit, parts_of, write_rows
from backspasm.population.audit.measures import Limits, marks, spine_tests
from backspasm.population.audit.page import audit_json, audit_page
from backspasm.population.audit.results import Audit, Rate
from backspasm.population.audit.small_cells import hidden, hidden_within, is_small
from backspasm.population.follow_up import Later, follow_up
from backspasm.population.reliability import wilson
from backspasm.population.screened import SCHEMA

PLAIN: dict[str, Any] = {
    "patient": "p",
    "encounter": "e",
    "site": "Organization/a",
    "clinician_group": "PractitionerRole/a1",
    "age_years": 40.0,
    "sex": "female",
    "setting": "primary_care",
    "urgency": "self_care",
    "floor": "self_care",
    "red_flags": [],
    "must_not_miss": [],
    "must_not_miss_probability": [],
    "imaging": "not_indicated",
    "imaging_indicated": [],
    "avoid": [],
    "imaged_with": [],
    "followed_days": 100.0,
    "knowledge_digest": "d",
}
ALARM: dict[str, Any] = {"floor": "urgent", "urgency": "urgent", "red_flags": ["fever"]}


def batch(*rows: dict[str, Any]) -> pa.RecordBatch:
    full = [dict.fromkeys(SCHEMA.names) | PLAIN | row for row in rows]
    return pa.RecordBatch.from_pylist(full, schema=SCHEMA)


def screened(folder: Path, rows: list[dict[str, Any]]) -> tuple[Path, ...]:
    folder.mkdir(exist_ok=True)
    pq.write_table(pa.Table.from_batches([batch(*rows)]), folder / "assessments.parquet")
    return parts_of(folder)


def one(found: Audit, measure: str, dimension: str = "all", group: str = "all") -> Rate:
    (rate,) = [r for r in found.rates if (r.measure, r.dimension, r.group) == (measure, dimension, group)]
    return rate


# --- measures ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("row", "measure", "concerned", "candidate"),
    [
        (ALARM, "missed_red_flag", True, True),
        (ALARM | {"workup_days": 3.0}, "missed_red_flag", True, False),
        (ALARM | {"workup_days": 40.0}, "missed_red_flag", True, True),  # too late
        (ALARM | {"followed_days": 5.0}, "missed_red_flag", False, False),  # nobody knows
        (ALARM | {"followed_days": None}, "missed_red_flag", False, False),
        (ALARM | {"followed_days": 5.0, "workup_days": 3.0}, "missed_red_flag", True, False),
        (ALARM | {"imaged_before_days": 20.0}, "missed_red_flag", False, False),
        (ALARM | {"imaged_before_days": 400.0}, "missed_red_flag", True, True),
        ({}, "missed_red_flag", False, False),
        ({"floor": "routine"}, "missed_red_flag", False, False),
        ({"imaging": "indicated", "imaging_indicated": ["mri_lumbar"]}, "indication_without_imaging", True, True),
        (
            {"imaging": "indicated", "imaging_indicated": ["mri_lumbar"], "imaged_days": 2.0},
            "indication_without_imaging",
            True,
            False,
        ),
        # a picture of the aorta is none of the spine
        (
            {"imaging": "indicated", "imaging_indicated": ["bedside_aortic_ultrasound"]},
            "indication_without_imaging",
            False,
            False,
        ),
        ({"imaged_days": 0.0}, "imaging_without_indication", True, True),
        ({}, "imaging_without_indication", True, False),
        ({"imaging": None, "imaged_days": 28.0}, "imaging_without_indication", True, True),
        ({"imaging": "consider", "imaged_days": 0.0}, "imaging_without_indication", False, False),
        (ALARM | {"imaged_days": 0.0}, "imaging_without_indication", False, False),
        ({"avoid": ["naproxen:nsaid_ulcer"]}, "risky_prescription", True, True),
        ({}, "risky_prescription", True, False),
    ],
)
def test_who_is_concerned_and_who_is_a_candidate(
    row: dict[str, Any], measure: str, concerned: bool, candidate: bool, knowledge: Knowledge
) -> None:
    found = marks(batch({}, row), Limits.of(knowledge), knowledge)
    assert (found.concerned[measure][1], found.candidates[measure][1]) == (concerned, candidate)


def test_the_chance_of_something_serious_counts_no_one_twice(knowledge: Knowledge) -> None:
    rows: tuple[dict[str, Any], ...] = (
        {},
        {"must_not_miss": ["infection", "malignancy"], "must_not_miss_probability": [0.2, 0.1]},
        {"must_not_miss": ["compression", "malignancy"], "must_not_miss_probability": [0.4, 0.1]},
        {"must_not_miss": ["infection", "fracture"], "must_not_miss_probability": [0.7, 0.300001]},
    )
    found = marks(batch(*rows), Limits.of(knowledge), knowledge)
    assert found.serious == pytest.approx([0, 0.3, 0.4, 1.0])


def test_tests_of_the_spine(knowledge: Knowledge) -> None:
    assert set(spine_tests(knowledge)) == {"mri_lumbar", "mri_whole_spine", "radiograph", "ct_spine", "sacroiliac_mri"}


# --- rows --------------------------------------------------------------------------------------------------------------


def test_rows_are_counted_by_group_with_wilson_intervals(tmp_path: Path, knowledge: Knowledge) -> None:
    rows: list[dict[str, Any]] = [ALARM | {"site": "Organization/b", "age_years": 70.0}] * 30
    rows += [ALARM | {"workup_days": 1.0}] * 20 + [ALARM] * 10 + [{}] * 40
    found = audit(screened(tmp_path, rows), knowledge)
    everybody = one(found, "missed_red_flag")
    assert (everybody.count, everybody.of) == (40, 60)
    assert (everybody.low, everybody.high) == wilson(40, 60)
    assert (one(found, "missed_red_flag", "site", "Organization/b").share, found.encounters) == (1.0, 100)
    assert one(found, "missed_red_flag", "site", "Organization/a").share == pytest.approx(1 / 3)
    assert one(found, "missed_red_flag", "age_band", "70-79").of == 30
    (card,) = [a for a in found.alerts if (a.alert, a.dimension) == ("red_flag_card", "all")]
    assert (card.cards, card.of, card.per_100) == (60, 100, 60.0)


def test_batches_and_partitions_add_up_alike(tmp_path: Path, knowledge: Knowledge, monkeypatch: Any) -> None:
    rng = random.Random(3)
    rows = [
        {
            **(ALARM if rng.random() < 0.5 else {}),
            "site": f"Organization/{rng.choice('ab')}",
            "workup_days": rng.choice([None, 1.0, 50.0]),
            "imaged_days": rng.choice([None, 2.0]),
        }
        for _ in range(300)
    ]
    whole = audit(screened(tmp_path / "whole", rows), knowledge)
    monkeypatch.setattr("backspasm.population.audit.files.BATCH", 7)
    assert audit(screened(tmp_path / "whole", rows), knowledge) == whole
    cut = tmp_path / "cut" / "assessments"
    cut.mkdir(parents=True)
    for i in range(3):
        pq.write_table(pa.Table.from_batches([batch(*rows[100 * i : 100 * i + 100])]), cut / f"part-{i}.parquet")
    assert audit(parts_of(tmp_path / "cut"), knowledge) == whole


def test_days_to_work_up_follow_the_product_limit(tmp_path: Path, knowledge: Knowledge) -> None:
    """By hand: 5 of 10 on day 1 leave 0.5; 3 lost on day 2; 1 of 2 on day 9 leaves 0.25; the last is lost on day 12."""
    rows = [ALARM | {"workup_days": 1.0}] * 5 + [ALARM | {"followed_days": 2.0}] * 3
    rows += [ALARM | {"workup_days": 9.0}, ALARM | {"followed_days": 12.0}]
    found = audit(screened(tmp_path, rows), knowledge, small_cell=1)
    (times,) = [t for t in found.times if t.dimension == "all"]
    assert (times.of, times.quarter, times.half, times.three_quarters) == (10, 1.0, 1.0, 9.0)
    assert (
        "Of 10 encounters a quarter by day 1, half by day 1, three quarters by day 9."
        in audit_page(found, knowledge).decode()
    )


def test_candidates_are_listed_with_their_reason(tmp_path: Path, knowledge: Knowledge) -> None:
    rows = [{}, ALARM | {"patient": "x", "encounter": "y"}, {"patient": "z", "avoid": ["naproxen:nsaid_ulcer"]}]
    audit(screened(tmp_path, rows), knowledge, candidates=tmp_path / "new" / "candidates.parquet")
    listed = pq.read_table(tmp_path / "new" / "candidates.parquet").to_pylist()
    assert [(r["patient"], r["measure"], r["because"]) for r in listed] == [
        ("x", "missed_red_flag", ["fever"]),
        ("z", "risky_prescription", ["naproxen:nsaid_ulcer"]),
    ]


def test_rows_as_parquet_are_the_rows_shown(tmp_path: Path, knowledge: Knowledge) -> None:
    found = audit(screened(tmp_path, [ALARM] * 7 + [{}] * 30), knowledge)
    write_rows(found, tmp_path)
    rows = pq.read_table(tmp_path / "rates.parquet").to_pylist()
    assert [Rate(**row) for row in rows] == list(found.rates)
    assert pq.read_table(tmp_path / "times.parquet").num_rows == len(found.times)
    assert pq.read_table(tmp_path / "alerts.parquet").num_rows == len(found.alerts)


# --- small cells -------------------------------------------------------------------------------------------------------


def test_small_is_a_count_its_rest_or_the_whole() -> None:
    assert [is_small(c, 5) for c in ((4, 50), (46, 50), (0, 4), (5, 50), (45, 50), (0, 50), (50, 50), (0, 0))] == [
        True, True, True, False, False, False, False, False,
    ]  # fmt: skip


def test_no_small_cell_can_be_worked_out() -> None:
    """Whoever has the total and the cells shown learns the hidden ones' sum only, and that sum is not small."""
    rng = random.Random(1)
    hid = 0
    for _ in range(2000):
        cells = {}
        for name in "abcdef"[: rng.randint(1, 6)]:
            of = rng.choice([0, 2, 7, 20, 60])
            cells[name] = (rng.randint(0, of), of)
        gone = hidden(cells, 5)
        assert all(not is_small(cells[n], 5) for n in cells if n not in gone)
        full = [cells[n] for n in gone if cells[n][1]]
        left = (sum(c for c, _ in full), sum(of for _, of in full))
        shown = [n for n in cells if n not in gone and cells[n][1]]
        assert not shown or not full or (len(full) > 1 and not is_small(left, 5)), (cells, gone)
        hid += bool(gone)
    assert hid > 500


def test_groups_within_a_hidden_site_are_hidden_and_others_guard_each_other() -> None:
    cells = {"a1": (6, 20), "a2": (7, 20), "b1": (2, 20), "b2": (9, 30), "b3": (10, 40)}
    parents = {name: name[0] for name in cells}
    gone = hidden_within(cells, parents, frozenset({"a"}), 5)
    assert gone >= {"a1", "a2", "b1"}
    assert len(gone & {"b1", "b2", "b3"}) == 2


def test_nothing_small_is_shown_anywhere(tmp_path: Path, knowledge: Knowledge) -> None:
    rng = random.Random(8)
    rows = []
    for site, group in itertools.product("abcd", "12"):
        for _ in range(rng.randint(3, 40)):
            row = dict(ALARM) if rng.random() < 0.4 else {}
            row |= {"site": f"Organization/{site}", "clinician_group": f"PractitionerRole/{site}{group}"}
            rows.append(row | {"sex": rng.choice(["male", "female"]), "age_years": rng.uniform(1, 90)})
    found = audit(screened(tmp_path, rows), knowledge, small_cell=5)
    assert any(r.count is None for r in found.rates)
    shown = [r for r in found.rates if r.count is not None and r.of is not None]
    assert all(not is_small((r.count or 0, r.of or 0), 5) for r in shown)
    for site in "abcd":  # a site that is hidden must not be the sum of its groups
        for measure in {r.measure for r in found.rates}:
            groups = [r for r in found.rates if r.measure == measure and r.group.startswith(f"PractitionerRole/{site}")]
            if one(found, measure, "site", f"Organization/{site}").count is None:
                assert all(g.count is None for g in groups)
    everything = audit(parts_of(tmp_path), knowledge, small_cell=1)
    assert all(r.count is not None for r in everything.rates)


# --- reading ----------------------------------------------------------------------------------------------------------


def test_a_folder_without_assessments_and_a_missing_column_are_named(tmp_path: Path, knowledge: Knowledge) -> None:
    with pytest.raises(InputError, match=r"holds no assessments\.parquet"):
        parts_of(tmp_path)
    table = pa.Table.from_batches([batch({})]).drop_columns(["workup_days"])
    pq.write_table(table, tmp_path / "assessments.parquet")
    with pytest.raises(InputError, match=r"lacks workup_days; what came after"):
        parts_of(tmp_path)
    (tmp_path / "assessments.parquet").write_bytes(b"no parquet")
    with pytest.raises(InputError, match="cannot be read as Parquet"):
        parts_of(tmp_path)
    pq.write_table(SCHEMA.empty_table(), tmp_path / "assessments.parquet")
    with pytest.raises(InputError, match="holds no encounter"):
        audit(parts_of(tmp_path), knowledge)


# --- page --------------------------------------------------------------------------------------------------------------


def test_the_page_escapes_names_and_says_what_a_candidate_is(tmp_path: Path, knowledge: Knowledge) -> None:
    rows = [ALARM | {"site": "Organization/<script>alert(1)</script>"}] * 30 + [{}] * 30
    page = audit_page(audit(screened(tmp_path, rows), knowledge), knowledge).decode()
    assert "<script" not in page
    assert "A candidate is a record to look at" in page
    assert "not a certified medical device" in page
    assert "http://" not in page.replace("http://www.w3.org", "")


def test_json_holds_every_row(tmp_path: Path, knowledge: Knowledge) -> None:
    found = audit(screened(tmp_path, [ALARM] * 30 + [{}] * 30), knowledge)
    assert msgspec.json.decode(audit_json(found), type=Audit) == found


# --- after the encounter ---------------------------------------------------------------------------------------------

START = moment_of("2026-03-10T09:00:00Z")


def later(**fields: Any) -> Later:
    return msgspec.convert({"resourceType": "ServiceRequest", "status": "active", "intent": "order"} | fields, Later)


@pytest.mark.parametrize(
    ("resource", "days", "kind"),
    [
        (later(code={"text": "MRI of the lumbar spine"}, authoredOn="2026-03-12"), 2, ("mri",)),
        (later(code={"text": "X-ray of the lumbar spine"}, authoredOn="2026-03-10"), 0, ("radiograph",)),
        (later(code={"text": "MRI of the knee"}, authoredOn="2026-03-12"), None, ()),
        (later(code={"text": "MRI of the lumbar spine"}, authoredOn="2026-03-12", status="revoked"), None, ()),
        (later(code={"text": "MRI of the lumbar spine"}, authoredOn="2026-03-12", intent="plan"), None, ()),
        (later(code={"text": "MRI of the lumbar spine"}, authoredOn="2026-03-12", doNotPerform=True), None, ()),
        (later(code={"text": "MRI of the lumbar spine"}), None, ()),  # without a date
        (
            later(
                resourceType="ImagingStudy",
                status="available",
                started="2026-03-20",
                modality=[{"code": "MR"}],
                description="lumbar spine",
            ),
            10,
            ("mri",),
        ),
        (
            later(resourceType="DiagnosticReport", status="final", code={"text": "CT of the spine"}, issued="2026-03-11T10:00:00Z"),
            1,
            ("ct",),
        ),
        # ordered at the encounter, whatever its clock says
        (
            later(
                code={"text": "MRI of the lumbar spine"}, authoredOn="2026-03-09", encounter={"reference": "Encounter/e"}
            ),
            0,
            ("mri",),
        ),
    ],
)  # fmt: skip
def test_an_image_of_the_spine_is_found_after_the_encounter(
    resource: Later, days: float | None, kind: tuple[str, ...]
) -> None:
    assert START is not None
    found = follow_up([resource], START, "Encounter/e")
    assert (found.imaged_days, found.imaged_with, found.imaged_before_days) == (days, kind, None)


def test_an_earlier_image_and_a_referral() -> None:
    assert START is not None
    image = later(code={"text": "MRI of the lumbar spine"}, authoredOn="2026-02-28")
    sent = later(code={"text": "clinic"}, category=[{"coding": [{"code": "3457005"}]}], authoredOn="2026-03-15")
    found = follow_up([image, sent], START)
    assert (found.imaged_before_days, found.imaged_days, found.workup_days) == (10, None, 5)


def test_shares_do_not_depend_on_unknown_places(tmp_path: Path, knowledge: Knowledge) -> None:
    rows = [{"site": None, "clinician_group": None, "age_years": None, "setting": None}] * 10
    found = audit(screened(tmp_path, rows), knowledge)
    assert one(found, "risky_prescription", "site", "unknown").of == 10
    assert one(found, "risky_prescription", "age_band", "unknown").of == 10
    assert np.isclose(one(found, "risky_prescription").share or 0, 0)

"""The shipped ViewDefinitions, run by another program (sqlonfhir), find what our own reader of records finds.

Another program means another environment: `make views` installs it; without it the run of the views is skipped, and said so.
"""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from backspasm import Knowledge, Model
from backspasm.patients.from_fhir.identity import address
from backspasm.patients.from_fhir.record import reader_of
from backspasm.patients.from_fhir.structs import AllergyIntolerance, Condition, Encounter, MedicationUse, Observation
from backspasm.patients.from_fhir.terms import codes, is_family_history, system_of
from backspasm.patients.from_fhir.visit import NOT_HELD
from backspasm.population.cohort import Cohort, Wanted
from backspasm.population.synthetic.files import Layout, write_records
from backspasm.population.views.files import CODES, FOLDER, files

#: an environment with sqlonfhir
PEER = Path(os.environ.get("BACKSPASM_PEERS", ".venv-peers")) / "bin" / "python"
#: patients whose records both read; the other program takes some seconds for each
COUNT = int(os.environ.get("BACKSPASM_VIEW_PATIENTS", "4"))
RUN = """
import json, sys, pathlib, sqlonfhir
views, records = map(pathlib.Path, sys.argv[1:])
from sqlonfhir.sqlonfhir import ViewDefinitionEvaluator as Views
key = Views.get_reference_key  # of a missing reference it fails, where the standard says: empty
Views.get_reference_key = staticmethod(lambda found, kind=None: key(found, kind) if found else [])
out = {}
for path in sorted(views.glob("*.json")):
    view = json.loads(path.read_text())
    if isinstance(view, list):
        continue
    name, file = view["name"], records / (view["resource"] + ".ndjson")
    lines = file.read_text().splitlines() if file.exists() else []
    out[name] = sqlonfhir.evaluate([json.loads(line) for line in lines], view)
json.dump(out, sys.stdout, default=float)  # decimals
"""
#: what every runner of a view that can be shared must know (SQL on FHIR 2.0)
FUNCTIONS = {"where", "exists", "not", "ofType", "first", "getResourceKey", "getReferenceKey"}


def test_the_shipped_files_are_those_that_the_code_lists_give(knowledge: Knowledge) -> None:
    """Mend: python -m backspasm.population.views.files"""
    made = files(knowledge)
    assert {p.name for p in FOLDER.glob("*.json")} == set(made)
    assert [name for name, data in made.items() if (FOLDER / name).read_bytes() != data] == []


def views() -> dict[str, Any]:
    return {p.stem: msgspec.json.decode(p.read_bytes()) for p in FOLDER.glob("*.json") if p.name != CODES}


def columns(part: Any) -> Iterator[dict[str, str]]:
    if isinstance(part, dict):
        yield from part.get("column", ())
        for key in ("select", "unionAll"):
            for inner in part.get(key, ()):
                yield from columns(inner)


def paths(part: Any) -> Iterator[str]:
    if isinstance(part, dict):
        yield from (v for k, v in part.items() if k in {"path", "forEach", "forEachOrNull"})
        for value in part.values():
            yield from paths(value)
    elif isinstance(part, list):
        for value in part:
            yield from paths(value)


def test_views_keep_to_what_every_runner_knows() -> None:
    for name, view in views().items():
        assert re.fullmatch(r"[a-z][a-z_]*", view["name"])
        assert all(c["type"] for c in columns(view)), name
        for path in paths(view):
            called = set(re.findall(r"(\w+)\(", re.sub(r"'[^']*'", "''", path)))
            assert called <= FUNCTIONS, (name, called - FUNCTIONS)
            assert set(re.findall(r"[<>=!|&$%]+", re.sub(r"'[^']*'", "''", path))) <= {"=", "!=", ">", "<="}, name


class Both(msgspec.Struct, frozen=True):
    """Virtual records, and the rows of every view over them, by the other program."""

    records: Path
    rows: dict[str, list[dict[str, Any]]]

    def resources(self, kind: str, struct: Any) -> list[Any]:
        """The records as our own reader decodes them."""
        path = self.records / f"{kind}.ndjson"
        lines = path.read_bytes().splitlines() if path.exists() else []
        return [msgspec.json.decode(line, type=struct) for line in lines]


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory, model: Model) -> Both:
    folder = tmp_path_factory.mktemp("views") / "cohort"
    records = write_records(Cohort(Wanted(seed=21), model), COUNT, folder, Layout(12)).records
    done = subprocess.run(
        [str(PEER), "-c", RUN, str(FOLDER), str(records)], capture_output=True, check=False, text=True, timeout=900
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return Both(records, msgspec.json.decode(done.stdout))


def here() -> bool:
    return (
        PEER.exists()
        and subprocess.run([str(PEER), "-c", "import sqlonfhir"], check=False, capture_output=True).returncode == 0
    )


needs_peer = pytest.mark.skipif(not here(), reason="sqlonfhir is not installed: `make views` installs it and runs this")


@needs_peer
def test_views_and_reader_find_the_same_back_pain(both: Both, model: Model) -> None:
    back = reader_of(model.knowledge).back
    about = {
        c.id: address(c.encounter.reference or "") if c.encounter else None
        for c in both.resources("Condition", Condition)
        if back.concerns(c.code)
        and not is_family_history(c.code)
        and not codes(c.verification_status) & {"refuted", "entered-in-error"}
    }
    found = {
        r["condition"]: r["encounter"] and f"Encounter/{r['encounter']}" for r in both.rows["back_pain_conditions"]
    }
    assert found == about
    assert about
    own = {
        e.id
        for e in both.resources("Encounter", Encounter)
        if e.status not in NOT_HELD and any(back.concerns(c) for c in (*e.reason_code, *e.type))
    }
    assert {r["encounter"] for r in both.rows["back_pain_encounters"]} == own
    assert len(own) == COUNT


@needs_peer
def test_views_and_reader_take_the_same_codes_for_findings(both: Both, model: Model) -> None:
    terms = reader_of(model.knowledge).terms
    problems = {
        (c.id, coding.code)
        for c in both.resources("Condition", Condition)
        if not is_family_history(c.code)
        for coding in (c.code.coding if c.code else ())
        if any(
            m.kind in {"finding", "comorbidity"} for m in terms.of(msgspec.structs.replace(c.code, coding=(coding,)))
        )
    }
    assert {(r["condition"], r["code"]) for r in both.rows["problems"]} == problems
    assert problems
    values = {
        (o.id, coding.code, o.value_quantity.value if o.value_quantity else None, o.value_boolean)
        for o in both.resources("Observation", Observation)
        for coding in (o.code.coding if o.code else ())
        if system_of(coding) and terms.findings(msgspec.structs.replace(o.code, coding=(coding,), text=None))
    }
    given = {(r["observation"], r["code"], r["value"], r["value_boolean"]) for r in both.rows["observations"]}
    assert given == values
    assert values


@needs_peer
def test_views_list_every_medicine_and_allergy(both: Both) -> None:
    medicines = {
        (u.id, coding.code)
        for u in both.resources("MedicationRequest", MedicationUse)
        for coding in (u.medication_codeable_concept.coding if u.medication_codeable_concept else ())
    }
    assert {(r["request"], r["code"]) for r in both.rows["medicines"]} == medicines
    assert medicines
    allergies = {
        (a.id, c.code) for a in both.resources("AllergyIntolerance", AllergyIntolerance) for c in a.code.coding
    }
    assert {(r["allergy"], r["code"]) for r in both.rows["allergies"]} == allergies
    assert len(both.rows["patients"]) == COUNT


def test_a_prefix_is_a_range_of_text() -> None:
    from backspasm.population.views.paths import any_code
    from backspasm.records.types import Code

    path = any_code([Code(system="icd10cm", code="M54.5", display="", match="prefix")])
    ranges = re.findall(r"code > '([^']+)' and code <= '([^']+)'", path)
    exact = re.findall(r"code = '([^']+)'", path)

    def inside(code: str) -> bool:
        return code in exact or any(low < code <= high for low, high in ranges)

    assert [c for c in ("M54.5", "M54.50", "M5450", "M54.59", "M54.6", "M54.4", "M54", "M546", "M55") if inside(c)] == [
        "M54.5", "M54.50", "M5450", "M54.59",
    ]  # fmt: skip

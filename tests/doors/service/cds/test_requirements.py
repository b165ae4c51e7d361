"""Every row with SHALL that concerns a service has a test that names it; and the public requests are answered properly."""

from __future__ import annotations

import csv
import json
import os
from importlib import import_module
from pathlib import Path

import pytest
from litestar import Litestar
from litestar.testing import TestClient

from tests.doors.service.cds.requirements import ASKED, HELD
from tests.doors.service.cds.wire import faults

#: a folder with the list of requirements and with requests of other people; not part of this project
FOLDER = os.environ.get("BACKSPASM_CDS_HOOKS", "")
OTHERS = sorted(Path(FOLDER, "requests").glob("*.json")) if FOLDER else []
#: what each hook of ours is called under
SERVICES = {
    "patient-view": ("back-pain-red-flags",),
    "order-select": ("back-pain-medicines", "spine-imaging"),
    "order-sign": ("back-pain-medicines", "spine-imaging"),
}


def test_every_requirement_on_a_service_has_a_test() -> None:
    for module in ("test_discovery", "test_cards", "test_record", "test_feedback", "test_tokens"):
        import_module(f"tests.doors.service.cds.{module}")
    assert set(ASKED) - set(HELD) == set()


@pytest.mark.skipif(not FOLDER, reason="BACKSPASM_CDS_HOOKS names no folder with the public list of requirements")
def test_the_numbers_are_those_of_the_public_list() -> None:
    (path,) = Path(FOLDER).glob("*requirements*.csv")
    with path.open(newline="", encoding="utf-8-sig") as file:
        rows = list(csv.DictReader(file))
    shall = {int(r["ID*"]) for r in rows if "Service" in r["Actors*"] and r["Conformance*"].startswith("SHALL")}
    assert shall == set(ASKED)


@pytest.mark.skipif(not FOLDER, reason="BACKSPASM_CDS_HOOKS names no folder with requests of other people")
def test_requests_of_other_people_are_answered_properly(client: TestClient[Litestar]) -> None:
    """With cards that keep the rules, or with 412 and what is missing; never with an empty list where something was not seen."""
    assert OTHERS
    for path in OTHERS:
        call = json.loads(path.read_bytes())
        for service in SERVICES[call["hook"]]:
            answer = client.post(f"/cds-services/{service}", content=path.read_bytes())
            where = f"{path.name} at {service}: {answer.status_code}"
            if answer.status_code == 412:
                assert answer.json()["issue"], where
            else:
                assert answer.status_code == 200, where
                assert faults(answer.json()) == [], where

"""The hazard log names controls that tests prove: each named test exists."""

from __future__ import annotations

import re
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[2]


def test_every_hazard_has_tests_that_exist() -> None:
    log = yaml.safe_load((ROOT / "docs/safety/hazards.yaml").read_text(encoding="utf-8"))
    hazards = log["hazards"] if isinstance(log, dict) else log
    assert len(hazards) >= 12
    for hazard in hazards:
        assert hazard["tests"], f"{hazard['id']} has no test"
        for address in hazard["tests"]:
            path, _, name = address.partition("::")
            text = (ROOT / path).read_text(encoding="utf-8")
            assert re.search(rf"def {name.partition('[')[0]}\(", text), address

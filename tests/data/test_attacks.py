"""The attack table names tests that exist, and every attack that must be in it is."""

from __future__ import annotations

import re
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[2]
TABLE = ROOT / "docs/safety/attacks.yaml"
#: without any of these the table is not whole
WANTED = {
    "algorithm_none",
    "hmac_with_the_public_key",
    "wrong_audience",
    "expired_token",
    "replayed_token",
    "foreign_jku",
    "request_forgery_by_fhir_server",
    "huge_body",
    "slow_body",
    "script_through_a_note",
    "script_through_a_record",
    "path_traversal",
    "log_injection",
}


def test_every_attack_has_tests_that_exist() -> None:
    attacks = yaml.safe_load(TABLE.read_text(encoding="utf-8"))["attacks"]
    assert {a["id"] for a in attacks} >= WANTED
    assert len({a["id"] for a in attacks}) == len(attacks)
    for attack in attacks:
        assert attack["tests"], f"{attack['id']} has no test"
        assert attack["answer"]
        for address in attack["tests"]:
            path, _, name = address.partition("::")
            text = (ROOT / path).read_text(encoding="utf-8")
            assert re.search(rf"^(async )?def {name}\(", text, re.MULTILINE), address


def test_every_attack_test_is_in_the_table() -> None:
    """Who adds a test of an attack says in the table what it shows."""
    listed = set(re.findall(r"::(\w+)", TABLE.read_text(encoding="utf-8")))
    named = {
        name
        for path in (ROOT / "tests/doors").rglob("test_*.py")
        for name in re.findall(r"^def (test_attack_\w+)\(", path.read_text(encoding="utf-8"), re.MULTILINE)
    }
    assert named - listed == set()

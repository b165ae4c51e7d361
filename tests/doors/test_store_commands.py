"""`backspasm store`: what who runs the service sees of the store."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from backspasm import Model, assess, read_patient
from backspasm.service.settings import StoreSettings
from backspasm.service.store import assessments, audit, cards, schema
from backspasm.service.store.database import Store, connect, open_store
from tests.doors.conftest import Run

ROOT = Path(__file__).parents[2]


@pytest.fixture
def config(tmp_path: Path) -> Path:
    file = tmp_path / "service.toml"
    file.write_text(f'[store]\nurl = "sqlite:///{tmp_path}/s.sqlite"\nsecret_file = "{tmp_path}/k"\n')
    return file


@pytest.fixture
def store(config: Path, tmp_path: Path) -> Iterator[Store]:
    opened = open_store(StoreSettings(url=f"sqlite:///{tmp_path}/s.sqlite", secret_file=str(tmp_path / "k")))
    yield opened
    opened.close()


def entry(days: int) -> audit.AuditEntry:
    return audit.AuditEntry(
        when=audit.now() - timedelta(days=days),
        caller="ward 3",
        method="POST",
        route="/assess",
        status=200,
        knowledge_digest="k" * 64,
        input_digest="i" * 64,
        urgency="emergency",
    )


def test_upgrade_makes_the_tables_and_says_where(run: Run, config: Path) -> None:
    out = run("store", "upgrade", "--config", str(config))
    assert (out.code, out.err) == (0, "")
    assert f"revision {schema.newest()}" in out.out


def test_a_store_without_tables_is_refused_with_the_mend(run: Run, config: Path) -> None:
    for command in (["audit"], ["reception"], ["retention"], ["replay", "x"]):
        out = run("store", *command, "--config", str(config))
        assert (out.code, out.out) == (2, "")
        assert "Mend: backspasm store upgrade" in out.err


def test_the_audit_trail_is_shown_newest_first(run: Run, config: Path, store: Store) -> None:
    for days in (3, 1, 2):
        audit.record(store, entry(days))
    shown = run("store", "audit", "--config", str(config), "--count", "2")
    assert shown.out.count("ward 3") == 2
    found = json.loads(run("store", "audit", "--config", str(config), "--format", "json").out)
    assert [e["urgency"] for e in found] == ["emergency"] * 3
    assert sorted((e["when"] for e in found), reverse=True) == [e["when"] for e in found]


def test_retention_says_what_it_would_delete_and_then_deletes_it(run: Run, config: Path, store: Store) -> None:
    for days in (1, 100, 400):
        audit.record(store, entry(days))
    dry = run("store", "retention", "--config", str(config), "--dry-run").out
    assert dry == "would delete what is older than 365 days: 1 of audit, 0 of assessments, 0 of cards\n"
    done = run("store", "retention", "--config", str(config), "--days", "50").out
    assert done == "deleted what is older than 50 days: 2 of audit, 0 of assessments, 0 of cards\n"
    assert len(audit.latest(store, 9)) == 1


def test_a_replay_says_that_the_bytes_are_the_same(run: Run, config: Path, store: Store, model: Model) -> None:
    patient = read_patient((ROOT / "examples/cauda_equina.yaml").read_bytes(), model.knowledge)
    identity = assessments.save(store, assess(patient, model, draws=20), model, "ward 3")
    out = run("store", "replay", identity, "--config", str(config))
    assert out.code == 0
    assert "urgency emergency" in out.out
    assert "the same bytes" in out.out
    again = run("store", "replay", identity, "--config", str(config), "--format", "json")
    assert json.loads(again.out)["urgency"]["level"] == "emergency"
    assert "the same bytes" in again.err


def test_a_replay_that_differs_without_a_reason_is_a_fault(
    run: Run, config: Path, store: Store, model: Model, tmp_path: Path
) -> None:
    patient = read_patient((ROOT / "examples/cauda_equina.yaml").read_bytes(), model.knowledge)
    identity = assessments.save(store, assess(patient, model, draws=20), model, "ward 3")
    with store.writing() as connection:
        connection.exec_driver_sql("UPDATE assessments SET output_digest = 'other'")
    out = run("store", "replay", identity, "--config", str(config))
    assert out.code == 1
    assert "OTHER bytes" in out.out
    with store.writing() as connection:
        connection.exec_driver_sql("UPDATE assessments SET knowledge_digest = 'older'")
    out = run("store", "replay", identity, "--config", str(config))
    assert out.code == 0  # other knowledge gives other numbers: said, and no fault
    assert "changed: knowledge: older then" in out.out


def test_an_unknown_id_is_refused(run: Run, config: Path, store: Store) -> None:
    out = run("store", "replay", "nobody", "--config", str(config))
    assert (out.code, out.out) == (2, "")
    assert "nobody" in out.err


def test_how_cards_were_received(run: Run, config: Path, store: Store) -> None:
    digest = cards.patient_digest_of(store, "s", "p")
    one = cards.IssuedCard(
        uuid="u",
        service="order-sign",
        topic="imaging",
        indicator="warning",
        patient_digest=digest,
        facts_digest="f",
        when=audit.now(),
    )
    cards.issued_together(store, [[one]])
    word = cards.CardFeedback(card="u", outcome="overridden", outcome_timestamp=audit.now(), reason_code="refused")
    cards.give_feedback(store, "order-sign", [word])
    shown = run("store", "reception", "--config", str(config)).out
    assert "refused (1)" in shown
    found = json.loads(run("store", "reception", "--config", str(config), "--format", "json").out)
    assert found[0]["overridden"] == 1


def test_a_store_in_memory_cannot_be_looked_at(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "service.toml"
    file.write_text('[store]\nurl = "memory"\n')
    out = run("store", "audit", "--config", str(file))
    assert out.code == 2
    assert "keeps nothing between commands" in out.err


def test_looking_does_not_migrate(run: Run, config: Path, tmp_path: Path) -> None:
    run("store", "audit", "--config", str(config))
    store = connect(StoreSettings(url=f"sqlite:///{tmp_path}/s.sqlite", secret_file=str(tmp_path / "k")))
    with store.reading() as connection:
        assert schema.current(connection) is None
    store.close()

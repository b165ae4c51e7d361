"""The store keeps what it should and nothing else: the same tests against SQLite and against a real PostgreSQL."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from uuid import uuid4

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from msgspec.structs import replace
from sqlalchemy import func, insert, select, text, update
from sqlalchemy.exc import StatementError

from backspasm import Model, assess, read_patient, to_json
from backspasm.presentation.reception import Reception
from backspasm.service.settings import StoreSettings
from backspasm.service.store import assessments, audit, cards, retention, schema, tables
from backspasm.service.store.database import Store, StoreError, connect, migrate, open_store
from backspasm.service.tokens.replay import first_seen
from backspasm.service.tokens.verify import Claims

ROOT = Path(__file__).parents[3]
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
ENTRY = audit.AuditEntry(
    when=NOON,
    caller="ward 3",
    method="POST",
    route="/assess",
    status=200,
    knowledge_digest="k" * 64,
    input_digest="i" * 64,
    urgency="emergency",
    note="seen by Dr Example",
)


@pytest.fixture
def store(store_settings: StoreSettings) -> Iterator[Store]:
    opened = open_store(store_settings)
    yield opened
    opened.close()


def card(store: Store, uuid: str, **changes: object) -> cards.IssuedCard:
    made = cards.IssuedCard(
        uuid=uuid,
        service="patient-view",
        topic="cauda equina",
        indicator="critical",
        patient_digest=cards.patient_digest_of(store, "https://ehr.example/fhir", "pat-4711"),
        facts_digest="f" * 64,
        when=NOON,
    )
    return replace(made, **changes)


def said(uuid: str, outcome: cards.Outcome, minutes: int = 0, **more: object) -> cards.CardFeedback:
    made = cards.CardFeedback(card=uuid, outcome=outcome, outcome_timestamp=NOON + timedelta(minutes=minutes))
    return replace(made, **more)


# --- tables ---------------------------------------------------------------------------------------------------------------


def test_every_older_version_is_tested() -> None:
    known = [s.revision for s in ScriptDirectory.from_config(schema.config()).walk_revisions()]
    assert known == [schema.newest(), "0002", "0001"]


def test_the_migrations_build_the_tables_that_the_program_uses(store: Store) -> None:
    with store.reading() as connection:
        assert schema.current(connection) == schema.newest()
        found = compare_metadata(MigrationContext.configure(connection, opts={"compare_type": True}), tables.metadata)
    assert found == []


def test_a_store_of_the_previous_version_is_brought_up_to_date_and_keeps_its_rows(
    store_settings: StoreSettings,
) -> None:
    store = connect(store_settings)
    with store.writing() as connection:
        schema.upgrade(connection, "0001")
    audit.record(store, ENTRY)
    with pytest.raises(StoreError):
        cards.reception(store)  # there are no cards yet in that version
    migrate(store)
    assert [e.caller for e in audit.latest(store, 5)] == ["ward 3"]
    assert cards.reception(store) == ()
    migrate(store)  # once more changes nothing
    assert len(audit.latest(store, 5)) == 1
    store.close()


def test_workers_that_start_together_migrate_once(store_settings: StoreSettings) -> None:
    with ThreadPoolExecutor(4) as pool:
        opened = list(pool.map(open_store, [store_settings] * 4))
    assert {s.secret for s in opened} == {opened[0].secret}
    for store in opened:
        audit.record(store, ENTRY)
    assert len(audit.latest(opened[0], 9)) == 4
    for store in opened:
        store.close()


# --- audit ----------------------------------------------------------------------------------------------------------------


def test_an_entry_comes_back_as_it_was_but_for_the_note(store: Store) -> None:
    audit.record(store, ENTRY)
    assert audit.latest(store, 1) == (replace(ENTRY, note=None),)


def test_a_note_is_kept_only_where_that_is_switched_on(store_settings: StoreSettings) -> None:
    store = open_store(replace(store_settings, keep_note_text=True))
    audit.record(store, ENTRY)
    assert audit.latest(store, 1) == (ENTRY,)
    store.close()


def test_times_are_compared_in_utc_wherever_they_come_from(store: Store) -> None:
    """13:30 in Berlin is half an hour after noon in UTC."""
    berlin = ENTRY.when.astimezone(timezone(timedelta(hours=1))) + timedelta(minutes=30)
    audit.record(store, replace(ENTRY, when=berlin, caller="later"))
    audit.record(store, ENTRY)
    assert [e.caller for e in audit.latest(store, 2)] == ["later", "ward 3"]
    assert audit.latest(store, 1)[0].when == NOON + timedelta(minutes=30)


def test_a_time_without_a_zone_is_refused(store: Store) -> None:
    with pytest.raises((StoreError, StatementError)):
        audit.record(store, replace(ENTRY, when=datetime(2026, 3, 1, 12)))
    assert audit.latest(store, 1) == ()


def test_entries_of_many_threads_are_all_kept(store: Store) -> None:
    def write(n: int) -> None:
        audit.record(store, replace(ENTRY, caller=f"caller {n}"))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(write, range(120)))
    assert sorted(e.caller for e in audit.latest(store, 500)) == sorted(f"caller {n}" for n in range(120))


def test_an_entry_is_on_the_disk_when_it_is_committed_and_cards_wait_for_the_next(store: Store) -> None:
    """What the database itself says of its commits, inside of each kind of transaction."""
    query = "SHOW synchronous_commit" if store.engine.dialect.name == "postgresql" else "PRAGMA synchronous"
    said = []
    for synced in (True, False, True):
        with store.writing(synced=synced) as connection:
            said.append(str(connection.exec_driver_sql(query).scalar()))
    assert said in (["on", "off", "on"], ["2", "1", "2"])  # SQLite: 2 is FULL, 1 NORMAL


def test_a_store_that_fails_says_so_and_gives_no_empty_answer(store: Store) -> None:
    with store.writing() as connection:
        connection.execute(text("DROP TABLE audit"))
    with pytest.raises(StoreError):
        audit.record(store, ENTRY)
    with pytest.raises(StoreError) as raised:
        audit.latest(store, 1)
    assert "ward 3" not in str(raised.value)


# --- saved assessments ----------------------------------------------------------------------------------------------------


def test_a_saved_assessment_runs_again_to_the_same_bytes(store: Store, model: Model) -> None:
    patient = read_patient((ROOT / "examples/cauda_equina.yaml").read_bytes(), model.knowledge)
    assessment = assess(patient, model, draws=20)
    delivered = to_json(assessment, model.knowledge)
    saved = assessments.load(store, assessments.save(store, assessment, model, "ward 3"))
    assert saved is not None
    again = assessments.replay(saved, model)
    assert again.same
    assert again.changed == ()
    assert again.output == delivered  # a case quotes nothing, so the replay is what the caller got
    assert saved.output_digest == saved.delivered_digest == hashlib.sha256(delivered).hexdigest()
    assert (saved.urgency, saved.caller, saved.knowledge_digest) == ("emergency", "ward 3", model.knowledge.digest)


def test_what_a_record_quoted_is_not_kept_and_the_replay_still_agrees(store: Store, model: Model) -> None:
    patient = read_patient((ROOT / "examples/fhir_adult_emergency.json").read_bytes(), model.knowledge)
    assert "Patient/p1" in str(patient.sources)
    assessment = assess(patient, model, draws=20)
    saved = assessments.load(store, assessments.save(store, assessment, model, "ward 3"))
    assert saved is not None
    for quoted in (b"Patient/p1", b"Observation/", b"Condition/"):
        assert quoted not in saved.input
    again = assessments.replay(saved, model)
    assert again.same
    assert again.urgency == assessment.urgency.level
    assert saved.delivered_digest == hashlib.sha256(to_json(assessment, model.knowledge)).hexdigest()
    assert saved.delivered_digest != saved.output_digest  # and the record says that something was left out


def test_an_assessment_without_quotations_is_what_assess_gives_without_them(store: Store, model: Model) -> None:
    patient = read_patient((ROOT / "examples/fhir_child_clinic.json").read_bytes(), model.knowledge)
    stripped = assessments.unquoted(assess(patient, model, draws=20), model)
    assert to_json(stripped, model.knowledge) == to_json(assess(stripped.patient, model, draws=20), model.knowledge)


def test_with_texts_switched_on_the_whole_input_is_kept(store_settings: StoreSettings, model: Model) -> None:
    store = open_store(replace(store_settings, keep_note_text=True))
    patient = read_patient((ROOT / "examples/fhir_adult_emergency.json").read_bytes(), model.knowledge)
    assessment = assess(patient, model, draws=20)
    saved = assessments.load(store, assessments.save(store, assessment, model, "ward 3"))
    assert saved is not None
    assert b"Patient/p1" in saved.input
    assert assessments.replay(saved, model).output == to_json(assessment, model.knowledge)
    store.close()


def test_a_replay_by_other_knowledge_says_so(store: Store, model: Model) -> None:
    patient = read_patient((ROOT / "examples/strain_after_lifting.yaml").read_bytes(), model.knowledge)
    identity = assessments.save(store, assess(patient, model, draws=20), model, "ward 3")
    with store.writing() as connection:
        connection.execute(update(tables.assessments).values(knowledge_digest="0" * 64, package_version="0.0.1"))
    saved = assessments.load(store, identity)
    assert saved is not None
    changed = assessments.replay(saved, model).changed
    assert [c.split(":")[0] for c in changed] == ["knowledge", "backspasm"]
    assert model.knowledge.digest in changed[0]


def test_a_record_that_was_tampered_with_does_not_agree(store: Store, model: Model) -> None:
    patient = read_patient((ROOT / "examples/strain_after_lifting.yaml").read_bytes(), model.knowledge)
    identity = assessments.save(store, assess(patient, model, draws=20), model, "ward 3")
    saved = assessments.load(store, identity)
    assert saved is not None
    older = saved.input.replace(b'"age_years":', b'"age_years":1')
    again = assessments.replay(replace(saved, input=older), model)
    assert not again.same
    assert again.changed == ()


def test_an_unknown_id_is_no_assessment(store: Store) -> None:
    assert assessments.load(store, "nobody") is None


# --- cards ----------------------------------------------------------------------------------------------------------------


def test_feedback_on_unknown_cards_is_named_and_not_kept(store: Store) -> None:
    cards.issued_together(store, [[card(store, "a"), card(store, "b", service="order-sign")]])
    given = [said("a", "accepted"), said("b", "accepted"), said("c", "overridden")]
    assert cards.give_feedback(store, "patient-view", given) == ("b", "c")  # b was issued by another service
    with store.reading() as connection:
        assert connection.execute(select(tables.feedback.c.card)).scalars().all() == ["a"]


def test_the_same_feedback_sent_often_and_at_once_is_kept_once(store: Store) -> None:
    cards.issued_together(store, [[card(store, "a")]])
    same = [said("a", "overridden", reason_code="patient-refused"), said("a", "overridden", reason_code="again")]
    with ThreadPoolExecutor(6) as pool:
        unknown = list(pool.map(lambda _: cards.give_feedback(store, "patient-view", same), range(12)))
    assert set(unknown) == {()}
    with store.reading() as connection:
        assert connection.execute(select(func.count()).select_from(tables.feedback)).scalar() == 1


def overridden(store: Store, patient: str, facts: str, topic: str) -> bool:
    """Whether a further card of these facts is held back."""
    one = replace(card(store, str(uuid4()), topic=topic), patient_digest=patient, facts_digest=facts)
    return cards.issued_together(store, [[one]]) == [frozenset()]


def test_a_card_is_overridden_for_the_same_patient_facts_and_topic_only(store: Store) -> None:
    sent = card(store, "a")
    cards.issued_together(store, [[sent]])
    key = (sent.patient_digest, sent.facts_digest, sent.topic)
    assert not overridden(store, *key)
    cards.give_feedback(store, "patient-view", [said("a", "overridden")])
    assert overridden(store, *key)
    assert not overridden(store, "0" * 64, sent.facts_digest, sent.topic)
    assert not overridden(store, sent.patient_digest, "0" * 64, sent.topic)
    assert not overridden(store, sent.patient_digest, sent.facts_digest, "infection")
    cards.give_feedback(store, "patient-view", [said("a", "accepted", minutes=5)])
    assert not overridden(store, *key)  # the last word counts


def test_the_report_counts_each_card_once_by_its_last_word(store: Store) -> None:
    cards.issued_together(store, [[card(store, name, when=NOON + timedelta(days=i)) for i, name in enumerate("abcd")]])
    cards.issued_together(store, [[card(store, "e", topic="infection")]])
    given = [
        said("a", "overridden", reason_code="patient-refused"),
        said("b", "overridden", reason_code="patient-refused"),
        said("b", "accepted", minutes=1),
        said("c", "overridden", reason_code="contraindicated"),
    ]
    cards.give_feedback(store, "patient-view", given)
    first, second = cards.reception(store)
    assert first == Reception(
        service="patient-view",
        topic="cauda equina",
        shown=4,
        accepted=1,
        overridden=2,
        unanswered=1,
        reasons={"contraindicated": 1, "patient-refused": 1},
        first=NOON,
        last=NOON + timedelta(days=3),
    )
    assert (second.topic, second.shown, second.unanswered) == ("infection", 1, 1)


def test_a_comment_is_kept_only_where_texts_may_be(store_settings: StoreSettings) -> None:
    for keep, expected in ((False, None), (True, "he told me so")):
        store = open_store(replace(store_settings, keep_note_text=keep))
        name = f"card {keep}"
        cards.issued_together(store, [[card(store, name, facts_digest=name)]])
        cards.give_feedback(store, "patient-view", [said(name, "overridden", comment="he told me so")])
        with store.reading() as connection:
            query = select(tables.feedback.c.comment).where(tables.feedback.c.card == name)
            assert connection.execute(query).scalar() == expected
        store.close()


def test_no_identifier_of_a_patient_is_in_any_row(store: Store, model: Model) -> None:
    """Everything that the parts of the service keep about a patient, then every row of every table is read."""
    patient = read_patient((ROOT / "examples/fhir_adult_emergency.json").read_bytes(), model.knowledge)
    assessments.save(store, assess(patient, model, draws=20), model, "ward 3")
    audit.record(store, ENTRY)
    cards.issued_together(store, [[card(store, "a")]])
    cards.give_feedback(store, "patient-view", [said("a", "overridden", comment="Mrs Example said so")])
    token = Claims("https://ehr.example", "token of pat-4711", (datetime.now(UTC) + timedelta(minutes=5)).timestamp())
    assert first_seen(store, token)
    kept = ""
    with store.reading() as connection:
        for table in tables.metadata.sorted_tables:
            rows = connection.execute(select(table)).all()
            assert rows, f"nothing was kept in {table.name}, so nothing is shown by this test"
            kept += str(rows)
    for identifier in ("pat-4711", "Patient/p1", "ehr.example", "Mrs Example", "Dr Example"):
        assert identifier not in kept


def test_pseudonyms_are_the_installations_own(store_settings: StoreSettings, tmp_path: Path) -> None:
    one = connect(store_settings)
    other = connect(replace(store_settings, secret_file=str(tmp_path / "another.key")))
    digests = {cards.patient_digest_of(s, "https://ehr.example", "1") for s in (one, other, connect(store_settings))}
    assert len(digests) == 2
    assert cards.patient_digest_of(one, "https://a.example", "1") != cards.patient_digest_of(
        one, "https://b.example", "1"
    )


# --- retention ------------------------------------------------------------------------------------------------------------


def test_retention_deletes_what_is_older_and_says_how_many(store: Store, model: Model) -> None:
    limit = retention.limit_of(30, today=NOON)
    for days in (29, 31, 40):
        audit.record(store, replace(ENTRY, when=NOON - timedelta(days=days)))
        cards.issued_together(store, [[card(store, f"{days}", when=NOON - timedelta(days=days))]])
    cards.give_feedback(store, "patient-view", [said("31", "accepted"), said("29", "overridden")])
    row = {"id": "1", "at": NOON - timedelta(days=99), "caller": "x", "input": b"", "draws": 1, "urgency": "routine"}
    names = ("input_digest", "knowledge_digest", "package_version", "output_digest", "delivered_digest")
    with store.writing() as connection:
        connection.execute(insert(tables.assessments).values({**row, **dict.fromkeys(names, "d")}))
    counts = {"audit": 2, "assessments": 1, "cards": 2}
    assert retention.older_than(store, limit) == counts
    assert len(audit.latest(store, 9)) == 3  # counting deletes nothing
    assert retention.delete_older(store, limit) == counts
    assert retention.older_than(store, limit) == {"audit": 0, "assessments": 0, "cards": 0}
    with store.reading() as connection:
        assert connection.execute(select(tables.feedback.c.card)).scalars().all() == ["29"]

"""CDS cards: which were issued, how they were received, and whether one was overridden for the same facts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

import msgspec
from sqlalchemy import bindparam, func, insert, select

from backspasm.presentation.reception import Reception
from backspasm.service.store.audit import now
from backspasm.service.store.database import Store
from backspasm.service.store.identifiers import pseudonym
from backspasm.service.store.tables import cards, feedback

Outcome = Literal["accepted", "overridden"]


class IssuedCard(msgspec.Struct, frozen=True, kw_only=True):
    """A card that was sent. ``patient_digest``: `patient_digest_of`; ``facts_digest``: SHA-256 of what the card rests on."""

    uuid: str
    service: str
    topic: str
    indicator: str
    patient_digest: str
    facts_digest: str
    when: datetime


class CardFeedback(msgspec.Struct, frozen=True, kw_only=True):
    """What the clinician did with a card. ``comment`` is kept only where the settings allow texts."""

    card: str
    outcome: Outcome
    outcome_timestamp: datetime
    accepted_suggestions: tuple[str, ...] = ()
    reason_code: str | None = None
    reason_system: str | None = None
    comment: str | None = None


def patient_digest_of(store: Store, server: str, patient_id: str) -> str:
    """The pseudonym of a patient of one FHIR server; the identifier itself is never stored."""
    return pseudonym(store.secret, f"{server}\0{patient_id}")


def issued_together(store: Store, wanted: Sequence[Sequence[IssuedCard]]) -> list[frozenset[str]]:
    """Remember the cards of several calls before they are sent.

    Left out are cards of which the last word on this topic, for this patient and these facts, was to override them.

    Returns:
        For each call the ids of those remembered, which may be sent.

    Raises:
        StoreError: nothing was remembered.
    """
    patients = {card.patient_digest for cards_of in wanted for card in cards_of}
    with store.writing(synced=False) as connection:
        # not synced: the audit entry of the same request is, before the cards are sent
        rows = connection.execute(_LAST_WORDS, {"patients": sorted(patients)})
        last = {(row[0], row[1], row[2]): row[3] for row in rows}  # of several words the last one counts
        sent = [
            [c for c in cards_of if last.get((c.patient_digest, c.facts_digest, c.topic)) != "overridden"]
            for cards_of in wanted
        ]
        remembered = [_issued(card) for cards_of in sent for card in cards_of]
        if remembered:
            connection.execute(_REMEMBER, remembered)
    return [frozenset(card.uuid for card in cards_of) for cards_of in sent]


#: built once: to build a statement takes as long as to run it
_REMEMBER = insert(cards)
_LAST_WORDS = (
    select(cards.c.patient_digest, cards.c.facts_digest, cards.c.topic, feedback.c.outcome)
    .join(feedback, feedback.c.card == cards.c.uuid)
    .where(cards.c.patient_digest.in_(bindparam("patients", expanding=True)))
    .order_by(feedback.c.outcome_at, feedback.c.id)
)


def _issued(card: IssuedCard) -> dict[str, object]:
    return {
        "uuid": card.uuid,
        "at": card.when,
        "service": card.service,
        "topic": card.topic,
        "indicator": card.indicator,
        "patient_digest": card.patient_digest,
        "facts_digest": card.facts_digest,
    }


def give_feedback(store: Store, service: str, given: Sequence[CardFeedback]) -> tuple[str, ...]:
    """Keep feedback on cards of one service; the same feedback sent twice is kept once.

    Returns:
        Ids of cards that this service never issued (or that retention has deleted); nothing is kept of those.

    Raises:
        StoreError: nothing was kept.
    """
    asked = {f.card for f in given}
    with store.writing() as connection:
        mine = select(cards.c.uuid).where(cards.c.service == service, cards.c.uuid.in_(asked))
        # locked, so that the same feedback sent twice at once is still kept once (SQLite locks the file)
        known = set(connection.execute(mine.order_by(cards.c.uuid).with_for_update()).scalars())
        there = {
            tuple(row)
            for row in connection.execute(
                select(feedback.c.card, feedback.c.outcome, feedback.c.outcome_at).where(feedback.c.card.in_(known))
            )
        }
        rows = {}
        for f in given:
            key = (f.card, f.outcome, f.outcome_timestamp)
            if f.card in known and key not in there:
                rows[key] = _row(f, store)
        if rows:
            connection.execute(insert(feedback), list(rows.values()))
    return tuple(dict.fromkeys(f.card for f in given if f.card not in known))


def _row(given: CardFeedback, store: Store) -> dict[str, object]:
    return {
        "card": given.card,
        "at": now(),
        "outcome": given.outcome,
        "outcome_at": given.outcome_timestamp,
        "accepted_suggestions": msgspec.json.encode(given.accepted_suggestions).decode(),
        "reason_code": given.reason_code,
        "reason_system": given.reason_system,
        "comment": given.comment if store.keep_text else None,
    }


def reception(store: Store) -> tuple[Reception, ...]:
    """How cards were received, by service and topic; of several words on one card the last counts. Raises StoreError."""
    newest = func.row_number().over(
        partition_by=feedback.c.card, order_by=(feedback.c.outcome_at.desc(), feedback.c.id.desc())
    )
    last = select(feedback.c.card, feedback.c.outcome, feedback.c.reason_code, newest.label("place")).subquery()
    query = (
        select(
            cards.c.service,
            cards.c.topic,
            last.c.outcome,
            last.c.reason_code,
            func.count().label("number"),
            func.min(cards.c.at).label("first"),
            func.max(cards.c.at).label("last"),
        )
        .select_from(cards.outerjoin(last, (last.c.card == cards.c.uuid) & (last.c.place == 1)))
        .group_by(cards.c.service, cards.c.topic, last.c.outcome, last.c.reason_code)
    )
    with store.reading() as connection:
        rows = connection.execute(query).mappings().all()
    found = []
    for service, topic in sorted({(row["service"], row["topic"]) for row in rows}):
        own = [row for row in rows if (row["service"], row["topic"]) == (service, topic)]
        count = {o: sum(r["number"] for r in own if r["outcome"] == o) for o in ("accepted", "overridden", None)}
        reasons = [(r["reason_code"], r["number"]) for r in own if r["outcome"] == "overridden" and r["reason_code"]]
        found.append(
            Reception(
                service=service,
                topic=topic,
                shown=sum(count.values()),
                accepted=count["accepted"],
                overridden=count["overridden"],
                unanswered=count[None],
                reasons=dict(sorted(reasons, key=lambda pair: (-pair[1], pair[0]))),
                first=min(r["first"] for r in own),
                last=max(r["last"] for r in own),
            )
        )
    return tuple(found)

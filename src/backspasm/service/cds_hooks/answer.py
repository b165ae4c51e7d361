"""From a call to the cards: the record as of now, what is to be said of it, and what could not be seen.

A service is silent only where it has seen what it must have seen to be silent; else it refuses (412). What was overridden by the
same person for the same facts is not said again.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from functools import partial
from typing import Any, cast
from uuid import uuid4

import msgspec
from msgspec import Raw, Struct

from backspasm.advice.consultation import Consultation, consult
from backspasm.advice.orders import concerns_us, judge_image, judge_medicine
from backspasm.inference.model import Model
from backspasm.patients.from_fhir.orders import MedicineOrder, Orders, read_orders
from backspasm.patients.from_fhir.today import Today, read_today
from backspasm.patients.patient import InputError, InputProblem
from backspasm.presentation.card_reasons import REASONS, TOPIC, TOPICS
from backspasm.presentation.card_types import INDICATORS, Card, CardSource, Coding, Link, Said, Wire
from backspasm.presentation.cards import imaging_card, urgency_card
from backspasm.presentation.medicine_cards import medicine_cards
from backspasm.records.knowledge import Knowledge
from backspasm.service.cds_hooks.calls import Call, read_call
from backspasm.service.cds_hooks.record import Record, gather, part_of
from backspasm.service.cds_hooks.services import PATIENT, Service
from backspasm.service.fhir_client.allowed import allowed
from backspasm.service.kept import Kept, digest_of
from backspasm.service.settings import Settings
from backspasm.service.store.cards import IssuedCard, issued_together, patient_digest_of
from backspasm.service.store.database import Store
from backspasm.service.together import Together

#: parts of the record of which a card need not say that they are missing
UNSAID = frozenset({"encounter", "statements", "procedures"})
#: how Da Vinci's Coverage Requirements Discovery (2.1) ties a card to orders; 2.0 has no field of its own
ASSOCIATED = "davinci-crd.associated-resource"


class NotEnoughError(Exception):
    """The record at hand is not enough to answer: for each missing part, its key, what it is and why it is missing."""

    def __init__(self, missing: tuple[tuple[str, str, str], ...]) -> None:
        super().__init__("not enough data")
        self.missing = missing


class Cards(Wire, frozen=True, omit_defaults=False):
    cards: tuple[Card, ...]


class Answer(Struct, frozen=True):
    """The body, and what the audit trail keeps."""

    body: bytes
    input_digest: str | None
    urgency: str | None


NOTHING = Answer(msgspec.json.encode(Cards(())), None, None)


class Told(Struct, frozen=True):
    """What is to be said of one call, before ids are given and what was overridden is left out. Follows from its data alone."""

    said: tuple[Said, ...]
    input_digest: str | None = None
    urgency: str | None = None


#: a body beyond this many bytes is read in a thread, so that no other request waits for it
LARGE = 400_000
#: remembers the cards of a call and tells which may be shown
Desk = Together[tuple[IssuedCard, ...], frozenset[str]]


def desk_of(store: Store) -> Desk:
    """Cards of all calls that wait at the same moment, in one transaction."""
    return Together(partial(issued_together, store))


async def answer(
    body: bytes, service: Service, settings: Settings, model: Model, store: Store, desk: Desk, kept: Kept[Told]
) -> Answer:
    """The cards of one call. What is quick is done at once; what is not, in a thread.

    Args:
        body: of the request.
        kept: what was told of the same data a short while ago.

    Raises:
        InputError: the call or a resource in it cannot be read.
        NotEnoughError: what must be seen was neither sent nor to be had.
        StoreError: the store does not answer.
    """
    moment = datetime.now(UTC)
    understood = partial(_understood, body, service, settings, moment)
    call, key = await asyncio.to_thread(understood) if len(body) > LARGE else understood()
    told = None if key is None else kept.find(key)
    if told is None:
        work = partial(_told, call, service, settings, model, moment)
        told = await asyncio.to_thread(work if key is None else partial(kept.get, key, work))
    if told.urgency is None:
        return NOTHING
    wanted = _cards_of(told.said, call, service, store, moment)
    shown = await desk.ask(tuple(wanted)) if wanted else frozenset()
    cards = tuple(
        _card(one, issued.uuid, call, settings)
        for one, issued in zip(told.said, wanted, strict=True)
        if issued.uuid in shown
    )
    return Answer(msgspec.json.encode(Cards(cards)), told.input_digest, told.urgency)


def _understood(body: bytes, service: Service, settings: Settings, moment: datetime) -> tuple[Call, str | None]:
    """The call, and the digest of its data; None where what is told does not follow from these alone."""
    call = read_call(body, service.hooks)
    return call, None if _may_fetch(call, settings) else _data_digest(call, service, moment)


def _may_fetch(call: Call, settings: Settings) -> bool:
    """Whether a server may be asked, whose answer is not in the call."""
    return call.authorization is not None and allowed(call.server, settings.cds_hooks.fhir_servers) is not None


def _data_digest(call: Call, service: Service, moment: datetime) -> str:
    """Of everything that `_told` looks at, and of the day."""
    names = (service.id, call.hook, call.patient, call.encounter or "", moment.date().isoformat(), call.server or "")
    chosen = msgspec.json.encode(call.selections)
    return digest_of((*(n.encode() for n in names), chosen, bytes(call.drafts or b""), *call.sent))


def _told(call: Call, service: Service, settings: Settings, model: Model, moment: datetime) -> Told:
    knowledge = model.knowledge
    drafts = part_of(call.drafts).resources if call.drafts is not None else ()
    if service.topic == "urgency":
        orders = Orders()
    else:
        if call.drafts is None:
            raise InputError.one("context.draftOrders", "", "is missing", f"send what is ordered ({call.hook})")
        found = read_orders(drafts, _loose(call), knowledge)
        orders = _chosen(found, call, service, knowledge)
        if not orders.medicines and not orders.images:
            if found.unread:  # an order that cannot be read may be one of ours
                raise InputError([InputProblem(u.what, "", u.why, "send it as FHIR R4 has it") for u in found.unread])
            return Told(())
    record = gather(call, service, settings.cds_hooks)
    if PATIENT.key in record.lacks:
        raise NotEnoughError(_missing((PATIENT.key,), record, service))
    today = read_today(
        _without(record, orders, knowledge).bundle(),
        moment.isoformat(),
        knowledge,
        f"Encounter/{call.encounter}" if call.encounter else None,
        orders.reasons,
    )
    if today.reference != call.patient_reference:
        raise InputError.one(
            "prefetch", "", "is of another patient than context.patientId", "send one patient's record"
        )
    # most records that are opened hold no back pain: there is nothing to assess
    c = consult(today.patient, model) if today.about_back or service.topic != "urgency" else None
    unseen = (*_unseen(record, service), *(f"{u.what} (cannot be read)" for u in orders.unread))
    said = [] if c is None else sorted(_said(service, orders, drafts, c, today, unseen, knowledge), key=_loudest)
    if not said:
        needed = (*service.silent_with, *(("observations",) if today.about_back else ()))
        lacking = tuple(key for key in needed if key in record.lacks)
        if lacking:
            raise NotEnoughError(_missing(lacking, record, service))
    if c is None:
        return Told(tuple(said))
    return Told(tuple(said), c.triage.input_digest, c.triage.level)


def _loudest(said: Said) -> int:
    return -INDICATORS.index(said.indicator)


# --- orders --------------------------------------------------------------------------------------------------------


def _loose(call: Call) -> tuple[Raw, ...]:
    """Resources sent with the call, in which a medicine may stand that a draft refers to."""
    return tuple(r for raw in call.prefetch.values() for r in part_of(raw, latest=True).resources)


def _chosen(orders: Orders, call: Call, service: Service, knowledge: Knowledge) -> Orders:
    """The orders that this service speaks of: of order-select only those just selected."""
    selected = None if call.hook != "order-select" or call.selections is None else set(call.selections)
    ids = None if selected is None else {s.rpartition("/")[2] for s in selected}

    def picked(reference: str) -> bool:
        return ids is None or reference.rpartition("/")[2] in ids

    if service.topic == "imaging":
        return Orders(images=tuple(o for o in orders.images if picked(o.reference)), unread=orders.unread)
    known = [o for o in orders.medicines if o.medicines]
    if not any(picked(o.reference) and any(concerns_us(m, knowledge) for m in o.medicines) for o in known):
        # a client may number what it selects otherwise than what it drafts: then all drafts are meant
        if ids is None or any(picked(o.reference) for o in orders.medicines):
            return Orders()
        ids = None
    return Orders(medicines=tuple(o for o in known if picked(o.reference)), unread=orders.unread)


def _without(record: Record, orders: Orders, knowledge: Knowledge) -> Record:
    """The record without the drafts themselves: what is about to be ordered is not taken yet.

    A draft is known by its id and its medicine: some clients give it the id of something else.
    """
    drafted = {(o.reference, o.medicines) for o in orders.medicines}
    ids = {reference.encode().rpartition(b"/")[2] for reference, _ in drafted}
    kept = []
    for raw in record.resources:
        if any(i in bytes(raw) for i in ids):  # few are, and only these are looked at
            read = read_orders((raw,), (), knowledge).medicines
            if read and (read[0].reference, read[0].medicines) in drafted:
                continue
        kept.append(raw)
    return Record(tuple(kept), record.lacks)


class _Head(Struct, frozen=True, rename="camel"):
    resource_type: Any = None
    id: Any = None


def _reference(raw: Raw) -> str:
    head = msgspec.json.decode(raw, type=_Head)
    return f"{head.resource_type}/{head.id}"


# --- what is said --------------------------------------------------------------------------------------------------


def _said(
    service: Service,
    orders: Orders,
    drafts: Iterable[Raw],
    c: Consultation,
    today: Today,
    unseen: tuple[str, ...],
    knowledge: Knowledge,
) -> Iterator[Said]:
    if service.topic == "urgency":
        card = urgency_card(c, today, unseen, knowledge)
        if card is not None:
            yield card
    for image in orders.images:
        raw = next(r for r in drafts if _reference(r) == image.reference)
        draft = cast("dict[str, Any]", msgspec.json.decode(raw))
        card = imaging_card(image, judge_image(image.test, c), c, today, draft, unseen, knowledge)
        if card is not None:
            yield card
    for order in orders.medicines:
        together = _together(order, orders)
        judged = tuple(judge_medicine(m, together, c, today.about_back, knowledge) for m in order.medicines)
        yield from medicine_cards(order, judged, today, unseen, knowledge)


def _together(order: MedicineOrder, orders: Orders) -> dict[str, str]:
    """Ingredients of the other orders, with their names; one that several orders hold is doubled."""
    others = (o for o in orders.medicines if o.reference != order.reference)
    return {m: f"{o.name} (ordered too)" for o in others for m in o.medicines}


def _unseen(record: Record, service: Service) -> tuple[str, ...]:
    named = {q.key: q.what for q in service.queries if q.key not in UNSAID}
    return tuple(f"{named[key]} ({why})" for key, why in record.lacks.items() if key in named)


def _missing(keys: tuple[str, ...], record: Record, service: Service) -> tuple[tuple[str, str, str], ...]:
    named = {q.key: q.what for q in service.queries}
    return tuple((key, named[key], record.lacks[key]) for key in keys)


# --- cards ---------------------------------------------------------------------------------------------------------


def _cards_of(said: Iterable[Said], call: Call, service: Service, store: Store, moment: datetime) -> list[IssuedCard]:
    """What is remembered of each card, with an id of its own."""
    patient = patient_digest_of(store, call.server or "", call.patient)
    return [
        IssuedCard(
            uuid=str(uuid4()),
            service=service.id,
            topic=one.topic,
            indicator=one.indicator,
            patient_digest=patient,
            facts_digest=_facts_digest(one, call),
            when=moment,
        )
        for one in said
    ]


def _facts_digest(said: Said, call: Call) -> str:
    """What a card rests on, and who is told: another clinician has not yet seen what this one overrode."""
    return hashlib.sha256(msgspec.json.encode((said.topic, said.basis, call.user))).hexdigest()


def _card(said: Said, uuid: str, call: Call, settings: Settings) -> Card:
    topic = Coding(said.topic, TOPIC, TOPICS[said.topic])
    suggestions = tuple(msgspec.structs.replace(s, uuid=str(uuid4())) for s in said.suggestions)
    return Card(
        summary=said.summary,
        indicator=said.indicator,
        source=CardSource("backspasm", f"{settings.url}/", topic),
        uuid=uuid,
        detail=said.detail,
        suggestions=suggestions,
        selection_behavior=said.selection_behavior if suggestions else None,
        override_reasons=REASONS[said.topic],
        links=(_link(said, call, settings),),
        extension={ASSOCIATED: [{"reference": r} for r in said.orders]} if said.orders else None,
    )


def _link(said: Said, call: Call, settings: Settings) -> Link:
    """To the page: launched with the patient where the EHR may launch it, else as it is."""
    if any(s.issuer.rstrip("/") == (call.server or "").rstrip("/") for s in settings.smart.servers):
        context = msgspec.json.encode({"topic": said.topic, "orders": said.orders}).decode()
        return Link("Open the whole assessment", f"{settings.url}/smart/launch", "smart", context)
    return Link("Open backspasm", f"{settings.url}/", "absolute")

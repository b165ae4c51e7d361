"""Cards of calls that wait at the same moment share a transaction, and each call is told of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from msgspec.structs import replace

from backspasm.service.settings import StoreSettings
from backspasm.service.store import cards
from backspasm.service.store.database import open_store
from backspasm.service.together import Together
from tests.doors.service.test_store import NOON, card


def test_who_asks_while_others_are_at_work_shares_the_next_piece() -> None:
    sizes: list[int] = []

    def work(asked: Sequence[int]) -> list[int]:
        sizes.append(len(asked))
        return [2 * one for one in asked]

    async def scene() -> list[int]:
        together = Together(work)
        return list(await asyncio.gather(*(together.ask(n) for n in range(30))))

    assert asyncio.run(scene()) == [2 * n for n in range(30)]
    assert sum(sizes) == 30
    assert len(sizes) <= 2


def test_cards_overridden_are_neither_shown_nor_remembered(store_settings: StoreSettings) -> None:
    store = open_store(store_settings)
    first, other = card(store, "a"), replace(card(store, "b"), facts_digest="e" * 64)
    assert cards.issued_together(store, [(first,), (other,), ()]) == [{"a"}, {"b"}, frozenset()]
    said = cards.CardFeedback(card="a", outcome="overridden", outcome_timestamp=NOON)
    assert cards.give_feedback(store, first.service, [said]) == ()
    again, differs = replace(first, uuid="c"), replace(other, uuid="d")
    assert cards.issued_together(store, [(again, differs)]) == [{"d"}]
    assert sum(r.shown for r in cards.reception(store)) == 3
    store.close()

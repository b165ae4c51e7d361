"""How cards were received, as a page: shown, accepted, overridden and why, by service and kind of advice."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from msgspec import Struct

from backspasm.presentation.card_reasons import REASONS, TOPICS
from backspasm.presentation.rendering import rendered

_DISPLAYS = {c.code: c.display or c.code for codings in REASONS.values() for c in codings}


class Reception(Struct, frozen=True, kw_only=True):
    """How the cards of one service and topic were received. ``reasons``: of overriding, by code, the commonest first."""

    service: str
    topic: str
    shown: int
    accepted: int
    overridden: int
    unanswered: int
    reasons: dict[str, int]
    first: datetime
    last: datetime


def reception_page(received: Iterable[Reception], titles: dict[str, str]) -> bytes:
    """The page; ``titles``: names of the services by id."""
    rows = [
        {
            "service": titles.get(r.service, r.service),
            "topic": TOPICS.get(r.topic, r.topic),
            "counts": r,
            "share": round(100 * r.overridden / r.shown) if r.shown else 0,
            "reasons": [(_DISPLAYS.get(code, code), count) for code, count in r.reasons.items()],
        }
        for r in received
    ]
    return rendered("reception.html.j2", rows=rows)

"""Cards of CDS Hooks 2.0 as they go over the wire. What has no value is left out: JSON here holds no null and nothing empty."""

from __future__ import annotations

from typing import Any, Literal

from msgspec import Struct

Indicator = Literal["info", "warning", "critical"]
INDICATORS: tuple[Indicator, ...] = ("info", "warning", "critical")
#: a summary is shorter than this (CDS Hooks 2.0, card attributes)
SUMMARY_BELOW = 140


class Wire(Struct, frozen=True, omit_defaults=True, rename="camel"):
    """Written in camel case, without what has no value."""


class Coding(Wire, frozen=True):
    code: str
    system: str
    display: str | None = None


class CardSource(Wire, frozen=True):
    label: str
    url: str | None = None
    topic: Coding | None = None


class Action(Wire, frozen=True):
    """``resource`` for create and update (the whole of it), ``resource_id`` for delete."""

    type: Literal["create", "update", "delete"]
    description: str
    resource: dict[str, Any] | None = None
    resource_id: str | None = None


class Suggestion(Wire, frozen=True):
    label: str
    uuid: str | None = None
    is_recommended: bool | None = None
    actions: tuple[Action, ...] = ()


class Link(Wire, frozen=True):
    label: str
    url: str
    type: Literal["absolute", "smart"]
    app_context: str | None = None


class Card(Wire, frozen=True):
    summary: str
    indicator: Indicator
    source: CardSource
    uuid: str | None = None
    detail: str | None = None
    suggestions: tuple[Suggestion, ...] = ()
    selection_behavior: Literal["at-most-one", "any"] | None = None
    override_reasons: tuple[Coding, ...] = ()
    links: tuple[Link, ...] = ()
    extension: dict[str, Any] | None = None


class Said(Struct, frozen=True):
    """What a card says, before it is issued.

    ``topic``: what kind of advice it is; ``orders``: references of the orders that it is about; ``basis``: what it rests on, as
    ids: the same basis is the same advice, whatever the day.
    """

    topic: str
    indicator: Indicator
    summary: str
    detail: str
    basis: tuple[str, ...]
    orders: tuple[str, ...] = ()
    suggestions: tuple[Suggestion, ...] = ()
    selection_behavior: Literal["at-most-one", "any"] = "at-most-one"


def summarised(text: str) -> str:
    """A summary of fewer than 140 characters on one line, cut between words."""
    line = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in " ".join(text.split()))
    if len(line) < SUMMARY_BELOW:
        return line
    head = line[: SUMMARY_BELOW - 2]
    return head[: head.rfind(" ")].rstrip(" ,;:…") + "…" if " " in head else head + "…"

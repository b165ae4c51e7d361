"""The rules of the wire for an answer with cards (CDS Hooks 2.0, and the invariants of the 3.0 guide)."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

#: members that a card may have
CARD = {
    "uuid", "summary", "detail", "indicator", "source", "suggestions", "selectionBehavior", "overrideReasons", "links",
    "extension",
}  # fmt: skip


def empties(value: Any, place: str = "$") -> list[str]:
    """Places of null and of what is empty."""
    found = [place] if value is None or value in ("", [], {}) else []
    if isinstance(value, dict):
        for key, inner in value.items():
            found += empties(inner, f"{place}.{key}")
    if isinstance(value, list):
        for i, inner in enumerate(value):
            found += empties(inner, f"{place}[{i}]")
    return found


def absolute(url: str) -> bool:
    parts = urlsplit(url)
    return parts.scheme in {"http", "https"} and bool(parts.netloc)


def faults(answer: dict[str, Any]) -> list[str]:
    """Everything in an answer that breaks a rule."""
    if not isinstance(answer.get("cards"), list):
        return ["cards is no array"]
    out = [f"empty: {place}" for card in answer["cards"] for place in empties(card)]
    for card in answer["cards"]:
        out += _card(card)
    return out


def _card(card: dict[str, Any]) -> list[str]:
    out = [f"unknown member {k}" for k in card if k not in CARD]
    UUID(card["uuid"])
    if not 0 < len(card["summary"]) < 140 or "\n" in card["summary"]:
        out.append("summary")
    if card["indicator"] not in {"info", "warning", "critical"}:
        out.append("indicator")
    source = card["source"]
    if not source["label"] or not absolute(source["url"]) or ("icon" in source and not absolute(source["icon"])):
        out.append("source")
    out += _coding(source["topic"])
    for reason in card["overrideReasons"]:
        out += _coding(reason) + ([] if reason["display"] else ["override reason without display"])
    if not isinstance(card["detail"], str) or "<" in card["detail"].replace("](<", ""):
        out.append("detail holds HTML")
    out += _suggestions(card)
    for link in card["links"]:
        if not link["label"] or not absolute(link["url"]) or link["type"] not in {"absolute", "smart"}:
            out.append("link")
        if link["type"] != "smart" and "appContext" in link:
            out.append("appContext on an absolute link")
        if "appContext" in link and not isinstance(link["appContext"], str):
            out.append("appContext is no string")
    if "extension" in card and not isinstance(card["extension"], dict):
        out.append("extension")
    return out


def _coding(coding: dict[str, Any]) -> list[str]:
    return [f"coding.{k}" for k in ("code", "system") if not isinstance(coding.get(k), str) or not coding[k]]


def _suggestions(card: dict[str, Any]) -> list[str]:
    out = []
    if ("suggestions" in card) != ("selectionBehavior" in card):
        out.append("selectionBehavior")
    if card.get("selectionBehavior", "any") not in {"any", "at-most-one"}:
        out.append("selectionBehavior")
    recommended = [s for s in card.get("suggestions", ()) if s.get("isRecommended")]
    if card.get("selectionBehavior") == "at-most-one" and len(recommended) > 1:
        out.append("more than one is recommended")
    for suggestion in card.get("suggestions", ()):
        UUID(suggestion["uuid"])
        if not suggestion["label"] or suggestion.get("isRecommended", True) is not True:
            out.append("suggestion")
        for action in suggestion["actions"]:
            out += _action(action)
    return out


def _action(action: dict[str, Any]) -> list[str]:
    if not action["description"]:
        return ["action without description"]
    if action["type"] == "delete":
        named = isinstance(action.get("resourceId"), str) and "/" in action["resourceId"] and "resource" not in action
        return [] if named else ["delete"]
    if action["type"] in {"create", "update"}:
        whole = "resourceId" not in action and "resourceType" in action["resource"]
        return [] if whole and ("id" in action["resource"]) == (action["type"] == "update") else [action["type"]]
    return ["action type"]

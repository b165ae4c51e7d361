"""Requirements of CDS Hooks 2.0 on a service (rows with SHALL), by their number, and the tests that hold them.

The numbers are those of the public list of testable requirements of CDS Hooks 2.0; the words are ours.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

Test = TypeVar("Test", bound=Callable[..., Any])

#: what each row asks of a service
ASKED: dict[int, str] = {
    1: "JSON out and in", 2: "HTTPS", 3: "no null, nothing empty", 4: "discovery address", 5: "discovery by GET",
    6: "discovery is an object with an array", 7: "a service has a hook", 9: "a service has a description",
    10: "a service has an id", 13: "discovery answers 200", 16: "a service is called at its id",
    29: "prefetch templates stand in discovery", 36: "each template has a key", 54: "412 where data cannot be had",
    55: "tokens in double braces", 56: "tokens are context fields or user ids", 57: "only root fields of context",
    59: "tokens begin with context.", 61: "a token with every call of a FHIR server", 74: "200 with an array of cards",
    75: "systemActions are an array if there are any", 80: "uuid is a string", 83: "summary below 140 characters",
    85: "detail is Markdown", 87: "an indicator on each card", 88: "indicator is info, warning or critical",
    89: "indicator is for display", 90: "a source on each card", 92: "suggestions are an array",
    93: "suggestions come with selectionBehavior", 95: "selectionBehavior is at-most-one or any",
    96: "selectionBehavior is a string", 98: "overrideReasons are an array", 100: "each override reason has a display",
    103: "links are an array", 105: "a source has a label", 107: "the source's url is absolute",
    111: "the source's icon is absolute", 115: "the topic is a coding", 117: "a suggestion has a label",
    119: "the suggestion's uuid is a string", 121: "isRecommended is a boolean", 124: "actions are an array",
    125: "actions of a suggestion belong together", 127: "an action creates, updates or deletes",
    128: "an action has a description", 130: "an action's resource is a FHIR resource",
    131: "create holds the new resource", 132: "update holds the whole resource", 133: "delete holds no resource",
    134: "delete names the resource", 135: "resourceId is a string", 136: "an override reason can be read by people",
    138: "a link has a label", 139: "a link has a url", 141: "a link has a type", 142: "a link is absolute or smart",
    144: "appContext is a string", 147: "no appContext on an absolute link", 168: "TLS", 176: "clients sign tokens",
    199: "keys out of band without jku", 201: "never alg none", 203: "never a shared secret", 208: "CORS",
    211: "one id under several hooks", 213: "what needs agreement is said", 214: "an extension is an object",
    216: "a coding has a code", 217: "a coding has a system", 218: "a coding's code is a string",
    219: "an override reason's coding has a display", 220: "a topic's display may be missing",
}  # fmt: skip

#: number -> names of the tests that hold it
HELD: dict[int, list[str]] = {}


def requirement(*numbers: int) -> Callable[[Test], Test]:
    """Names the rows that a test holds."""

    def mark(test: Test) -> Test:
        for number in numbers:
            assert number in ASKED, f"{number} asks nothing of a service"
            HELD.setdefault(number, []).append(test.__name__)
        return test

    return mark

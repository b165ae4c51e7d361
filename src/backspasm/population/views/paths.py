"""FHIRPath for lists of codes, in the functions and operators that every runner of ViewDefinitions must know.

Of comparisons these are ``=``, ``!=``, ``>`` and ``<=``; ``startsWith`` is not among the functions. So a prefix of ICD-10-CM is
a range of text, with the dot and without it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from backspasm.patients.from_fhir.terms import SYSTEMS, plain_code
from backspasm.records.types import Code

#: URIs and OIDs of each system, as records write them
ADDRESSES = {
    name: tuple(uri for uri, other in SYSTEMS.items() if other == name) for name in dict.fromkeys(SYSTEMS.values())
}

#: comes after every character of a code
LAST = "~"


def any_code(codes: Iterable[Code]) -> str:
    """Whether the coding at hand (``system``, ``code``) is one of these, or below one that stands for all below it."""
    by_system: dict[str, list[str]] = {}
    for code in dict.fromkeys((c.system, c.code, c.match) for c in codes):
        system, plain, match = code
        tests = _prefix(plain) if match == "prefix" else _exact(system, plain)
        by_system.setdefault(system, []).extend(t for t in tests if t not in by_system.get(system, ()))
    parts = [
        f"({either([f'system = {quoted(uri)}' for uri in ADDRESSES[system]])} and {either(tests)})"
        for system, tests in sorted(by_system.items())
    ]
    return either(parts)


def either(parts: Sequence[str]) -> str:
    """One of several conditions, in brackets; halved again and again, so that no parser has to nest deeply."""
    if len(parts) == 1:
        return parts[0]
    middle = len(parts) // 2
    return f"({either(parts[:middle])} or {either(parts[middle:])})"


def quoted(text: str) -> str:
    """A FHIRPath string."""
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def _exact(system: str, code: str) -> list[str]:
    return [f"code = {quoted(c)}" for c in dict.fromkeys((code, plain_code(system, code)))]


def _prefix(code: str) -> list[str]:
    """The code itself, and all that begin so: they stand between it and itself with a character that is in no code."""
    out = []
    for start in dict.fromkeys((code, code.replace(".", ""))):
        out += [f"code = {quoted(start)}", f"(code > {quoted(start)} and code <= {quoted(start + LAST)})"]
    return out

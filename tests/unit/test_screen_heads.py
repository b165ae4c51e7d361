"""Are the heads of many lines at once those of the lines one by one, whatever a server writes?"""

from __future__ import annotations

import json
import random
from typing import Any

import msgspec
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from backspasm.patients.from_fhir.bundle import READ
from backspasm.population.follow_up import TYPES, Later
from backspasm.population.screen import heads as module
from backspasm.population.screen.heads import Owners, heads_of, line_starts
from backspasm.population.screen.lines import KINDS, SHARED, WANTED, Head, head_of

REFERENCES = (
    "Patient/a", "Patient/b", "Patient/a/_history/2", "http://server/fhir/Patient/a", "urn:uuid:0C3A", "Patient/", "#a",
    "Patient?identifier=1", "Group/g", "Device/d", "Patient/a/b", "Patient/ä", "Patient/" + "x" * 64, "Patient/" + "y" * 80, "",
)  # fmt: skip
TYPE_NAMES = (
    *sorted(READ),
    "ServiceRequest",
    "ImagingStudy",
    "Immunization",
    "Claim",
    "Organization",
    "Obsrvation",
    "",
    "Ty-pe",
)
OWNERS: tuple[Any, ...] = (
    *({"reference": r} for r in REFERENCES), {"display": "x"}, {"identifier": {"value": "1"}}, None, 5, "Patient/a", [],
    {"reference": 5}, {"display": "first", "reference": "Patient/b"},
)  # fmt: skip
#: what can stand anywhere in a resource and must not be taken for its owner
FILLING: tuple[tuple[str, Any], ...] = (
    ("contained", [{"resourceType": "Condition", "id": "c", "subject": {"reference": "Patient/contained"}}]),
    ("text", {"div": '","subject":{"reference":"Patient/text"}'}),
    ("note", [{"text": 'he said \\"subject\\": and } and {'}]),
    ("meta", {"versionId": "1", "profile": ["http://x"]}),
    ("status", "final"),
    ("valueString", "Grüße, 痛み 😀 \u2028"),
    ("extension", [{"url": "u", "valueReference": {"reference": "Patient/extension"}}]),
    ("focus", [{"reference": "Patient/focus"}]),
)


@st.composite
def resources(draw: st.DrawFn) -> bytes:
    """A resource, mostly as servers write them, in any order of fields and in three ways of writing JSON."""
    fields: list[tuple[str, Any]] = []
    if draw(st.integers(0, 9)):
        fields.append(("resourceType", draw(st.sampled_from(TYPE_NAMES))))
    if draw(st.integers(0, 9)):
        fields.append(("id", draw(st.sampled_from(["a", "o1", "x" * 64, "x" * 90, "", 'q"', "a\\b", "Ä", 5, None]))))
    for name in draw(st.sampled_from([("subject",), ("patient",), ("subject", "patient"), ()])):
        fields.append((name, draw(st.sampled_from(OWNERS))))
    fields += draw(st.lists(st.sampled_from(FILLING), max_size=3, unique_by=lambda f: f[0]))
    if not draw(st.integers(0, 2)):
        fields = draw(st.permutations(fields))
    compact, plain_text = draw(st.booleans()), draw(st.booleans())
    separators = (",", ":") if compact else (", ", ": ")
    return json.dumps(dict(fields), separators=separators, ensure_ascii=not plain_text).encode()


def spoilt(line: bytes, way: int, rng: random.Random) -> bytes:
    at = rng.randrange(len(line) + 1)
    return (
        line[:at], line + line, b"[" + line + b"]", line[:at] + b"\xff" + line[at:], line[:at] + b"\\" + line[at:], b" " + line,
        line + b" \r", b"\xef\xbb\xbf" + line, b"", b"  \t", line[:at] + b'"' + line[at:], line[:at] + b"\0" + line[at:], b"{",
        line + b",{}", b"{}" + line, line[:at] + b"}" + line[at:], b"{" * 3000,
    )[way]  # fmt: skip


WAYS = 17
lines_of_text = st.lists(
    st.tuples(resources(), st.one_of(st.none(), st.none(), st.none(), st.integers(0, WAYS - 1)), st.integers(0, 99)),
    max_size=40,
)


def kept(head: Head) -> bool:
    return head.reason is None and head.type in WANTED and head.patient is not None


def is_refused(line: bytes, kind: str) -> bool:
    """Whether the reader of the record lists the line."""
    for struct in [s for s in (READ.get(kind), Later if kind in TYPES else None) if s is not None]:
        try:
            msgspec.json.decode(line, type=struct)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return True
    return False


def check(lines: list[bytes]) -> int:
    """Compare all lines; returns how many were plainly told and left to their decoder."""
    text = b"".join(line + b"\n" for line in lines)
    owners = Owners()
    found = heads_of(text, owners)
    assert line_starts(text).tolist() == found.at.tolist()
    assert [text[a : b - 1] for a, b in zip(found.at[:-1], found.at[1:], strict=True)] == lines
    keys, faults, left = owners.keys, {f.index: f for f in found.faults}, 0
    types: dict[str, int] = {}
    for i, line in enumerate(lines):
        blank = not line or line.isspace()
        head = Head() if blank else head_of(line)
        own = KINDS[found.kind[i]] if found.kind[i] >= 0 else None
        if own is not None and head.reason is not None:
            # a Patient has no subject: whatever is written there, nobody reads it
            assert own == "Patient" or is_refused(line, own), line
            types[own] = types.get(own, 0) + 1
            left += 1
            continue
        if head.type:
            types[head.type] = types.get(head.type, 0) + 1
        assert (own is not None) == kept(head), line
        if own is not None:
            assert (own, keys[found.owner[i]].decode()) == (head.type, head.patient)
        elif head.patient is not None:
            assert keys[found.owner[i]].decode() == head.patient
        else:
            assert found.owner[i] < 0
        is_shared = head.reason is None and head.patient is None and head.type in SHARED
        assert found.shared.get(i) == (head.name if is_shared else None)
        fault = faults.get(i)
        assert (fault.resource, fault.reason) == (head.name, head.reason) if fault else head.reason is None, line
    assert found.types() == types
    return left


@settings(max_examples=100, deadline=None)
@given(lines_of_text, st.sampled_from([200, 2_000, 1_000_000]), st.integers(0, 30))
@example([(b'{"resourceType":"Condition","id":"1","subject":{"reference":"Patient/a"}', None, 0)], 200, 30)
def test_many_heads_are_the_heads_of_each(lines: list[tuple[bytes, int | None, int]], at_once: int, plain: int) -> None:
    rng = random.Random(plain)
    made = [
        line if way is None else spoilt(line, way, random.Random(seed)).replace(b"\n", b" ")
        for line, way, seed in lines
    ]
    made += [
        b'{"resourceType":"Observation","id":"o%d","subject":{"reference":"Patient/p%d"},"status":"final"%s' % (
            i, i // 4, b"}" if rng.random() < 0.9 else b"") for i in range(plain)
    ]  # fmt: skip
    rng.shuffle(made)
    before = module.AT_ONCE
    module.AT_ONCE = at_once
    try:
        check(made)
    finally:
        module.AT_ONCE = before


@pytest.mark.parametrize("ending", [b"", b" ", b"\r"])
def test_plain_lines_are_told_without_decoding(ending: bytes) -> None:
    """And a torn one among them is left to the decoder of its type, which lists it."""
    kinds = ["Condition", "Observation", "AllergyIntolerance", "Patient", "ServiceRequest"]
    names = {"AllergyIntolerance": "patient"}
    lines = [
        b'{"resourceType":"%s","id":"i%d","%s":{"reference":"Patient/p%d"},"note":"%s"}' % (
            kinds[i % 5].encode(), i, names.get(kinds[i % 5], "subject").encode(), i // 20, b"x" * (i % 300)) + ending
        for i in range(400)
    ]  # fmt: skip
    assert check(lines) == 0
    torn = [line[:-9] if i % 50 == 7 else line for i, line in enumerate(lines)]
    assert check(torn) == 8


def test_a_nested_subject_is_nobodys_owner() -> None:
    inner = b'"contained":[{"resourceType":"Observation","id":"i","subject":{"reference":"Patient/inner"}}]'
    lines = [
        b'{"resourceType":"Observation","id":"o",%s,"subject":{"reference":"Patient/outer"}}' % inner,
        b"{%s}" % inner,
    ] * 20
    check(lines)
    owners = Owners()
    heads_of(b"\n".join(lines) + b"\n", owners)
    assert owners.keys == [b"outer"]

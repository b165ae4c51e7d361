"""Numbers as people write them: digits, words, halves, ranges (the midpoint), and decimals with comma or a space."""

from __future__ import annotations

import re

_ONES = {
    "zero": 0, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10,
    "eleven": 11, "twelve": 12, "thirteen": 13, "fourteen": 14, "fifteen": 15, "sixteen": 16, "seventeen": 17,
    "eighteen": 18, "nineteen": 19,
}  # fmt: skip
_TENS = {
    "twenty": 20, "thirty": 30, "forty": 40, "fourty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80,
    "ninety": 90,
}  # fmt: skip
#: vague counts: "a few" is read as three, "several" as four; who says so means no more than that order
_VAGUE = {"a": 1, "an": 1, "couple": 2, "few": 3, "several": 4, "dozen": 12, "half": 0.5, "handful": 4}

#: words with which a count begins
COUNT_WORDS = frozenset({*_ONES, *_TENS})

_DIGITS = r"[0-9]{1,6}(?:,[0-9]{3})+(?![0-9])|[0-9]{1,6}(?:[.,][0-9]{1,3})?"
_COUNT = (
    r"(?:twenty|thirty|forty|fourty|fifty|sixty|seventy|eighty|ninety)(?:[ -](?:one|two|three|four|five|six|"
    r"seven|eight|nine)\b)?"
    r"|(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen"
    r"|eighteen|nineteen|zero)"
)
#: one number in digits (no sign: nothing measured here is negative)
DIGITS = rf"(?:{_DIGITS})"
#: one count in words, without "a"
COUNT = rf"(?:{_COUNT})\b"
_WORDS = re.compile(r"[a-z]+")


def value_of(written: str) -> float | None:
    """The number that digits or words mean, or None.

    A comma before exactly three digits divides thousands ("16,000"); any other comma is a decimal one ("38,5").
    """
    written = written.strip()
    if not written:
        return None
    if written[0].isdigit():
        if not written.isascii():
            return None
        head, comma, tail = written.partition(",")
        if comma and (len(tail) != 3 or "." in tail or head == "0") and tail.count(",") == 0:
            written = f"{head}.{tail}"
        written = written.replace(",", "")
        try:
            return float(written)
        except ValueError:
            return None
    total = 0.0
    found = False
    for word in _WORDS.findall(written):
        number = _ONES.get(word, _TENS.get(word))
        if number is None:
            continue
        total += number
        found = True
    if found:
        return total
    if "half" in written:
        return _VAGUE["half"]
    if "dozen" in written:
        return _VAGUE["dozen"]
    for word in ("couple", "few", "several", "handful", "an", "a"):
        if word in _WORDS.findall(written):
            return _VAGUE[word]
    return None

"""Units as people write them. Records hold UCUM codes; no reader of a message should have to know that Cel is a degree."""

from __future__ import annotations

_PLAIN = {
    "1": "",
    "0-10": "of 10",
    "Cel": "°C",
    "d": "days",
    "/min": "per minute",
    "mm/h": "mm/h",
    "10*9/L": "×10⁹/L",
    "umol/L": "µmol/L",
    "mL/min/{1.73_m2}": "mL/min per 1.73 m²",
    "uV": "µV",
}


def plain_unit(code: str | None) -> str:
    """The unit in plain writing; empty for a ratio or where there is none."""
    return _PLAIN.get(code or "", code or "")

"""Records of what a patient has and takes: medicines and comorbidities, with what each says about the patient."""

from __future__ import annotations

from backspasm.records.types import Code, Record


class Medicine(Record, frozen=True, kw_only=True):
    """A medicine by nonproprietary name, with what it says about the patient; a combination ``contains`` medicines."""

    id: str
    names: tuple[str, ...] = ()
    rxnorm: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()
    implies: tuple[str, ...] = ()
    contains: tuple[str, ...] = ()


class Comorbidity(Record, frozen=True, kw_only=True):
    id: str
    name: str
    codes: tuple[Code, ...] = ()
    implies: tuple[str, ...] = ()

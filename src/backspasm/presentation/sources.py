"""What stands behind a number, made ready to be shown: studies with citation and design, and named assumptions."""

from __future__ import annotations

from msgspec import Struct

from backspasm.presentation import words
from backspasm.presentation.bibliography import how_read, link
from backspasm.presentation.evidence import says
from backspasm.records.knowledge import Knowledge
from backspasm.records.types import Study


class Source(Struct, frozen=True):
    """One fact of a study, or an assumption (then ``study`` is None)."""

    address: str
    says: str
    defined_as: str | None
    note: str | None
    read: str
    pooled: bool
    study: Study | None


def source(address: str, knowledge: Knowledge) -> Source:
    """The source at ``study/fact``, or the assumption of that name."""
    found = knowledge.fact(address)
    if found is None:
        said = knowledge.assumptions[address]
        return Source(address, said.says, None, said.why, "assumed", True, None)
    study, fact = found
    text = fact.statement or says(fact)
    return Source(address, text, fact.defined_as, fact.note, how_read(study, fact), fact.used, study)


def described(study: Study) -> str:
    """Design, setting, patients and size of a study, in one line."""
    parts = [words.plain(study.design), words.plain(study.setting), study.population]
    if study.n:
        parts.append(f"n {study.n:,}")
    return ", ".join(parts)


def opened(study: Study) -> str | None:
    """The address at which the study can be opened, if it is one that a browser may follow."""
    address = link(study)
    return address if address and address.startswith(("https://", "http://")) else None

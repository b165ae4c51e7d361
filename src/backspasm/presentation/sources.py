"""What stands behind a number, made ready to be shown: studies with citation and design, and named assumptions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import fields, is_dataclass

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


def cited(addresses: Iterable[str], knowledge: Knowledge) -> tuple[Source, ...]:
    """The sources at these addresses, each once."""
    return tuple(source(a, knowledge) for a in dict.fromkeys(addresses))


def sources_in(view: object) -> Iterator[Source]:
    """Every source that a view holds, however deep."""
    if isinstance(view, Source):
        yield view
    elif isinstance(view, tuple | list):
        for part in view:
            yield from sources_in(part)
    elif is_dataclass(view):
        for field in fields(view):
            yield from sources_in(getattr(view, field.name))


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

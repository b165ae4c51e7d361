"""Reads a protocol that a user wrote, or finds a shipped one: every problem at once, with file, line and mend."""

from __future__ import annotations

from pathlib import Path

import msgspec

from backspasm.cycle.trial.plan import plan_of
from backspasm.patients.patient import InputError
from backspasm.records.knowledge import Knowledge
from backspasm.records.problems import Problem, did_you_mean
from backspasm.records.trial_checks import protocol_problems
from backspasm.records.trial_types import TrialProtocol
from backspasm.records.yaml_source import KeyPath, Source, read_yaml

#: endings of files that may hold a protocol; a name without one is that of a shipped protocol
ENDINGS = {".yaml", ".yml", ".json"}


class ProtocolError(Exception):
    """A protocol cannot be run; carries every problem found."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = tuple(sorted(problems))
        super().__init__("\n".join(str(p) for p in self.problems))


def find_protocol(name: str, knowledge: Knowledge) -> TrialProtocol:
    """The protocol of this id, or of this file.

    Raises:
        ProtocolError: with every problem of the file.
        InputError: where there is neither such a protocol nor such a file.
    """
    path = Path(name)
    if path.suffix.lower() not in ENDINGS and name in knowledge.trials:
        return knowledge.trials[name]
    if not path.is_file():
        known = ", ".join(knowledge.trials)
        mend = did_you_mean(name, knowledge.trials, f"name a file (.yaml), or one of {known}")
        raise InputError.one("PROTOCOL", name, "no such file, and no protocol of this id", mend)
    return read_protocol(path, knowledge)


def read_protocol(path: Path, knowledge: Knowledge) -> TrialProtocol:
    """A protocol from a YAML (or JSON) file.

    Raises:
        ProtocolError: with every problem of the file.
    """
    from backspasm.records.schemas import schema_problems  # heavy, and not needed for a shipped protocol

    try:
        source, problems = read_yaml(path, path.parent)
    except OSError as error:
        what = f"the file cannot be read ({error.strerror})"
        raise ProtocolError([Problem(path.name, 1, what, "name a file that may be read")]) from None
    if source.data is not None:
        problems = problems + schema_problems(source, "trial")
    if problems:
        raise ProtocolError(problems)
    protocol = msgspec.convert(source.data, TrialProtocol)
    problems = [*protocol_problems(protocol, source, knowledge), *prescription_problems(protocol, source, knowledge)]
    if problems:
        raise ProtocolError(problems)
    return protocol


def prescription_problems(protocol: TrialProtocol, source: Source, knowledge: Knowledge) -> list[Problem]:
    """Prescriptions that are not understood."""
    try:
        plan_of(protocol, knowledge.cycle)
    except InputError as error:
        return [
            Problem(source.file, source.line(_path(p.field)), f"{p.field} ({p.value}): {p.what}", p.mend)
            for p in error.problems
        ]
    return []


def _path(field: str) -> KeyPath:
    return tuple(int(part) if part.isdigit() else part for part in field.split("."))

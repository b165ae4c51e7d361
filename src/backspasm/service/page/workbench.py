"""What the page needs of a model again and again, made once: the search, the fitter of variants, the examples."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from litestar.datastructures import State

from backspasm.advice.assessment import Assessment, assess
from backspasm.inference.model import Model
from backspasm.inference.numbers import age_group
from backspasm.inference.refitting import Refitter
from backspasm.patients.from_note import Reading, read_note
from backspasm.patients.patient import Patient
from backspasm.patients.reading import note_text
from backspasm.presentation.find import Finder, finder
from backspasm.presentation.views import Evidence
from backspasm.records.knowledge import Knowledge
from backspasm.records.library import package_version
from backspasm.records.types import AGE_GROUPS
from backspasm.service.page.entry import Entry


@dataclass(frozen=True)
class Workbench:
    """One model with what is made from it on first use."""

    model: Model

    @property
    def knowledge(self) -> Knowledge:
        return self.model.knowledge

    @cached_property
    def version(self) -> str:
        return package_version()

    @cached_property
    def finder(self) -> Finder:
        return finder(self.knowledge)

    @cached_property
    def first_questions(self) -> tuple[tuple[str, str], ...]:
        """What is asked first of someone of whom nothing is known: finding and question."""
        asked = assess(Patient(age_years=None), self.model, with_course=False).next.questions
        yes_or_no = [q.finding for q in asked if q.finding in self.model.parameters.booleans]
        return tuple((f, self.knowledge.findings[f].ask) for f in yes_or_no)

    @cached_property
    def refitter(self) -> Refitter:
        return Refitter(self.model)

    def warm(self) -> None:
        """Make now what the first note, the first search and the first panel would else wait for."""
        read_note("back pain", self.knowledge)
        self.finder.find("fever")
        self.refitter.without(frozenset())

    def evidence(self, a: Assessment) -> Evidence:
        """Draws rates at the age and in the setting of an assessed patient."""
        stratum = max(a.strata, key=lambda s: s.weight)
        age = AGE_GROUPS[age_group(self.model.parameters, stratum)]
        return Evidence(age, stratum.setting, self.model, self.refitter)

    def read(self, entry: Entry) -> Reading | None:
        """What the note of a form says; None where there is no note."""
        return read_note(note_text(entry.note), self.knowledge) if entry.note.strip() else None


def workbench(state: State) -> Workbench:
    """The workbench of an application; made at the first request."""
    found = state.get("workbench")
    if not isinstance(found, Workbench):
        found = Workbench(state.model)
        state["workbench"] = found
    return found

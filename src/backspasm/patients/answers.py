"""From what was said to what may be counted: derives implied answers once, and forms the items of evidence.

Findings that imply or exclude each other are one variable (``findings/links.yaml``). What follows from an answer is
derived, shown as derived, and never counted a second time.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from msgspec import Struct

from backspasm.patients.medicines import find_allergy, find_medicines, ingredients
from backspasm.patients.patient import InputError, InputProblem, Patient, Unread
from backspasm.records.knowledge import Knowledge
from backspasm.records.types import Link

Kind = Literal[
    "present", "absent", "without", "present_given", "absent_given", "value", "present_after", "absent_after"
]


class Item(Struct, frozen=True):
    """One item of evidence: a column of the likelihood tables.

    ``present``/``absent``  the finding is there or not
    ``without``             the finding is there, but not its severe form ``given``
    ``present_given``       the finding is there, given that ``given``, which would exclude it, is not
    ``absent_given``        the finding is not there, given that ``given`` is not there either (they exclude each other)
    ``value``               the measured value, in the unit of the finding
    ``present_after``, ``absent_after``  the finding, given that the measured ``given`` is above the threshold of their link
    """

    kind: Kind
    finding: str
    value: float | None = None
    given: str | None = None


class Derived(Struct, frozen=True):
    """An answer that nobody gave but that follows from one that was given."""

    finding: str
    answer: Literal["present", "absent"]
    because: str
    source: str


class Answers(Struct, frozen=True):
    """What is known, completed by what follows, and the items that are counted."""

    present: tuple[str, ...]
    absent: tuple[str, ...]
    measured: dict[str, float]
    derived: tuple[Derived, ...]
    outdated: tuple[Derived, ...]
    items: tuple[Item, ...]
    unread: tuple[Unread, ...]

    def asked(self, finding: str) -> bool:
        """Whether an answer is known, given or derived."""
        return finding in self.present or finding in self.absent or finding in self.measured


def answers_of(patient: Patient, knowledge: Knowledge) -> Answers:
    """Derive what follows from the patient's answers.

    Raises:
        InputError: where answers contradict each other; every contradiction is named.
    """
    state = _State(patient, knowledge)
    state.add_lists()
    state.retire_outdated()
    state.follow_links()
    if state.problems:
        raise InputError(state.problems)
    return state.answers()


def said_by(patient: Patient, knowledge: Knowledge) -> dict[str, bool]:
    """What the patient's own answers and lists say, before links are followed; outdated answers are left out.

    Raises:
        InputError: where a list contradicts an answer.
    """
    state = _State(patient, knowledge)
    state.add_lists()
    state.retire_outdated()
    if state.problems:
        raise InputError(state.problems)
    return state.said


class _State:
    """Working state of one derivation."""

    def __init__(self, patient: Patient, knowledge: Knowledge) -> None:
        self.patient = patient
        self.knowledge = knowledge
        self.said: dict[str, bool] = dict.fromkeys(patient.absent, False) | dict.fromkeys(patient.present, True)
        self.measured = dict(patient.measured)
        self.derived: dict[str, Derived] = {}
        self.outdated: list[Derived] = []
        self.problems: list[InputProblem] = []
        self.unread: list[Unread] = list(patient.unread)

    # --- sources of answers other than the lists of findings -----------------------------------------------------

    def add_lists(self) -> None:
        """Medicines, comorbidities and pregnancy say things about findings."""
        for name in self.patient.medications:
            found = find_medicines(name, self.knowledge)
            if not found:
                self.unread.append(
                    Unread(f"medication {name}", "not recognised; what it means for this patient was not checked")
                )
            for medicine in (i for m in found for i in ingredients(m, self.knowledge)):
                for finding in self.knowledge.medicines[medicine].implies:
                    self._derive(finding, True, f"takes {name}", "medications")
        for name in self.patient.allergies:
            if not find_allergy(name, self.knowledge).known:
                why = "not recognised; whether it bears on a treatment was not checked"
                self.unread.append(Unread(f"allergy {name}", why))
        for comorbidity in self.patient.comorbidities:
            for finding in self.knowledge.comorbidities[comorbidity].implies:
                self._derive(finding, True, f"has {comorbidity}", "comorbidities")
        if self.patient.pregnant is not None:
            why = "stated as pregnant" if self.patient.pregnant else "stated as not pregnant"
            self._derive("pregnancy", self.patient.pregnant, why, "pregnant")
        elif self.patient.pregnancy_weeks:
            why = f"in week {self.patient.pregnancy_weeks:g} of pregnancy"
            self._derive("pregnancy", True, why, "pregnancy_weeks")

    def retire_outdated(self) -> None:
        """An old crash, or surgery after the pain began, is not what its bare name says."""
        onset = self.measured.get("duration_days")
        for finding, days in self.patient.days_ago.items():
            window = self.knowledge.findings[finding].time
            if window is None or not self.said.get(finding):
                continue
            why = None
            if onset is not None and days < onset and window.after_onset == "does_not_count":
                why = f"{days:g} days ago, after the pain began {onset:g} days ago: {window.why}"
            elif onset is not None and window.within_days_before_onset is not None:
                if days > onset + self.knowledge.number(window.within_days_before_onset):
                    why = f"{days:g} days ago, long before the pain began {onset:g} days ago: {window.why}"
            elif onset is None and window.within_days_when_onset_unknown is not None:
                if days > self.knowledge.number(window.within_days_when_onset_unknown):
                    why = f"{days:g} days ago: {window.why}"
            if why is not None:
                del self.said[finding]
                self.outdated.append(Derived(finding, "present", why, "days_ago"))

    # --- links ---------------------------------------------------------------------------------------------------

    def follow_links(self) -> None:
        """Apply all links until nothing new follows."""
        before = -1
        while before != len(self.said):
            before = len(self.said)
            for link in self.knowledge.links:
                self._follow(link)

    def _follow(self, link: Link) -> None:
        a, b = self.said.get(link.finding), self.said.get(link.other)
        value = self.measured.get(link.finding)
        threshold = None if link.threshold is None else self.knowledge.number(link.threshold)
        if link.kind == "implies":
            if a is True:
                self._derive(link.other, True, link.why, link.finding)
            if b is False:
                self._derive(link.finding, False, link.why, link.other)
        elif link.kind == "excludes":
            if a is True:
                self._derive(link.other, False, link.why, link.finding)
            if b is True:
                self._derive(link.finding, False, link.why, link.other)
        elif link.kind == "at_least_implies" and value is not None and threshold is not None and value >= threshold:
            self._derive(link.other, True, link.why, link.finding)
        elif link.kind == "below_excludes" and value is not None and threshold is not None and value < threshold:
            self._derive(link.other, False, link.why, link.finding)

    def _derive(self, finding: str, answer: bool, why: str, source: str) -> None:
        known = self.said.get(finding)
        if known is None:
            self.said[finding] = answer
            self.derived[finding] = Derived(finding, "present" if answer else "absent", why, source)
        elif known is not answer:
            word, other = ("present", "absent") if known else ("absent", "present")
            shown = source if source not in self.measured else f"{source} {self.measured[source]:g}"
            fault = InputProblem(
                word,
                finding,
                f"contradicts {shown} ({why})",
                f"take {finding} out of {word}, or correct {source}; it would be {other}",
            )
            if fault not in self.problems:
                self.problems.append(fault)

    # --- items of evidence ---------------------------------------------------------------------------------------

    def answers(self) -> Answers:
        order = {f: i for i, f in enumerate(self.knowledge.index.finding_ids)}
        present = tuple(sorted((f for f, a in self.said.items() if a), key=order.__getitem__))
        absent = tuple(sorted((f for f, a in self.said.items() if not a), key=order.__getitem__))
        measured = dict(sorted(self.measured.items(), key=lambda pair: order[pair[0]]))
        return Answers(
            present=present,
            absent=absent,
            measured=measured,
            derived=tuple(sorted(self.derived.values(), key=lambda d: order[d.finding])),
            outdated=tuple(sorted(self.outdated, key=lambda d: order[d.finding])),
            items=tuple(sorted(self._items(), key=lambda item: order[item.finding])),
            unread=tuple(self.unread),
        )

    def _items(self) -> Iterable[Item]:
        counted = {f: a for f, a in self.said.items() if f not in self.derived or self._own_evidence(f)}
        items: dict[str, Item] = {f: Item("present" if a else "absent", f) for f, a in counted.items()}
        items |= {f: Item("value", f, value=v) for f, v in self.measured.items()}
        for link in self.knowledge.links:
            self._merge(link, items)
        for link in self.knowledge.links:  # last, since another link may have taken one of the two away
            if link.kind == "excludes" and link.finding in items and link.other in items:
                items[link.other] = Item("absent_given", link.other, given=link.finding)
        for finding in {link.finding for link in self.knowledge.links if link.kind == "excludes"}:
            self._share_exclusion(finding, items)
        return items.values()

    def _share_exclusion(self, finding: str, items: dict[str, Item]) -> None:
        """Several abnormalities on one scan all tell that it is not normal: that is counted once, then each given it."""
        ruled = [k.other for k in self.knowledge.links if k.kind == "excludes" and k.finding == finding]
        plain = [f for f in ruled if f in items and items[f].kind in {"present", "absent"}]
        if len(plain) < 2 or not any(self.said[f] for f in plain):
            return
        items[finding] = Item("absent", finding)
        for other in plain:
            items[other] = Item("present_given" if self.said[other] else "absent_given", other, given=finding)

    def _own_evidence(self, finding: str) -> bool:
        """Derived from a list (medicines, comorbidities, pregnancy): nothing else speaks for it, so it counts."""
        return self.derived[finding].source in {"medications", "comorbidities", "pregnant", "pregnancy_weeks"}

    def _merge(self, link: Link, items: dict[str, Item]) -> None:
        a, b = self.said.get(link.finding), self.said.get(link.other)
        if link.kind == "implies":
            if a is True:  # the severe form says all
                items.pop(link.other, None)
                items[link.finding] = Item("present", link.finding)
            elif b is False:
                items.pop(link.finding, None)
                items[link.other] = Item("absent", link.other)
            elif b is True and a is False and link.finding in items and link.other in items:
                items.pop(link.finding)
                items[link.other] = Item("without", link.other, given=link.finding)
        elif link.kind == "excludes":
            if a is True:
                items.pop(link.other, None)
            elif b is True:
                items.pop(link.finding, None)
        elif link.finding in self.measured:
            self._merge_measured(link, items)

    def _merge_measured(self, link: Link, items: dict[str, Item]) -> None:
        value = self.measured[link.finding]
        above = link.threshold is not None and value >= self.knowledge.number(link.threshold)
        if link.kind == "supersedes" or (link.kind == "at_least_implies" and above):
            items.pop(link.other, None)
        elif link.kind == "at_least_implies" and link.other in items:
            # asked about the whole illness and answered: today's value below the threshold adds nothing of its own
            items.pop(link.finding)
        elif link.kind == "below_excludes" and not above:
            items.pop(link.other, None)
        elif link.kind == "below_excludes" and link.other in items:
            kind: Kind = "present_after" if self.said[link.other] else "absent_after"
            items[link.other] = Item(kind, link.other, given=link.finding)

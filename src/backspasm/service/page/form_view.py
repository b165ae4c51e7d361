"""What the left side shows: fields with what the note said of them, findings that were answered, the note with its marks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from backspasm.patients.from_note import Reading
from backspasm.patients.medicines import find_allergy, find_medicines
from backspasm.presentation import words
from backspasm.presentation.find import Found
from backspasm.presentation.note import left_open
from backspasm.presentation.rendering import sentence
from backspasm.records.knowledge import Knowledge
from backspasm.records.units import plain_unit
from backspasm.service.page.case import Fault, names_in
from backspasm.service.page.entry import Entry
from backspasm.service.page.marks import Piece, pieces_of

#: measurements that are always in view; the others unfold
FIRST_MEASURES = ("duration_days", "pain_intensity", "temperature", "crp", "esr", "post_void_residual")


@dataclass(frozen=True)
class Measure:
    finding: str
    label: str
    unit: str


@dataclass(frozen=True)
class Row:
    """A finding that was answered. ``said``: by the note; ``timed``: when it was bears on what it means."""

    finding: str
    name: str
    state: str
    said: str
    timed: bool
    why: str


@dataclass(frozen=True)
class Named:
    """A name on a list of medicines or allergies, and what it was taken for; empty where it was not recognised."""

    name: str
    taken_for: str


@dataclass(frozen=True)
class FormView:
    entry: Entry
    settings: tuple[str, ...]
    measures: tuple[Measure, ...]
    more_measures: tuple[Measure, ...]
    comorbidities: tuple[tuple[str, str], ...]
    rows: tuple[Row, ...]
    medications: tuple[Named, ...]
    allergies: tuple[Named, ...]
    faults: dict[str, tuple[Fault, ...]]
    pieces: tuple[Piece, ...]
    note_doubts: tuple[str, ...]
    query: str
    found: tuple[Found, ...]

    def label(self, field: str) -> str:
        """What a field is called, for a message away from it."""
        names = {f"m-{m.finding}": m.label for m in (*self.measures, *self.more_measures)}
        names |= {f"{kind}-{r.finding}": r.name for r in self.rows for kind in "fd"}
        names |= {f"c-{name}": label for name, label in self.comorbidities}
        return names.get(field, {"weeks": "Weeks of pregnancy"}.get(field, sentence(field)))


def form_view(
    entry: Entry,
    reading: Reading | None,
    faults: Sequence[Fault],
    knowledge: Knowledge,
    query: str = "",
    found: tuple[Found, ...] = (),
) -> FormView:
    """The left side of the page."""
    by_field: dict[str, tuple[Fault, ...]] = {}
    for fault in faults:
        by_field[fault.field] = (*by_field.get(fault.field, ()), fault)
    measured = [f for f in knowledge.findings.values() if f.kind == "measured"]
    every = {f.id: Measure(f.id, words.finding_name(f.id, knowledge), plain_unit(f.unit)) for f in measured}
    doubts = left_open(reading) if reading is not None else []
    return FormView(
        entry=entry,
        settings=knowledge.index.settings,
        measures=tuple(every[m] for m in FIRST_MEASURES if m in every),
        more_measures=tuple(m for name, m in every.items() if name not in FIRST_MEASURES),
        comorbidities=tuple((c, words.plain(c)) for c in knowledge.index.comorbidities),
        rows=rows_of(entry, {d.finding: d.why for d in doubts}, knowledge),
        medications=tuple(_medicine(n, knowledge) for n in names_in(entry.says("medications"))),
        allergies=tuple(_allergy(n, knowledge) for n in names_in(entry.says("allergies"))),
        faults=by_field,
        pieces=pieces_of(reading, entry, knowledge) if reading is not None else (),
        note_doubts=tuple(f"{words.finding_name(d.finding, knowledge)}: {d.why}" for d in doubts),
        query=query,
        found=found,
    )


def rows_of(entry: Entry, doubts: dict[str, str], knowledge: Knowledge) -> tuple[Row, ...]:
    """Findings that were answered or that the note names, in the order of the index; unknown ones last."""
    names = {k[2:] for k in (*entry.fields, *entry.base) if k.startswith("f-")}
    order = {f: i for i, f in enumerate(knowledge.index.finding_ids)}
    out = []
    for name in sorted(names, key=lambda f: (order.get(f, len(order)), f)):
        record = knowledge.findings.get(name)
        timed = (record is not None and record.time is not None) or any(
            f"d-{name}" in texts for texts in (entry.fields, entry.base)
        )
        state, said = entry.says(f"f-{name}"), entry.base.get(f"f-{name}", "")
        out.append(Row(name, words.finding_name(name, knowledge), state, said, timed, doubts.get(name, "")))
    return tuple(out)


def _medicine(name: str, knowledge: Knowledge) -> Named:
    return Named(name, ", ".join(words.plain(m) for m in find_medicines(name, knowledge)))


def _allergy(name: str, knowledge: Knowledge) -> Named:
    found = find_allergy(name, knowledge)
    taken_for = ", ".join(words.plain(x) for x in (*found.medicines, *found.classes))
    return Named(name, (taken_for or "known; bears on no treatment here") if found.known else "")

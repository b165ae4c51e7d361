"""From a form to what is shown: the form read with its note, the patient assessed, and the page or its changed parts rendered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, NamedTuple

import msgspec
from jinja2 import Environment
from markupsafe import Markup, escape

from backspasm.advice.assessment import Assessment, assess
from backspasm.patients.from_note import Reading
from backspasm.patients.patient import InputError
from backspasm.patients.reading import detect, read_patient
from backspasm.presentation.rendering import environment
from backspasm.service.page.answer_view import AnswerView, answer_view
from backspasm.service.page.assets import address_of
from backspasm.service.page.case import Fault, Made, patient_of
from backspasm.service.page.entry import STATES, Entry, entry_of, resolved
from backspasm.service.page.examples import example, examples
from backspasm.service.page.form_view import FormView, form_view
from backspasm.service.page.marks import LEGEND
from backspasm.service.page.workbench import Workbench

#: fields that are shown together
TOGETHER = {"weeks": "pregnant"}
#: fields under which stands what their text was taken for
LISTED = ("medications", "allergies")


class Token(NamedTuple):
    """What proves that a form comes from this page, and the name of the header that carries it; empty where none is asked."""

    text: str
    header: str


@dataclass(frozen=True)
class Screen:
    """A form after it was read and assessed. ``assessed`` is None where something is wrong or nothing was entered.

    ``whole``: whether all of the form must be shown anew, since it was filled with another patient.
    """

    before: Entry
    entry: Entry
    reading: Reading | None
    made: Made
    assessed: Assessment | None
    query: str = ""
    whole: bool = False


def form_of(entry: Entry, bench: Workbench, do: Sequence[str] = (), query: str = "", whole: bool = False) -> Screen:
    """Read a form and do what a button of it asked for, without assessing.

    Args:
        do: buttons in the order in which they were pressed:
            ``present:ID``, ``absent:ID``, ``unsure:ID``, ``none:ID``, ``clear``, ``example:ID``.
        query: what is typed into the search.
    """
    asked, filled = entry, False
    for action in do:
        asked, other = _done(asked, action, bench)
        filled = filled or other
        if action.partition(":")[0] in STATES:  # what was just answered leaves the search
            query = ""
    try:
        asked, from_record = _record_in_note(asked, bench)
        reading = bench.read(asked)
    except InputError as error:
        faults = tuple(Fault("note", p.what, p.mend) for p in error.problems)
        return Screen(entry, asked, None, Made({}, None, faults), None, query, whole or filled)
    now = resolved(asked, reading)
    made = patient_of(now, reading, bench.knowledge)
    return Screen(entry, now, reading, made, None, query, whole or filled or from_record)


def screen_of(entry: Entry, bench: Workbench, do: Sequence[str] = (), query: str = "", whole: bool = False) -> Screen:
    """Read a form, do what a button of it asked for, and assess; arguments as for ``form_of``."""
    screen = form_of(entry, bench, do, query, whole)
    if screen.made.patient is None or screen.entry.empty:
        return screen
    unsure = tuple(f for f, state in screen.entry.findings().items() if state == "unsure")
    assessed = assess(screen.made.patient, bench.model, with_course=False, unknown=unsure)
    return replace(screen, assessed=assessed)


def _done(entry: Entry, do: str, bench: Workbench) -> tuple[Entry, bool]:
    """The form after a button, and whether it was filled with another patient."""
    action, _, name = do.partition(":")
    if action == "clear":
        return Entry(), True
    if action == "example":
        found = example(name, bench.knowledge)
        return (found, True) if found is not None else (entry, False)
    if action in STATES or action == "none":
        field = f"{'m' if action == 'none' and f'm-{name}' in entry.fields else 'f'}-{name}"
        return entry.replaced(field, "" if action == "none" else action), False
    return entry, False


def _record_in_note(entry: Entry, bench: Workbench) -> tuple[Entry, bool]:
    """A FHIR Bundle or a case that was pasted into the note fills the form instead.

    Raises:
        InputError: where it cannot be read.
    """
    text = entry.note.strip()
    if not text.startswith("{"):
        return entry, False
    data = text.encode()
    return entry_of(read_patient(data, bench.knowledge, detect(data))), True


def view_of(screen: Screen, bench: Workbench) -> FormView:
    found = bench.finder.find(screen.query) if screen.query else ()
    return form_view(screen.entry, screen.reading, screen.made.faults, bench.knowledge, screen.query, found)


# --- rendering -------------------------------------------------------------------------------------------------------


def page(
    screen: Screen, bench: Workbench, token: Token, opened: Mapping[str, Any] | None = None, course: Any = None
) -> bytes:
    """The whole page. ``opened``: the panel to show in it; ``course``: the chart, where no script will fetch it."""
    values = _values(screen, bench)
    return _rendered("page.html.j2", token=token, panel=opened, course=course, **values)


def changes(screen: Screen, bench: Workbench, token: Token, had: frozenset[str]) -> bytes:
    """What an update changes on a page that is open: the answer, and of the form only what the server filled in.

    Args:
        had: fields that showed a message before.
    """
    values = _values(screen, bench)
    fields = [] if screen.whole else changed_fields(screen)
    slots = {*had, *values["form"].faults, *LISTED} - set(fields)
    return _rendered(
        "changes.html.j2",
        token=token,
        panel=None,
        course=None,
        whole=screen.whole,
        fields=fields,
        slots=sorted(slots),
        rows=rows_changed(screen),
        **values,
    )


def changed_fields(screen: Screen) -> list[str]:
    """Fields whose text the server changed, or of which the note now says something else; rows of findings apart."""
    before, now = screen.before, screen.entry
    names = dict.fromkeys((*before.fields, *now.fields, *before.base, *now.base))
    out: dict[str, None] = {}
    for name in names:
        same = before.says(name) == now.says(name) and before.base.get(name) == now.base.get(name)
        if same or name[:2] in {"f-", "d-"}:
            continue
        out["comorbidities" if name.startswith("c-") else TOGETHER.get(name, name)] = None
    return list(out)


def rows_changed(screen: Screen) -> bool:
    """Whether the list of findings must be shown anew."""

    def rows(entry: Entry) -> dict[str, tuple[str, str]]:
        names = {k for k in (*entry.fields, *entry.base) if k[:2] in {"f-", "d-"}}
        return {n: (entry.says(n), entry.base.get(n, "")) for n in names}

    return rows(screen.before) != rows(screen.entry)


def _values(screen: Screen, bench: Workbench) -> dict[str, Any]:
    knowledge = bench.knowledge
    answer: AnswerView | None = answer_view(screen.assessed, knowledge) if screen.assessed is not None else None
    return {
        "form": view_of(screen, bench),
        "answer": answer,
        "k": knowledge,
        "version": bench.version,
        "examples": examples(knowledge),
        "legend": LEGEND,
        "first_questions": () if answer is not None else bench.first_questions,
    }


def fragment(template: str, **values: Any) -> bytes:
    """A part of the page by itself."""
    return _rendered(template, **values)


@cache
def _engine() -> Environment:
    """The report's engine, with the page's templates before those of the report."""
    engine = environment(first=("service/page/templates",))
    engine.globals |= {"asset": address_of}
    engine.filters |= {"exact": _exact, "json": _json}
    return engine


def _exact(text: str) -> Markup:
    """Text with its line breaks and blanks, escaped."""
    return Markup(escape(text))


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()


def _rendered(template: str, **values: Any) -> bytes:
    return _engine().get_template(template).render(**values).strip().encode("utf-8", "replace")

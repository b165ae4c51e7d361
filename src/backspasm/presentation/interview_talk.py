"""The interview at a terminal. Asks, takes answers in plain words, shows how the assessment moves."""

from __future__ import annotations

from collections.abc import Callable

from backspasm.advice.interview import Ask, Reply, State, answer, back, next_question, patient_of
from backspasm.inference.model import Model
from backspasm.patients.from_case import from_case
from backspasm.patients.patient import InputError
from backspasm.patients.typed_value import typed_value
from backspasm.presentation.interview_words import standing_line, why_lines
from backspasm.presentation.next_step import REASON
from backspasm.records.knowledge import Knowledge
from backspasm.records.problems import did_you_mean
from backspasm.records.units import plain_unit

YES = {"y", "yes", "yes.", "ja"}
NO = {"n", "no", "no.", "none", "nein", "none of these"}
UNKNOWN = {"?", "d", "dk", "u", "unknown", "don't know", "dont know", "do not know", "not sure"}
HELP = "yes · no · don't know (?) · back · why · quit"

Say = Callable[[str], None]
Hear = Callable[[str], str]


class LeftError(Exception):
    """The person wants to stop here."""


class BackError(Exception):
    """The person wants to take the last answer back."""


def begin(knowledge: Knowledge, say: Say, hear: Hear) -> State:
    """Ask who the patient is: age, sex, setting. Raises LeftError."""
    while True:
        age = _plain(hear("Age in years (unknown: ?)"))
        sex = _plain(hear("Sex (male, female; unknown: ?)"))
        say("Settings: " + ", ".join(knowledge.index.settings))
        setting = _plain(hear("Setting (unknown: ?)"))
        sexes = {"m": "male", "f": "female", "?": "unknown", "": "unknown"}
        try:
            number = None if age in UNKNOWN or not age else float(age.replace(",", "."))
        except ValueError:
            say(f"Age ({age}) is not a number. Give years, such as 47, or 0.5 for six months.")
            continue
        case = {
            "age_years": number,
            "sex": sexes.get(sex, sex),
            "setting": None if setting in UNKNOWN or not setting else setting.replace(" ", "_"),
        }
        try:
            return State(from_case(case, knowledge))
        except InputError as error:
            say(str(error))


def _plain(text: str) -> str:
    out = text.strip().lower()
    if out in {"quit", "q", "exit"}:
        raise LeftError
    return out


def talk(state: State, model: Model, together: bool, say: Say, hear: Hear, keep: Callable[[State], None]) -> State:
    """Ask until the rule says stop, or the person quits; ``keep`` is given every new state."""
    say(HELP)
    while True:
        ask = next_question(state, model, together)
        if ask.stop:
            say(f"\nNo more questions: {REASON[ask.reason]}.")
            return state
        try:
            replies = _replies(ask, model, say, hear, len(state.exchanges) + 1)
            state = answer(state, replies, model)
        except LeftError:
            return state
        except BackError:
            if not state.exchanges:
                say("This is the first question.")
            state = back(state)
        except InputError as error:
            say(str(error))
            continue
        keep(state)
        say(f"   → {standing_line(state, model)}")


def _replies(ask: Ask, model: Model, say: Say, hear: Hear, number: int) -> dict[str, Reply]:
    knowledge = model.knowledge
    names = [q.finding for q in ask.questions]
    if len(names) == 1:
        return {names[0]: _one(names[0], ask, model, say, hear, f"\n{number}. ")}
    say(f"\n{number}. Any of these? (no: none of them · or the numbers of those that are so, such as 1 3)")
    for i, name in enumerate(names, 1):
        say(f"   {i}  {knowledge.findings[name].ask}")
    while True:
        said = _command(hear("   "), ask, model, say)
        if said is None:
            continue
        if said in NO:
            return dict.fromkeys(names, "no")
        if said in UNKNOWN:
            return dict.fromkeys(names, "unknown")
        if said in YES:
            return {name: _one(name, ask, model, say, hear, "   ") for name in names}
        parts = said.replace(",", " ").replace(";", " ").split()
        if parts and all(p.rstrip("?").isdigit() and 1 <= int(p.rstrip("?")) <= len(names) for p in parts):
            out: dict[str, Reply] = dict.fromkeys(names, "no")
            for part in parts:  # 3? : not known whether number 3 is so
                out[names[int(part.rstrip("?")) - 1]] = "unknown" if part.endswith("?") else "yes"
            return out
        say(
            f"   Not understood. Give numbers from 1 to {len(names)} (2? if 2 is not known), no, or yes to go one by one."
        )


def _one(name: str, ask: Ask, model: Model, say: Say, hear: Hear, lead: str) -> Reply:
    record = model.knowledge.findings[name]
    unit = f" [{plain_unit(record.unit)}]" if record.kind == "measured" and plain_unit(record.unit) else ""
    say(f"{lead}{record.ask}{unit}")
    while True:
        said = _command(hear("   "), ask, model, say)
        if said is None:
            continue
        if said in UNKNOWN:
            return "unknown"
        if record.kind == "measured":
            try:
                return typed_value(said, name, model.knowledge)
            except InputError as error:
                say(f"   {error}")
                continue
        if said in YES:
            return "yes"
        if said in NO:
            return "no"
        say(f"   Not understood: {did_you_mean(said, ['yes', 'no', 'back', 'why', 'quit'], HELP)}")


def _command(text: str, ask: Ask, model: Model, say: Say) -> str | None:
    """The text, unless it was a command that is done with. Raises BackError or LeftError."""
    said = _plain(text)
    if said in {"back", "b"}:
        raise BackError
    if said in {"why", "w"}:
        for line in why_lines(ask, model):
            say(f"   {line}")
        return None
    if said in {"help", "h", ""}:
        say(f"   {HELP}")
        return None
    return said


def summary(state: State, model: Model) -> str:
    """Where it ended, in one line."""
    known = patient_of(state)
    count = len(known.present) + len(known.absent) + len(known.measured)
    return f"{len(state.exchanges)} questions, {count} findings known: {standing_line(state, model)}"

"""An interview as pure functions: state -> next question, state + answers -> state. No clock, no input, no output.

The state is what was known at the start and the answers since, so it can be saved, sent and taken back at will.
A question holds one finding, or a few that are asked in one breath (``any of these?``).
"""

from __future__ import annotations

from typing import Literal

import msgspec
from msgspec import Struct

from backspasm.advice.next_step import Question, Reason, open_safety, priority, ranked, stopping, worth_asking
from backspasm.advice.situation import Situation, situation_of
from backspasm.advice.worth import Worths, burden, worths
from backspasm.inference.model import Model
from backspasm.patients.answers import answers_of
from backspasm.patients.from_case import from_case
from backspasm.patients.patient import InputError, Patient

Reply = Literal["yes", "no", "unknown"] | float


class Exchange(Struct, frozen=True):
    """One question with its answers: yes, no, unknown, or the value in the unit of the finding."""

    replies: dict[str, Reply]


class State(Struct, frozen=True):
    """Where an interview stands. ``start``: what was known before it; ``exchanges``: what was asked since, in order."""

    start: Patient
    exchanges: tuple[Exchange, ...] = ()


class Ask(Struct, frozen=True):
    """What to ask now: findings in one breath, each with what speaks for it, or nothing more (``stop``)."""

    questions: tuple[Question, ...]
    stop: bool
    reason: Reason


def patient_of(state: State) -> Patient:
    """The patient with all answers given so far."""
    present, absent = list(state.start.present), list(state.start.absent)
    measured = dict(state.start.measured)
    for exchange in state.exchanges:
        for finding, reply in exchange.replies.items():
            if reply == "yes":
                present.append(finding)
            elif reply == "no":
                absent.append(finding)
            elif isinstance(reply, float):
                measured[finding] = reply
    return msgspec.structs.replace(state.start, present=tuple(present), absent=tuple(absent), measured=measured)


def unknown_of(state: State) -> tuple[str, ...]:
    """Findings that were asked and could not be answered."""
    return tuple(f for e in state.exchanges for f, reply in e.replies.items() if reply == "unknown")


def answer(state: State, replies: dict[str, Reply], model: Model) -> State:
    """The state after these answers.

    Raises:
        InputError: for an unknown finding, an impossible value, or a contradiction with what is known.
    """
    for finding, reply in replies.items():
        if finding not in model.knowledge.findings:
            raise InputError.one("answers", finding, "is an unknown finding", "answer what was asked")
        if isinstance(reply, float):
            # the door of cases knows which values are possible
            from_case({"age_years": state.start.age_years, "measured": {finding: reply}}, model.knowledge)
        elif finding not in model.parameters.booleans and reply != "unknown":
            raise InputError.one(finding, reply, "is a measurement", "give its value, or `don't know`")
    after = State(state.start, (*state.exchanges, Exchange(dict(replies))))
    answers_of(patient_of(after), model.knowledge)
    return after


def back(state: State) -> State:
    """The state before the last answers; the start stays."""
    return State(state.start, state.exchanges[:-1])


def next_question(state: State, model: Model, together: bool = True) -> Ask:
    """What to ask now.

    Args:
        together: ask findings that belong together in one breath; else one finding at a time.
    """
    s = situation_of(patient_of(state), model)
    return ask(s, unknown_of(state), together)


def ask(s: Situation, unknown: tuple[str, ...] = (), together: bool = True) -> Ask:
    """The next question in a situation."""
    found = worths(s, tests=False)
    stop, reason = stopping(s, found, unknown)
    if stop:
        return Ask((), True, reason)
    safety = open_safety(s, unknown)
    questions = {q.finding: q for q in ranked(s, found) if q.finding not in unknown}
    # a safety question is asked even where its answer could add nothing to the probabilities
    questions |= {
        f: Question(f, 0.0, 0.0, burden(f, s.model.knowledge), "safety") for f in safety if f not in questions
    }
    if reason == "safety_open":
        questions = {f: q for f, q in questions.items() if f in safety}
    lists = _lists(s, tuple(questions), together)
    best = max(lists, key=lambda findings: _score(s, found, findings, questions))
    return Ask(tuple(questions[f] for f in best), False, reason)


def _lists(s: Situation, findings: tuple[str, ...], together: bool) -> list[tuple[str, ...]]:
    """Findings grouped as they are asked; the rest alone."""
    lists = s.model.knowledge.together if together else ()
    groups = [tuple(f for f in t.findings if f in findings) for t in lists]
    listed = {f for g in groups for f in g}
    groups = [g for g in groups if g]
    return groups + [(f,) for f in findings if f not in listed]


def _score(
    s: Situation, found: Worths, findings: tuple[str, ...], questions: dict[str, Question]
) -> tuple[int, float, float]:
    """Questions that are worth asking first, by what they give per burden; then two steps and safety questions."""
    knowledge = s.model.knowledge
    burdens = sorted((questions[f].burden for f in findings), reverse=True)
    cost = burdens[0] + knowledge.number("burden_in_a_list") * sum(burdens[1:])
    own = [f for f in findings if f in found.questions]
    gain = sum(priority(s, found.questions[f]) for f in own)
    if any(worth_asking(s, found.questions[f]) for f in own):
        return 2, gain / cost, 0.0
    wanted = [q.value if q.why == "two_steps" else 0.0 for q in (questions[f] for f in findings)]
    some = any(questions[f].why in {"safety", "two_steps"} for f in findings)
    return int(some), sum(wanted) / cost, gain / cost


def replayed(state: State, model: Model) -> State:
    """The same interview with every answer checked anew. Raises InputError as ``answer`` does."""
    start = from_case(
        {
            "age_years": state.start.age_years,
            "sex": state.start.sex,
            "setting": state.start.setting,
            "present": list(state.start.present),
            "absent": list(state.start.absent),
            "measured": dict(state.start.measured),
            "comorbidities": list(state.start.comorbidities),
        },
        model.knowledge,
    )
    answers_of(start, model.knowledge)
    out = State(state.start)
    for exchange in state.exchanges:
        out = answer(out, exchange.replies, model)
    return out

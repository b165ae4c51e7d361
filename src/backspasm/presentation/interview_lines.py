"""The interview as lines of JSON for other front ends; the protocol is in docs/interview.md."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from backspasm.advice.interview import Ask, Reply, State, answer, back, next_question
from backspasm.inference.model import Model
from backspasm.patients.from_case import from_case
from backspasm.patients.patient import InputError, shortened
from backspasm.patients.typed_value import typed_value
from backspasm.presentation.interview_saved import case_of_state
from backspasm.presentation.interview_words import standing, why_lines
from backspasm.presentation.next_step import PLACES, REASON, why
from backspasm.records.units import plain_unit

Send = Callable[[dict[str, Any]], None]
#: the next line, or None at the end of input
Receive = Callable[[], str | None]


def lines(
    state: State | None, model: Model, together: bool, send: Send, receive: Receive, keep: Callable[[State], None]
) -> State | None:
    """Send questions and take answers until the stop rule, a quit, or the end of input. Returns the last state."""
    while state is None:
        send(_about_patient(model))
        message = _message(receive(), send)
        if message is None:
            return None
        if "case" in message:
            try:
                state = State(from_case(message["case"], model.knowledge))
            except InputError as error:
                send(_error(error))
        elif message.get("command") == "quit":
            return None
        elif message:
            send({"type": "error", "message": 'give {"case": {"age_years": ..., "sex": ..., "setting": ...}}'})
    while True:
        try:
            ask = next_question(state, model, together)
        except InputError as error:  # a case that contradicts itself
            send(_error(error))
            return None
        send(_stop(state, ask, model) if ask.stop else _question(state, ask, model))
        if ask.stop:
            return state
        message = _message(receive(), send)
        if message is None or message.get("command") == "quit":
            send(_stop(state, Ask((), True, ask.reason), model, quit_early=True))
            return state
        if message.get("command") == "back":
            state = back(state)
        elif message.get("command") == "why":
            send({"type": "why", "lines": why_lines(ask, model)})
        elif "answers" in message:
            try:
                state = answer(state, _replies(message["answers"], ask, model), model)
            except InputError as error:
                send(_error(error))
        elif message:
            send({"type": "error", "message": 'give {"answers": {...}} or {"command": "back|why|quit"}'})
        keep(state)


def _message(line: str | None, send: Send) -> dict[str, Any] | None:
    """A message; an empty one (after an error line) for what is no JSON object; None at the end of input."""
    if line is None:
        return None
    try:
        message = msgspec.json.decode(line)
    except msgspec.DecodeError:
        message = None
    if not isinstance(message, dict):
        send({"type": "error", "message": "this line is not a JSON object"})
        return {}
    return message


def _replies(given: Any, ask: Ask, model: Model) -> dict[str, Reply]:
    if not isinstance(given, dict) or not given:
        raise InputError.one("answers", given, "must map findings to answers", 'give {"fever": "no"}')
    asked = {q.finding for q in ask.questions}
    out: dict[str, Reply] = {}
    for name, value in given.items():
        if name not in asked:
            raise InputError.one("answers", name, "was not asked", f"answer {', '.join(sorted(asked))}")
        measured = model.knowledge.findings[name].kind == "measured"
        if value in ("yes", "no", "unknown") and isinstance(value, str) and (not measured or value == "unknown"):
            out[name] = value  # type: ignore[assignment]
        elif measured and isinstance(value, str | int | float) and not isinstance(value, bool):
            out[name] = typed_value(str(value), name, model.knowledge)
        else:
            mend = "give a number, with its unit if it is another" if measured else "give yes, no or unknown"
            raise InputError.one(name, shortened(value), "is no answer to this question", mend)
    return out | {name: "unknown" for name in asked if name not in out}


def _error(error: InputError) -> dict[str, Any]:
    return {"type": "error", "message": str(error)}


def _about_patient(model: Model) -> dict[str, Any]:
    return {
        "type": "patient",
        "fields": ["age_years", "sex", "setting"],
        "sex": ["male", "female", "unknown"],
        "setting": list(model.knowledge.index.settings),
    }


def _question(state: State, ask: Ask, model: Model) -> dict[str, Any]:
    return {
        "type": "question",
        "number": len(state.exchanges) + 1,
        "items": [_item(q.finding, round(q.value, PLACES), why(q, model.knowledge), model) for q in ask.questions],
        "standing": _standing(state, model),
    }


def _item(finding: str, value: float, because: str, model: Model) -> dict[str, Any]:
    record = model.knowledge.findings[finding]
    out: dict[str, Any] = {"finding": finding, "ask": record.ask, "kind": record.kind, "value": value, "why": because}
    if record.kind == "measured":
        out["unit"] = plain_unit(record.unit)
        if record.plausible:
            out["lowest"], out["highest"] = (model.knowledge.number(n) for n in record.plausible)
    return out


def _stop(state: State, ask: Ask, model: Model, quit_early: bool = False) -> dict[str, Any]:
    return {
        "type": "stop",
        "finished": not quit_early,
        "reason": "the interview was left" if quit_early else REASON[ask.reason],
        "questions": len(state.exchanges),
        "standing": _standing(state, model),
        "case": case_of_state(state),
    }


def _standing(state: State, model: Model) -> dict[str, Any]:
    level, causes = standing(state, model)
    return {"urgency": level, "causes": [{"cause": c, "probability": round(p, PLACES)} for c, p in causes]}

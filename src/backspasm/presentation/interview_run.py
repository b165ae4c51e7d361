"""Joins the interview to standard input and output."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import msgspec

from backspasm.advice.interview import State, patient_of
from backspasm.inference.model import Model
from backspasm.patients.answers import answers_of
from backspasm.patients.patient import Patient
from backspasm.presentation import interview_lines, interview_talk
from backspasm.presentation.interview_saved import check_place
from backspasm.presentation.interview_saved import resume as read_saved
from backspasm.presentation.interview_saved import save as write_saved


def run(
    model: Model, start: Patient | None, resume: Path | None, save: Path | None, as_json: bool, together: bool
) -> None:
    """Run one interview to its end; at a terminal the assessment follows.

    Raises:
        InputError: for a file that cannot be resumed or saved, or a start that contradicts itself.
    """
    if save is not None:
        check_place(save)
    state = read_saved(resume, model) if resume is not None else None
    if state is None and start is not None:
        answers_of(start, model.knowledge)
        state = State(start)

    def keep(now: State) -> None:
        if save is not None:
            write_saved(now, save, model)

    if as_json:
        state = interview_lines.lines(state, model, together, _send, _receive, keep)
        if state is not None:
            keep(state)
        return
    try:
        if state is None:
            state = interview_talk.begin(model.knowledge, _say, _hear)
        state = interview_talk.talk(state, model, together, _say, _hear, keep)
    except interview_talk.LeftError:
        return
    keep(state)
    _say(f"\n{interview_talk.summary(state, model)}\n")
    from rich.console import Console

    from backspasm.advice.assessment import assess
    from backspasm.presentation.terminal import print_assessment

    print_assessment(assess(patient_of(state), model), model.knowledge, Console(highlight=False))


def _say(text: str) -> None:
    print(text, flush=True)


def _hear(prompt: str) -> str:
    """One answer; the end of input is a quit."""
    try:
        return input(f"{prompt.rstrip()} > " if prompt.strip() else f"{prompt}> ")
    except (EOFError, KeyboardInterrupt):
        print()
        return "quit"


def _send(message: dict[str, Any]) -> None:
    sys.stdout.buffer.write(msgspec.json.encode(message) + b"\n")
    sys.stdout.buffer.flush()


def _receive() -> str | None:
    line = sys.stdin.buffer.readline()
    return line.decode("utf-8", errors="replace") if line else None

"""Runs a command in this process, with the model already loaded."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import pytest
from typer.testing import CliRunner

from backspasm import Model
from backspasm.cli import app


class Outcome(NamedTuple):
    """What a command left behind."""

    code: int
    out: str
    err: str


Run = Callable[..., Outcome]


@pytest.fixture
def run(model: Model, monkeypatch: pytest.MonkeyPatch) -> Run:
    """``run("assess", "-", stdin=b"...")``: an unexpected exception comes through and fails the test."""
    monkeypatch.setattr("backspasm.inference.model.load", lambda *_, **__: model)
    # else the first command that only reads would say on standard error that it prepares the knowledge base
    monkeypatch.setattr("backspasm.records.kept.load_knowledge", lambda *_, **__: model.knowledge)

    def call(*arguments: str, stdin: bytes = b"") -> Outcome:
        result = CliRunner().invoke(app, arguments, input=stdin, catch_exceptions=False, prog_name="backspasm")
        return Outcome(result.exit_code, result.stdout, result.stderr)

    return call

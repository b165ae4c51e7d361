"""A reader for the note tests."""

from __future__ import annotations

import pytest

from backspasm import Knowledge
from backspasm.patients.from_note import Reading, read_note


class Reader:
    """Reads with one knowledge base."""

    def __init__(self, knowledge: Knowledge) -> None:
        self.knowledge = knowledge

    def __call__(self, text: str) -> Reading:
        return read_note(text, self.knowledge)


@pytest.fixture(scope="session")
def read(knowledge: Knowledge) -> Reader:
    return Reader(knowledge)

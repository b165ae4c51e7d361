"""Heading of a part of a report on a terminal."""

from __future__ import annotations

from rich.text import Text


def heading(text: str, note: str = "") -> Text:
    """A blank line, the heading in bold, and a remark beside it."""
    return Text.assemble(("\n" + text, "bold"), (f"  {note}" if note else "", "dim"))

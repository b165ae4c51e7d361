"""Tables with a column for yes and one for no, as forms and templates have them."""

from __future__ import annotations

import re

_ROW = re.compile(r"^[ \t]*\|.*\|[ \t]*$", re.MULTILINE)
_YES, _NO = frozenset({"yes", "y", "present", "+"}), frozenset({"no", "n", "absent", "-"})
_MARKS = frozenset({"x", "✓", "✔", "✗", "yes", "y", "☒", "☑", "[x]", "*"})
#: most rows that are looked at
_MOST_ROWS = 2_000


def read_tables(lower: str) -> str:
    """The text with each marked row as ``finding: y`` or ``finding: n``; every character keeps its place.

    Only tables whose head names a column for yes and one for no are changed.
    """
    if "|" not in lower:
        return lower
    out: list[str] = []
    at = 0
    columns: dict[int, str] = {}
    end = -2
    for count, row in enumerate(_ROW.finditer(lower)):
        if count == _MOST_ROWS:
            break
        if row.start() > end + 1:
            columns = {}
        end = row.end()
        line = row.group()
        cells = line.split("|")
        names = {i: "y" if c.strip() in _YES else "n" for i, c in enumerate(cells) if c.strip() in _YES | _NO}
        if not columns and set(names.values()) == {"y", "n"} and len(cells) > 3:
            columns = names
            continue
        marked = [i for i in columns if i < len(cells) and cells[i].strip() in _MARKS]
        if len(marked) != 1 or not cells[1].strip():
            continue
        answer = columns[marked[0]]
        rest = len(line) - len("|".join(cells[:2])) - 1
        if rest < 3:
            continue
        out += [lower[at : row.start()], "|".join(cells[:2]), ":", f" {answer}".ljust(rest)]
        at = row.end()
    out.append(lower[at:])
    return "".join(out)

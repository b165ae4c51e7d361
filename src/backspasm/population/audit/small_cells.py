"""Small cells are not shown, nor any from which a small one could be worked out by taking others from their total.

A cell is small where its count, or what is left to its denominator, is above 0 and below the threshold. A count of 0 is
shown. Where hidden cells could be worked out (a single one, or several whose sum is itself small), the next smallest is
hidden too (complementary suppression; Willenborg L, de Waal T, Elements of Statistical Disclosure Control, Springer 2001).
This guards within one table with its total; two reports of overlapping data can still be compared.
"""

from __future__ import annotations

from collections.abc import Mapping

Cell = tuple[int, int]


def is_small(cell: Cell, threshold: float) -> bool:
    """Whether a count, its rest, or the whole of a (count, of) is above 0 and below the threshold."""
    count, of = cell
    return any(0 < n < threshold for n in (count, of - count, of))


def hidden(cells: Mapping[str, Cell], threshold: float, already: frozenset[str] = frozenset()) -> frozenset[str]:
    """Names of the cells to hide, where the total of all is shown.

    Args:
        already: cells hidden for another reason.
    """
    out = {name for name, cell in cells.items() if is_small(cell, threshold)} | (already & set(cells))
    rest = sorted((n for n in cells if n not in out), key=lambda n: (cells[n][1], n))
    # an empty cell guards nothing: it is known to be empty from what is left to it
    while out and rest and _can_be_worked_out([cells[n] for n in out], threshold):
        full = next((n for n in rest if cells[n][1] > 0), None)
        if full is None:
            break
        rest.remove(full)
        out.add(full)
    return frozenset(out)


def _can_be_worked_out(cells: list[Cell], threshold: float) -> bool:
    full = [cell for cell in cells if cell[1] > 0]
    together = (sum(c for c, _ in full), sum(of for _, of in full))
    return len(full) == 1 or is_small(together, threshold)


def hidden_within(
    cells: Mapping[str, Cell], parents: Mapping[str, str], hidden_parents: frozenset[str], threshold: float
) -> frozenset[str]:
    """As ``hidden``, for groups that lie within others whose cells are shown too.

    All groups of a hidden parent are hidden, since their sum would be the parent.
    """
    out: set[str] = set()
    for parent in dict.fromkeys(parents[name] for name in cells):
        inside = {name: cell for name, cell in cells.items() if parents[name] == parent}
        out |= set(inside) if parent in hidden_parents else hidden(inside, threshold)
    return frozenset(out)

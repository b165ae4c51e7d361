"""A probability or share as a bar with its interval as a whisker: a small SVG that prints and follows the page's colours."""

from __future__ import annotations

from markupsafe import Markup, escape

from backspasm.presentation import words
from backspasm.probability import Estimate

WIDTH, HEIGHT = 200, 18


def interval_bar(estimate: Estimate, name: str, level: str = "90 %") -> Markup:
    """One bar from 0 to 100 %, with the interval of this level.

    The numbers stand beside it as text; the title says them for those who do not see it.
    """
    e = estimate
    x, low, high = (f"{WIDTH * p:.1f}" for p in (e.value, e.low, e.high))
    title = escape(f"{name}: {words.chance(e.value)}, {level} interval {words.span(e.low, e.high)}")
    middle = HEIGHT / 2
    caps = "".join(f'<line class="w" x1="{c}" x2="{c}" y1="{middle - 4}" y2="{middle + 4}"/>' for c in (low, high))
    return Markup(
        f'<svg class="bar" viewBox="-1 0 {WIDTH + 2} {HEIGHT}" preserveAspectRatio="none" role="img">'
        f"<title>{title}</title>"
        f'<rect class="t" width="{WIDTH}" height="{HEIGHT}" rx="3"/>'
        f'<rect class="v" width="{x}" height="{HEIGHT}" rx="3"/>'
        f'<line class="w" x1="{low}" x2="{high}" y1="{middle}" y2="{middle}"/>{caps}</svg>'
    )

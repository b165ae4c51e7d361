"""What all pictures share: the style of Matplotlib, in which the same input gives the same bytes, and the colours."""

from __future__ import annotations

from typing import Any

#: colours that differ for the colour-blind too: what a picture is about, what it is set beside, what stands back
BLUE, ORANGE, GREY = "#0b6e8e", "#c2571a", "#8a8f98"
STYLE: Any = {
    "svg.hashsalt": "backspasm",
    "svg.fonttype": "path",
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
}

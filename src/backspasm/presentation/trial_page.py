"""A virtual trial, or several side by side, as one HTML file that needs nothing else, or as Markdown."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from backspasm.cycle.trial.result import TrialResult
from backspasm.presentation.forest import STYLE as FOREST_STYLE
from backspasm.presentation.forest import described, forest_svg
from backspasm.presentation.rendering import rendered
from backspasm.presentation.trial_compare import compared
from backspasm.presentation.trial_view import trial_view
from backspasm.records.knowledge import Knowledge


def trial_page(r: TrialResult, knowledge: Knowledge, *, markdown: bool = False) -> bytes:
    """One trial."""
    if markdown:
        return rendered("trial.md.j2", k=knowledge, t=trial_view(r, knowledge))
    return rendered(
        "trial.html.j2",
        k=knowledge,
        t=trial_view(r, knowledge),
        forest_style=Markup(FOREST_STYLE),
        **_pictures(r, knowledge),
    )


def comparison_page(results: Sequence[TrialResult], knowledge: Knowledge, *, markdown: bool = False) -> bytes:
    """Several trials beside what was published."""
    c = compared(results, knowledge)
    if markdown:
        return rendered("trials.md.j2", k=knowledge, c=c)
    return rendered(
        "trials.html.j2",
        k=knowledge,
        c=c,
        forest_style=Markup(FOREST_STYLE),
        pictures={r.protocol.id: _pictures(r, knowledge) for r in results},
    )


def _pictures(r: TrialResult, knowledge: Knowledge) -> dict[str, object]:
    from backspasm.presentation.trial_figure import courses_svg, differences_svg, ends_svg, published_plot

    plot, in_words = differences_svg(r)
    published = published_plot(r, knowledge)
    return {
        "courses": courses_svg(r),
        "differences": plot,
        "differences_in_words": in_words,
        "ends": ends_svg(r),
        "published": None
        if published is None
        else forest_svg(published, "Published and simulated differences", f"p-{r.protocol.id}", styled=False),
        "published_in_words": "" if published is None else described(published),
    }

"""The course to expect as a page shows it."""

from __future__ import annotations

from dataclasses import dataclass

from backspasm.advice.assessment import Assessment
from backspasm.presentation.cycle_words import course_table, persistence_words, told_apart
from backspasm.records.cycle_types import CycleRecords

#: at these levels help is needed now, and a course over weeks would only distract
ACUTE = {"emergency", "same_day"}


@dataclass(frozen=True)
class CourseView:
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    options: tuple[tuple[str, str], ...]  # name, prescription
    said: tuple[str, ...]
    draws: int


def course_view(a: Assessment, cycle: CycleRecords) -> CourseView | None:
    """The course to expect, where waiting is an answer."""
    if a.course is None or a.urgency.level in ACUTE:
        return None
    header, rows = course_table(a.course, cycle)
    options = tuple((cycle.options[name].name, text) for name, text in a.course.options.items())
    said = (persistence_words(a.course), told_apart(a.course), *a.course.remarks)
    return CourseView(tuple(header), tuple(map(tuple, rows)), options, said, a.course.draws)

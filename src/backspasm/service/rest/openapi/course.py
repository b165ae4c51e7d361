"""The course to expect: the part `course` of an assessment, and the answer of a simulation."""

from __future__ import annotations

from typing import Literal

from backspasm.service.rest.openapi.types import Part, Probability, Texts


class Band(Part, frozen=True):
    """Median and 90 % band, a value for each day."""

    median: list[float]
    low: list[float]
    high: list[float]


class Arm(Part, frozen=True):
    """One option over the days; units are in ``units`` of the course."""

    pain: Band
    spasm: Band
    resting_emg: Band
    flexion_relaxation_ratio: Band
    motion: Band
    drowsy: list[float]
    less_pain: Band


class Persistence(Part, frozen=True):
    """Above 1 a painful state can sustain itself."""

    value: float
    low: float
    high: float
    probability_above_1: Probability


class Course(Part, frozen=True):
    """The course to expect under each option; ``rival``: the same model without the loop from pain to spasm to pain."""

    days: list[float]
    arms: dict[str, Arm]
    rival: dict[str, Arm]
    persistence_number: Persistence
    rival_persistence_number: Persistence
    for_loop: float
    options: dict[str, str]
    causes: dict[str, Probability]
    modelled: Probability
    units: dict[str, str]
    remarks: Texts
    draws: int


class NoCourse(Part, frozen=True):
    """The pain probably comes from elsewhere than the back; ``not_assessed`` says so."""

    assessed: Literal[False]

"""Who presents: strata of a population with their weights, cut to an age range."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from backspasm.inference.strata import Ages, Stratum
from backspasm.patients.patient import InputError
from backspasm.records.knowledge import Knowledge


def presenters(
    knowledge: Knowledge,
    setting: str | None = None,
    age_from: float | None = None,
    age_to: float | None = None,
    sex: str | None = None,
    cuts: Sequence[float] = (),
) -> tuple[tuple[Stratum, ...], tuple[tuple[float, float], ...]]:
    """Strata of the presenters, with weights that sum to 1, and the range of ages (years) in each.

    Ages are even within a band, since nothing finer is known. A band is cut where the range of ages or one of ``cuts``
    falls into it, so a stratum may appear several times with other ages.

    Raises:
        InputError: where nobody of that age presents there.
    """
    settings = {setting: 1.0} if setting else knowledge.table("setting_mix")
    male = knowledge.number("presenter_male_share")
    sexes = {sex: 1.0} if sex else {"male": male, "female": 1 - male}
    shares = knowledge.tables("presenter_ages")
    strata: list[Stratum] = []
    ages: list[tuple[float, float]] = []
    for place, place_weight in settings.items():
        of_all = sum(shares[place].values())
        for band, (low, high) in band_ranges(knowledge).items():
            start = low if age_from is None else max(low, age_from)
            end = high if age_to is None else min(high, age_to)
            inside = [start, *sorted(c for c in cuts if start < c < end), end]
            for one, next_one in pairwise(inside):
                weight = place_weight * shares[place][band] / of_all * (next_one - one) / (high - low)
                if next_one <= one or weight <= 0:
                    continue
                for name, share in sexes.items():
                    strata.append(Stratum(place, band, name, weight * share))
                    ages.append((one, next_one))
    total = sum(s.weight for s in strata)
    if total <= 0:
        given = " ".join(f"{word} {age:g}" for word, age in (("from", age_from), ("to", age_to)) if age is not None)
        raise InputError.one("age", given, "nobody of that age presents there", "widen --age-from and --age-to")
    return tuple(Stratum(s.setting, s.band, s.sex, s.weight / total) for s in strata), tuple(ages)


def band_ranges(knowledge: Knowledge) -> dict[str, tuple[float, float]]:
    """First and last age of every band, in years."""
    ages = Ages.of(knowledge)
    ends = (*ages.starts[1:], knowledge.number("oldest_presenter"))
    return {band: (start, end) for band, start, end in zip(ages.bands, ages.starts, ends, strict=True)}

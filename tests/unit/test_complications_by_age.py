"""Shares of complications follow age and setting, as the estimators said them."""

from __future__ import annotations

from backspasm import Model
from backspasm.inference.elicited import rate_of
from backspasm.records.types import AGE_GROUPS, ElicitedRate, ElicitedRates


def said(**fields: object) -> ElicitedRate:
    return ElicitedRate(causes=("a",), estimate=0.5, low=0.4, high=0.6, why="", **fields)  # type: ignore[arg-type]


OTHERS = ElicitedRate(estimate=0.01, low=0.001, high=0.1, why="")


def test_the_narrowest_entry_holds() -> None:
    general, of_age = said(), said(ages=("adult",))
    of_place, of_both = said(settings=("referred",)), said(ages=("adult",), settings=("emergency",))
    rates = ElicitedRates(rates=(general, of_age, of_place, of_both), others=OTHERS)
    assert rate_of(rates, "a", "teen", "community") is general
    assert rate_of(rates, "a", "adult", "community") is of_age
    assert rate_of(rates, "a", "adult", "referred") is of_place
    assert rate_of(rates, "a", "adult", "emergency") is of_both
    assert rate_of(rates, "b", "adult", "emergency") is OTHERS


def test_most_herniations_of_adults_irritate_a_root(model: Model) -> None:
    """Entries with ages were once passed over for complications, and the rare `others` stood in their place."""
    p = model.parameters
    cause, root = p.causes.index("disc_herniation"), p.complications.index("nerve_root_irritation")
    for setting in p.settings:
        adult = model.means.shares(setting, AGE_GROUPS.index("adult"))[cause, root]
        child = model.means.shares(setting, AGE_GROUPS.index("young_child"))[cause, root]
        assert 0.5 < adult < 0.9
        assert child < adult

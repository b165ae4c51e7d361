"""The chi-square tail without SciPy, which would slow every command, agrees with SciPy's."""

from __future__ import annotations

import pytest
from scipy.special import chdtrc

from backspasm.inference.special import chi_square_above


@pytest.mark.parametrize("degrees", range(1, 12))
@pytest.mark.parametrize("value", [0.01, 0.5, 1.0, 3.84, 9.2, 25.0, 80.0])
def test_tail(degrees: int, value: float) -> None:
    assert chi_square_above(value, degrees) == pytest.approx(float(chdtrc(degrees, value)), rel=1e-9, abs=1e-300)

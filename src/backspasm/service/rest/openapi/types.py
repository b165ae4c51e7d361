"""What the types of the answers share."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

Level = Literal["emergency", "same_day", "urgent", "routine", "self_care"]
#: by when a test or a step of a pathway is due
When = Literal["now", "today", "within_two_weeks", "after_six_weeks", "planned"]
#: of a treatment that this patient must not be given, or only with care
Warned = Literal["avoid", "caution"]
Probability = Annotated[float, Meta(ge=0, le=1)]
Interval = Annotated[list[Probability], Meta(min_length=2, max_length=2)]
Texts = list[str]
Digest = Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]


class Part(Struct, frozen=True, forbid_unknown_fields=True):
    """A JSON object without further keys."""

"""The encounter at issue while its resources are written."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from backspasm.population.synthetic.resources import (
    Json,
    Record,
)
from backspasm.population.synthetic.story import Story
from backspasm.population.synthetic.world import World


@dataclass(frozen=True)
class Scene:
    """The encounter while its resources are written. ``here``: its reference; ``when``: a moment within it."""

    record: Record
    story: Story
    world: World
    rng: random.Random
    here: Json
    when: str

    def before(self, days: float) -> str:
        """The day so many days before the encounter."""
        return (self.story.start - timedelta(days=days)).date().isoformat()

    def one_of(self, options: Any) -> Any:
        return options[int(self.rng.random() * len(options))]

    def some_day(self) -> str:
        """A day before the encounter, within the patient's life."""
        history, lived = self.world.history, self.story.lived
        latest = min(history["before_days_to"], lived)
        nearest = min(history["before_days_from"], lived)
        return self.before(int(nearest + self.rng.random() * max(0, latest - history["before_days_from"])))

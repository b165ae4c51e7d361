"""One virtual patient's record: the encounter, and so much around it that the record has its size."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from statistics import NormalDist

import msgspec

from backspasm.population.synthetic.resources import Json, Record
from backspasm.population.synthetic.story import Story
from backspasm.population.synthetic.surroundings import write_after, write_other_visit
from backspasm.population.synthetic.visit import patient_resource, write_visit
from backspasm.population.synthetic.world import World

#: bytes in a kilobyte of a record's size
KILO = 1000

Line = tuple[str, bytes]


def record_of(story: Story, world: World, rng: random.Random, kilobytes: float) -> tuple[str, list[Line]]:
    """Id of the encounter at issue, and every resource as its type and its JSON.

    Args:
        kilobytes: mean size of a record, in kB of JSON; sizes are log-normal around it, and never cut the encounter.
    """
    record = Record(story.id)
    record.resources.append(patient_resource(story))
    encounter = write_visit(record, story, world, rng)
    write_after(record, story, world, rng)
    lines = list(_encoded(record.resources))
    size, wanted = sum(len(line) + 1 for _, line in lines), _wanted(world, rng, kilobytes)
    while True:
        done = len(record.resources)
        write_other_visit(record, story, world, rng)
        more = list(_encoded(record.resources[done:]))
        length = sum(len(line) + 1 for _, line in more)
        if size + length / 2 > wanted:  # the last visit is written if that brings the size nearer
            return encounter, lines
        lines += more
        size += length


def bundle_of(lines: list[Line]) -> bytes:
    """The lines of one patient as a collection Bundle."""
    entries = b",".join(b'{"resource":' + line + b"}" for _, line in lines)
    return b'{"resourceType":"Bundle","type":"collection","entry":[' + entries + b"]}"


def _encoded(resources: list[Json]) -> Iterator[Line]:
    for resource in resources:
        yield resource["resourceType"], msgspec.json.encode(resource)


def _wanted(world: World, rng: random.Random, kilobytes: float) -> float:
    """A log-normal size whose mean is the size asked for, in bytes."""
    spread = world.history["size_spread"]
    middle = math.log(kilobytes * KILO) - spread**2 / 2
    u = min(max(rng.random(), 1 / KILO), 1 - 1 / KILO)
    return math.exp(NormalDist(middle, spread).inv_cdf(u))

"""Do the lines of each patient come together whole, in order and once, however a file is cut up?"""

from __future__ import annotations

import random
from itertools import groupby
from pathlib import Path

import pyarrow as pa
import pytest

from backspasm.population.screen import gather, grouped, partition
from backspasm.population.screen.gather import bucket_batches
from backspasm.population.screen.grouped import GroupedReader
from backspasm.population.screen.heads import Heads, Owners, heads_of
from backspasm.population.screen.inputs import File
from backspasm.population.screen.lines import KINDS, head_of
from backspasm.population.screen.partition import Stretch, sort_stretch, texts_of
from backspasm.population.screen.patient_lines import patient_lines

#: number of the line, bytes
Own = list[tuple[int, bytes]]


def some_lines(seed: int, spoilt: bool = False, medications: bool = True) -> list[bytes]:
    """Lines of 30 patients, patient after patient, with lines of nobody and lines that are not read among them."""
    rng = random.Random(seed)
    out = []
    for patient in range(30):
        for i in range(rng.choice([1, 2, 5, 40])):
            kind = rng.choice(["Condition", "Observation", "MedicationRequest", "Immunization", "AllergyIntolerance"])
            who = "patient" if kind in {"Immunization", "AllergyIntolerance"} else "subject"
            first = '"meta":{"versionId":"1"},' if rng.random() < 0.3 else ""
            asked = (
                f',"medicationReference":{{"reference":"Medication/m{rng.randrange(4)}"}}'
                if kind.startswith("Med")
                else ""
            )
            text = "x" * rng.randrange(300)
            out.append(
                f'{{"resourceType":"{kind}","id":"{patient}-{i}",{first}"{who}":{{"reference":"Patient/p{patient}"}}'
                f'{asked},"note":"{text}"}}'.encode()
            )
            if rng.random() < 0.15:
                out.append(rng.choice([b"", b" ", b'{"resourceType":"Organization","id":"o"}']))
            if medications and rng.random() < 0.2:
                out.append(
                    b'{"resourceType":"Medication","id":"m%d","code":{"text":"%d"}}'
                    % (rng.randrange(4), rng.random() * 99)
                )
            if spoilt and rng.random() < 0.1:
                out.append(rng.choice([b"{", b"[]", out[-1][:40], b'{"resourceType":"Observation","id":"nobody"}']))
    return out


def one_by_one(lines: list[bytes]) -> list[tuple[str, Own]]:
    """What the reader of a grouped file should say, line by line."""
    about: list[tuple[str, int, bytes]] = []
    shared: dict[bytes, tuple[int, bytes]] = {}
    out: list[tuple[str, Own]] = []
    heads = [head_of(line) if line.strip() else None for line in lines]
    for number, (line, head) in enumerate(zip(lines, heads, strict=True), 1):
        if head is not None and head.patient is not None:
            about.append((head.patient, number, line))
    starts = [next(g)[1] for _, g in groupby(about, key=lambda x: x[0])]
    for (patient, own), end in zip(groupby(about, key=lambda x: x[0]), [*starts[1:], len(lines) + 1], strict=True):
        kept = [(n, line) for _, n, line in own if (head := heads[n - 1]) is not None and head.type in {*KINDS}]
        for n in range(1, end):
            head = heads[n - 1]
            if head is not None and head.type == "Medication":
                shared[head.name.encode()] = (n, lines[n - 1])
        asked = dict.fromkeys(m for _, line in kept for m in gather._MEDICATION.findall(line))
        if kept:
            out.append((patient, kept + [shared[name] for name in asked if name in shared]))
    return out


def rows_of(batches: list[pa.RecordBatch]) -> list[tuple[str, Own]]:
    """Patients with their lines, taken from the zero-copy view, which must agree with the Arrow columns."""
    out = []
    for batch in batches:
        view = patient_lines(batch)
        assert [
            [bytes(view.text(j)) for j in range(a, b)] for a, b in zip(view.first, view.first[1:], strict=False)
        ] == [[x["data"] for x in row] for row in batch.column("lines").to_pylist()]
        for i, name in enumerate(view.patients):
            own = range(view.first[i], view.first[i + 1])
            lines = [(int(view.line[j]), bytes(view.text(j)).removesuffix(b"\n")) for j in own]
            for j, (_, line) in zip(own, lines, strict=True):
                assert view.kind[j] in {-1, KINDS.index(head_of(line).type or "Patient")}
            out.append((name, lines))
    return out


@pytest.fixture(params=[1, 2])
def seed(request: pytest.FixtureRequest) -> int:
    number: int = request.param
    return number


def written(folder: Path, lines: list[bytes], end: bytes = b"\n") -> File:
    place = folder / "a.ndjson"
    place.write_bytes(b"\n".join(lines) + end)
    return File("a.ndjson", str(place), place.stat().st_size, 0)


def test_a_grouped_file_is_read_as_line_by_line(seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = some_lines(seed)
    file = written(tmp_path, lines, b"" if seed == 2 else b"\n")
    monkeypatch.setattr(gather, "PATIENTS", 7)
    reader = GroupedReader(Stretch(0, 0, file.size), file)
    assert rows_of(list(reader.batches())) == one_by_one(lines)
    assert reader.lines == len(lines)
    assert sum(reader.types.values()) == sum(1 for line in lines if line.strip())


@pytest.mark.parametrize("stretch", [1_500, 7_000])
@pytest.mark.parametrize("block", [64, 3_000])
def test_stretches_of_a_grouped_file_lose_nothing_and_repeat_nothing(
    seed: int, stretch: int, block: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = some_lines(seed, spoilt=True, medications=False)
    file = written(tmp_path, lines)
    monkeypatch.setattr(partition, "BLOCK", block)
    monkeypatch.setattr(grouped, "PIECE", 10 * block)
    whole = GroupedReader(Stretch(0, 0, file.size), file)
    expected = rows_of(list(whole.batches()))
    assert whole.problems
    found, problems, before = [], [], 0
    for start in range(0, file.size, stretch):
        reader = GroupedReader(Stretch(0, start, min(start + stretch, file.size)), file)
        found += [(name, [(before + n, line) for n, line in own]) for name, own in rows_of(list(reader.batches()))]
        problems += [(before + p.line, p.resource, p.reason) for p in reader.problems]
        before += reader.lines
    assert found == expected
    assert problems == [(p.line, p.resource, p.reason) for p in whole.problems]
    assert before == whole.lines == len(lines)


@pytest.mark.parametrize("size", [4_000, 100_000])
def test_buckets_hold_every_patient_once_with_all_lines_in_order(
    seed: int, size: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = some_lines(seed)
    random.Random(seed).shuffle(lines)
    file = written(tmp_path, lines)
    stretches = [Stretch(0, at, min(at + size, file.size)) for at in range(0, file.size, size)]
    monkeypatch.setattr(gather, "TEXT", 2_000)
    parts, before = [], 0
    for one in stretches:
        done = sort_stretch(one, file, 3, tmp_path)
        parts += [(tmp_path / f"{one.name}-{p:04d}.arrow", before) for p in range(done.parts)]
        before += done.lines
    assert before == len(lines)
    found = [rows_of(list(bucket_batches(parts, b))) for b in range(3)]
    assert all([name for name, _ in rows] == sorted(name for name, _ in rows) for rows in found)
    expected: dict[str, Own] = {}
    medications = {}
    for number, line in enumerate(lines, 1):
        head = head_of(line) if line.strip() else None
        if head is not None and head.type == "Medication":
            medications[head.name.encode()] = (number, line)
        elif head is not None and head.patient is not None and head.type in KINDS:
            expected.setdefault(head.patient, []).append((number, line))
    for own in expected.values():
        asked = dict.fromkeys(m for _, line in own for m in gather._MEDICATION.findall(line))
        own += [medications[name] for name in asked if name in medications]
    assert dict(row for rows in found for row in rows) == expected


class Failing:
    """A stream whose disk fails after so many bytes."""

    def __init__(self, data: bytes, after: int) -> None:
        self.data, self.after, self.at = data, after, 0

    def read(self, size: int) -> bytes:
        if self.at >= self.after:
            raise OSError("bad sector")
        out = self.data[self.at : min(self.at + size, self.after)]
        self.at += len(out)
        return out


def test_what_stands_before_a_fault_of_the_disk_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(partition, "BLOCK", 10)
    texts = texts_of(Failing(b"aaaa\nbbbb\ncccc\ndddd\n", 17), 8)  # type: ignore[arg-type]
    assert [next(texts), next(texts)] == [b"aaaa\nbbbb\n", b"cccc\n"]
    with pytest.raises(OSError, match="bad sector"):
        next(texts)


def test_a_patient_of_very_many_lines_is_not_looked_at_again_and_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Work grows with the lines, though a text holds only a few of them."""
    line = b'{"resourceType":"Observation","id":"o","subject":{"reference":"Patient/p"},"note":"%s"}' % (b"x" * 400)
    file = written(tmp_path, [line] * 2_000)
    monkeypatch.setattr(partition, "BLOCK", 5_000)
    looked = 0

    def counted(text: bytes, owners: Owners) -> Heads:
        nonlocal looked
        looked += len(text)
        return heads_of(text, owners)

    monkeypatch.setattr(grouped, "heads_of", counted)
    (row,) = rows_of(list(GroupedReader(Stretch(0, 0, 100), file).batches()))
    assert len(row[1]) == 2_000
    assert looked < 4 * file.size

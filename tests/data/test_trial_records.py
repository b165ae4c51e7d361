"""Protocols: faults are named with line and mend, shipped ones say where every number comes from and what was held out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from backspasm import Knowledge
from backspasm.cycle.trial.plan import plan_of
from backspasm.cycle.trial.read import ProtocolError, read_protocol
from backspasm.records.library import knowledge_folder
from backspasm.records.trial_checks import trial_problems
from backspasm.records.yaml_source import read_yaml

FOLDER = knowledge_folder() / "cycle" / "trials"
TEXT = (FOLDER / "borenstein1990.yaml").read_text(encoding="utf-8")


def faults(tmp_path: Path, text: str, knowledge: Knowledge) -> list[str]:
    path = tmp_path / "mine.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ProtocolError) as error:
        read_protocol(path, knowledge)
    assert all(p.file == "mine.yaml" and p.mend for p in error.value.problems)
    return [str(p) for p in error.value.problems]


@pytest.mark.parametrize(
    ("old", "new", "at", "what"),
    [
        # form
        ("blinding: open", "blinding: opne", None, "did you mean 'open'"),
        ("n: 20, prescription", "n: 1, prescription", None, "impossible number 1"),
        ("measure: motion}", "measure: movement}", None, '"movement"'),
        ("visits: [3, 7, 14]", "visits: []", None, "visits"),
        ("question: Does", "qestion: Does", None, "did you mean 'question'"),
        ("median: 45", "median: 100", None, "impossible number 100"),
        # meaning
        ("causes: {soft_tissue: 1}", "causes: {soft_tissu: 1}", None, "did you mean 'soft_tissue'"),
        ("causes: {soft_tissue: 1}", "causes: {soft_tissue: 0.9}", None, "add up to 0.9"),
        ("causes: {soft_tissue: 1}", "causes: {elsewhere: 1}", None, "elsewhere than the back"),
        ("setting: primary_care", "setting: primary", None, "did you mean 'primary_care'"),
        ("start: 0, end: 14", "start: 20, end: 14", None, "lies before start"),
        ("start: 0, end: 14", "start: 12, end: 14", "days: {at_most: 10}", "nobody is eligible"),
        ("pain: {at_most: 70}", "pain: {at_least: 80, at_most: 70}", None, "is more than at_most"),
        ("- id: both\n", "- id: naproxen\n", None, "given twice"),
        ("visits: [3, 7, 14]", "visits: [3, 14, 7]", None, "does not follow day 14"),
        ("outcome: spasm, day: 7}\npublished", "outcome: spasms, day: 7}\npublished", None, "did you mean 'spasm'"),
        ("outcome: spasm, day: 7}\npublished", "outcome: spasm, day: 8}\npublished", None, "use one of 3, 7, 14"),
        ("measure: pain}", "measure: pain, taken_as: share}", None, "needs one limit, and has 0"),
        ("measure: pain}", "measure: pain, at_most: 20}", None, "is for a share of patients"),
        ("measure: drowsy}", "measure: drowsy, taken_as: change}", None, "yes or no already"),
        ("fact: borenstein1990/objective_spasm", "fact: borenstein1990/objective_spasms", None, "unknown fact"),
        ("against: naproxen\n", "against: naproxene\n", None, "did you mean 'naproxen'"),
        ("dispute: relaxant_on_top_of_nsaid", "dispute: relaxant_on_top", None, "did you mean"),
        ("naproxen 500 mg twice a day for 14 days}", "naproxen 500 mg for 14 days}", None, "arms.0.prescription"),
        ("pain: {median: 45}", "pain: {median: 45}\n  typical: {healing: 5}", "healing: 5", "did you mean 'healing_days'"),
        ("pain: {median: 45}", "pain: {median: 45}\n  spread: {central_gain: 1}", "central_gain", "does not differ"),
        ("pain: {median: 45}", "pain: {median: 45}\n  typical: {injury: 1}", "injury", "leave out one of them"),
        ("of: [errors]", "of: [error]", None, "the protocol has no 'error'"),
    ],
)  # fmt: skip
def test_a_fault_is_named_with_line_and_mend(
    tmp_path: Path, knowledge: Knowledge, old: str, new: str, at: str | None, what: str
) -> None:
    assert old in TEXT
    text = TEXT.replace(old, new, 1)
    line = text[: text.index(at or new)].count("\n") + 1
    said = faults(tmp_path, text, knowledge)
    assert any(s.startswith(f"mine.yaml:{line}:") and what in s for s in said), said


def test_all_faults_of_meaning_are_named_together(tmp_path: Path, knowledge: Knowledge) -> None:
    text = TEXT.replace("setting: primary_care", "setting: moon").replace("day: 7}\npublished", "day: 9}\npublished")
    assert len(faults(tmp_path, text, knowledge)) == 2


@pytest.mark.parametrize(("text", "what"), [("", "empty"), ("a: [", "not valid YAML"), ("- 1", "is not a mapping")])
def test_a_file_that_is_no_protocol_is_refused(tmp_path: Path, knowledge: Knowledge, text: str, what: str) -> None:
    assert any(what in s for s in faults(tmp_path, text, knowledge))


def test_shipped_protocols_can_be_run_and_are_the_five_of_the_dispute(knowledge: Knowledge) -> None:
    assert {"borenstein1990", "basmajian1989", "childers2005", "friedman2015", "ketenci2005"} <= set(knowledge.trials)
    for protocol in knowledge.trials.values():
        assert plan_of(protocol, knowledge.cycle).last == protocol.visits[-1]
        assert protocol.published


def test_a_shipped_number_without_a_ground_is_a_fault(knowledge: Knowledge) -> None:
    source, problems = read_yaml(FOLDER / "borenstein1990.yaml", FOLDER.parent.parent)
    assert problems == []
    assert list(trial_problems(knowledge, {"trial": [source]})) == []
    whole = knowledge.trials["borenstein1990"]
    for path, what in (
        ("errors", "errors.spasm"),
        ("visits", "visits.0"),
        ("population.pain", "population.pain.median"),
    ):
        grounds = tuple(msgspec.structs.replace(g, of=tuple(x for x in g.of if x != path)) for g in whole.grounds)
        less = msgspec.structs.replace(knowledge, trials={whole.id: msgspec.structs.replace(whole, grounds=grounds)})
        said = [str(p) for p in trial_problems(less, {"trial": [source]})]
        assert any(f"nothing says where {what} comes from" in s for s in said), said


def test_what_is_called_held_out_is_no_source_of_the_model(knowledge: Knowledge) -> None:
    """A parameter or a drug that was set after a result cannot be tested by it."""
    cycle = knowledge.cycle
    numbers: list[Any] = [*cycle.parameters.values(), cycle.placebo_drowsy, cycle.visit_pain]
    numbers += [n for drug in cycle.drugs.values() for n in cycle.numbers(drug).values()]
    sources = {address for number in numbers for address in number.sources}
    for protocol in knowledge.trials.values():
        for p in protocol.published:
            if p.use == "held_out":
                assert not {p.fact, p.size_from} & sources, p.fact

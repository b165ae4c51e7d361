"""What each tool does: plain data in, plain data out. No tool lets its caller state a probability, an urgency or an advice."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from backspasm.advice.assessment import assess
from backspasm.inference.model import Model
from backspasm.patients.from_case import from_case
from backspasm.patients.from_note import read_note
from backspasm.patients.patient import InputError, Patient
from backspasm.patients.reading import note_text, read_patient
from backspasm.presentation.as_json import to_data
from backspasm.presentation.evidence_cells import opened
from backspasm.presentation.explanation import explanation, explanation_json
from backspasm.presentation.find import Finder, finder
from backspasm.presentation.note import reading_data
from backspasm.records.problems import did_you_mean
from backspasm.records.types import AGE_GROUPS, AgeGroup
from backspasm.records.units import plain_unit
from backspasm.service.mcp import schemas

#: findings that a search lists, unless told otherwise, and at most
FOUND, MOST_FOUND = 10, 50
#: causes of a summary, as many as a row of a screened population names
CAUSES_SHOWN = 5
#: parts of an assessment that a summary leaves out: they explain, and `full` or the other tools give them
LEFT_OUT = frozenset({"course", "bibliography", "disputes", "strata", "notes", "said_by", "outdated"})
#: what a summary keeps of a treatment to consider
TREATMENT_KEPT = ("treatment", "name", "role", "for", "because", "certainty", "verdict", "cautions", "sources")

Data = dict[str, Any]


@dataclass(frozen=True)
class Tool:
    """One tool. ``run`` raises InputError for what its caller can mend."""

    name: str
    title: str
    description: str
    schema: schemas.Schema
    run: Callable[[Mapping[str, Any]], Data]


@dataclass(frozen=True)
class Toolbox:
    """The tools over one model."""

    model: Model

    @cached_property
    def _finder(self) -> Finder:
        return finder(self.model.knowledge)

    @cached_property
    def tools(self) -> tuple[Tool, ...]:
        knowledge = self.model.knowledge
        full: schemas.Schema = {
            "type": "boolean",
            "description": "Everything: every step of every probability, effects of treatments, the course, the studies.",
        }
        of_cause: schemas.Schema = {"enum": list(self.model.parameters.causes), "description": "Which cause."}
        return (
            Tool(
                "find_findings",
                "Find findings",
                "Ids, names, questions and units of the findings that some words may mean. Use it before writing a case.",
                schemas.search(MOST_FOUND),
                self._find,
            ),
            Tool(
                "read_note",
                "Read a note",
                "The findings that a clinical note names, each with its words; a case that `assess` takes.",
                schemas.words("The note, in plain text.", "note"),
                self._read,
            ),
            Tool(
                "assess",
                "Assess a patient",
                "Urgency, red flags, what must not be missed, differential with intervals, what to ask next, tests, and "
                "what this patient may and must not be given. Report its numbers as they are, with their intervals; never "
                "put a number, an urgency or an advice of your own beside them.",
                schemas.patient(knowledge, full=full),
                self._assess,
            ),
            Tool(
                "explain",
                "Explain a probability",
                "Every step from the base rate to the probability of one cause for one patient, with the studies behind it.",
                schemas.patient(knowledge, cause=of_cause),
                self._explain,
            ),
            Tool(
                "evidence",
                "Open the evidence",
                "A study, a fact, an assumption, a treatment, or the rate of a finding in a cause, with its citations.",
                schemas.address(knowledge, AGE_GROUPS),
                self._evidence,
            ),
        )

    def call(self, name: str, given: Mapping[str, Any]) -> Data:
        """Run a tool.

        Raises:
            InputError: an unknown tool, or what the tool refuses.
        """
        by_name = {tool.name: tool for tool in self.tools}
        tool = by_name.get(name)
        if tool is None:
            mend = did_you_mean(name, tuple(by_name), f"one of {', '.join(by_name)}")
            raise InputError.one("tool", name, "unknown tool", mend)
        known = tuple(tool.schema["properties"])
        for key in given:
            if key not in known:
                raise InputError.one(str(key), "", f"{name} takes no such argument", f"it takes {', '.join(known)}")
        for key in tool.schema["required"]:
            if key not in given:
                raise InputError.one(key, "", "missing", str(tool.schema["properties"][key]["description"]))
        return tool.run(given)

    def _find(self, given: Mapping[str, Any]) -> Data:
        limit = given.get("limit", FOUND)
        if not isinstance(limit, int) or isinstance(limit, bool) or not 1 <= limit <= MOST_FOUND:
            raise InputError.one("limit", str(limit), "is no such number", f"a whole number from 1 to {MOST_FOUND}")
        found = self._finder.find(_text(given, "words"), limit)
        records = self.model.knowledge.findings
        rows = []
        for f in found:
            record = records[f.finding]
            row: Data = {"finding": f.finding, "name": f.name, "kind": record.kind, "ask": f.ask}
            row |= {"unit": plain_unit(record.unit)} if record.unit else {}
            row |= {"found_through": f.through} if f.through else {}
            rows.append(row | {"does_not_count": list(record.does_not_count_as)})
        return {"findings": rows}

    def _read(self, given: Mapping[str, Any]) -> Data:
        return reading_data(read_note(note_text(_text(given, "note")), self.model.knowledge))

    def _assess(self, given: Mapping[str, Any]) -> Data:
        full = given.get("full", False)
        if not isinstance(full, bool):
            raise InputError.one("full", str(full), "is neither true nor false", "give true or false")
        data = to_data(assess(self._patient(given), self.model), self.model.knowledge)
        return data if full else summary(data)

    def _explain(self, given: Mapping[str, Any]) -> Data:
        cause = given.get("cause")
        known = self.model.parameters.causes
        if cause not in known:
            mend = did_you_mean(str(cause or ""), known, "one of " + ", ".join(known))
            raise InputError.one("cause", str(cause or ""), "unknown cause" if cause else "missing", mend)
        data: Data = json.loads(explanation_json(explanation(self._patient(given), str(cause), self.model)))
        return data

    def _evidence(self, given: Mapping[str, Any]) -> Data:
        age = given.get("age", "adult")
        if age not in AGE_GROUPS:
            raise InputError.one("age", str(age), "unknown age group", f"one of {', '.join(AGE_GROUPS)}")
        group: AgeGroup = age
        try:
            data: Data = json.loads(opened(_text(given, "id"), given.get("cause"), group, self.model).as_json())
        except KeyError as error:
            raise InputError.one("id", "", str(error.args[0]), "find_findings lists findings") from None
        return data

    def _patient(self, given: Mapping[str, Any]) -> Patient:
        ways = [way for way in ("case", "fhir", "note") if given.get(way) is not None]
        if len(ways) != 1:
            what = "missing" if not ways else f"{' and '.join(ways)} are given"
            raise InputError.one("case", "", what, "give exactly one of case, fhir and note")
        knowledge = self.model.knowledge
        if ways == ["case"]:
            return from_case(given["case"], knowledge)
        if ways == ["note"]:
            return read_patient(_text(given, "note").encode(), knowledge, "note")
        return read_patient(json.dumps(given["fhir"]).encode(), knowledge, "fhir")


def summary(data: Data) -> Data:
    """What is needed to act: the assessment without the steps behind each number."""
    kept = {key: value for key, value in data.items() if key not in LEFT_OUT}
    kept["differential"] = [
        {key: row[key] for key in ("cause", "probability", "interval")} for row in data["differential"][:CAUSES_SHOWN]
    ]
    treatments = dict(data["treatments"])
    if "consider" in treatments:
        treatments["consider"] = [{k: row[k] for k in TREATMENT_KEPT} for row in treatments["consider"]]
        treatments["disputes"] = [d["question"] for d in treatments["disputes"]]
    kept["treatments"] = treatments
    return kept


def _text(given: Mapping[str, Any], name: str) -> str:
    value = given[name]
    if not isinstance(value, str):
        raise InputError.one(name, "", "is no text", "give a text")
    return value


__all__ = ["Tool", "Toolbox", "summary"]

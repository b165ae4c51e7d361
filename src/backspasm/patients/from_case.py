"""Reads a case: YAML or JSON with the fields of the case contract. Every fault is named with field, value and mend."""

from __future__ import annotations

import math
import re
from typing import Any

from backspasm.patients.patient import LEFT_OPEN, InputError, InputProblem, Patient, Unread, shortened
from backspasm.records.knowledge import Knowledge
from backspasm.records.problems import did_you_mean
from backspasm.records.units import plain_unit

FIELDS = (
    "age_years", "sex", "setting", "present", "absent", "measured", "days_ago",
    "medications", "allergies", "comorbidities", "pregnant", "pregnancy_weeks",
)  # fmt: skip
#: what the JSON of ``read`` holds beside the case; its ``hits`` mark it as the reading of a note
READING = ("hits", "uncertain", "not_read")
#: lists of which an empty one says that there is nothing
LISTS = ("medications", "allergies", "comorbidities")
SEXES = ("male", "female", "unknown")


def from_case(data: Any, knowledge: Knowledge) -> Patient:
    """A patient from the data of a case.

    Args:
        data: a mapping with the fields of the contract; ages in years, times in days, units of the findings' records.

    Raises:
        InputError: naming every unknown id, impossible value and contradiction with its mend.
    """
    if not isinstance(data, dict):
        what = f"a case is a mapping of fields, this is {_kind(data)}"
        prose = isinstance(data, str) and len(data.split()) > 1  # the words of a patient stay out of the message
        shown = "" if data is None or prose else data
        raise InputError.one("input", shown, what, "write {age_years: 47, present: [...]}")
    if not data:
        raise InputError.one("input", "", "the case is empty", "give at least age_years (null if unknown)")
    return _Reader(data, knowledge).patient()


#: characters of a field's name that a message shows
_LONGEST_NAME = 40
_NUMBER_IN_TEXT = re.compile(r"-?(?:0|[1-9]\d*)(?:[.,]\d+)?")


class _Reader:
    def __init__(self, data: dict[Any, Any], knowledge: Knowledge) -> None:
        self.data = data
        self.knowledge = knowledge
        self.problems: list[InputProblem] = []
        self.days: dict[str, float] = {}

    def fault(self, field: str, value: object, what: str, mend: str) -> None:
        self.problems.append(InputProblem(field, shortened(value), what, mend))

    def not_a_number(self, field: str, value: object, mend: str) -> None:
        """A number in quotes, or with a comma, looks like one: what is wrong with it must be said."""
        if isinstance(value, str) and _NUMBER_IN_TEXT.fullmatch(value):
            mend = f"write {value.replace(',', '.')}" if "," in value else f"write {value}, without quotes"
            self.fault(field, f"'{value}'", "is text, not a number", mend)
        else:
            self.fault(field, value, "is not a number", mend)

    def patient(self) -> Patient:
        reading = READING[0] in self.data
        for key in self.data:
            if key not in FIELDS and not (reading and key in READING):
                mend = did_you_mean(str(key), FIELDS, f"fields are {', '.join(FIELDS)}")
                # a line of prose read as a case: its words are the patient's, and stay out of the message
                name = "a line of text" if len(str(key).split()) > 1 else shortened(str(key), _LONGEST_NAME)
                self.fault(name or "''", "", "unknown field", mend)
        if "age_years" not in self.data:
            self.fault(
                "age_years",
                "",
                "missing",
                "give the age in years, or null if it is unknown (unknown never means adult)",
            )
        days = self._numbers("days_ago")
        present, absent = self._findings("present"), self._findings("absent")
        present += self._timed(days, (*present, *absent))
        patient = Patient(
            age_years=self._number(
                "age_years", "age_years_lowest", "age_years_highest", "age in years, such as 47 or 1.5"
            ),
            sex=self._choice("sex", SEXES, "unknown"),
            setting=self._setting(),
            present=present,
            absent=absent,
            measured=self._measured(),
            days_ago=days | self.days,
            medications=self._texts("medications"),
            allergies=self._texts("allergies"),
            comorbidities=self._listed("comorbidities", self.knowledge.index.comorbidities),
            pregnant=self._flag("pregnant"),
            pregnancy_weeks=self._number(
                "pregnancy_weeks", "pregnancy_weeks_lowest", "pregnancy_weeks_highest", "completed weeks"
            ),
            # a reading holds every list: an empty one says that the note named nothing, not that there is nothing
            stated=tuple(f for f in LISTS if isinstance(self.data.get(f), list) and (self.data[f] or not reading)),
            unread=self._left_open({*present, *absent}) if reading else (),
        )
        self._contradictions(patient)
        if self.problems:
            raise InputError(self.problems)
        return patient

    def _left_open(self, answered: set[str]) -> tuple[Unread, ...]:
        """What the note of a reading left open, unless it was answered since."""
        names = [n for n in self._list("uncertain") if self._known_finding("uncertain", n) and n not in answered]
        return tuple(Unread(f"finding {n}", LEFT_OPEN) for n in names)

    # --- fields --------------------------------------------------------------------------------------------------

    def _list(self, field: str) -> list[Any]:
        value = self.data.get(field)
        if value is None:
            return []
        if not isinstance(value, list):
            self.fault(field, value, f"must be a list, this is {_kind(value)}", f"write {field}: [...]")
            return []
        return value

    def _findings(self, field: str) -> tuple[str, ...]:
        out: list[str] = []
        for entry in self._list(field):
            name: Any = entry
            if isinstance(entry, dict) and set(entry) <= {"finding", "days_ago"} and "finding" in entry:
                name = entry["finding"]
                if "days_ago" in entry and isinstance(name, str):
                    self.days |= self._days({name: entry["days_ago"]}, f"{field}.days_ago")
            if self._known_finding(field, name) and name not in out:
                out.append(name)
        for name in out:
            if self.knowledge.findings[name].kind == "measured":
                mend = f"give its value under measured,{_in(self.knowledge.findings[name].unit)}"
                self.fault(field, name, "is a measurement, not a yes-or-no finding", mend)
        return tuple(n for n in out if self.knowledge.findings[n].kind == "boolean")

    def _timed(self, days: dict[str, float], answered: tuple[str, ...]) -> tuple[str, ...]:
        """Findings that only ``days_ago`` names: what has a time has happened."""
        timed = []
        for name in days:
            if self.knowledge.findings[name].kind == "measured":
                self.fault(
                    f"days_ago.{name}", f"{days[name]:g}", "is a measurement, which has no time", "leave its time out"
                )
            elif name not in answered:
                timed.append(name)
        return tuple(timed)

    def _known_finding(self, field: str, name: Any) -> bool:
        if not isinstance(name, str):
            self.fault(field, name, "a finding is named by its id", "write the id as text, such as fever")
            return False
        if name not in self.knowledge.findings:
            self.fault(
                field,
                name,
                "unknown finding",
                did_you_mean(name, self.knowledge.findings, "see `backspasm knowledge coverage`"),
            )
            return False
        return True

    def _numbers(self, field: str) -> dict[str, float]:
        value = self.data.get(field)
        if value is None:
            return {}
        if not isinstance(value, dict):
            self.fault(field, value, "must map finding ids to numbers", f"write {field}: {{finding: number}}")
            return {}
        return self._days(value, field)

    def _days(self, value: dict[Any, Any], field: str) -> dict[str, float]:
        out: dict[str, float] = {}
        for name, days in value.items():
            if not self._known_finding(field, name):
                continue
            if not _is_number(days) or days < 0:
                self.fault(
                    f"{field}.{name}", days, "must be a number of days, 0 or more", "write the days since it happened"
                )
            else:
                out[name] = float(days)
        return out

    def _measured(self) -> dict[str, float]:
        value = self.data.get("measured")
        if value is None:
            return {}
        if not isinstance(value, dict):
            self.fault("measured", value, "must map finding ids to numbers", "write measured: {crp: 182}")
            return {}
        out: dict[str, float] = {}
        for name, number in value.items():
            if not self._known_finding("measured", name):
                continue
            finding = self.knowledge.findings[name]
            field = f"measured.{name}"
            if finding.kind != "measured":
                self.fault(
                    field, number, "is a yes-or-no finding, not a measurement", "list it under present or absent"
                )
            elif not _is_number(number):
                self.not_a_number(field, number, f"give a plain number{_in(finding.unit)}")
            else:
                problem = impossible(name, float(number), self.knowledge)
                if problem is None:
                    out[name] = float(number)
                else:
                    self.problems.append(problem)
        return out

    def _number(self, field: str, low: str, high: str, means: str) -> float | None:
        value = self.data.get(field)
        if value is None:
            return None
        if not _is_number(value):
            self.not_a_number(field, value, f"give the {means}, or null if unknown")
            return None
        least, most = self.knowledge.number(low), self.knowledge.number(high)
        if not least <= value <= most:
            self.fault(field, value, f"is impossible (expected {least:g} to {most:g})", f"give the {means}")
            return None
        return float(value)

    def _choice(self, field: str, allowed: tuple[str, ...], otherwise: str) -> Any:
        value = self.data.get(field)
        if value is None:
            return otherwise
        if value not in allowed:
            known = f"use one of {', '.join(allowed)}"
            # YAML reads `no` as false, which is like no word
            mend = known if isinstance(value, bool) else did_you_mean(str(value), allowed, known)
            self.fault(field, value, "unknown", mend)
            return otherwise
        return value

    def _setting(self) -> str | None:
        value = self._choice("setting", self.knowledge.index.settings, "")
        return str(value) or None

    def _flag(self, field: str) -> bool | None:
        value = self.data.get(field)
        if value is None or isinstance(value, bool):
            return value
        self.fault(field, value, "must be true, false or null", f"write {field}: true")
        return None

    def _texts(self, field: str) -> tuple[str, ...]:
        out = []
        for entry in self._list(field):
            name = " ".join(entry.split()) if isinstance(entry, str) else ""
            if name and name.isprintable():
                out.append(name)
            else:
                self.fault(field, entry, "must be a name", "write it as plain text, such as naproxen")
        return tuple(dict.fromkeys(out))

    def _listed(self, field: str, known: tuple[str, ...]) -> tuple[str, ...]:
        out = []
        for entry in self._list(field):
            if entry in known:
                out.append(str(entry))
            else:
                self.fault(field, entry, "unknown", did_you_mean(str(entry), known, f"known are {', '.join(known)}"))
        return tuple(dict.fromkeys(out))

    # --- fields against each other -------------------------------------------------------------------------------

    def _contradictions(self, patient: Patient) -> None:
        for name in patient.present:
            if name in patient.absent:
                mend = "keep it in one; leave it out of both if it is uncertain"
                self.fault("present and absent", name, "is in both lists", mend)
        weeks = patient.pregnancy_weeks
        if patient.sex == "male":
            for field, value, said in (
                ("pregnant", True, patient.pregnant),
                ("present", "pregnancy", "pregnancy" in patient.present),
                ("pregnancy_weeks", weeks, weeks),
            ):
                if said:
                    self.fault(field, value, "contradicts sex (male)", "correct one of the two")
        if weeks and patient.pregnant is False:
            self.fault("pregnancy_weeks", weeks, "contradicts pregnant (false)", "correct one of the two")


def _kind(value: Any) -> str:
    """What kind of thing a value is, in words."""
    if value is None or value in ("", [], {}):
        return "empty"
    words = {
        bool: "true or false",
        int: "a number",
        float: "a number",
        str: "a text",
        list: "a list",
        dict: "a mapping",
    }
    return words.get(type(value), "something else")


def impossible(finding: str, value: float, knowledge: Knowledge) -> InputProblem | None:
    """A problem if the value lies outside what the body can have, in the finding's unit."""
    record = knowledge.findings[finding]
    if record.plausible is None or not math.isfinite(value):
        low, high = -math.inf, math.inf
    else:
        low, high = (knowledge.number(name) for name in record.plausible)
    if math.isfinite(value) and low <= value <= high:
        return None
    unit = _in(record.unit)
    what = f"is impossible{unit} (expected {low:g} to {high:g})"
    return InputProblem(
        f"measured.{finding}", f"{value:g}", what, f"give {record.name or finding}{unit or ' as a ratio'}"
    )


def _in(unit: str | None) -> str:
    """`` in mg/L``, `` in days``, `` on a scale of 0 to 10``; nothing for a ratio."""
    if unit == "0-10":
        return " on a scale of 0 to 10"
    return f" in {plain_unit(unit)}" if plain_unit(unit) else ""


def _is_number(value: Any) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    try:
        return math.isfinite(value)
    except OverflowError:  # a whole number too large for any measurement
        return False

"""Observations whose value needs a rule of its own: blood pressure, smoking, pregnancy."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from backspasm.patients.from_fhir.ledger import Context, Ledger, Said, Value
from backspasm.patients.from_fhir.moments import Moment
from backspasm.patients.from_fhir.structs import Valued
from backspasm.patients.from_fhir.terms import codes, words
from backspasm.patients.from_fhir.windows import in_time

Reader: TypeAlias = Callable[[Valued, str, Moment, Context, Ledger], None]

#: SNOMED CT and LOINC answers: smokes every day, some days, smoker, heavy, light, cigarettes
SMOKES = frozenset(
    {
        "449868002", "428041000124106", "77176002", "428071000124103", "428061000124105", "65568007", "230059006",
        "LA18976-3", "LA18977-1", "LA18981-3", "LA18982-1", "LA18979-7",
    }
)  # fmt: skip
#: never smoked, non-smoker. A former smoker is neither: the risk fades over years
NEVER_SMOKED = frozenset({"266919005", "8392000", "LA18978-9"})
#: SNOMED CT and LOINC answers
PREGNANT = frozenset({"77386006", "LA15173-0"})
NOT_PREGNANT = frozenset({"60001007", "LA26683-5"})
MILLIMETRES = frozenset({"mm[Hg]", "mmHg", "mm Hg", "mm[hg]"})
DAYS_IN_WEEK = 7


def read_systolic(part: Valued, reference: str, when: Moment, context: Context, ledger: Ledger) -> None:
    """Systolic pressure, for hypotension; the age at which it is judged is added when the patient is made."""
    if part.data_absent_reason is not None or not in_time("hypotension", None, when, context, ledger):
        return
    quantity = part.value_quantity
    if quantity is None or quantity.value is None:
        ledger.count("hypotension", "recorded without a value")
    elif (quantity.code or quantity.unit or "") not in MILLIMETRES:
        ledger.leave(reference, "hypotension: the unit of the systolic pressure is not known; known is mm[Hg]")
    elif not context.number("systolic_lowest") <= quantity.value <= context.number("systolic_highest"):
        ledger.leave(reference, f"hypotension: a systolic pressure of {quantity.value:g} mm[Hg] is impossible")
    else:
        ledger.systolic.append(Value(quantity.value, reference, when))


def read_smoking(part: Valued, reference: str, when: Moment, context: Context, ledger: Ledger) -> None:
    """Smoking status, of which a former smoker's says nothing."""
    given = codes(part.value_codeable_concept)
    if given & (SMOKES | NEVER_SMOKED) and in_time("smoking", None, when, context, ledger):
        ledger.say("smoking", Said(bool(given & SMOKES), reference, when))


def read_pregnancy(part: Valued, reference: str, when: Moment, context: Context, ledger: Ledger) -> None:
    """Pregnancy status: a pregnancy lasts for months, not being pregnant may end tomorrow."""
    given, said = codes(part.value_codeable_concept), words(part.value_codeable_concept)
    present = bool(given & PREGNANT) or "pregnant" in said
    if not present and not given & NOT_PREGNANT and "not pregnant" not in said:
        return
    window = context.number("pregnancy_window" if present else "observation_window_acute")
    days = context.visit.days_before(when)
    if days is not None and days > window:
        ledger.count("pregnancy", f"too old: recorded more than {window:g} days before the encounter")
    else:
        ledger.say("pregnancy", Said(present, reference, when))


def read_gestation(part: Valued, reference: str, when: Moment, context: Context, ledger: Ledger) -> None:
    """Gestational age in weeks, brought forward to the day of the encounter."""
    quantity = part.value_quantity
    days = context.visit.days_before(when)
    if quantity is None or quantity.value is None or days is None:
        return
    unit = quantity.code or quantity.unit or ""
    if unit not in {"wk", "weeks", "d", "days"}:
        ledger.leave(reference, "pregnancy weeks: unit is not known; known are wk, d")
        return
    weeks = quantity.value if unit in {"wk", "weeks"} else quantity.value / DAYS_IN_WEEK
    weeks += days / DAYS_IN_WEEK
    if context.number("pregnancy_weeks_lowest") <= weeks <= context.number("pregnancy_weeks_highest"):
        ledger.pregnancy_weeks.append(Value(round(weeks, 1), reference, when))
    else:
        ledger.count("pregnancy weeks", "no pregnancy lasts that long: it must be over")


#: LOINC (and one SNOMED CT) codes -> their reader: systolic pressures, smoking, pregnancy, gestational age
SPECIAL: dict[str, Reader] = {
    "8480-6": read_systolic,
    "76534-7": read_systolic,
    "8459-0": read_systolic,
    "8460-8": read_systolic,
    "8461-6": read_systolic,
    "271649006": read_systolic,
    "72166-2": read_smoking,
    "82810-3": read_pregnancy,
    "18185-9": read_gestation,
    "11884-4": read_gestation,
    "11885-1": read_gestation,
    "49051-6": read_gestation,
}

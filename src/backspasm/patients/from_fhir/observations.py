"""Observations: measurements, results, and answers that were recorded as such."""

from __future__ import annotations

from backspasm.patients.from_fhir.imaging import modality_of, seen
from backspasm.patients.from_fhir.ledger import Context, Ledger, Said, Value
from backspasm.patients.from_fhir.moments import Moment, first_of
from backspasm.patients.from_fhir.quantities import UnreadableError, checked, in_unit_of
from backspasm.patients.from_fhir.replies import interpreted, reply_of, reply_of_text
from backspasm.patients.from_fhir.special import SPECIAL
from backspasm.patients.from_fhir.structs import Observation, Valued
from backspasm.patients.from_fhir.terms import codes, is_family_history, short_code
from backspasm.patients.from_fhir.windows import in_time

USED = frozenset({"final", "amended", "corrected", "preliminary"})
#: a test whose result must be a multiple of the upper limit of the laboratory
MULTIPLES = {"lipase_raised": "lipase_raised_multiple"}


def read_observation(reference: str, observation: Observation, context: Context, ledger: Ledger) -> None:
    """Enter what an observation and its components say. Whose it is, is checked before."""
    period = observation.effective_period
    when = first_of(
        observation.effective_date_time, observation.effective_instant, period.end if period else None,
        period.start if period else None, observation.issued,
    )  # fmt: skip
    parts = (main_part(observation), *observation.component)
    known = [part for part in parts if is_ours(part, context)]
    if not known:
        ledger.count("Observation", "codes that no finding has")
        return
    if ledger.skip_future("Observation", context, observation.encounter, when, first_of(observation.issued)):
        return
    if observation.status is not None and observation.status not in USED:
        if observation.status != "registered":
            ledger.leave(reference, f"status {observation.status} ({short_code(observation.code)}): not a result")
        return
    if when is None and context.visit.holds(observation.encounter):
        when = context.visit.start
    if when is None:
        ledger.leave(reference, f"has no date ({short_code(observation.code)}): cannot be told whether it is recent")
        return
    if observation.status == "preliminary":
        ledger.note(f"{reference} is preliminary; used as it is")
    for part in known:
        read_part(part, reference, when, context, ledger)


def read_part(part: Valued, reference: str, when: Moment, context: Context, ledger: Ledger) -> None:
    """Enter one coded value."""
    if is_family_history(part.code):
        ledger.leave(reference, f"family history ({short_code(part.code)}): not the patient's own")
        return
    special = next((SPECIAL[c] for c in sorted(codes(part.code)) if c in SPECIAL), None)
    if special is not None:
        special(part, reference, when, context, ledger)
        return
    asked = context.terms.findings(part.code)
    for finding in asked:
        try:
            if context.knowledge.findings[finding].kind == "measured":
                _measure(finding, part, reference, when, context, ledger)
            else:
                _answer(finding, part, reference, when, context, ledger)
        except UnreadableError as error:
            ledger.leave(reference, f"{finding}: {error}")
    if not is_family_history(part.value_codeable_concept):
        _named(part, asked, reference, when, context, ledger)


def _named(
    part: Valued, asked: tuple[str, ...], reference: str, when: Moment, context: Context, ledger: Ledger
) -> None:
    """The value itself names a finding, as in "finding of MRI of spine" = "infection of disc"."""
    value = part.value_codeable_concept
    named = dict.fromkeys(context.terms.findings(value), True)
    if value is not None and modality_of(part.code) is not None:
        named = seen(part.code, value, context.terms.of(value))
    for finding, present in named.items():
        if finding in asked or context.knowledge.findings[finding].kind != "boolean":
            continue
        if in_time(finding, present, when, context, ledger):
            ledger.say(finding, Said(present, reference, when))


def main_part(observation: Observation) -> Valued:
    """The value of an observation itself, beside those of its components."""
    return Valued(
        code=observation.code,
        value_quantity=observation.value_quantity,
        value_codeable_concept=observation.value_codeable_concept,
        value_string=observation.value_string,
        value_boolean=observation.value_boolean,
        value_integer=observation.value_integer,
        data_absent_reason=observation.data_absent_reason,
        interpretation=observation.interpretation,
        reference_range=observation.reference_range,
    )


def is_ours(part: Valued, context: Context) -> bool:
    """Whether a coded value may say something about a finding."""
    value = part.value_codeable_concept
    if context.terms.findings(part.code) or context.terms.findings(value):
        return True
    if value is not None and modality_of(part.code) is not None:
        return True
    return any(c in SPECIAL for c in codes(part.code))


def _measure(finding: str, part: Valued, reference: str, when: Moment, context: Context, ledger: Ledger) -> None:
    if part.data_absent_reason is not None or not in_time(finding, None, when, context, ledger):
        return
    if part.value_quantity is not None:
        value = in_unit_of(finding, part.value_quantity, context.knowledge)
        if part.value_quantity.comparator:
            limit = f"{part.value_quantity.comparator} {value:g}"
            ledger.note(f"{reference}: {finding} was reported as {limit}; the limit was taken")
    elif part.value_integer is not None:
        value = checked(finding, float(part.value_integer), context.knowledge)
    elif part.value_string is None and part.value_codeable_concept is None and part.value_boolean is None:
        ledger.count(finding, "recorded without a value")
        return
    else:
        raise UnreadableError("is not given as a number with a unit")
    ledger.measure(finding, Value(value, reference, when))


def _answer(finding: str, part: Valued, reference: str, when: Moment, context: Context, ledger: Ledger) -> None:
    if part.data_absent_reason is not None:
        return
    times = MULTIPLES.get(finding)
    present = reply_to(part, finding) if times is None else _multiple(part, context.number(times))
    if present is None:
        given = (part.value_quantity, part.value_codeable_concept, part.value_string, part.value_integer)
        if any(value is not None for value in given) and in_time(finding, None, when, context, ledger):
            raise UnreadableError("its value is neither a yes nor a no")
        return
    if in_time(finding, present, when, context, ledger):
        ledger.say(finding, Said(present, reference, when))


def reply_to(part: Valued, finding: str) -> bool | None:
    """Yes or no from a coded, logical or worded value, else from the interpretation; a number alone is no answer."""
    if part.value_boolean is not None:
        return part.value_boolean
    answer = reply_of(part.value_codeable_concept, finding)
    if answer is None and part.value_string is not None:
        answer = reply_of_text(part.value_string, finding)
    if answer is None and part.value_codeable_concept is None and part.value_string is None:
        answer = interpreted(part.interpretation, finding)
    return answer


def _multiple(part: Valued, times: float) -> bool | None:
    high = next((r.high for r in part.reference_range if r.high is not None and r.high.value is not None), None)
    quantity = part.value_quantity
    if quantity is None or quantity.value is None or high is None or high.value is None:
        return None
    return quantity.value > times * high.value

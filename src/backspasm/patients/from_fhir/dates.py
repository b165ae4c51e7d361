"""The latest date on which anything of a record was recorded: the day of assessment where there is no encounter."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from backspasm.patients.from_fhir.bundle import Found
from backspasm.patients.from_fhir.moments import Moment, moment_of
from backspasm.patients.from_fhir.structs import (
    AllergyIntolerance,
    Condition,
    DiagnosticReport,
    Element,
    FamilyMemberHistory,
    MedicationUse,
    Observation,
    Period,
    Procedure,
    QuestionnaireResponse,
)


def latest_news(found: Iterable[Found], timestamp: str | None) -> Moment | None:
    """The latest date of a record, or that of the bundle where no resource has one. Planned ends don't count."""
    moments = [m for item in found for text in _dates(item.resource) if (m := moment_of(text)) is not None]
    return max(moments, key=lambda m: m.key, default=moment_of(timestamp))


#: fields that tell when something of a resource was recorded, the ends of periods among them
NEWS: dict[type[Element], tuple[str, ...]] = {
    Condition: ("recorded_date", "onset_date_time"),
    Observation: ("effective_date_time", "effective_instant", "issued", "effective_period"),
    DiagnosticReport: ("effective_date_time", "issued"),
    MedicationUse: ("authored_on", "date_asserted", "effective_date_time"),
    Procedure: ("performed_date_time", "performed_period"),
    AllergyIntolerance: ("recorded_date",),
    FamilyMemberHistory: ("date",),
    QuestionnaireResponse: ("authored",),
}


def _dates(resource: Element) -> Iterator[str | None]:
    for name in NEWS.get(type(resource), ()):
        value: str | Period | None = getattr(resource, name)
        yield value.end if isinstance(value, Period) else value

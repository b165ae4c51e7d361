"""The latest date on which anything of a record was recorded: the day of assessment where there is no encounter."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from backspasm.patients.from_fhir.bundle import Found
from backspasm.patients.from_fhir.moments import Moment, moment_of
from backspasm.patients.from_fhir.structs import (
    AllergyIntolerance,
    Condition,
    DiagnosticReport,
    FamilyMemberHistory,
    MedicationUse,
    Observation,
    Procedure,
    QuestionnaireResponse,
)


def latest_news(found: Iterable[Found], timestamp: str | None) -> Moment | None:
    """The latest date of a record, or that of the bundle where no resource has one. Planned ends don't count."""
    moments = [m for item in found for text in _dates(item.resource) if (m := moment_of(text)) is not None]
    return max(moments, key=lambda m: m.key, default=moment_of(timestamp))


def _dates(resource: object) -> Iterator[str | None]:
    match resource:
        case Condition():
            yield from (resource.recorded_date, resource.onset_date_time)
        case Observation():
            yield from (resource.effective_date_time, resource.effective_instant, resource.issued)
            yield resource.effective_period.end if resource.effective_period else None
        case DiagnosticReport():
            yield from (resource.effective_date_time, resource.issued)
        case MedicationUse():
            yield from (resource.authored_on, resource.date_asserted, resource.effective_date_time)
        case Procedure():
            yield resource.performed_date_time
            yield resource.performed_period.end if resource.performed_period else None
        case AllergyIntolerance():
            yield resource.recorded_date
        case FamilyMemberHistory():
            yield resource.date
        case QuestionnaireResponse():
            yield resource.authored

"""Names of our own in FHIR: code systems, questionnaires, and the linkIds that ask for something else than a finding.

They are URNs, so that no address of ours ever leads to a stranger's server; the same names are read and written.
"""

from __future__ import annotations

FINDING = "urn:backspasm:finding"
COMORBIDITY = "urn:backspasm:comorbidity"
SETTING = "urn:backspasm:setting"
GENDER = "http://hl7.org/fhir/administrative-gender"
#: every question at once, and the same one by one
INTAKE = "urn:backspasm:questionnaire:intake"
INTERVIEW = "urn:backspasm:questionnaire:interview"
#: how a response names the questionnaire that it carries inside while an interview runs
CONTAINED_ID = "backspasm-interview"
CONTAINED = f"#{CONTAINED_ID}"

#: linkIds
AGE, SEX, PLACE = "age_years", "sex", "setting"
WEEKS = "pregnancy_weeks"
#: lists, and the linkId that says that a list is empty
LISTS = {"medications": "medications.none", "allergies": "allergies.none", "comorbidities": "comorbidities.none"}
#: ends the linkId that asks how long ago a finding happened
DAYS_AGO = ".days_ago"


def is_own(questionnaire: str | None) -> bool:
    """Whether a response answers one of our questionnaires, of whatever version."""
    name = (questionnaire or "").partition("|")[0]
    return name in {INTAKE, INTERVIEW, CONTAINED}

"""Resources of every kind that is read, drawn at random: codes of the knowledge base and others, states, dates and values."""

from __future__ import annotations

import json
import random
from typing import Any, TypeVar

from backspasm.patients.from_fhir.conditions import DENIED, OVER, UNSURE
from backspasm.patients.from_fhir.own import COMORBIDITY, FINDING, INTAKE
from backspasm.patients.from_fhir.special import NEVER_SMOKED, NOT_PREGNANT, PREGNANT, SMOKES, SPECIAL
from backspasm.patients.from_fhir.terms import SYSTEMS
from backspasm.records.knowledge import Knowledge

Json = dict[str, Any]
Option = TypeVar("Option")
URIS = {name: uri for uri, name in reversed(SYSTEMS.items()) if uri.startswith("http")}
SNOMED, LOINC = URIS["snomed"], URIS["loinc"]
IMAGES = ("MRI of lumbar spine", "CT thoracic spine", "X-ray lumbar spine", "Radiograph of hand", "Ultrasound")
NORMALITY = ("17621005", "263654008", "55146009")
REPLIES = ("373066001", "373067005", "10828004", "260385009", "52101004", "2667000")
DAYS = ("2024-01-10", "2025-02-11", "2025-05-20", "2025-06-30", "2025-12-24", "2026-01-02", "2019-07-01")


class Drawing:
    """Draws resources of one patient."""

    def __init__(self, knowledge: Knowledge, rng: random.Random, patient: str, encounters: list[Json]) -> None:
        self.knowledge, self.rng, self.patient, self.encounters = knowledge, rng, patient, encounters
        self.codes = [
            {"system": URIS[c.system], "code": c.code, "display": c.display or "words"}
            for group in (knowledge.findings, knowledge.comorbidities, knowledge.causes, knowledge.complications)
            for record in group.values()
            for c in record.codes
            if c.system in URIS
        ]
        self.codes += [{"system": FINDING, "code": f, "display": f} for f in knowledge.findings]
        self.codes += [{"system": COMORBIDITY, "code": c} for c in knowledge.comorbidities]
        self.pains = [{"system": URIS[c.system], "code": c.code} for c in knowledge.back_pain.symptoms]

    def some(self, count: int) -> list[bytes]:
        """So many resources."""
        makers = (
            self.condition, self.condition, self.observation, self.observation, self.observation, self.medication,
            self.allergy, self.procedure, self.report, self.family, self.order,
        )  # fmt: skip
        out = []
        for i in range(count):
            resource = self.rng.choice(makers)()
            resource |= {
                "id": f"rich-{self.patient}-{i}",
                "patient" if self.rng.random() < 0.1 else "subject": {"reference": f"Patient/{self.patient}"},
            }
            if self.encounters and self.rng.random() < 0.6:
                resource["encounter"] = {"reference": f"Encounter/{self.rng.choice(self.encounters)['id']}"}
            out.append(json.dumps(resource).encode())
        return out

    def chance(self, *options: Option) -> Option:
        return self.rng.choice(options)

    def fields(self, **given: Any) -> Json:
        """Each field as often there as not."""
        return {k: v for k, v in given.items() if self.rng.random() < 0.5}

    def concept(self) -> Json:
        own = self.rng.choice(self.codes)
        return self.chance(
            {"coding": [own]},
            {"coding": [own]},
            {"coding": [own, self.rng.choice(self.codes)]},
            {"text": "nothing known"},
        )

    def when(self) -> str:
        """A day near the encounters, or of another year, with or without its time."""
        if self.encounters and self.rng.random() < 0.7:
            start: str = self.rng.choice(self.encounters)["period"]["start"]
            day = f"{start[:8]}{self.rng.randrange(1, 29):02d}"
            return self.chance(start, day, f"{day}T{self.rng.randrange(24):02d}:30:00+02:00", f"{day}T10:00:00.250Z")
        return self.rng.choice(DAYS)

    def period(self) -> Json:
        return self.fields(start=self.when(), end=self.when())

    def status(self, *codes: str) -> Json:
        return {"coding": [{"code": self.rng.choice(codes)}]}

    def condition(self) -> Json:
        code = {"coding": [self.rng.choice(self.pains)]} if self.rng.random() < 0.3 else self.concept()
        return (
            {"resourceType": "Condition", "code": code}
            | self.fields(
                clinicalStatus=self.status("active", *sorted(OVER)),
                verificationStatus=self.status("confirmed", "confirmed", *sorted(DENIED | UNSURE)),
                onsetDateTime=self.when(),
                recordedDate=self.when(),
                abatementDateTime=self.when(),
            )
            | ({"abatementString": "years ago"} if self.rng.random() < 0.1 else {})
            | ({"onsetPeriod": self.period()} if self.rng.random() < 0.1 else {})
            | ({"abatementPeriod": self.period()} if self.rng.random() < 0.1 else {})
        )

    def value(self) -> Json:
        unit = self.chance("mg/L", "Cel", "[degF]", "/min", "d", "mL", "mm[Hg]", "1", "{score}", "U/L", "wk", "mg/dL")
        quantity = {"value": self.chance(1, 37.25, 38.9, 85, 112.5, 140, 9000), "unit": unit} | self.fields(
            code=unit, comparator="<"
        )
        answers = sorted(SMOKES | NEVER_SMOKED | PREGNANT | NOT_PREGNANT) + list(REPLIES) * 3 + list(NORMALITY)
        return self.chance(
            {"valueQuantity": quantity}, {"valueQuantity": quantity}, {"valueBoolean": self.chance(True, False)},
            {"valueCodeableConcept": {"coding": [{"system": SNOMED, "code": self.rng.choice(answers)}]}},
            {"valueString": self.chance("yes", "negative", "about 3")}, {"valueInteger": self.chance(0, 4, 60)},
            {"valueCodeableConcept": self.concept()}, {"dataAbsentReason": {"text": "unknown"}},
        )  # fmt: skip

    def coded(self) -> Json:
        special = {"coding": [{"system": LOINC, "code": self.rng.choice(sorted(SPECIAL))}]}
        return self.chance(special, self.concept(), self.concept(), {"text": self.rng.choice(IMAGES)})

    def observation(self) -> Json:
        out: Json = {
            "resourceType": "Observation",
            "status": self.chance("final", "final", "final", "amended", "preliminary", "cancelled", "registered"),
            "code": self.coded(),
        }
        out |= self.value()
        if self.rng.random() < 0.9:
            out["effectiveDateTime"] = self.when()
        if self.rng.random() < 0.2:
            out["component"] = [{"code": self.coded()} | self.value() for _ in range(2)]
        high = {"referenceRange": [{"high": {"value": 50}}]}
        odd = {"effectivePeriod": self.period(), "effectiveInstant": "2025-05-20T10:00:00Z"}
        return (
            out
            | self.fields(issued=self.when(), interpretation=[self.status("A", "N", "H")])
            | (high if self.rng.random() < 0.3 else {})
            | (odd if self.rng.random() < 0.1 else {})
        )

    def medication(self) -> Json:
        name = self.rng.choice(sorted(self.knowledge.medicines))
        rxnorm = [
            {"system": URIS["rxnorm"], "code": c, "display": name} for c in self.knowledge.medicines[name].rxnorm[:1]
        ]
        code = {"coding": rxnorm, "text": self.chance(name, f"{name} cream", "a remedy", f"{name} / naproxen")}
        return {
            "resourceType": self.chance("MedicationRequest", "MedicationStatement", "MedicationAdministration"),
            "status": self.chance("active", "active", "completed", "completed", "stopped", "in-progress"),
            "medicationCodeableConcept": code,
        } | self.fields(
            authoredOn=self.when(), effectivePeriod=self.period(), dateAsserted=self.when(), effectiveDateTime=self.when(),
        ) | ({"intent": "plan"} if self.rng.random() < 0.1 else {}) | ({"doNotPerform": True} if self.rng.random() < 0.05 else {}) | (
            {"dosageInstruction": [{"route": {"text": "topical"}}]} if self.rng.random() < 0.1 else {}
        )  # fmt: skip

    def allergy(self) -> Json:
        code = self.chance(
            {"text": self.rng.choice(sorted(self.knowledge.medicines))}, {"coding": [{"system": SNOMED, "code": "716186003"}]},
            {"text": "No known allergies"}, {"text": "peanut"}, self.concept(),
        )  # fmt: skip
        return {"resourceType": "AllergyIntolerance", "code": code} | self.fields(
            clinicalStatus=self.status("active", "active", "resolved"),
            verificationStatus=self.status("confirmed", "unconfirmed", "refuted"),
            recordedDate=self.when(),
            onsetDateTime=self.when(),
        )

    def procedure(self) -> Json:
        return {"resourceType": "Procedure", "code": self.coded()} | self.fields(
            status=self.chance("completed", "not-done"), performedDateTime=self.when(), performedPeriod=self.period(),
        )  # fmt: skip

    def report(self) -> Json:
        conclusions = [self.concept(), {"coding": [{"system": SNOMED, "code": self.rng.choice(NORMALITY)}]}]
        return {"resourceType": "DiagnosticReport", "code": {"text": self.rng.choice(IMAGES)}} | self.fields(
            status=self.chance("final", "preliminary", "cancelled"), conclusionCode=conclusions, conclusion="as above",
            effectiveDateTime=self.when(), effectivePeriod=self.period(), issued=self.when(),
        )  # fmt: skip

    def family(self) -> Json:
        return {"resourceType": "FamilyMemberHistory", "condition": [{"code": self.concept()}]} | self.fields(
            status=self.chance("completed", "health-unknown"), date=self.when()
        )

    def order(self) -> Json:
        return {
            "resourceType": self.chance("ServiceRequest", "ImagingStudy"),
            "status": self.chance("active", "completed", "revoked"),
            "code": {"text": self.chance(*IMAGES, "Referral to a spine clinic")},
        } | self.fields(
            authoredOn=self.when(), started=self.when(), intent=self.chance("order", "plan"), description=self.rng.choice(IMAGES),
            modality=[{"code": "MR"}], bodySite=[{"text": "lumbar spine"}],
        )  # fmt: skip


def response(knowledge: Knowledge, rng: random.Random, lines: list[Json]) -> list[Json]:
    """Responses with items added: answers of every kind to findings and to what our intake asks beside them."""
    answers = ({"valueBoolean": True}, {"valueBoolean": False}, {"valueDecimal": 37.5}, {"valueInteger": 3},
               {"valueString": "yes"}, {"valueString": "420 mL"}, {"valueCoding": {"system": SNOMED, "code": "373066001"}})  # fmt: skip
    fields = ("medications", "allergies", "comorbidities", "medications.none", "allergies.none", "pregnancy_weeks",
              "recent_infection.days_ago", "significant_trauma.days_ago", "setting", "age_years", "sex", "no such thing")  # fmt: skip
    out = []
    for line in lines:
        if line["resourceType"] == "QuestionnaireResponse":
            items = [
                {"linkId": rng.choice(sorted(knowledge.findings)), "answer": [rng.choice(answers)]} for _ in range(6)
            ]
            items += [{"linkId": rng.choice(fields), "answer": [rng.choice(answers)]} for _ in range(4)]
            line = line | {"item": line["item"] + items, "questionnaire": rng.choice([INTAKE, INTAKE, "urn:other"])}
            line |= {"status": rng.choice(["completed", "in-progress", "stopped"])} if rng.random() < 0.5 else {}
            if rng.random() < 0.2:
                line.pop("authored")
        out.append(line)
    return out

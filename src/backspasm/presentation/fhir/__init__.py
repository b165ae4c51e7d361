"""Assessments and questionnaires as FHIR R4 resources: plain data, no HTTP. The shape is told in docs/service.md."""

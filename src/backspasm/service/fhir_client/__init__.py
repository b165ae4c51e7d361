"""Reads from FHIR servers that the operator has named, and from no other."""

"""Virtual patients as FHIR R4 records, streamed, with the truth kept apart."""

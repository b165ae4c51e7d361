"""The web service: a page for clinicians, REST, FHIR operations and CDS Hooks over the same assessment as everywhere else."""

"""The extraction as SQL-on-FHIR ViewDefinitions, for platforms that keep their records in tables of their own."""

"""Whole populations: an export of records, or a table of cases, to one row of assessment for each encounter."""

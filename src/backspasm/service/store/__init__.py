"""What outlives a request: the audit trail, saved assessments, CDS cards and how they were received. No patient identifier."""

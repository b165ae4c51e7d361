"""Signed tokens by which an EHR proves who it is, on every call of CDS Hooks."""

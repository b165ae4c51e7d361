"""Urgency, red flags, ledger, tests and prescribing for many patients at once; the answers are those of ``assess``."""

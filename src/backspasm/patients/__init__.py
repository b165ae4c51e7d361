"""One patient, and the readers that make one."""

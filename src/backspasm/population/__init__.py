"""Many patients at once: virtual cohorts, and how well the model does on rules, cases and its own patients."""

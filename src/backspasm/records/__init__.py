"""YAML to frozen, typed records."""

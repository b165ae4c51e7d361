"""From answers to probabilities: exact, with honest intervals."""

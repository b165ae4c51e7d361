"""What medicine's rules make of the probabilities: red flags, urgency, what must not be missed."""

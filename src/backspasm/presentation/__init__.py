"""Words and shapes in which an assessment is shown. Computes nothing."""

"""Many records at once: what resources mean is worked out once for each class of them, and dates are compared as arrays."""

"""The population fit: unknowns, a simulator of the published cohorts, an emulator of it, and Bayesian inference on that."""

"""Whole posteriors of many patients at once: causes, and complications given the cause."""

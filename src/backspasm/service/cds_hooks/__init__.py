"""CDS Hooks 2.0, ready for 3.0: discovery, three services, feedback, and a report of how cards were received."""

from __future__ import annotations

from backspasm.service.cds_hooks.routes import ROUTES

__all__ = ["ROUTES"]

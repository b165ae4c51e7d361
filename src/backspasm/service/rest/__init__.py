"""REST: the engine for programs. Bytes are those of the command line's `--format json`."""

from __future__ import annotations

from backspasm.service.rest import assess, documentation, evidence, knowledge, simulate

ROUTES = (
    *assess.ROUTES,
    *simulate.ROUTES,
    *evidence.ROUTES,
    *knowledge.ROUTES,
    *documentation.ROUTES,
)
__all__ = ["ROUTES"]

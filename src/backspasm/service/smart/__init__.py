"""SMART App Launch 2: the page opened from an EHR, with the record of the patient who is open there."""

from __future__ import annotations

from backspasm.service.smart.routes import ROUTES

__all__ = ["ROUTES"]

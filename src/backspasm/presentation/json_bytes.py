"""JSON as every command writes it: indented, UTF-8, with a line end."""

from __future__ import annotations

from typing import Any

import msgspec


def json_bytes(data: Any) -> bytes:
    """Plain data or records as JSON; the same data give the same bytes."""
    return msgspec.json.format(msgspec.json.encode(data), indent=2) + b"\n"

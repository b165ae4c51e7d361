"""How Chromium is started: quiet, and without calls of its own to anybody."""

import os
import shutil

QUIET = [
    "--no-sandbox",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]


def chromium() -> str:
    """The program: the one that CHROMIUM names, or Debian's."""
    path = os.environ.get("CHROMIUM") or shutil.which("chromium")
    assert path, "Chromium is missing: run tools/ensure-chromium (make test does)"
    return path

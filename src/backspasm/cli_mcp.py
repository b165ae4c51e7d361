"""The command that offers the assessment to language models as tools."""

from __future__ import annotations

import typer

from backspasm.cli_shared import load_model, refuse

mcp_app = typer.Typer()


@mcp_app.command(
    epilog="Examples:  backspasm mcp  ·  in the configuration of a client: "
    '{"mcpServers": {"backspasm": {"command": "backspasm", "args": ["mcp"]}}}'
)
def mcp() -> None:
    """Offer the assessment to a language model (Model Context Protocol, on standard input and output); see docs/mcp.md.

    The model may turn words into findings; every probability, urgency and advice comes from here. Nothing leaves this
    machine through this command, but what the model is told goes wherever the model runs.
    """
    try:
        from backspasm.service.mcp.server import run
    except ModuleNotFoundError as error:
        refuse(f"{error.name} is not installed. Mend: pip install 'backspasm[mcp]'")
    run(load_model())

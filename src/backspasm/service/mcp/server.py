"""Speaks the Model Context Protocol over standard input and output; the protocol itself is the `mcp` package's.

Nothing about a patient is logged: faults are told to the caller by their kind alone.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import anyio
from mcp import types
from mcp.server.lowlevel import Server
from mcp.server.stdio import stdio_server

from backspasm.inference.model import Model
from backspasm.patients.patient import InputError
from backspasm.presentation.words import DISCLAIMER
from backspasm.records.library import package_version
from backspasm.service.mcp.tools import Toolbox

INSTRUCTIONS = (
    "Assesses one patient, adult or child, with back pain or a back spasm. Turn what was said into findings with "
    "find_findings or read_note, then call assess. A finding that was not asked is neither present nor absent: leave it "
    "out. An unknown age is null. Repeat urgency, red flags and probabilities exactly as they are returned, with their "
    "intervals and sources; do not estimate any yourself, and do not soften what is urgent. " + DISCLAIMER
)


def server_of(model: Model) -> Server[Any]:
    """The server over a model, not yet connected to anything."""
    toolbox = Toolbox(model)

    async def list_tools(ctx: Any, params: types.PaginatedRequestParams | None) -> types.ListToolsResult:
        hints = types.ToolAnnotations(read_only_hint=True, idempotent_hint=True, open_world_hint=False)
        return types.ListToolsResult(
            tools=[
                types.Tool(
                    name=t.name, title=t.title, description=t.description, input_schema=t.schema, annotations=hints
                )
                for t in toolbox.tools
            ]
        )

    async def call_tool(ctx: Any, params: types.CallToolRequestParams) -> types.CallToolResult:
        # in a thread, so that pings and cancellations are heard meanwhile
        return await anyio.to_thread.run_sync(_called, toolbox, params.name, params.arguments or {})

    return Server(
        "backspasm",
        version=package_version(),
        title="backspasm",
        description="Decision support for back pain: every number opens its study.",
        instructions=INSTRUCTIONS,
        on_list_tools=list_tools,
        on_call_tool=call_tool,
    )


def _called(toolbox: Toolbox, name: str, given: Mapping[str, Any]) -> types.CallToolResult:
    try:
        data = toolbox.call(name, given)
    except InputError as error:
        return _refused("\n".join(str(p) for p in error.problems))
    except Exception as error:  # what went wrong may quote the patient: only its kind is told
        return _refused(f"internal fault ({type(error).__name__}); nothing was assessed")
    text = types.TextContent(type="text", text=json.dumps(data, ensure_ascii=False))
    return types.CallToolResult(content=[text], structured_content=data)


def _refused(message: str) -> types.CallToolResult:
    return types.CallToolResult(content=[types.TextContent(type="text", text=message)], is_error=True)


def run(model: Model) -> None:
    """Serve on standard input and output until the input ends."""
    anyio.run(_serve, model)


async def _serve(model: Model) -> None:
    server = server_of(model)
    async with stdio_server() as (incoming, outgoing):
        await server.run(incoming, outgoing, server.create_initialization_options())

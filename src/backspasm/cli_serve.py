"""The command that starts the web service."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from backspasm.cli_shared import bad_input, load_model, refuse

serve_app = typer.Typer()


@serve_app.command(
    epilog="Examples:  backspasm serve  ·  backspasm serve --port 8080  ·  backspasm serve --config service.toml"
)
def serve(
    port: Annotated[int | None, typer.Option("--port", help="0 takes a free one.", min=0, max=65535)] = None,
    host: Annotated[str | None, typer.Option("--host", help="The address to listen on (127.0.0.1).")] = None,
    config: Annotated[Path | None, typer.Option("--config", help="A TOML file; see docs/service-running.md.")] = None,
    workers: Annotated[int | None, typer.Option("--workers", help="Processes that serve (1).", min=1, max=64)] = None,
) -> None:
    """Serve the page, REST, FHIR operations and CDS Hooks; on this machine only, unless callers are configured."""
    try:
        import uvicorn

        from backspasm.service.app import create_app
    except ModuleNotFoundError as error:
        refuse(f"{error.name} is not installed. Mend: pip install 'backspasm[serve]'")
    import msgspec

    from backspasm.service.running import prepared, server_config
    from backspasm.service.settings import check_binding, read_settings

    with bad_input():
        settings = read_settings(config)
        chosen = {k: v for k, v in (("host", host), ("port", port), ("workers", workers)) if v is not None}
        settings = msgspec.structs.replace(settings, **chosen)
        check_binding(settings)
        prepared(settings, config)
    model = load_model()
    if settings.workers > 1:  # each loads the model for itself; it is fitted and kept by now
        uvicorn.run("backspasm.service.worker:application", factory=True, **server_config(settings))
    else:
        uvicorn.run(create_app(settings, model), **server_config(settings))

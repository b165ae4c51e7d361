"""Commands for who runs the service: tables, retention, the audit trail, saved assessments, how cards were received."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from backspasm.cli_shared import Format, bad_input, load_model, refuse, stdout_console

if TYPE_CHECKING:
    from backspasm.service.settings import Settings
    from backspasm.service.store.database import Store

store_app = typer.Typer(no_args_is_help=True, help="The service's store: audit trail, saved assessments, cards.")

Config = Annotated[
    Path | None, typer.Option("--config", help="The TOML file of the service; it says where the store is.")
]


@contextmanager
def _opened(config: Path | None, update: bool = False) -> Iterator[tuple[Store, Settings]]:
    """The store of the settings; refuses with a message where it is not there, behind, or does not answer."""
    try:
        from backspasm.service.settings import read_settings
        from backspasm.service.store.database import StoreError, connect, migrate, shown_address
        from backspasm.service.store.schema import current, newest
    except ModuleNotFoundError as error:
        refuse(f"{error.name} is not installed. Mend: pip install 'backspasm[serve]'")
    with bad_input():
        settings = read_settings(config)
        if settings.store.url == "memory":
            refuse("store.url (memory): keeps nothing between commands. Mend: name a file or a database in [store] url")
        store = connect(settings.store)
        try:
            if update:
                migrate(store)
            with store.reading() as connection:
                there = current(connection)
            if there != newest():
                refuse(
                    f"store.url ({shown_address(settings.store)}): the store is at revision {there or 'none'}, "
                    f"not {newest()}. Mend: backspasm store upgrade"
                )
            yield store, settings
        except StoreError as error:
            refuse(
                f"store.url ({shown_address(settings.store)}): cannot be used ({error}). "
                "Mend: name a store of this service, start its database, check address and rights"
            )
        finally:
            store.close()


@store_app.command(epilog="Examples:  backspasm store upgrade  ·  backspasm store upgrade --config service.toml")
def upgrade(config: Config = None) -> None:
    """Make the tables, or bring them to this version. `serve` does the same when it starts."""
    with _opened(config, update=True) as (_, settings):
        from backspasm.service.store.database import shown_address
        from backspasm.service.store.schema import newest

        print(f"{shown_address(settings.store)} is at revision {newest()}")


@store_app.command(
    epilog="Examples:  backspasm store retention --dry-run  ·  backspasm store retention --days 90 --config service.toml"
)
def retention(
    config: Config = None,
    days: Annotated[
        int | None, typer.Option("--days", help="Keep so many days (those of the settings: 365).", min=1)
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say how many, delete nothing.")] = False,
) -> None:
    """Delete what is older than the settings allow: audit entries, saved assessments, cards with their feedback."""
    with _opened(config) as (store, settings):
        from backspasm.service.store.retention import delete_older, limit_of, older_than

        kept = days or settings.store.retention_days
        limit = limit_of(kept)
        counts = older_than(store, limit) if dry_run else delete_older(store, limit)
        said = ", ".join(f"{count} of {name}" for name, count in counts.items())
        print(f"{'would delete' if dry_run else 'deleted'} what is older than {kept} days: {said}")


@store_app.command(
    epilog="Examples:  backspasm store audit  ·  backspasm store audit --count 500 --format json --config service.toml"
)
def audit(
    config: Config = None,
    count: Annotated[int, typer.Option("--count", help="How many entries, the newest first.", min=1)] = 20,
    output: Format = "terminal",
) -> None:
    """Who asked when, about which input, by which knowledge, and with what outcome."""
    with _opened(config) as (store, _):
        from backspasm.service.store.audit import latest

        entries = latest(store, count)
        if output == "json":
            from backspasm.presentation.json_bytes import json_bytes

            sys.stdout.buffer.write(json_bytes(entries))
            return
        from rich.table import Table

        table = Table("when (UTC)", "caller", "request", "status", "urgency", "input", "knowledge", box=None)
        for e in entries:
            when = f"{e.when:%Y-%m-%d %H:%M:%S}"
            digests = ((e.input_digest or "")[:12], e.knowledge_digest[:12])
            table.add_row(when, e.caller, f"{e.method} {e.route}", str(e.status), e.urgency or "", *digests)
        stdout_console().print(table if entries else "no entry yet")


@store_app.command(
    epilog="Examples:  backspasm store replay 3f2c...  ·  backspasm store replay 3f2c... --format json > again.json"
)
def replay(
    identity: Annotated[str, typer.Argument(metavar="ID", help="Of a saved assessment.")],
    config: Config = None,
    output: Format = "terminal",
) -> None:
    """Run a saved assessment again, and say whether it gives the same bytes.

    Exit code 1 where it does not although neither knowledge nor program has changed.

    `--format json` writes the new assessment to standard output, and the comparison to standard error.
    """
    with _opened(config) as (store, _):
        from backspasm.service.store.assessments import load
        from backspasm.service.store.assessments import replay as run_again

        saved = load(store, identity)
        if saved is None:
            refuse(f"ID ({identity[:80]!r}): no assessment of this id is saved. Mend: check the id")
        again = run_again(saved, load_model())
        lines = [
            f"saved {saved.when:%Y-%m-%d %H:%M:%S} UTC by {saved.caller}, urgency {saved.urgency}",
            "the same bytes" if again.same else f"OTHER bytes; urgency now {again.urgency}",
            *(f"changed: {what}" for what in again.changed),
        ]
        if output == "json":
            sys.stdout.buffer.write(again.output)
        print("\n".join(lines), file=sys.stderr if output == "json" else sys.stdout)
        if not again.same and not again.changed:
            raise typer.Exit(1)


@store_app.command(
    epilog="Examples:  backspasm store reception  ·  backspasm store reception --format json --config service.toml"
)
def reception(config: Config = None, output: Format = "terminal") -> None:
    """How CDS cards were received: shown, accepted, overridden and why."""
    with _opened(config) as (store, _):
        from backspasm.service.store.cards import reception as received

        rows = received(store)
        if output == "json":
            from backspasm.presentation.json_bytes import json_bytes

            sys.stdout.buffer.write(json_bytes(rows))
            return
        from rich.table import Table

        table = Table("service", "topic", "shown", "accepted", "overridden", "unanswered", "reasons", box=None)
        for r in rows:
            reasons = ", ".join(f"{code} ({number})" for code, number in r.reasons.items())
            table.add_row(
                r.service, r.topic, *(str(n) for n in (r.shown, r.accepted, r.overridden, r.unanswered)), reasons
            )
        stdout_console().print(table if rows else "no card yet")

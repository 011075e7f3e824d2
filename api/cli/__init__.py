"""The command line: `buying-groups serve | import | keys | webhooks | run-jobs | doctor | backup | restore | neo4j | favourites |
model | migrate`. Here is what each is called and takes; the other modules do it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from api.cli import keys, serving, upkeep, webhooks
from api.cli.frame import fail, out, run
from graph import analysis
from graph.model import Permission
from graph.webhooks import disable, enable

app = typer.Typer(
    help="Buying groups: who decides together whether to buy what you sell.", no_args_is_help=True, add_completion=False
)
keys_app = typer.Typer(help="API keys: who may call the API. See docs/security.md.", no_args_is_help=True)
app.add_typer(keys_app, name="keys")
webhooks_app = typer.Typer(help="Webhooks: who is told of events. See docs/webhooks.md.", no_args_is_help=True)
app.add_typer(webhooks_app, name="webhooks")


@app.command()
def serve(
    sample_market: Annotated[bool, typer.Option("--sample", help="Load a small sample market if the graph is empty.")] = False,
    with_jobs: Annotated[bool, typer.Option("--jobs/--no-jobs", help="Also work on jobs, not only queue them.")] = True,
) -> None:
    """Serve the GraphQL API (and start the embedded Neo4j unless NEO4J_URI is set)."""
    run(serving.serve, sample_market, with_jobs)


@app.command(name="import")
def import_(
    folder: Annotated[Path, typer.Argument(help="A CRM export: Account.csv, Contact.csv and so on; see docs/import.md.")],
    rejects: Annotated[Path | None, typer.Option(help="Where to report what was left out.")] = None,
    mapping: Annotated[str | None, typer.Option(help="Other names of files and columns: a TOML file, or hubspot.")] = None,
) -> None:
    """Import a CRM export in Salesforce's column names, or those of a mapping. Again and again without duplicates."""
    run(upkeep.import_, folder, rejects or Path(f"{folder.resolve().name}-rejects.csv"), mapping)


@keys_app.command("create")
def create_key(
    name: Annotated[str, typer.Option(help="Whose it is. What is done with it is recorded under this name.")],
    permission: Annotated[list[Permission], typer.Option(help="What it may do; once or more. Each includes VIEW.")],
    expires: Annotated[str | None, typer.Option(help="In how many days, such as 90d, or on which day (UTC), 2027-12-31.")] = None,
    account: Annotated[str | None, typer.Option(help="Binds it to this account and all below it: an id or external id.")] = None,
) -> None:
    """Make an API key. It is shown this once."""
    run(keys.create, name, permission, expires, account)


@keys_app.command("list")
def list_keys() -> None:
    """List the API keys, revoked ones too."""
    run(keys.list_all)


@keys_app.command("revoke")
def revoke_key(key: Annotated[str, typer.Argument(help="The key's id, as `list` tells it.")]) -> None:
    """Revoke an API key, for good. Servers refuse it within seconds."""
    run(keys.revoke, key)


@webhooks_app.command("list")
def list_webhooks() -> None:
    """List the webhooks, and how each stands."""
    run(webhooks.list_all)


@webhooks_app.command("replay")
def replay_webhook(
    webhook: Annotated[str, typer.Argument(help="The webhook's id, as `list` tells it.")],
    after: Annotated[str, typer.Option(help="A time, such as 2026-11-28T06:00:00Z, in UTC unless it says otherwise.")],
) -> None:
    """Deliver again what happened after a time, and all that followed."""
    run(webhooks.replay, webhook, after)


@webhooks_app.command("enable")
def enable_webhook(webhook: Annotated[str, typer.Argument(help="The webhook's id, as `list` tells it.")]) -> None:
    """Switch a webhook on. It goes on where it stopped."""
    run(webhooks.switch, webhook, enable, "on")


@webhooks_app.command("disable")
def disable_webhook(webhook: Annotated[str, typer.Argument(help="The webhook's id, as `list` tells it.")]) -> None:
    """Switch a webhook off. What happens meanwhile waits for it."""
    run(webhooks.switch, webhook, disable, "off")


@app.command()
def run_jobs(
    daily: Annotated[bool, typer.Option("--daily/--no-daily", help="First queue what runs daily, unless it ran today.")] = True,
    at_once: Annotated[
        int | None,
        typer.Option(min=1, max=64, help="On how many jobs, or slices of one, to work at once; else BUYING_GROUPS_JOBS_AT_ONCE."),
    ] = None,
    share: Annotated[
        float, typer.Option(min=0.05, max=1, help="In which part of the time to work; the rest is left to users of the database.")
    ] = 1.0,
) -> None:
    """Work on jobs until none waits, then end: for cron, where `serve --no-jobs` serves."""
    run(upkeep.run_jobs, daily, at_once, share)


@app.command()
def doctor(
    mend: Annotated[bool, typer.Option("--mend", help="Also mend what can be mended, and tell what was done.")] = False,
) -> None:
    """Tell what is configured and reachable, and whether the graph keeps what it promises. Ends with 1 if it doesn't."""
    run(upkeep.doctor, mend)


@app.command()
def backup(file: Annotated[Path, typer.Argument(help="Where the backup goes; nothing may be there yet.")]) -> None:
    """Back up the embedded Neo4j's graph, while nothing runs it, and prove the backup by loading it elsewhere."""
    run(upkeep.backup, file)


@app.command()
def restore(
    file: Annotated[Path, typer.Argument(help="A backup.")],
    replace: Annotated[bool, typer.Option("--replace", help="Lose the graph that the data folder holds.")] = False,
) -> None:
    """Load a backup into the embedded Neo4j's data folder, while nothing runs it."""
    run(upkeep.restore, file, replace)


@app.command()
def neo4j() -> None:
    """Start the embedded Neo4j alone, for analysts."""
    run(serving.neo4j)


@app.command()
def favourites(
    folder: Annotated[Path, typer.Argument(help="Where to put them.")] = Path("."),
) -> None:
    """Write queries and a style for Neo4j Browser, to be dropped onto its window. See docs/analysts.md."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in (("buying-groups.zip", analysis.archive()), ("buying-groups.grass", analysis.style().encode())):
            (folder / name).write_bytes(content)
            out.print(f"Drop {folder / name} onto Neo4j Browser's window.", markup=False, soft_wrap=True)
    except OSError as error:
        fail(f"{folder} can't be written to: {error.strerror}.", 1)


@app.command()
def model() -> None:
    """Print what leads to what in the graph as it is, as a Mermaid diagram."""
    run(upkeep.model)


@app.command()
def migrate() -> None:
    """Bring the graph's schema up to date."""
    run(upkeep.migrate)


def main() -> None:
    """The entry point."""
    app()

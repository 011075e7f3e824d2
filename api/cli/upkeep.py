"""The commands about what the graph holds: what comes in, what jobs make of it, whether it is sound, and copies of it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.table import Table

from api.cli.frame import database, database_or_beside, documents_of, err, out, plural, progress_bar, spans_wanted
from api.settings import Settings
from graph import analysis, jobs
from graph import backup as backups
from graph.db import Db
from graph.doctor import UNMENDED, Finding, examine, examine_one, mend, server_version
from graph.embedded import Options
from graph.errors import GraphError
from graph.folder import Folder
from graph.mappings import SALESFORCE, read_mapping
from graph.migrations import migrate as run_migrations
from graph.migrations import pending

if TYPE_CHECKING:
    from graph.imports import ImportSummary


async def import_(settings: Settings, folder: Path, rejects: Path, mapping: str | None) -> None:
    """Imports an export, with a progress bar, and prints what became of it."""
    from graph.imports import import_folder

    mapped = read_mapping(mapping) if mapping else SALESFORCE
    async with database_or_beside(settings) as opened:
        with progress_bar() as progress:
            tasks: dict[str, Any] = {}

            def told(file: str, done: int, total: int) -> None:
                if file not in tasks:
                    tasks[file] = progress.add_task(file, total=total)
                progress.update(tasks[file], completed=done, total=total)

            summary = await import_folder(opened.db, folder, by="import", progress=told, rejects=rejects, mapped=mapped)
    _say_imported(summary)


def _say_imported(summary: ImportSummary) -> None:
    table = Table(box=None, padding=(0, 1, 0, 0))
    table.add_column("imported", no_wrap=True)
    for heading in ("rows", "new", "changed", "unchanged", "rejected", "left out"):
        table.add_column(heading, justify="right", no_wrap=True)
    for file in summary.files:
        cells = (file.rows, file.created, file.updated, file.unchanged, file.rejected, file.left_out)
        table.add_row(file.name.partition(".")[0], *(f"{cell:,}" for cell in cells))
    out.print(table)
    for file in summary.files:
        if file.ignored_columns:
            out.print(f"Not read of {file.name}: {', '.join(file.ignored_columns)}.", markup=False)
    if summary.ignored_files:
        out.print(f"Not read: {', '.join(summary.ignored_files)}.", markup=False)
    if summary.rejects:
        rows, values = (sum(getattr(file, what) for file in summary.files) for what in ("rejected", "left_out"))
        out.print(
            f"{plural(rows, 'row')} and {plural(values, 'value')} were left out: {summary.rejects} tells which and why.",
            markup=False,
            soft_wrap=True,
        )
    out.print(f"{summary.seconds:.1f} s")


async def run_jobs(settings: Settings, daily: bool, at_once: int | None, share: float) -> None:
    """Works on jobs until none waits, in this part of the time."""
    from api.app import works_alone
    from api.observing import Metrics

    async with database_or_beside(settings) as opened:
        if daily:
            await jobs.queue_daily(opened.db, settings.daily_at)
        works = works_alone(
            opened.db, settings.secret(opened.connection.password), documents_of(settings), Folder(settings.files)
        )
        with spans_wanted(settings) as spans, Metrics(settings.slow, spans).beside():
            count = await jobs.run_all(opened.db, works, at_once=at_once or settings.jobs_at_once, pace=lambda: share)
    out.print(f"{count} job{'' if count == 1 else 's'} done.")


async def doctor(settings: Settings, mending: bool) -> None:
    """Prints the settings, and what the doctor finds. Raises GraphError if the graph breaks what it promises."""
    for name, value in settings.shown():
        out.print(f"{name} = {value}", markup=False, soft_wrap=True)
    async with database_or_beside(settings, migrated=False) as opened:
        out.print(
            f"\nThe database at {opened.connection.uri} answers: {await server_version(opened.db)}.", markup=False, soft_wrap=True
        )
        if missing := await pending(opened.db):
            raise GraphError(f"{len(missing)} migrations are not in. Run buying-groups migrate.")
        broken = 0
        async for finding in examine(opened.db):
            _say_found(finding)
            if finding.broken and mending:
                finding = await _mended(opened.db, finding)
            broken += finding.broken
    if broken:
        raise GraphError(f"{plural(broken, 'place')} {'breaks' if broken == 1 else 'break'} what the graph promises.")
    out.print("The graph keeps what it promises.")


def _say_found(finding: Finding) -> None:
    out.print(f"{finding.broken or 'ok':>6}  {finding.title}", markup=False, soft_wrap=True)
    for place in finding.shown:
        out.print(f"          {place}", markup=False, soft_wrap=True)


async def _mended(db: Db, finding: Finding) -> Finding:
    """Mends what can be mended of a finding, says what was done, and why the rest was not; returns what is left."""
    done = await mend(db, finding.check)
    for words in done:
        out.print(f"  mended  {words}", markup=False, soft_wrap=True)
    left = await examine_one(db, finding.check) if done else finding
    if left.broken:
        out.print(f"    left  {left.broken}: {UNMENDED[finding.check]}", markup=False, soft_wrap=True)
    return left


async def backup(settings: Settings, file: Path) -> None:
    """Writes a backup."""
    _say_held("The backup holds", await backups.backup(_own(settings), file, _step))
    out.print(f"It is in {file}.", markup=False, soft_wrap=True)


async def restore(settings: Settings, file: Path, replacing: bool) -> None:
    """Loads a backup."""
    _say_held("The graph holds", await backups.restore(_own(settings), file, _step, replacing=replacing))


def _step(words: str) -> None:
    err.print(f"{words} ...", markup=False, soft_wrap=True)


def _own(settings: Settings) -> Options:
    """The embedded server's options. Raises GraphError if another one is set."""
    if settings.connection:
        raise GraphError("NEO4J_URI is set. How to back up a server of your own is told in docs/operation.md.")
    return settings.embedded


def _say_held(words: str, held: backups.Contents) -> None:
    out.print(f"{words} {held}.", soft_wrap=True)
    for one in held.broken:
        out.print(f"The doctor finds: {one}", markup=False, soft_wrap=True)
    if not held.broken:
        out.print("The graph keeps what it promises.")


async def model(settings: Settings) -> None:
    """Prints the graph's model."""
    async with database_or_beside(settings) as opened:
        print(await analysis.model(opened.db), end="")  # noqa: T201 - alone on standard output, for a file


async def migrate(settings: Settings) -> None:
    """Applies the migrations that are missing."""
    async with database(settings, migrated=False) as opened:
        applied = await run_migrations(opened.db)
    for step in applied:
        out.print(f"applied V{step.version:04} {step.name.replace('_', ' ')}")
    out.print("The schema is up to date.")

"""The jars of the embedded Neo4j, of GraphiQL and of the console: fetched once by jgo, and never used with another content
than the lock file's."""

from __future__ import annotations

import fcntl
import hashlib
import tomllib
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path

from jgo.maven import MavenContext

Progress = Callable[[int, int], None]
"""Told how many jars are there, of how many."""
AT_ONCE = 8  # downloads
TIMEOUT = 120  # seconds a download may take


class JarError(Exception):
    """A jar can't be had, or isn't the one that the lock file names."""


@dataclass(frozen=True, slots=True)
class Jar:
    """One locked jar: its Maven coordinates (group:artifact:version[:classifier]) and its SHA-256."""

    coordinates: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Lock:
    """Neo4j's version, the jars of its class path, and those that hold files for browsers."""

    version: str
    server: tuple[Jar, ...]
    web: tuple[Jar, ...]


@cache
def locked() -> Lock:
    """What the lock file says."""
    table = tomllib.loads(files("graph").joinpath("neo4j.lock.toml").read_text("utf-8"))
    server, web = (tuple(Jar(*entry) for entry in table[name]) for name in ("jars", "web"))
    return Lock(table["version"], server, web)


def fetch(jars: Sequence[Jar], cache_dir: Path, progress: Progress | None = None) -> list[Path]:
    """The jars' paths, in their order. Fetches what is missing; a jar is hashed when it is fetched, and again when its size
    or time changed since. Raises JarError."""
    context = MavenContext(repo_cache=cache_dir / "maven", local_repos=[], timeout=TIMEOUT)
    done = 0
    paths: list[Path] = []
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for path in pool.map(lambda jar: _fetch(context, jar), jars):
            paths.append(path)
            done += 1
            if progress:
                progress(done, len(jars))
    return paths


def _fetch(context: MavenContext, jar: Jar) -> Path:
    group, artifact, version, *classifier = jar.coordinates.split(":")
    component = context.project(group, artifact).at_version(version)
    wanted = component.artifact(classifier=classifier[0] if classifier else "")
    path = wanted.cached_path
    assert path is not None
    if not _verified(path, jar.sha256):
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.with_name(path.name + ".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)  # another process may be fetching it
            if not _verified(path, jar.sha256):
                _replace(wanted, path, jar)
    return path


def _replace(wanted: object, path: Path, jar: Jar) -> None:
    path.unlink(missing_ok=True)
    _download(wanted, jar)
    found = _sha256(path)
    if found != jar.sha256:
        path.unlink()
        raise JarError(f"{jar.coordinates} should have the SHA-256 {jar.sha256}, but what came has {found}")
    _mark(path, jar.sha256)


def _download(wanted: object, jar: Jar) -> None:
    try:
        wanted.resolve()  # type: ignore[attr-defined]
    except Exception as error:  # jgo raises whatever its HTTP client does
        raise JarError(f"{jar.coordinates} can't be fetched: {error}") from error


def _verified(path: Path, sha256: str) -> bool:
    """Whether the jar is there with the right content: by its marker, else by its hash."""
    if not path.exists():
        return False
    marker = _marker(path)
    if marker.exists() and marker.read_text() == _stamp(path, sha256):
        return True
    if _sha256(path) != sha256:
        return False
    _mark(path, sha256)
    return True


def _mark(path: Path, sha256: str) -> None:
    _marker(path).write_text(_stamp(path, sha256))


def _marker(path: Path) -> Path:
    return path.with_name(path.name + ".verified")


def _stamp(path: Path, sha256: str) -> str:
    stat = path.stat()
    return f"{sha256} {stat.st_size} {stat.st_mtime_ns}"


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()

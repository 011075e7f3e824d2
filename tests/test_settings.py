"""Settings: what is wrong is refused at start, by name, with what is allowed; secrets are never shown."""

from __future__ import annotations

from dataclasses import astuple
from pathlib import Path

import pytest

from api import settings
from api.limits import Limits
from api.settings import BadSettings, load

WRONG = [
    ("BUYING_GROUPS_PORT", "eighty", "BUYING_GROUPS_PORT: 'eighty' is wrong: input should be a valid integer"),
    ("BUYING_GROUPS_PORT", "70000", "BUYING_GROUPS_PORT: '70000' is wrong: input should be less than or equal to 65535"),
    ("BUYING_GROUPS_HOST", "example.org", "BUYING_GROUPS_HOST: 'example.org' is wrong: must be an IP address of this machine"),
    ("BUYING_GROUPS_HEAP_MB", "10", "BUYING_GROUPS_HEAP_MB: '10' is wrong: input should be greater than or equal to 256"),
    ("BUYING_GROUPS_LOG_LEVEL", "loud", "BUYING_GROUPS_LOG_LEVEL: 'loud' is wrong: input should be 'debug', 'info'"),
    ("OTEL_TRACES_EXPORTER", "console", "OTEL_TRACES_EXPORTER: 'console' is wrong: input should be 'none' or 'otlp'"),
    ("BUYING_GROUPS_DAILY_AT", "noon", "BUYING_GROUPS_DAILY_AT: 'noon' is wrong: input should be in a valid time format"),
    ("BUYING_GROUPS_PROT", "8000", "BUYING_GROUPS_PROT: there is no such setting; did you mean BUYING_GROUPS_PORT?"),
    ("NEO4J_URI", "http://db", "NEO4J_URI: 'http://db' is wrong: must begin with one of bolt://"),
    ("NEO4J_URI", "bolt://db", "NEO4J_PASSWORD: is needed with NEO4J_URI"),
    ("BUYING_GROUPS_MAX_DEPTH", "0", "BUYING_GROUPS_MAX_DEPTH: '0' is wrong: input should be greater than or equal to 1"),
    ("BUYING_GROUPS_MAX_COST", "much", "BUYING_GROUPS_MAX_COST: 'much' is wrong: input should be a valid integer"),
    ("BUYING_GROUPS_REQUEST_TIMEOUT", "0", "BUYING_GROUPS_REQUEST_TIMEOUT: '0' is wrong: input should be greater than 0"),
    ("BUYING_GROUPS_DOCUMENTS_ONLY", "true", "BUYING_GROUPS_DOCUMENTS: is needed with BUYING_GROUPS_DOCUMENTS_ONLY"),
    ("BUYING_GROUPS_SECRET_KEY", "too short", "BUYING_GROUPS_SECRET_KEY: value should have at least 32 items"),
]


@pytest.fixture(autouse=True)
def clean(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in settings.names():
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize(("name", "value", "says"), WRONG, ids=[f"{name}={value}" for name, value, _ in WRONG])
def test_a_wrong_setting_is_refused_by_name(monkeypatch: pytest.MonkeyPatch, name: str, value: str, says: str) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(BadSettings) as refused:
        load(None)
    assert str(refused.value).startswith(says)


def test_all_that_is_wrong_is_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BUYING_GROUPS_PORT", "x")
    monkeypatch.setenv("BUYING_GROUPS_HOST", "y")
    with pytest.raises(BadSettings) as refused:
        load(None)
    assert [line.split(":")[0] for line in str(refused.value).splitlines()] == ["BUYING_GROUPS_HOST", "BUYING_GROUPS_PORT"]


def test_secrets_are_never_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BUYING_GROUPS_SECRET_KEY", "a-secret-that-is-short")
    with pytest.raises(BadSettings) as refused:
        load(None)
    assert "a-secret" not in str(refused.value)
    monkeypatch.setenv("BUYING_GROUPS_SECRET_KEY", "x" * 40)
    monkeypatch.setenv("NEO4J_URI", "bolt://db")
    monkeypatch.setenv("NEO4J_PASSWORD", "hunter2")
    found = load(None)
    shown = dict(found.shown())
    assert shown["NEO4J_PASSWORD"] == shown["BUYING_GROUPS_SECRET_KEY"] == "**********"
    assert "hunter2" not in repr(found) + repr(found.connection)


def test_a_file_gives_settings_and_the_environment_wins(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text("BUYING_GROUPS_PORT=9001\nBUYING_GROUPS_BOLT_PORT=9002\n")
    monkeypatch.setenv("BUYING_GROUPS_PORT", "9003")
    found = load(file)
    assert (found.port, found.bolt_port, found.connection) == (9003, 9002, None)


def test_every_limit_is_a_setting_and_the_defaults_are_the_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    assert load(None).limits == Limits()
    chosen = Limits(11, 12, 13, 14, 15, 16, 17, 1_000, 18.5)
    names = ("DEPTH", "COST", "ALIASES", "ROOT_FIELDS", "DIRECTIVES", "FRAGMENTS", "TOKENS", "BODY_BYTES")
    for name, value in zip(names, astuple(chosen), strict=False):
        monkeypatch.setenv(f"BUYING_GROUPS_MAX_{name}", str(value))
    monkeypatch.setenv("BUYING_GROUPS_REQUEST_TIMEOUT", "18.5")
    assert load(None).limits == chosen


def test_a_database_of_ones_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEO4J_URI", "neo4j+s://cluster.example")
    monkeypatch.setenv("NEO4J_USERNAME", "someone")
    monkeypatch.setenv("NEO4J_PASSWORD", "hunter2")
    monkeypatch.setenv("NEO4J_DATABASE", "market")
    found = load(None).connection
    assert found is not None
    assert (found.uri, found.username, found.password, found.database) == (
        "neo4j+s://cluster.example",
        "someone",
        "hunter2",
        "market",
    )

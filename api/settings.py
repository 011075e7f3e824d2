"""The settings, from the environment and `.env`. The only reader of the environment.

A wrong setting is refused before anything starts: by its name, with its value (but never a secret's), what is wrong with
it, and what is allowed.
"""

from __future__ import annotations

import difflib
import ipaddress
import os
from collections.abc import Mapping
from datetime import time
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal

import platformdirs
from dotenv import dotenv_values
from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from api.context import Hooks
from api.limits import Limits
from api.observing import SLOW
from api.provider import Provider, is_loopback, is_safe
from api.rates import RateLimits
from api.signin import Client
from graph.db import Connection
from graph.embedded import Options
from graph.targets import Network, Targets
from graph.vault import Vault

PREFIX = "BUYING_GROUPS_"
_SCHEMES = ("bolt://", "bolt+s://", "bolt+ssc://", "neo4j://", "neo4j+s://", "neo4j+ssc://")
_SECRETS = ("NEO4J_PASSWORD", "BUYING_GROUPS_SECRET_KEY")
LIMITS = Limits()
RATES = RateLimits()
Port = int


class BadSettings(Exception):
    """One or more settings are wrong; each line of the message names one and what is allowed."""


class Settings(BaseSettings):
    """What can be set. Without NEO4J_URI the embedded Neo4j is used."""

    model_config = SettingsConfigDict(env_file=".env", extra="ignore", frozen=True, populate_by_name=False)

    neo4j_uri: str | None = Field(None, validation_alias="NEO4J_URI")
    neo4j_username: str = Field("neo4j", validation_alias="NEO4J_USERNAME", min_length=1)
    neo4j_password: SecretStr | None = Field(None, validation_alias="NEO4J_PASSWORD")
    neo4j_database: str | None = Field(None, validation_alias="NEO4J_DATABASE", min_length=1)

    host: str = Field("127.0.0.1", validation_alias="BUYING_GROUPS_HOST")
    port: Port = Field(8000, validation_alias="BUYING_GROUPS_PORT", ge=0, le=65535)
    bolt_port: Port = Field(7687, validation_alias="BUYING_GROUPS_BOLT_PORT", ge=0, le=65535)
    browser_port: Port = Field(7474, validation_alias="BUYING_GROUPS_BROWSER_PORT", ge=0, le=65535)
    data_dir: Path = Field(Path("data"), validation_alias="BUYING_GROUPS_DATA_DIR")
    cache_dir: Path = Field(
        Path(platformdirs.user_cache_dir("buying-groups", appauthor=False)), validation_alias="BUYING_GROUPS_CACHE_DIR"
    )
    heap: int | None = Field(None, validation_alias="BUYING_GROUPS_HEAP_MB", ge=256, le=65536)
    page_cache: int | None = Field(None, validation_alias="BUYING_GROUPS_PAGE_CACHE_MB", ge=32, le=1048576)
    pool_size: int = Field(100, validation_alias="BUYING_GROUPS_POOL_SIZE", ge=1, le=1000)
    statement_timeout: float = Field(30.0, validation_alias="BUYING_GROUPS_STATEMENT_TIMEOUT", gt=0, le=3600)
    secret_key: SecretStr | None = Field(None, validation_alias="BUYING_GROUPS_SECRET_KEY", min_length=32)
    oidc_issuer: str | None = Field(None, validation_alias="BUYING_GROUPS_OIDC_ISSUER")
    oidc_audience: str | None = Field(None, validation_alias="BUYING_GROUPS_OIDC_AUDIENCE", min_length=1)
    oidc_jwks_url: str | None = Field(None, validation_alias="BUYING_GROUPS_OIDC_JWKS_URL")
    oidc_permissions: str = Field("permissions", validation_alias="BUYING_GROUPS_OIDC_PERMISSIONS_CLAIM", min_length=1)
    oidc_account: str | None = Field(None, validation_alias="BUYING_GROUPS_OIDC_ACCOUNT_CLAIM", min_length=1)
    oidc_client: str | None = Field(None, validation_alias="BUYING_GROUPS_OIDC_CLIENT_ID", min_length=1, max_length=500)
    oidc_scopes: str = Field("openid", validation_alias="BUYING_GROUPS_OIDC_SCOPES", max_length=1000)
    webhook_networks: str = Field("", validation_alias="BUYING_GROUPS_WEBHOOK_NETWORKS")
    daily_at: time = Field(time(2), validation_alias="BUYING_GROUPS_DAILY_AT")
    jobs_at_once: int = Field(1, validation_alias="BUYING_GROUPS_JOBS_AT_ONCE", ge=1, le=64)
    jobs_share: float = Field(0.5, validation_alias="BUYING_GROUPS_JOBS_SHARE", ge=0.05, le=1)
    console: bool = Field(True, validation_alias="BUYING_GROUPS_CONSOLE")
    graphiql: bool = Field(True, validation_alias="BUYING_GROUPS_GRAPHIQL")
    introspection: bool = Field(True, validation_alias="BUYING_GROUPS_INTROSPECTION")
    suggestions: bool = Field(True, validation_alias="BUYING_GROUPS_SUGGESTIONS")
    documents: Path | None = Field(None, validation_alias="BUYING_GROUPS_DOCUMENTS")
    documents_only: bool = Field(False, validation_alias="BUYING_GROUPS_DOCUMENTS_ONLY")
    max_depth: int = Field(LIMITS.depth, validation_alias="BUYING_GROUPS_MAX_DEPTH", ge=1, le=50)
    max_cost: int = Field(LIMITS.cost, validation_alias="BUYING_GROUPS_MAX_COST", ge=1, le=10**9)
    max_aliases: int = Field(LIMITS.aliases, validation_alias="BUYING_GROUPS_MAX_ALIASES", ge=0, le=10_000)
    max_root_fields: int = Field(LIMITS.root_fields, validation_alias="BUYING_GROUPS_MAX_ROOT_FIELDS", ge=1, le=1_000)
    max_directives: int = Field(LIMITS.directives, validation_alias="BUYING_GROUPS_MAX_DIRECTIVES", ge=0, le=10_000)
    max_fragments: int = Field(LIMITS.fragments, validation_alias="BUYING_GROUPS_MAX_FRAGMENTS", ge=0, le=1_000)
    max_tokens: int = Field(LIMITS.tokens, validation_alias="BUYING_GROUPS_MAX_TOKENS", ge=10, le=100_000)
    max_body: int = Field(LIMITS.body, validation_alias="BUYING_GROUPS_MAX_BODY_BYTES", ge=1_000, le=2**28)
    max_import: int = Field(2**31, validation_alias="BUYING_GROUPS_MAX_IMPORT_BYTES", ge=1_000, le=2**40)
    rate_cost: int = Field(1_000_000_000, validation_alias="BUYING_GROUPS_RATE_COST", ge=0, le=10**12)
    max_concurrent: int = Field(RATES.concurrent, validation_alias="BUYING_GROUPS_MAX_CONCURRENT", ge=1, le=100_000)
    max_requests: int = Field(RATES.total, validation_alias="BUYING_GROUPS_MAX_REQUESTS", ge=1, le=1_000_000)
    request_timeout: float = Field(LIMITS.seconds, validation_alias="BUYING_GROUPS_REQUEST_TIMEOUT", gt=0, le=3600)
    log_level: Literal["debug", "info", "warning", "error"] = Field("info", validation_alias="BUYING_GROUPS_LOG_LEVEL")
    log_format: Literal["auto", "json", "text"] = Field("auto", validation_alias="BUYING_GROUPS_LOG_FORMAT")
    traces: Literal["none", "otlp"] = Field("none", validation_alias="OTEL_TRACES_EXPORTER")
    slow: float = Field(SLOW, validation_alias="BUYING_GROUPS_SLOW", gt=0, le=3600)
    shutdown_timeout: int = Field(10, validation_alias="BUYING_GROUPS_SHUTDOWN_TIMEOUT", ge=1, le=600)

    @field_validator("neo4j_uri")
    @classmethod
    def _reachable_scheme(cls, value: str | None) -> str | None:
        if value is not None and not value.startswith(_SCHEMES):
            raise ValueError(f"must begin with one of {', '.join(_SCHEMES)}")
        return value

    @field_validator("host")
    @classmethod
    def _address(cls, value: str) -> str:
        try:
            if value != "localhost":
                ipaddress.ip_address(value)
        except ValueError:
            raise ValueError("must be an IP address of this machine, or localhost") from None
        return value

    @field_validator("oidc_issuer", "oidc_jwks_url")
    @classmethod
    def _safe(cls, value: str | None) -> str | None:
        if value is not None and not is_safe(value):
            raise ValueError("must be an address that begins with https:// (http:// on this machine alone)")
        return value

    @field_validator("oidc_scopes")
    @classmethod
    def _scopes(cls, value: str) -> str:
        if "openid" not in value.split():
            raise ValueError("must be scopes with spaces between them, openid among them")
        return value

    @field_validator("webhook_networks")
    @classmethod
    def _networks(cls, value: str) -> str:
        try:
            networks(value)
        except ValueError:
            raise ValueError("must be networks such as 10.1.0.0/16, separated by commas") from None
        return value

    @model_validator(mode="after")
    def _issuer_with_audience(self) -> Settings:
        if self.oidc_issuer is not None and self.oidc_audience is None:
            raise ValueError("BUYING_GROUPS_OIDC_AUDIENCE: is needed with BUYING_GROUPS_OIDC_ISSUER")
        for name in ("oidc_audience", "oidc_jwks_url", "oidc_permissions", "oidc_account", "oidc_client"):
            if self.oidc_issuer is None and name in self.model_fields_set:
                alias = type(self).model_fields[name].validation_alias
                raise ValueError(f"BUYING_GROUPS_OIDC_ISSUER: is needed with {alias}")
        if self.oidc_client is None and "oidc_scopes" in self.model_fields_set:
            raise ValueError("BUYING_GROUPS_OIDC_CLIENT_ID: is needed with BUYING_GROUPS_OIDC_SCOPES")
        return self

    @model_validator(mode="after")
    def _password_with_uri(self) -> Settings:
        if self.neo4j_uri is not None and self.neo4j_password is None:
            raise ValueError("NEO4J_PASSWORD: is needed with NEO4J_URI")
        return self

    @field_validator("traces")
    @classmethod
    def _installed(cls, value: str) -> str:
        if value != "none" and find_spec("opentelemetry") is None:
            raise ValueError("needs OpenTelemetry's packages: pip install 'buying-groups[otel]'")
        return value

    @model_validator(mode="after")
    def _documents_with_only(self) -> Settings:
        if self.documents_only and self.documents is None:
            raise ValueError("BUYING_GROUPS_DOCUMENTS: is needed with BUYING_GROUPS_DOCUMENTS_ONLY")
        return self

    @property
    def limits(self) -> Limits:
        """The most that a request may ask for."""
        return Limits(
            self.max_depth,
            self.max_cost,
            self.max_aliases,
            self.max_root_fields,
            self.max_directives,
            self.max_fragments,
            self.max_tokens,
            self.max_body,
            self.request_timeout,
        )

    @property
    def is_local(self) -> bool:
        """Whether the API answers on loopback alone."""
        return is_loopback(self.host)

    @property
    def provider(self) -> Provider | None:
        """Whose tokens are taken, if any."""
        if self.oidc_issuer is None or self.oidc_audience is None:
            return None
        return Provider(self.oidc_issuer, self.oidc_audience, self.oidc_jwks_url, self.oidc_permissions, self.oidc_account)

    @property
    def client(self) -> Client | None:
        """What the console is to that provider, if one may sign in there."""
        return Client(self.provider, self.oidc_client, self.oidc_scopes) if self.provider and self.oidc_client else None

    @property
    def hooks(self) -> Hooks:
        """Where webhooks may deliver to, and what keeps their secrets, if there is a key for that."""
        vault = Vault(self.secret_key.get_secret_value().encode()) if self.secret_key else None
        return Hooks(Targets(networks(self.webhook_networks)), vault)

    @property
    def rates(self) -> RateLimits:
        """How much a credential may ask for."""
        return RateLimits(self.rate_cost or None, self.max_concurrent, self.max_requests)

    @property
    def connection(self) -> Connection | None:
        """The database that is set, or None for the embedded one."""
        if self.neo4j_uri is None or self.neo4j_password is None:
            return None
        return Connection(
            self.neo4j_uri,
            self.neo4j_username,
            self.neo4j_password.get_secret_value(),
            self.neo4j_database,
            pool_size=self.pool_size,
            statement_timeout=self.statement_timeout,
        )

    @property
    def embedded(self) -> Options:
        """How the embedded server is to run."""
        return Options(self.data_dir, self.cache_dir, self.bolt_port, self.browser_port, self.heap, self.page_cache)

    @property
    def files(self) -> Path:
        """Where the files of imports and exports lie."""
        return self.data_dir / "files"

    def shown(self) -> list[tuple[str, str]]:
        """Every setting in force by its name, secrets masked."""
        values = [(str(field.validation_alias), getattr(self, name)) for name, field in type(self).model_fields.items()]
        return [(name, "" if value is None else str(value)) for name, value in values]

    def secret(self, password: str) -> bytes:
        """What cursors are signed with: the secret key, else something every instance on this database shares."""
        return (self.secret_key.get_secret_value() if self.secret_key else password).encode()


def load(env_file: Path | None = Path(".env")) -> Settings:
    """The settings in force. Raises BadSettings."""
    wrong = _unknown(env_file)
    try:
        settings = Settings(_env_file=env_file)  # pyright: ignore[reportCallIssue]
    except ValidationError as error:
        wrong += [_words(problem) for problem in error.errors()]
        settings = None
    if wrong or settings is None:
        raise BadSettings("\n".join(wrong))
    return settings


def networks(text: str) -> tuple[Network, ...]:
    """Networks separated by commas. Raises ValueError."""
    return tuple(ipaddress.ip_network(one.strip()) for one in text.split(",") if one.strip())


def names() -> list[str]:
    """Every setting's name."""
    return [str(field.validation_alias) for field in Settings.model_fields.values()]


def _unknown(env_file: Path | None) -> list[str]:
    given: Mapping[str, Any] = {**(dotenv_values(env_file) if env_file else {}), **os.environ}
    wrong: list[str] = []
    for name in sorted(given):
        if name.startswith(PREFIX) and name not in names():
            near = difflib.get_close_matches(name, names(), 1)
            wrong.append(f"{name}: there is no such setting" + (f"; did you mean {near[0]}?" if near else ""))
    return wrong


def _words(problem: Mapping[str, Any]) -> str:
    message = str(problem["msg"]).removeprefix("Value error, ")
    if not problem["loc"]:
        return message
    name = str(problem["loc"][0])
    shown = "" if name in _SECRETS else f"{problem['input']!r} is wrong: "
    return f"{name}: {shown}{message[:1].lower() + message[1:]}"

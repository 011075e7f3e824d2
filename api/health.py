"""Whether this instance lives and is ready, for those who start, stop and balance instances, and its metrics for Prometheus."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import orjson
from prometheus_client import generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from starlette.requests import Request
from starlette.responses import Response

from api import http, ids
from api.auth import Entrance, NotLetIn, refused, require
from api.errors import Code
from api.http import Refusal
from api.observing import Metrics
from graph.backlog import Backlog, backlog
from graph.db import Db, Pool
from graph.errors import GraphError
from graph.model import Permission

WITHIN = 5.0
"""Seconds after which a scrape goes without what the database would tell."""
TYPE = "text/plain; version=0.0.4; charset=utf-8"


class Health:
    """The two probes. They are answered to everybody, and tell nothing but the one word."""

    def __init__(self, db: Db) -> None:
        self._db = db

    async def live(self, _: Request) -> Response:
        """200 as long as the process answers. What the database does is no reason to start it anew."""
        return _told("live", 200)

    async def ready(self, _: Request) -> Response:
        """200 if the database answers a query within five seconds, else 503."""
        return _told("ready", 200) if await self._db.answers() else _told("unavailable", 503)


def _told(word: str, status: int) -> Response:
    return Response(orjson.dumps({"status": word}), status, {"Cache-Control": "no-store"}, "application/json")


class Scrape:
    """The metrics, for callers who may VIEW the whole market."""

    def __init__(self, entrance: Entrance, db: Db, metrics: Metrics) -> None:
        self._entrance, self._db, self._metrics = entrance, db.aside(), metrics

    async def serve(self, request: Request) -> Response:
        """What was counted, in Prometheus' text format. What the database would tell is left out when it doesn't answer."""
        try:
            context = await self._entrance.context(request)
        except NotLetIn as refusal:
            return refused(refusal, request)
        try:
            require(context, Permission.VIEW)
            if context.sight:
                words = "This tells of the whole market, and this credential is bound to a part of it."
                raise Refusal(403, Code.FORBIDDEN, words)
        except Refusal as refusal:
            return http.refused(refusal, context.request_id)
        waits = await self._backlog()
        text = generate_latest(self._metrics.registry) + generate_latest(_Now(self._db.pool, waits))
        return Response(text, headers={"Cache-Control": "no-store", "Content-Type": TYPE})

    async def _backlog(self) -> Backlog | None:
        try:
            async with asyncio.timeout(WITHIN):
                return await backlog(self._db)
        except (TimeoutError, GraphError):
            return None


class _Now:
    """What is true at the moment of a scrape, as the registry of its own that Prometheus' client wants."""

    def __init__(self, pool: Pool, waits: Backlog | None) -> None:
        self._pool, self._waits = pool, waits

    def collect(self) -> Iterator[Metric]:
        pool = GaugeMetricFamily("buying_groups_pool_connections", "Connections to the database.", labels=("state",))
        pool.add_metric(("used",), self._pool.used)
        pool.add_metric(("free",), self._pool.size - self._pool.used)
        yield pool
        yield GaugeMetricFamily("buying_groups_pool_waiting", "Callers who wait for a connection.", self._pool.waiting)
        yield GaugeMetricFamily("buying_groups_database_up", "1 if the database told what waits.", float(self._waits is not None))
        if self._waits:
            yield from _waiting(self._waits)


def _waiting(waits: Backlog) -> Iterator[Metric]:
    jobs = GaugeMetricFamily("buying_groups_jobs", "Jobs on record by kind and status.", labels=("kind", "status"))
    for (kind, status), count in sorted(waits.jobs.items()):
        jobs.add_metric((kind, status), count)
    yield jobs
    yield GaugeMetricFamily("buying_groups_events_unnumbered", "Events that nobody could read yet.", waits.fresh)
    events = GaugeMetricFamily("buying_groups_webhook_events", "Events a webhook has to look at.", labels=("webhook",))
    age = GaugeMetricFamily("buying_groups_webhook_lag_seconds", "The age of the oldest of them.", labels=("webhook",))
    for one in waits.webhooks:
        own = ids.encode("Webhook", one.webhook_id)
        events.add_metric((own,), one.events)
        age.add_metric((own,), one.seconds)
    yield events
    yield age

"""How soon a request that asks for too much is refused: each limit exceeded by one, and fragments that multiply.

Every round's document is a new one, so nothing is known of it beforehand. Over HTTP, in this process.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping

import httpx2
from rich.console import Console
from rich.table import Table

from api.app import create_app
from api.limits import MAX_CHARACTERS, MAX_NESTING, Limits
from graph.db import Db

ROUNDS = 50
MOST = Limits()
_NAMED = [f"a{number}: subject" for number in range(MOST.aliases + 1)]


def _bomb(levels: int, spread: str, end: str) -> str:
    """Fragments that each spread the next one twice."""
    parts = [f"fragment f{n} on Query {{ {spread.replace('NEXT', f'...f{n + 1} ...f{n + 1}')} }}" for n in range(levels)]
    return "{ ...f0 } " + " ".join(parts) + f" fragment f{levels} on Query {{ {end} }}"


DOCUMENTS: Mapping[str, Callable[[], str]] = {
    f"{MOST.depth + 1} fields deep": lambda: (
        "{ account(id: 1)" + "{ parent" * (MOST.depth - 1) + "{ name" + "}" * (MOST.depth + 1)
    ),
    f"{MOST.aliases + 1} aliases": lambda: "{ viewer {" + " ".join(_NAMED) + "} }",
    f"{MOST.root_fields + 1} root fields": lambda: "{" + "viewer { subject }" * (MOST.root_fields + 1) + "}",
    f"{MOST.directives + 1} directives": lambda: "{ viewer {" + "subject @include(if: true) " * (MOST.directives + 1) + "} }",
    f"{MOST.fragments + 1} fragments": lambda: _bomb(MOST.fragments, "roles { name }", "roles { name }"),
    f"{MOST.tokens + 1:,} tokens": lambda: "{ viewer {" + "subject " * (MOST.tokens - 4) + "} }",
    f"{MAX_CHARACTERS + 1:,} characters": lambda: "{ viewer { subject } }".ljust(MAX_CHARACTERS + 1 - len(" # 000")),
    f"{MAX_NESTING + 1} brackets": lambda: "{ a" * (MAX_NESTING + 1) + "}" * (MAX_NESTING + 1),
    "a page's square": lambda: (
        """{ buyingGroups(first: 50) { edges { node { members(first: 100) { edges { node { memberships(first: 50) {
        edges { node { buyingGroup { members(first: 100) { edges { node { name } } } } } } } } } } } } } }"""
    ),
    "a bomb of 25 fragments": lambda: _bomb(25, "NEXT", "roles { name }"),
    "a bomb of 90 fragments with pages": lambda: _bomb(90, "accounts { totalCount } NEXT", "roles { name }"),
}


async def run(db: Db, console: Console) -> None:
    """Measures and prints."""
    transport = httpx2.ASGITransport(app=create_app(db, b"bench", jobs=False))
    table = Table("", "bytes", "median ms", "worst ms", title=f"Refused before anything is executed, {ROUNDS} rounds")
    async with httpx2.AsyncClient(transport=transport, base_url="http://localhost") as client:
        for name, document in DOCUMENTS.items():
            times: list[float] = []
            for number in range(ROUNDS + 1):
                text = f"{document()} # {number:03}"
                start = time.perf_counter()
                answer = (await client.post("/graphql", json={"query": text})).json()
                times.append(1000 * (time.perf_counter() - start))
                assert answer["errors"][0]["extensions"]["code"] == "TOO_COMPLEX", answer
            table.add_row(name, f"{len(document()):,}", f"{statistics.median(times[1:]):.1f}", f"{max(times[1:]):.1f}")
    console.print(table)

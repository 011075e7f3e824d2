"""What accounts own and where people work: lists that replace, links that say what is given alone."""

from __future__ import annotations

from datetime import date
from typing import Any

from make import BY, Person, plant, rows

from graph import accounts, people, products
from graph.db import Db
from graph.model import Change, PersonRelationship
from graph.people import Relations


async def owned(db: Db) -> dict[tuple[str, str], dict[str, Any]]:
    found = await rows(
        db, "MATCH (a:Account)-[o:OWNS]->(p:Product) RETURN a.externalId AS a, p.externalId AS p, properties(o) AS o"
    )
    return {(row["a"], row["p"]): {k: str(v) for k, v in row["o"].items()} for row in found}


async def relations(db: Db) -> dict[tuple[str, str], dict[str, Any]]:
    found = await rows(
        db, "MATCH (p:Person)-[w:WORKS_FOR]->(a:Account) RETURN p.externalId AS p, a.externalId AS a, properties(w) AS w"
    )
    return {(row["p"], row["a"]): row["w"] for row in found}


async def own(db: Db, *products_owned: dict[str, Any]) -> Change | None:
    """Upserts account a with these products; returns what changed."""
    done = await accounts.upsert(db, [{"externalId": "a", "name": "a", "ownedProducts": list(products_owned)}], by=BY)
    assert done.problems == ()
    return done.changes[0]


async def test_an_upserts_list_of_products_replaces(db: Db) -> None:
    await products.upsert(db, [{"externalId": key, "name": key} for key in "pq"])
    full = {"productExternalId": "p", "revenue": 2.5, "since": date(2026, 1, 1)}
    assert await own(db, full, {"productExternalId": "q"}) is Change.CREATED
    assert await owned(db) == {("a", "p"): {"revenue": "2.5", "since": "2026-01-01"}, ("a", "q"): {}}
    assert await own(db, {"productExternalId": "q"}, full) is None
    assert await own(db, {"productExternalId": "p"}) is Change.UPDATED
    assert await owned(db) == {("a", "p"): {}}
    assert await own(db) is Change.UPDATED
    assert await owned(db) == {}


async def test_owning_says_what_is_given_alone(db: Db) -> None:
    await plant(db, {"a": None, "b": None})
    await products.upsert(db, [{"externalId": key, "name": key} for key in "pq"])
    full = {"productExternalId": "p", "revenue": 2.5, "since": date(2026, 1, 1)}
    done = await accounts.own(db, {"a": [full], "b": [], "gone": [full]}, by=BY)
    assert (done.added, done.changed, done.touched) == ({("a", "p")}, set(), {"a"})
    assert [(link, problem.field, problem.code) for link, problem in done.problems.items()] == [
        (("gone", "p"), ("externalId",), "NOT_FOUND")
    ]
    done = await accounts.own(db, {"a": [{"productExternalId": "p", "revenue": None}]}, by=BY)
    assert (done.added, done.changed, done.touched) == (set(), {("a", "p")}, {"a"})
    assert await owned(db) == {("a", "p"): {"since": "2026-01-01"}}
    # With a link to nothing among them the list isn't known, so nothing goes.
    done = await accounts.own(db, {"a": [{"productExternalId": "q"}, {"productExternalId": "gone"}]}, by=BY)
    assert [(link, problem.field) for link, problem in done.problems.items()] == [(("a", "gone"), ("productExternalId",))]
    assert set(await owned(db)) == {("a", "p"), ("a", "q")}


async def test_an_upserts_list_of_accounts_replaces(db: Db) -> None:
    await plant(db, {"a": None, "b": None}, [Person("p", {"a": "Boss", "b": None})])
    done = await people.upsert(db, [{"externalId": "p", "accounts": [{"accountExternalId": "a"}]}], by=BY)
    assert done.changes == (Change.UPDATED,)
    assert await relations(db) == {("p", "a"): {"relationship": "EMPLOYEE"}}
    done = await people.upsert(db, [{"externalId": "p", "accounts": [{"accountExternalId": "a"}]}], by=BY)
    assert done.changes == (None,)


async def test_relating_keeps_what_it_is_told_to(db: Db) -> None:
    await plant(
        db,
        {"a": None, "b": None, "c": None},
        [Person("p", {"a": "Boss"}), Person("q", {"a": None, "b": None}, relationship="PARTNER")],
    )
    at_c = [{"accountExternalId": "c", "relationship": PersonRelationship.CONTRACTOR}]
    done = await people.relate(
        db,
        {
            "p": Relations(at_c, [PersonRelationship.EMPLOYEE]),
            "q": Relations([{"accountExternalId": "a"}], [PersonRelationship.EMPLOYEE]),
            "gone": Relations(at_c),
        },
        by=BY,
    )
    assert (done.added, done.changed, done.touched) == ({("p", "c")}, set(), {"p", "q"})
    assert [(link, problem.field) for link, problem in done.problems.items()] == [(("gone", "c"), ("externalId",))]
    assert await relations(db) == {
        ("p", "a"): {"relationship": "EMPLOYEE", "title": "Boss"},
        ("p", "c"): {"relationship": "CONTRACTOR"},
        ("q", "a"): {"relationship": "PARTNER"},
    }
    # With a link to nothing among them the list isn't known, so nothing goes.
    done = await people.relate(db, {"q": Relations([{"accountExternalId": "gone"}])}, by=BY)
    assert [(link, problem.field) for link, problem in done.problems.items()] == [(("q", "gone"), ("accountExternalId",))]
    assert ("q", "a") in await relations(db)

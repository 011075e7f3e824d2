"""The buying groups as a file: the query's rows, in pages, and nothing that a spreadsheet would execute."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

from make import Api, Person, card, plant, role_ids, rows, sell, title

from api.export import HEADER, _cell, _whole
from graph.db import Db
from graph.model import FilterOperator

PATH = "/export/buying-groups.csv"
HOSTILE = '=HYPERLINK("http://x","y"), "quoted"\nand broken'


async def market(db: Db, accounts: int) -> Any:
    roles = await role_ids(db)
    tree = {f"a{n:03}": None for n in range(accounts)}
    known = await plant(db, tree, [Person("p", {"a000": None}, "Director")])
    await rows(db, "MATCH (a:Account {externalId: 'a001'}) SET a.name = $name", name=HOSTILE)
    cards = [
        card(roles["Decision Maker"], title(FilterOperator.IS, "director")),
        card(roles["Champion"]),
        card(roles["Influencer"]),
    ]
    return await sell(db, cards, [known[a] for a in tree])


async def table(api: Api, **given: Any) -> list[list[str]]:
    answer = await api.client.get(PATH, params={name: json.dumps(value) for name, value in given.items()})
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    text = answer.content.decode("utf-8")
    assert text.startswith("\ufeff")
    return list(csv.reader(io.StringIO(text[1:], newline="")))


async def test_the_file_has_every_group_once_over_all_pages(api: Api, db: Db) -> None:
    await market(db, 205)
    found = await table(api, orderBy={"field": "CREATED_AT", "direction": "ASC"})
    assert tuple(found[0]) == HEADER
    assert len({row[0] for row in found[1:]}) == len(found) - 1 == 205


async def test_a_row_says_what_the_group_is(api: Api, db: Db) -> None:
    await market(db, 2)
    _, first, second = await table(api, orderBy={"field": "COMPLETENESS", "direction": "DESC"})
    assert first[:-1] == [
        "Interest for a000",
        "Interest",
        "a000",
        "a000",
        "",
        "",
        "Interest template",
        "1",
        "33",
        "0",
        "1",
        "Champion, Influencer",
    ]
    assert second[2] == f"'{HOSTILE}"


async def test_the_filter_is_the_querys(api: Api, db: Db) -> None:
    await market(db, 3)
    found = await table(api, filter={"completeness": {"gt": 0}})
    assert [row[0] for row in found[1:]] == ["Interest for a000"]
    assert await table(api, filter={"search": "nobody"}) == [list(HEADER)]


async def test_what_is_wrong_is_refused_by_name(api: Api) -> None:
    for params, says in (
        ({"filter": "{"}, "filter: must be JSON"),
        ({"filter": '{"colour": "red"}'}, "colour"),
        ({"filter": '{"accountIds": ["x"]}'}, "filter.accountIds[0]: 'x' is no id of this service"),
        ({"order": "{}"}, "order: there is no such parameter; there are filter and orderBy."),
        ({"orderBy": '{"field": "SIZE", "direction": "ASC"}'}, "SIZE"),
    ):
        answer = await api.client.get(PATH, params=params)
        assert answer.status_code == 400
        assert says in answer.json()["errors"][0]["message"]


def test_scores_round_half_up_and_only_texts_are_guarded() -> None:
    assert [_whole(score) for score in (None, 0.0, 12.5, 66.66666666666667, 99.49)] == [None, 0, 13, 67, 99]
    assert [_cell(value) for value in (-5, "-5", "+1", "@x", "\tx", "x=1", None)] == [
        -5,
        "'-5",
        "'+1",
        "'@x",
        "'\tx",
        "x=1",
        None,
    ]

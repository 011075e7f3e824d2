"""The server checks every statement: its columns, its mode and its parameters are the header's, and it knows every name."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from importlib.resources import files
from typing import Any, LiteralString, cast

import pytest
from make import rows

from graph.db import Db
from graph.migrations import all_migrations, migrate
from graph.paging import Cursors
from graph.queries import HeaderError, parse, query
from graph.reads import Selection, compile_read
from graph.sight import Sight
from graph.vocabulary import Relation, filters, nouns

# Unknown label, relationship type, property; status 01N60 lists parameters that were not given.
TYPOS = ("01N50", "01N51", "01N52")
MODES = {"r": "read", "w": "write", "rw": "write", "s": "schema"}
ROOT = files("cypher")


def statement_names() -> list[str]:
    return sorted(
        f"{folder.name}/{file.name.removesuffix('.cypher')}"
        for folder in ROOT.iterdir()
        if folder.is_dir() and folder.name not in ("schema", "vocabulary", "__pycache__")
        for file in folder.iterdir()
        if file.name.endswith(".cypher")
    )


# Every name of the graph's model: labels with their properties, then relationship types with theirs. What is not here is
# a typing error in a statement.
AUDIT = "id createdAt createdBy updatedAt updatedBy name nameKey description"
LABELS = {
    "Account": f"{AUDIT} externalId type industry city state country region website annualRevenue employeeCount _movedAt",
    "Person": f"{AUDIT} externalId firstName lastName email phone mobilePhone jobTitle department city state postalCode country"
    " emailInvalid emailSuspended engagementScore _touchedAt",
    "Product": "id externalId name nameKey productLine",
    "Activity": "activityId type occurredAt",
    "Role": f"{AUDIT} isDefault",
    "Persona": f"{AUDIT} attributes",
    "RoleTemplate": f"{AUDIT} status version publishedAt publishedBy",
    "RoleCard": "id version priority weighting weight autoAssign requiredForCompleteness membersRequired scope maxDistance"
    " condition",
    "SolutionInterest": f"{AUDIT} productLine updateExistingBuyingGroups sellingLevel _keptSince _keptBy _keptPlaces _lostAt",
    "StageModel": f"{AUDIT} status publishedAt publishedBy",
    "Stage": "id name description isEntry outcome",
    "StageChange": "id at actor credential requestId journey",
    "AccountAudience": f"{AUDIT} kind rule ruleSummary",
    "BuyingGroup": f"{AUDIT} accountId interestId stageId templateVersion inAudience status completeness engagementScore",
    "MembershipEvent": "id at action source actor credential requestId journey outcome overruledBy roleId role reason",
    "EngagementModel": f"{AUDIT} status",
    "ActivityWeight": "activityType weight position",
    "_Scores": "first ids points top",
    "BuyingGroupEvent": "id seq type at actor credential requestId journey previous current",
    "_New": "id",
    "Job": "id kind status asOf createdAt createdBy startedAt finishedAt error cursor accountsTotal accountsDone groupsCreated"
    " membersAdded membersRemoved rolesChanged overruled rowsTotal rowsDone rowsCreated rowsUpdated rowsRejected root"
    " _lease _leasedUntil _owner _input",
    "_Slice": "id place after until _lease _leasedUntil",
    "_IdempotencyKey": "id fingerprint at result",
    "_Key": "id name hash permissions rootId createdAt expiresAt revokedAt lastUsedAt",
    "Webhook": f"{AUDIT} url status disabledReason types interestId accountId secret formerSecret formerSecretUntil cursor"
    " acknowledged revision tried failingSince failingSeq _lease _leasedUntil",
    "WebhookDelivery": "id number at messageId eventId eventType attempt status milliseconds error",
    "_Lock": "name value day holder",
    "_Migration": "version name appliedAt",
}
TYPES = {
    "CHILD_OF": "",
    "WORKS_FOR": "relationship title",
    "OWNS": "revenue since",
    "HAD_ACTIVITY": "",
    "HAS_CARD": "version",
    "HAD_CARD": "version",
    "FOR_ROLE": "",
    "ASKS_FOR": "",
    "SELLS": "",
    "USES": "",
    "HAS_WEIGHT": "",
    "TRACKS": "",
    "HAS_STAGE": "position",
    "MAY_MOVE_TO": "",
    "AT_STAGE": "since",
    "MOVED_FROM": "",
    "MOVED_TO": "",
    "STARTS_AT": "",
    "CUT_INTO": "",
    "TARGETS": "entryStageId",
    "LISTS": "",
    "FOR_ACCOUNT": "",
    "FOR_INTEREST": "",
    "FOR_AUDIENCE": "",
    "MEMBER_OF": "role roleId source assignedAt assignedBy credential requestId accountId distance eventId",
    "REMOVED_FROM": "source removedAt removedBy credential requestId reason formerRoleId formerRole eventId",
    "ABOUT": "",
    "TRIED": "",
    "IN": "",
}
PASSING = "_l _new"  # set and removed within a transaction


@pytest.fixture(scope="module")
async def named_db(shared_db: Db) -> Db:
    """A server that knows every name of the model, and no other."""
    for label, names in {**LABELS, "_Passing": PASSING}.items():
        props = ", ".join(f"`{name}`: 'seed'" for name in names.split())
        await rows(shared_db, cast(LiteralString, f"CREATE (n:`{label}` {{{props}}}) DELETE n"))
    for kind, names in TYPES.items():
        props = ", ".join(f"`{name}`: 0" for name in names.split())
        await rows(shared_db, cast(LiteralString, f"CREATE (a:_Passing)-[r:`{kind}` {{{props}}}]->(a) DETACH DELETE a"))
    return shared_db


@pytest.mark.parametrize("name", statement_names())
async def test_header_is_what_the_server_says(named_db: Db, name: str) -> None:
    statement = query(cast(LiteralString, name))
    plan = await named_db.explain(statement.text)
    assert plan.columns == statement.returns
    assert MODES[plan.mode] == statement.mode
    assert not [notice for notice in plan.notices if notice.startswith(TYPOS)]
    assert set(re.findall(r"\$(\w+)", _code(statement.text))) == set(statement.params)


@pytest.mark.parametrize("name", statement_names())
def test_what_is_projected_as_a_map_has_a_name(name: str) -> None:
    """`RETURN c {.id} ORDER BY c.priority` orders by the map's own priority, which is null: it needs `AS card`."""
    text = _code(query(cast(LiteralString, name)).text)
    for found in re.finditer(r"RETURN \w+ \{", text):
        depth, end = 1, found.end()
        while depth:
            depth += {"{": 1, "}": -1}.get(text[end], 0)
            end += 1
        assert text[end:].startswith(" AS "), text[found.start() : end]


@pytest.mark.parametrize("name", [name for name in statement_names() if query(cast(LiteralString, name)).is_narrowed])
async def test_narrowed_it_is_a_statement_still(named_db: Db, name: str) -> None:
    statement = query(cast(LiteralString, name))
    narrowed = PART.narrowed(statement, {})[0]
    plan = await named_db.explain(narrowed.text)
    assert plan.columns == statement.returns
    assert MODES[plan.mode] == statement.mode
    assert not [notice for notice in plan.notices if notice.startswith(TYPOS)]


def _code(text: str) -> str:
    return "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("//"))


def test_header_errors_name_the_file_and_the_fault() -> None:
    with pytest.raises(HeaderError, match=r"cypher/x/y\.cypher: 'mode' must be read, write or schema, not None"):
        parse("x/y", "// Says.\nRETURN 1")
    with pytest.raises(HeaderError, match=r"'mode' stands twice"):
        parse("x/y", "// Says.\n// mode: read\n// mode: write\nRETURN 1")
    with pytest.raises(HeaderError, match=r"doesn't say what the statement answers"):
        parse("x/y", "// mode: read\nRETURN 1")


def test_migrations_are_numbered_without_gaps() -> None:
    assert [step.version for step in all_migrations()] == list(range(1, len(all_migrations()) + 1))


async def test_a_name_that_nobody_knows_is_noticed(named_db: Db) -> None:
    plan = await named_db.explain("MATCH (a:Acount)-[:CHILDOF]->(b) RETURN b.nmae AS x")
    assert sorted(notice[:5] for notice in plan.notices if notice.startswith(TYPOS)) == ["01N50", "01N51", "01N52"]


async def test_migrating_again_changes_nothing(shared_db: Db) -> None:
    assert await migrate(shared_db) == []


# --- the vocabulary of reads ----------------------------------------------------------------------------------------


def relation_names() -> list[str]:
    return [f"{noun.name}.{relation}" for noun in nouns().values() for relation in noun.relations]


def fields_of(name: str) -> list[Selection]:
    return [Selection(field, field) for field in nouns()[name].fields]


def reached(relation: Relation, args: Mapping[str, Any]) -> Selection:
    """The relation with everything that is read of what it leads to, itself; and, in a page, of the edges."""
    below = nouns()[relation.noun]
    inner = fields_of(below.name) + [
        Selection(name, name, {}, tuple(fields_of(one.noun)))
        for name, one in below.relations.items()
        if one.kind in ("same", "one") and not one.keys
    ]
    if relation.kind != "page":
        return Selection(relation.name, relation.name, args, tuple(inner))
    edge = [Selection("cursor", "cursor"), Selection("node", "node", {}, tuple(inner))]
    if relation.edge:
        own = nouns()[relation.edge]
        edge += fields_of(own.name)
        edge += [Selection(name, name, {}, tuple(fields_of(one.noun))) for name, one in own.relations.items()]
    info = [Selection(name, name) for name in ("hasNextPage", "hasPreviousPage", "startCursor", "endCursor")]
    page = (Selection("edges", "edges", {}, tuple(edge)), Selection("pageInfo", "pageInfo", {}, tuple(info)))
    return Selection(relation.name, relation.name, args, (*page, Selection("totalCount", "totalCount")))


def from_root(home: str, wanted: Selection) -> Selection:
    """`wanted` of the noun `home`, at the end of the shortest way from where a read starts."""
    if home == "Query":
        return wanted
    if nouns()[home].label:
        return Selection("nodes", "nodes", {"ids": ["x"]}, (wanted,), home)
    for noun in nouns().values():
        for relation in noun.relations.values():
            if relation.noun == home and relation.kind != "page":
                return from_root(noun.name, Selection(relation.name, relation.name, {}, (wanted,)))
            if relation.noun == home or relation.edge == home:
                edge = wanted if relation.edge == home else Selection("node", "node", {}, (wanted,))
                edges = Selection("edges", "edges", {}, (edge,))
                return from_root(noun.name, Selection(relation.name, relation.name, {}, (edges,)))
    raise AssertionError(f"no way leads to {home}")


CURSORS = Cursors(b"tests")
CURSOR_KEY = {"datetime($value)": "2026-11-20T08:30:00.123456789Z"}


def forms(relation: Relation) -> list[dict[str, Any]]:
    """Arguments that together use every form and every narrowing of a relation."""
    key = dict.fromkeys(relation.keys[0], "x") if relation.keys else {}
    found: list[dict[str, Any]] = [key | ({relation.by: form} if relation.by else {}) for form in relation.matches]
    found += [{name: ["x"] if "IN $value" in snippet else "x"} for name, snippet in relation.when.items() if not relation.keys]
    found += [dict.fromkeys(key, "x") for key in relation.keys]
    if relation.bound:
        found.append({relation.bound: 3})
    return found


def orders(home: str, relation: Relation) -> Iterator[dict[str, Any]]:
    """Arguments that page by every order of a relation, both ways, from either end."""
    for name, order in relation.orders.choices.items() if relation.orders else ():
        for direction, size, side in (("ASC", "first", "after"), ("DESC", "last", "before")):
            cursor = CURSORS.encode(f"{home}.{relation.name} {name} {direction}", [CURSOR_KEY.get(order.into, 1), "x"])
            yield {"orderBy": {"field": name, "direction": direction}, size: 5, side: cursor}


PART = Sight("x", "somebody")


async def explained(db: Db, selection: Selection) -> None:
    """For those who see the whole market, and for those who see a part of it."""
    whole, part = compile_read([selection], CURSORS), compile_read([selection], CURSORS, part=True)
    for query_, params in ((whole.query, whole.params), PART.narrowed(part.query, dict(part.params))):
        plan = await db.explain(query_.text, params)
        assert plan.mode == "r"
        assert plan.columns == ("answer",)
        assert not [notice for notice in plan.notices if notice.startswith(TYPOS)], plan.notices


@pytest.mark.parametrize("name", relation_names())
async def test_every_relation_is_known_to_the_server(named_db: Db, name: str) -> None:
    home, relation = name.split(".")[0], nouns()[name.split(".")[0]].relations[name.split(".")[1]]
    for args in forms(relation):
        await explained(named_db, from_root(home, reached(relation, args)))
    info = Selection("pageInfo", "pageInfo", {}, (Selection("hasNextPage", "hasNextPage"),))
    for args in orders(home, relation):
        await explained(named_db, from_root(home, Selection(relation.name, relation.name, args, (info,))))


@pytest.mark.parametrize("name", [noun.name for noun in nouns().values() if noun.label])
async def test_every_node_is_found_by_its_id(named_db: Db, name: str) -> None:
    await explained(named_db, Selection("nodes", "nodes", {"ids": ["x"]}, tuple(fields_of(name)), name))


RANGE = {"gt": 1.0, "gte": 1.0, "lt": 2.0, "lte": 2.0}
SAMPLES: Mapping[str, Any] = {
    "ownsProduct": {"productIds": ["x"], "revenue": RANGE},
    "membersInRole": [{"roleId": "x", "atLeast": 1}],
    "condition": {"match": "ALL", "filters": [{"attribute": "JOB_TITLE", "operator": "IS", "values": ["x"]}]},
}


def samples(kind: str) -> Iterator[dict[str, Any]]:
    """Filters that use each field of a kind of filter once, in each of its forms."""
    for name, spec in filters()[kind].items():
        if name in SAMPLES:
            yield {name: SAMPLES[name]}
        elif isinstance(spec, str):
            yield {name: ["x"] if "IN $value" in spec else "x"}
        elif "range" in spec:
            yield {name: RANGE}
        elif "by" in spec:
            yield from ({name: "x", spec["by"]: form, "condition": SAMPLES["condition"]} for form in spec["start"])
        elif "holds" in spec:
            yield from ({name: "x"}, {"not": {name: "x"}})
        elif "any" in spec:
            yield {name: [{"search": "x"}, {"search": "y"}]}
        elif "not" in spec:
            yield {name: {"search": "x"}}
        else:
            yield from ({name: inner} for inner in samples(spec["filter"]))


def filtered_relations() -> list[tuple[str, Relation]]:
    return [(noun.name, one) for noun in nouns().values() for one in noun.relations.values() if one.filter]


@pytest.mark.parametrize(("home", "relation"), filtered_relations(), ids=lambda one: getattr(one, "name", one))
async def test_every_filter_is_known_to_the_server(named_db: Db, home: str, relation: Relation) -> None:
    assert relation.filter
    total = (Selection("totalCount", "totalCount"),) if relation.kind == "page" else tuple(fields_of(relation.noun))
    for value in samples(relation.filter):
        await explained(named_db, from_root(home, Selection("found", relation.name, {"filter": value}, total)))

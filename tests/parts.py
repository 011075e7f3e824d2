"""A market seen in part: what lies outside of an account's hierarchy, and the market that is left without it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from make import BY, rows

from api import ids
from graph import audiences, jobs, members, sample
from graph.audiences import AudienceSpec
from graph.db import Db
from graph.model import AssignmentSource

PARTNER = "partner"


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the sample market: its root, and all texts by which somebody could tell what is outside."""

    root: str
    secrets: Sequence[str]


async def settle(db: Db) -> Part:
    """The sample market, and in it a part around which all lies that a caller bound to it must not see: members, removals,
    relations and memberships that reach across its border, an audience on both sides, jobs of others and one of its own."""
    await sample.load(db)
    await jobs.run_all(db)
    root = (await rows(db, "MATCH (a:Account {name: 'Tessarine Retail Banking'}) RETURN a.id AS id"))[0]["id"]
    await _cross_the_border(db, root)
    await _decide(db, root)
    listed = await rows(db, "MATCH (a:Account) RETURN a.id AS id")
    await audiences.create(db, AudienceSpec("Everybody", account_ids=[row["id"] for row in listed]), by=BY)
    await rows(
        db,
        """MATCH (i:SolutionInterest) WITH i LIMIT 1
        CREATE (j:Job {id: randomUUID(), kind: 'MAINTAIN', status: 'COMPLETED', createdAt: datetime(), createdBy: $by,
          root: $root,
          accountsTotal: 3, accountsDone: 3, groupsCreated: 0, membersAdded: 1, membersRemoved: 0, rolesChanged: 0, overruled: 0})
        CREATE (j)-[:FOR_INTEREST]->(i)""",
        by=PARTNER,
        root=root,
    )
    await _let_outside_fill_no_gap(db, root)
    return Part(root, await _secrets(db, root))


async def _cross_the_border(db: Db, root: str) -> None:
    """Some members inside work for accounts outside, too, and hold through these, the top and a sister."""
    await rows(
        db,
        """MATCH (a:Account)-[:CHILD_OF]->*({id: $root})
        MATCH (a)<-[:WORKS_FOR]-(p:Person)-[m:MEMBER_OF]->(g:BuyingGroup)-[:FOR_ACCOUNT]->(h)
        WHERE EXISTS { (h)-[:CHILD_OF]->*({id: $root}) }
        WITH DISTINCT p, m, g, h ORDER BY p.name, g.name LIMIT 8
        MATCH (o:Account)-[:CHILD_OF]->*()<-[:CHILD_OF]-*({id: $root}) WHERE NOT EXISTS { (o)-[:CHILD_OF]->*({id: $root}) }
        WITH p, m, o ORDER BY o.name DESC
        WITH p, m, collect(o) AS out
        WITH p, m, out[size(p.name) % size(out)] AS o
        MERGE (p)-[w:WORKS_FOR]->(o) SET w.relationship = 'PARTNER', w.title = 'Secret title'
        SET m.accountId = o.id, m.distance = 7""",
        root=root,
    )


async def _decide(db: Db, root: str) -> None:
    """Decisions by hand about people of both sides in groups inside."""
    found = await rows(
        db,
        """MATCH (g:BuyingGroup)-[:FOR_ACCOUNT]->()-[:CHILD_OF]->*({id: $root})
        MATCH (g)<-[m:MEMBER_OF]-(p:Person)
        WITH g, p, EXISTS { (p)-[:WORKS_FOR]->()-[:CHILD_OF]->*({id: $root}) } AS inside ORDER BY p.name
        RETURN g.id AS g, collect(CASE WHEN inside THEN p.id END)[..1]
          + collect(CASE WHEN NOT inside THEN p.id END)[..2] AS people""",
        root=root,
    )
    for row in found:
        await members.remove(db, row["g"], row["people"], source=AssignmentSource.MANUAL, by=BY, reason="Decided by hand.")


async def _let_outside_fill_no_gap(db: Db, root: str) -> None:
    """Which roles lack people is the group's own, whoever fills them. Here nobody outside makes a difference to it."""
    await rows(
        db,
        """MATCH (g:BuyingGroup)-[:FOR_ACCOUNT]->()-[:CHILD_OF]->*({id: $root})
        MATCH (g)-[:FOR_INTEREST]->()-[:USES]->()-[:HAS_CARD]->(c)-[:FOR_ROLE]->(r:Role)
        WHERE COUNT { (g)<-[m:MEMBER_OF {roleId: r.id}]-(p) WHERE EXISTS { (p)-[:WORKS_FOR]->()-[:CHILD_OF]->*({id: $root}) } }
          < c.membersRequired
        MATCH (g)<-[m:MEMBER_OF {roleId: r.id}]-(p) WHERE NOT EXISTS { (p)-[:WORKS_FOR]->()-[:CHILD_OF]->*({id: $root}) }
        DELETE m""",
        root=root,
    )


async def _secrets(db: Db, root: str) -> list[str]:
    found = await rows(
        db,
        """MATCH (n) WHERE n:Account OR n:Person OR n:BuyingGroup OR n:MembershipEvent OR n:BuyingGroupEvent
        RETURN [x IN [n.id, n.name, n.externalId, n.email, n.website, n.phone] WHERE x IS NOT NULL] AS texts,
          CASE
            WHEN n:Account THEN EXISTS { (n)-[:CHILD_OF]->*({id: $root}) }
            WHEN n:Person THEN EXISTS { (n)-[:WORKS_FOR]->()-[:CHILD_OF]->*({id: $root}) }
            WHEN n:BuyingGroup THEN EXISTS { (n)-[:FOR_ACCOUNT]->()-[:CHILD_OF]->*({id: $root}) }
            ELSE EXISTS { (n)-[:IN]->()-[:FOR_ACCOUNT]->()-[:CHILD_OF]->*({id: $root}) }
              AND NOT EXISTS { (n)-[:ABOUT]->(p) WHERE NOT EXISTS { (p)-[:WORKS_FOR]->()-[:CHILD_OF]->*({id: $root}) } }
          END AS inside""",
        root=root,
    )
    seen = "\n".join(text for row in found if row["inside"] for text in row["texts"])
    hidden = {text for row in found if not row["inside"] for text in row["texts"]}
    return sorted({text for text in hidden if text not in seen} | {"Secret title"})


async def leave_only(db: Db, root: str) -> None:
    """Deletes everything outside, by words of its own. Memberships that held through an account that is gone hold through the
    nearest that is left."""
    for row in await _astray(db, root):
        await rows(
            db,
            "MATCH (:Person {id: $p})-[m:MEMBER_OF]->(:BuyingGroup {id: $g}) SET m.accountId = $a, m.distance = $distance",
            **row,
        )
    await rows(
        db,
        """MATCH (a:Account) WHERE NOT EXISTS { (a)-[:CHILD_OF]->*({id: $root}) }
        WITH collect(a) AS gone
        OPTIONAL MATCH (p:Person) WHERE NOT EXISTS { (p)-[:WORKS_FOR]->(b) WHERE NOT b IN gone }
        WITH gone, collect(p) AS people
        OPTIONAL MATCH (g:BuyingGroup)-[:FOR_ACCOUNT]->(b) WHERE b IN gone
        WITH gone, people, collect(g) AS groups
        OPTIONAL MATCH (x)-[:IN]->(g) WHERE g IN groups
        WITH gone, people, groups, collect(x) AS parts
        OPTIONAL MATCH (e)-[:ABOUT]->(p) WHERE p IN people
        WITH gone, people, groups, parts, collect(e) AS told
        OPTIONAL MATCH (p)-[:HAD_ACTIVITY]->(y) WHERE p IN people
        WITH gone, people, groups, parts, told, collect(y) AS done
        OPTIONAL MATCH (j:Job) WHERE j.root IS NULL OR j.root <> $root OR j.createdBy <> $by
        WITH gone, people, groups, parts, told, done, collect(j) AS jobs
        FOREACH (n IN gone + people + groups + parts + told + done + jobs | DETACH DELETE n)""",
        root=root,
        by=PARTNER,
    )


async def _astray(db: Db, root: str) -> list[dict[str, object]]:
    parents = {
        row["a"]: row["b"]
        for row in await rows(db, "MATCH (a:Account) OPTIONAL MATCH (a)-[:CHILD_OF]->(b) RETURN a.id AS a, b.id AS b")
    }
    keys = {row["a"]: row["key"] for row in await rows(db, "MATCH (a:Account) RETURN a.id AS a, a.externalId AS key")}

    def up(account: str) -> list[str]:
        way = [account]
        while parents[way[-1]]:
            way.append(parents[way[-1]])
        return way

    found: list[dict[str, object]] = []
    for row in await rows(
        db,
        """MATCH (p:Person)-[m:MEMBER_OF]->(g:BuyingGroup) MATCH (p)-[:WORKS_FOR]->(a)
        RETURN p.id AS p, g.id AS g, g.accountId AS home, m.accountId AS held, collect(a.id) AS at""",
    ):
        inside = [account for account in row["at"] if root in up(account)]
        if root not in up(row["home"]) or not inside or root in up(row["held"]):
            continue
        home = up(row["home"])
        best: list[tuple[int, int, str, str]] = []
        for account in inside:
            own = up(account)
            below = next(place for place, one in enumerate(own) if one in home)
            above = home.index(own[below])
            best.append((above + below, 0 if below == 0 else 1 if above == 0 else 2, keys[account], account))
        distance, _, _, account = min(best)
        found.append({"p": row["p"], "g": row["g"], "a": account, "distance": distance})
    assert found, "no membership holds across the border"
    return found


def gid(typename: str, own: str) -> str:
    """A global id."""
    return ids.encode(typename, own)

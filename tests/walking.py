"""With what of a market a marketer goes through the console: of the sample, and of any export that somebody brings along."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from make import reset, rows

from graph import sample
from graph.db import Db
from graph.imports import import_folder

# The product that most accounts own, and a revenue from it that half of them are above.
_OWNED = """
MATCH (a:Account)-[o:OWNS]->(p:Product)
WITH p, count(*) AS owners, toInteger(percentileDisc(o.revenue, 0.5)) AS above
ORDER BY owners DESC, p.name LIMIT 1
RETURN p.name AS owns, above, COUNT { (:Account)-[o:OWNS]->(p) WHERE o.revenue > above } AS accounts
"""
# Somebody whom no card finds, under a name that nobody else has, at the one of these accounts with the most people.
_SOMEONE = """
MATCH (a:Account)-[o:OWNS]->(:Product {name: $owns}) WHERE o.revenue > $above
WITH a ORDER BY COUNT { (a)<-[:WORKS_FOR]-() } DESC, a.name LIMIT 1
MATCH (a)<-[:WORKS_FOR]-(p:Person)
WHERE NOT p.jobTitle STARTS WITH 'Chief' AND NOT p.jobTitle STARTS WITH 'Managing Director' AND NOT p.name CONTAINS "'"
  AND COUNT { MATCH (other:Person) WHERE other.name CONTAINS p.name } = 1
RETURN a.name AS account, a.externalId AS externalId, p.name AS person ORDER BY p.name LIMIT 1
"""
_SOLD = "MATCH (p:Product) WHERE p.name <> $owns RETURN p.name AS sells ORDER BY p.name LIMIT 1"


@dataclass(frozen=True, slots=True)
class Names:
    """An audience of those who own a product with a revenue above so much, and how many that are; the product to sell them; one
    of the accounts; and a person there whom no rule makes a member."""

    owns: str
    above: int
    accounts: int
    sells: str
    account: str
    externalId: str
    person: str

    @property
    def interest(self) -> str:
        return f"{self.sells} rollout"

    def told(self) -> str:
        return json.dumps(asdict(self))


SAMPLE = Names(
    "Harbor Audiences", 1_000_000, 9, "Harbor Insights", "Pellimore Bakeries", "001-pellimore-bakeries", "Tamar Holmquist"
)


async def market(db: Db, export: Path | None, rejects: Path) -> Names:
    """Puts the sample market into the graph, or an export in its place."""
    await reset(db)
    if export is None:
        await sample.load(db)
        return SAMPLE
    await import_folder(db, export, by="import", rejects=rejects)
    (owned,) = await rows(db, _OWNED)
    (someone,) = await rows(db, _SOMEONE, owns=owned["owns"], above=owned["above"])
    (sold,) = await rows(
        db, "MATCH (p:Product) WHERE p.name <> $owns RETURN p.name AS name ORDER BY name LIMIT 1", owns=owned["owns"]
    )
    return Names(**owned, sells=sold["name"], **someone)

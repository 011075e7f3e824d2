"""An interest as the jobs see it that make and maintain its groups: where these sit, by which rules, for which accounts."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, LiteralString, cast

from graph.db import Tx
from graph.errors import ErrorCode, Refused
from graph.filters import account_predicate
from graph.matching import Matcher, card_from, compile_cards, personas_for
from graph.params import Params
from graph.queries import Query, query
from graph.work import Claim

Rule = Mapping[str, Any] | None
"""What a dynamic audience's accounts fulfil; None: the audience lists them."""


@dataclass(frozen=True, slots=True)
class Kept:
    """Since when, in milliseconds since 1970, an interest's groups are as the rules of this fingerprint want them; and by which
    fingerprint of where groups are to be none was lacking, and all were marked right, if that is known."""

    since: int
    rules: str
    places: str | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """An interest. `listed`: when groups were lost last, and each audience was changed; `entries`: the entry stage by audience;
    `required`: [role id, members required] of the cards that count for completeness; `now`: when it was read, in milliseconds
    since 1970."""

    interest_id: str
    top: bool
    follow: bool
    version: int
    matcher: Matcher
    audiences: Mapping[str, Rule]
    listed: Sequence[str | None]
    entries: Mapping[str, str | None]
    required: Sequence[Sequence[Any]]
    kept: Kept | None
    now: int

    @property
    def rules(self) -> str:
        """The fingerprint of all by which people come into the groups."""
        return f"{self.version} {self.follow} {self.matcher.fingerprint}"

    @property
    def places(self) -> str | None:
        """The fingerprint of where groups are to be, of which version, and of when some were lost: while it stays, and no account
        changes if it `drifts`, no group comes to be lacking or behind. None if nothing tells when: a rule asks for groups."""
        known = [self.version, self.top, self.audiences, self.listed]
        told = "hasBuyingGroup" not in json.dumps(self.audiences)
        return hashlib.sha256(json.dumps(known).encode()).hexdigest() if told else None

    @property
    def drifts(self) -> bool:
        """Whether accounts that change may thereby get or lose their groups: through a rule, or as the top of a hierarchy."""
        return self.top or any(rule is not None for rule in self.audiences.values())


async def read(tx: Tx, interest_id: str) -> Plan | None:
    """An interest's plan as it is now; None if the interest is gone."""
    rows = await tx.run(query("job/plan"), interest_id=interest_id)
    if not rows:
        return None
    row = rows[0]
    cards = [card for stored in row["cards"] if (card := card_from(stored))]
    matcher = compile_cards(cards, await personas_for(tx, cards))
    audiences = {u["id"]: json.loads(u["rule"]) if u["rule"] else None for u in row["audiences"]}
    entries = {u["id"]: u["entryStageId"] for u in row["audiences"]}
    listed = [row["lost"], *(u["changed"] for u in row["audiences"])]
    kept = None if row["kept_by"] is None else Kept(row["kept_since"], row["kept_by"], row["kept_places"])
    sold = row["selling_level"] == "TOP", row["follow"], row["version"]
    return Plan(interest_id, *sold, matcher, audiences, listed, entries, row["required"], kept, row["now"])


async def of_creation(tx: Tx, claim: Claim) -> tuple[Plan, str]:
    """The plan of a creation job's interest, and the id of its audience. Raises Refused: NOT_FOUND."""
    plan = await read(tx, claim.interest_id) if claim.interest_id else None
    if plan is None or claim.audience_id is None or claim.audience_id not in plan.audiences:
        raise Refused.of("", ErrorCode.NOT_FOUND, "The job's solution interest or account audience was deleted.")
    return plan, claim.audience_id


async def keep(tx: Tx, interest_id: str, kept: Kept, *, empty: bool = False, placed: bool = False) -> bool:
    """Remembers since when an interest's groups are as the rules want them. `empty`: if it has none yet; whether it did. What is
    remembered of places is forgotten, unless they are `placed`."""
    how = {"since": kept.since, "rules": kept.rules, "empty": empty, "placed": placed}
    return bool(await tx.run(query("interest/keep"), interest_id=interest_id, **how))


async def forget(tx: Tx, interest_id: str) -> None:
    """Forgets that, so that the next maintenance looks at all groups."""
    await tx.run(query("interest/forget"), interest_id=interest_id)


async def place(tx: Tx, plan: Plan) -> None:
    """Remembers that no group is lacking now, or behind."""
    await tx.run(query("interest/place"), interest_id=plan.interest_id, places=plan.places)


def targets(name: LiteralString, rule: Rule) -> tuple[Query, dict[str, Any]]:
    """A statement about an audience's accounts: those it lists (no rule), or those its rule finds."""
    statement, params = query(name), Params()
    leave_out = "found" if rule is None else "listed"
    text = re.sub(rf"/\*{leave_out}\*/.*?/\*{leave_out}\*/\n", "", statement.text, flags=re.DOTALL)
    if rule is not None:
        found = account_predicate(rule, "a", params)
        text = re.sub(r"/\*rule\*/.*?/\*rule\*/", lambda _: found, text)
    return replace(statement, text=cast(LiteralString, text)), params.values


def of_audiences(name: LiteralString, audiences: Mapping[str, Rule]) -> tuple[Query, dict[str, Any]]:
    """A statement that asks whether an account fulfils the rule of one of the dynamic audiences."""
    statement, params = query(name), Params()
    rules = [f"({account_predicate(rule, 'a', params)})" for rule in audiences.values() if rule is not None]
    found = " OR ".join(rules) or "false"
    text = re.sub(r"/\*rules\*/.*?/\*rules\*/", lambda _: f"({found})", statement.text)
    return replace(statement, text=cast(LiteralString, text)), params.values


async def count(tx: Tx, plan: Plan, audience_id: str) -> int:
    """How many accounts an audience has now."""
    counting, params = targets("job/count_targets", plan.audiences[audience_id])
    return (await tx.run(counting, audience_id=audience_id, **params))[0]["total"]

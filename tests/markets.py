"""Random markets for property tests: small trees of accounts, people with several relations, cards with nested conditions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from hypothesis import strategies as st
from make import BY, plant, rows
from plainrules import Relation, Somebody, Tree

from graph import personas
from graph.conditions import operators_of
from graph.db import Db
from graph.model import AttributeFilter, CardSpec, Condition, FilterOperator, HierarchyScope, Match, PersonAttribute
from graph.people import upsert as upsert_people

# Words whose folding, trimming and containment differ from what one might expect.
WORDS = (
    "Director",
    "director, IT",
    " Head of IT ",
    "IT",
    "İT",
    "\u0131t",
    "it's",
    "STRASSE",
    "straße",
    "ẞ",
    "ΑΣ",
    "ας",
    "ασδ",
    "\u00a0IT",
    "IT\u2003",
    "$x' OR true",
)
BLANKS = ("", "  ", "\t", "\u00a0")
PERSONAS: Mapping[str, Mapping[PersonAttribute, Sequence[str]]] = {
    "Technical": {PersonAttribute.JOB_TITLE: ("IT", "director, it", "İT"), PersonAttribute.RELATIONSHIP: ("employee", "PARTNER")},
    "Head, ẞ": {PersonAttribute.DEPARTMENT: ("head of it", "straße"), PersonAttribute.EMAIL_INVALID: ("false",)},
    "Busy": {PersonAttribute.ENGAGEMENT_SCORE: ("50", "75.5")},
}
ATTRIBUTES = (
    PersonAttribute.JOB_TITLE,
    PersonAttribute.DEPARTMENT,
    PersonAttribute.EMAIL_INVALID,
    PersonAttribute.ENGAGEMENT_SCORE,
    PersonAttribute.RELATIONSHIP,
    PersonAttribute.PERSONA,
)
SCORES = (0.0, 25.0, 50.0, 75.5, 100.0)


# --- conditions and cards -------------------------------------------------------------------------------------------


@st.composite
def filters(draw: st.DrawFn) -> AttributeFilter:
    """A comparison that is valid for its attribute."""
    attribute = draw(st.sampled_from(ATTRIBUTES))
    operator = draw(st.sampled_from(operators_of(attribute)))
    if operator in (FilterOperator.IS_EMPTY, FilterOperator.IS_NOT_EMPTY):
        return AttributeFilter(attribute, operator)
    if operator is FilterOperator.BETWEEN:
        low, high = sorted(draw(st.lists(st.sampled_from(SCORES), min_size=2, max_size=2)))
        return AttributeFilter(attribute, operator, (str(low), str(high)))
    values = {
        PersonAttribute.EMAIL_INVALID: st.sampled_from(("true", "False", " TRUE ")),
        PersonAttribute.ENGAGEMENT_SCORE: st.sampled_from(SCORES).map(str),
        PersonAttribute.RELATIONSHIP: st.sampled_from(("EMPLOYEE", "contractor", " Partner")),
        PersonAttribute.PERSONA: st.sampled_from((*PERSONAS, "TECHNICAL", " busy ")),
    }.get(attribute, st.sampled_from(WORDS))
    return AttributeFilter(attribute, operator, tuple(draw(st.lists(values, min_size=1, max_size=3))))


def conditions(depth: int = 3) -> st.SearchStrategy[Condition]:
    """A condition that nests at most `depth` deep."""
    some = st.lists(filters(), min_size=1, max_size=2)
    if depth == 1:
        return st.builds(Condition, st.sampled_from(Match), some.map(tuple))
    inner = st.lists(conditions(depth - 1), max_size=2)
    either = st.one_of(st.tuples(some, inner), st.tuples(st.just([]), st.lists(conditions(depth - 1), min_size=1, max_size=2)))
    return st.tuples(st.sampled_from(Match), either).map(lambda made: Condition(made[0], tuple(made[1][0]), tuple(made[1][1])))


def cards(role_ids: Sequence[str], least: int = 1) -> st.SearchStrategy[list[CardSpec]]:
    """Cards of different roles in any order of priority, some without a rule."""
    one = st.builds(
        lambda condition, scope, max_distance, required: CardSpec(
            "",
            auto_assign=condition is not None,
            members_required=required,
            scope=scope,
            max_distance=max_distance,
            condition=condition,
        ),
        st.one_of(st.none(), conditions(), conditions(), conditions()),
        st.sampled_from(HierarchyScope),
        st.one_of(st.none(), st.integers(0, 4)),
        st.integers(1, 3),
    )
    return st.tuples(st.permutations(role_ids), st.lists(one, min_size=least, max_size=4)).map(
        lambda made: [replace(card, role_id=role) for role, card in zip(made[0], made[1], strict=False)]
    )


# --- markets --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Market:
    """Accounts (child to parent) and people."""

    tree: Tree
    crowd: tuple[Somebody, ...]


@st.composite
def trees(draw: st.DrawFn) -> Tree:
    """One or more hierarchies of up to 8 accounts, whose external ids say nothing of their places."""
    keys = draw(st.permutations("abcdefgh"))[: draw(st.integers(1, 8))]
    parents = [draw(st.one_of(st.none(), st.integers(0, i - 1), st.integers(0, i - 1))) if i else None for i in range(len(keys))]
    return {key: None if parent is None else keys[parent] for key, parent in zip(keys, parents, strict=True)}


@st.composite
def people(draw: st.DrawFn, key: str, accounts: Sequence[str]) -> Somebody:
    """Somebody with up to 4 relations, each perhaps with a title of its own."""
    words = st.one_of(st.none(), st.sampled_from(WORDS), st.sampled_from(WORDS), st.sampled_from(BLANKS))
    at = draw(st.lists(st.sampled_from(accounts), unique=True, max_size=4))
    relationships = st.sampled_from(("EMPLOYEE", "CONTRACTOR", "PARTNER"))
    return Somebody(
        key,
        {"jobTitle": draw(words), "department": draw(words), "emailInvalid": draw(st.booleans())},
        draw(st.one_of(st.none(), st.sampled_from(SCORES))),
        tuple(Relation(account, draw(words), draw(relationships)) for account in at),
    )


@st.composite
def markets(draw: st.DrawFn) -> Market:
    """A market of up to 8 accounts and 10 people."""
    tree = draw(trees())
    crowd = [draw(people(f"p{number}", list(tree))) for number in range(draw(st.integers(1, 10)))]
    return Market(tree, tuple(crowd))


async def settle(db: Db, market: Market) -> dict[str, str]:
    """Makes the market, and nothing else, in the graph, with the personas; returns all ids by key."""
    await rows(db, "MATCH (n) WHERE NOT n:_Migration|Persona AND NOT coalesce(n.isDefault, false) DETACH DELETE n")
    if {persona.name for persona in (await personas.known(db)).values()} != set(PERSONAS):
        await rows(db, "MATCH (x:Persona) DELETE x")
        for name, attributes in PERSONAS.items():
            wanted = [AttributeFilter(attribute, FilterOperator.IS, tuple(values)) for attribute, values in attributes.items()]
            await personas.create(db, personas.PersonaSpec(name, None, wanted), by=BY)
    ids = await plant(db, market.tree)
    return ids | await bring(db, market.crowd)


async def bring(db: Db, crowd: Sequence[Somebody]) -> dict[str, str]:
    """Makes or changes people; returns their ids by key."""
    batch = [
        {
            "externalId": who.key,
            "lastName": who.key,
            **who.more,
            "accounts": [
                {"accountExternalId": one.account, "relationship": one.relationship, "title": one.title} for one in who.relations
            ],
        }
        for who in crowd
    ]
    made = await upsert_people(db, batch, by=BY)
    assert not made.problems, made.problems
    scores = [[who.key, who.score] for who in crowd]
    await rows(db, "UNWIND $scores AS row MATCH (p:Person {externalId: row[0]}) SET p.engagementScore = row[1]", scores=scores)
    return {who.key: own for who, own in zip(crowd, made.ids, strict=True) if own}


# --- a neighborhood -------------------------------------------------------------------------------------------------

#          top
#     left      right
#  home  brother  cousin
#  low
#  lowest
NEIGHBORHOOD: Tree = {
    "top": None,
    "left": "top",
    "right": "top",
    "home": "left",
    "brother": "left",
    "cousin": "right",
    "low": "home",
    "lowest": "low",
    "elsewhere": None,
}
# Where somebody works, and which of these accounts is nearest to "home". External ids would decide otherwise.
NEAREST = [
    (("brother", "top", "lowest"), "top"),  # all two steps away: above first,
    (("brother", "lowest"), "lowest"),  # then below,
    (("brother", "cousin"), "brother"),  # then across
    (("top", "low"), "low"),  # nearer beats above
    (("top", "left", "home"), "home"),
]

"""What analysts take to Neo4j Browser: the statements of `cypher/analysis/` as favourites, and a style for the graph."""

from __future__ import annotations

import io
import re
import zipfile
from dataclasses import dataclass
from importlib.resources import files
from typing import LiteralString, cast

from graph.db import Db
from graph.queries import Query, query

FOLDER = "Buying_Groups"  # Browser's folder of favourites
_MADE = (2026, 1, 1, 0, 0, 0)  # an archive with the same content is the same file

# Labels by colour and by the property that is their caption; what isn't here looks as Browser likes.
_NODES = {
    "Account": ("#4C8EDA", "name"),
    "Person": ("#F79767", "name"),
    "BuyingGroup": ("#57C7E3", "name"),
    "Product": ("#8DCC93", "name"),
    "SolutionInterest": ("#569480", "name"),
    "AccountAudience": ("#A5ABB6", "name"),
    "RoleTemplate": ("#C990C0", "name"),
    "RoleCard": ("#D9C8AE", "weighting"),
    "Role": ("#ECB5C9", "name"),
    "StageModel": ("#B39B77", "name"),
    "Stage": ("#FFC454", "name"),
    "MembershipEvent": ("#F16667", "action"),
    "Activity": ("#DA7194", "type"),
}
_RELATIONSHIPS = {
    "MEMBER_OF": ("#2E7D32", "role"),
    "REMOVED_FROM": ("#C62828", "reason"),
    "WORKS_FOR": ("#A5ABB6", "relationship"),
}
_PARAMS = re.compile(r":params \{.*\}")
_LARGE = ("Account", "BuyingGroup")  # whose names are long


def favourites() -> list[Query]:
    """The statements for analysts, by name."""
    names = (file.name for file in files("cypher").joinpath("analysis").iterdir())
    stems = sorted(name.removesuffix(".cypher") for name in names if name.endswith(".cypher"))
    return [query(cast(LiteralString, f"analysis/{stem}")) for stem in stems]


@dataclass(frozen=True, slots=True)
class Told:
    """What a favourite says of itself, and its statement without that. `params` is how Browser is told its parameters."""

    title: str
    about: str
    params: str | None
    statement: str


def told(favourite: Query) -> Told:
    """A favourite in its parts."""
    lines = favourite.text.splitlines()
    count = next(n for n, line in enumerate(lines) if not line.startswith("//"))
    title, _, about = lines[0].removeprefix("// ").partition(": ")
    params = _PARAMS.search(lines[1])
    return Told(title, about, params[0] if params else None, "\n".join(lines[count:]).strip())


def archive() -> bytes:
    """The favourites as Browser takes them in: a ZIP archive, a file each, whose first comment is its title."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        for one in favourites():
            name = f"{FOLDER}/{one.name.removeprefix('analysis/')}.cypher"
            made.writestr(zipfile.ZipInfo(name, _MADE), one.text, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def style() -> str:
    """A GraSS style sheet, as Browser's `:style` takes it: colours and captions by label and type."""
    head = "node {\n  diameter: 50px;\n  caption: '{name}';\n}\nrelationship {\n  shaft-width: 1px;\n  caption: '<type>';\n}\n"
    nodes = (
        _rule(f"node.{label}", color, f"{{{shown}}}", "  diameter: 80px;\n" if label in _LARGE else "")
        for label, (color, shown) in _NODES.items()
    )
    links = (
        _rule(f"relationship.{kind}", color, f"{{{shown}}}", "" if kind == "WORKS_FOR" else "  shaft-width: 3px;\n")
        for kind, (color, shown) in _RELATIONSHIPS.items()
    )
    return head + "".join([*nodes, *links])


def colours() -> dict[str, str]:
    """The style's colours by label and by relationship type."""
    return {name: colour for name, (colour, _) in {**_NODES, **_RELATIONSHIPS}.items()}


def _rule(where: str, color: str, caption: str, more: str) -> str:
    text = "  text-color-internal: #2A2C34;\n" if where.startswith("node") else ""
    return f"{where} {{\n  color: {color};\n  border-color: {color};\n{text}{more}  caption: '{caption}';\n}}\n"


async def model(db: Db) -> str:
    """What leads to what in the graph as it is, as a Mermaid diagram. It reads every relationship."""
    lines = ["graph LR"]
    for row in await db.read(query("server/model")):
        shown = row["kind"] + (f" {{{', '.join(row['properties'])}}}" if row["properties"] else "")
        lines.append(f'  {row["start"]} -->|"{shown}"| {row["end"]}')
    return "\n".join(lines) + "\n"

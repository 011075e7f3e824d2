"""Builds the site: these pages, the README as its first, and reference pages from the schema's SDL and the statements' headers.

`make docs` runs it; the site comes to build/site and asks nobody else for anything. A link that leads nowhere ends it.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterable, Mapping
from html.parser import HTMLParser
from importlib.resources import files
from pathlib import Path
from typing import LiteralString, cast

import platformdirs
from graphql import (
    GraphQLArgument,
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLScalarType,
    GraphQLUnionType,
    build_schema,
    get_named_type,
    is_specified_scalar_type,
    print_ast,
    value_from_ast_untyped,
)

from graph import jars
from graph.queries import query

DOCS = Path(__file__).parent
ROOT = DOCS.parent
SOURCE, SITE = ROOT / "build" / "docs", ROOT / "build" / "site"
MERMAID = jars.Jar("org.webjars.npm:mermaid:11.6.0", "b5431370e8cfa44471ec075f4a6002a1f9b9d97ee534c4e4d693c9c85a0ccba7")
_LINK = re.compile(r"(\]\()(?!\w+:)([^)#]+)(#[^)]*)?(\))")
_GUIDES = {  # the pages, in the order in which a newcomer needs them
    "Use it": ("walkthrough", "console", "frontend", "http", "bulk", "import", "webhooks"),
    "Run it": ("operation", "security", "sight", "scale"),
    "Ask the graph": ("analysts",),
}
_KINDS: Mapping[str, tuple[type[GraphQLNamedType], ...]] = {
    "Objects": (GraphQLObjectType,),
    "Interfaces and unions": (GraphQLInterfaceType, GraphQLUnionType),
    "Inputs": (GraphQLInputObjectType,),
    "Enums": (GraphQLEnumType,),
    "Scalars": (GraphQLScalarType,),
}
_ROOTS = ("Query", "Mutation", "Subscription")


# --- pages as they are ----------------------------------------------------------------------------------------------


def copy_pages() -> None:
    """The pages, with links that lead within the site."""
    for page in DOCS.glob("*.md"):
        _write(page.name, _led(page.read_text("utf-8"), DOCS))
    _write("index.md", _led((ROOT / "README.md").read_text("utf-8"), ROOT))
    _write("changelog.md", _led((ROOT / "CHANGELOG.md").read_text("utf-8"), ROOT))
    for file in (*DOCS.rglob("*.png"), *DOCS.rglob("*.ipynb")):
        _copy(file, file.relative_to(DOCS))


def _led(text: str, folder: Path) -> str:
    """A page's text, each link from its folder turned to where the site has what it leads to."""

    def led(found: re.Match[str]) -> str:
        target = (folder / found[2]).resolve()
        if not target.exists():
            raise SystemExit(f"{folder.name}: there is no {found[2]}")
        return f"{found[1]}{_placed(target)}{found[3] or ''}{found[4]}"

    return _LINK.sub(led, text)


def _placed(target: Path) -> str:
    """Where the site has a file; what is no page comes along as it is."""
    if target in (ROOT / "README.md", ROOT / "CHANGELOG.md"):
        return "index.md" if target.stem == "README" else "changelog.md"
    if target.is_relative_to(DOCS):
        return str(target.relative_to(DOCS))
    place = Path("files") / target.relative_to(ROOT)
    _copy(target, place)
    return str(place)


# --- the schema -----------------------------------------------------------------------------------------------------


def write_schema() -> list[str]:
    """A page for each kind of type. Returns their names."""
    types = build_schema((ROOT / "api" / "schema.graphql").read_text("utf-8")).type_map
    own = [one for name, one in types.items() if not name.startswith("__") and not is_specified_scalar_type(one)]
    places = {one.name: _page_of(one) for one in own}
    for root in _ROOTS:
        _write(f"reference/{root.lower()}.md", _of_type(types[root], places, level=1))
    for title, kinds in _KINDS.items():
        those = sorted((one for one in own if isinstance(one, kinds) and one.name not in _ROOTS), key=lambda one: one.name)
        _write(f"reference/{_slug(title)}.md", f"# {title}\n\n" + "\n".join(_of_type(one, places, level=2) for one in those))
    return [*_ROOTS, *_KINDS]


def _page_of(kind: GraphQLNamedType) -> str:
    if kind.name in _ROOTS:
        return f"{kind.name.lower()}.md"
    return next(f"{_slug(title)}.md" for title, kinds in _KINDS.items() if isinstance(kind, kinds))


def _of_type(kind: GraphQLNamedType, places: Mapping[str, str], level: int) -> str:
    lines = [f"{'#' * level} {kind.name}", "", kind.description or "", ""]
    if isinstance(kind, GraphQLObjectType | GraphQLInterfaceType):
        if kind.interfaces:
            lines += ["Is a " + ", ".join(_linked(one.name, places) for one in kind.interfaces) + ".", ""]
        for name, field in kind.fields.items():
            lines += _of_field(kind, name, field, places, level + 1)
    elif isinstance(kind, GraphQLInputObjectType):
        lines += _table(("Field", "Type", "What it is"), (_of_input(name, one, places) for name, one in kind.fields.items()))
    elif isinstance(kind, GraphQLEnumType):
        values = ((f"`{name}`", _told(one.description, one.deprecation_reason)) for name, one in kind.values.items())
        lines += _table(("Value", "What it means"), values)
    elif isinstance(kind, GraphQLUnionType):
        lines += ["One of " + ", ".join(_linked(one.name, places) for one in kind.types) + ".", ""]
    return "\n".join(lines)


def _of_field(kind: GraphQLNamedType, name: str, field: GraphQLField, places: Mapping[str, str], level: int) -> list[str]:
    told = _told(field.description, field.deprecation_reason)
    lines = [f"{'#' * level} {name} {{ #{kind.name.lower()}-{name.lower()} }}", "", f"{_typed(field, places)}: {told}", ""]
    if field.args:
        lines += _table(("Argument", "Type", "What it is"), (_of_input(own, one, places) for own, one in field.args.items()))
    return lines


def _of_input(name: str, one: GraphQLArgument | GraphQLInputField, places: Mapping[str, str]) -> tuple[str, str, str]:
    node = one.ast_node
    default = node.default_value if node else None
    known = f" Default: `{print_ast(default)}`." if default and value_from_ast_untyped(default) is not None else ""
    return f"`{name}`", _typed(one, places), _told(one.description, one.deprecation_reason) + known


def _typed(one: GraphQLField | GraphQLArgument | GraphQLInputField, places: Mapping[str, str]) -> str:
    name = get_named_type(one.type).name
    before, _, after = str(one.type).partition(name)
    return "".join((before.replace("[", "\\["), _linked(name, places), after.replace("]", "\\]")))


def _linked(name: str, places: Mapping[str, str]) -> str:
    page = places.get(name)
    return f"`{name}`" if page is None else f"[`{name}`]({page}#{name.lower()})"


def _told(description: str | None, deprecated: str | None) -> str:
    return " ".join((description or "").split()) + (f" **Deprecated:** {deprecated}" if deprecated else "")


# --- the statements -------------------------------------------------------------------------------------------------


def write_statements() -> None:
    """A page of what each statement answers, by its folder; analysts' ones with their text."""
    lines = ["# Statements", "", "Every Cypher statement there is, by its folder under `cypher/`, as its header tells: logs,", ""]
    lines[2] += " metrics and traces name statements so."
    for folder in sorted(files("cypher").iterdir(), key=lambda one: one.name):
        if not folder.is_dir() or folder.name in ("schema", "vocabulary", "__pycache__"):
            continue
        names = sorted(one.name.removesuffix(".cypher") for one in folder.iterdir() if one.name.endswith(".cypher"))
        found = [query(cast(LiteralString, f"{folder.name}/{name}")) for name in names]
        rows = ((f"`{one.name}`", one.answers, one.mode, _list(one.params), _list(one.returns)) for one in found)
        lines += [f"## {folder.name}", "", *_table(("Statement", "What it answers", "Mode", "Parameters", "Returns"), rows)]
        if folder.name == "analysis":
            for one in found:
                lines += [f"```cypher\n{one.text.strip()}\n```", ""]
    _write("reference/statements.md", "\n".join(lines))


def _list(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


# --- the site -------------------------------------------------------------------------------------------------------


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> list[str]:
    cells = [[cell.replace("|", "\\|").replace("\n", " ") for cell in row] for row in rows]
    return [f"| {' | '.join(row)} |" for row in [[*head], ["---"] * len(head), *cells]] + [""]


def _slug(title: str) -> str:
    return title.lower().replace(" ", "-")


def _write(name: str, text: str) -> None:
    file = SOURCE / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, "utf-8")


def _copy(file: Path, place: Path) -> None:
    (SOURCE / place).parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(file, SOURCE / place)


def copy_mermaid() -> None:
    """What draws the diagrams, from a locked jar in place of a CDN."""
    (jar,) = jars.fetch([MERMAID], Path(platformdirs.user_cache_dir("buying-groups", appauthor=False)))
    _, artifact, version = MERMAID.coordinates.split(":")
    with zipfile.ZipFile(jar) as packed:
        script = packed.read(f"META-INF/resources/webjars/{artifact}/{version}/dist/mermaid.min.js")
    (SOURCE / "mermaid.min.js").write_bytes(script)


def config(reference: Iterable[str]) -> str:
    """Zensical's configuration, with every page in its place."""
    missed = {page.stem for page in DOCS.glob("*.md")} - {page for pages in _GUIDES.values() for page in pages}
    if missed:
        raise SystemExit(f"no place for {', '.join(sorted(missed))}")
    guides = {title: [f'"{page}.md"' for page in pages] for title, pages in _GUIDES.items()}
    named = [f'{{ "{title}" = "reference/{_slug(title)}.md" }}' for title in [*reference, "Statements"]]
    parts = [f'{{ "{title}" = [{", ".join(pages)}] }}' for title, pages in {**guides, "Reference": named}.items()]
    nav = ",\n  ".join(['"index.md"', *parts, '"changelog.md"'])
    return (DOCS / "zensical.toml").read_text("utf-8").replace("nav = []", f"nav = [\n  {nav},\n]")


class _Asked(HTMLParser):
    """What a page makes a browser fetch."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag in ("script", "img", "iframe", "source") or (tag == "link" and given.get("rel") not in ("canonical", None)):
            self.found += [url for name in ("src", "href") if (url := given.get(name))]


def check_site() -> None:
    """Whether the site is whole without any other."""
    for page in SITE.rglob("*.html"):
        asked = _Asked()
        asked.feed(page.read_text("utf-8"))
        if outside := [url for url in asked.found if re.match(r"(\w+:)?//", url)]:
            raise SystemExit(f"{page.relative_to(SITE)} asks for {', '.join(outside)}")
    for style in SITE.rglob("*.css"):
        if outside := re.findall(r"(?:url\(|@import )['\"]?((?:https?:)?//[^'\")]+)", style.read_text("utf-8")):
            raise SystemExit(f"{style.relative_to(SITE)} asks for {', '.join(outside)}")


def main() -> None:
    """Builds the site anew. Ends with a message if anything is wrong with it."""
    shutil.rmtree(SOURCE, ignore_errors=True)
    shutil.rmtree(SITE, ignore_errors=True)
    SOURCE.mkdir(parents=True)
    copy_pages()
    reference = write_schema()
    write_statements()
    copy_mermaid()
    (ROOT / "build" / "zensical.toml").write_text(config(reference), "utf-8")
    built = [sys.executable, "-m", "zensical", "build", "--strict", "--clean", "--config-file", "build/zensical.toml"]
    if subprocess.run(built, cwd=ROOT, check=False).returncode:
        raise SystemExit("the site could not be built")
    check_site()
    sys.stdout.write(f"{SITE.relative_to(ROOT)}: {sum(1 for _ in SITE.rglob('*.html'))} pages\n")


if __name__ == "__main__":
    main()

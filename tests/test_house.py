"""The rules of the house: who may import whom, where Cypher lives, what every file is for."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from api.schema import SDL, sdl

ROOT = Path(__file__).parent.parent
GRAPH = sorted((ROOT / "graph").rglob("*.py"))
API = sorted((ROOT / "api").rglob("*.py"))
PURE = ("model", "errors", "precedence", "stage_rules")  # no I/O, nothing but each other
KEYWORDS = re.compile(r"\b(?:MATCH|MERGE|CREATE|UNWIND)\s*\(")


def imports(file: Path) -> set[str]:
    """The modules that a file imports, dotted."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def name(file: Path) -> str:
    return str(file.relative_to(ROOT))


@pytest.mark.parametrize("file", GRAPH, ids=name)
def test_graph_knows_nothing_of_graphql_http_or_the_environment(file: Path) -> None:
    roots = {module.split(".")[0] for module in imports(file)}
    assert not roots & {"api", "strawberry", "graphql", "starlette", "uvicorn", "typer", "pydantic_settings", "dotenv"}
    assert "os.environ" not in file.read_text("utf-8")


@pytest.mark.parametrize("file", [*GRAPH, *API], ids=name)
def test_the_driver_has_one_door(file: Path) -> None:
    if file.name != "db.py":
        assert "neo4j" not in {module.split(".")[0] for module in imports(file)}


@pytest.mark.parametrize("file", [*GRAPH, *API], ids=name)
def test_cypher_lives_in_cypher(file: Path) -> None:
    # What the vocabulary is compiled with is the one exception.
    texts = [node.value for node in ast.walk(ast.parse(file.read_text("utf-8"))) if isinstance(node, ast.Constant)]
    found = [text for text in texts if isinstance(text, str) and KEYWORDS.search(text)]
    assert found == [] or file.name in ("reads.py", "vocabulary.py")


@pytest.mark.parametrize("module", PURE)
def test_the_pure_rooms_are_pure(module: str) -> None:
    ours = {one.split(".")[1] for one in imports(ROOT / "graph" / f"{module}.py") if one.startswith("graph.")}
    assert ours <= set(PURE)


def test_api_names_no_statement() -> None:
    assert [name(file) for file in API if "graph.queries" in imports(file)] == []


def test_only_settings_read_the_environment() -> None:
    assert [name(file) for file in API if "os" in imports(file)] == ["api/settings.py"]


def test_every_statement_is_used_and_every_use_exists() -> None:
    folder = ROOT / "cypher"
    files = {str(f.relative_to(folder).with_suffix("")) for f in folder.rglob("*.cypher") if f.parent.name != "schema"}
    texts = "\n".join(file.read_text("utf-8") for file in GRAPH)
    named = set(re.findall(r'"([a-z_]+/[a-z_]+)"', texts))
    checks = {one for one in files if one.startswith(("doctor/", "mend/", "analysis/"))}  # run by their folders
    assert files - named - checks == set()
    assert set(re.findall(r'query\("([a-z_/]+)"\)', texts)) - files == set()


def test_no_test_module_imports_another() -> None:
    for file in (ROOT / "tests").glob("*.py"):
        assert not {module for module in imports(file) if module.startswith("test_")}, name(file)


def test_the_committed_schema_is_the_schema() -> None:
    assert SDL.read_text("utf-8") == sdl(), "run `make schema`"


def test_everything_in_the_schema_is_described() -> None:
    from graphql import GraphQLEnumType, GraphQLInputObjectType, GraphQLInterfaceType, GraphQLObjectType

    from api.schema import schema

    bare: list[str] = []
    for kind in schema._schema.type_map.values():
        if kind.name.startswith("__"):
            continue
        if not kind.description:
            bare.append(kind.name)
        if isinstance(kind, GraphQLObjectType | GraphQLInterfaceType | GraphQLInputObjectType):
            for field_name, field in kind.fields.items():
                if not field.description:
                    bare.append(f"{kind.name}.{field_name}")
                for argument_name, argument in getattr(field, "args", {}).items():
                    if not argument.description:
                        bare.append(f"{kind.name}.{field_name}({argument_name})")
        if isinstance(kind, GraphQLEnumType):
            bare += [f"{kind.name}.{key}" for key, value in kind.values.items() if not value.description]
    assert bare == []


def test_functions_fit_a_screen() -> None:
    long = [
        f"{name(file)}:{node.lineno} {node.name} has {(node.end_lineno or node.lineno) - node.lineno + 1} lines"
        for file in [*GRAPH, *API]
        for node in ast.walk(ast.parse(file.read_text("utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and (node.end_lineno or node.lineno) - node.lineno >= 50
    ]
    assert long == []

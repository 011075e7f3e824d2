"""Mappings: what an export calls its files and columns, if not as Salesforce does. A TOML file says it, and is checked whole.

docs/import.md tells users how one is written; graph/layouts holds those that come along.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from importlib.resources import files
from pathlib import Path
from typing import Any

from graph.errors import BadMapping
from graph.salesforce import ENDINGS, KINDS, Column, Kind

MAX_BYTES = 1_000_000
_LAYOUTS = "layouts"


@dataclass(frozen=True, slots=True)
class Mapped:
    """The files that an export may have, in the order of their import."""

    kinds: tuple[Kind, ...]


SALESFORCE = Mapped(KINDS)


def shipped() -> list[str]:
    """The mappings that come along, by name."""
    found = files("graph").joinpath(_LAYOUTS).iterdir()
    return sorted(one.name.removesuffix(".toml") for one in found if one.name.endswith(".toml"))


def read_mapping(name: str) -> Mapped:
    """The mapping in a file, or one that comes along by its name. Raises BadMapping that tells all that is wrong with it."""
    text = (files("graph") / _LAYOUTS / f"{name}.toml").read_text("utf-8") if name in shipped() else _read(name)
    try:
        return mapping_of(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise BadMapping(f"{name} is not TOML: {error}.") from None
    except BadMapping as error:
        raise BadMapping("\n".join([f"The mapping {name} can't be followed:", str(error)])) from None


def _read(name: str) -> str:
    try:
        with Path(name).open("rb") as file:
            read = file.read(MAX_BYTES + 1)
        if len(read) > MAX_BYTES:
            raise BadMapping(f"The mapping {name} has more than {MAX_BYTES:,} bytes.")
        return read.decode("utf-8")
    except FileNotFoundError:
        words = f"There is no mapping file {name}. Name a TOML file, or one of those that come along: {', '.join(shipped())}."
        raise BadMapping(words) from None
    except OSError as error:
        raise BadMapping(f"The mapping {name} can't be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise BadMapping(f"The mapping {name} isn't UTF-8.") from None


def mapping_of(table: Mapping[str, Any]) -> Mapped:
    """What a table says. Raises BadMapping with a line for each place that is wrong."""
    nouns = {kind.noun: kind for kind in KINDS}
    wrong = [_unknown(name, nouns, "kind of rows") for name in table if name not in nouns]
    kinds: list[Kind] = []
    for noun, kind in nouns.items():
        if noun in table:
            found = list(_faults(kind, table[noun]))
            wrong += found
            if not found:
                kinds.append(_kind(kind, table[noun]))
    stems = [kind.stem for kind in kinds]
    for kind in kinds:
        if stems.count(kind.stem) > 1:
            wrong.append(f"[{kind.noun}] file: {kind.stem} is the file of another kind of rows, too; each has its own.")
    if not table:
        wrong.append(f"It is empty; it needs one or more of {', '.join(f'[{noun}]' for noun in nouns)}.")
    if wrong:
        raise BadMapping("\n".join(wrong))
    return Mapped(tuple(kinds))


def _unknown(name: str, known: Mapping[str, object], what: str) -> str:
    close = get_close_matches(name, known, 1)
    hint = f"did you mean {close[0]}?" if close else f"there are {', '.join(known)}."
    return f"{name}: there is no such {what}; {hint}"


def _faults(kind: Kind, said: Any) -> Iterator[str]:
    """What is wrong with what is said of a kind of rows."""
    if not isinstance(said, dict):
        yield f"{kind.noun}: must be a table [{kind.noun}]."
        return
    where = f"[{kind.noun}]"
    allowed: Mapping[str, object] = dict.fromkeys(["file", "columns", *(["separator"] if kind.noun == "people" else [])])
    yield from (f"{where} {_unknown(name, allowed, 'key')}" for name in said if name not in allowed)
    file, separator, columns = said.get("file"), said.get("separator", ";"), said.get("columns")
    if not isinstance(file, str) or not file or "/" in file or file.endswith(ENDINGS):
        endings = " or ".join(ENDINGS)
        yield f'{where} file: must be the name of a file without its ending ({endings}), such as "{kind.stem}".'
    if not isinstance(separator, str) or not separator:
        yield f'{where} separator: must be a text such as ";".'
    if isinstance(columns, dict):
        yield from _column_faults(kind, columns)
    else:
        yield f"[{kind.noun}.columns]: must be a table of the columns, by the fields they fill."


def _column_faults(kind: Kind, said: Mapping[str, Any]) -> Iterator[str]:
    where, fields = f"[{kind.noun}.columns]", {column.field: column for column in kind.columns}
    yield from (f"{where} {_unknown(name, fields, 'field')}" for name in said if name not in fields)
    taken: dict[str, str] = {}
    for field in (name for name in said if name in fields):
        names = _names(said[field])
        if not names or not all(isinstance(name, str) and name for name in names):
            yield f'{where} {field}: must be the name of a column, such as "Id", or a list of names.'
            continue
        for name in names:
            if name in taken:
                yield f"{where} {field}: the column {name} fills {taken[name]} already."
            taken.setdefault(name, field)
    yield from (f"{where} {name}: is needed." for name in _fields(kind, kind.needed) if name not in said)
    some = _fields(kind, kind.some)
    if some and not any(name in said for name in some):
        yield f"{where} {' or '.join(some)}: is needed."


def _fields(kind: Kind, names: Sequence[str]) -> list[str]:
    """The fields that columns fill."""
    return [column.field for name in names for column in kind.columns if column.name == name]


def _names(said: Any) -> list[Any]:
    return said if isinstance(said, list) else [said]


def _kind(kind: Kind, said: Mapping[str, Any]) -> Kind:
    """A kind as a mapping without faults has it."""
    columns = said["columns"]
    names = {column.name: _names(columns[column.field])[0] for column in kind.columns if column.field in columns}
    found = replace(kind, stem=said["file"], columns=tuple(one for one in kind.columns if one.field in columns)).named(names)

    def whole(column: Column) -> Column:
        separator = said.get("separator") if column.field == "account" and kind.noun == "people" else None
        return replace(column, others=tuple(_names(columns[column.field])[1:]), separator=separator)

    some = tuple(name for name, old in zip(found.some, kind.some, strict=True) if _fields(kind, [old])[0] in columns)
    return replace(found, columns=tuple(whole(column) for column in found.columns), some=some)

"""The words of words.toml, and which role the rules see in a title."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from importlib.resources import files
from typing import Any

_TABLE: Mapping[str, Any] = tomllib.loads(files("bench.market").joinpath("words.toml").read_text("utf-8"))

FIRST: Sequence[str] = _TABLE["first"]
LAST: Sequence[str] = _TABLE["last"]
BRANDS: Sequence[str] = _TABLE["brands"]
LEVELS: Sequence[str] = _TABLE["levels"]
INDUSTRIES: Sequence[str | None] = [*_TABLE["industries"], None]
DEPARTMENTS: Sequence[str | None] = [*_TABLE["departments"], None]
ACTIVITIES: Sequence[str] = _TABLE["activities"]
PRODUCTS: Sequence[str] = _TABLE["products"]
PLACES: Sequence[tuple[str, str, str, str | None]] = [
    (place[0], place[1], place[2], place[3] if len(place) > 3 else None) for place in _TABLE["places"]
]
TITLES: Sequence[tuple[str | None, str, int]] = [
    (None if role == "none" else role, title, often)
    for role, titles in _TABLE["titles"].items()
    for title, often in titles.items()
]
"""Each with the role that the rules see in it, or None, and how often it occurs."""

DECIDES, STEERS, INFLUENCES, PRACTISES = [role for role in _TABLE["titles"] if role != "none"]
CHAMPION = "Champion"  # a role that no title tells

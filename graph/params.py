"""Values on their way into a compiled statement: each becomes a parameter, none becomes text."""

from __future__ import annotations

from typing import Any


class Params:
    """Collects a statement's parameters. Names follow the order of collection, so equal shapes give equal text. `part`: the
    statement is for a caller bound to a part of the market."""

    def __init__(self, part: bool = False) -> None:
        self.values: dict[str, Any] = {}
        self.part = part

    def add(self, value: Any) -> str:
        """The parameter to write where `value` is meant, such as `$p0`."""
        name = f"p{len(self.values)}"
        self.values[name] = value
        return f"${name}"

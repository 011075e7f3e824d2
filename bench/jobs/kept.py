"""Figures in a file that grows while pieces of work are measured, in one run or several."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

Figures = Mapping[str, Any]


class Kept:
    """Figures of one size. In a file, if there is one: what it has of pieces that aren't measured again stays."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self.figures: Figures = json.loads(path.read_text("utf-8")) if path and path.exists() else {"rows": []}

    def keep(self, figures: Figures) -> None:
        """Takes in what a run has measured so far."""
        renewed = {row["task"] for row in figures["rows"]}
        others = [row for row in self.figures["rows"] if row["task"] not in renewed]
        self.figures = {**figures, "rows": sorted([*others, *figures["rows"]], key=_place)}
        if self._path:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._path.write_text(json.dumps(self.figures, indent=2) + "\n", "utf-8")


def _place(row: Figures) -> int:
    return next(place for place, name in enumerate(ORDER) if row["task"].startswith(name))


ORDER = ("creation", "maintenance", "engagement, the first", "engagement", "export", "import")
"""In which pieces are shown, by how their names begin."""

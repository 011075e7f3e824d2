"""A market to measure on: seeded, skewed as markets are, and written as the service writes it, only in bulk."""

from bench.market.kept import standing
from bench.market.shape import FULL, SMALL, Shape, ungrouped

__all__ = ["FULL", "SMALL", "Shape", "standing", "ungrouped"]

"""How often tests try what they draw at random: `--thorough 4` tries four times as much as a usual run, which has to be short."""

from __future__ import annotations

from hypothesis import settings


class Thorough:
    """As the command line says."""

    factor = 1.0


def times(count: int) -> int:
    """So often, or as many times that as the command line says; once at least."""
    return max(1, round(count * Thorough.factor))


def examples(count: int) -> settings:
    """So many examples, or as many times that; for tests whose `given` draws them."""
    return settings(max_examples=times(count))

"""What can go wrong with a benchmark, in words."""


class BenchError(Exception):
    """The benchmark can't go on; the message says why."""

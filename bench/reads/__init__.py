"""Nested reads, and one write, over HTTP: ours beside the peer and the floor, in turns on one server in one run."""

from bench.reads.run import run

__all__ = ["run"]

"""Benchmarks, run by `make bench`. Each compares within one run, on one server, in turns."""

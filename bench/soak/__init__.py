"""A mix of everything for an hour, and whether memory stays flat and every connection comes back: `python -m bench soak`."""

"""What becomes of acknowledged changes, and of clients who wait, when something breaks: `python -m bench faults`."""

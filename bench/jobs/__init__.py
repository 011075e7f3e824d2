"""What jobs cost as the market grows: creation, maintenance, engagement, export and import, each beside its floor, the same
by hand, and after both have been found to leave the same behind."""

"""Documents: what they say follows from a snapshot, and what they hold opens."""

"""Floor 8: one search on the machine that drives it, from request to results."""

"""One search on the machine that drives it, from request to results."""

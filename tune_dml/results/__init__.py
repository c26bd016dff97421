"""What stands on disk: ``search.yaml``, ``best.yaml``, a search's folder; written and read here alone."""

"""Whether machine, disk, encoder and MLflow serve a search: asked by ``doctor`` and at a search's start."""

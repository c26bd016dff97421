"""Of this package: in ``--version``, model folders and ``search.yaml``."""

__version__ = "0.1.0"

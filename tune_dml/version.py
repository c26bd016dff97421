"""Of this package: in ``--version``, model folders and ``search.yaml``."""

__version__ = "0.2.0"

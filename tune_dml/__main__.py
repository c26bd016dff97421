"""``python -m tune_dml``: the same as the command ``tune-dml``."""

from tune_dml.cli import main

if __name__ == "__main__":
    raise SystemExit(main())

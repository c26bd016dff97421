"""``python -m tests.odd --runs 300 --seed 1``."""

from __future__ import annotations


def main() -> int:
    from tests.odd.command_line import main as run

    return run()


if __name__ == "__main__":
    raise SystemExit(main())

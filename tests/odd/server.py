"""The process that all commands are forks of: the one of ``tests/workflows``."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[1] / "workflows"))

from command import start_server

__all__ = ["start_server"]

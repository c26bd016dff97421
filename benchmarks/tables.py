"""How benchmarks print."""

from __future__ import annotations

import platform
from collections.abc import Sequence
from pathlib import Path


def markdown(headers: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """A Markdown table."""
    lines = [headers, ["---"] * len(headers), *rows]
    return "\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines)


def machine() -> str:
    """The processor and the versions that a figure depends on, for the line under a table."""
    import torch

    from tune_dml.execution.this_machine import cores

    flags = ""
    cpu = platform.processor() or platform.machine()
    if Path("/proc/cpuinfo").exists():
        text = Path("/proc/cpuinfo").read_text()
        fields = dict(line.split(":", 1) for line in text.split("\n\n")[0].splitlines() if ":" in line)
        named = {key.strip(): value.strip() for key, value in fields.items()}
        cpu = named.get("model name", cpu)
        have = named.get("flags", "").split()
        flags = ", ".join(name for flag, name in _FLAGS.items() if flag in have)
    return f"{cores()} cores of {cpu} ({flags or 'no AVX-512'}), torch {torch.__version__}"


_FLAGS = {"avx512f": "AVX-512", "avx512_bf16": "AVX-512 BF16", "amx_bf16": "AMX"}

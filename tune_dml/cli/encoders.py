"""``tune-dml encoders``: encoders that are well proven with few labels."""

from __future__ import annotations

from dataclasses import asdict

from tune_dml.cli import terminal
from tune_dml.cli.arguments import Debug, Json

EXAMPLES = """
tune-dml encoders
tune-dml search --task bbc --encoder all-MiniLM-L6-v2,bert-tiny
tune-dml search --task SST2 --encoder suggest --time-budget 30m
"""


def encoders(json: Json = False, debug: Debug = False) -> None:
    """List well-proven encoders, and which are here.

    Any other that transformers loads can be named as well, or a folder: docs/encoders.md.
    """
    from tune_dml.models.known_encoders import KNOWN, where

    rows = [(encoder, where(encoder.name)) for encoder in KNOWN]
    if json:
        terminal.print_json([{**asdict(encoder), "here": here or None} for encoder, here in rows])
        return
    terminal.print_table(
        ["encoder", "parameters", "licence", "languages", "here", "good at"],
        [
            (
                encoder.name,
                f"{encoder.parameters:g}M",
                encoder.licence,
                encoder.languages,
                f"yes, {here}" if here else "no",
                encoder.good_at,
            )
            for encoder, here in rows
        ],
        right=("parameters",),
        # Names are for copying.
        row_per_line=True,
    )
    terminal.print_lines(
        ["Several are searched with commas between them; 'suggest' takes the best three that fit the time."]
    )

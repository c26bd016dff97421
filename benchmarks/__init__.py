"""Measurements of tune-dml, some beside their rivals: ``python -m benchmarks NAME``; each prints one Markdown table."""

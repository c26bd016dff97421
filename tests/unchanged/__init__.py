"""Proof that a refactoring changes no number: the same four searches by two checkouts, compared.

``python -m tests.unchanged run CHECKOUT FOLDER`` has the ``tune_dml`` of a checkout run the searches of ``searches.py``
one trial at a time, with fixed seeds; ``python -m tests.unchanged compare BEFORE AFTER`` holds two such folders against
one another and ends with exit code 1 where they differ. What is compared, and what is left out, is in ``contents.py``.
"""

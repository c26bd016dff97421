"""Copies of searches in a folder or an object store. Importing this package does not import pyarrow."""

from tune_dml.storage.address import FOLDER, Address, parse_address
from tune_dml.storage.ancestry import Relation, relation
from tune_dml.storage.download import download
from tune_dml.storage.keeper import Keeper
from tune_dml.storage.kept_names import JOURNAL_FILE, SEARCH_FILE
from tune_dml.storage.opening import names_in, open_store, searches_in
from tune_dml.storage.reasons import reason_of
from tune_dml.storage.store import Store

__all__ = [
    "FOLDER",
    "JOURNAL_FILE",
    "SEARCH_FILE",
    "Address",
    "Keeper",
    "Relation",
    "Store",
    "download",
    "names_in",
    "open_store",
    "parse_address",
    "reason_of",
    "relation",
    "searches_in",
]

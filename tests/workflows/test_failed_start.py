"""A search that cannot be started does not take its name."""

from __future__ import annotations

import errno
import fcntl
import os
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from search_files import ABOUT

from tune_dml.errors import TuneDMLError
from tune_dml.reporting.output import silent
from tune_dml.workflows.search import start


@pytest.mark.parametrize("what", ["lock", "disk"])
def test_nothing_of_it_stays(what: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*arguments: Any) -> None:
        number = errno.EAGAIN if what == "lock" else errno.ENOSPC
        raise OSError(number, os.strerror(number))

    folder = tmp_path / "searches" / "one"
    about = replace(ABOUT, settings=replace(ABOUT.settings, results=str(tmp_path)))
    prepared: Any = SimpleNamespace(about=about, folder=folder)
    with monkeypatch.context() as broken:
        broken.setattr(fcntl, "flock", refused) if what == "lock" else broken.setattr(os, "fsync", refused)
        with pytest.raises(TuneDMLError, match="another process" if what == "lock" else "No space left"):
            start(prepared, silent())
    assert not folder.exists()
    start(prepared, silent())
    assert {"search.yaml", "study.log"} <= set(os.listdir(folder))

"""A disk that is full is named, whoever met it."""

from __future__ import annotations

import errno
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tune_dml.driver.full_disk import full_disk_explained
from tune_dml.errors import EnvironmentFault


@pytest.mark.parametrize(
    "error",
    [
        OSError(errno.ENOSPC, "No space left on device"),
        OSError(errno.EDQUOT, "Disk quota exceeded"),
        RuntimeError("Traceback ...\nOSError: [Errno 28] No space left on device"),
    ],
)
def test_a_full_disk_is_named_with_what_to_do(error: Exception, tmp_path: Path) -> None:
    with (
        pytest.raises(EnvironmentFault, match=r"is full.*tune-dml resume mine"),
        full_disk_explained(tmp_path / "mine"),
    ):
        raise error


def test_other_faults_stay_what_they_are(tmp_path: Path) -> None:
    with pytest.raises(PermissionError), full_disk_explained(tmp_path):
        raise PermissionError(errno.EACCES, "Permission denied")


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "small"
    folder.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=192m", "tune-dml", str(folder)], capture_output=True)
    if mounted.returncode:
        pytest.skip("only root may mount a disk that is small enough to be filled")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


@pytest.mark.long
def test_a_search_on_a_full_disk_ends_with_a_sentence_and_is_resumed(
    small_disk: Path,
    tune_dml: Callable[..., Any],
    signalled: Callable[..., Any],
    search_arguments: tuple[str, ...],
    space_file: Path,
) -> None:
    filler = small_disk / "filler"

    def fill(_: str) -> bool:
        """There was room when the search began; now there is some for the first rounds."""
        filler.write_bytes(b"0" * (shutil.disk_usage(small_disk).free - 200_000))
        return True

    options = ["--trials", "4", "--space", str(space_file), "--name", "full", "--results", str(small_disk)]
    journal = small_disk / "searches" / "full" / "study.log"
    ended = signalled([*search_arguments, *options], journal, fill, 0)
    assert ended.code == 3, ended.err
    assert "is full" in ended.err
    assert "tune-dml resume full" in ended.err
    assert "Traceback" not in ended.err
    filler.unlink()
    resumed = tune_dml("resume", "full", "--results", str(small_disk))
    assert resumed.code == 0, resumed.err
    assert " failed: " not in resumed.out

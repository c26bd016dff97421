"""What the runs of a campaign share: encoders, models, and what the commands take."""

from __future__ import annotations

import re
import threading
from functools import cache
from pathlib import Path
from random import Random

from .attempt import SPACE, Grounds
from .encoders import build_all
from .planted import planted
from .process import call, started
from .sheet import Sheet

_CLASSES = ("sport", "tech", "food")
#: A schema of MLflow's that was followed by many.
_OLDER = "c3d6457b6d8a"
_COMMANDS = ("search", "predict", "train", "doctor")


def prepare(folder: Path) -> Grounds:
    """Makes the encoders and a model; others when they are asked for."""
    encoders, scratch = folder / "encoders", folder / "scratch"
    scratch.mkdir(parents=True)
    (scratch / "space.yaml").write_text(SPACE)
    building = started(build_all, encoders)
    options = {}
    for command in _COMMANDS:
        said = call([command, "--help"], scratch, 60).out
        options[command] = " ".join(re.findall(r"--[a-z-]+", said)) + " "
    building.join()
    if building.exitcode:
        raise RuntimeError("the encoders could not be made")
    lock = threading.Lock()

    @cache
    def made(name: str) -> Path:
        return encoders / "bert" if name == "encoder" else _trained(folder, name)

    def model(name: str) -> Path:
        with lock:
            return made(name)

    @cache
    def older() -> Path:
        return _older_store(folder / "scratch" / "older.db")

    def older_store() -> Path:
        with lock:
            return older()

    model("single")
    return Grounds(folder, encoders, model, options, older_store)


def _older_store(store: Path) -> Path:
    making = started(_make_older_store, str(store))
    making.join()
    if making.exitcode:
        raise RuntimeError("MLflow's older store could not be made")
    return store


def _make_older_store(store: str) -> None:
    """By MLflow's own scripts."""
    import sqlalchemy
    from alembic import command
    from mlflow.store.db.utils import _get_alembic_config
    from mlflow.store.tracking.dbmodels.initial_models import Base

    engine = sqlalchemy.create_engine(f"sqlite:///{store}")
    Base.metadata.create_all(engine)
    config = _get_alembic_config(f"sqlite:///{store}")
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, _OLDER)


def _trained(folder: Path, name: str) -> Path:
    rows = planted(dict.fromkeys(_CLASSES, 24), Random(5))
    sheet = Sheet({"": rows}, text_column="text" if name == "single" else "text_a")
    if name == "pair":
        for row, other in zip(rows, planted(dict.fromkeys(_CLASSES, 24), Random(6)), strict=True):
            row.text_b = other.text if other.truth == row.truth else "again today"
    scratch, data = folder / f"made {name}", sheet.write(folder / name)
    scratch.mkdir()
    (scratch / "space.yaml").write_text(SPACE)
    arguments = ["search", "--task", name, "--data", str(data), "--encoder", "bert-tiny", "--shots", "45"]
    arguments += ["--space", "space.yaml", "--trials", "2", "--folds", "2", "--confirm-seeds", "1"]
    arguments += ["--results", str(folder / "shared" / name), "--name", name]
    ended = call(arguments, scratch, 300)
    if ended.code:
        raise RuntimeError(ended.said)
    return folder / "shared" / name / "searches" / name / "model"

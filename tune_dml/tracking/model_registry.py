"""Register a winner's model and decide which version is the best."""

from __future__ import annotations

import hashlib
import tempfile
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tune_dml.config.slugs import digest
from tune_dml.data import KINDS
from tune_dml.tracking import names
from tune_dml.tracking.known import every_page
from tune_dml.tracking.pyfunc import probability_columns
from tune_dml.tracking.runs import SearchRuns
from tune_dml.tracking.told import ModelRegistration

if TYPE_CHECKING:
    import pandas as pd
    from mlflow import MlflowClient
    from mlflow.entities.model_registry import ModelVersion

ALIAS = "best"
#: What must be equal before two cross-validation scores are compared.
COMPARABLE = (names.TASK, names.SHOTS, names.DRAW, names.PROTOCOL, names.FOLDS, names.METRIC)
SERVING = ("tune-dml", "torch", "transformers", "safetensors", "scikit-learn", "numpy", "pandas")


def register(runs: SearchRuns, folder: Path, about: ModelRegistration) -> None:
    """One version per search and model, and the alias ``best`` where it belongs. Calling it again writes nothing.

    Args:
        runs: The search; its parent run keeps the model's files.
        folder: The model folder; it is copied.
        about: What the registry is told.

    Raises:
        FileNotFoundError: ``folder`` is no folder.
        mlflow.exceptions.MlflowException: the server is away or refuses.
    """
    if not folder.is_dir():
        raise FileNotFoundError(f"{folder} is no model folder")
    name, known = registered_as(runs)
    content = folder_digest(folder)
    _ensure_model(runs.client, name)
    mine = next((v for v in known if v.tags.get(names.DIGEST) == content and _same_search(v, runs)), None)
    if mine is None:
        mine = _create_version(runs, name, folder, content, about)
    elif not runs.client.list_artifacts(runs.parent().run_id, _place(content)):
        # Lost, such as with a folder of artifacts that was not copied along.
        _upload(runs, folder, content, about)
    holder = next((v for v in known if str(v.version) == _holder(runs.client, name)), None)
    if takes_alias(mine.tags, holder.tags if holder is not None else None):
        runs.client.set_registered_model_alias(name, ALIAS, str(mine.version))


def registered_as(runs: SearchRuns) -> tuple[str, list[ModelVersion]]:
    """The name of the model that a search is a version of, and the versions that are there.

    A model keeps the name that an earlier version of tune-dml gave it, unless models of other tasks or shots have met
    under it; then only the searches that are there already stay. A name under which the store has something else, which
    a database that ignores case allows, is not taken.
    """
    settings = runs.settings
    name, former = names.model_name(settings), names.former_model_name(settings)
    if former != name:
        known = versions(runs.client, former)
        if any(_same_search(v, runs) for v in known) or (known and all(_same_model(v, runs) for v in known)):
            return former, known
    known = versions(runs.client, name)
    if not all(_same_model(v, runs) for v in known):
        name = names.model_name(settings, digest(settings.task.task))
        known = versions(runs.client, name)
    return name, known


def takes_alias(tags: dict[str, str], holder: dict[str, str] | None) -> bool:
    """Whether a version with ``tags`` takes the alias from ``holder``.

    Scores are compared only between equal task, shots, draw, protocol, folds and metric; a search's later model
    replaces its earlier one.
    """
    if holder is None:
        return True
    if any(tags.get(tag) != holder.get(tag) for tag in COMPARABLE):
        return False
    if tags.get(names.SEARCH_ID) == holder.get(names.SEARCH_ID):
        return tags.get(names.DIGEST) != holder.get(names.DIGEST)
    sign = -1 if names.lower_is_better(tags[names.METRIC]) else 1
    try:
        return sign * float(tags[names.SCORE]) > sign * float(holder[names.SCORE])
    except (KeyError, ValueError):
        return True


def versions(client: MlflowClient, name: str) -> list[ModelVersion]:
    """All versions of a registered model; empty if there is no such model."""
    return every_page(lambda token: client.search_model_versions(f"name = '{name}'", page_token=token))


def folder_digest(folder: Path) -> str:
    """SHA-256 over the names and contents of a folder's files."""
    whole = hashlib.sha256()
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        whole.update(path.relative_to(folder).as_posix().encode() + b"\0")
        with path.open("rb") as file:
            whole.update(hashlib.file_digest(file, "sha256").digest())
    return whole.hexdigest()


def requirements() -> list[str]:
    """This installation's versions of what loading and serving the model needs."""
    found = []
    for package in SERVING:
        try:
            found.append(f"{package}=={version(package).partition('+')[0]}")
        except PackageNotFoundError:
            continue
    return found


def _place(content: str) -> str:
    """Of a model's files among the artifacts of its search."""
    return f"model-{content[:8]}"


def _upload(runs: SearchRuns, folder: Path, content: str, about: ModelRegistration) -> None:
    from mlflow import pyfunc

    # Beside the results and not in /tmp, which may be a small memory file system.
    with tempfile.TemporaryDirectory(dir=runs.folder, prefix=".mlflow-model-") as scratch:
        made = Path(scratch) / "model"
        pyfunc.save_model(
            str(made),
            loader_module="tune_dml.tracking.pyfunc",
            data_path=str(folder),
            signature=signature(about),
            input_example=input_example(about),
            pip_requirements=list(about.pip_requirements) or requirements(),
        )
        runs.upload(made, _place(content))


def _create_version(runs: SearchRuns, name: str, folder: Path, content: str, about: ModelRegistration) -> ModelVersion:
    _upload(runs, folder, content, about)
    tags = {**runs.tags, names.DIGEST: content, names.SCORE: repr(float(about.score)), names.TRIAL: about.trial}
    parent = runs.parent()
    source = f"{parent.artifact_uri.rstrip('/')}/{_place(content)}"
    return runs.client.create_model_version(
        name, source, parent.run_id, tags=tags, description=about.description or None, await_creation_for=0
    )


def input_example(about: ModelRegistration) -> pd.DataFrame:
    """One row, kept beside the model to show what a request looks like."""
    import pandas as pd

    columns = KINDS[about.kind].texts.keys
    return pd.DataFrame({column: ["a gorgeous film"] for column in columns})


def signature(about: ModelRegistration) -> Any:
    """A label and one probability per class; a number alone, where labels are numbers.

    The input is left open: MLflow would refuse plain lists of texts for a named column, and read the first column of
    any table for one without a name. The model checks its input itself.
    """
    from mlflow.models import ModelSignature
    from mlflow.types import ColSpec, DataType, Schema

    if not KINDS[about.kind].target.sure:
        return ModelSignature(outputs=Schema([ColSpec(DataType.double, "label")]))
    probabilities = [ColSpec(DataType.double, column) for column in probability_columns(about.label_names)]
    return ModelSignature(outputs=Schema([ColSpec(DataType.string, "label"), *probabilities]))


def _ensure_model(client: MlflowClient, name: str) -> None:
    from mlflow.exceptions import MlflowException

    try:
        client.create_registered_model(name)
    except MlflowException as error:
        if error.error_code != "RESOURCE_ALREADY_EXISTS":
            raise


def _same_model(found: ModelVersion, runs: SearchRuns) -> bool:
    return all(found.tags.get(tag, runs.tags[tag]) == runs.tags[tag] for tag in (names.TASK, names.SHOTS))


def _same_search(found: ModelVersion, runs: SearchRuns) -> bool:
    return bool(found.tags.get(names.SEARCH_ID) == runs.search_id)


def _holder(client: MlflowClient, name: str) -> str | None:
    aliases = client.get_registered_model(name).aliases
    return str(aliases[ALIAS]) if ALIAS in aliases else None

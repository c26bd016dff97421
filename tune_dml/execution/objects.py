"""Ray's object store."""

from __future__ import annotations

import base64
from typing import Any


def share(value: object) -> Any:
    """Put a value into the object store once; workers of one machine map the same copy of its arrays."""
    import ray

    return ray.put(value)


def fetch(reference: Any) -> Any:
    """What a worker has put into the object store."""
    import ray

    return ray.get(reference)


def share_as_text(value: object) -> str:
    """The same, with a text by which workers of this cluster find it for as long as this process runs."""
    import ray

    return base64.b64encode(ray.cloudpickle.dumps(ray.put(value))).decode("ascii")


def fetch_by_text(text: str) -> Any:
    """What :func:`share_as_text` was given."""
    import ray

    return ray.get(ray.cloudpickle.loads(base64.b64decode(text)))

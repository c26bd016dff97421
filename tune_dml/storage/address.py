"""Where copies may be kept: which stores are taken, which are refused, in words that repeat no password."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from tune_dml.config import absolute_path
from tune_dml.errors import UsageError, nearest

FOLDER = "file"
#: Of each kind of object store, what may follow the question mark.
OPTIONS = {"s3": ("endpoint_override", "region", "scheme"), "gs": ("endpoint_override", "scheme")}
_ALIASES = {"gcs": "gs"}
_FORMS = "s3://BUCKET/PREFIX, gs://BUCKET/PREFIX, file:///PATH or a folder"
_SECRET = re.compile(r"key|secret|token|passw|credential|signature", re.IGNORECASE)
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*")
_BUCKET = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
#: What Arrow takes for "without credentials" in a gs URI.
_ANONYMOUS = "anonymous"


@dataclass(frozen=True)
class Address:
    """A store.

    Attributes:
        text: As it may be shown and written down; gives the same address again.
        scheme: ``file``, ``s3`` or ``gs``.
        path: An absolute folder, or bucket and prefix.
        options: Such as ``endpoint_override`` and ``region``.
        anonymous: Whether to ask without credentials.
    """

    text: str
    scheme: str
    path: str
    options: Mapping[str, str] = field(default_factory=dict)
    anonymous: bool = False


def parse_address(text: str) -> Address:
    """Read what a user calls a store; a relative folder becomes absolute.

    Raises:
        UsageError: it is malformed, of an unknown kind, or has a password or key in it.
    """
    text = text.strip()
    scheme, colon, rest = text.partition(":")
    if not text:
        raise UsageError(f"The store's name is empty; give {_FORMS}.")
    if not colon or "/" in scheme:
        folder = str(absolute_path(text))
        return Address(folder, FOLDER, folder)
    scheme = _ALIASES.get(scheme.lower(), scheme.lower())
    if not _SCHEME.fullmatch(scheme):
        raise UsageError(f"The store's name is malformed; give {_FORMS} (one with a colon as ./NAME).")
    try:
        parts = urlsplit(text)
        host = unquote(parts.netloc)
    except ValueError:
        raise UsageError(f"The store's name is malformed; give {_FORMS}.") from None
    anonymous = scheme == "gs" and host.startswith(f"{_ANONYMOUS}@")
    host = host.removeprefix(f"{_ANONYMOUS}@") if anonymous else host
    if "@" in host or ":" in host or (scheme not in OPTIONS and "@" in rest):
        raise _credentials()
    if scheme == FOLDER:
        return _folder(parts)
    if scheme not in OPTIONS:
        raise UsageError(f"The store's name begins with '{scheme}:', which is unknown; give {_FORMS}.")
    options = _options(scheme, parts.query)
    segments = [unquote(part) for part in parts.path.split("/") if part]
    if not rest.startswith("//") or not _BUCKET.fullmatch(host) or parts.fragment or {".", ".."} & {*segments}:
        raise UsageError(f"The store's name is malformed; write {scheme}://BUCKET/PREFIX.")
    query = f"?{parts.query}" if parts.query else ""
    user = f"{_ANONYMOUS}@" if anonymous else ""
    shown = f"{scheme}://{user}{host}{parts.path.rstrip('/')}{query}"
    return Address(shown, scheme, "/".join([host, *segments]), options, anonymous)


def _folder(parts: SplitResult) -> Address:
    if parts.netloc not in ("", "localhost") or not parts.path.startswith("/") or parts.query or parts.fragment:
        raise UsageError("The store's name is malformed; write file:///PATH, or the folder alone.")
    folder = str(Path(unquote(parts.path)))
    return Address(folder, FOLDER, folder)


def _options(scheme: str, query: str) -> dict[str, str]:
    options = dict(parse_qsl(query, keep_blank_values=True))
    for name, value in options.items():
        if "@" in value or (name not in OPTIONS[scheme] and _SECRET.search(name)):
            raise _credentials()
        if name not in OPTIONS[scheme]:
            raise UsageError(f"The store's name has an unknown option: {nearest(name, OPTIONS[scheme])}")
        if not value or (name == "scheme" and value not in ("http", "https")):
            raise UsageError(f"The store's option {name} must be {'http or https' if name == 'scheme' else 'given'}.")
    return options


def _credentials() -> UsageError:
    return UsageError(
        "The store's name has a password or key in it, which would be written down with the results. Leave it out: "
        "credentials come from the cloud's environment variables (such as AWS_ACCESS_KEY_ID) or credential files."
    )

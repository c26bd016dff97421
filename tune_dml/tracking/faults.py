"""Whether MLflow is away, has refused something, or cannot be used until the user does something; and what to say."""

from __future__ import annotations

from http.client import HTTPException
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import urlopen

from tune_dml.config import sqlite_path
from tune_dml.errors import EnvironmentFault, StoreFault
from tune_dml.tracking.addresses import without_password
from tune_dml.tracking.database import refused, said
from tune_dml.tracking.sqlite_store import check_sqlite, damaged
from tune_dml.tracking.sqlite_store import lasting as is_damage

_REFUSED = {
    "BAD_REQUEST",
    "ENDPOINT_NOT_FOUND",
    "INVALID_PARAMETER_VALUE",
    "INVALID_STATE",
    "MALFORMED_REQUEST",
    "RESOURCE_DOES_NOT_EXIST",
    "RESOURCE_ALREADY_EXISTS",
    "NOT_IMPLEMENTED",
}
_TLS = ("SSLError", "CERTIFICATE_VERIFY_FAILED", "WRONG_VERSION_NUMBER", "SSLCertVerificationError")
_NOT_MLFLOW = ("failed with error code 404", "failed with error code 405", "not in a valid JSON format")
#: What every MLflow has; of other things an older one may say that it has not.
_ASK = "/api/2.0/mlflow/experiments/search?max_results=1"
_SECONDS = 5.0
_CORE = ("/mlflow/experiments/", "/mlflow/runs/")


def is_refusal(error: Exception) -> bool:
    """Whether asking again later is unlikely to help, unlike an outage, a lock or a missing permission."""
    # MLflow is not imported here: its import may be what failed.
    code = getattr(error, "error_code", None)
    if isinstance(code, str):
        return code in _REFUSED
    return isinstance(error, ValueError | TypeError | KeyError | FileNotFoundError)


def lasting(uri: str, error: Exception, results: Path | None = None) -> StoreFault | None:
    """What is wrong with a whole store, where it does not go away by itself; ``None`` of an outage, or a refusal of one
    thing.

    Args:
        uri: The store's.
        error: What writing or reading raised.
        results: The results folder, for the commands that mend it.
    """
    if isinstance(error, EnvironmentFault):
        return error if isinstance(error, StoreFault) else None
    where = without_password(uri)
    path = sqlite_path(uri)
    if path is not None:
        try:
            check_sqlite(path, results)
        except StoreFault as fault:
            return fault
        except EnvironmentFault:
            return None
        words = said(_cause(error))
        return damaged(path, words, results) if is_damage(words) else None
    if uri.startswith(("http://", "https://")):
        return _of_server(uri, error)
    told = refused(where, _cause(error))
    return told if isinstance(told, StoreFault) else None


def _of_server(uri: str, error: Exception) -> StoreFault | None:
    where = without_password(uri)
    words, code = " ".join(str(error).split()), getattr(error, "error_code", None)
    if "Response: {" in words and "error_code" not in words:
        # JSON that is not MLflow's, of which MLflow forgets the status.
        words += f" {_ASK} failed with error code {_status(uri + _ASK)}"
    if code == "UNAUTHENTICATED" or "failed with error code 401" in words:
        return StoreFault(
            f"The MLflow server at {where} asks for a password or token. Set MLFLOW_TRACKING_USERNAME and "
            "MLFLOW_TRACKING_PASSWORD, or MLFLOW_TRACKING_TOKEN."
        )
    if code in ("PERMISSION_DENIED", "CUSTOMER_UNAUTHORIZED") or "failed with error code 403" in words:
        return StoreFault(
            f"The MLflow server at {where} does not permit it. Check MLFLOW_TRACKING_USERNAME and "
            "MLFLOW_TRACKING_PASSWORD, and ask who runs it what that user may write."
        )
    if any(sign in words for sign in _TLS):
        return StoreFault(
            f"The MLflow server at {where} cannot be trusted, or does not speak TLS. Name its certificate in "
            "MLFLOW_TRACKING_SERVER_CERT_PATH, or check whether its address begins with http:// or https://."
        )
    if any(sign in words for sign in _NOT_MLFLOW) and ("JSON" in words or any(part in words for part in _CORE)):
        return StoreFault(
            f"What answers at {where} is no MLflow server. Check the address and its path in --tracking-uri."
        )
    return None


def _status(address: str) -> int:
    try:
        with urlopen(address, timeout=_SECONDS) as answer:
            return int(answer.status)
    except HTTPError as error:
        return error.code
    except (OSError, ValueError, HTTPException):
        return 0


def reason_of(error: Exception) -> str:
    """One short line out of an exception whose message may be pages long. Our own is told whole, with its cure."""
    if isinstance(error, EnvironmentFault):
        return str(error).rstrip(".")
    text = " ".join(str(error).split())
    for sign, words in (
        ("Connection refused", "connection refused"),
        ("Name or service not known", "no such host"),
        ("Temporary failure in name resolution", "the host's name cannot be resolved"),
        ("timed out", "no answer in time"),
        ("database is locked", "the database is locked by another process"),
        ("disk is full", "the disk is full"),
        ("UNAUTHENTICATED", "it asks for a password or token"),
        ("PERMISSION_DENIED", "permission denied"),
    ):
        if sign in text:
            return words
    text = " ".join(said(_cause(error)).split()).partition(" [SQL:")[0]
    return (text[:160] + "...") if len(text) > 160 else text or type(error).__name__


def unreadable(uri: str, error: Exception, results: Path | None = None) -> EnvironmentFault:
    """That a store cannot be read, with the cure where there is one."""
    if isinstance(error, EnvironmentFault):
        return error
    return lasting(uri, error, results) or EnvironmentFault(
        f"MLflow at {without_password(uri)} cannot be read ({reason_of(error)})."
    )


def outage_message(uri: str, error: Exception, command: str) -> str:
    """What the user is told once per outage; ``command`` writes later what is missing."""
    where = without_password(uri)
    return (
        f"MLflow at {where} cannot be written ({reason_of(error)}). The search goes on; what is missing there "
        f"is written when it is back, or later by `{command}`."
    )


def lasting_message(fault: StoreFault, command: str) -> str:
    """What the user is told once of a store that has to be mended first."""
    return (
        f"{str(fault).rstrip('.')}. The search goes on, and its results on disk are complete; when that is done, "
        f"`{command}` writes to MLflow what is missing."
    )


def refusal_message(uri: str, error: Exception, part: str) -> str:
    """What the user is told when MLflow is there but does not take a part."""
    return f"MLflow at {without_password(uri)} refused {part} ({reason_of(error)}). The results on disk are complete."


def _cause(error: BaseException) -> BaseException:
    """The driver's error, which MLflow wraps in SQLAlchemy's and in its own."""
    while not hasattr(error, "orig") and error.__cause__ is not None:
        error = error.__cause__
    return error

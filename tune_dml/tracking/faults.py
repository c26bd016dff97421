"""Whether MLflow is away or has refused something, and what to tell the user."""

from __future__ import annotations

from tune_dml.tracking.store import without_password

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


def is_refusal(error: Exception) -> bool:
    """Whether asking again later is unlikely to help, unlike an outage, a lock or a missing permission."""
    # MLflow is not imported here: its import may be what failed.
    code = getattr(error, "error_code", None)
    if isinstance(code, str):
        return code in _REFUSED
    return isinstance(error, ValueError | TypeError | KeyError | FileNotFoundError)


def reason_of(error: Exception) -> str:
    """One short line out of an exception whose message may be pages long."""
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
    return (text[:160] + "...") if len(text) > 160 else text or type(error).__name__


def outage_message(uri: str, error: Exception, command: str) -> str:
    """What the user is told once per outage; ``command`` writes later what is missing."""
    where = without_password(uri)
    return (
        f"MLflow at {where} cannot be written ({reason_of(error)}). The search goes on; what is missing there "
        f"is written when it is back, or later by `{command}`."
    )


def refusal_message(uri: str, error: Exception, part: str) -> str:
    """What the user is told when MLflow is there but does not take a part."""
    return f"MLflow at {without_password(uri)} refused {part} ({reason_of(error)}). The results on disk are complete."
